"""A REST service for wallets and bills over the embedded engine FusePay."""

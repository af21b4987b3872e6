//! The ledger: postings that add up to zero, accounts, and holds. Pure rules.

pub(crate) mod hold;

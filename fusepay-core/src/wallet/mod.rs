//! Wallets: whether one may spend, what limits and fees apply. Pure rules.

pub(crate) mod fee;
pub(crate) mod limit;
pub(crate) mod record;
pub(crate) mod status;

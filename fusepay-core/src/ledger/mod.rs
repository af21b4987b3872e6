//! The ledger's words: accounts and movements between them. Pure rules.

pub(crate) mod account;
pub(crate) mod posting;
pub(crate) mod transaction;

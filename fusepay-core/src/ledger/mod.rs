//! The ledger: accounts, movements between them, holds, and transactions as
//! their owners see them. Pure rules.

pub(crate) mod account;
pub(crate) mod cursor;
pub(crate) mod hold;
pub(crate) mod posting;
pub(crate) mod statement;
pub(crate) mod transaction;

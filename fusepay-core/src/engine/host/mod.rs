//! The host's API: one view per noun, for code that is trusted. What a user's
//! session may do is in `engine/session.rs`.
//!
//! Every call may be made from any thread. Calls that change something wait for
//! the writer, at most `call_deadline`, and are one commit each. Errors common
//! to all: `CLOSED`, `FORKED`, `REENTRANT`, `BUSY`, `IN_DOUBT`, `POISONED` and
//! the storage faults.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod bill;
pub(crate) mod event;
pub(crate) mod face;
pub(crate) mod history;
pub(crate) mod queue;
pub(crate) mod reversal;
pub(crate) mod wallet;

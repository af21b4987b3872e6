//! The engine: opening and closing one database, the queue's step, and a view
//! per noun for what a host calls. Operations read: load · decide · record, in
//! one commit.

pub(crate) mod attempt;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod backup;
pub(crate) mod bill;
pub(crate) mod book;
pub(crate) mod call;
pub(crate) mod catalogue;
pub(crate) mod close;
pub(crate) mod conclude;
pub(crate) mod config;
pub(crate) mod desk;
pub(crate) mod digest;
pub(crate) mod event;
pub(crate) mod fund;
pub(crate) mod history;
pub(crate) mod hold;
pub(crate) mod host;
pub(crate) mod inner;
pub(crate) mod logging;
pub(crate) mod once;
pub(crate) mod open;
pub(crate) mod pay;
pub(crate) mod queue;
pub(crate) mod recovery;
pub(crate) mod reversal;
pub(crate) mod session;
pub(crate) mod stats;
pub(crate) mod subscribers;
pub(crate) mod thread;
pub(crate) mod transfer;
pub(crate) mod verify;
pub(crate) mod wallet;
pub(crate) mod worker;

#[cfg(test)]
#[cfg(feature = "schedules")]
mod schedules;

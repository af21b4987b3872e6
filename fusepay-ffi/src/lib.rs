//! The C door: `libfusepay`, described by `include/fusepay.h`.
//!
//! No rule lives here. A function of this crate is: guard → read arguments →
//! one call of the core → write the answer. What every one of them keeps to:
//!
//! - **Status.** What can fail returns an `int32_t`: `FUSEPAY_OK` or
//!   `FUSEPAY_ERR_*`. Other words of the vocabulary are `uint32_t`.
//! - **Out-parameters** are written on success and untouched on failure.
//! - **Requests** are structs of the host's that begin with their size (`input`);
//!   **records** are structs of the host's that the library fills (`memory`).
//! - **Text** comes in as NUL-terminated UTF-8, bounded and checked; secrets and
//!   binary as pointer and length.
//! - **Handles** are numbers in a pointer's clothes, looked up and never followed
//!   (`handle`): null, stale, foreign or doubly closed is a code.
//! - **Panics** never cross: every function runs inside `boundary`'s guard and
//!   answers `FUSEPAY_ERR_PANICKED`.
//! - **Threads.** Any function may be called from any thread unless it says so.
//! - **Money** is `int64_t` minor units and an ISO 4217 code; **times** are
//!   `int64_t` milliseconds UTC with the unit in the name.
//!
//! The functions are not marked `unsafe`, although they follow pointers: their
//! callers are C, which knows no such mark, and the header is their contract.
//! Types have their C names.
#![allow(non_camel_case_types, reason = "the header is made from these names")]
#![allow(clippy::not_unsafe_ptr_arg_deref, reason = "the callers are C; see above")]

pub mod audit;
pub mod auth;
pub mod bill;
pub mod callback;
pub mod catalogue;
pub mod clock;
pub mod codes;
pub mod config;
pub mod engine;
pub mod error;
pub mod event;
pub mod history;
pub mod hold;
pub mod id;
pub mod limit;
pub mod log;
pub mod memory;
pub mod money;
pub mod payment;
pub mod policy;
pub mod provider;
pub mod queue;
pub mod quote;
pub mod reply;
pub mod reversal;
pub mod session;
pub mod statement;
pub mod stats;
pub mod user;
pub mod wallet;

mod boundary;
mod handle;
mod input;
mod logger;

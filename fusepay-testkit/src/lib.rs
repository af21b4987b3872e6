//! What a test of a FusePay host needs: a biller that does as it is told, a
//! world under virtual time, and an oracle that compares what the engine
//! believes with what the biller truly did.
//!
//! ```
//! use fusepay_core::PaymentStatus;
//! use fusepay_testkit::{PayStep, World, ngn};
//!
//! let world = World::open();
//! let wallet = world.funded_wallet(50_000);
//! // The biller takes the money, and its answer is lost.
//! world.provider().script("meter-1", [PayStep::PaidThenTimeout], []);
//! let payment = world.pay(wallet, "meter-1", 10_000);
//! world.drain();
//! assert_eq!(world.payment(payment).status, PaymentStatus::Completed);
//! assert_eq!(world.provider().entry(&world.payment(payment).request_id).paid_times, 1);
//! world.assert_sound();
//! # let _ = ngn(1);
//! ```
//!
//! A kit for tests fails as tests do: its helpers panic, with the reason and at
//! the caller's line, where the engine refuses what they were asked to do. To
//! test refusals, call the engine itself: [`World::engine`].
#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test kit reports what is wrong by panicking in the test that uses it"
)]

mod book;
mod gate;
mod oracle;
mod provider;
mod script;
mod world;

pub use book::{BookEntry, Call};
pub use gate::Gate;
pub use oracle::Oracle;
pub use provider::ScriptedProvider;
pub use script::{PayStep, QueryStep};
pub use world::{BILLER, CATEGORY, ITEM, PROVIDER, World, WorldBuilder, ngn};

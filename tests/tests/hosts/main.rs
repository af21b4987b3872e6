//! Goal: whatever a host does to the files of a live engine (opens and closes
//! them with another SQLite, forks, moves, unlinks, replaces or cuts them),
//! nothing that was acknowledged is lost in silence: it is there, or from that
//! moment on nothing is acknowledged.
//! Method: a storm of money operations from four threads of this process while
//! the test meddles, seeded, many rounds; then the file is put right and opened
//! again, and the judge of the kills holds every acknowledgement, every balance
//! and the biller's book against it. `make hosts ROUNDS=n` does it in numbers.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the long form prints its figures"
)]

#[path = "../kills/biller.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod biller;
mod child;
#[path = "../kills/op.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod op;
#[path = "../kills/site.rs"]
#[allow(dead_code, reason = "shared with the kills, which use all of it")]
mod site;

mod files;

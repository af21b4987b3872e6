//! Goal: a host in C pays bills through a provider in C, and gets its money back
//! where it should. Method: programs of `tests/c` that check what they are answered.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::run_c;

#[test]
fn whatever_a_provider_cannot_prove_is_unknown() {
    run_c("provider.c");
}

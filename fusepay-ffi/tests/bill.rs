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

#[test]
fn what_a_provider_offers_beside_paying_reaches_the_host() {
    run_c("provider_seams.c");
}

#[test]
fn whatever_a_host_gives_comes_back_once() {
    run_c("provider_destroy.c");
}

#[test]
fn bills_are_quoted_paid_and_found() {
    run_c("bill.c");
}

#[test]
fn money_goes_back_where_it_should() {
    run_c("reversal.c");
}

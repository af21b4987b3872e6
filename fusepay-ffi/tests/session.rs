//! Goal: users, sessions and operators work from C as they do from Rust, and what
//! is wrong is a code.
//! Method: C programs that check every answer; see `tests/c`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::run_c;

#[test]
fn users_and_tokens_from_c() {
    run_c("auth.c");
}

#[test]
fn a_users_session_from_c() {
    run_c("session.c");
}

#[test]
fn operators_and_their_roles_from_c() {
    run_c("operator.c");
}

//! Goal: handles are safe to misuse, to share between threads, and to inherit.
//! Method: C programs that close twice, fork, and call from eight threads.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::run_c;

#[test]
fn closed_handles_are_codes() {
    run_c("handles.c");
}

#[test]
fn a_forked_child_touches_nothing_of_its_parent() {
    run_c("fork.c");
}

#[test]
fn a_child_forked_in_the_middle_of_calls_opens_its_own_engine() {
    run_c("fork_busy.c");
}

#[test]
fn eight_threads_share_one_engine() {
    run_c("threads.c");
}

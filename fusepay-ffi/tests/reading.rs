//! Goal: what is read and watched from C says what happened: histories, events,
//! the queue, the audit trail, and the log.
//! Method: C programs, each with an engine of its own whose time it sets.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::run_c;

#[test]
fn dead_letters_are_found_retried_and_resolved() {
    run_c("queue.c");
}

#[test]
fn histories_are_found_paged_and_summed_up() {
    run_c("history.c");
}

#[test]
fn events_are_read_and_told() {
    run_c("events.c");
}

#[test]
fn the_audit_chain_is_read_and_followed() {
    run_c("audit.c");
}

#[test]
fn log_lines_are_told_without_secrets() {
    run_c("log.c");
}

#[test]
fn log_files_are_written() {
    run_c("log_files.c");
}

#[test]
fn every_word_has_a_name() {
    run_c("words.c");
}

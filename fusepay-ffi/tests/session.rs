//! Goal: users, sessions and operators work from C as they do from Rust, and what
//! is wrong is a code.
//! Method: C programs that check every answer; see `tests/c`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{Program, run_c};

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

/// Makes the file refuse what it is told, or stop refusing it.
fn tell_file(program: &Program, sql: &str) {
    let file = rusqlite::Connection::open(program.folder().join("payments.db")).unwrap();
    file.execute_batch(sql).unwrap();
}

#[test]
fn operators_end_what_is_stuck_from_c() {
    let program = Program::compile("operator_payments.c");
    program.run(&["prepare"]);
    // No reversal (9) can be booked, and no second hold can expire.
    let expired = fusepay_core::HoldStatus::Expired.number();
    tell_file(
        &program,
        &format!(
            "CREATE UNIQUE INDEX no_reversal ON posting (CASE type WHEN 9 THEN 1 ELSE id END);
             CREATE UNIQUE INDEX no_second ON hold (CASE status WHEN {expired} THEN 1 ELSE id END)"
        ),
    );
    program.run(&["break"]);
    tell_file(&program, "DROP INDEX no_reversal; DROP INDEX no_second");
    program.run(&["mend"]);
}

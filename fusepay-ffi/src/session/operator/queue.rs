//! What operators, auditors and admins may do with the queue.

use std::ffi::c_char;

use fusepay_core::JobId;

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::input;
use crate::memory::fetch;
use crate::queue::{after_job, fusepay_job, fusepay_job_array, fusepay_job_count_array};
use crate::session::{fusepay_session, session as session_at};

/// Dead letters, oldest first: those after the job `after` points to, from the
/// first with NULL; `limit` 1 to 500. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_dead_letters(
    session: *const fusepay_session,
    after: *const i64,
    limit: u32,
    jobs: *mut fusepay_job_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(jobs, error, || session_at(session)?.operator()?.dead_letters(after_job(after)?, limit))
}

/// How many jobs there are, by kind and state. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_job_counts(
    session: *const fusepay_session,
    counts: *mut fusepay_job_count_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(counts, error, || session_at(session)?.operator()?.job_counts())
}

/// Puts a dead letter back in the queue, due now, with fresh runs. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_JOB_NOT_DEAD`, `FUSEPAY_ERR_NOT_ALLOWED`
/// when its payment is under review.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_retry_job(
    session: *const fusepay_session,
    job_id: i64,
    job: *mut fusepay_job,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(job, error, || session_at(session)?.operator()?.retry_job(JobId(job_id)))
}

/// Closes a dead letter with a reason, which the audit keeps. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_JOB_NOT_DEAD`, `FUSEPAY_ERR_NOT_ALLOWED` while its payment still
/// waits for its money.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_resolve_job(
    session: *const fusepay_session,
    job_id: i64,
    reason: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let reason = input::text("reason", reason)?;
        session_at(session)?.operator()?.resolve_job(JobId(job_id), reason)
    })
}

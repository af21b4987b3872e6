//! The queue, for operators: jobs, counts and dead letters.

use std::ffi::c_char;

use fusepay_core::{Error, Job, JobCount, JobId};

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::stats::fusepay_job_count;

/// A job as an operator sees it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_job {
    /// `sizeof(fusepay_job)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its number, from 1; never used again.
    pub id: i64,
    /// What it does: one of `FUSEPAY_JOB_KIND_*`.
    pub kind: u32,
    /// Where it stands: one of `FUSEPAY_JOB_STATUS_*`.
    pub status: u32,
    /// The 16 bytes of what it is about: a payment's or a hold's id.
    pub subject: [u8; 16],
    /// The code of the provider it calls; NULL when it calls none.
    pub provider: *const c_char,
    /// Runs that counted.
    pub runs: u32,
    /// Times its process died under it.
    pub crashes: u32,
    /// When it runs next, on the engine's timeline, in milliseconds.
    pub due_at_ms: i64,
    /// Why the last run failed; or NULL.
    pub last_error: *const c_char,
    /// When it was queued, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When it became a dead letter, in milliseconds UTC; or NULL.
    pub died_at_ms: *const i64,
}

/// Several jobs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_job_array {
    /// `sizeof(fusepay_job_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the jobs; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The jobs; NULL when there are none.
    pub items: *const *const fusepay_job,
}

/// Counts of jobs, one for each kind and state that has any.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_job_count_array {
    /// `sizeof(fusepay_job_count_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the counts; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The counts; NULL when there are none.
    pub items: *const *const fusepay_job_count,
}

records!(fusepay_job, fusepay_job_array, fusepay_job_count_array);

impl Show<Job> for fusepay_job {
    fn show(job: &Job, memory: &mut Memory) -> Self {
        fusepay_job {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: job.id.0,
            kind: u32::from(job.kind.number()),
            status: u32::from(job.status.number()),
            subject: job.subject,
            provider: memory.optional_text(job.provider.as_deref()),
            runs: job.runs,
            crashes: job.crashes,
            due_at_ms: job.due_at.0,
            last_error: memory.optional_text(job.last_error.as_deref()),
            created_at_ms: job.created_at.0,
            died_at_ms: memory.optional(job.died_at.map(|at| at.0)),
        }
    }
}

impl Show<Vec<Job>> for fusepay_job_array {
    fn show(jobs: &Vec<Job>, memory: &mut Memory) -> Self {
        fusepay_job_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: jobs.len(),
            items: memory.list(jobs),
        }
    }
}

impl Show<Vec<JobCount>> for fusepay_job_count_array {
    fn show(counts: &Vec<JobCount>, memory: &mut Memory) -> Self {
        fusepay_job_count_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: counts.len(),
            items: memory.list(counts),
        }
    }
}

/// The job after which a page begins; NULL for the first page.
pub(crate) fn after_job(after: *const i64) -> Result<Option<JobId>, Error> {
    Ok(input::optional("after", after)?.map(JobId))
}

/// One job that is not finished.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_queue_find(
    engine: *const fusepay_engine,
    job_id: i64,
    job: *mut fusepay_job,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(job, error, || engine_at(engine)?.queue().find(JobId(job_id)))
}

/// Dead letters, oldest first: those after the job `after` points to, from the
/// first with NULL; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_queue_dead_letters(
    engine: *const fusepay_engine,
    after: *const i64,
    limit: u32,
    jobs: *mut fusepay_job_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(jobs, error, || engine_at(engine)?.queue().dead_letters(after_job(after)?, limit))
}

/// How many jobs there are, by kind and state.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_queue_counts(
    engine: *const fusepay_engine,
    counts: *mut fusepay_job_count_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(counts, error, || engine_at(engine)?.queue().counts())
}

/// Puts a dead letter back in the queue, due now, with fresh runs.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_JOB_NOT_DEAD`,
/// `FUSEPAY_ERR_NOT_ALLOWED` when its payment is under review.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_queue_retry(
    engine: *const fusepay_engine,
    job_id: i64,
    job: *mut fusepay_job,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(job, error, || engine_at(engine)?.queue().retry(JobId(job_id)))
}

/// Closes a dead letter with a reason, which the audit keeps.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_JOB_NOT_DEAD`, `FUSEPAY_ERR_NOT_ALLOWED`
/// while its payment still waits for its money.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_queue_resolve(
    engine: *const fusepay_engine,
    job_id: i64,
    reason: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.queue().resolve(JobId(job_id), input::text("reason", reason)?))
}

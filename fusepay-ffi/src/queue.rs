//! The queue, for operators: jobs, counts and dead letters.

use std::ffi::c_char;

use fusepay_core::Job;

use crate::memory::{EMPTY, Memory, Show, fusepay_memory, records};

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

records!(fusepay_job);

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

//! The job machine: READY ─claim▶ RUNNING ─▶ gone | READY again | DEAD.
//!
//! A claim writes a fresh lease token, and every later write demands it: a
//! worker that lost its lease changes nothing. Runs count only when a rule or
//! an invariant refused or the run panicked; interruptions do not.

use crate::clock::UnixMillis;
use crate::id::JobId;
use crate::vocabulary::{JobKind, JobStatus};
use serde::{Deserialize, Serialize};

/// Crashes of the process under one job before it counts as poison.
pub(crate) const CRASHES_MAX: u32 = 3;

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub status: JobStatus,
    /// The 16 bytes of what it is about: a payment's or a hold's id.
    pub subject: [u8; 16],
    /// The provider it calls, if it calls one.
    pub provider: Option<String>,
    /// Runs that counted.
    pub runs: u32,
    /// Times its process died under it.
    pub crashes: u32,
    /// When it runs next, on the engine's timeline.
    pub due_at: UnixMillis,
    /// Why the last run failed.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: UnixMillis,
    /// When it became a dead letter.
    pub died_at: Option<UnixMillis>,
}

/// How many jobs of one kind are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobCount {
    /// What they do.
    pub kind: JobKind,
    /// Where they stand.
    pub status: JobStatus,
    /// How many.
    pub count: i64,
    /// When the first of them is due, on the engine's timeline.
    pub oldest_due: Option<UnixMillis>,
}

/// The right to finish one run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) job: JobId,
    pub(crate) token: i64,
}

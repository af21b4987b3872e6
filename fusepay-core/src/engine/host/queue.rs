//! The queue, as an operator sees it.

use crate::engine::inner::{Access, Inner};
use crate::engine::queue;
use crate::error::Result;
use crate::id::JobId;
use crate::queue::job::Job;
use crate::queue::job::JobCount;
#[allow(unused_imports, reason = "the documentation names codes")]
use crate::vocabulary::Code;
use std::sync::Arc;

/// The queue, for operators. See [`FusePay::queue`](crate::FusePay::queue).
pub struct Queue<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl Queue<'_> {
    /// One job that is not finished.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: JobId) -> Result<Job> {
        queue::find(self.inner, id)
    }

    /// Dead letters, oldest first, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn dead_letters(&self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        queue::dead_letters(self.inner, after, limit)
    }

    /// How many jobs there are, by kind and state.
    ///
    /// # Errors
    /// The common ones.
    pub fn counts(&self) -> Result<Vec<JobCount>> {
        queue::counts(self.inner)
    }

    /// Puts a dead letter back in the queue, due now, with fresh runs.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`] when its
    /// payment is under review.
    pub fn retry(&self, id: JobId) -> Result<Job> {
        queue::retry(self.inner, self.access, id)
    }

    /// Closes a dead letter with a reason.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::JobNotDead`], [`Code::NotAllowed`] while its
    /// payment still waits for its money or its hold is active.
    pub fn resolve(&self, id: JobId, reason: &str) -> Result<()> {
        queue::resolve(self.inner, self.access, id, reason)
    }
}

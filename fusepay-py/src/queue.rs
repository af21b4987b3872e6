//! `engine.queue`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::convert::{read, read_optional};
use crate::record::engine::{Job, JobCount};
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// The queue, for operators: dead letters and counts: `engine.queue`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Queue {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Queue {
    /// One job that is not finished.
    ///
    /// Raises `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, job_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let job_id = read(job_id, "job_id")?;
        answer::<_, Job>(py, self.shell.call(py, |engine| engine.queue().find(job_id))?)
    }

    /// Dead letters, oldest first, after one; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (after=None, limit=None), text_signature = "($self, after=None, limit=100)")]
    fn dead_letters<'py>(
        &self,
        py: Python<'py>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let after = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Job>(py, self.shell.call(py, |engine| engine.queue().dead_letters(after, limit))?)
    }

    /// How many jobs there are, by kind and state.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer_all::<_, JobCount>(py, self.shell.call(py, |engine| engine.queue().counts())?)
    }

    /// Puts a dead letter back in the queue, due now, with fresh runs.
    ///
    /// Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError` when its payment is
    /// under review.
    fn retry<'py>(&self, py: Python<'py>, job_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let job_id = read(job_id, "job_id")?;
        answer::<_, Job>(py, self.shell.call(py, |engine| engine.queue().retry(job_id))?)
    }

    /// Closes a dead letter with a reason.
    ///
    /// Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError` while its payment
    /// still waits for its money.
    fn resolve(&self, py: Python<'_>, job_id: &Bound<'_, PyAny>, reason: &Bound<'_, PyAny>) -> PyResult<()> {
        let job_id = read(job_id, "job_id")?;
        let reason: String = read(reason, "reason")?;
        self.shell.call(py, |engine| engine.queue().resolve(job_id, &reason))
    }
}

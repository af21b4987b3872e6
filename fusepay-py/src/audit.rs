//! `engine.audit`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::convert::read_optional;
use crate::record::engine::AuditHead;
use crate::record::event::{AuditRecord, AuditReport};
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// The audit trail, read only, for auditors: `engine.audit`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Audit {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Audit {
    /// Entries after a sequence (0: from the first), in order; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`, `CorruptError` when an entry can't be read.
    #[pyo3(signature = (after=None, limit=None), text_signature = "($self, after=None, limit=100)")]
    fn read<'py>(
        &self,
        py: Python<'py>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let after: Option<u64> = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, AuditRecord>(py, self.shell.call(py, |engine| engine.audit().read(after.unwrap_or(0), limit))?)
    }

    /// The end of the chain now. Kept outside the database, it later proves by `verify`
    /// that nothing was changed or cut off up to it.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer::<_, AuditHead>(py, self.shell.call(py, |engine| engine.audit().head())?)
    }

    /// Follows the chain from its first entry to its last, and holds it against a head
    /// taken earlier when one is given; names the first bad entry. Reads every entry;
    /// other calls go on meanwhile. What is wrong with the chain is in the report.
    #[pyo3(signature = (head=None))]
    fn verify<'py>(&self, py: Python<'py>, head: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let head: Option<AuditHead> = read_optional(head, "head")?;
        let head = head.map(fusepay_core::AuditHead::from);
        answer::<_, AuditReport>(py, self.shell.call(py, |engine| engine.audit().verify(head.as_ref()))?)
    }
}

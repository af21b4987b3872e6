//! `session.history`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use pyo3::prelude::*;

use super::Ticket;
use crate::convert::{ToPy, read, read_optional};
use crate::history::read_filter;
use crate::record::history::{HistoryPage, Statement};
use crate::record::wallet::Transaction;
use crate::record::{answer, answer_all};

/// The histories of a user's wallets: `session.history`. Every method first raises
/// `InvalidTokenError` when the session has ended.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct SessionHistory {
    pub(crate) ticket: Arc<Ticket>,
}

#[pymethods]
impl SessionHistory {
    /// The user's lines of one transaction.
    ///
    /// Raises `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, transaction_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let transaction_id = read(transaction_id, "transaction_id")?;
        answer_all::<_, Transaction>(py, self.ticket.call(py, |session| session.history().find(transaction_id))?)
    }

    /// The user's lines of the transaction with this reference, exactly as it is shown.
    ///
    /// Raises `InvalidIdError`, `NotFoundError`.
    fn find_by_reference<'py>(&self, py: Python<'py>, reference: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let reference: String = read(reference, "reference")?;
        answer_all::<_, Transaction>(
            py,
            self.ticket.call(py, |session| session.history().find_by_reference(&reference))?,
        )
    }

    /// A page of one of the user's wallets, newest first: as `engine.history.page`.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`,
    /// `InvalidCursorError`.
    #[pyo3(
        signature = (
            wallet_id, *, from_=None, until=None, kind=None, status=None, metadata_contains=None, cursor=None,
            limit=None,
        ),
        text_signature = "($self, wallet_id, *, from_=None, until=None, kind=None, status=None, \
            metadata_contains=None, cursor=None, limit=100)"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn page<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        from_: Option<&Bound<'py, PyAny>>,
        until: Option<&Bound<'py, PyAny>>,
        kind: Option<&Bound<'py, PyAny>>,
        status: Option<&Bound<'py, PyAny>>,
        metadata_contains: Option<&Bound<'py, PyAny>>,
        cursor: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let cursor: Option<String> = read_optional(cursor, "cursor")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        let filter = read_filter(from_, until, kind, status, metadata_contains)?;
        answer::<_, HistoryPage>(
            py,
            self.ticket.call(py, |session| session.history().page(wallet_id, &filter, cursor.as_deref(), limit))?,
        )
    }

    /// As `page`, over all of the user's wallets, merged in the order of booking.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `InvalidCursorError`.
    #[pyo3(
        signature = (
            *, from_=None, until=None, kind=None, status=None, metadata_contains=None, cursor=None, limit=None,
        ),
        text_signature = "($self, *, from_=None, until=None, kind=None, status=None, metadata_contains=None, \
            cursor=None, limit=100)"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn page_of_all<'py>(
        &self,
        py: Python<'py>,
        from_: Option<&Bound<'py, PyAny>>,
        until: Option<&Bound<'py, PyAny>>,
        kind: Option<&Bound<'py, PyAny>>,
        status: Option<&Bound<'py, PyAny>>,
        metadata_contains: Option<&Bound<'py, PyAny>>,
        cursor: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cursor: Option<String> = read_optional(cursor, "cursor")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        let filter = read_filter(from_, until, kind, status, metadata_contains)?;
        answer::<_, HistoryPage>(
            py,
            self.ticket.call(py, |session| session.history().page_of_all(&filter, cursor.as_deref(), limit))?,
        )
    }

    /// The lines of one of the user's wallets from `from_` to just before `until`, oldest
    /// first, with the balances around them; at most 100,000 lines.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`, `TooLongError`, `CorruptError`.
    fn statement<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        from_: &Bound<'py, PyAny>,
        until: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let from_ = read(from_, "from_")?;
        let until = read(until, "until")?;
        answer::<_, Statement>(
            py,
            self.ticket.call(py, |session| session.history().statement(wallet_id, from_, until))?,
        )
    }

    /// The balance of one of the user's wallets after the last line booked at or before a
    /// moment.
    ///
    /// Raises `NotFoundError`.
    fn balance_at<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let at = read(at, "at")?;
        self.ticket.call(py, |session| session.history().balance_at(wallet_id, at))?.to_py(py)
    }
}

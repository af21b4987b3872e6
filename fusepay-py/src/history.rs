//! `engine.history`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::HistoryFilter;
use pyo3::prelude::*;

use crate::convert::{ToPy, read, read_optional};
use crate::record::history::{HistoryPage, Statement};
use crate::record::wallet::Transaction;
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// Histories: transactions, pages, statements; everybody's: `engine.history`.
///
/// Amounts are positive for money in and negative for money out; a line's balance is
/// the wallet's after it, below zero only on credit.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct History {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl History {
    /// The lines of one transaction: one, or two (the debit first) when it moved money
    /// between two wallets.
    ///
    /// Raises `NotFoundError`, also for movements that touch no wallet.
    fn find<'py>(&self, py: Python<'py>, transaction_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let transaction_id = read(transaction_id, "transaction_id")?;
        answer_all::<_, Transaction>(py, self.shell.call(py, |engine| engine.history().find(transaction_id))?)
    }

    /// The lines of the transaction with this reference, exactly as it is shown: `BILL_`
    /// and 32 characters `0-9 A-F`.
    ///
    /// Raises `InvalidIdError`, `NotFoundError`, also for the reference of another type
    /// with the same id.
    fn find_by_reference<'py>(&self, py: Python<'py>, reference: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let reference: String = read(reference, "reference")?;
        answer_all::<_, Transaction>(py, self.shell.call(py, |engine| engine.history().find_by_reference(&reference))?)
    }

    /// The lines of the transaction of this type that the host booked under its own
    /// reference, 1 to 128 bytes.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `NotFoundError`.
    fn find_by_external_reference<'py>(
        &self,
        py: Python<'py>,
        kind: &Bound<'py, PyAny>,
        reference: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kind = read(kind, "kind")?;
        let reference: String = read(reference, "reference")?;
        answer_all::<_, Transaction>(
            py,
            self.shell.call(py, |engine| engine.history().find_by_external_reference(kind, &reference))?,
        )
    }

    /// A page of a wallet's lines, newest first; `limit` 1 to 500. Without a cursor the
    /// newest; with the `next_cursor` of a page the ones that follow it, with the same
    /// wallet and filter. What is booked while one pages is newer than the first page:
    /// nothing comes twice, nothing is missed.
    ///
    /// Everything given must hold: booked at or after `from_`, before `until`, of this
    /// `kind`, standing at this `status` now, with exactly this text in the metadata's
    /// canonical JSON (keys sorted, no blanks; 1 to 256 bytes).
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`,
    /// `InvalidCursorError` for a cursor of another wallet or filter.
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
            self.shell.call(py, |engine| engine.history().page(wallet_id, &filter, cursor.as_deref(), limit))?,
        )
    }

    /// As `page`, over all wallets of a user, merged in the order of booking. A transfer
    /// between two of them shows both its lines. A user without wallets, or no such user:
    /// an empty page.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `InvalidCursorError`.
    #[pyo3(
        signature = (
            user_id, *, from_=None, until=None, kind=None, status=None, metadata_contains=None, cursor=None, limit=None,
        ),
        text_signature = "($self, user_id, *, from_=None, until=None, kind=None, status=None, metadata_contains=None, \
            cursor=None, limit=100)"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn page_of_user<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        from_: Option<&Bound<'py, PyAny>>,
        until: Option<&Bound<'py, PyAny>>,
        kind: Option<&Bound<'py, PyAny>>,
        status: Option<&Bound<'py, PyAny>>,
        metadata_contains: Option<&Bound<'py, PyAny>>,
        cursor: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        let cursor: Option<String> = read_optional(cursor, "cursor")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        let filter = read_filter(from_, until, kind, status, metadata_contains)?;
        answer::<_, HistoryPage>(
            py,
            self.shell.call(py, |engine| engine.history().page_of_user(user_id, &filter, cursor.as_deref(), limit))?,
        )
    }

    /// The lines of a wallet from `from_` to just before `until`, oldest first, with the
    /// balances around them; at most 100,000 lines.
    ///
    /// Raises `InvalidArgumentError` when `until` is before `from_`, `NotFoundError`,
    /// `TooLongError`, `CorruptError` when the lines do not add up.
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
        answer::<_, Statement>(py, self.shell.call(py, |engine| engine.history().statement(wallet_id, from_, until))?)
    }

    /// The balance after the last line booked at or before a moment; zero before the
    /// first. Holds are not in it.
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
        self.shell.call(py, |engine| engine.history().balance_at(wallet_id, at))?.to_py(py)
    }
}

/// Reads which lines are wanted.
pub(crate) fn read_filter(
    from_: Option<&Bound<'_, PyAny>>,
    until: Option<&Bound<'_, PyAny>>,
    kind: Option<&Bound<'_, PyAny>>,
    status: Option<&Bound<'_, PyAny>>,
    metadata_contains: Option<&Bound<'_, PyAny>>,
) -> PyResult<HistoryFilter> {
    let mut filter = HistoryFilter::new();
    filter.from = read_optional(from_, "from_")?;
    filter.until = read_optional(until, "until")?;
    filter.kind = read_optional(kind, "kind")?;
    filter.status = read_optional(status, "status")?;
    filter.metadata_contains = read_optional(metadata_contains, "metadata_contains")?;
    Ok(filter)
}

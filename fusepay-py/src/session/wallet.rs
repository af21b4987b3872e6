//! `session.wallet`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::TransferRequest;
use pyo3::prelude::*;

use super::Ticket;
use crate::convert::{read, read_optional};
use crate::record::wallet::{Hold, Limit, Transaction, Wallet};
use crate::record::{answer, answer_all};

/// A user's wallets: `session.wallet`. Every method first raises `InvalidTokenError`
/// when the session has ended.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct SessionWallets {
    pub(crate) ticket: Arc<Ticket>,
}

#[pymethods]
impl SessionWallets {
    /// The user's wallets, oldest first.
    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer_all::<_, Wallet>(py, self.ticket.call(py, |session| session.wallet().list())?)
    }

    /// Gives the user a further wallet.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `NotAllowedError` for one wallet too
    /// many.
    #[pyo3(signature = (currency, label=None), text_signature = "($self, currency, label='')")]
    fn create<'py>(
        &self,
        py: Python<'py>,
        currency: &Bound<'py, PyAny>,
        label: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let currency = read(currency, "currency")?;
        let label: String = read_optional(label, "label")?.unwrap_or_default();
        answer::<_, Wallet>(py, self.ticket.call(py, |session| session.wallet().create(currency, &label))?)
    }

    /// One of the user's wallets with its money, as one snapshot.
    ///
    /// Raises `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, wallet_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        answer::<_, Wallet>(py, self.ticket.call(py, |session| session.wallet().find(wallet_id))?)
    }

    /// Moves money out of one of the user's wallets into any wallet of the same currency;
    /// answers the user's line. The transfer fee and the wallet's limits apply.
    ///
    /// Raises what `engine.wallet.transfer` raises; `NotFoundError` when the source is not
    /// the user's.
    #[pyo3(signature = (
        from_, to, amount, *, description=None, metadata=None, idempotency_key=None, expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        from_: &Bound<'py, PyAny>,
        to: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut request = TransferRequest::new(read(from_, "from_")?, read(to, "to")?, read(amount, "amount")?);
        request.description = read_optional(description, "description")?;
        request.metadata = read_optional(metadata, "metadata")?.unwrap_or_default();
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        request.expected_version = read_optional(expected_version, "expected_version")?;
        answer::<_, Transaction>(py, self.ticket.call(py, |session| session.wallet().transfer(&request))?)
    }

    /// One hold on one of the user's wallets.
    ///
    /// Raises `NotFoundError`.
    fn find_hold<'py>(&self, py: Python<'py>, hold_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let hold_id = read(hold_id, "hold_id")?;
        answer::<_, Hold>(py, self.ticket.call(py, |session| session.wallet().find_hold(hold_id))?)
    }

    /// The holds of one of the user's wallets in one state, oldest first; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`.
    #[pyo3(signature = (wallet_id, status, limit=None), text_signature = "($self, wallet_id, status, limit=100)")]
    fn holds<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        status: &Bound<'py, PyAny>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let status = read(status, "status")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Hold>(py, self.ticket.call(py, |session| session.wallet().holds(wallet_id, status, limit))?)
    }

    /// The limits of one of the user's wallets.
    ///
    /// Raises `NotFoundError`.
    fn limits<'py>(&self, py: Python<'py>, wallet_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        answer_all::<_, Limit>(py, self.ticket.call(py, |session| session.wallet().limits(wallet_id))?)
    }
}

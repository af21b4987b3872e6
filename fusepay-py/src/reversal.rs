//! `engine.reversal`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::{RefundRequest, ReviewVerdict};
use pyo3::prelude::*;

use crate::convert::{read, read_optional};
use crate::error::invalid;
use crate::provider::answer::{is_a, receipt};
use crate::record::bill::Payment;
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// Whatever gives money back: reversals, refunds, reviews, claims, suspense:
/// `engine.reversal`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Reversals {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Reversals {
    /// Reverses a failed payment now instead of when its job is due. One that is
    /// reversed already answers as it is.
    ///
    /// Raises `NotFoundError`, `NotReversibleError` without conclusive evidence.
    fn reverse<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.reversal().reverse(payment_id))?)
    }

    /// Returns part or all of a completed payment; refunds add up to at most amount and
    /// fee. `source` says who bears it: `BILLER` or `HOST`. `reason` (at most 500 bytes)
    /// is kept in the audit and shown in the history.
    ///
    /// Raises `InvalidAmountError`, `TooLongError`, `NotFoundError`,
    /// `IdempotencyKeyReusedError`, `NotReversibleError`, `CurrencyMismatchError`,
    /// `RefundAbovePaidError`, `WalletFrozenError`, `WalletClosedError`.
    #[pyo3(signature = (payment_id, amount, source, reason, *, idempotency_key=None))]
    fn refund<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        source: &Bound<'py, PyAny>,
        reason: &Bound<'py, PyAny>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = read_refund(payment_id, amount, source, reason, idempotency_key)?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.reversal().refund(&request))?)
    }

    /// Ends a review with an operator's evidence, which the audit keeps: `Paid` with what
    /// the biller confirmed, or `NotPaid`, and the money goes back. `reason` has at most
    /// 500 bytes.
    ///
    /// Raises `NotFoundError`, `NotAllowedError` when it is not under review,
    /// `NotReversibleError` while a send may still be under way.
    fn resolve_review<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        verdict: &Bound<'py, PyAny>,
        reason: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        let reason: String = read(reason, "reason")?;
        let verdict = read_verdict(verdict)?;
        answer::<_, Payment>(
            py,
            self.shell.call(py, |engine| engine.reversal().resolve_review(payment_id, &verdict, &reason))?,
        )
    }

    /// Late successes that wait to be settled, oldest first; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (limit=None), text_signature = "($self, limit=100)")]
    fn open_claims<'py>(&self, py: Python<'py>, limit: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.shell.call(py, |engine| engine.reversal().open_claims(limit))?)
    }

    /// Ends the claim of a late success: `RECOVERED_FROM_PROVIDER` or `WRITTEN_OFF`.
    /// `reason` has at most 500 bytes.
    ///
    /// Raises `NotFoundError`, `NotAllowedError`.
    fn settle_claim<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        settlement: &Bound<'py, PyAny>,
        reason: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        let settlement = read(settlement, "settlement")?;
        let reason: String = read(reason, "reason")?;
        answer::<_, Payment>(
            py,
            self.shell.call(py, |engine| engine.reversal().settle_claim(payment_id, settlement, &reason))?,
        )
    }

    /// Payments whose money waits in suspense, oldest first; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (limit=None), text_signature = "($self, limit=100)")]
    fn open_suspense<'py>(&self, py: Python<'py>, limit: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.shell.call(py, |engine| engine.reversal().open_suspense(limit))?)
    }

    /// Moves a payment's money from suspense to its wallet, or `to` another wallet of the
    /// same user.
    ///
    /// Raises `NotFoundError`, `NotAllowedError`, `ForbiddenError`,
    /// `CurrencyMismatchError`, `WalletFrozenError`, `WalletClosedError`,
    /// `AmountOverflowError`.
    #[pyo3(signature = (payment_id, to=None))]
    fn release_suspense<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        to: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        let to = read_optional(to, "to")?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.reversal().release_suspense(payment_id, to))?)
    }
}

/// Reads a refund.
pub(crate) fn read_refund(
    payment_id: &Bound<'_, PyAny>,
    amount: &Bound<'_, PyAny>,
    source: &Bound<'_, PyAny>,
    reason: &Bound<'_, PyAny>,
    idempotency_key: Option<&Bound<'_, PyAny>>,
) -> PyResult<RefundRequest> {
    let (payment, amount) = (read(payment_id, "payment_id")?, read(amount, "amount")?);
    let (source, reason) = (read(source, "source")?, read::<String>(reason, "reason")?);
    let mut request = RefundRequest::new(payment, amount, source, reason);
    request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
    Ok(request)
}

/// Reads what an operator found out: `Paid` or `NotPaid`.
pub(crate) fn read_verdict(verdict: &Bound<'_, PyAny>) -> PyResult<ReviewVerdict> {
    let py = verdict.py();
    if is_a(verdict, "Paid")? {
        return receipt(verdict).map(ReviewVerdict::Paid);
    }
    if verdict.is_instance(&py.import("fusepay._settings")?.getattr("NotPaid")?)? {
        return Ok(ReviewVerdict::NotPaid);
    }
    Err(invalid(py, "verdict", "must be Paid(...) or NotPaid()"))
}

//! `session.operator`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use pyo3::prelude::*;

use super::Ticket;
use crate::convert::{read, read_optional};
use crate::history::read_filter;
use crate::record::auth::{SessionRecord, User, UserPage};
use crate::record::bill::{Explanation, Payment};
use crate::record::engine::{Job, JobCount};
use crate::record::history::HistoryPage;
use crate::record::wallet::Wallet;
use crate::record::{answer, answer_all};
use crate::reversal::{read_refund, read_verdict};

/// What a role opens beyond the user's own: `session.operator`. Every method first
/// raises `InvalidTokenError` when the session has ended, then `ForbiddenError`, in the
/// same words, when the role does not allow it.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Operator {
    pub(crate) ticket: Arc<Ticket>,
}

#[pymethods]
impl Operator {
    /// Users in the order in which they registered, after one; `limit` 1 to 500.
    /// Operators, auditors, admins.
    ///
    /// Raises `InvalidArgumentError`, `InvalidCursorError`.
    #[pyo3(signature = (after=None, limit=None), text_signature = "($self, after=None, limit=100)")]
    fn list_users<'py>(
        &self,
        py: Python<'py>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let after = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer::<_, UserPage>(py, self.ticket.call(py, |session| session.operator()?.list_users(after, limit))?)
    }

    /// Users whose address or one of whose names begins with `text`: as
    /// `engine.auth.search_users`. Operators, auditors, admins.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `InvalidCursorError`.
    #[pyo3(signature = (text, after=None, limit=None), text_signature = "($self, text, after=None, limit=100)")]
    fn search_users<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let text: String = read(text, "text")?;
        let after = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer::<_, UserPage>(
            py,
            self.ticket.call(py, |session| session.operator()?.search_users(&text, after, limit))?,
        )
    }

    /// One user. Operators, auditors, admins.
    ///
    /// Raises `NotFoundError`.
    fn find_user<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        answer::<_, User>(py, self.ticket.call(py, |session| session.operator()?.find_user(user_id))?)
    }

    /// The sessions of a user that are alive. Operators, auditors, admins.
    ///
    /// Raises `NotFoundError`.
    fn sessions<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        answer_all::<_, SessionRecord>(py, self.ticket.call(py, |session| session.operator()?.sessions(user_id))?)
    }

    /// Ends all sessions of a user. Operators, admins.
    ///
    /// Raises `NotFoundError`.
    fn end_sessions(&self, py: Python<'_>, user_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let user_id = read(user_id, "user_id")?;
        self.ticket.call(py, |session| session.operator()?.end_sessions(user_id))
    }

    /// Forbids a user to log in, and ends their sessions. Admins.
    ///
    /// Raises `NotFoundError`, `LastAdminError`.
    fn deactivate<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        answer::<_, User>(py, self.ticket.call(py, |session| session.operator()?.deactivate(user_id))?)
    }

    /// Lets a deactivated user log in again. Admins.
    ///
    /// Raises `NotFoundError`.
    fn reactivate<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        answer::<_, User>(py, self.ticket.call(py, |session| session.operator()?.reactivate(user_id))?)
    }

    /// Gives a user another role, and ends their sessions. Admins.
    ///
    /// Raises `NotFoundError`, `InvalidArgumentError` (`system`), `LastAdminError`.
    fn set_role<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        role: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        let role = read(role, "role")?;
        answer::<_, User>(py, self.ticket.call(py, |session| session.operator()?.set_role(user_id, role))?)
    }

    /// Anybody's wallet with its money. Operators, auditors, admins.
    ///
    /// Raises `NotFoundError`.
    fn find_wallet<'py>(&self, py: Python<'py>, wallet_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        answer::<_, Wallet>(py, self.ticket.call(py, |session| session.operator()?.find_wallet(wallet_id))?)
    }

    /// Anybody's wallets, oldest first. Operators, auditors, admins.
    fn list_wallets<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user_id = read(user_id, "user_id")?;
        answer_all::<_, Wallet>(py, self.ticket.call(py, |session| session.operator()?.list_wallets(user_id))?)
    }

    /// A page of anybody's history, as `engine.history.page`. Operators, auditors, admins.
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
    fn history<'py>(
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
            self.ticket
                .call(py, |session| session.operator()?.history(wallet_id, &filter, cursor.as_deref(), limit))?,
        )
    }

    /// Freezes or thaws a wallet; the host closes them. Operators, admins.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`, `WalletClosedError`.
    fn set_wallet_status<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        status: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let status = read(status, "status")?;
        answer::<_, Wallet>(
            py,
            self.ticket.call(py, |session| session.operator()?.set_wallet_status(wallet_id, status))?,
        )
    }

    /// Anybody's payment as it stands. Operators, auditors, admins.
    ///
    /// Raises `NotFoundError`.
    fn find_payment<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.find_payment(payment_id))?)
    }

    /// Everything known about a payment. Operators, auditors, admins.
    ///
    /// Raises `NotFoundError`.
    fn explain_payment<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        answer::<_, Explanation>(py, self.ticket.call(py, |session| session.operator()?.explain_payment(payment_id))?)
    }

    /// Payments in one state, oldest first, after one; `limit` 1 to 500. Operators,
    /// auditors, admins.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (status, after=None, limit=None), text_signature = "($self, status, after=None, limit=100)")]
    fn list_payments<'py>(
        &self,
        py: Python<'py>,
        status: &Bound<'py, PyAny>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let status = read(status, "status")?;
        let after = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(
            py,
            self.ticket.call(py, |session| session.operator()?.list_payments(status, after, limit))?,
        )
    }

    /// Returns part or all of a completed payment: as `engine.reversal.refund`.
    /// Operators, admins.
    ///
    /// Raises what `engine.reversal.refund` raises.
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
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.refund(&request))?)
    }

    /// Reverses a failed payment now. Operators, admins.
    ///
    /// Raises `NotFoundError`, `NotReversibleError`.
    fn reverse<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.reverse(payment_id))?)
    }

    /// Ends a review with evidence: as `engine.reversal.resolve_review`. Operators, admins.
    ///
    /// Raises what `engine.reversal.resolve_review` raises.
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
            self.ticket.call(py, |session| session.operator()?.resolve_review(payment_id, &verdict, &reason))?,
        )
    }

    /// Payments whose money waits in suspense, oldest first; `limit` 1 to 500. Operators,
    /// auditors, admins.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (limit=None), text_signature = "($self, limit=100)")]
    fn open_suspense<'py>(&self, py: Python<'py>, limit: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.open_suspense(limit))?)
    }

    /// Moves a payment's money from suspense to its owner. Operators, admins.
    ///
    /// Raises what `engine.reversal.release_suspense` raises.
    #[pyo3(signature = (payment_id, to=None))]
    fn release_suspense<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        to: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        let to = read_optional(to, "to")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.release_suspense(payment_id, to))?)
    }

    /// Late successes that wait to be settled, oldest first; `limit` 1 to 500. Operators,
    /// auditors, admins.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (limit=None), text_signature = "($self, limit=100)")]
    fn open_claims<'py>(&self, py: Python<'py>, limit: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.ticket.call(py, |session| session.operator()?.open_claims(limit))?)
    }

    /// Ends the claim of a late success. Operators, admins.
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
            self.ticket.call(py, |session| session.operator()?.settle_claim(payment_id, settlement, &reason))?,
        )
    }

    /// Dead letters, oldest first, after one; `limit` 1 to 500. Operators, auditors, admins.
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
        answer_all::<_, Job>(py, self.ticket.call(py, |session| session.operator()?.dead_letters(after, limit))?)
    }

    /// How many jobs there are, by kind and state. Operators, auditors, admins.
    fn job_counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer_all::<_, JobCount>(py, self.ticket.call(py, |session| session.operator()?.job_counts())?)
    }

    /// Puts a dead letter back in the queue. Operators, admins.
    ///
    /// Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError`.
    fn retry_job<'py>(&self, py: Python<'py>, job_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let job_id = read(job_id, "job_id")?;
        answer::<_, Job>(py, self.ticket.call(py, |session| session.operator()?.retry_job(job_id))?)
    }

    /// Closes a dead letter with a reason. Operators, admins.
    ///
    /// Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError`.
    fn resolve_job(&self, py: Python<'_>, job_id: &Bound<'_, PyAny>, reason: &Bound<'_, PyAny>) -> PyResult<()> {
        let job_id = read(job_id, "job_id")?;
        let reason: String = read(reason, "reason")?;
        self.ticket.call(py, |session| session.operator()?.resolve_job(job_id, &reason))
    }
}

//! `session.bill`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::{PayBill, QuoteRequest};
use pyo3::prelude::*;

use super::Ticket;
use crate::convert::{ToPy, read, read_optional};
use crate::provider::records::Customer;
use crate::record::bill::{BillItem, Biller, Payment, Quote};
use crate::record::{answer, answer_all};

/// A user's bills: `session.bill`. Every method first raises `InvalidTokenError` when
/// the session has ended.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct SessionBills {
    pub(crate) ticket: Arc<Ticket>,
}

#[pymethods]
impl SessionBills {
    /// Billers in the order of their codes, after one; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(
        signature = (category=None, after=None, limit=None),
        text_signature = "($self, category=None, after=None, limit=100)"
    )]
    fn billers<'py>(
        &self,
        py: Python<'py>,
        category: Option<&Bound<'py, PyAny>>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let category: Option<String> = read_optional(category, "category")?;
        let after: Option<String> = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Biller>(
            py,
            self.ticket.call(py, |session| session.bill().billers(category.as_deref(), after.as_deref(), limit))?,
        )
    }

    /// The items of a biller.
    ///
    /// Raises `NotFoundError`.
    fn items<'py>(&self, py: Python<'py>, biller: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let biller: String = read(biller, "biller")?;
        answer_all::<_, BillItem>(py, self.ticket.call(py, |session| session.bill().items(&biller))?)
    }

    /// Asks the biller about a customer. Calls the provider on this thread.
    ///
    /// Raises `BillerUnavailableError`, `CustomerRejectedError`,
    /// `UnsupportedByProviderError`, `ProviderUnavailableError`.
    fn validate_customer<'py>(
        &self,
        py: Python<'py>,
        biller: &Bound<'py, PyAny>,
        item: &Bound<'py, PyAny>,
        customer_reference: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let biller: String = read(biller, "biller")?;
        let item: String = read(item, "item")?;
        let customer_reference: String = read(customer_reference, "customer_reference")?;
        answer::<_, Customer>(
            py,
            self.ticket.call(py, |session| session.bill().validate_customer(&biller, &item, &customer_reference))?,
        )
    }

    /// Prices a bill for the user. Where the item demands it, the customer is validated
    /// with the provider first, on this thread.
    ///
    /// Raises what `engine.bill.quote` raises.
    fn quote<'py>(
        &self,
        py: Python<'py>,
        biller: &Bound<'py, PyAny>,
        item: &Bound<'py, PyAny>,
        customer_reference: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let biller: String = read(biller, "biller")?;
        let item: String = read(item, "item")?;
        let customer_reference: String = read(customer_reference, "customer_reference")?;
        let amount = read(amount, "amount")?;
        answer::<_, Quote>(
            py,
            self.ticket.call(py, |session| {
                let user = session.principal()?.user_id;
                session.bill().quote(&QuoteRequest::new(user, biller, item, customer_reference, amount))
            })?,
        )
    }

    /// Pays a bill from one of the user's wallets: as `engine.bill.pay`.
    ///
    /// Raises what `engine.bill.pay` raises; `NotFoundError` when the wallet is not the
    /// user's.
    #[pyo3(signature = (
        wallet_id, biller, item, customer_reference, amount, *, quote_id=None, metadata=None, idempotency_key=None,
        requested_at=None, expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn pay<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        biller: &Bound<'py, PyAny>,
        item: &Bound<'py, PyAny>,
        customer_reference: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        quote_id: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        requested_at: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let biller: String = read(biller, "biller")?;
        let item: String = read(item, "item")?;
        let customer_reference: String = read(customer_reference, "customer_reference")?;
        let (wallet, amount) = (read(wallet_id, "wallet_id")?, read(amount, "amount")?);
        let mut request = PayBill::new(wallet, biller, item, customer_reference, amount);
        request.quote_id = read_optional(quote_id, "quote_id")?;
        request.metadata = read_optional(metadata, "metadata")?.unwrap_or_default();
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        request.requested_at = read_optional(requested_at, "requested_at")?;
        request.expected_version = read_optional(expected_version, "expected_version")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.bill().pay(&request))?)
    }

    /// One of the user's payments as it stands. Never calls a provider.
    ///
    /// Raises `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.bill().find(payment_id))?)
    }

    /// Waits for one requery of an unknown payment, at most `deadline` (a `timedelta` or
    /// `int` milliseconds); answers the payment as it stands then.
    ///
    /// Raises `NotFoundError`.
    fn refresh<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        deadline: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        let deadline = read(deadline, "deadline")?;
        answer::<_, Payment>(py, self.ticket.call(py, |session| session.bill().refresh(payment_id, deadline))?)
    }

    /// The payments of one of the user's wallets, newest first, before one; `limit` 1 to
    /// 500.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`.
    #[pyo3(
        signature = (wallet_id, before=None, limit=None),
        text_signature = "($self, wallet_id, before=None, limit=100)"
    )]
    fn list<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        before: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wallet_id = read(wallet_id, "wallet_id")?;
        let before = read_optional(before, "before")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.ticket.call(py, |session| session.bill().list(wallet_id, before, limit))?)
    }

    /// What the user bought: electricity tokens, pins.
    ///
    /// Raises `NotFoundError`; `NotAllowedError` without the key they were sealed with;
    /// `CorruptError`.
    fn tokens<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let payment_id = read(payment_id, "payment_id")?;
        self.ticket.call(py, |session| session.bill().tokens(payment_id))?.to_py(py)
    }
}

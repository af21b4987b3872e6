//! `engine.bill`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;
use std::time::Duration;

use fusepay_core::{Money, PayBill, QuoteRequest, Webhook};
use pyo3::prelude::*;

use crate::convert::{ToPy, read, read_optional};
use crate::engine::Shell;
use crate::provider::answer::read_catalogue;
use crate::provider::records::{Customer, Headers, Raw};
use crate::record::bill::{BillItem, Biller, Explanation, Payment, Quote, WebhookReceipt};
use crate::record::{answer, answer_all};

/// Bills: catalogue, quotes, payments: `engine.bill`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Bills {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Bills {
    /// Loads billers with their items, `[(Biller, [BillItem, ...]), ...]`, replacing
    /// those of the same codes, in one commit. Items not named stay as they are.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`.
    fn load_catalogue(&self, py: Python<'_>, catalogue: &Bound<'_, PyAny>) -> PyResult<()> {
        let entries = read_catalogue(catalogue)?;
        self.shell.call(py, |engine| engine.bill().load_catalogue(&entries))
    }

    /// Loads what a provider says it serves. Answers how many billers that were.
    ///
    /// Raises `NotFoundError`, `UnsupportedByProviderError`,
    /// `ProviderUnavailableError`, and what `load_catalogue` raises.
    fn load_catalogue_of(&self, py: Python<'_>, provider: &Bound<'_, PyAny>) -> PyResult<usize> {
        let code: String = read(provider, "provider")?;
        self.shell.call(py, |engine| engine.bill().load_catalogue_of(&code))
    }

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
        let found =
            self.shell.call(py, |engine| engine.bill().billers(category.as_deref(), after.as_deref(), limit))?;
        answer_all::<_, Biller>(py, found)
    }

    /// The items of a biller.
    ///
    /// Raises `NotFoundError`.
    fn items<'py>(&self, py: Python<'py>, biller: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let code: String = read(biller, "biller")?;
        answer_all::<_, BillItem>(py, self.shell.call(py, |engine| engine.bill().items(&code))?)
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
        let (biller, item): (String, String) = (read(biller, "biller")?, read(item, "item")?);
        let reference: String = read(customer_reference, "customer_reference")?;
        let found = self.shell.call(py, |engine| engine.bill().validate_customer(&biller, &item, &reference))?;
        answer::<_, Customer>(py, found)
    }

    /// Prices a bill. Where the item demands it, the customer is validated with the
    /// provider first, on this thread.
    ///
    /// Raises `InvalidAmountError`, `InvalidArgumentError`, `NotFoundError`,
    /// `BillerUnavailableError`, `CurrencyMismatchError`, `AmountOutOfRangeError`, and
    /// what `validate_customer` raises.
    fn quote<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        biller: &Bound<'py, PyAny>,
        item: &Bound<'py, PyAny>,
        customer_reference: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (biller, item): (String, String) = (read(biller, "biller")?, read(item, "item")?);
        let reference: String = read(customer_reference, "customer_reference")?;
        let request = QuoteRequest::new(read(user_id, "user_id")?, biller, item, reference, read(amount, "amount")?);
        answer::<_, Quote>(py, self.shell.call(py, |engine| engine.bill().quote(&request))?)
    }

    /// Pays a bill: debits amount and fee and queues the payment, in one commit. The
    /// provider is called later, by the worker (or `run_due`); `find` says what became
    /// of it. `customer_reference` (a meter, a phone, a policy) has at most 128 bytes.
    ///
    /// `quote_id`: a quote to pay at. `requested_at`: when the user asked, for
    /// providers whose request ids carry a time (VTpass); keep it with the key: the same
    /// value on every repeat.
    ///
    /// Raises `InvalidAmountError`, `InvalidArgumentError`, `TooLongError`,
    /// `NotFoundError`, `IdempotencyKeyReusedError`, `BillerUnavailableError`,
    /// `QuoteUsedError`, `QuoteExpiredError`, `CurrencyMismatchError`,
    /// `AmountOutOfRangeError`, `WalletFrozenError`, `WalletClosedError`,
    /// `LimitExceededError`, `ConflictError`, `InsufficientFundsError`.
    #[pyo3(signature = (
        wallet_id, biller, item, customer_reference, amount, *, quote_id=None, metadata=None, idempotency_key=None,
        requested_at=None, expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "names in Python")]
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
        let (biller, item): (String, String) = (read(biller, "biller")?, read(item, "item")?);
        let reference: String = read(customer_reference, "customer_reference")?;
        let mut request = PayBill::new(read(wallet_id, "wallet_id")?, biller, item, reference, read(amount, "amount")?);
        request.quote_id = read_optional(quote_id, "quote_id")?;
        request.metadata = read_optional(metadata, "metadata")?.unwrap_or_default();
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        request.requested_at = read_optional(requested_at, "requested_at")?;
        request.expected_version = read_optional(expected_version, "expected_version")?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.bill().pay(&request))?)
    }

    /// One payment as it stands. Never calls a provider; reading an unknown one makes
    /// its requery due now.
    ///
    /// Raises `InvalidIdError`, `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(payment_id, "payment_id")?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.bill().find(id))?)
    }

    /// Waits for one requery of an unknown payment, at most `deadline` (a `timedelta`
    /// or `int` milliseconds); answers the payment as it stands then.
    ///
    /// Raises `NotFoundError`.
    fn refresh<'py>(
        &self,
        py: Python<'py>,
        payment_id: &Bound<'py, PyAny>,
        deadline: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let id = read(payment_id, "payment_id")?;
        let deadline: Duration = read(deadline, "deadline")?;
        answer::<_, Payment>(py, self.shell.call(py, |engine| engine.bill().refresh(id, deadline))?)
    }

    /// A wallet's payments, newest first, before one; `limit` 1 to 500.
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
        let (wallet, before) = (read(wallet_id, "wallet_id")?, read_optional(before, "before")?);
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.shell.call(py, |engine| engine.bill().list(wallet, before, limit))?)
    }

    /// Payments in one state, oldest first, after one; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (status, after=None, limit=None), text_signature = "($self, status, after=None, limit=100)")]
    fn list_by_status<'py>(
        &self,
        py: Python<'py>,
        status: &Bound<'py, PyAny>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (status, after) = (read(status, "status")?, read_optional(after, "after")?);
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Payment>(py, self.shell.call(py, |engine| engine.bill().list_by_status(status, after, limit))?)
    }

    /// What the customer bought: electricity tokens, pins.
    ///
    /// Raises `NotFoundError`; `NotAllowedError` without the key they were sealed with;
    /// `CorruptError`.
    fn tokens<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(payment_id, "payment_id")?;
        self.shell.call(py, |engine| engine.bill().tokens(id))?.to_py(py)
    }

    /// Every state, attempt, evidence, timer and decision of a payment, in order.
    ///
    /// Raises `NotFoundError`.
    fn explain<'py>(&self, py: Python<'py>, payment_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(payment_id, "payment_id")?;
        answer::<_, Explanation>(py, self.shell.call(py, |engine| engine.bill().explain(id))?)
    }

    /// Takes a webhook in as the host received it, headers as a mapping or pairs and
    /// the body as `bytes`: the provider verifies it, the engine applies it as
    /// evidence. Repeating it changes nothing.
    ///
    /// Raises `NotFoundError`, `TooLongError`, `WebhookRejectedError`,
    /// `UnsupportedByProviderError`.
    fn receive_webhook<'py>(
        &self,
        py: Python<'py>,
        provider: &Bound<'py, PyAny>,
        headers: &Bound<'py, PyAny>,
        body: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let code: String = read(provider, "provider")?;
        let webhook = Webhook::new(read::<Headers>(headers, "headers")?.0, read::<Raw>(body, "body")?.0);
        let receipt = self.shell.call(py, |engine| engine.bill().receive_webhook(&code, &webhook))?;
        answer::<_, WebhookReceipt>(py, receipt)
    }

    /// What the provider says is left of the money prepaid there. Calls the provider
    /// on this thread.
    ///
    /// Raises `NotFoundError`, `UnsupportedByProviderError`, `ProviderUnavailableError`.
    fn float_balance<'py>(&self, py: Python<'py>, provider: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let code: String = read(provider, "provider")?;
        self.shell.call(py, |engine| engine.bill().float_balance(&code))?.to_py(py)
    }

    /// Books prepaid money sent to a provider. Each external reference is booked once.
    ///
    /// Raises `InvalidArgumentError`, `InvalidAmountError`, `TooLongError`,
    /// `ExternalReferenceUsedError`, `NotAllowedError` when more would be prepaid than
    /// ever came in.
    fn top_up_float(
        &self,
        py: Python<'_>,
        provider: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        external_reference: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let code: String = read(provider, "provider")?;
        let amount: Money = read(amount, "amount")?;
        let reference: String = read(external_reference, "external_reference")?;
        self.shell.call(py, |engine| engine.bill().top_up_float(&code, amount, &reference))
    }
}

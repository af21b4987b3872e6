//! Bills, as a host sees them.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::provider::{Customer, Webhook};
use crate::bill::quote::Quote;
use crate::bill::record::Payment;
use crate::engine::bill::{Explanation, QuoteRequest, WebhookReceipt};
use crate::engine::inner::{Access, Inner};
use crate::engine::pay::PayBill;
use crate::engine::{bill, catalogue, pay};
use crate::error::{Error, Result};
use crate::id::{PaymentId, WalletId};
use crate::money::amount::Money;
use crate::vocabulary::{Code, PaymentStatus};
use std::sync::Arc;
use std::time::Duration;

/// Bills: catalogue, quotes, payments. See [`FusePay::bill`](crate::FusePay::bill).
pub struct Bills<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl Bills<'_> {
    /// Loads billers with their items, replacing those of the same codes, in one
    /// commit. Items that are not named stay as they are.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`].
    pub fn load_catalogue(&self, catalogue: &[(Biller, Vec<BillItem>)]) -> Result<()> {
        catalogue::load(self.inner, self.access, catalogue)
    }

    /// Loads what a provider says it serves. Answers how many billers that were.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::UnsupportedByProvider`],
    /// [`Code::ProviderUnavailable`], and those of [`Bills::load_catalogue`].
    pub fn load_catalogue_of(&self, provider: &str) -> Result<usize> {
        catalogue::load_from_provider(self.inner, self.access, provider)
    }

    /// Billers in the order of their codes, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn billers(&self, category: Option<&str>, after: Option<&str>, limit: u32) -> Result<Vec<Biller>> {
        catalogue::billers(self.inner, category, after, limit)
    }

    /// The items of a biller.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn items(&self, biller: &str) -> Result<Vec<BillItem>> {
        catalogue::items(self.inner, biller)
    }

    /// Asks the biller about a customer. Calls the provider on this thread.
    ///
    /// # Errors
    /// [`Code::BillerUnavailable`], [`Code::CustomerRejected`],
    /// [`Code::UnsupportedByProvider`], [`Code::ProviderUnavailable`].
    pub fn validate_customer(&self, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
        bill::validate_customer(self.inner, biller, item, customer_reference)
    }

    /// Prices a bill. Where the item demands it, the customer is validated with
    /// the provider first, on this thread.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`], [`Code::NotFound`],
    /// [`Code::BillerUnavailable`], [`Code::CurrencyMismatch`],
    /// [`Code::AmountOutOfRange`], and those of [`Bills::validate_customer`].
    pub fn quote(&self, request: &QuoteRequest) -> Result<Quote> {
        bill::quote(self.inner, self.access, request)
    }

    /// Pays a bill: idempotency record, debit of amount and fee into clearing,
    /// payment, job, event and audit link in one commit. The provider is called
    /// later, by the worker.
    ///
    /// ```
    /// # use fusepay_core::{Currency, Money, PayBill, PaymentStatus};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.funded_wallet(50_000);
    /// let bill = PayBill::new(wallet, "POWER", "PREPAID", "meter 0123", Money::new(10_000, Currency::NGN))
    ///     .with_idempotency_key("order-1");
    /// let payment = engine.bill().pay(&bill)?;
    /// assert_eq!(engine.bill().pay(&bill)?.id, payment.id); // the same key: paid once
    ///
    /// engine.run_due()?; // the worker's turn; by itself in the background mode
    /// assert_eq!(engine.bill().find(payment.id)?.status, PaymentStatus::Completed);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidAmount`], [`Code::InvalidArgument`], [`Code::TooLong`],
    /// [`Code::NotFound`], [`Code::IdempotencyKeyReused`],
    /// [`Code::BillerUnavailable`], [`Code::QuoteUsed`], [`Code::QuoteExpired`],
    /// [`Code::CurrencyMismatch`], [`Code::AmountOutOfRange`],
    /// [`Code::WalletFrozen`], [`Code::WalletClosed`], [`Code::LimitExceeded`],
    /// [`Code::Conflict`], [`Code::InsufficientFunds`].
    pub fn pay(&self, request: &PayBill) -> Result<Payment> {
        pay::pay(self.inner, self.access, request)
    }

    /// One payment as it stands. Never calls a provider; reading an unknown one
    /// makes its requery due now.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find(&self, id: PaymentId) -> Result<Payment> {
        bill::find(self.inner, self.access, id)
    }

    /// Waits for one requery of an unknown payment, at most `deadline`; answers
    /// the payment as it stands then.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn refresh(&self, id: PaymentId, deadline: Duration) -> Result<Payment> {
        bill::refresh(self.inner, self.access, id, deadline)
    }

    /// A wallet's payments, newest first, before one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::NotFound`].
    pub fn list(&self, wallet: WalletId, before: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        bill::list(self.inner, self.access, wallet, before, limit)
    }

    /// Payments in one state, oldest first, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn list_by_status(&self, status: PaymentStatus, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>> {
        bill::list_by_status(self.inner, status, after, limit)
    }

    /// What the customer bought: electricity tokens, pins.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::NotAllowed`] without the key they were sealed
    /// with; [`Code::Corrupt`].
    pub fn tokens(&self, id: PaymentId) -> Result<Vec<String>> {
        bill::tokens(self.inner, self.access, id)
    }

    /// Every state, attempt, evidence, timer and decision of a payment, in order.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn explain(&self, id: PaymentId) -> Result<Explanation> {
        bill::explain(self.inner, self.access, id)
    }

    /// Takes a webhook in as the host received it: the provider's adapter
    /// verifies it, the engine applies it as evidence. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::TooLong`], [`Code::WebhookRejected`],
    /// [`Code::UnsupportedByProvider`].
    pub fn receive_webhook(&self, provider: &str, webhook: &Webhook) -> Result<WebhookReceipt> {
        bill::receive_webhook(self.inner, provider, webhook)
    }

    /// What the provider says is left of the money prepaid there.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::UnsupportedByProvider`],
    /// [`Code::ProviderUnavailable`].
    pub fn float_balance(&self, provider: &str) -> Result<Money> {
        let desk = self.inner.desk(provider).ok_or_else(|| Error::new(Code::NotFound, "there is no such provider"))?;
        crate::engine::attempt::float_balance(desk.provider.as_ref())
    }

    /// Books prepaid money sent to a provider: float → funding.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidAmount`], [`Code::TooLong`],
    /// [`Code::ExternalReferenceUsed`], [`Code::NotAllowed`] when more would be
    /// prepaid than ever came in.
    pub fn top_up_float(&self, provider: &str, amount: Money, external_reference: &str) -> Result<()> {
        catalogue::top_up_float(self.inner, self.access, provider, amount, external_reference)
    }
}

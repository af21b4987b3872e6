//! Bills: quote, pay, look up, refresh, and what comes in by webhook.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::outcome::Evidence;
use crate::bill::provider::{Customer, CustomerRequest, Webhook};
use crate::bill::quote::Quote;
use crate::bill::record::{Attempt, Payment, PaymentStep};
use crate::bill::request_id::{RequestIdOrigin, derive};
use crate::clock::UnixMillis;
use crate::engine::attempt;
use crate::engine::book::Book;
use crate::engine::conclude::{draft, memo};
use crate::engine::desk::ProviderDesk;
use crate::engine::inner::{Access, Inner, check_page, check_text, millis};
use crate::engine::once::Once;
use crate::engine::transfer::{demand_currency, demand_limits};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::id::{PaymentId, QuoteId, TransactionId, UserId, WalletId};
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::AccountRef;
use crate::ledger::posting::Movement;
use crate::metadata::Metadata;
use crate::money::amount::Money;
use crate::queue::job::Job;
use crate::store::bill::PaymentRecord;
use crate::store::tx::{ReadTx, WriteTx};
use crate::store::{bill, catalogue, queue, wallet};
use crate::vocabulary::{Code, EventName, JobKind, Operation, PaymentStatus, TransactionType};
use crate::wallet::record::Wallet;
use crate::wallet::status::may_debit;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longest customer reference, in bytes.
const CUSTOMER_LENGTH_MAX: usize = 128;

/// A bill to pay.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PayBill {
    /// The wallet that pays.
    pub wallet_id: WalletId,
    /// The biller's code.
    pub biller: String,
    /// The item's code.
    pub item: String,
    /// For whom: a meter, a phone, a policy. At most 128 bytes.
    pub customer_reference: String,
    /// What the biller receives; the fee comes on top.
    pub amount: Money,
    /// A quote to pay at; its biller, item, customer and amount must be these.
    pub quote_id: Option<QuoteId>,
    /// The host's own notes, handed to the provider too.
    pub metadata: Metadata,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
    /// When the user asked, for providers whose request ids carry a time
    /// (VTpass). Part of the fingerprint; with it and a key, a repetition after
    /// a restore sends the same id. The wall clock when absent.
    pub requested_at: Option<UnixMillis>,
    /// Refuse with [`Code::Conflict`] unless the wallet is at this version.
    pub expected_version: Option<i64>,
}

impl PayBill {
    /// A bill of this amount.
    #[must_use]
    pub fn new(
        wallet_id: WalletId,
        biller: impl Into<String>,
        item: impl Into<String>,
        customer_reference: impl Into<String>,
        amount: Money,
    ) -> Self {
        PayBill {
            wallet_id,
            biller: biller.into(),
            item: item.into(),
            customer_reference: customer_reference.into(),
            amount,
            quote_id: None,
            metadata: Metadata::empty(),
            idempotency_key: None,
            requested_at: None,
            expected_version: None,
        }
    }

    /// The bill of a quote.
    #[must_use]
    pub fn from_quote(wallet_id: WalletId, quote: &Quote) -> Self {
        let mut request = PayBill::new(wallet_id, &quote.biller, &quote.item, &quote.customer_reference, quote.amount);
        request.quote_id = Some(quote.id);
        request
    }

    /// Sets the host's own notes.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Sets when the user asked.
    #[must_use]
    pub fn with_requested_at(mut self, requested_at: UnixMillis) -> Self {
        self.requested_at = Some(requested_at);
        self
    }

    /// Sets the version the wallet must be at.
    #[must_use]
    pub fn with_expected_version(mut self, version: i64) -> Self {
        self.expected_version = Some(version);
        self
    }

    fn check(&self) -> Result<()> {
        self.amount.require_positive("amount")?;
        check_text("customer_reference", &self.customer_reference, CUSTOMER_LENGTH_MAX)?;
        crate::bill::biller::check_code("biller", &self.biller)?;
        crate::bill::biller::check_code("item", &self.item)
    }

    fn fingerprint(&self) -> Fingerprint {
        let quote = self.quote_id.map(|quote| *quote.as_bytes());
        Fingerprint::of(&[
            ("wallet", FieldValue::Bytes(self.wallet_id.as_bytes())),
            ("biller", FieldValue::Text(&self.biller)),
            ("item", FieldValue::Text(&self.item)),
            ("customer_reference", FieldValue::Text(&self.customer_reference)),
            ("amount", FieldValue::Number(self.amount.minor())),
            ("currency", FieldValue::Text(self.amount.currency().code())),
            ("quote", quote.as_ref().map_or(FieldValue::Absent, |id| FieldValue::Bytes(id))),
            ("metadata", FieldValue::Text(self.metadata.as_str())),
            ("requested_at", self.requested_at.map_or(FieldValue::Absent, |at| FieldValue::Number(at.0))),
        ])
    }
}

/// A bill to price.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QuoteRequest {
    /// Who asks.
    pub user_id: UserId,
    /// The biller's code.
    pub biller: String,
    /// The item's code.
    pub item: String,
    /// For whom it would be paid.
    pub customer_reference: String,
    /// What the biller would receive.
    pub amount: Money,
}

impl QuoteRequest {
    /// A bill of this amount.
    #[must_use]
    pub fn new(
        user_id: UserId,
        biller: impl Into<String>,
        item: impl Into<String>,
        customer_reference: impl Into<String>,
        amount: Money,
    ) -> Self {
        QuoteRequest {
            user_id,
            biller: biller.into(),
            item: item.into(),
            customer_reference: customer_reference.into(),
            amount,
        }
    }
}

/// Everything known about a payment, in order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The payment as it stands.
    pub payment: Payment,
    /// Every decision, oldest first.
    pub steps: Vec<PaymentStep>,
    /// Every contact with the provider, oldest first, with its evidence.
    pub attempts: Vec<Attempt>,
    /// The timer that will act next, if there is one.
    pub next_job: Option<Job>,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct WebhookReceipt {
    /// Notices in it that name a payment of ours.
    pub matched: u32,
    /// Notices in it that name none.
    pub unknown: u32,
}

/// Pays a bill: debits the wallet and queues the payment, in one commit.
///
/// An item that validates its customer is only paid after the biller knew it: by
/// the quote, or by asking now. Whether to ask is learned in the commit, which
/// then refuses, writes nothing, and is made once more after the answer.
pub(crate) fn pay(inner: &Arc<Inner>, access: Access, request: &PayBill) -> Result<Payment> {
    request.check()?;
    inner.check_open()?;
    let once = Once {
        operation: Operation::Pay,
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: request.fingerprint(),
    };
    let unvalidated: Arc<OnceLock<Biller>> = Arc::default();
    let asks = (request.quote_id.is_none()).then(|| Arc::clone(&unvalidated));
    let paid = commit_payment(inner, access, request, &once, asks);
    match unvalidated.get() {
        None => paid,
        Some(biller) => {
            let desk = route(inner, biller)?;
            ask_customer(&desk, &request.biller, &request.item, &request.customer_reference)?;
            commit_payment(inner, access, request, &once, None)
        }
    }
}

/// The commit of `pay`. With `unvalidated`, an item that validates its customer
/// is refused and its biller left there.
fn commit_payment(
    inner: &Arc<Inner>,
    access: Access,
    request: &PayBill,
    once: &Once,
    unvalidated: Option<Arc<OnceLock<Biller>>>,
) -> Result<Payment> {
    let (engine, request, key) = (Arc::clone(inner), request.clone(), once.key.clone());
    let wallet_id = request.wallet_id;
    inner.write_once(
        once.clone(),
        move |tx| {
            let wallet = wallet::find(tx, wallet_id)?;
            access.demand_owner(wallet.user_id, "wallet")?;
            Ok((wallet.user_id, wallet))
        },
        move |tx, supplies, wallet| {
            let terms = terms(tx, supplies, &wallet, &request)?;
            if let Some(unvalidated) = unvalidated.as_ref().filter(|_| terms.item.validates_customer) {
                let _ = unvalidated.set(terms.biller);
                return Err(Error::new(Code::CustomerRejected, "the customer has not been validated yet"));
            }
            let desk = route(&engine, &terms.biller)?;
            let origin = RequestIdOrigin {
                instance: tx.identity().instance,
                principal: wallet.user_id,
                operation: Operation::Pay,
                key: &key,
                requested_at: request.requested_at.unwrap_or(supplies.wall),
            };
            let request_id = derive(desk.capabilities.request_id_format, &origin)?;
            let payment = new_payment(supplies, &wallet, &request, &terms, &desk, request_id)?;
            record_payment(tx, supplies, access, &wallet, &request, payment)
        },
    )
}

fn ask_customer(desk: &Arc<ProviderDesk>, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
    let mut request = CustomerRequest::new(biller, item, customer_reference);
    request.deadline = desk.capabilities.call_deadline;
    attempt::validate_customer(desk.provider.as_ref(), &request)
}

struct Terms {
    biller: Biller,
    item: BillItem,
    fee: Money,
}

/// What the bill costs, and whether it may be paid at all. Refusals in this
/// order: catalogue, quote, amount, wallet status, limits; funds come last, when
/// the money moves.
fn terms(tx: &WriteTx<'_>, supplies: &Supplies, wallet: &Wallet, request: &PayBill) -> Result<Terms> {
    let (biller, item) = offered(tx, &request.biller, &request.item)?;
    let fee = match request.quote_id {
        None => item.fee.for_amount(request.amount)?,
        Some(id) => {
            let quote = catalogue::find_quote(tx, id)?;
            if quote.user_id != wallet.user_id {
                return Err(Error::new(Code::NotFound, "there is no such quote"));
            }
            quote.require_usable(supplies.due)?;
            demand_same(&quote, request)?;
            quote.fee
        }
    };
    item.allow(request.amount)?;
    demand_currency(wallet, request.amount)?;
    may_debit(wallet.status)?;
    demand_limits(tx, wallet, Some(biller.category.code()), request.amount, supplies.wall)?;
    Ok(Terms { biller, item, fee })
}

fn demand_same(quote: &Quote, request: &PayBill) -> Result<()> {
    let differs = if quote.biller != request.biller {
        "biller"
    } else if quote.item != request.item {
        "item"
    } else if quote.customer_reference != request.customer_reference {
        "customer_reference"
    } else if quote.amount != request.amount {
        "amount"
    } else {
        return Ok(());
    };
    Err(Error::field(Code::InvalidArgument, differs, "is not the quote's"))
}

/// The biller and item, when both exist and are switched on.
fn offered(tx: &ReadTx<'_>, biller: &str, item: &str) -> Result<(Biller, BillItem)> {
    let unavailable =
        |what: &str| Error::new(Code::BillerUnavailable, format!("{what} does not exist or is switched off"));
    let found = catalogue::find_biller(tx, biller)?.filter(|biller| biller.enabled);
    let found_item = catalogue::find_item(tx, biller, item)?.filter(|item| item.enabled);
    Ok((found.ok_or_else(|| unavailable("the biller"))?, found_item.ok_or_else(|| unavailable("the item"))?))
}

/// The provider a payment goes to: the first of the biller's that is registered
/// and not left alone by its breaker; else the first registered.
fn route(inner: &Inner, biller: &Biller) -> Result<Arc<ProviderDesk>> {
    let desks: Vec<_> = biller.providers.iter().filter_map(|code| inner.desk(code)).collect();
    let open = crate::vocabulary::BreakerState::Open;
    let available = desks.iter().find(|desk| desk.state() != open).or_else(|| desks.first());
    available.cloned().ok_or_else(|| {
        Error::new(Code::BillerUnavailable, "none of the biller's providers is registered with this engine")
    })
}

fn new_payment(
    supplies: &Supplies,
    wallet: &Wallet,
    request: &PayBill,
    terms: &Terms,
    desk: &ProviderDesk,
    request_id: String,
) -> Result<Payment> {
    Ok(Payment {
        id: PaymentId::mint(supplies, supplies.wall)?,
        user_id: wallet.user_id,
        wallet_id: wallet.id,
        biller: terms.biller.code.clone(),
        item: terms.item.code.clone(),
        category: terms.biller.category.code().to_owned(),
        provider: desk.code.clone(),
        customer_reference: request.customer_reference.clone(),
        amount: request.amount,
        fee: terms.fee,
        status: PaymentStatus::Pending,
        version: 1,
        request_id,
        refunded_minor: 0,
        provider_reference: None,
        receipt: None,
        failure_code: None,
        failure_reason: None,
        review_reason: None,
        claim_minor: 0,
        suspense_minor: 0,
        metadata: request.metadata.as_str().to_owned(),
        created_at: supplies.wall,
        updated_at: supplies.wall,
        completed_at: None,
    })
}

fn record_payment(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    wallet: &Wallet,
    request: &PayBill,
    payment: Payment,
) -> Result<Payment> {
    let record = PaymentRecord {
        payment,
        sends: 0,
        not_found_streak: 0,
        sent_at: None,
        tokens: None,
        is_claim_settled: false,
        requery_asked_at: UnixMillis(0),
    };
    let payment = &record.payment;
    let mut book = Book::open(tx, supplies);
    book.wallet(wallet.id, wallet.currency, request.expected_version)?;
    let own = AccountRef::Wallet(wallet.id);
    let clearing = AccountRef::Clearing(payment.provider.clone());
    let mut notes = memo(&record);
    notes.description = Some(format!("{} {}", payment.biller, payment.customer_reference));
    notes.metadata = (payment.metadata != "{}").then(|| payment.metadata.clone());
    // The payment's row comes first: its debits name it. Nothing below may
    // refuse but the funds, which roll all of it back.
    bill::insert(tx, payment)?;
    let debit = Movement::new(TransactionType::BillPayment, own.clone(), clearing.clone(), payment.amount);
    book.post_as(TransactionId::from_bytes(*payment.id.as_bytes()), &debit, &notes)?;
    if payment.fee.is_positive() {
        book.post(&Movement::new(TransactionType::Fee, own, clearing, payment.fee), &memo(&record))?;
    }
    if let Some(quote) = request.quote_id {
        catalogue::use_quote(tx, quote, payment.id)?;
    }
    queue::insert(
        tx,
        JobKind::BillPayment,
        payment.id.as_bytes(),
        Some(&payment.provider),
        supplies.due,
        0,
        supplies.wall,
    )?;
    let event = draft(&record, EventName::PaymentInitiated);
    book.event(&event)?;
    book.audit(access.actor(), EventName::PaymentInitiated.name(), payment.id, &event)?;
    book.close()?;
    Ok(record.payment)
}

/// Prices a bill; asks the biller about the customer where the item demands it.
pub(crate) fn quote(inner: &Arc<Inner>, access: Access, request: &QuoteRequest) -> Result<Quote> {
    request.amount.require_positive("amount")?;
    check_text("customer_reference", &request.customer_reference, CUSTOMER_LENGTH_MAX)?;
    access.demand_owner(request.user_id, "user")?;
    let (biller, item) = inner.read(|tx| offered(tx, &request.biller, &request.item))?;
    item.allow(request.amount)?;
    let customer = if item.validates_customer {
        let desk = route(inner, &biller)?;
        Some(ask_customer(&desk, &request.biller, &request.item, &request.customer_reference)?)
    } else {
        None
    };
    let minimum = customer.as_ref().and_then(|customer| customer.minimum_minor);
    if let Some(minimum) = minimum.filter(|minimum| request.amount.minor() < *minimum) {
        let least = Money::new(minimum, request.amount.currency());
        let detail = format!("the biller wants at least {least} of this customer");
        return Err(Error::field(Code::AmountOutOfRange, "amount", detail));
    }
    let (request, life_ms) = (request.clone(), millis(inner.config.quote_life));
    inner.write(move |tx, supplies| {
        let quote = Quote {
            id: QuoteId::mint(supplies, supplies.wall)?,
            user_id: request.user_id,
            biller: request.biller.clone(),
            item: request.item.clone(),
            customer_reference: request.customer_reference.clone(),
            customer_name: customer.as_ref().map(|customer| crate::engine::conclude::bounded(&customer.name)),
            amount: request.amount,
            fee: item.fee.for_amount(request.amount)?,
            created_at: supplies.wall,
            expires_at: supplies.due.plus(life_ms),
            payment_id: None,
        };
        catalogue::insert_quote(tx, &quote)?;
        Ok(quote)
    })
}

/// Asks the biller about a customer.
pub(crate) fn validate_customer(inner: &Inner, biller: &str, item: &str, customer_reference: &str) -> Result<Customer> {
    check_text("customer_reference", customer_reference, CUSTOMER_LENGTH_MAX)?;
    let (found, _) = inner.read(|tx| offered(tx, biller, item))?;
    ask_customer(&route(inner, &found)?, biller, item, customer_reference)
}

/// One payment; reading an unknown one makes its requery due now, at most every
/// `refresh_interval`. Never calls a provider.
pub(crate) fn find(inner: &Arc<Inner>, access: Access, id: PaymentId) -> Result<Payment> {
    let record = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(record.payment.user_id, "payment")?;
    let is_stale = inner.due_now().since(record.requery_asked_at) >= millis(inner.config.refresh_interval);
    if record.payment.status == PaymentStatus::Unknown && is_stale {
        // Best effort: a busy writer must not fail a read.
        if let Err(error) = hasten(inner, id) {
            tracing::debug!(payment = %id, code = error.code().name(), "a requery could not be hastened");
        }
    }
    Ok(record.payment)
}

/// Makes the requery of a payment due now.
fn hasten(inner: &Inner, id: PaymentId) -> Result<bool> {
    inner.write(move |tx, supplies| {
        bill::set_requery_asked(tx, id, supplies.due)?;
        queue::hasten(tx, id.as_bytes(), JobKind::Requery, supplies.due)
    })
}

/// Waits until one requery of an unknown payment has been recorded, or the
/// deadline has passed; answers the payment as it stands then.
pub(crate) fn refresh(inner: &Arc<Inner>, access: Access, id: PaymentId, deadline: Duration) -> Result<Payment> {
    let before = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(before.payment.user_id, "payment")?;
    let waits = matches!(before.payment.status, PaymentStatus::Unknown | PaymentStatus::Processing);
    if !waits {
        return Ok(before.payment);
    }
    hasten(inner, id)?;
    if inner.config.worker == crate::engine::config::WorkerMode::Manual {
        crate::engine::worker::run_due(inner)?;
    } else {
        inner.progress.wait_until(crate::clock::Deadline::after(deadline), || {
            let now = inner.store.read(|tx| bill::find(tx, id));
            now.map_or(true, |now| now.payment.version != before.payment.version)
        });
    }
    Ok(inner.read(|tx| bill::find(tx, id))?.payment)
}

/// Everything known about a payment.
pub(crate) fn explain(inner: &Inner, access: Access, id: PaymentId) -> Result<Explanation> {
    inner.read(|tx| {
        let payment = bill::find(tx, id)?.payment;
        access.demand_owner(payment.user_id, "payment")?;
        Ok(Explanation {
            payment,
            steps: bill::steps(tx, id)?,
            attempts: bill::attempts(tx, id)?.into_iter().map(|record| record.attempt).collect(),
            next_job: queue::of_subject(tx, id.as_bytes())?,
        })
    })
}

/// What the customer bought: tokens and pins, opened. Audited.
pub(crate) fn tokens(inner: &Arc<Inner>, access: Access, id: PaymentId) -> Result<Vec<String>> {
    let record = inner.read(|tx| bill::find(tx, id))?;
    access.demand_owner(record.payment.user_id, "payment")?;
    record.tokens.map_or_else(|| Ok(Vec::new()), |sealed| inner.vault.open(&sealed, id))
}

/// Payments of a wallet, newest first, before one.
pub(crate) fn list(
    inner: &Inner,
    access: Access,
    wallet_id: WalletId,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        access.demand_owner(wallet::find(tx, wallet_id)?.user_id, "wallet")?;
        let ids = bill::of_wallet(tx, wallet_id, before, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Payments in one state, oldest first, after one: an operator's worklist.
pub(crate) fn list_by_status(
    inner: &Inner,
    status: PaymentStatus,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        let ids = bill::in_status(tx, status, after, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Takes a webhook in: the adapter verifies it, the engine applies it as evidence.
pub(crate) fn receive_webhook(inner: &Arc<Inner>, provider: &str, webhook: &Webhook) -> Result<WebhookReceipt> {
    inner.check_open()?;
    if webhook.body.len() > 1 << 20 || webhook.headers.len() > 256 {
        return Err(Error::field(
            Code::TooLong,
            "webhook",
            "a body has at most 1 MiB, and there are at most 256 headers",
        ));
    }
    let desk = inner.desk(provider).ok_or_else(|| Error::new(Code::NotFound, "there is no such provider"))?;
    let notices = attempt::verify_webhook(desk.provider.as_ref(), webhook)?;
    let text = String::from_utf8_lossy(&webhook.body);
    let evidence = Evidence::new(webhook.body.clone(), format!("webhook of {} bytes", text.len()));
    let mut receipt = WebhookReceipt { matched: 0, unknown: 0 };
    for notice in &notices {
        if attempt::apply_notice(inner, provider, notice, &evidence)? {
            receipt.matched += 1;
        } else {
            tracing::warn!(provider, request_id = %crate::engine::conclude::bounded(&notice.request_id), "a webhook names no payment of ours");
            receipt.unknown += 1;
        }
    }
    Ok(receipt)
}

//! Paying a bill: one commit that debits the wallet and queues the payment.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::quote::Quote;
use crate::bill::record::Payment;
use crate::bill::request_id::{RequestIdOrigin, derive};
use crate::clock::UnixMillis;
use crate::engine::book::Book;
use crate::engine::catalogue::{CUSTOMER_LENGTH_MAX, ask_customer, demand_minimum, offered, route};
use crate::engine::conclude::{draft, memo};
use crate::engine::desk::ProviderDesk;
use crate::engine::inner::{Access, Inner, check_text};
use crate::engine::once::Once;
use crate::engine::transfer::{demand_currency, demand_limits};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::id::{PaymentId, QuoteId, TransactionId, WalletId};
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::AccountRef;
use crate::ledger::posting::Movement;
use crate::metadata::Metadata;
use crate::money::amount::Money;
use crate::store::bill::PaymentRecord;
use crate::store::tx::WriteTx;
use crate::store::{bill, catalogue, queue, wallet};
use crate::vocabulary::{Code, EventName, JobKind, Operation, PaymentStatus, TransactionType};
use crate::wallet::record::Wallet;
use crate::wallet::status::may_debit;
use std::sync::{Arc, OnceLock};

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
            let customer = ask_customer(&desk, &request.biller, &request.item, &request.customer_reference)?;
            demand_minimum(&customer, request.amount)?;
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
                key: key.as_str(),
                requested_at: request.requested_at.unwrap_or(supplies.wall),
            };
            let request_id = derive(desk.capabilities.request_id_format, &origin)?;
            let payment = new_payment(tx, supplies, &wallet, &request, &terms, &desk, request_id)?;
            record_payment(tx, supplies, access, &wallet, &request, payment)
        },
    )
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

fn new_payment(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    wallet: &Wallet,
    request: &PayBill,
    terms: &Terms,
    desk: &ProviderDesk,
    request_id: String,
) -> Result<Payment> {
    Ok(Payment {
        // Listings go by ids: in the order of the commits, whatever the clock says.
        id: PaymentId::mint_behind(supplies, supplies.wall, bill::last(tx)?)?,
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

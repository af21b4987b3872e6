//! Giving money back: the reversal a job runs, the refund an operator asks for,
//! reviews, claims and suspense.

use crate::audit::Actor;
use crate::bill::outcome::PaidReceipt;
use crate::bill::payment::{self, PaymentChange};
use crate::bill::record::Payment;
use crate::engine::attempt::sends_are_over;
use crate::engine::book::Book;
use crate::engine::conclude::{Conclusion, Running, draft, memo};
use crate::engine::inner::{Access, Inner, check_page, check_text};
use crate::engine::once::Once;
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::id::PaymentId;
use crate::idempotency::{FieldValue, Fingerprint};
use crate::ledger::account::AccountRef;
use crate::ledger::posting::Movement;
use crate::money::amount::{Money, add};
use crate::reversal::refund::{RefundSource, split};
use crate::store::bill::PaymentRecord;
use crate::store::tx::WriteTx;
use crate::store::{bill, ledger, queue, wallet};
use crate::vocabulary::{Code, EventName, JobKind, Operation, PaymentStatus, TransactionType};
use crate::wallet::status::may_credit;
use std::sync::Arc;

/// Money of a completed payment to return.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RefundRequest {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much; refunds add up to at most amount + fee.
    pub amount: Money,
    /// Who bears it.
    pub source: RefundSource,
    /// Why; kept in the audit and shown in the history. At most 500 bytes.
    pub reason: String,
    /// Repeating the call with the same key gives the same answer. Made when absent.
    pub idempotency_key: Option<String>,
}

impl RefundRequest {
    /// A refund of this amount.
    #[must_use]
    pub fn new(payment_id: PaymentId, amount: Money, source: RefundSource, reason: impl Into<String>) -> Self {
        RefundRequest { payment_id, amount, source, reason: reason.into(), idempotency_key: None }
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// Credits a failed payment back, in the run of its reversal job.
pub(crate) fn run_reversal(tx: &WriteTx<'_>, supplies: &Supplies, inner: &Inner, running: &Running) -> Result<()> {
    let mut record = bill::find(tx, PaymentId::from_bytes(running.job.subject))?;
    let Some(change) = payment::credit_back(record.payment.status) else {
        // Somebody else concluded it: nothing is given back twice.
        return queue::finish(tx, running.lease);
    };
    conclusion(tx, supplies, inner, Actor::System, Some(running.clone()), true).change(&mut record, &change)
}

fn conclusion<'a, 'c>(
    tx: &'a WriteTx<'c>,
    supplies: &'a Supplies,
    inner: &'a Inner,
    actor: Actor,
    running: Option<Running>,
    sends_are_over: bool,
) -> Conclusion<'a, 'c> {
    Conclusion {
        tx,
        supplies,
        config: &inner.config,
        vault: &inner.vault,
        actor,
        running,
        attempt: None,
        sends_are_over,
    }
}

/// Reverses a failed payment now instead of when its job is due. A payment that
/// is reversed already answers as it is; one without conclusive evidence of
/// failure is refused.
pub(crate) fn reverse(inner: &Arc<Inner>, access: Access, id: PaymentId) -> Result<Payment> {
    let engine = Arc::clone(inner);
    inner.write(move |tx, supplies| {
        let mut record = bill::find(tx, id)?;
        if record.payment.status == PaymentStatus::Reversed {
            return Ok(record.payment);
        }
        let change = payment::credit_back(record.payment.status).ok_or_else(|| not_reversible(&record))?;
        close_dead_letters(tx, &record)?;
        conclusion(tx, supplies, &engine, access.actor(), None, true).change(&mut record, &change)?;
        Ok(record.payment)
    })
}

/// A reversal done by hand closes the dead letter it was done for.
fn close_dead_letters(tx: &WriteTx<'_>, record: &PaymentRecord) -> Result<()> {
    queue::resolve_subject(tx, record.payment.id.as_bytes()).map(|_| ())
}

fn not_reversible(record: &PaymentRecord) -> Error {
    Error::new(
        Code::NotReversible,
        format!("the payment is {}; only a failed one is reversed, by conclusive evidence", record.payment.status),
    )
}

/// What an operator found out about a payment under review.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviewVerdict {
    /// The biller has the money; the receipt says what it confirmed.
    Paid(PaidReceipt),
    /// The biller does not have it and will not; the money goes back.
    NotPaid,
}

/// Ends a review with an operator's evidence.
pub(crate) fn resolve_review(
    inner: &Arc<Inner>,
    access: Access,
    id: PaymentId,
    verdict: &ReviewVerdict,
    reason: &str,
) -> Result<Payment> {
    check_text("reason", reason, 500)?;
    let (engine, verdict, reason) = (Arc::clone(inner), verdict.clone(), reason.to_owned());
    inner.write(move |tx, supplies| {
        let mut record = bill::find(tx, id)?;
        let status = record.payment.status;
        let change: Option<PaymentChange> = match &verdict {
            ReviewVerdict::Paid(receipt) => payment::confirm(status, receipt.clone()),
            ReviewVerdict::NotPaid => payment::refute(status, &reason),
        };
        let change =
            change.ok_or_else(|| Error::new(Code::NotAllowed, format!("the payment is {status}, not under review")))?;
        let attempts = bill::attempts(tx, id)?;
        if matches!(verdict, ReviewVerdict::NotPaid) && !sends_are_over(&attempts) {
            // I5: a send that may still go out could pay after the reversal.
            return Err(Error::new(
                Code::NotReversible,
                "a send is still under way; wait until its call or process ends",
            ));
        }
        close_dead_letters(tx, &record)?;
        conclusion(tx, supplies, &engine, access.actor(), None, sends_are_over(&attempts))
            .change(&mut record, &change)?;
        Ok(record.payment)
    })
}

/// Returns part or all of a completed payment by request.
pub(crate) fn refund(inner: &Arc<Inner>, access: Access, request: &RefundRequest) -> Result<Payment> {
    request.amount.require_positive("amount")?;
    check_text("reason", &request.reason, 500)?;
    let once = Once {
        operation: Operation::Refund,
        key: inner.key(request.idempotency_key.as_deref())?,
        fingerprint: Fingerprint::of(&[
            ("payment", FieldValue::Bytes(request.payment_id.as_bytes())),
            ("amount", FieldValue::Number(request.amount.minor())),
            ("currency", FieldValue::Text(request.amount.currency().code())),
            ("source", FieldValue::Text(request.source.name())),
            ("reason", FieldValue::Text(&request.reason)),
        ]),
    };
    let request = request.clone();
    let id = request.payment_id;
    inner.write_once(
        once,
        move |tx| {
            let record = bill::find(tx, id)?;
            Ok((record.payment.user_id, record))
        },
        move |tx, supplies, record| book_refund(tx, supplies, access, &request, record),
    )
}

fn book_refund(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    request: &RefundRequest,
    mut record: PaymentRecord,
) -> Result<Payment> {
    let payment = &record.payment;
    if payment.status != PaymentStatus::Completed {
        return Err(Error::new(
            Code::NotReversible,
            format!("the payment is {}; only a completed one is refunded", payment.status),
        ));
    }
    // Adding to nothing checks the currency and can't overflow: too much is the split's to refuse.
    Money::zero(payment.amount.currency()).checked_add(request.amount)?;
    let parts = split(payment.amount.minor(), payment.fee.minor(), payment.refunded_minor, request.amount.minor())?;
    let owner = wallet::find(tx, payment.wallet_id)?;
    may_credit(owner.status)?;
    let own = AccountRef::Wallet(owner.id);
    let outside = match request.source {
        RefundSource::Biller => AccountRef::Float(payment.provider.clone()),
        RefundSource::Host => AccountRef::Funding,
    };
    let mut book = Book::open(tx, supplies);
    let mut notes = memo(&record);
    notes.description = Some(request.reason.clone());
    for debit in ledger::debits_of_payment(tx, payment.id)? {
        let (source, minor) = if debit.kind == TransactionType::Fee {
            (AccountRef::Fees, parts.fee_minor)
        } else {
            (outside.clone(), parts.amount_minor)
        };
        if minor > 0 {
            let amount = Money::new(minor, owner.currency);
            book.post(
                &Movement::new(TransactionType::Refund, source, own.clone(), amount).refunding(debit.id),
                &notes,
            )?;
        }
    }
    record.payment.refunded_minor = add(record.payment.refunded_minor, request.amount.minor())?;
    record.payment.updated_at = supplies.wall;
    bill::update(tx, PaymentStatus::Completed, &mut record)?;
    let event = draft(&record, EventName::PaymentRefunded)
        .number("refund_minor", request.amount.minor())
        .text("source", request.source.name())
        .text("reason", request.reason.clone());
    book.event(&event)?;
    book.audit(access.actor(), EventName::PaymentRefunded.name(), record.payment.id, &event)?;
    book.close()?;
    Ok(record.payment)
}

/// Moves a payment's money from suspense to its wallet, once that can take it,
/// or to another wallet of the same user.
pub(crate) fn release_suspense(
    inner: &Arc<Inner>,
    access: Access,
    id: PaymentId,
    to: Option<crate::id::WalletId>,
) -> Result<Payment> {
    inner.write(move |tx, supplies| {
        let mut record = bill::find(tx, id)?;
        if record.payment.suspense_minor == 0 {
            return Err(Error::new(Code::NotAllowed, "the payment has no money in suspense"));
        }
        let target = wallet::find(tx, to.unwrap_or(record.payment.wallet_id))?;
        if target.user_id != record.payment.user_id {
            return Err(Error::new(Code::Forbidden, "money in suspense goes to its owner's wallets only"));
        }
        may_credit(target.status)?;
        let amount = Money::new(record.payment.suspense_minor, record.payment.amount.currency());
        crate::engine::transfer::demand_currency(&target, amount)?;
        let mut book = Book::open(tx, supplies);
        let own = AccountRef::Wallet(target.id);
        book.post(&Movement::new(TransactionType::SuspenseRelease, AccountRef::Suspense, own, amount), &memo(&record))?;
        record.payment.suspense_minor = 0;
        record.payment.updated_at = supplies.wall;
        let status = record.payment.status;
        bill::update(tx, status, &mut record)?;
        let event = draft(&record, EventName::SuspenseReleased).number("released_minor", amount.minor());
        book.event(&event)?;
        book.audit(access.actor(), EventName::SuspenseReleased.name(), record.payment.id, &event)?;
        book.close()?;
        Ok(record.payment)
    })
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimSettlement {
    /// The provider returned the money: float → claims.
    RecoveredFromProvider,
    /// The host bears it: funding → claims.
    WrittenOff,
}

/// Ends the claim of a late success.
pub(crate) fn settle_claim(
    inner: &Arc<Inner>,
    access: Access,
    id: PaymentId,
    settlement: ClaimSettlement,
    reason: &str,
) -> Result<Payment> {
    check_text("reason", reason, 500)?;
    let reason = reason.to_owned();
    inner.write(move |tx, supplies| {
        let mut record = bill::find(tx, id)?;
        if record.payment.claim_minor == 0 || record.is_claim_settled {
            return Err(Error::new(Code::NotAllowed, "the payment has no open claim"));
        }
        let source = match settlement {
            ClaimSettlement::RecoveredFromProvider => AccountRef::Float(record.payment.provider.clone()),
            ClaimSettlement::WrittenOff => AccountRef::Funding,
        };
        let amount = Money::new(record.payment.claim_minor, record.payment.amount.currency());
        let mut book = Book::open(tx, supplies);
        let mut notes = memo(&record);
        notes.description = Some(reason.clone());
        book.post(&Movement::new(TransactionType::ClaimSettlement, source, AccountRef::Claims, amount), &notes)?;
        record.is_claim_settled = true;
        record.payment.updated_at = supplies.wall;
        let status = record.payment.status;
        bill::update(tx, status, &mut record)?;
        let event = draft(&record, EventName::ClaimSettled).text("reason", reason.clone());
        book.event(&event)?;
        book.audit(access.actor(), EventName::ClaimSettled.name(), record.payment.id, &event)?;
        book.close()?;
        Ok(record.payment)
    })
}

/// Late successes that wait to be settled.
pub(crate) fn open_claims(inner: &Inner, limit: u32) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        let ids = bill::open_claims(tx, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Payments whose money waits in suspense.
pub(crate) fn open_suspense(inner: &Inner, limit: u32) -> Result<Vec<Payment>> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        let ids = bill::open_suspense(tx, limit)?;
        ids.into_iter().map(|id| bill::find(tx, id).map(|record| record.payment)).collect()
    })
}

/// Which job kinds end with a payment.
#[must_use]
pub(crate) fn is_about_a_payment(kind: JobKind) -> bool {
    match kind {
        JobKind::BillPayment | JobKind::Requery | JobKind::Reversal => true,
        JobKind::HoldExpiry => false,
    }
}

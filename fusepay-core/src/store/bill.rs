//! SQL of payments, attempts and steps.

use crate::bill::record::{Attempt, Payment, PaymentStep};
use crate::clock::UnixMillis;
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::id::{PaymentId, UserId, WalletId};
use crate::money::amount::Money;
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{AttemptKind, Code, OutcomeKind, PaymentStatus, ReviewReason};
use rusqlite::named_params;

statements! {
    /// One payment; primary key.
    PAYMENT_BY_ID = "SELECT id, user_id, wallet_id, biller, item, category, provider, customer_reference, amount_minor,
        fee_minor, currency, status, version, request_id, refunded_minor, provider_reference, receipt, failure_code,
        failure_reason, review_reason, claim_minor, suspense_minor, metadata, created_at_ms, updated_at_ms,
        completed_at_ms, sends, not_found_streak, sent_at_ms, tokens, claim_settled, requery_asked_at_ms
        FROM payment WHERE id = :id";
    /// A payment by what its provider knows it as; payment_request.
    PAYMENT_BY_REQUEST = "SELECT id FROM payment WHERE provider = :provider AND request_id = :request";
    /// The payment made last; primary key.
    PAYMENT_LAST = "SELECT id FROM payment ORDER BY id DESC LIMIT 1";
    /// Payments in one state, oldest first, after one; payment_open or a scan for final states.
    PAYMENTS_BY_STATUS = "SELECT id FROM payment WHERE status = :status AND id > :after ORDER BY id LIMIT :limit";
    /// A wallet's payments, newest first, before one; payment_by_wallet.
    PAYMENTS_OF_WALLET = "SELECT id FROM payment WHERE wallet_id = :wallet AND id < :before ORDER BY id DESC LIMIT :limit";
    /// Late successes not settled yet; payment_claim.
    OPEN_CLAIMS = "SELECT id FROM payment WHERE claim_minor > 0 AND claim_settled = 0 ORDER BY id LIMIT :limit";
    /// Money waiting in suspense; payment_suspense.
    OPEN_SUSPENSE = "SELECT id FROM payment WHERE suspense_minor > 0 ORDER BY id LIMIT :limit";
    /// How many payments are in each state.
    PAYMENT_COUNTS = "SELECT status, count(*) FROM payment GROUP BY status";
    /// A new payment.
    PAYMENT_INSERT = "INSERT INTO payment (id, user_id, wallet_id, biller, item, category, provider, customer_reference,
        amount_minor, fee_minor, currency, request_id, status, version, metadata, created_at_ms, updated_at_ms)
        VALUES (:id, :user, :wallet, :biller, :item, :category, :provider, :customer, :amount, :fee, :currency, :request,
        :status, 1, :metadata, :at, :at)";
    /// Everything about a payment that may change, if it is still as it was read; primary key.
    PAYMENT_UPDATE = "UPDATE payment SET status = :status, version = version + 1, refunded_minor = :refunded,
        sends = :sends, not_found_streak = :streak, sent_at_ms = :sent_at, provider_reference = :provider_reference,
        receipt = :receipt, tokens = :tokens, failure_code = :failure_code, failure_reason = :failure_reason,
        review_reason = :review, claim_minor = :claim, claim_settled = :claim_settled, suspense_minor = :suspense,
        updated_at_ms = :at, completed_at_ms = :completed_at
        WHERE id = :id AND status = :before AND version = :version";
    /// Remembers when somebody last asked for a requery; primary key.
    REQUERY_ASKED = "UPDATE payment SET requery_asked_at_ms = :at WHERE id = :id";
    /// A new attempt, before the call.
    ATTEMPT_INSERT = "INSERT INTO attempt (payment_id, kind, incarnation, outcome, started_at_ms, started_due_ms)
        VALUES (:payment, :kind, :incarnation, 0, :at, :due)";
    /// What an attempt found out, once; primary key.
    ATTEMPT_FINISH = "UPDATE attempt SET outcome = :outcome, detail = :detail, evidence_hash = :hash, evidence_text = :text,
        finished_at_ms = :at, finished_due_ms = :due WHERE id = :id AND finished_at_ms IS NULL";
    /// The attempts of a payment, oldest first; attempt_by_payment.
    ATTEMPTS_OF_PAYMENT = "SELECT id, kind, outcome, detail, lower(hex(evidence_hash)), evidence_text, started_at_ms,
        finished_at_ms, started_due_ms, finished_due_ms FROM attempt WHERE payment_id = :payment ORDER BY id";
    /// Closes the unfinished attempts of a dead engine; attempt_in_flight.
    ATTEMPTS_ABANDON = "UPDATE attempt SET outcome = :unknown, detail = 'its process ended before it recorded an answer',
        finished_at_ms = :at, finished_due_ms = :due WHERE incarnation = :incarnation AND finished_at_ms IS NULL";
    /// A new step.
    STEP_INSERT = "INSERT INTO payment_step (payment_id, at_ms, before, after, attempt_id, decision)
        VALUES (:payment, :at, :before, :after, :attempt, :decision)";
    /// The steps of a payment, oldest first; payment_step_by_payment.
    STEPS_OF_PAYMENT = "SELECT at_ms, before, after, attempt_id, decision FROM payment_step WHERE payment_id = :payment
        ORDER BY id";
}

/// A payment with what only the engine needs to know about it.
#[derive(Debug, Clone)]
pub(crate) struct PaymentRecord {
    pub(crate) payment: Payment,
    /// Sends recorded so far.
    pub(crate) sends: u32,
    /// "Not found" answers in a row, past the grace.
    pub(crate) not_found_streak: u32,
    /// When the last send was recorded, on the wall clock.
    pub(crate) sent_at: Option<UnixMillis>,
    /// What the customer bought, sealed.
    pub(crate) tokens: Option<Vec<u8>>,
    pub(crate) is_claim_settled: bool,
    /// When somebody last asked for a requery, on the engine's timeline.
    pub(crate) requery_asked_at: UnixMillis,
}

/// An attempt with what only the engine needs to know about it.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecord {
    pub(crate) attempt: Attempt,
    /// When it began, on the engine's timeline.
    pub(crate) started_due: UnixMillis,
    /// When it was over, on the engine's timeline.
    pub(crate) finished_due: Option<UnixMillis>,
}

/// What an attempt found out.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) outcome: OutcomeKind,
    pub(crate) detail: Option<String>,
    pub(crate) evidence_hash: Option<[u8; 32]>,
    pub(crate) evidence_text: Option<String>,
}

fn payment(row: &Row<'_>) -> Result<PaymentRecord> {
    let currency = row.currency(10)?;
    let payment = Payment {
        id: row.id(0, PaymentId::from_bytes)?,
        user_id: row.id(1, UserId::from_bytes)?,
        wallet_id: row.id(2, WalletId::from_bytes)?,
        biller: row.text(3)?,
        item: row.text(4)?,
        category: row.text(5)?,
        provider: row.text(6)?,
        customer_reference: row.text(7)?,
        amount: Money::new(row.int(8)?, currency),
        fee: Money::new(row.int(9)?, currency),
        status: row.word(11, PaymentStatus::from_number)?,
        version: row.int(12)?,
        request_id: row.text(13)?,
        refunded_minor: row.int(14)?,
        provider_reference: row.opt_text(15)?,
        receipt: row.opt_text(16)?,
        failure_code: row.opt_text(17)?,
        failure_reason: row.opt_text(18)?,
        review_reason: row.opt_word(19, ReviewReason::from_number)?,
        claim_minor: row.int(20)?,
        suspense_minor: row.int(21)?,
        metadata: row.text(22)?,
        created_at: row.time(23)?,
        updated_at: row.time(24)?,
        completed_at: row.opt_time(25)?,
    };
    Ok(PaymentRecord {
        payment,
        sends: row.count(26)?,
        not_found_streak: row.count(27)?,
        sent_at: row.opt_time(28)?,
        tokens: row.opt_bytes(29)?,
        is_claim_settled: row.flag(30)?,
        requery_asked_at: row.time(31)?,
    })
}

/// One payment.
pub(crate) fn find(tx: &ReadTx<'_>, id: PaymentId) -> Result<PaymentRecord> {
    tx.first(PAYMENT_BY_ID, named_params! { ":id": id.as_bytes() }, payment)?
        .ok_or_else(|| Error::new(Code::NotFound, "there is no such payment"))
}

/// The payment made last.
pub(crate) fn last(tx: &ReadTx<'_>) -> Result<Option<PaymentId>> {
    tx.first(PAYMENT_LAST, [], |row| row.id(0, PaymentId::from_bytes))
}

/// The payment its provider knows by this request id.
pub(crate) fn find_by_request(tx: &ReadTx<'_>, provider: &str, request_id: &str) -> Result<Option<PaymentId>> {
    tx.first(PAYMENT_BY_REQUEST, named_params! { ":provider": provider, ":request": request_id }, |row| {
        row.id(0, PaymentId::from_bytes)
    })
}

/// Payments in one state, oldest first, after this one.
pub(crate) fn in_status(
    tx: &ReadTx<'_>,
    status: PaymentStatus,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<PaymentId>> {
    let after = after.map_or([0; 16], |id| *id.as_bytes());
    let params = named_params! { ":status": status.number(), ":after": after, ":limit": limit };
    tx.all(PAYMENTS_BY_STATUS, params, |row| row.id(0, PaymentId::from_bytes))
}

/// A wallet's payments, newest first, before this one.
pub(crate) fn of_wallet(
    tx: &ReadTx<'_>,
    wallet: WalletId,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<PaymentId>> {
    let before = before.map_or([0xff; 16], |id| *id.as_bytes());
    let params = named_params! { ":wallet": wallet.as_bytes(), ":before": before, ":limit": limit };
    tx.all(PAYMENTS_OF_WALLET, params, |row| row.id(0, PaymentId::from_bytes))
}

/// Payments whose late success is an open claim.
pub(crate) fn open_claims(tx: &ReadTx<'_>, limit: u32) -> Result<Vec<PaymentId>> {
    tx.all(OPEN_CLAIMS, named_params! { ":limit": limit }, |row| row.id(0, PaymentId::from_bytes))
}

/// Payments whose money waits in suspense.
pub(crate) fn open_suspense(tx: &ReadTx<'_>, limit: u32) -> Result<Vec<PaymentId>> {
    tx.all(OPEN_SUSPENSE, named_params! { ":limit": limit }, |row| row.id(0, PaymentId::from_bytes))
}

/// How many payments are in each state.
pub(crate) fn counts(tx: &ReadTx<'_>) -> Result<Vec<(PaymentStatus, i64)>> {
    tx.all(PAYMENT_COUNTS, [], |row| Ok((row.word(0, PaymentStatus::from_number)?, row.int(1)?)))
}

/// Writes a new payment.
pub(crate) fn insert(tx: &WriteTx<'_>, new: &Payment) -> Result<()> {
    tx.run(
        PAYMENT_INSERT,
        named_params! {
            ":id": new.id.as_bytes(),
            ":user": new.user_id.as_bytes(),
            ":wallet": new.wallet_id.as_bytes(),
            ":biller": new.biller,
            ":item": new.item,
            ":category": new.category,
            ":provider": new.provider,
            ":customer": new.customer_reference,
            ":amount": new.amount.minor(),
            ":fee": new.fee.minor(),
            ":currency": new.amount.currency().code(),
            ":request": new.request_id,
            ":status": new.status.number(),
            ":metadata": new.metadata,
            ":at": new.created_at.0,
        },
    )
    .map(|_| ())
}

/// Writes a changed payment back, if it is still at the status and version it
/// was read with; raises the version in `record`.
pub(crate) fn update(tx: &WriteTx<'_>, before: PaymentStatus, record: &mut PaymentRecord) -> Result<()> {
    let payment = &record.payment;
    let changed = tx.run(
        PAYMENT_UPDATE,
        named_params! {
            ":id": payment.id.as_bytes(),
            ":before": before.number(),
            ":version": payment.version,
            ":status": payment.status.number(),
            ":refunded": payment.refunded_minor,
            ":sends": record.sends,
            ":streak": record.not_found_streak,
            ":sent_at": record.sent_at.map(|at| at.0),
            ":provider_reference": payment.provider_reference,
            ":receipt": payment.receipt,
            ":tokens": record.tokens,
            ":failure_code": payment.failure_code,
            ":failure_reason": payment.failure_reason,
            ":review": payment.review_reason.map(ReviewReason::number),
            ":claim": payment.claim_minor,
            ":claim_settled": record.is_claim_settled,
            ":suspense": payment.suspense_minor,
            ":at": payment.updated_at.0,
            ":completed_at": payment.completed_at.map(|at| at.0),
        },
    )?;
    if changed == 1 {
        record.payment.version += 1;
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "the payment changed under this transaction; repeat it"))
}

/// Remembers when somebody last asked for a requery.
pub(crate) fn set_requery_asked(tx: &WriteTx<'_>, id: PaymentId, at: UnixMillis) -> Result<()> {
    tx.run(REQUERY_ASKED, named_params! { ":id": id.as_bytes(), ":at": at.0 }).map(|_| ())
}

/// Writes an attempt that is about to begin; answers its number.
pub(crate) fn begin_attempt(
    tx: &WriteTx<'_>,
    payment: PaymentId,
    kind: AttemptKind,
    incarnation: i64,
    supplies: &Supplies,
) -> Result<i64> {
    tx.insert(
        ATTEMPT_INSERT,
        named_params! {
            ":payment": payment.as_bytes(), ":kind": kind.number(), ":incarnation": incarnation,
            ":at": supplies.wall.0, ":due": supplies.due.0,
        },
    )
}

/// Writes what an attempt found out; false when that was written before.
pub(crate) fn finish_attempt(tx: &WriteTx<'_>, attempt: i64, finding: &Finding, supplies: &Supplies) -> Result<bool> {
    let changed = tx.run(
        ATTEMPT_FINISH,
        named_params! {
            ":id": attempt,
            ":outcome": finding.outcome.number(),
            ":detail": finding.detail,
            ":hash": finding.evidence_hash,
            ":text": finding.evidence_text,
            ":at": supplies.wall.0,
            ":due": supplies.due.0,
        },
    )?;
    Ok(changed == 1)
}

/// The attempts of a payment, oldest first.
pub(crate) fn attempts(tx: &ReadTx<'_>, payment: PaymentId) -> Result<Vec<AttemptRecord>> {
    tx.all(ATTEMPTS_OF_PAYMENT, named_params! { ":payment": payment.as_bytes() }, |row| {
        Ok(AttemptRecord {
            attempt: Attempt {
                id: row.int(0)?,
                kind: row.word(1, AttemptKind::from_number)?,
                outcome: row.word(2, OutcomeKind::from_number)?,
                detail: row.opt_text(3)?,
                evidence_hash: row.opt_text(4)?.filter(|hex| !hex.is_empty()),
                evidence_text: row.opt_text(5)?,
                started_at: row.time(6)?,
                finished_at: row.opt_time(7)?,
            },
            started_due: row.time(8)?,
            finished_due: row.opt_time(9)?,
        })
    })
}

/// Closes the unfinished attempts of a dead engine as unknown.
pub(crate) fn abandon_attempts(tx: &WriteTx<'_>, incarnation: i64, supplies: &Supplies) -> Result<usize> {
    let params = named_params! {
        ":incarnation": incarnation, ":unknown": OutcomeKind::Unknown.number(), ":at": supplies.wall.0,
        ":due": supplies.due.0,
    };
    tx.run(ATTEMPTS_ABANDON, params)
}

/// Writes one decision.
pub(crate) fn insert_step(tx: &WriteTx<'_>, payment: PaymentId, step: &PaymentStep) -> Result<()> {
    tx.run(
        STEP_INSERT,
        named_params! {
            ":payment": payment.as_bytes(),
            ":at": step.at.0,
            ":before": step.before.number(),
            ":after": step.after.number(),
            ":attempt": step.attempt_id,
            ":decision": step.decision,
        },
    )
    .map(|_| ())
}

/// The decisions about a payment, oldest first.
pub(crate) fn steps(tx: &ReadTx<'_>, payment: PaymentId) -> Result<Vec<PaymentStep>> {
    tx.all(STEPS_OF_PAYMENT, named_params! { ":payment": payment.as_bytes() }, |row| {
        Ok(PaymentStep {
            at: row.time(0)?,
            before: row.word(1, PaymentStatus::from_number)?,
            after: row.word(2, PaymentStatus::from_number)?,
            attempt_id: row.opt_int(3)?,
            decision: row.text(4)?,
        })
    })
}

//! Payments as C reads them, and everything known about one.

use std::ffi::c_char;

use fusepay_core::{Attempt, Explanation, Payment, PaymentStep};

use crate::id::{fusepay_payment_id, fusepay_user_id, fusepay_wallet_id};
use crate::memory::{EMPTY, Memory, Show, fusepay_memory, records};
use crate::money::fusepay_money;
use crate::queue::fusepay_job;

/// A bill payment as it stands.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_payment {
    /// `sizeof(fusepay_payment)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its id; also the id of its transaction.
    pub id: fusepay_payment_id,
    /// Who pays.
    pub user_id: fusepay_user_id,
    /// From which wallet.
    pub wallet_id: fusepay_wallet_id,
    /// The reference to show: "BILL_" and 32 hexadecimal characters.
    pub reference: *const c_char,
    /// The biller's code.
    pub biller: *const c_char,
    /// The item's code.
    pub item: *const c_char,
    /// What the bill is for, such as "ELECTRICITY".
    pub category: *const c_char,
    /// The provider it goes to; chosen when it was made, never another.
    pub provider: *const c_char,
    /// For whom it is paid.
    pub customer_reference: *const c_char,
    /// What the biller receives.
    pub amount: fusepay_money,
    /// What the payer is charged on top.
    pub fee: fusepay_money,
    /// Where it stands: one of `FUSEPAY_PAYMENT_STATUS_*`.
    pub status: u32,
    /// The same in the words of the transaction its owner sees: one of
    /// `FUSEPAY_TRANSACTION_STATUS_*`.
    pub transaction_status: u32,
    /// Rises with every change.
    pub version: i64,
    /// Our id at the provider; sent with every attempt, never changes.
    pub request_id: *const c_char,
    /// What has been returned by request, in minor units.
    pub refunded_minor: i64,
    /// The provider's own number; NULL until it is known.
    pub provider_reference: *const c_char,
    /// A receipt to show; NULL when the provider gave none.
    pub receipt: *const c_char,
    /// Why it failed, by the provider's code or ours; or NULL.
    pub failure_code: *const c_char,
    /// Why it failed, for people; or NULL.
    pub failure_reason: *const c_char,
    /// Why an operator has to look at it: one of `FUSEPAY_REVIEW_REASON_*`; or NULL.
    pub review_reason: *const u32,
    /// What the provider was paid after the reversal, in minor units: a claim.
    pub claim_minor: i64,
    /// What waits in suspense for the owner, in minor units.
    pub suspense_minor: i64,
    /// The metadata given to `fusepay_bill_pay`: a JSON object.
    pub metadata: *const c_char,
    /// When it was made, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When it last changed, in milliseconds UTC.
    pub updated_at_ms: i64,
    /// When the provider's confirmation was booked, in milliseconds UTC; or NULL.
    pub completed_at_ms: *const i64,
}

/// Several payments.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_payment_array {
    /// `sizeof(fusepay_payment_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the payments; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The payments; NULL when there are none.
    pub items: *const *const fusepay_payment,
}

/// One contact with a provider about a payment.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_attempt {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the explanation owns it.
    pub memory: *mut fusepay_memory,
    /// Its number, from 1 in this database.
    pub id: i64,
    /// What kind of contact: one of `FUSEPAY_ATTEMPT_KIND_*`.
    pub kind: u32,
    /// What it found out: one of `FUSEPAY_OUTCOME_KIND_*`.
    pub outcome: u32,
    /// A sentence about it, or the provider's number for a payment that was made; or
    /// NULL.
    pub detail: *const c_char,
    /// SHA-256 of the raw answer, in hexadecimal; or NULL.
    pub evidence_hash: *const c_char,
    /// The answer, secrets removed; or NULL.
    pub evidence_text: *const c_char,
    /// When it began, in milliseconds UTC.
    pub started_at_ms: i64,
    /// When its outcome was recorded, in milliseconds UTC; NULL while it is under way.
    pub finished_at_ms: *const i64,
}

/// One decision about a payment.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_payment_step {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the explanation owns it.
    pub memory: *mut fusepay_memory,
    /// When, in milliseconds UTC.
    pub at_ms: i64,
    /// The status before: one of `FUSEPAY_PAYMENT_STATUS_*`.
    pub before: u32,
    /// The status after; the same where the decision was to go on.
    pub after: u32,
    /// The attempt it rests on; or NULL.
    pub attempt_id: *const i64,
    /// What was decided and why.
    pub decision: *const c_char,
}

/// Everything known about a payment, in order.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_explanation {
    /// `sizeof(fusepay_explanation)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// The payment as it stands.
    pub payment: *const fusepay_payment,
    /// How many decisions there are.
    pub steps_length: usize,
    /// Every decision, oldest first.
    pub steps: *const *const fusepay_payment_step,
    /// How many contacts there are.
    pub attempts_length: usize,
    /// Every contact with the provider, oldest first, with its evidence; NULL
    /// when there is none.
    pub attempts: *const *const fusepay_attempt,
    /// The timer that will act next; NULL when there is none.
    pub next_job: *const fusepay_job,
}

records!(fusepay_payment, fusepay_payment_array, fusepay_attempt, fusepay_payment_step, fusepay_explanation);

impl Show<Payment> for fusepay_payment {
    fn show(payment: &Payment, memory: &mut Memory) -> Self {
        fusepay_payment {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: payment.id.into(),
            user_id: payment.user_id.into(),
            wallet_id: payment.wallet_id.into(),
            reference: memory.text(&payment.reference()),
            biller: memory.text(&payment.biller),
            item: memory.text(&payment.item),
            category: memory.text(&payment.category),
            provider: memory.text(&payment.provider),
            customer_reference: memory.text(&payment.customer_reference),
            amount: payment.amount.into(),
            fee: payment.fee.into(),
            status: u32::from(payment.status.number()),
            transaction_status: u32::from(payment.transaction_status().number()),
            version: payment.version,
            request_id: memory.text(&payment.request_id),
            refunded_minor: payment.refunded_minor,
            provider_reference: memory.optional_text(payment.provider_reference.as_deref()),
            receipt: memory.optional_text(payment.receipt.as_deref()),
            failure_code: memory.optional_text(payment.failure_code.as_deref()),
            failure_reason: memory.optional_text(payment.failure_reason.as_deref()),
            review_reason: memory.optional(payment.review_reason.map(|reason| u32::from(reason.number()))),
            claim_minor: payment.claim_minor,
            suspense_minor: payment.suspense_minor,
            metadata: memory.text(&payment.metadata),
            created_at_ms: payment.created_at.0,
            updated_at_ms: payment.updated_at.0,
            completed_at_ms: memory.optional(payment.completed_at.map(|at| at.0)),
        }
    }
}

impl Show<Vec<Payment>> for fusepay_payment_array {
    fn show(payments: &Vec<Payment>, memory: &mut Memory) -> Self {
        fusepay_payment_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: payments.len(),
            items: memory.list(payments),
        }
    }
}

impl Show<Attempt> for fusepay_attempt {
    fn show(attempt: &Attempt, memory: &mut Memory) -> Self {
        fusepay_attempt {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: attempt.id,
            kind: u32::from(attempt.kind.number()),
            outcome: u32::from(attempt.outcome.number()),
            detail: memory.optional_text(attempt.detail.as_deref()),
            evidence_hash: memory.optional_text(attempt.evidence_hash.as_deref()),
            evidence_text: memory.optional_text(attempt.evidence_text.as_deref()),
            started_at_ms: attempt.started_at.0,
            finished_at_ms: memory.optional(attempt.finished_at.map(|at| at.0)),
        }
    }
}

impl Show<PaymentStep> for fusepay_payment_step {
    fn show(step: &PaymentStep, memory: &mut Memory) -> Self {
        fusepay_payment_step {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            at_ms: step.at.0,
            before: u32::from(step.before.number()),
            after: u32::from(step.after.number()),
            attempt_id: memory.optional(step.attempt_id),
            decision: memory.text(&step.decision),
        }
    }
}

impl Show<Explanation> for fusepay_explanation {
    fn show(explanation: &Explanation, memory: &mut Memory) -> Self {
        fusepay_explanation {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            payment: memory.record(&explanation.payment),
            steps_length: explanation.steps.len(),
            steps: memory.list(&explanation.steps),
            attempts_length: explanation.attempts.len(),
            attempts: memory.list(&explanation.attempts),
            next_job: explanation.next_job.as_ref().map_or(std::ptr::null(), |job| memory.record(job)),
        }
    }
}

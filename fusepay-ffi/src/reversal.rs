//! Reversals, refunds, reviews, claims and suspense.

use std::ffi::c_char;

use fusepay_core::{ClaimSettlement, Code, Error, PaidReceipt, RefundRequest, RefundSource, ReviewVerdict};

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_payment_id, fusepay_wallet_id, id, optional_id};
use crate::input::{self, requests};
use crate::memory::fetch;
use crate::money::fusepay_money;
use crate::payment::{fusepay_payment, fusepay_payment_array};

/// The biller returned the money to the provider float: float → wallet.
pub const FUSEPAY_REFUND_SOURCE_BILLER: u32 = 1;
/// The host pays it out of its own pocket: funding → wallet.
pub const FUSEPAY_REFUND_SOURCE_HOST: u32 = 2;

/// The biller has the money; the receipt says what it confirmed.
pub const FUSEPAY_REVIEW_VERDICT_PAID: u32 = 1;
/// The biller does not have it and will not; the money goes back.
pub const FUSEPAY_REVIEW_VERDICT_NOT_PAID: u32 = 2;

/// The provider returned the money: float → claims.
pub const FUSEPAY_CLAIM_SETTLEMENT_RECOVERED_FROM_PROVIDER: u32 = 1;
/// The host bears it: funding → claims.
pub const FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF: u32 = 2;

/// Money of a completed payment to return. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_refund_request {
    /// `sizeof(fusepay_refund_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The payment.
    pub payment_id: fusepay_payment_id,
    /// How much; refunds add up to at most amount + fee.
    pub amount: fusepay_money,
    /// Who bears it: one of `FUSEPAY_REFUND_SOURCE_*`.
    pub source: u32,
    /// Why; kept in the audit and shown in the history. 1 to 500 bytes.
    pub reason: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
}

/// What a biller confirmed when it took the money. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_paid_receipt {
    /// `sizeof(fusepay_paid_receipt)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The provider's own number for the payment; NULL for none.
    pub provider_reference: *const c_char,
    /// The amount the provider says it paid, in minor units; NULL when it does
    /// not say. Compared with ours: a difference means review.
    pub amount_minor: *const i64,
    /// The customer the provider says it paid for; NULL when it does not say.
    /// Compared with ours: a difference means review.
    pub customer_reference: *const c_char,
    /// What the customer bought: electricity tokens, voucher pins. Secrets: wipe
    /// your own copies. NULL with a count of 0 for none.
    pub tokens: *const *const c_char,
    /// How many there are.
    pub token_count: usize,
    /// A receipt to show; NULL for none.
    pub receipt: *const c_char,
}

/// What an operator found out about a payment under review. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_review_verdict {
    /// `sizeof(fusepay_review_verdict)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// One of `FUSEPAY_REVIEW_VERDICT_*`.
    pub verdict: u32,
    /// What the biller confirmed, for `FUSEPAY_REVIEW_VERDICT_PAID`; else NULL.
    pub receipt: *const fusepay_paid_receipt,
}

requests!(fusepay_refund_request, fusepay_paid_receipt, fusepay_review_verdict);

fn no_constant(field: &'static str) -> Error {
    Error::field(Code::InvalidArgument, field, "is not a constant of this version")
}

impl fusepay_refund_request {
    /// The request of the core.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidCurrency`], [`Code::TooLong`].
    pub(crate) fn read(&self) -> Result<RefundRequest, Error> {
        let source = match self.source {
            FUSEPAY_REFUND_SOURCE_BILLER => RefundSource::Biller,
            FUSEPAY_REFUND_SOURCE_HOST => RefundSource::Host,
            _ => return Err(no_constant("source")),
        };
        let reason = input::text("reason", self.reason)?;
        let mut request = RefundRequest::new(self.payment_id.into(), self.amount.read()?, source, reason);
        request.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        Ok(request)
    }
}

impl fusepay_paid_receipt {
    fn read(&self) -> Result<PaidReceipt, Error> {
        let mut receipt = PaidReceipt::new(input::text_or_empty("provider_reference", self.provider_reference)?);
        receipt.amount_minor = input::optional("amount_minor", self.amount_minor)?;
        receipt.customer_reference = input::owned_text("customer_reference", self.customer_reference)?;
        receipt.tokens = input::text_array("tokens", self.tokens, self.token_count)?;
        receipt.receipt = input::owned_text("receipt", self.receipt)?;
        Ok(receipt)
    }
}

impl fusepay_review_verdict {
    /// The verdict of the core.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], also for a receipt that does not go with the
    /// verdict; [`Code::TooLong`].
    pub(crate) fn read(&self) -> Result<ReviewVerdict, Error> {
        match self.verdict {
            FUSEPAY_REVIEW_VERDICT_PAID => Ok(ReviewVerdict::Paid(input::request("receipt", self.receipt)?.read()?)),
            FUSEPAY_REVIEW_VERDICT_NOT_PAID if self.receipt.is_null() => Ok(ReviewVerdict::NotPaid),
            FUSEPAY_REVIEW_VERDICT_NOT_PAID => {
                Err(Error::field(Code::InvalidArgument, "receipt", "must be NULL: what was not paid has none"))
            }
            _ => Err(no_constant("verdict")),
        }
    }
}

/// How a claim ends, by its number in C.
///
/// # Errors
/// [`Code::InvalidArgument`].
pub(crate) fn settlement(number: u32) -> Result<ClaimSettlement, Error> {
    match number {
        FUSEPAY_CLAIM_SETTLEMENT_RECOVERED_FROM_PROVIDER => Ok(ClaimSettlement::RecoveredFromProvider),
        FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF => Ok(ClaimSettlement::WrittenOff),
        _ => Err(no_constant("settlement")),
    }
}

/// Reverses a failed payment now instead of when its job is due. One that is
/// reversed already answers as it is.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_NOT_REVERSIBLE` without
/// conclusive evidence.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_reverse(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || engine_at(engine)?.reversal().reverse(id(payment_id)?))
}

/// Returns part or all of a completed payment.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`,
/// `FUSEPAY_ERR_NOT_REVERSIBLE`, `FUSEPAY_ERR_CURRENCY_MISMATCH`,
/// `FUSEPAY_ERR_REFUND_ABOVE_PAID`, `FUSEPAY_ERR_WALLET_FROZEN`,
/// `FUSEPAY_ERR_WALLET_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_refund(
    engine: *const fusepay_engine,
    request: *const fusepay_refund_request,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.reversal().refund(&request)
    })
}

/// Ends a review with an operator's evidence, which the audit keeps with the
/// reason, 1 to 500 bytes.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_NOT_ALLOWED` when it is not under review,
/// `FUSEPAY_ERR_NOT_REVERSIBLE` while a send may still be under way.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_resolve_review(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    verdict: *const fusepay_review_verdict,
    reason: *const c_char,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let verdict = input::request("verdict", verdict)?.read()?;
        engine_at(engine)?.reversal().resolve_review(id(payment_id)?, &verdict, input::text("reason", reason)?)
    })
}

/// Late successes that wait to be settled, oldest first; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_open_claims(
    engine: *const fusepay_engine,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || engine_at(engine)?.reversal().open_claims(limit))
}

/// Ends the claim of a late success: `settlement` is one of
/// `FUSEPAY_CLAIM_SETTLEMENT_*`, `reason` has 1 to 500 bytes and stays in the audit.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_NOT_ALLOWED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_settle_claim(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    settlement: u32,
    reason: *const c_char,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let settlement = self::settlement(settlement)?;
        engine_at(engine)?.reversal().settle_claim(id(payment_id)?, settlement, input::text("reason", reason)?)
    })
}

/// Payments whose money waits in suspense, oldest first; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_open_suspense(
    engine: *const fusepay_engine,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || engine_at(engine)?.reversal().open_suspense(limit))
}

/// Moves a payment's money from suspense to its wallet (`to` NULL), or to another
/// wallet of the same user.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_NOT_ALLOWED`,
/// `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_CURRENCY_MISMATCH`,
/// `FUSEPAY_ERR_WALLET_FROZEN`, `FUSEPAY_ERR_WALLET_CLOSED`,
/// `FUSEPAY_ERR_AMOUNT_OVERFLOW`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reversal_release_suspense(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    to: *const fusepay_wallet_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || engine_at(engine)?.reversal().release_suspense(id(payment_id)?, optional_id(to)?))
}

//! What operators, auditors and admins may do with everybody's payments: reading,
//! refunds, reversals, reviews, claims and suspense.

use std::ffi::c_char;

use fusepay_core::PaymentStatus;

use crate::error::fusepay_error;
use crate::id::{fusepay_payment_id, fusepay_wallet_id, id};
use crate::input;
use crate::memory::fetch;
use crate::payment::{fusepay_explanation, fusepay_payment, fusepay_payment_array};
use crate::reversal::{fusepay_refund_request, fusepay_review_verdict, settlement as read_settlement};
use crate::session::{fusepay_session, session as session_at};

/// Anybody's payment as it stands. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_find_payment(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || session_at(session)?.operator()?.find_payment(id(payment_id)?))
}

/// Everything known about a payment: every state, attempt, evidence, timer and
/// decision, in order. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_explain_payment(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    explanation: *mut fusepay_explanation,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(explanation, error, || session_at(session)?.operator()?.explain_payment(id(payment_id)?))
}

/// Payments in one state (one of `FUSEPAY_PAYMENT_STATUS_*`), oldest first, after
/// one (NULL: from the first); `limit` 1 to 500. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_list_payments(
    session: *const fusepay_session,
    status: u32,
    after: *const fusepay_payment_id,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || {
        let status = input::word("status", status, PaymentStatus::from_number)?;
        let after = input::optional("after", after)?;
        session_at(session)?.operator()?.list_payments(status, after.map(Into::into), limit)
    })
}

/// Returns part or all of a completed payment. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, and as
/// `fusepay_reversal_refund`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_refund(
    session: *const fusepay_session,
    request: *const fusepay_refund_request,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let request = input::request("request", request)?.read()?;
        session_at(session)?.operator()?.refund(&request)
    })
}

/// Reverses a failed payment now. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_NOT_REVERSIBLE`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_reverse(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || session_at(session)?.operator()?.reverse(id(payment_id)?))
}

/// Ends a review with evidence, which the audit keeps with the reason, 1 to 500
/// bytes. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, and as
/// `fusepay_reversal_resolve_review`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_resolve_review(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    verdict: *const fusepay_review_verdict,
    reason: *const c_char,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let verdict = input::request("verdict", verdict)?.read()?;
        let reason = input::text("reason", reason)?;
        session_at(session)?.operator()?.resolve_review(id(payment_id)?, &verdict, reason)
    })
}

/// Payments whose money waits in suspense, oldest first; `limit` 1 to 500.
/// Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_open_suspense(
    session: *const fusepay_session,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || session_at(session)?.operator()?.open_suspense(limit))
}

/// Moves a payment's money from suspense to its wallet (`to` NULL), or to another
/// wallet of the same user. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, and as
/// `fusepay_reversal_release_suspense`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_release_suspense(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    to: *const fusepay_wallet_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let to = input::optional("to", to)?;
        session_at(session)?.operator()?.release_suspense(id(payment_id)?, to.map(Into::into))
    })
}

/// Late successes that wait to be settled, oldest first; `limit` 1 to 500.
/// Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_open_claims(
    session: *const fusepay_session,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || session_at(session)?.operator()?.open_claims(limit))
}

/// Ends the claim of a late success: `settlement` is one of
/// `FUSEPAY_CLAIM_SETTLEMENT_*`, `reason` has 1 to 500 bytes and stays in the audit.
/// Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_NOT_ALLOWED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_settle_claim(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    settlement: u32,
    reason: *const c_char,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let (settlement, reason) = (read_settlement(settlement)?, input::text("reason", reason)?);
        session_at(session)?.operator()?.settle_claim(id(payment_id)?, settlement, reason)
    })
}

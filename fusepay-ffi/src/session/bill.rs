//! Bills, as the user who pays them sees them. Every function first answers
//! `FUSEPAY_ERR_INVALID_TOKEN` when the session has ended.

use std::ffi::c_char;

use crate::bill::{Vouchers, fusepay_pay_bill};
use crate::catalogue::{fusepay_bill_item_array, fusepay_biller_array};
use crate::error::fusepay_error;
use crate::id::{fusepay_payment_id, fusepay_wallet_id, id, optional_id};
use crate::input;
use crate::memory::{fetch, fusepay_text_array};
use crate::payment::{fusepay_payment, fusepay_payment_array};
use crate::quote::{fusepay_customer, fusepay_quote, fusepay_quote_request};
use crate::session::{fusepay_session, session as session_at};

/// Billers in the order of their codes, as `fusepay_bill_billers`.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_billers(
    session: *const fusepay_session,
    category: *const c_char,
    after: *const c_char,
    limit: u32,
    billers: *mut fusepay_biller_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(billers, error, || {
        let category = input::optional_text("category", category)?;
        session_at(session)?.bill().billers(category, input::optional_text("after", after)?, limit)
    })
}

/// The items of a biller, by its code.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_items(
    session: *const fusepay_session,
    biller: *const c_char,
    items: *mut fusepay_bill_item_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(items, error, || session_at(session)?.bill().items(input::text("biller", biller)?))
}

/// Asks the biller about a customer: calls the provider on this thread.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, and as `fusepay_bill_validate_customer`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_validate_customer(
    session: *const fusepay_session,
    biller: *const c_char,
    item: *const c_char,
    customer_reference: *const c_char,
    customer: *mut fusepay_customer,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(customer, error, || {
        let (biller, item) = (input::text("biller", biller)?, input::text("item", item)?);
        let customer_reference = input::text("customer_reference", customer_reference)?;
        session_at(session)?.bill().validate_customer(biller, item, customer_reference)
    })
}

/// Prices a bill for the user, whose id the request must name.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, and as `fusepay_bill_quote`;
/// `FUSEPAY_ERR_NOT_FOUND` when the request names another user.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_quote(
    session: *const fusepay_session,
    request: *const fusepay_quote_request,
    quote: *mut fusepay_quote,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(quote, error, || {
        let request = input::request("request", request)?.read()?;
        session_at(session)?.bill().quote(&request)
    })
}

/// Pays a bill from one of the user's wallets.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, and as `fusepay_bill_pay`;
/// `FUSEPAY_ERR_NOT_FOUND` when the wallet is not the user's.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_pay(
    session: *const fusepay_session,
    request: *const fusepay_pay_bill,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let request = input::request("request", request)?.read()?;
        session_at(session)?.bill().pay(&request)
    })
}

/// One of the user's payments as it stands. Never calls a provider; reading an
/// unknown one makes its requery due now.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_find(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || session_at(session)?.bill().find(id(payment_id)?))
}

/// Waits for one requery of an unknown payment, at most `deadline_ms`
/// milliseconds, as `fusepay_bill_refresh`.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_refresh(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    deadline_ms: i64,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let deadline = input::span("deadline_ms", deadline_ms)?;
        session_at(session)?.bill().refresh(id(payment_id)?, deadline)
    })
}

/// The payments of one of the user's wallets, newest first, before one (NULL for
/// the newest); `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_list(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    before: *const fusepay_payment_id,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || session_at(session)?.bill().list(id(wallet_id)?, optional_id(before)?, limit))
}

/// What the user bought: electricity tokens, pins. They are secrets:
/// `fusepay_clear` wipes them, your own copies are yours to wipe.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`;
/// `FUSEPAY_ERR_NOT_ALLOWED` without the key they were sealed with;
/// `FUSEPAY_ERR_CORRUPT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_bill_tokens(
    session: *const fusepay_session,
    payment_id: *const fusepay_payment_id,
    tokens: *mut fusepay_text_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || session_at(session)?.bill().tokens(id(payment_id)?).map(Vouchers::new))
}

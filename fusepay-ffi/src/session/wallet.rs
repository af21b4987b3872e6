//! Wallets, as their owner sees them.

use std::ffi::c_char;

use fusepay_core::{Currency, HoldStatus};

use crate::error::fusepay_error;
use crate::history::fusepay_transaction;
use crate::hold::{fusepay_hold, fusepay_hold_array};
use crate::id::{fusepay_hold_id, fusepay_wallet_id, id};
use crate::input;
use crate::limit::fusepay_limit_array;
use crate::memory::fetch;
use crate::session::{fusepay_session, session as session_at};
use crate::wallet::{fusepay_transfer_request, fusepay_wallet, fusepay_wallet_array};

/// The user's wallets, oldest first.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_list(
    session: *const fusepay_session,
    wallets: *mut fusepay_wallet_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallets, error, || session_at(session)?.wallet().list())
}

/// Gives the user a further wallet in a currency. `label` names it, up to 100
/// bytes; NULL for no name.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`, `FUSEPAY_ERR_INVALID_TOKEN`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_ALLOWED`
/// for one wallet too many.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_create(
    session: *const fusepay_session,
    currency: *const c_char,
    label: *const c_char,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || {
        let currency = Currency::from_code(input::text("currency", currency)?)?;
        session_at(session)?.wallet().create(currency, input::text_or_empty("label", label)?)
    })
}

/// One of the user's wallets with its money, as one snapshot.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_find(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || session_at(session)?.wallet().find(id(wallet_id)?))
}

/// Moves money out of one of the user's wallets into any wallet of the same
/// currency; answers the sender's line. The transfer fee and the sender's limits
/// apply.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, and as `fusepay_wallet_transfer`;
/// `FUSEPAY_ERR_NOT_FOUND` when the source is not the user's.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_transfer(
    session: *const fusepay_session,
    request: *const fusepay_transfer_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        session_at(session)?.wallet().transfer(&request)
    })
}

/// One hold on one of the user's wallets.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_find_hold(
    session: *const fusepay_session,
    hold_id: *const fusepay_hold_id,
    hold: *mut fusepay_hold,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(hold, error, || session_at(session)?.wallet().find_hold(id(hold_id)?))
}

/// The holds of one of the user's wallets in one state (one of
/// `FUSEPAY_HOLD_STATUS_*`), oldest first; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_holds(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    status: u32,
    limit: u32,
    holds: *mut fusepay_hold_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(holds, error, || {
        let status = input::word("status", status, HoldStatus::from_number)?;
        session_at(session)?.wallet().holds(id(wallet_id)?, status, limit)
    })
}

/// The limits of one of the user's wallets.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_wallet_limits(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    limits: *mut fusepay_limit_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(limits, error, || session_at(session)?.wallet().limits(id(wallet_id)?))
}

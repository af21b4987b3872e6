//! A session's histories: those of its user's wallets.

use std::ffi::c_char;

use fusepay_core::{Money, UnixMillis};

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::history::{fusepay_history_filter, read_filter};
use crate::id::{fusepay_transaction_id, fusepay_wallet_id, id};
use crate::input;
use crate::memory::{fetch, fusepay_text};
use crate::money::fusepay_money;
use crate::session::{fusepay_session, session as session_at};
use crate::statement::fusepay_statement;
use crate::transaction::{fusepay_transaction_array, fusepay_transaction_page};

/// The user's lines of one transaction.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`, also for what is
/// another's.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_find(
    session: *const fusepay_session,
    transaction_id: *const fusepay_transaction_id,
    lines: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(lines, error, || session_at(session)?.history().find(id(transaction_id)?))
}

/// The user's lines of the transaction with this reference, exactly as it is shown.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ID`,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_find_by_reference(
    session: *const fusepay_session,
    reference: *const c_char,
    lines: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(lines, error, || session_at(session)?.history().find_by_reference(input::text("reference", reference)?))
}

/// As `fusepay_history_page`, of one of the user's wallets.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_page(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    filter: *const fusepay_history_filter,
    cursor: *const c_char,
    limit: u32,
    page: *mut fusepay_transaction_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let filter = read_filter(filter)?;
        let cursor = input::optional_text("cursor", cursor)?;
        session_at(session)?.history().page(id(wallet_id)?, &filter, cursor, limit)
    })
}

/// As `fusepay_session_history_page`, over all of the user's wallets, merged in the
/// order of booking.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_page_of_all(
    session: *const fusepay_session,
    filter: *const fusepay_history_filter,
    cursor: *const c_char,
    limit: u32,
    page: *mut fusepay_transaction_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let filter = read_filter(filter)?;
        let cursor = input::optional_text("cursor", cursor)?;
        session_at(session)?.history().page_of_all(&filter, cursor, limit)
    })
}

/// As `fusepay_history_statement`, of one of the user's wallets.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_CORRUPT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_statement(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    statement: *mut fusepay_statement,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(statement, error, || {
        session_at(session)?.history().statement(id(wallet_id)?, UnixMillis(from_ms), UnixMillis(until_ms))
    })
}

/// As `fusepay_history_statement_csv`, of one of the user's wallets.
///
/// Errors: as `fusepay_session_history_statement`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_statement_csv(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    csv: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(csv, error, || {
        let (from, until) = (UnixMillis(from_ms), UnixMillis(until_ms));
        let statement = session_at(session)?.history().statement(id(wallet_id)?, from, until)?;
        Ok(statement.to_csv())
    })
}

/// As `fusepay_history_statement_json`, of one of the user's wallets.
///
/// Errors: as `fusepay_session_history_statement`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_statement_json(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    json: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(json, error, || {
        let (from, until) = (UnixMillis(from_ms), UnixMillis(until_ms));
        session_at(session)?.history().statement(id(wallet_id)?, from, until)?.to_json()
    })
}

/// The balance of one of the user's wallets after the last line booked at or
/// before a moment (milliseconds UTC).
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_history_balance_at(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    at_ms: i64,
    balance: *mut fusepay_money,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let found: Money = session_at(session)?.history().balance_at(id(wallet_id)?, UnixMillis(at_ms))?;
        input::put("balance", balance, found.into())
    })
}

//! What operators, auditors and admins may do with everybody's users, wallets and
//! payments, by role.
//!
//! Every function first answers `FUSEPAY_ERR_INVALID_TOKEN` when the session has
//! ended, then `FUSEPAY_ERR_FORBIDDEN`, in the same words, when the role, which is
//! read again at every call, does not allow it.

pub mod payment;
pub mod queue;

use std::ffi::c_char;

use fusepay_core::{Role, WalletStatus};

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::history::{fusepay_history_filter, read_filter};
use crate::id::{fusepay_user_id, fusepay_wallet_id, id};
use crate::input;
use crate::memory::fetch;
use crate::session::{fusepay_session, session as session_at};
use crate::transaction::fusepay_transaction_page;
use crate::user::{fusepay_session_record_array, fusepay_user, fusepay_user_page};
use crate::wallet::{fusepay_wallet, fusepay_wallet_array};

/// As `fusepay_auth_list_users`. Operators, auditors, admins. Whatever the role may
/// not do is refused in the same words, here and in every function of the
/// operator; the role is read again at every call.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_list_users(
    session: *const fusepay_session,
    after: *const fusepay_user_id,
    limit: u32,
    page: *mut fusepay_user_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let after = input::optional("after", after)?;
        session_at(session)?.operator()?.list_users(after.map(Into::into), limit)
    })
}

/// As `fusepay_auth_search_users`. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_search_users(
    session: *const fusepay_session,
    text: *const c_char,
    after: *const fusepay_user_id,
    limit: u32,
    page: *mut fusepay_user_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let (text, after) = (input::text("text", text)?, input::optional("after", after)?);
        session_at(session)?.operator()?.search_users(text, after.map(Into::into), limit)
    })
}

/// One user. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_find_user(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || session_at(session)?.operator()?.find_user(id(user_id)?))
}

/// The sessions of a user that are alive, newest first. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_sessions(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    sessions: *mut fusepay_session_record_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(sessions, error, || session_at(session)?.operator()?.sessions(id(user_id)?))
}

/// Ends all sessions of a user. Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_end_sessions(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || session_at(session)?.operator()?.end_sessions(id(user_id)?))
}

/// Forbids a user to log in, and ends their sessions. Admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_LAST_ADMIN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_deactivate(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || session_at(session)?.operator()?.deactivate(id(user_id)?))
}

/// Lets a deactivated user log in again. Admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_reactivate(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || session_at(session)?.operator()?.reactivate(id(user_id)?))
}

/// Gives a user another role (one of `FUSEPAY_ROLE_*`), and ends their sessions. Admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT` (also for `FUSEPAY_ROLE_SYSTEM`),
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_LAST_ADMIN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_set_role(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    role: u32,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || {
        let role = input::word("role", role, Role::from_number)?;
        session_at(session)?.operator()?.set_role(id(user_id)?, role)
    })
}

/// Anybody's wallet with its money. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_find_wallet(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || session_at(session)?.operator()?.find_wallet(id(wallet_id)?))
}

/// Anybody's wallets, oldest first. Operators, auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_list_wallets(
    session: *const fusepay_session,
    user_id: *const fusepay_user_id,
    wallets: *mut fusepay_wallet_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallets, error, || session_at(session)?.operator()?.list_wallets(id(user_id)?))
}

/// A page of anybody's history, newest first, as `fusepay_history_page`. Operators,
/// auditors, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_history(
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
        session_at(session)?.operator()?.history(id(wallet_id)?, &filter, cursor, limit)
    })
}

/// Freezes or thaws a wallet; `status` is one of `FUSEPAY_WALLET_STATUS_*`.
/// Operators, admins.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_FORBIDDEN`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT` (also for closing, which is the host's),
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_WALLET_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_operator_set_wallet_status(
    session: *const fusepay_session,
    wallet_id: *const fusepay_wallet_id,
    status: u32,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || {
        let status = input::word("status", status, WalletStatus::from_number)?;
        session_at(session)?.operator()?.set_wallet_status(id(wallet_id)?, status)
    })
}

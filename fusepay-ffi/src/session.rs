//! Sessions: what one logged-in user may do, and nothing else.

pub mod bill;
pub mod history;
pub mod operator;
pub mod wallet;

use std::ffi::c_char;
use std::sync::Arc;

use fusepay_core::{Error, Session};

use crate::auth::{Passing, fusepay_principal, fusepay_tokens};
use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::handle::{Handles, Kind};
use crate::id::{fusepay_session_id, id};
use crate::input;
use crate::memory::fetch;
use crate::panic::guard_or;
use crate::user::{fusepay_session_record_array, fusepay_user, profile_update};

/// What the user an access token stands for may do. An owned handle, usable from
/// any thread; closed by `fusepay_session_close`.
///
/// Every call on it answers `FUSEPAY_ERR_INVALID_TOKEN`, in the same words, once
/// the access token has expired or its session has ended: by log-out, another
/// password, deactivation, another role, a refresh token used twice, or a retired
/// key. Open a new one with the refreshed token. Ids of other users answer
/// `FUSEPAY_ERR_NOT_FOUND`, like ids of nobody.
pub struct fusepay_session {
    _private: (),
}

const SESSIONS: Handles<Session> = Handles::new(Kind::Session);

/// The session behind a handle.
///
/// # Errors
/// `INVALID_HANDLE`, `FORKED`.
pub(crate) fn session(handle: *const fusepay_session) -> Result<Arc<Session>, Error> {
    SESSIONS.find(handle)
}

/// Opens a session by its access token.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`; `FUSEPAY_ERR_INVALID_ARGUMENT` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_open(
    engine: *const fusepay_engine,
    access_token: *const c_char,
    session: *mut *mut fusepay_session,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("session", session)?;
        let opened = engine_at(engine)?.session(input::text("access_token", access_token)?)?;
        input::put("session", session, SESSIONS.insert(Arc::new(opened))?)
    })
}

/// Closes a session's handle and sets the variable to NULL; the session itself
/// goes on (`fusepay_session_logout` ends it). NULL, a pointer to NULL and a handle
/// that was closed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_close(session: *mut *mut fusepay_session) {
    guard_or((), || {
        if let Ok(handle) = input::value("session", session.cast_const()) {
            drop(SESSIONS.remove::<fusepay_session>(handle));
            drop(input::put("session", session, std::ptr::null_mut()));
        }
    });
}

/// Whom the session stands for, now.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_principal(
    session: *const fusepay_session,
    principal: *mut fusepay_principal,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(principal, error, || self::session(session)?.principal())
}

/// The user.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_profile(
    session: *const fusepay_session,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || self::session(session)?.profile())
}

/// Changes the user's names, 1 to 50 code points each; NULL leaves one as it is.
/// With `expected_version` only while the user is at it; NULL: whatever it is.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_CONFLICT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_update_profile(
    session: *const fusepay_session,
    first_name: *const c_char,
    last_name: *const c_char,
    expected_version: *const i64,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || {
        let change = profile_update(first_name, last_name)?;
        let expected = input::optional("expected_version", expected_version)?;
        self::session(session)?.update_profile(&change, expected)
    })
}

/// Replaces the password. A wrong current one counts as a failed log-in. All
/// sessions end, this one too; the answer belongs to a new one on the same device.
/// Passwords are UTF-8, their lengths in bytes; the library's copies are wiped
/// after use.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_WEAK_PASSWORD`, `FUSEPAY_ERR_INVALID_CREDENTIALS`,
/// `FUSEPAY_ERR_HASHING_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_change_password(
    session: *const fusepay_session,
    current_password: *const u8,
    current_password_length: usize,
    new_password: *const u8,
    new_password_length: usize,
    tokens: *mut fusepay_tokens,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || {
        let current = input::password("current_password", current_password, current_password_length)?;
        let new = input::password("new_password", new_password, new_password_length)?;
        self::session(session)?.change_password(&current, &new).map(Passing)
    })
}

/// The user's sessions that are alive, newest first.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_sessions(
    session: *const fusepay_session,
    sessions: *mut fusepay_session_record_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(sessions, error, || self::session(session)?.sessions())
}

/// Ends one of the user's sessions.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_revoke_session(
    session: *const fusepay_session,
    session_id: *const fusepay_session_id,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || self::session(session)?.revoke_session(id(session_id)?))
}

/// Ends this session. Its handle stays, to be closed.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_logout(session: *const fusepay_session, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || self::session(session)?.logout())
}

/// Ends all sessions of the user, this one too.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_logout_everywhere(
    session: *const fusepay_session,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || self::session(session)?.logout_everywhere())
}

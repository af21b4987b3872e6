//! Sessions: what one logged-in user may do, and nothing else.

use std::ffi::c_char;
use std::sync::Arc;

use fusepay_core::{Error, Session};

use crate::boundary::{guard, guard_or};
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::handle::tables;
use crate::input;

/// What the user an access token stands for may do. An owned handle, usable from
/// any thread; closed by `fusepay_session_close`. Whatever ends the session ends
/// it at the next call, which answers `FUSEPAY_ERR_INVALID_TOKEN`.
pub struct fusepay_session {
    _private: (),
}

#[allow(dead_code, reason = "for the nouns that follow")]
/// The session behind a handle.
///
/// # Errors
/// `INVALID_HANDLE`, `FORKED`.
pub(crate) fn session(handle: *const fusepay_session) -> Result<Arc<Session>, Error> {
    tables().sessions.find(handle)
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
        input::put("session", session, tables().sessions.insert(Arc::new(opened))?)
    })
}

/// Closes a session's handle and sets the variable to NULL; the session itself
/// goes on (`fusepay_session_logout` ends it). NULL, a pointer to NULL and a handle
/// that was closed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_session_close(session: *mut *mut fusepay_session) {
    guard_or((), || {
        if let Ok(handle) = input::value("session", session.cast_const()) {
            drop(tables().sessions.remove::<fusepay_session>(handle));
            drop(input::put("session", session, std::ptr::null_mut()));
        }
    });
}

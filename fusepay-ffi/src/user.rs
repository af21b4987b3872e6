//! Users and their sessions, as the host sees them: all of them.

use std::ffi::c_char;

use fusepay_core::{ProfileUpdate, Role, SessionRecord, User, UserPage};

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_session_id, fusepay_user_id, id};
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};

/// One consistent snapshot of a user.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_user {
    /// `sizeof(fusepay_user)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Their id.
    pub id: fusepay_user_id,
    /// Their address, in lower case; no two users have the same.
    pub email: *const c_char,
    /// Their first name.
    pub first_name: *const c_char,
    /// Their last name.
    pub last_name: *const c_char,
    /// What they may do beyond their own wallets: one of `FUSEPAY_ROLE_*`.
    pub role: u32,
    /// Whether they may log in: one of `FUSEPAY_USER_STATUS_*`.
    pub status: u32,
    /// Rises with every change of the user, also of the password and when all
    /// sessions end. Pass it as `expected_version` to have a change refused when
    /// it is no longer this.
    pub version: i64,
    /// When they registered, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When something of this last changed, in milliseconds UTC.
    pub updated_at_ms: i64,
}

/// Some users, in the order in which they registered.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_user_page {
    /// `sizeof(fusepay_user_page)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are on this page.
    pub length: usize,
    /// The users; NULL when there are none.
    pub items: *const *const fusepay_user,
    /// Pass it as `after` for the next page; NULL when this was the last.
    pub next: *const fusepay_user_id,
}

/// A session of a user that is alive.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_session_record {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the list owns it.
    pub memory: *mut fusepay_memory,
    /// Its id: the `sid` of its tokens.
    pub id: fusepay_session_id,
    /// Whose it is.
    pub user_id: fusepay_user_id,
    /// What the host called the device at log-in; may be empty.
    pub device: *const c_char,
    /// When it began, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When its tokens were last refreshed, in milliseconds UTC.
    pub refreshed_at_ms: i64,
}

/// The sessions of a user that are alive.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_session_record_array {
    /// `sizeof(fusepay_session_record_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the sessions; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The sessions; NULL when there are none.
    pub items: *const *const fusepay_session_record,
}

records!(fusepay_user, fusepay_user_page, fusepay_session_record, fusepay_session_record_array);

impl Show<User> for fusepay_user {
    fn show(user: &User, memory: &mut Memory) -> Self {
        fusepay_user {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: user.id.into(),
            email: memory.text(&user.email),
            first_name: memory.text(&user.first_name),
            last_name: memory.text(&user.last_name),
            role: u32::from(user.role.number()),
            status: u32::from(user.status.number()),
            version: user.version,
            created_at_ms: user.created_at.0,
            updated_at_ms: user.updated_at.0,
        }
    }
}

impl Show<UserPage> for fusepay_user_page {
    fn show(page: &UserPage, memory: &mut Memory) -> Self {
        fusepay_user_page {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: page.users.len(),
            items: memory.list(&page.users),
            next: memory.optional(page.next.map(Into::into)),
        }
    }
}

impl Show<SessionRecord> for fusepay_session_record {
    fn show(session: &SessionRecord, memory: &mut Memory) -> Self {
        fusepay_session_record {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: session.id.into(),
            user_id: session.user_id.into(),
            device: memory.text(&session.device),
            created_at_ms: session.created_at.0,
            refreshed_at_ms: session.refreshed_at.0,
        }
    }
}

impl Show<Vec<SessionRecord>> for fusepay_session_record_array {
    fn show(sessions: &Vec<SessionRecord>, memory: &mut Memory) -> Self {
        fusepay_session_record_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: sessions.len(),
            items: memory.list(sessions),
        }
    }
}

/// A change of names: NULL leaves a name as it is.
///
/// # Errors
/// What can't be read; what is no name.
pub(crate) fn profile_update(
    first_name: *const c_char,
    last_name: *const c_char,
) -> Result<ProfileUpdate, fusepay_core::Error> {
    let first_name = input::optional_text("first_name", first_name)?;
    ProfileUpdate::parse(first_name, input::optional_text("last_name", last_name)?)
}

/// One user.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_find_user(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || engine_at(engine)?.auth().find_user(id(user_id)?))
}

/// Changes a user's names, 1 to 50 code points each; NULL leaves one as it is.
/// With `expected_version` only while the user is at it; NULL: whatever it is.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_CONFLICT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_update_profile(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    first_name: *const c_char,
    last_name: *const c_char,
    expected_version: *const i64,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || {
        let change = profile_update(first_name, last_name)?;
        let expected = input::optional("expected_version", expected_version)?;
        engine_at(engine)?.auth().update_profile(id(user_id)?, &change, expected)
    })
}

/// Users in the order in which they registered, after one (NULL: from the first);
/// `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_list_users(
    engine: *const fusepay_engine,
    after: *const fusepay_user_id,
    limit: u32,
    page: *mut fusepay_user_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || engine_at(engine)?.auth().list_users(input::optional("after", after)?.map(Into::into), limit))
}

/// Users whose address or one of whose names begins with `text`, whatever its
/// case; no character of it is special. Order and pages as
/// `fusepay_auth_list_users`. Looks at every user on the way.
///
/// Errors: `FUSEPAY_ERR_TOO_LONG` (256 bytes), `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_search_users(
    engine: *const fusepay_engine,
    text: *const c_char,
    after: *const fusepay_user_id,
    limit: u32,
    page: *mut fusepay_user_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let (text, after) = (input::text("text", text)?, input::optional("after", after)?);
        engine_at(engine)?.auth().search_users(text, after.map(Into::into), limit)
    })
}

/// Gives a user another role (one of `FUSEPAY_ROLE_*`), and ends their sessions.
/// The host makes the first admin this way.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` (also for `FUSEPAY_ROLE_SYSTEM`),
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_LAST_ADMIN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_set_role(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    role: u32,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || {
        let role = input::word("role", role, Role::from_number)?;
        engine_at(engine)?.auth().set_role(id(user_id)?, role)
    })
}

/// Forbids a user to log in, and ends their sessions. Wallets and history stay. A
/// deactivated user stays as they are.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_LAST_ADMIN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_deactivate(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || engine_at(engine)?.auth().deactivate(id(user_id)?))
}

/// Lets a deactivated user log in again.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_reactivate(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    user: *mut fusepay_user,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(user, error, || engine_at(engine)?.auth().reactivate(id(user_id)?))
}

/// The sessions of a user that are alive, newest first.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_sessions(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    sessions: *mut fusepay_session_record_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(sessions, error, || engine_at(engine)?.auth().sessions(id(user_id)?))
}

/// Ends one session. One that has ended stays ended.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_revoke_session(
    engine: *const fusepay_engine,
    session_id: *const fusepay_session_id,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.auth().revoke_session(id(session_id)?))
}

/// Ends all sessions of a user.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_end_sessions(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.auth().end_sessions(id(user_id)?))
}

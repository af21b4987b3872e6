//! Registering, logging in, and tokens.

use std::ffi::c_char;

use fusepay_core::{Error, Login, Principal, Registered, Registration, Tokens, UnixMillis};
use zeroize::Zeroize as _;

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_session_id, fusepay_user_id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::user::fusepay_user;
use crate::wallet::fusepay_wallet;

/// The tokens of a session. Both texts are secrets: whoever has one is the user.
/// Never log them; hand them to the user's device over a channel that others
/// can't read, and clear the record as soon as that is done: its memory is wiped
/// then. A record that is never cleared keeps them in memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_tokens {
    /// `sizeof(fusepay_tokens)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; wiped and given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Whose they are.
    pub user_id: fusepay_user_id,
    /// The session they belong to.
    pub session_id: fusepay_session_id,
    /// The access token, a secret: opens a session, for a short time.
    pub access: *const c_char,
    /// From when on the access token is refused, in milliseconds UTC.
    pub access_expires_at_ms: i64,
    /// The refresh token, a secret: gets the next pair, once.
    pub refresh: *const c_char,
}

/// Whom a valid access token stands for, as of the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_principal {
    /// `sizeof(fusepay_principal)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// The user.
    pub user_id: fusepay_user_id,
    /// The session.
    pub session_id: fusepay_session_id,
    /// The user's role now, whatever it was when the token was made: one of
    /// `FUSEPAY_ROLE_*`.
    pub role: u32,
}

/// A new user with the first wallet, logged in. Holds secrets: see `fusepay_tokens`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_registered {
    /// `sizeof(fusepay_registered)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; wiped and given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// The user; never NULL.
    pub user: *const fusepay_user,
    /// Their first wallet, in the configured currency; never NULL.
    pub wallet: *const fusepay_wallet,
    /// The tokens of their first session; never NULL.
    pub tokens: *const fusepay_tokens,
}

records!(fusepay_tokens, fusepay_principal, fusepay_registered);

/// An answer with tokens in it, on its way to C: wiped here, and in the record's
/// memory when that is given back.
pub(crate) struct Passing<T: HoldsTokens>(pub(crate) T);

/// What has tokens in it.
pub(crate) trait HoldsTokens {
    fn tokens(&mut self) -> &mut Tokens;
}

impl HoldsTokens for Tokens {
    fn tokens(&mut self) -> &mut Tokens {
        self
    }
}

impl HoldsTokens for Registered {
    fn tokens(&mut self) -> &mut Tokens {
        &mut self.tokens
    }
}

impl<T: HoldsTokens> Drop for Passing<T> {
    fn drop(&mut self) {
        let tokens = self.0.tokens();
        tokens.access.zeroize();
        tokens.refresh.zeroize();
    }
}

impl<T: HoldsTokens, R: Show<T>> Show<Passing<T>> for R {
    fn show(passing: &Passing<T>, memory: &mut Memory) -> Self {
        R::show(&passing.0, memory)
    }
}

impl Show<Tokens> for fusepay_tokens {
    fn show(tokens: &Tokens, memory: &mut Memory) -> Self {
        fusepay_tokens {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            user_id: tokens.user_id.into(),
            session_id: tokens.session_id.into(),
            access: memory.secret_text(&tokens.access),
            access_expires_at_ms: tokens.access_expires_at.0,
            refresh: memory.secret_text(&tokens.refresh),
        }
    }
}

impl Show<Principal> for fusepay_principal {
    fn show(principal: &Principal, _: &mut Memory) -> Self {
        fusepay_principal {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            user_id: principal.user_id.into(),
            session_id: principal.session_id.into(),
            role: u32::from(principal.role.number()),
        }
    }
}

impl Show<Registered> for fusepay_registered {
    fn show(registered: &Registered, memory: &mut Memory) -> Self {
        fusepay_registered {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            user: memory.record(&registered.user),
            wallet: memory.record(&registered.wallet),
            tokens: memory.record(&registered.tokens),
        }
    }
}

/// Who wants to become a user. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_registration {
    /// `sizeof(fusepay_registration)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Their address; stored in lower case.
    pub email: *const c_char,
    /// Their first name, 1 to 50 code points.
    pub first_name: *const c_char,
    /// Their last name, 1 to 50 code points.
    pub last_name: *const c_char,
    /// Their password, a secret: UTF-8, 15 code points to 1024 bytes by default.
    /// The library's copy is wiped after use; the host's is the host's to wipe.
    pub password: *const u8,
    /// Its length in bytes.
    pub password_length: usize,
    /// What to call the first wallet, up to 100 bytes; NULL for no name.
    pub wallet_label: *const c_char,
    /// What to call the device they register from, up to 100 bytes; NULL for no name.
    pub device: *const c_char,
}

/// Who wants to log in. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_login {
    /// `sizeof(fusepay_login)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Their address, in any case.
    pub email: *const c_char,
    /// Their password, a secret. The library's copy is wiped after use; the host's
    /// is the host's to wipe.
    pub password: *const u8,
    /// Its length in bytes.
    pub password_length: usize,
    /// What to call the device, up to 100 bytes; NULL for no name.
    pub device: *const c_char,
}

requests!(fusepay_registration, fusepay_login);

impl fusepay_registration {
    fn read(&self) -> Result<Registration, Error> {
        let email = input::text("email", self.email)?;
        let first_name = input::text("first_name", self.first_name)?;
        let last_name = input::text("last_name", self.last_name)?;
        let password = input::password("password", self.password, self.password_length)?;
        Ok(Registration::new(email, first_name, last_name, password)
            .with_wallet_label(input::text_or_empty("wallet_label", self.wallet_label)?)
            .with_device(input::text_or_empty("device", self.device)?))
    }
}

impl fusepay_login {
    fn read(&self) -> Result<Login, Error> {
        let email = input::text("email", self.email)?;
        let password = input::password("password", self.password, self.password_length)?;
        Ok(Login::new(email, password).with_device(input::text_or_empty("device", self.device)?))
    }
}

/// Makes a user with a first wallet in the configured currency, logged in: one
/// commit, all or nothing. Costs one password hash.
///
/// It takes no idempotency key: after `FUSEPAY_ERR_IN_DOUBT`, open again and log
/// in; when that is refused, register again.
///
/// Errors: `FUSEPAY_ERR_INVALID_EMAIL`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_WEAK_PASSWORD`, `FUSEPAY_ERR_EMAIL_TAKEN`,
/// `FUSEPAY_ERR_HASHING_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_register(
    engine: *const fusepay_engine,
    request: *const fusepay_registration,
    registered: *mut fusepay_registered,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(registered, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.auth().register(&request).map(Passing)
    })
}

/// Begins a session. Every refusal is the same, whether the account is unknown,
/// locked or deactivated, or the password is wrong; the delay of
/// `fusepay_error_retry_after_ms` is counted for names nobody has just as well.
/// Costs one password hash; blocks while others are hashed, at most
/// `call_deadline_ms` of the configuration.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG` (the device's
/// name); `FUSEPAY_ERR_INVALID_CREDENTIALS`; `FUSEPAY_ERR_HASHING_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_login(
    engine: *const fusepay_engine,
    request: *const fusepay_login,
    tokens: *mut fusepay_tokens,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.auth().login(&request).map(Passing)
    })
}

/// The next tokens of a session. The same token again within the grace (10 s by
/// default) gets the same refresh token; later the session is ended, for two
/// parties hold its tokens.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_refresh(
    engine: *const fusepay_engine,
    refresh_token: *const c_char,
    tokens: *mut fusepay_tokens,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || {
        engine_at(engine)?.auth().refresh(input::text("refresh_token", refresh_token)?).map(Passing)
    })
}

/// Whom an access token stands for. Read from the database at each call: whatever
/// ended the session ends its token at once.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, for every reason the same.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_verify(
    engine: *const fusepay_engine,
    access_token: *const c_char,
    principal: *mut fusepay_principal,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(principal, error, || engine_at(engine)?.auth().verify(input::text("access_token", access_token)?))
}

/// Ends the session of an access token.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_logout(
    engine: *const fusepay_engine,
    access_token: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.auth().logout(input::text("access_token", access_token)?))
}

/// Ends all sessions of the user an access token stands for.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_logout_everywhere(
    engine: *const fusepay_engine,
    access_token: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.auth().logout_everywhere(input::text("access_token", access_token)?))
}

/// Replaces the password of the user an access token stands for. A wrong current
/// one counts as a failed log-in. All sessions end; the answer belongs to a new
/// one on the same device. Passwords are UTF-8, their lengths in bytes; the
/// library's copies are wiped after use.
///
/// Errors: `FUSEPAY_ERR_INVALID_TOKEN`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_WEAK_PASSWORD`, `FUSEPAY_ERR_INVALID_CREDENTIALS`,
/// `FUSEPAY_ERR_HASHING_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_change_password(
    engine: *const fusepay_engine,
    access_token: *const c_char,
    current_password: *const u8,
    current_password_length: usize,
    new_password: *const u8,
    new_password_length: usize,
    tokens: *mut fusepay_tokens,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || {
        let token = input::text("access_token", access_token)?;
        let current = input::password("current_password", current_password, current_password_length)?;
        let new = input::password("new_password", new_password, new_password_length)?;
        engine_at(engine)?.auth().change_password(token, &current, &new).map(Passing)
    })
}

/// Signs tokens with a new key from now on; the old one verifies until
/// `old_not_after_ms`, in milliseconds UTC. `kid` is the new key's id, 1 to 64 of
/// `A-Z a-z 0-9 _ -`; the key is as `fusepay_key` says, and copied. Keys live in
/// memory: give the next open, and every other process on the file, the same ones.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` for NULL and an empty key;
/// `FUSEPAY_ERR_INVALID_CONFIG`: a malformed id, a weak key, an id or a key that is
/// in use.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_rotate_signing_key(
    engine: *const fusepay_engine,
    kid: *const c_char,
    key: *const u8,
    key_length: usize,
    old_not_after_ms: i64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let (kid, key) = (input::text("kid", kid)?, input::secret("key", key, key_length)?);
        engine_at(engine)?.auth().rotate_signing_key(kid, &key, UnixMillis(old_not_after_ms))
    })
}

/// Forgets a key that no longer signs: all its tokens, access and refresh, are
/// dead at once.
///
/// Errors: `FUSEPAY_ERR_NOT_ALLOWED`: it signs; rotate first.
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_auth_retire_key(
    engine: *const fusepay_engine,
    kid: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.auth().retire_key(input::text("kid", kid)?))
}

//! Users and sessions, as a host sees them.

use crate::auth::record::Tokens;
use crate::engine::auth::login::Login;
use crate::engine::auth::register::{Registered, Registration};
use crate::engine::auth::{login, register};
use crate::engine::inner::{Access, Inner};
use crate::error::Result;
use std::sync::Arc;

/// Users and sessions. See [`FusePay::auth`].
pub struct Auth<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    pub(crate) access: Access,
}

impl Auth<'_> {
    /// Makes a user with a first wallet in the configured currency, logged in:
    /// one commit, all or nothing.
    ///
    /// It takes no idempotency key: after [`Code::InDoubt`], open again and log
    /// in; when that is refused, register again.
    ///
    /// # Errors
    /// [`Code::InvalidEmail`], [`Code::InvalidArgument`], [`Code::TooLong`],
    /// [`Code::WeakPassword`], [`Code::EmailTaken`], [`Code::HashingBusy`].
    pub fn register(&self, request: &Registration) -> Result<Registered> {
        register::register(self.inner, request)
    }

    /// Begins a session. Every refusal is the same, whether the account is
    /// unknown, locked or deactivated, or the password is wrong.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`] (the device's name),
    /// [`Code::InvalidCredentials`], with a delay once too many attempts have
    /// failed; [`Code::HashingBusy`].
    pub fn login(&self, request: &Login) -> Result<Tokens> {
        login::login(self.inner, request)
    }
}

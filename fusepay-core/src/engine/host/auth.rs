//! Users and sessions, as a host sees them.

use crate::auth::profile::ProfileUpdate;
use crate::auth::record::{Principal, SessionRecord, Tokens, User, UserPage};
use crate::clock::UnixMillis;
use crate::engine::auth::login::Login;
use crate::engine::auth::register::{Registered, Registration};
use crate::engine::auth::{keys, login, logout, operator, profile, register, token};
use crate::engine::inner::{Access, Inner};
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::secret::Secret;
#[cfg(doc)]
use crate::vocabulary::Code;
use crate::vocabulary::Role;
use std::sync::Arc;

/// Users and sessions. See [`FusePay::auth`](crate::FusePay::auth).
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
    /// ```
    /// # use fusepay_core::Registration;
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// let request = Registration::new("ada@example.com", "Ada", "Obi", "seven blue lamps by the river");
    /// let ada = engine.auth().register(&request)?;
    /// assert_eq!(engine.wallet().find(ada.wallet.id)?.balance_minor, 0);
    /// assert_eq!(engine.auth().verify(&ada.tokens.access)?.user_id, ada.user.id);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidEmail`], [`Code::InvalidArgument`], [`Code::TooLong`],
    /// [`Code::WeakPassword`], [`Code::EmailTaken`], [`Code::HashingBusy`].
    pub fn register(&self, request: &Registration) -> Result<Registered> {
        register::register(self.inner, request)
    }

    /// Begins a session. Every refusal is the same, whether the account is
    /// unknown, locked or deactivated, or the password is wrong; the delay of
    /// [`Error::retry_after_ms`](crate::Error::retry_after_ms) is counted for
    /// names nobody has just as well. Costs one password hash; blocks while
    /// others are hashed, at most `call_deadline`.
    ///
    /// ```
    /// # use fusepay_core::{Code, Login, Registration};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let password = "seven blue lamps by the river";
    /// # engine.auth().register(&Registration::new("ada@example.com", "Ada", "Obi", password))?;
    /// let tokens = engine.auth().login(&Login::new("Ada@Example.com", password).with_device("phone"))?;
    /// let session = engine.session(&tokens.access)?;
    /// assert_eq!(session.wallet().list()?.len(), 1);
    ///
    /// let refused = engine.auth().login(&Login::new("nobody@example.com", password)).unwrap_err();
    /// assert_eq!(refused.code(), Code::InvalidCredentials);
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`] (the device's name);
    /// [`Code::InvalidCredentials`]; [`Code::HashingBusy`].
    pub fn login(&self, request: &Login) -> Result<Tokens> {
        login::login(self.inner, request)
    }

    /// The next tokens of a session. The same token again within the grace (10 s
    /// by default) gets the same refresh token; later the session is ended, for
    /// two parties hold its tokens.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn refresh(&self, refresh_token: &str) -> Result<Tokens> {
        token::refresh(self.inner, refresh_token)
    }

    /// Whom an access token stands for. Read from the database at each call:
    /// whatever ended the session ends its token at once.
    ///
    /// # Errors
    /// [`Code::InvalidToken`], for every reason the same.
    pub fn verify(&self, access_token: &str) -> Result<Principal> {
        token::verify(self.inner, access_token)
    }

    /// Ends the session of an access token.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn logout(&self, access_token: &str) -> Result<()> {
        let who = token::verify(self.inner, access_token)?;
        logout::revoke(self.inner, Access::Owner(who.user_id), who.session_id)
    }

    /// Ends all sessions of the user an access token stands for.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn logout_everywhere(&self, access_token: &str) -> Result<()> {
        let who = token::verify(self.inner, access_token)?;
        logout::everywhere(self.inner, Access::Owner(who.user_id), who.user_id)
    }

    /// Replaces the password of the user an access token stands for. A wrong
    /// current one counts as a failed log-in. All sessions end; the answer
    /// belongs to a new one on the same device.
    ///
    /// # Errors
    /// [`Code::InvalidToken`], [`Code::InvalidArgument`], [`Code::WeakPassword`],
    /// [`Code::InvalidCredentials`], [`Code::HashingBusy`].
    pub fn change_password(&self, access_token: &str, current: &Secret, new: &Secret) -> Result<Tokens> {
        let who = token::verify(self.inner, access_token)?;
        profile::change_password(self.inner, &who, current, new)
    }

    /// One user.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn find_user(&self, user: UserId) -> Result<User> {
        profile::find(self.inner, self.access, user)
    }

    /// Changes a user's names; with `expected_version` only while the user is at it.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::Conflict`].
    pub fn update_profile(&self, user: UserId, change: &ProfileUpdate, expected_version: Option<i64>) -> Result<User> {
        profile::update(self.inner, self.access, user, change, expected_version)
    }

    /// Users in the order in which they registered, after one; `limit` 1 to 500.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidCursor`].
    pub fn list_users(&self, after: Option<UserId>, limit: u32) -> Result<UserPage> {
        operator::list(self.inner, self.access, after, limit)
    }

    /// Users whose address or one of whose names begins with `text`, whatever
    /// its case; no character of it is special. Order and pages as
    /// [`Auth::list_users`]. Looks at every user on the way.
    ///
    /// # Errors
    /// [`Code::TooLong`] (256 bytes), [`Code::InvalidArgument`], [`Code::InvalidCursor`].
    pub fn search_users(&self, text: &str, after: Option<UserId>, limit: u32) -> Result<UserPage> {
        operator::search(self.inner, self.access, text, after, limit)
    }

    /// Gives a user another role, and ends their sessions. The host makes the
    /// first admin this way.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::InvalidArgument`] (`system`), [`Code::LastAdmin`].
    pub fn set_role(&self, user: UserId, role: Role) -> Result<User> {
        operator::set_role(self.inner, self.access, user, role)
    }

    /// Forbids a user to log in, and ends their sessions. Wallets and history
    /// stay. A deactivated user stays as they are.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::LastAdmin`].
    pub fn deactivate(&self, user: UserId) -> Result<User> {
        operator::deactivate(self.inner, self.access, user)
    }

    /// Lets a deactivated user log in again.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn reactivate(&self, user: UserId) -> Result<User> {
        operator::reactivate(self.inner, self.access, user)
    }

    /// The sessions of a user that are alive, newest first.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>> {
        logout::sessions(self.inner, self.access, user)
    }

    /// Ends one session. One that has ended stays ended.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn revoke_session(&self, session: SessionId) -> Result<()> {
        logout::revoke(self.inner, self.access, session)
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn end_sessions(&self, user: UserId) -> Result<()> {
        logout::everywhere(self.inner, self.access, user)
    }

    /// Signs tokens with a new key from now on; the old one verifies until
    /// `old_not_after`. Keys live in memory: give the next open, and every other
    /// process on the file, the same ring.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`]: a malformed id, a weak key, an id or a key that is in the ring.
    pub fn rotate_signing_key(&self, kid: &str, key: &Secret, old_not_after: UnixMillis) -> Result<()> {
        keys::rotate(self.inner, kid, key, old_not_after)
    }

    /// Forgets a key that no longer signs: all its tokens, access and refresh,
    /// are dead at once.
    ///
    /// # Errors
    /// [`Code::NotAllowed`]: it signs; rotate first. [`Code::NotFound`].
    pub fn retire_key(&self, kid: &str) -> Result<()> {
        keys::retire(self.inner, kid)
    }

    /// How many password hashes have been computed since open, decoys included.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn hash_evaluations(&self) -> u64 {
        self.inner.auth.gate.hash_evaluations()
    }

    /// How many callers have waited for the hash gate since open.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn gate_waits(&self) -> u64 {
        self.inner.auth.gate.gate_waits()
    }
}

//! A user's session: everything a user may do, and nothing else exists.
//!
//! The token is verified again at every call, down to the database: whatever
//! ends a session ends its handle at the next call. Ids of other users answer
//! `NOT_FOUND`, like ids of nobody. What makes money (fund, credit), takes it
//! out (withdraw, debit, capture) or gives it back (refund) has no method here;
//! what operators may do stands behind [`Session::operator`].

pub(crate) mod bill;
pub(crate) mod history;
pub(crate) mod operator;
pub(crate) mod ticket;
pub(crate) mod wallet;

use crate::auth::authorisation::{Action, demand};
use crate::auth::profile::ProfileUpdate;
use crate::auth::record::{Principal, SessionRecord, Tokens, User};
use crate::engine::auth::{logout, profile};
use crate::engine::inner::{Access, Inner};
use crate::engine::session::bill::SessionBills;
use crate::engine::session::history::SessionHistory;
use crate::engine::session::operator::Operator;
use crate::engine::session::ticket::Ticket;
use crate::engine::session::wallet::SessionWallets;
use crate::error::Result;
use crate::id::SessionId;
use crate::secret::Secret;
#[cfg(doc)]
use crate::vocabulary::Code;
use std::sync::Arc;

/// What one user may do. Made by [`FusePay::session`](crate::FusePay::session).
///
/// Every method answers [`Code::InvalidToken`], in
/// the same words, once the access token has expired or its session has ended:
/// by log-out, another password, deactivation, another role, a refresh token
/// used twice, or a retired key. Make a new handle from the refreshed token.
pub struct Session {
    ticket: Ticket,
}

impl Session {
    pub(crate) fn open(inner: &Arc<Inner>, access_token: &str) -> Result<Self> {
        Ticket::take(inner, access_token).map(|ticket| Session { ticket })
    }

    /// Whom the session stands for, now.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn principal(&self) -> Result<Principal> {
        self.ticket.principal()
    }

    /// The user.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn profile(&self) -> Result<User> {
        let who = self.principal()?;
        profile::find(&self.ticket.inner, Access::Owner(who.user_id), who.user_id)
    }

    /// Changes the user's names; with `expected_version` only while the user is at it.
    ///
    /// # Errors
    /// [`Code::InvalidToken`], [`Code::Conflict`].
    pub fn update_profile(&self, change: &ProfileUpdate, expected_version: Option<i64>) -> Result<User> {
        let who = self.principal()?;
        profile::update(&self.ticket.inner, Access::Owner(who.user_id), who.user_id, change, expected_version)
    }

    /// Replaces the password. A wrong current one counts as a failed log-in. All
    /// sessions end, this one too; the answer belongs to a new one on the same
    /// device.
    ///
    /// # Errors
    /// [`Code::InvalidToken`], [`Code::InvalidArgument`], [`Code::WeakPassword`],
    /// [`Code::InvalidCredentials`], [`Code::HashingBusy`].
    pub fn change_password(&self, current: &Secret, new: &Secret) -> Result<Tokens> {
        profile::change_password(&self.ticket.inner, &self.principal()?, current, new)
    }

    /// The user's sessions that are alive, newest first.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn sessions(&self) -> Result<Vec<SessionRecord>> {
        let who = self.principal()?;
        logout::sessions(&self.ticket.inner, Access::Owner(who.user_id), who.user_id)
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// [`Code::InvalidToken`], [`Code::NotFound`].
    pub fn revoke_session(&self, session: SessionId) -> Result<()> {
        logout::revoke(&self.ticket.inner, self.ticket.access()?, session)
    }

    /// Ends this session.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn logout(&self) -> Result<()> {
        let who = self.principal()?;
        logout::revoke(&self.ticket.inner, Access::Owner(who.user_id), who.session_id)
    }

    /// Ends all sessions of the user, this one too.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn logout_everywhere(&self) -> Result<()> {
        let who = self.principal()?;
        logout::everywhere(&self.ticket.inner, Access::Owner(who.user_id), who.user_id)
    }

    /// The user's wallets.
    #[must_use]
    pub fn wallet(&self) -> SessionWallets<'_> {
        SessionWallets { session: &self.ticket }
    }

    /// Bills, paid from the user's wallets.
    #[must_use]
    pub fn bill(&self) -> SessionBills<'_> {
        SessionBills { session: &self.ticket }
    }

    /// The histories of the user's wallets.
    #[must_use]
    pub fn history(&self) -> SessionHistory<'_> {
        SessionHistory { session: &self.ticket }
    }

    /// What the user may do with everybody's, by role. The role is read again at
    /// every call: a demotion takes effect at the next one.
    ///
    /// # Errors
    /// [`Code::InvalidToken`]; [`Code::Forbidden`] for a plain user.
    pub fn operator(&self) -> Result<Operator<'_>> {
        // Every role above the plain user may at least this.
        demand(self.principal()?.role, Action::ListUsers)?;
        Ok(Operator { session: &self.ticket })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

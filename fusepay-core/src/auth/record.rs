//! What users, their sessions and tokens look like to a host. No password and no
//! hash of one is ever in here; tokens never print.

use crate::clock::UnixMillis;
use crate::id::{SessionId, UserId};
use crate::vocabulary::{Role, UserStatus};
use serde::{Deserialize, Serialize};

/// One consistent snapshot of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, in lower case; no two users have the same.
    pub email: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// What they may do beyond their own wallets.
    pub role: Role,
    /// Whether they may log in.
    pub status: UserStatus,
    /// Rises with every change of what stands here. Pass it as
    /// `expected_version` to have a change refused when it is no longer this.
    pub version: i64,
    /// When they registered.
    pub created_at: UnixMillis,
    /// When something of this last changed.
    pub updated_at: UnixMillis,
}

/// A session of a user that is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionRecord {
    /// Its id: the `sid` of its tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the host called the device at log-in; may be empty.
    pub device: String,
    /// When it began.
    pub created_at: UnixMillis,
    /// When its tokens were last refreshed.
    pub refreshed_at: UnixMillis,
}

/// The tokens of a session. `Debug` shows neither of them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// Whose they are.
    pub user_id: UserId,
    /// The session they belong to.
    pub session_id: SessionId,
    /// The access token: opens a session, for a short time.
    pub access: String,
    /// From when on the access token is refused.
    pub access_expires_at: UnixMillis,
    /// The refresh token: gets the next pair, once.
    pub refresh: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("user_id", &self.user_id)
            .field("session_id", &self.session_id)
            .field("access_expires_at", &self.access_expires_at)
            .finish_non_exhaustive()
    }
}

/// Whom a valid access token stands for, as of this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Principal {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The user's role now, whatever it was when the token was made.
    pub role: Role,
}

/// Some users, in the order in which they registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// Pass it as `after` for the next page; `None` when this was the last.
    pub next: Option<UserId>,
}

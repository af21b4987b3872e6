//! Records of users, sessions and tokens. Tokens never show in `repr`.

use fusepay_core::{Role, SessionId, UnixMillis, UserId, UserStatus};

use crate::convert::Veiled;
use crate::record::wallet::Wallet;
use crate::record::{Nested, record};

record! {
    /// One consistent snapshot of a user.
    User from fusepay_core::User {
        /// Their id.
        id: UserId,
        /// Their address, in lower case; no two users have the same.
        email: String,
        /// Their first name.
        first_name: String,
        /// Their last name.
        last_name: String,
        /// What they may do beyond their own wallets.
        role: Role,
        /// Whether they may log in.
        status: UserStatus,
        /// Rises with every change of the user, also of the password and when all
        /// sessions end. Pass it as `expected_version` to have a change refused
        /// when it is no longer this.
        version: i64,
        /// When they registered.
        created_at: UnixMillis,
        /// When something of this last changed.
        updated_at: UnixMillis,
    }
}

record! {
    /// A session of a user that is alive.
    SessionRecord from fusepay_core::SessionRecord {
        /// Its id: the `sid` of its tokens.
        id: SessionId,
        /// Whose it is.
        user_id: UserId,
        /// What the host called the device at log-in; may be empty.
        device: String,
        /// When it began.
        created_at: UnixMillis,
        /// When its tokens were last refreshed.
        refreshed_at: UnixMillis,
    }
}

record! {
    /// The tokens of a session. `repr` shows neither of them; a pickle holds both.
    Tokens from fusepay_core::Tokens {
        /// Whose they are.
        user_id: UserId,
        /// The session they belong to.
        session_id: SessionId,
        /// The access token: opens a session, for a short time.
        access: Veiled,
        /// From when on the access token is refused.
        access_expires_at: UnixMillis,
        /// The refresh token: gets the next pair, once.
        refresh: Veiled,
    }
}

record! {
    /// Whom a valid access token stands for, as of this call.
    Principal from fusepay_core::Principal {
        /// The user.
        user_id: UserId,
        /// The session.
        session_id: SessionId,
        /// The user's role now, whatever it was when the token was made.
        role: Role,
    }
}

record! {
    /// Some users, in the order in which they registered.
    UserPage from fusepay_core::UserPage {
        /// The users.
        users: Nested<User>,
        /// Pass it as `after` for the next page; `None` when this was the last.
        next: Option<UserId>,
    }
}

record! {
    /// A new user with the first wallet, logged in.
    Registered from fusepay_core::Registered {
        /// The user.
        user: User,
        /// Their first wallet, in the configured currency.
        wallet: Wallet,
        /// The tokens of their first session.
        tokens: Tokens,
    }
}

//! SQL of users, sessions and log-in attempts.

use crate::error::{Error, Result};
use crate::id::UserId;
use crate::store::statement::statements;
use crate::store::tx::ReadTx;
use crate::vocabulary::{Code, UserStatus};
use rusqlite::named_params;

statements! {
    /// The status of a user; primary key.
    USER_STATUS = "SELECT status FROM user WHERE id = :id";
}

/// Refuses a user that does not exist or may not act.
pub(crate) fn demand_active_user(tx: &ReadTx<'_>, user: UserId) -> Result<()> {
    let status =
        tx.first(USER_STATUS, named_params! { ":id": user.as_bytes() }, |row| row.word(0, UserStatus::from_number))?;
    match status {
        Some(UserStatus::Active) => Ok(()),
        Some(UserStatus::Deactivated) => Err(Error::new(Code::NotAllowed, "the user is deactivated")),
        None => Err(Error::new(Code::NotFound, "there is no such user")),
    }
}

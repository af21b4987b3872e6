//! Ending sessions: one, or all of a user.

use crate::auth::authorisation::Action;
use crate::auth::record::SessionRecord;
use crate::engine::auth::operator::demand_role;
use crate::engine::auth::token::is_live;
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{SessionId, UserId};
use crate::store::auth;
use crate::store::tx::WriteTx;
use crate::vocabulary::{Code, EventName};

/// Ends one session; its access token is refused from the next call on. Ending
/// one that has ended is no change.
pub(crate) fn revoke(inner: &Inner, access: Access, id: SessionId) -> Result<()> {
    inner.write(move |tx, supplies| {
        let no_such = || Error::new(Code::NotFound, "there is no such session");
        let session = auth::find_session(tx, id)?.ok_or_else(no_such)?;
        access.demand_owner(session.record.user_id, "session")?;
        if auth::revoke(tx, id, supplies.wall)? {
            announce(tx, supplies, access, session.record.user_id, &id.to_string())?;
        }
        Ok(())
    })
}

/// Ends all sessions of a user.
pub(crate) fn everywhere(inner: &Inner, access: Access, user: UserId) -> Result<()> {
    inner.write(move |tx, supplies| {
        access.demand_owner(user, "user")?;
        demand_role(tx, access, Action::EndSessions)?;
        let mut row = auth::find(tx, user)?;
        row.generation = row.generation.saturating_add(1);
        auth::update(tx, &mut row, supplies.wall)?;
        announce(tx, supplies, access, user, "all")
    })
}

/// The sessions of a user that are alive, newest first.
pub(crate) fn sessions(inner: &Inner, access: Access, user: UserId) -> Result<Vec<SessionRecord>> {
    access.demand_owner(user, "user")?;
    let now = inner.clock().wall();
    inner.read(|tx| {
        auth::find(tx, user)?;
        let mut live = Vec::new();
        for session in auth::sessions_of_user(tx, user)? {
            let standing = auth::standing(tx, user, session.record.id)?;
            if standing.is_some_and(|standing| is_live(&standing, now, &inner.config.tokens)) {
                live.push(session.record);
            }
        }
        Ok(live)
    })
}

fn announce(tx: &WriteTx<'_>, supplies: &Supplies, access: Access, user: UserId, session: &str) -> Result<()> {
    let draft = EventDraft::new(EventName::UserLoggedOut).user(user).text("session", session);
    let book = Book::open(tx, supplies);
    book.event(&draft)?;
    book.audit(access.actor(), draft.name().name(), user, &draft)
}

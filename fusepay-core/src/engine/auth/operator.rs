//! What operators and the host do with users: look them up, give roles, close
//! and open accounts. An operator's role is read again in every commit.

use crate::auth::authorisation::{Action, check_deactivation, check_role_change, demand};
use crate::auth::profile::fold_name;
use crate::auth::record::{User, UserPage};
use crate::clock::UnixMillis;
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner, check_page, check_text};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::UserId;
use crate::store::auth;
use crate::store::auth::UserRow;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{Code, EventName, Role, UserStatus};

/// The longest text to search for, in bytes: more than an address has.
const SEARCH_LENGTH_MAX: usize = 256;

/// Refuses an operator whose role, as it is now, does not allow this. The host
/// may everything; owners are held to what is theirs elsewhere.
pub(crate) fn demand_role(tx: &ReadTx<'_>, access: Access, action: Action) -> Result<()> {
    match access {
        Access::Host | Access::Owner(_) => Ok(()),
        Access::Operator(operator) => {
            let found = auth::find(tx, operator)?.user;
            let role = if found.status == UserStatus::Active { found.role } else { Role::User };
            demand(role, action)
        }
    }
}

/// Users in the order in which they registered, after one.
pub(crate) fn list(inner: &Inner, access: Access, after: Option<UserId>, limit: u32) -> Result<UserPage> {
    let limit = check_page(limit)?;
    inner.read(|tx| {
        demand_role(tx, access, Action::ListUsers)?;
        let start = place_of(tx, after)?;
        page(limit, auth::users_after(tx, start, limit.saturating_add(1))?)
    })
}

/// As [`list`], of those whose address or one of whose names begins with `text`.
pub(crate) fn search(inner: &Inner, access: Access, text: &str, after: Option<UserId>, limit: u32) -> Result<UserPage> {
    check_text("text", text, SEARCH_LENGTH_MAX)?;
    let (limit, text) = (check_page(limit)?, fold_name(text));
    inner.read(|tx| {
        demand_role(tx, access, Action::ListUsers)?;
        let start = place_of(tx, after)?;
        page(limit, auth::search(tx, &text, start, limit.saturating_add(1))?)
    })
}

fn place_of(tx: &ReadTx<'_>, after: Option<UserId>) -> Result<(UnixMillis, UserId)> {
    let Some(id) = after else { return Ok((UnixMillis(i64::MIN), UserId::from_bytes([0; 16]))) };
    let found = auth::find(tx, id).map_err(|error| {
        if error.code() == Code::NotFound {
            return Error::field(Code::InvalidCursor, "after", "is no user; pass what the last page gave");
        }
        error
    })?;
    Ok((found.user.created_at, id))
}

/// One more was read than the page holds, to know whether there is a next one.
fn page(limit: u32, mut users: Vec<User>) -> Result<UserPage> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_last = users.len() <= limit;
    users.truncate(limit);
    let next = users.last().map(|user| user.id).filter(|_| !is_last);
    Ok(UserPage { users, next })
}

/// Gives a user another role. Their sessions end: what they may do changes at once.
pub(crate) fn set_role(inner: &Inner, access: Access, user: UserId, role: Role) -> Result<User> {
    inner.write(move |tx, supplies| {
        demand_role(tx, access, Action::ChangeRole)?;
        let mut row = auth::find(tx, user)?;
        let before = row.user.role;
        let counts = row.user.status == UserStatus::Active;
        // A deactivated admin gives no roles: taking theirs takes nobody's last.
        let admins = if counts { auth::active_admins(tx)? } else { u64::MAX };
        check_role_change(before, role, admins)?;
        if before == role {
            return Ok(row.user);
        }
        row.user.role = role;
        let draft =
            EventDraft::new(EventName::RoleChanged).user(user).text("before", before.name()).text("after", role.name());
        conclude(tx, supplies, access, row, &draft)
    })
}

/// Forbids a user to log in, and ends their sessions. Wallets and history stay.
pub(crate) fn deactivate(inner: &Inner, access: Access, user: UserId) -> Result<User> {
    inner.write(move |tx, supplies| {
        demand_role(tx, access, Action::DeactivateUser)?;
        let mut row = auth::find(tx, user)?;
        if row.user.status == UserStatus::Deactivated {
            return Ok(row.user);
        }
        check_deactivation(row.user.role, auth::active_admins(tx)?)?;
        row.user.status = UserStatus::Deactivated;
        conclude(tx, supplies, access, row, &EventDraft::new(EventName::UserDeactivated).user(user))
    })
}

/// Lets a deactivated user log in again.
pub(crate) fn reactivate(inner: &Inner, access: Access, user: UserId) -> Result<User> {
    inner.write(move |tx, supplies| {
        demand_role(tx, access, Action::ReactivateUser)?;
        let mut row = auth::find(tx, user)?;
        if row.user.status == UserStatus::Active {
            return Ok(row.user);
        }
        row.user.status = UserStatus::Active;
        conclude(tx, supplies, access, row, &EventDraft::new(EventName::UserReactivated).user(user))
    })
}

/// Writes the changed user, ends all sessions, tells of it.
fn conclude(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    access: Access,
    mut row: UserRow,
    draft: &EventDraft,
) -> Result<User> {
    row.generation = row.generation.saturating_add(1);
    auth::update(tx, &mut row, supplies.wall)?;
    let book = Book::open(tx, supplies);
    book.event(draft)?;
    book.audit(access.actor(), draft.name().name(), row.user.id, draft)?;
    Ok(row.user)
}

//! What users change about themselves: names and password.

use crate::audit::Actor;
use crate::auth::email::EmailAddress;
use crate::auth::hashing::Verdict;
use crate::auth::password::PasswordContext;
use crate::auth::profile::ProfileUpdate;
use crate::auth::record::{Principal, Tokens, User};
use crate::auth::token::TokenPolicy;
use crate::engine::auth::guess::{self, Ending};
use crate::engine::auth::issue::{Lifetimes, begin_session, hash_password, issue};
use crate::engine::auth::token::demand_live;
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::UserId;
use crate::secret::Secret;
use crate::store::auth::{self, SessionRow};
use crate::store::tx::WriteTx;
use crate::vocabulary::{Code, EventName};

/// One user.
pub(crate) fn find(inner: &Inner, access: Access, user: UserId) -> Result<User> {
    access.demand_owner(user, "user")?;
    Ok(inner.read(|tx| auth::find(tx, user))?.user)
}

/// Changes a profile. A change to what it is already is none.
pub(crate) fn update(
    inner: &Inner,
    access: Access,
    user: UserId,
    change: &ProfileUpdate,
    expected_version: Option<i64>,
) -> Result<User> {
    access.demand_owner(user, "user")?;
    let change = change.clone();
    inner.write(move |tx, supplies| {
        let mut row = auth::find(tx, user)?;
        demand_version(&row.user, expected_version)?;
        let before = row.user.clone();
        if let Some(name) = &change.first_name {
            name.as_str().clone_into(&mut row.user.first_name);
        }
        if let Some(name) = &change.last_name {
            name.as_str().clone_into(&mut row.user.last_name);
        }
        if row.user == before {
            return Ok(before);
        }
        auth::update(tx, &mut row, supplies.wall)?;
        let draft = EventDraft::new(EventName::UserUpdated).user(user);
        let book = Book::open(tx, supplies);
        book.event(&draft)?;
        book.audit(access.actor(), draft.name().name(), user, &draft)?;
        Ok(row.user)
    })
}

fn demand_version(user: &User, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(version) if version != user.version => Err(Error::new(
            Code::Conflict,
            format!("the user is at version {}, not {version}; read it again", user.version),
        )),
        Some(_) | None => Ok(()),
    }
}

/// Replaces a password by another, once the current one has been proved. All
/// sessions end, and one new one begins on the same device.
pub(crate) fn change_password(inner: &Inner, who: &Principal, current: &Secret, new: &Secret) -> Result<Tokens> {
    let deadline = inner.deadline();
    let user = inner.read(|tx| auth::find(tx, who.user_id))?.user;
    let email = EmailAddress::parse(&user.email)?;
    let person = PasswordContext { email: &email, names: &[&user.first_name, &user.last_name] };
    inner.config.passwords.check(new, &person)?;
    let guess = guess::begin(inner, &email, deadline)?;
    match guess.check(inner, current, deadline)? {
        Verdict::Mismatch => return Err(guess.fail(inner)),
        Verdict::Match { .. } => {}
    }
    let change = Change {
        who: *who,
        password_hash: hash_password(inner, new, deadline).inspect_err(|_| guess.cancel(inner))?,
        ending: guess.ending(),
        lifetimes: Lifetimes::of(inner),
        policy: inner.config.tokens.clone(),
    };
    let changed = inner.write(move |tx, supplies| record_password(tx, supplies, &change));
    let session = changed.inspect_err(|_| guess.cancel(inner))?;
    inner.auth.bell.ring();
    issue(inner, who.user_id, &session, session.counter)
}

struct Change {
    who: Principal,
    password_hash: String,
    ending: Ending,
    lifetimes: Lifetimes,
    policy: TokenPolicy,
}

fn record_password(tx: &WriteTx<'_>, supplies: &Supplies, change: &Change) -> Result<SessionRow> {
    let Principal { user_id, session_id, .. } = change.who;
    // A password that changed meanwhile raised the generation: not live either.
    demand_live(tx, user_id, session_id, supplies.wall, &change.policy)?;
    let device = auth::find_session(tx, session_id)?.map(|session| session.record.device).unwrap_or_default();
    change.ending.release(tx, supplies)?;
    let mut row = auth::find(tx, user_id)?;
    row.password_hash.clone_from(&change.password_hash);
    row.generation = row.generation.saturating_add(1);
    auth::update(tx, &mut row, supplies.wall)?;
    let session = begin_session(tx, supplies, change.lifetimes, &row, &device)?;
    let draft = EventDraft::new(EventName::PasswordChanged).user(user_id);
    let book = Book::open(tx, supplies);
    book.event(&draft)?;
    book.audit(Actor::User(user_id), draft.name().name(), user_id, &draft)?;
    Ok(session)
}

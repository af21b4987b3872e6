//! Logging in.

use crate::audit::Actor;
use crate::auth::email::EmailAddress;
use crate::auth::hashing::Verdict;
use crate::auth::record::Tokens;
use crate::engine::auth::guess::{self, Ending, Guess, invalid_credentials};
use crate::engine::auth::issue::{Lifetimes, begin_session, check_device, hash_password, issue};
use crate::engine::book::Book;
use crate::engine::inner::Inner;
use crate::entropy::Supplies;
use crate::error::Result;
use crate::event::EventDraft;
use crate::secret::Secret;
use crate::store::auth::{self, SessionRow, UserRow};
use crate::store::tx::WriteTx;
use crate::vocabulary::{EventName, UserStatus};

/// Who wants to come in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Login {
    /// Their address, in any case.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// What to call the device, up to 100 bytes. Empty by default.
    pub device: String,
}

impl Login {
    /// A log-in on a device without a name.
    #[must_use]
    pub fn new(email: impl Into<String>, password: impl Into<Secret>) -> Self {
        Login { email: email.into(), password: password.into(), device: String::new() }
    }

    /// Names the device.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }
}

/// Begins a session: reserve, hash, finish.
pub(crate) fn login(inner: &Inner, request: &Login) -> Result<Tokens> {
    check_device(&request.device)?;
    inner.check_open()?;
    let deadline = inner.deadline();
    let Ok(email) = EmailAddress::parse(&request.email) else {
        // Nobody has it, and nobody can ever have it: nothing to count.
        guess::decoy(inner, deadline)?;
        return Err(invalid_credentials());
    };
    loop {
        let guess = guess::begin(inner, &email, deadline)?;
        let rehash = match guess.check(inner, &request.password, deadline)? {
            Verdict::Mismatch => return Err(guess.fail(inner)),
            Verdict::Match { rehash } => rehash,
        };
        let rehashed = if rehash {
            let made = hash_password(inner, &request.password, deadline);
            Some(made.inspect_err(|_| guess.cancel(inner))?)
        } else {
            None
        };
        let finished = finish(inner, &guess, rehashed, &request.device);
        if let Some(session) = finished.inspect_err(|_| guess.cancel(inner))? {
            return issue(inner, session.record.user_id, &session, session.counter);
        }
        // The password changed while it was being checked: what was right may
        // be wrong now, so it is checked again.
        guess.cancel(inner);
    }
}

/// Records a right guess; nothing when what it was checked against has changed.
fn finish(inner: &Inner, guess: &Guess, rehashed: Option<String>, device: &str) -> Result<Option<SessionRow>> {
    // Without a user there is no match.
    let Some(checked) = guess.user.clone() else { return Err(invalid_credentials()) };
    let (ending, lifetimes, device) = (guess.ending(), Lifetimes::of(inner), device.to_owned());
    let finished = inner.write(move |tx, supplies| {
        let (checked, rehashed) = (&checked, rehashed.as_deref());
        let found = auth::find(tx, checked.user.id)?;
        let is_same_password = found.password_hash == checked.password_hash || found.generation == checked.generation;
        if found.user.status != UserStatus::Active || !is_same_password {
            return Ok(None);
        }
        if let Some(rehashed) = rehashed {
            auth::rehash(tx, found.user.id, &checked.password_hash, rehashed)?;
        }
        come_in(tx, supplies, ending, lifetimes, &found, &device).map(Some)
    });
    inner.auth.bell.ring();
    finished
}

fn come_in(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    ending: Ending,
    lifetimes: Lifetimes,
    found: &UserRow,
    device: &str,
) -> Result<SessionRow> {
    ending.release(tx, supplies)?;
    let session = begin_session(tx, supplies, lifetimes, found, device)?;
    let draft = EventDraft::new(EventName::UserLoggedIn)
        .user(found.user.id)
        .text("session", session.record.id.to_string())
        .text("device", device);
    let book = Book::open(tx, supplies);
    book.event(&draft)?;
    book.audit(Actor::User(found.user.id), draft.name().name(), found.user.id, &draft)?;
    Ok(session)
}

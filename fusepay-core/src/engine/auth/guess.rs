//! A guess at a password, from its reservation to its end: the three steps of
//! `auth/lockout.rs`, with one argon2 between them whatever there is to check.

use crate::audit::{Actor, AuditResult};
use crate::auth::email::EmailAddress;
use crate::auth::hashing::{Verdict, verify_decoy, verify_password};
use crate::auth::lockout::{self, LockoutPolicy, Reservation};
use crate::clock::Deadline;
use crate::engine::book::Book;
use crate::engine::inner::Inner;
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::UserId;
use crate::secret::Secret;
use crate::store::auth::{self, Subject, UserRow};
use crate::store::tx::WriteTx;
use crate::vocabulary::{Code, EventName, UserStatus};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What is guessed at: passwords. Each purpose has counters of its own.
const PASSWORD: u16 = 1;
/// Names nobody has tried for so long are forgotten: longer than any lock
/// (`auth/lockout.rs`), so forgetting frees no guesses.
const FORGET_MS: i64 = 25 * 60 * 60 * 1000;
/// When to come back when one's turn did not come, in milliseconds.
const TURN_MS: i64 = 100;

/// A guess that has been set aside and may be checked.
#[must_use]
pub(crate) struct Guess {
    subject: Subject,
    /// Whose password it is, when there is one that may be guessed at.
    pub(crate) user: Option<UserRow>,
}

enum Turn {
    Granted(Option<UserRow>),
    Wait,
    Locked { retry_after_ms: i64 },
}

/// The one answer to every log-in that is not let in.
pub(crate) fn invalid_credentials() -> Error {
    Error::new(Code::InvalidCredentials, "the e-mail and password do not match an account that may log in now")
}

/// What is counted for an address, whether anybody has it or not.
fn subject(email: &EmailAddress) -> Subject {
    Subject { purpose: PASSWORD, hash: Sha256::digest(email.as_str().as_bytes()).into() }
}

/// Sets a guess aside, waiting for its turn.
///
/// # Errors
/// `INVALID_CREDENTIALS` with a delay when the name is locked, after the same
/// work as a check; `HASHING_BUSY` when its turn did not come.
pub(crate) fn begin(inner: &Inner, email: &EmailAddress, deadline: Deadline) -> Result<Guess> {
    let (subject, policy) = (subject(email), inner.config.lockout);
    loop {
        let seen = inner.auth.bell.count();
        let email = email.clone();
        match inner.write(move |tx, supplies| reserve(tx, supplies, subject, &policy, &email))? {
            Turn::Granted(user) => return Ok(Guess { subject, user }),
            Turn::Locked { retry_after_ms } => {
                decoy(inner, deadline)?;
                return Err(invalid_credentials().with_retry_after(retry_after_ms));
            }
            Turn::Wait if deadline.is_over() => {
                let text = "other log-ins of this account are being checked; try again shortly";
                return Err(Error::new(Code::HashingBusy, text).with_retry_after(TURN_MS));
            }
            Turn::Wait => inner.auth.bell.wait_past(seen, deadline),
        }
    }
}

fn reserve(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    subject: Subject,
    policy: &LockoutPolicy,
    email: &EmailAddress,
) -> Result<Turn> {
    match lockout::reserve(auth::attempts(tx, subject)?, supplies.due, policy) {
        Reservation::Wait => Ok(Turn::Wait),
        Reservation::Locked { retry_after_ms } => Ok(Turn::Locked { retry_after_ms }),
        Reservation::Granted(state) => {
            auth::forget_attempts(tx, supplies.due.plus(-FORGET_MS))?;
            auth::set_attempts(tx, subject, &state, supplies.due)?;
            let found = auth::find_by_email(tx, email.as_str())?;
            Ok(Turn::Granted(found.filter(|found| found.user.status == UserStatus::Active)))
        }
    }
}

/// Does the work of a check where there is nothing to check.
pub(crate) fn decoy(inner: &Inner, deadline: Deadline) -> Result<()> {
    let (cost, pepper) = (inner.config.hash_cost, inner.config.pepper.as_ref());
    inner.auth.gate.evaluate(deadline, || verify_decoy(cost, pepper)).map(|_| ())
}

impl Guess {
    /// Checks the password, outside any commit. When that is not possible the
    /// guess is given back.
    pub(crate) fn check(&self, inner: &Inner, password: &Secret, deadline: Deadline) -> Result<Verdict> {
        let (cost, pepper) = (inner.config.hash_cost, inner.config.pepper.as_ref());
        let checked = inner.auth.gate.evaluate(deadline, || match &self.user {
            Some(found) => verify_password(password, &found.password_hash, cost, pepper),
            None => verify_decoy(cost, pepper),
        });
        checked.inspect_err(|_| self.cancel(inner))
    }

    /// Ends a guess that was never checked, or whose answer is no longer one.
    pub(crate) fn cancel(&self, inner: &Inner) {
        let subject = self.subject;
        let given_back = inner.write(move |tx, supplies| {
            let state = lockout::cancel(auth::attempts(tx, subject)?);
            auth::set_attempts(tx, subject, &state, supplies.due)
        });
        inner.auth.bell.ring();
        if let Err(error) = given_back {
            // It counts as a failure in a minute: safe, and nobody else's answer.
            tracing::warn!(code = error.code().name(), "a log-in attempt could not be given back");
        }
    }

    /// Ends a guess that was wrong; answers what the caller is told.
    pub(crate) fn fail(self, inner: &Inner) -> Error {
        let (subject, policy) = (self.subject, inner.config.lockout);
        let user = self.user.map(|found| found.user.id);
        let recorded = inner.write(move |tx, supplies| record_failure(tx, supplies, subject, &policy, user));
        inner.auth.bell.ring();
        match recorded {
            Ok(Some(retry_after_ms)) => invalid_credentials().with_retry_after(retry_after_ms),
            Ok(None) => invalid_credentials(),
            Err(error) => error,
        }
    }

    /// Ends a guess that was right, in the commit of what it was for. Ring the
    /// bell when that has been committed.
    pub(crate) fn ending(&self) -> Ending {
        Ending(self.subject)
    }
}

/// The end of a right guess, to be carried into a commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending(Subject);

impl Ending {
    pub(crate) fn release(self, tx: &WriteTx<'_>, supplies: &Supplies) -> Result<()> {
        let state = lockout::release(auth::attempts(tx, self.0)?);
        auth::set_attempts(tx, self.0, &state, supplies.due)
    }
}

fn record_failure(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    subject: Subject,
    policy: &LockoutPolicy,
    user: Option<UserId>,
) -> Result<Option<i64>> {
    let state = lockout::record_failure(auth::attempts(tx, subject)?, supplies.due, policy);
    auth::set_attempts(tx, subject, &state, supplies.due)?;
    // Names nobody has may be passwords typed into the wrong field: hashed.
    let [a, b, c, d, e, f, g, h, ..] = subject.hash;
    let name = crate::canonical::hex(&[a, b, c, d, e, f, g, h]);
    let mut draft = EventDraft::new(EventName::LoginFailed).text("name_hash", name.clone());
    draft = draft.number("failures", i64::from(state.failures));
    if let Some(user) = user {
        draft = draft.user(user);
    }
    let book = Book::open(tx, supplies);
    book.event(&draft)?;
    book.audit_as(AuditResult::Failure, Actor::Host, draft.name().name(), name, &draft)?;
    Ok(state.locked_until.map(|until| until.since(supplies.due)).filter(|wait| *wait > 0))
}

/// At open: guesses that a crash left count as failures, once no other engine
/// can be checking them; and no lock lasts longer than a lock lasts, should the
/// wall clock have gone back meanwhile.
pub(crate) fn recover(inner: &Arc<Inner>, others_live: bool) -> Result<()> {
    if others_live {
        return Ok(());
    }
    let policy = inner.config.lockout;
    inner.write(move |tx, supplies| {
        let latest = supplies.due.plus(policy.lock_for_ms);
        for (subject, state) in auth::odd_attempts(tx, latest)? {
            let mut state = lockout::abandon(state, supplies.due, &policy);
            state.locked_until = state.locked_until.map(|until| until.min(latest));
            auth::set_attempts(tx, subject, &state, supplies.due)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::hashing::HashCost;
    use crate::auth::keyring::KeyRing;
    use crate::auth::lockout::AttemptState;
    use crate::engine::auth::login::Login;
    use crate::engine::auth::register::Registration;
    use crate::engine::config::{Config, WorkerMode};
    use crate::engine::host::face::FusePay;
    use std::time::Duration;

    #[test]
    fn a_guess_that_found_the_gate_full_is_given_back() {
        let directory = tempfile::tempdir().unwrap();
        let keys = KeyRing::hs256("k", Secret::new((0..32u8).collect::<Vec<_>>())).unwrap();
        let config = Config::new(directory.path().join("pay.db"), keys)
            .with_worker(WorkerMode::Manual)
            .with_hash_cost(HashCost::insecure_for_tests())
            .with_hash_concurrency(1)
            .with_call_deadline(Duration::from_millis(100));
        let engine = FusePay::open(config).unwrap();
        let password = "seven blue lamps by the river";
        engine.auth().register(&Registration::new("ada@example.com", "Ada", "Obi", password)).unwrap();
        let login = Login::new("ada@example.com", password);
        let permit = engine.inner().auth.gate.acquire(engine.inner().deadline()).unwrap();
        let refused = engine.auth().login(&login).unwrap_err();
        assert_eq!(refused.code(), Code::HashingBusy);
        let subject = subject(&EmailAddress::parse("ada@example.com").unwrap());
        let state = engine.inner().read(|tx| auth::attempts(tx, subject)).unwrap();
        assert_eq!(state, AttemptState::default());
        drop(permit);
        assert!(engine.auth().login(&login).is_ok());
    }
}

//! What authentication keeps in memory: the keys, the gate before the hash, and
//! the bell that rings when a guess has ended. And how a session gets its tokens.

use crate::auth::gate::HashGate;
use crate::auth::hashing;
use crate::auth::keyring::KeyRing;
use crate::auth::record::{SessionRecord, Tokens};
use crate::auth::refresh::{self, SALT_BYTES};
use crate::auth::token::{AccessRequest, issue_access};
use crate::clock::Deadline;
use crate::engine::config::Config;
use crate::engine::inner::{Inner, cores};
use crate::entropy::{Supplies, random};
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::secret::Secret;
use crate::store::auth::{SessionRow, UserRow};
use crate::store::tx::WriteTx;
use crate::vocabulary::Code;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// How many callers may wait for the hash gate. They hold a thread of the host
/// each, and no memory for hashing.
const HASH_QUEUE: usize = 256;
/// How often those who wait for their turn look for guesses that ended in
/// another process, which does not ring this one's bell.
const LOOK_AROUND: Duration = Duration::from_millis(50);

/// What authentication keeps in memory.
pub(crate) struct AuthDesk {
    keys: RwLock<KeyRing>,
    pub(crate) gate: HashGate,
    pub(crate) bell: Bell,
}

impl AuthDesk {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        config.lockout.check()?;
        let refused = || Error::field(Code::InvalidConfig, "hash_concurrency", "must be at least 1");
        let permits = match config.hash_concurrency {
            Some(hashes) => NonZeroUsize::new(hashes).ok_or_else(refused)?,
            None => cores(),
        };
        Ok(AuthDesk {
            keys: RwLock::new(config.keys.clone()),
            gate: HashGate::new(permits, HASH_QUEUE),
            bell: Bell::default(),
        })
    }

    pub(crate) fn keys(&self) -> RwLockReadGuard<'_, KeyRing> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys_to_change(&self) -> RwLockWriteGuard<'_, KeyRing> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings whenever a guess has ended, for those who wait for their turn.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    /// How often it has rung. Ask before looking at what it rings about.
    pub(crate) fn count(&self) -> u64 {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until it has rung more often than `seen`, for a moment at most.
    pub(crate) fn wait_past(&self, seen: u64, deadline: Deadline) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = deadline.remaining().unwrap_or(LOOK_AROUND).min(LOOK_AROUND);
        let waited = self.changed.wait_timeout_while(rung, moment, |rung| *rung == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Hashes a new password, through the gate.
pub(crate) fn hash_password(inner: &Inner, password: &Secret, deadline: Deadline) -> Result<String> {
    let salt = random(inner.entropy())?;
    let (cost, pepper) = (inner.config.hash_cost, inner.config.pepper.as_ref());
    inner.auth.gate.evaluate(deadline, || hashing::hash_password(password, salt, cost, pepper))
}

/// Begins a session of a user, in a commit that is under way, and forgets those
/// that are dead.
pub(crate) fn begin_session(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    lifetimes: Lifetimes,
    user: &UserRow,
    device: &str,
) -> Result<SessionRow> {
    let now = supplies.wall;
    let (oldest, idlest) = (now.plus(-lifetimes.absolute_ms), now.plus(-lifetimes.idle_ms));
    crate::store::auth::forget_dead_sessions(tx, user.user.id, user.generation, oldest, idlest)?;
    let salt: [u8; SALT_BYTES] = random(supplies)?;
    let record = SessionRecord {
        id: SessionId::mint(supplies, now)?,
        user_id: user.user.id,
        device: device.to_owned(),
        created_at: now,
        refreshed_at: now,
    };
    let session = SessionRow { record, generation: user.generation, salt, counter: 1 };
    crate::store::auth::insert_session(tx, &session)?;
    Ok(session)
}

/// How long a session lasts, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    idle_ms: i64,
    absolute_ms: i64,
}

impl Lifetimes {
    pub(crate) fn of(inner: &Inner) -> Self {
        let tokens = &inner.config.tokens;
        Lifetimes {
            idle_ms: tokens.refresh_idle_s.saturating_mul(1000),
            absolute_ms: tokens.refresh_absolute_s.saturating_mul(1000),
        }
    }
}

/// Makes the tokens of a session: a new access token, and the refresh token of
/// this number.
pub(crate) fn issue(inner: &Inner, user: UserId, session: &SessionRow, counter: u64) -> Result<Tokens> {
    let policy = &inner.config.tokens;
    let request = AccessRequest {
        user,
        session: session.record.id,
        generation: session.generation,
        jti: random(inner.entropy())?,
        now: inner.clock().wall(),
    };
    let keys = inner.auth.keys();
    let access = issue_access(&keys, policy, &request)?;
    let refresh = refresh::issue(&keys, session.record.id, &session.salt, counter)?;
    let issued_s = request.now.0.div_euclid(1000);
    Ok(Tokens {
        user_id: user,
        session_id: session.record.id,
        access,
        access_expires_at: crate::clock::UnixMillis(
            issued_s.saturating_add(policy.access_lifetime_s).saturating_mul(1000),
        ),
        refresh: refresh.expose_text().unwrap_or_default().to_owned(),
    })
}

/// Checks what a host calls a device: up to 100 bytes, no control characters.
pub(crate) fn check_device(device: &str) -> Result<()> {
    if device.is_empty() { Ok(()) } else { crate::engine::inner::check_text("device", device, 100) }
}

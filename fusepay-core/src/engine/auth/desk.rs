//! What authentication keeps in memory: the keys, the gate before the hash, and
//! the bell that rings when a guess has ended.

use crate::auth::gate::HashGate;
use crate::auth::keyring::KeyRing;
use crate::clock::Deadline;
use crate::engine::config::Config;
use crate::error::{Error, Result};
use crate::sync::{Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::vocabulary::Code;
use std::num::NonZeroUsize;
use std::sync::PoisonError;
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

/// How many threads this machine runs at once; 1 when it does not say.
fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

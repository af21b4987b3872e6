//! What operations and the worker share: the store, the seams, the providers,
//! and the way one call becomes one commit.

use crate::audit::Actor;
use crate::bill::vault::TokenVault;
use crate::clock::{Clock, Deadline, Timeline, UnixMillis};
use crate::engine::call::{Prepared, Reply};
use crate::engine::config::Config;
use crate::engine::desk::ProviderDesk;
use crate::engine::once::{self, Once};
use crate::entropy::{Entropy, Supplies};
use crate::error::{Error, Result};
use crate::id::{TransactionId, UserId};
use crate::idempotency::IdempotencyKey;
use crate::store::Store;
use crate::store::guard::{FileGuard, IncarnationLock};
use crate::store::tx::{ReadTx, WriteTx};
use crate::sync::{AtomicBool, AtomicI64, AtomicU64, Condvar, Mutex, MutexGuard, Ordering, RwLock, Sender};
use crate::vocabulary::{Code, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

/// Who calls, and what that lets them see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The host itself: everything.
    Host,
    /// A user's session: their own, and nothing else exists.
    Owner(UserId),
    /// An operator's session, for the operations its role allows: everything.
    Operator(UserId),
}

impl Access {
    /// Who the audit names.
    pub(crate) fn actor(self) -> Actor {
        match self {
            Access::Host => Actor::Host,
            Access::Owner(user) | Access::Operator(user) => Actor::User(user),
        }
    }

    /// Refuses what is another user's, in the same words as what does not exist.
    pub(crate) fn demand_owner(self, owner: UserId, what: &str) -> Result<()> {
        match self {
            Access::Owner(user) if user != owner => Err(Error::new(Code::NotFound, format!("there is no such {what}"))),
            Access::Host | Access::Owner(_) | Access::Operator(_) => Ok(()),
        }
    }
}

/// The inside of one open engine.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) timeline: Timeline,
    pub(crate) incarnation: i64,
    /// Held by everything that may still call a provider, also past close; given
    /// up here by close, so that a closed engine somebody keeps is not taken for
    /// one that may still send.
    pub(crate) life: Mutex<Option<Arc<IncarnationLock>>>,
    /// Gone once the engine is closed, so that the file can be opened again
    /// while a call of this engine still hangs.
    pub(crate) guard: RwLock<Option<Arc<FileGuard>>>,
    pub(crate) pid: u32,
    pub(crate) desks: RwLock<BTreeMap<String, Arc<ProviderDesk>>>,
    /// Desks whose adapter was replaced, while somebody still calls at them.
    pub(crate) replaced: Mutex<Vec<Weak<ProviderDesk>>>,
    pub(crate) vault: TokenVault,
    pub(crate) auth: crate::engine::auth::desk::AuthDesk,
    pub(crate) subscribers: crate::engine::subscribers::Subscribers,
    pub(crate) wake: Sender<()>,
    pub(crate) is_closing: AtomicBool,
    pub(crate) is_closed: AtomicBool,
    pub(crate) last_sweep: AtomicI64,
    /// How far the outbox has been written to the log by this engine.
    pub(crate) logged_events: AtomicU64,
    pub(crate) progress: Progress,
    pub(crate) leftovers: Mutex<Vec<(Prepared, Option<Reply>)>>,
}

/// How often those who wait look again, told or not.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Tells those who wait for a payment that some run was recorded.
#[derive(Default)]
pub(crate) struct Progress {
    runs: Mutex<u64>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn announce(&self) {
        *self.runs.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until `is_done`, asked after every recorded run and now and then
    /// (a place at a desk is also given back without a run), or the deadline.
    pub(crate) fn wait_until(&self, deadline: Deadline, mut is_done: impl FnMut() -> bool) {
        let mut seen = *self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_done() && !deadline.is_over() {
            let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
            let left = deadline.remaining().unwrap_or(Duration::MAX).min(LOOK_AGAIN);
            let waited = self.changed.wait_timeout_while(runs, left, |runs| *runs == seen);
            seen = *waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Inner {
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.config.clock.as_ref()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.config.entropy.as_ref()
    }

    /// The moment on the engine's own timeline.
    pub(crate) fn due_now(&self) -> UnixMillis {
        self.timeline.now(self.clock())
    }

    /// Refuses a closed engine, a forked child, and calls from inside a commit.
    pub(crate) fn check_open(&self) -> Result<()> {
        self.check_process()?;
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::new(Code::Closed, "the engine has been closed"));
        }
        crate::store::writer::refuse_reentry()
    }

    /// Refuses in a forked child, which must not touch anything of its parent's.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.pid == std::process::id() {
            return Ok(());
        }
        Err(Error::new(Code::Forked, format!("the engine was opened in process {}; this is another", self.pid)))
    }

    /// The guard of the files, while the engine is open.
    pub(crate) fn guard(&self) -> Result<Arc<FileGuard>> {
        let guard = self.guard.read().unwrap_or_else(PoisonError::into_inner);
        guard.clone().ok_or_else(|| Error::new(Code::Closed, "the engine has been closed"))
    }

    /// Closes the connections, then lets go of the files.
    pub(crate) fn shut_store(&self) {
        let guard = self.guard.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(guard) = &guard {
            guard.lower_shield();
        }
        self.store.close();
        drop(guard);
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(life);
    }

    /// The life of this engine, for a call about to begin; `None` once it is over.
    pub(crate) fn life(&self) -> Option<Arc<IncarnationLock>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.config.call_deadline)
    }

    /// Time and randomness for one operation.
    pub(crate) fn supplies(&self) -> Result<Supplies> {
        Supplies::new(self.clock().wall(), self.due_now(), self.entropy())
    }

    /// Reads one consistent snapshot.
    pub(crate) fn read<R>(&self, work: impl FnOnce(&ReadTx<'_>) -> Result<R>) -> Result<R> {
        self.check_open()?;
        self.store.read(work)
    }

    /// Runs `work` in one commit, then lets the worker look for what it queued.
    pub(crate) fn write<R: Send + 'static>(
        &self,
        work: impl FnMut(&WriteTx<'_>, &Supplies) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.write_with(self.supplies()?, work)
    }

    /// As `write`, with supplies the caller has used already.
    pub(crate) fn write_with<R: Send + 'static>(
        &self,
        supplies: Supplies,
        mut work: impl FnMut(&WriteTx<'_>, &Supplies) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.check_open()?;
        let written = self.store.write(self.deadline(), move |tx| work(tx, &supplies.clone()));
        if let Err(error) = &written {
            if matches!(error.kind(), ErrorKind::Fault | ErrorKind::InDoubt) {
                tracing::error!(code = error.code().name(), detail = error.detail(), "a commit failed");
            } else {
                tracing::debug!(code = error.code().name(), detail = error.detail(), "a call was refused");
            }
        } else {
            self.wake_worker();
        }
        written
    }

    /// The key the caller gave, or a fresh one.
    pub(crate) fn key(&self, given: Option<&str>) -> Result<IdempotencyKey> {
        match given {
            Some(key) => IdempotencyKey::new(key),
            // In the order of time, so that rows made together lie together.
            None => TransactionId::mint(self.entropy(), self.clock().wall())
                .map(|id| IdempotencyKey::minted(*id.as_bytes())),
        }
    }

    /// Runs `work` once per key, in one commit with its record. `load` reads
    /// what decides the principal before the key is looked up.
    pub(crate) fn write_once<A, L>(
        &self,
        once: Once,
        mut load: impl FnMut(&WriteTx<'_>) -> Result<(UserId, L)> + Send + 'static,
        mut work: impl FnMut(&WriteTx<'_>, &Supplies, L) -> Result<A> + Send + 'static,
    ) -> Result<A>
    where
        A: Serialize + DeserializeOwned + Send + 'static,
    {
        let key = once.key.clone();
        let answer = self.write(move |tx, supplies| {
            let (principal, loaded) = load(tx)?;
            once::run(tx, &once, principal, supplies.wall, |tx| work(tx, supplies, loaded))
        });
        match answer {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::InDoubt => Err(error.with_idempotency_key(key.as_str())),
            Err(error) => Err(error),
        }
    }

    /// Answers of providers that the storage could not take yet.
    pub(crate) fn leftovers(&self) -> MutexGuard<'_, Vec<(Prepared, Option<Reply>)>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the worker that something may be due. Never blocks.
    pub(crate) fn wake_worker(&self) {
        let _ = self.wake.try_send(());
    }

    /// The desk of a provider.
    pub(crate) fn desk(&self, provider: &str) -> Option<Arc<ProviderDesk>> {
        self.desks.read().unwrap_or_else(PoisonError::into_inner).get(provider).cloned()
    }

    /// Puts a desk in the place of the one with its code. Calls at that one go on,
    /// and a close waits for them as for the others.
    pub(crate) fn put_desk(&self, desk: Arc<ProviderDesk>) {
        let mut desks = self.desks.write().unwrap_or_else(PoisonError::into_inner);
        let former = desks.insert(desk.code.clone(), desk);
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.retain(|desk| desk.strong_count() > 0);
        replaced.extend(former.as_ref().map(Arc::downgrade));
        drop((replaced, desks));
        // Its adapter may be the host's, and call the engine when it is let go:
        // nothing is locked any more.
        drop(former);
    }
}

/// Checks a text a host gives: bounded, not empty, no control characters.
pub(crate) fn check_text(field: &'static str, text: &str, length_max: usize) -> Result<()> {
    if text.len() > length_max {
        return Err(Error::field(Code::TooLong, field, format!("has at most {length_max} bytes")));
    }
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Error::field(Code::InvalidArgument, field, "must be text without control characters"));
    }
    Ok(())
}

/// As [`check_text`], for a text that may be absent.
pub(crate) fn check_optional(field: &'static str, text: Option<&str>, length_max: usize) -> Result<()> {
    text.map_or(Ok(()), |text| check_text(field, text, length_max))
}

/// The size of a page: 1 to 500.
pub(crate) fn check_page(limit: u32) -> Result<u32> {
    if (1..=500).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::field(Code::InvalidArgument, "limit", "must be 1 to 500"))
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

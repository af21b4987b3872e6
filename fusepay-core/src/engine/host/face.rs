//! `FusePay` itself: opening, closing, the queue's step, and the views.

use crate::bill::provider::Provider;
use crate::clock::{Deadline, UnixMillis};
use crate::engine::config::Config;
use crate::engine::desk::ProviderDesk;
use crate::engine::host::audit::Audit;
use crate::engine::host::auth::Auth;
use crate::engine::host::bill::Bills;
use crate::engine::host::event::Events;
use crate::engine::host::history::History;
use crate::engine::host::queue::Queue;
use crate::engine::host::reversal::Reversals;
use crate::engine::host::wallet::Wallets;
use crate::engine::inner::{Access, Inner};
use crate::engine::session::Session;
use crate::engine::stats::Stats;
use crate::engine::verify::VerifyReport;
use crate::engine::worker;
use crate::engine::worker::RunReport;
use crate::error::Result;
use crate::sync::Mutex;
use crate::sync::thread::JoinHandle;
use crate::vocabulary::Code;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long dropping an engine waits for provider calls to end.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// An engine over one database. Share it behind an [`Arc`] or a reference; every
/// method takes `&self`. Dropping it closes it.
pub struct FusePay {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl FusePay {
    /// The inside, for unit tests that hand an `Access` of their own.
    #[cfg(test)]
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Opens an engine on a file, which is created when missing and migrated
    /// when older.
    ///
    /// ```
    /// use fusepay_core::{Config, FusePay, KeyRing, Secret};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let signing_key = Secret::from("K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ");
    /// let keys = KeyRing::hs256("2026-03", signing_key)?; // 32 bytes or more, from your secret store
    /// let engine = FusePay::open(Config::new(directory.path().join("pay.db"), keys))?;
    /// assert!(engine.verify()?.is_sound);
    /// engine.close(std::time::Duration::from_secs(5))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::InvalidConfig`], [`Code::UnsafeFile`],
    /// [`Code::UnsupportedFileSystem`], [`Code::AlreadyOpen`],
    /// [`Code::SchemaTooNew`], [`Code::Corrupt`], [`Code::Busy`] when another
    /// process is opening it, and the storage faults.
    pub fn open(config: Config) -> Result<FusePay> {
        let (inner, thread) = crate::engine::open::open(config)?;
        Ok(FusePay { inner, thread: Mutex::new(thread) })
    }

    /// Closes the engine: waits until `deadline` for provider calls to end,
    /// makes the ones that did not unknown, and lets go of the file. Later calls
    /// answer [`Code::Closed`]; a second close does nothing.
    ///
    /// # Errors
    /// [`Code::Forked`]; storage faults of the last commit, after which the file
    /// is closed all the same and the next open recovers.
    pub fn close(&self, deadline: Duration) -> Result<()> {
        crate::engine::close::close(&self.inner, &self.thread, Deadline::after(deadline))
    }

    /// Runs everything that is due now, once: in the manual worker mode on this
    /// thread, provider calls included. In the background mode it only helps the
    /// worker along.
    ///
    /// # Errors
    /// The common ones.
    pub fn run_due(&self) -> Result<RunReport> {
        let report = worker::run_due(&self.inner)?;
        crate::engine::event::deliver(&self.inner);
        Ok(report)
    }

    /// The moment on the engine's own timeline, on which jobs, holds and quotes
    /// fall due: the wall clock at open, moved on by the monotonic clock.
    #[must_use]
    pub fn due_now(&self) -> UnixMillis {
        self.inner.due_now()
    }

    /// Registers a further provider, or replaces the adapter of a known one.
    /// Calls under way stay with the adapter they began with.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidConfig`].
    pub fn register_provider(&self, code: &str, provider: Arc<dyn Provider>) -> Result<()> {
        self.inner.check_open()?;
        crate::bill::biller::check_code("provider", code)?;
        let desk = ProviderDesk::new(code.to_owned(), provider, self.inner.config.breaker, self.inner.config.rate)?;
        self.inner.put_desk(Arc::new(desk));
        self.inner.wake_worker();
        Ok(())
    }

    /// Checks the whole file on one snapshot: the invariants I1 to I9 (money,
    /// balances, sequences, payments, holds, jobs, events, audit chain), SQLite's
    /// own integrity, and the schema. Reads every row, so it takes time in
    /// proportion to the file; other calls go on meanwhile.
    ///
    /// # Errors
    /// The common ones. What is wrong with the file is in the report.
    pub fn verify(&self) -> Result<VerifyReport> {
        crate::engine::verify::verify(&self.inner)
    }

    /// The SHA-256 of what the ledger says, as 64 hexadecimal digits: accounts
    /// with balances and holds, then every posting. The same scenario gives the
    /// same digest, whatever ids and times it ran with; two engines in one state
    /// compare equal by it. Reads every posting.
    ///
    /// # Errors
    /// [`Code::Corrupt`]; the common ones.
    pub fn ledger_digest(&self) -> Result<String> {
        crate::engine::digest::digest(&self.inner)
    }

    /// Where payments, jobs, money, providers and files stand. Counts payments
    /// row by row: meant for a dashboard's minute, not for every request.
    ///
    /// # Errors
    /// The common ones.
    pub fn stats(&self) -> Result<Stats> {
        crate::engine::stats::stats(&self.inner)
    }

    /// Copies the live database, as of now, to a new file, while other calls go
    /// on. The copy is readable by this user alone (0600), synced, and appears
    /// under its name whole or not at all; it is marked as a copy, so that an
    /// engine opened on it queries payments in flight before it sends anything.
    /// The directory must be local and, under strict permissions, ours alone.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a path that names no file,
    /// [`Code::UnsafeFile`], [`Code::UnsupportedFileSystem`],
    /// [`Code::NotAllowed`] when there is a file already,
    /// [`Code::StorageFull`]; the common ones.
    pub fn backup(&self, destination: &Path) -> Result<()> {
        crate::engine::backup::backup(&self.inner, Access::Host, destination)
    }

    /// Tells the engine that its file was restored byte for byte in its old
    /// place, which it cannot notice by itself: payments that wait to be sent
    /// are queried first, because the life before may have sent them. Answers how
    /// many. Call it right after opening a restored file, before the queue runs
    /// (in the manual worker mode, or with the provider registered only after);
    /// a backup made by [`FusePay::backup`] and a file that was moved or copied
    /// need no such call.
    ///
    /// # Errors
    /// The common ones.
    pub fn declare_restored(&self) -> Result<u32> {
        crate::engine::backup::declare_restored(&self.inner, Access::Host)
    }

    /// The audit trail, for auditors.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit { inner: &self.inner }
    }

    /// Users and sessions, as the host sees them: everybody's.
    #[must_use]
    pub fn auth(&self) -> Auth<'_> {
        Auth { inner: &self.inner, access: Access::Host }
    }

    /// What the user an access token stands for may do, and nothing else.
    ///
    /// # Errors
    /// [`Code::InvalidToken`].
    pub fn session(&self, access_token: &str) -> Result<Session> {
        Session::open(&self.inner, access_token)
    }

    /// Wallets, as the host sees them: all of them.
    #[must_use]
    pub fn wallet(&self) -> Wallets<'_> {
        Wallets { inner: &self.inner, access: Access::Host }
    }

    /// Bills, as the host sees them: everybody's.
    #[must_use]
    pub fn bill(&self) -> Bills<'_> {
        Bills { inner: &self.inner, access: Access::Host }
    }

    /// Reversals, refunds, reviews, claims and suspense.
    #[must_use]
    pub fn reversal(&self) -> Reversals<'_> {
        Reversals { inner: &self.inner, access: Access::Host }
    }

    /// Histories: transactions, pages, statements; everybody's.
    #[must_use]
    pub fn history(&self) -> History<'_> {
        History { inner: &self.inner, access: Access::Host }
    }

    /// What happened, in order, and who in this process is told of it.
    #[must_use]
    pub fn events(&self) -> Events<'_> {
        Events { inner: &self.inner }
    }

    /// The queue: dead letters and counts.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue { inner: &self.inner, access: Access::Host }
    }
}

impl Drop for FusePay {
    fn drop(&mut self) {
        match self.close(DROP_DEADLINE) {
            // In a forked child nothing may be touched, not even by closing a
            // connection or detaching a thread: the parent's engine is leaked.
            Err(error) if error.code() == Code::Forked => {
                std::mem::forget(Arc::clone(&self.inner));
                std::mem::forget(self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take());
            }
            Err(error) => {
                tracing::error!(code = error.code().name(), detail = error.detail(), "closing on drop failed")
            }
            Ok(()) => {}
        }
    }
}

impl std::fmt::Debug for FusePay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FusePay").field("path", &self.inner.store.path()).finish_non_exhaustive()
    }
}

//! `fusepay.FusePay`: opening, closing, the queue's step, and the views. And
//! what surrounds it: who closes engines at exit, and what a forked child may do.

use std::ffi::c_long;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use fusepay_core::{Code, Error};
use pyo3::prelude::*;

use crate::audit::Audit;
use crate::auth::Auth;
use crate::bill::Bills;
use crate::config::Config;
use crate::convert::{ToPy, read, read_optional};
use crate::error::{detached, exception, guarded};
use crate::event::Events;
use crate::history::History;
use crate::provider::{EventLoop, PyProvider, visit};
use crate::queue::Queue;
use crate::record::answer;
use crate::record::engine::{RunReport, Stats, VerifyReport};
use crate::reversal::Reversals;
use crate::session::PySession;
use crate::wallet::Wallets;

/// The engines of this process that are open, for the exit. Locked only while
/// attached to the interpreter and never across a call, so that no `fork` finds
/// it locked.
static OPEN: Mutex<Vec<Weak<Shell>>> = Mutex::new(Vec::new());

/// One engine with what Python needs around it. Views, sessions and
/// subscriptions share it.
pub(crate) struct Shell {
    engine: ManuallyDrop<fusepay_core::FusePay>,
    event_loop: Arc<EventLoop>,
    close_deadline: Duration,
    pid: u32,
}

impl Shell {
    /// The core's engine.
    pub(crate) fn engine(&self) -> &fusepay_core::FusePay {
        &self.engine
    }

    /// One call into the core, without the interpreter.
    pub(crate) fn call<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&fusepay_core::FusePay) -> fusepay_core::Result<R> + Send,
    ) -> PyResult<R> {
        detached(py, || work(&self.engine))
    }

    /// Where coroutines of its subscribers run.
    pub(crate) fn event_loop(&self) -> &Arc<EventLoop> {
        &self.event_loop
    }

    /// Whether this process opened it. A forked child touches nothing of it.
    pub(crate) fn is_ours(&self) -> bool {
        self.pid == std::process::id()
    }

    fn close(&self, deadline: Duration) -> fusepay_core::Result<()> {
        let closed = guarded(|| self.engine.close(deadline));
        if self.is_ours() {
            self.event_loop.stop();
        }
        closed
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Not even dropped in a child: its parent lives, and so do the locks.
        if !self.is_ours() {
            std::mem::forget(Arc::clone(&self.event_loop));
            return;
        }
        // Closing waits for providers, which may be waiting for the interpreter.
        let close = |shell: &Shell| drop(shell.close(shell.close_deadline));
        let shell = &*self;
        if Python::try_attach(|py| py.detach(|| close(shell))).is_none() {
            close(shell);
        }
        // SAFETY: dropped here, once, and used nowhere after.
        unsafe { ManuallyDrop::drop(&mut self.engine) };
    }
}

/// An engine over one database: wallets, bill payments and reversals.
///
/// `FusePay.open(config)` opens it; use it as a context manager, or call `close()`.
/// Every method may be called from any thread and lets other threads run while it
/// waits. A process opens a file once; several processes may open the same file.
///
/// In a forked child every call raises `ForkedError`, and so does opening a file
/// that the parent had open at the fork: open engines after forking (in the worker,
/// not before `gunicorn --preload`), or start children by `spawn`.
#[pyclass(frozen, weakref, name = "FusePay", module = "fusepay")]
pub(crate) struct PyFusePay {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl PyFusePay {
    /// Opens an engine on a file, which is created when missing and migrated when
    /// older.
    ///
    /// Raises `InvalidConfigError`, `UnsafeFileError`, `UnsupportedFileSystemError`,
    /// `AlreadyOpenError`, `SchemaTooNewError`, `CorruptError`, `BusyError` when
    /// another process is opening it, and the storage faults.
    #[staticmethod]
    fn open(py: Python<'_>, config: &Bound<'_, PyAny>) -> PyResult<Self> {
        let config = config.cast::<Config>();
        let config =
            config.map_err(|_| exception(py, &Error::field(Code::InvalidConfig, "config", "must be Config")))?;
        let config = config.get();
        let event_loop = Arc::new(EventLoop::new());
        let mut core = config.core();
        for (code, object) in config.providers() {
            core = core.with_provider(code, Arc::new(PyProvider::new(code, object.bind(py), &event_loop)?));
        }
        let engine = ManuallyDrop::new(detached(py, || fusepay_core::FusePay::open(core))?);
        let close_deadline = config.close_deadline();
        let shell = Arc::new(Shell { engine, event_loop, close_deadline, pid: std::process::id() });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| other.strong_count() > 0);
        open.push(Arc::downgrade(&shell));
        Ok(PyFusePay { shell })
    }

    /// Closes the engine: waits until `timeout` (a `timedelta` or `int`
    /// milliseconds; the configuration's `close_deadline` by default) for provider
    /// calls to end, makes the ones that did not unknown, and lets go of the file.
    /// Later calls raise `ClosedError`; a second close does nothing.
    #[pyo3(signature = (timeout=None))]
    fn close(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let deadline = read_optional(timeout, "timeout")?.unwrap_or(self.shell.close_deadline);
        detached(py, || self.shell.close(deadline))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*exc_info))]
    fn __exit__(&self, py: Python<'_>, exc_info: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = exc_info;
        // Left in a forked child: it is the parent's to close.
        if self.shell.is_ours() { self.close(py, None) } else { Ok(()) }
    }

    /// Runs everything that is due now, once: in the manual worker mode on this
    /// thread, provider calls included. In the background mode it only helps the
    /// worker along.
    fn run_due<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let report = self.shell.call(py, fusepay_core::FusePay::run_due)?;
        answer::<_, RunReport>(py, report)
    }

    /// The moment on the engine's own timeline, on which jobs, holds and quotes
    /// fall due: the wall clock at open, moved on by the monotonic clock.
    fn due_now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shell.call(py, |engine| Ok(engine.due_now()))?.to_py(py)
    }

    /// Registers a further provider, or replaces the adapter of a known one. Calls
    /// under way stay with the adapter they began with.
    ///
    /// Raises `InvalidArgumentError`, `InvalidConfigError`.
    fn register_provider(&self, py: Python<'_>, code: &Bound<'_, PyAny>, provider: &Bound<'_, PyAny>) -> PyResult<()> {
        let code: String = read(code, "code")?;
        let adapter = Arc::new(PyProvider::new(&code, provider, &self.shell.event_loop)?);
        self.shell.call(py, |engine| engine.register_provider(&code, adapter))
    }

    /// Checks the whole file on one snapshot: money, balances, payments, holds,
    /// jobs, events, audit chain, SQLite's own integrity, and the schema. Reads
    /// every row; other calls go on meanwhile. What is wrong is in the report.
    fn verify<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let report = self.shell.call(py, fusepay_core::FusePay::verify)?;
        answer::<_, VerifyReport>(py, report)
    }

    /// The SHA-256 of what the ledger says, as 64 hexadecimal digits. The same
    /// scenario gives the same digest, whatever ids and times it ran with.
    fn ledger_digest(&self, py: Python<'_>) -> PyResult<String> {
        self.shell.call(py, fusepay_core::FusePay::ledger_digest)
    }

    /// Where payments, jobs, money, providers and files stand. Counts payments row
    /// by row: meant for a dashboard's minute, not for every request.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = self.shell.call(py, fusepay_core::FusePay::stats)?;
        answer::<_, Stats>(py, stats)
    }

    /// Copies the live database, as of now, to a new file (0600), while other calls
    /// go on. The copy appears whole or not at all, and is marked as a copy.
    ///
    /// Raises `InvalidArgumentError` for a path that names no file,
    /// `UnsafeFileError`, `UnsupportedFileSystemError`, `NotAllowedError` when there
    /// is a file already, `StorageFullError`.
    fn backup(&self, py: Python<'_>, destination: &Bound<'_, PyAny>) -> PyResult<()> {
        let destination: PathBuf = read(destination, "destination")?;
        self.shell.call(py, |engine| engine.backup(&destination))
    }

    /// Tells the engine that its file was restored byte for byte in its old place:
    /// payments that wait to be sent are queried first. Answers how many. Call it
    /// right after opening, before the queue runs.
    fn declare_restored(&self, py: Python<'_>) -> PyResult<u32> {
        self.shell.call(py, fusepay_core::FusePay::declare_restored)
    }

    /// Users and sessions, as the host sees them: everybody's.
    #[getter]
    fn auth(&self) -> Auth {
        Auth { shell: Arc::clone(&self.shell) }
    }

    /// Wallets, as the host sees them: all of them.
    #[getter]
    fn wallet(&self) -> Wallets {
        Wallets { shell: Arc::clone(&self.shell) }
    }

    /// Bills, as the host sees them: everybody's.
    #[getter]
    fn bill(&self) -> Bills {
        Bills { shell: Arc::clone(&self.shell) }
    }

    /// Whatever gives money back: reversals, refunds, reviews, claims, suspense.
    #[getter]
    fn reversal(&self) -> Reversals {
        Reversals { shell: Arc::clone(&self.shell) }
    }

    /// Histories: transactions, pages, statements; everybody's.
    #[getter]
    fn history(&self) -> History {
        History { shell: Arc::clone(&self.shell) }
    }

    /// What happened, in order, and who in this process is told of it.
    #[getter]
    fn events(&self) -> Events {
        Events { shell: Arc::clone(&self.shell) }
    }

    /// The queue: dead letters and counts.
    #[getter]
    fn queue(&self) -> Queue {
        Queue { shell: Arc::clone(&self.shell) }
    }

    /// The audit trail, for auditors.
    #[getter]
    fn audit(&self) -> Audit {
        Audit { shell: Arc::clone(&self.shell) }
    }

    /// What the user an access token stands for may do, and nothing else.
    ///
    /// Raises `InvalidTokenError`.
    fn session(&self, py: Python<'_>, access_token: &Bound<'_, PyAny>) -> PyResult<PySession> {
        let token: String = read(access_token, "access_token")?;
        let session = self.shell.call(py, |engine| engine.session(&token))?;
        Ok(PySession::new(session, &self.shell))
    }

    fn __repr__(&self) -> String {
        format!("<{:?}>", self.shell.engine())
    }
}

/// Closes every engine of this process that is still open, each with its own
/// deadline. `fusepay` registers it with `atexit`.
#[pyfunction]
pub(crate) fn close_all(py: Python<'_>) {
    let listed = OPEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for shell in listed.iter().filter_map(Weak::upgrade).filter(|shell| shell.is_ours()) {
        // Nobody is left to tell: the next start finds whatever this left undone.
        let _ = py.detach(|| shell.close(shell.close_deadline));
    }
    visit::end_all(py);
}

/// Raises `SystemExit` in another thread: what runs on the event loop when its engine
/// closes, and does not wait for anything, leaves no other way to end it.
#[pyfunction]
pub(crate) fn interrupt_thread(py: Python<'_>, thread: c_long) {
    visit::interrupt(py, thread);
}

//! What surrounds an engine in Python, and is shared by its views, sessions and
//! subscriptions: who closes it at exit, and what a forked child may do.

use std::ffi::c_long;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::{detached, guarded};
use crate::provider::{EventLoop, visit};

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
    /// Puts it around an engine that was just opened, and lists it for the exit.
    pub(crate) fn around(
        engine: fusepay_core::FusePay,
        event_loop: Arc<EventLoop>,
        close_deadline: Duration,
    ) -> Arc<Self> {
        let engine = ManuallyDrop::new(engine);
        let shell = Arc::new(Shell { engine, event_loop, close_deadline, pid: std::process::id() });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| other.strong_count() > 0);
        open.push(Arc::downgrade(&shell));
        shell
    }

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

    /// How long a close waits that names no other deadline.
    pub(crate) fn close_deadline(&self) -> Duration {
        self.close_deadline
    }

    /// Closes the engine, and the event loop with it.
    pub(crate) fn close(&self, deadline: Duration) -> fusepay_core::Result<()> {
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

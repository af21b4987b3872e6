//! Which threads are inside the code of an adapter or a subscriber, so that they
//! can be asked to leave before Python ends.
//!
//! CPython before 3.14 ends a thread that wants the interpreter while it ends, by a
//! forced unwinding, which Rust code must not meet. `event_loop::call` stops one that
//! comes out of a blocking call; but an adapter that runs all the time, in and out of
//! the engine, would be caught anywhere. It is told to stop by a `SystemExit` instead.

use std::ffi::c_long;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;

/// The threads inside, by process and Python's number for them. Locked only while
/// attached to the interpreter and never across a call, so that no `fork` finds it
/// locked.
static INSIDE: Mutex<Vec<(u32, c_long)>> = Mutex::new(Vec::new());

/// How often those inside are looked at, and how many times: what only computes
/// leaves within milliseconds, and what sleeps does not hear it.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOKS: u32 = 60;

/// A stay inside; ends when dropped, still attached.
pub(crate) struct Visit(c_long);

impl Visit {
    /// Notes that this thread goes inside.
    pub(crate) fn begin(_: Python<'_>) -> Self {
        let thread = this_thread();
        INSIDE.lock().unwrap_or_else(PoisonError::into_inner).push((std::process::id(), thread));
        Visit(thread)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut inside = INSIDE.lock().unwrap_or_else(PoisonError::into_inner);
        let found = inside.iter().rposition(|visit| *visit == (std::process::id(), self.0));
        if let Some(index) = found {
            inside.swap_remove(index);
        }
    }
}

/// Asks every other thread that is inside to leave, and waits a little for it.
pub(crate) fn end_all(py: Python<'_>) {
    for look in 0..LOOKS {
        let here = (std::process::id(), this_thread());
        let listed = INSIDE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others: Vec<c_long> =
            listed.into_iter().filter(|visit| visit.0 == here.0 && visit.1 != here.1).map(|visit| visit.1).collect();
        if others.is_empty() {
            return;
        }
        // Said again now and then, to those that took it for an error like others.
        if look.is_multiple_of(10) {
            others.iter().for_each(|thread| interrupt(py, *thread));
        }
        py.detach(|| std::thread::sleep(LOOK_EVERY));
    }
}

/// Raises `SystemExit` in another thread as soon as it runs Python code.
pub(crate) fn interrupt(py: Python<'_>, thread: c_long) {
    let class = py.get_type::<PySystemExit>();
    // SAFETY: attached (`py`); the class is a live object; the number of a thread that
    // is gone is found nowhere and changes nothing.
    unsafe { ffi::PyThreadState_SetAsyncExc(thread, class.as_ptr()) };
}

/// Python's number for this thread.
fn this_thread() -> c_long {
    // SAFETY: may be called from any thread at any time.
    let thread = unsafe { ffi::PyThread_get_thread_ident() };
    thread.cast_signed()
}

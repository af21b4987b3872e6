//! Waits with an end and the channel that wakes the worker, for shuttle, which has
//! no time. A short wait may end at any point of a schedule, as if its time had
//! passed, or, in a scene where no time passes, only when it is told to: there, who
//! relies on a time-out instead of being told is a deadlock. A long wait never ends
//! by itself; what would wait that long has been forgotten.

use crate::sync::{Mutex, MutexGuard};
use shuttle::thread::yield_now;
use std::cell::Cell;
// Not shuttle's: nothing of the engine is decided by it.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LockResult, PoisonError};
use std::time::Duration;

/// From this length on no time-out is seen: naps and looks around are shorter,
/// the deadlines of calls (in the scenes, an hour) longer.
const LONG: Duration = Duration::from_secs(60);

// Of the thread that runs the whole schedule: shuttle's threads are parts of it.
std::thread_local! {
    static TIME_PASSES: Cell<bool> = const { Cell::new(false) };
}

/// Whether the short waits of the schedules run by this thread may end by themselves.
#[cfg(test)]
pub(crate) fn let_time_pass(passes: bool) {
    TIME_PASSES.set(passes);
}

/// As the standard library's, over shuttle's.
#[derive(Default)]
pub(crate) struct Condvar(Arc<shuttle::sync::Condvar>);

/// Whether a wait ended by itself.
#[allow(dead_code, reason = "nobody in the core asks")]
pub(crate) struct WaitEnd(bool);

impl Condvar {
    pub(crate) fn new() -> Self {
        Condvar::default()
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        at_most: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitEnd)> {
        Ok((self.wait_once(guard, may_end(at_most)), WaitEnd(false)))
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        at_most: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitEnd)> {
        let may_end = may_end(at_most);
        while condition(&mut guard) {
            guard = self.wait_once(guard, may_end);
            if may_end {
                let has_timed_out = condition(&mut guard);
                return Ok((guard, WaitEnd(has_timed_out)));
            }
        }
        Ok((guard, WaitEnd(false)))
    }

    /// Waits once; a short wait ends some time by itself: when, is for the scheduler
    /// to say. Others who wait here wake for nothing then, which a condition variable
    /// may always do to them.
    fn wait_once<'a, T>(&self, guard: MutexGuard<'a, T>, may_end: bool) -> MutexGuard<'a, T> {
        if !may_end {
            return self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        let (waits, has_ended) = (Arc::clone(&self.0), Arc::new(AtomicBool::new(false)));
        let timer = Arc::clone(&has_ended);
        shuttle::thread::spawn(move || {
            // Again and again: the first time may be before the wait has begun.
            while !timer.load(Ordering::SeqCst) {
                // Behind everybody who can go on, where the scheduler has ranks.
                yield_now();
                waits.notify_all();
            }
        });
        let guard = self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
        has_ended.store(true, Ordering::SeqCst);
        guard
    }
}

/// Whether a wait of this length may end by itself in this schedule.
fn may_end(at_most: Duration) -> bool {
    TIME_PASSES.get() && at_most < LONG
}

/// A channel of one sender at most this many messages deep.
pub(crate) fn bounded<T>(depth: usize) -> (Sender<T>, Receiver<T>) {
    let shared =
        Arc::new(Shared { line: Mutex::new(Line { waiting: Vec::new(), is_ended: false }), came: Condvar::new() });
    (Sender { shared: Arc::clone(&shared), depth }, Receiver(shared))
}

struct Shared<T> {
    line: Mutex<Line<T>>,
    came: Condvar,
}

struct Line<T> {
    waiting: Vec<T>,
    is_ended: bool,
}

/// As crossbeam's, as far as the worker needs it.
pub(crate) struct Sender<T> {
    shared: Arc<Shared<T>>,
    depth: usize,
}

/// As crossbeam's, as far as the worker needs it.
pub(crate) struct Receiver<T>(Arc<Shared<T>>);

/// The message was not taken, or none came.
#[derive(Debug)]
pub(crate) struct NoMessage;

impl<T> Sender<T> {
    pub(crate) fn try_send(&self, message: T) -> Result<(), NoMessage> {
        let mut line = self.shared.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.waiting.len() >= self.depth {
            return Err(NoMessage);
        }
        line.waiting.push(message);
        drop(line);
        self.shared.came.notify_one();
        Ok(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner).is_ended = true;
        self.shared.came.notify_one();
    }
}

impl<T> Receiver<T> {
    pub(crate) fn recv_timeout(&self, at_most: Duration) -> Result<T, NoMessage> {
        let line = self.0.line.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.came.wait_timeout_while(line, at_most, |line| line.waiting.is_empty() && !line.is_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting.pop().ok_or(NoMessage)
    }
}

//! How many passwords are hashed at once: a pool of permits, a queue of bounded
//! length before it, and an answer when both are full. One permit stands for one
//! argon2 buffer, so memory is bounded by permits times the cost's memory.
//!
//! Not a pure rule like its neighbours: it blocks. It stands here because every
//! hash goes through it, and it knows nothing of store or engine.

use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering};
use crate::vocabulary::Code;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError};

/// What one evaluation is assumed to take when telling callers to come back,
/// in milliseconds (measured: 24 ms at 19 MiB, 2 passes; a busy machine, more).
const EVALUATION_MS: i64 = 100;

/// The door before argon2. Clones share one pool.
#[derive(Clone)]
pub(crate) struct HashGate(Arc<Shared>);

struct Shared {
    permits: usize,
    queue: usize,
    state: Mutex<State>,
    freed: Condvar,
    evaluations: AtomicU64,
    waits: AtomicU64,
}

struct State {
    running: usize,
    waiting: usize,
}

/// The right to hash once. It belongs to the work, not to whoever waits for it:
/// move it into the work, and a caller that gives up early frees nothing early.
#[must_use]
pub(crate) struct Permit(Arc<Shared>);

impl HashGate {
    /// A gate with this many permits, and places for this many to wait.
    pub(crate) fn new(permits: NonZeroUsize, queue: usize) -> Self {
        HashGate(Arc::new(Shared {
            permits: permits.get(),
            queue,
            state: Mutex::new(State { running: 0, waiting: 0 }),
            freed: Condvar::new(),
            evaluations: AtomicU64::new(0),
            waits: AtomicU64::new(0),
        }))
    }

    /// Does one evaluation under a permit. Blocks until there is one.
    ///
    /// # Errors
    /// `HASHING_BUSY` with a retry delay: the queue is full, or the deadline
    /// passed first; `work` has not begun. Otherwise what `work` answers.
    pub(crate) fn evaluate<T>(&self, deadline: Deadline, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let permit = self.acquire(deadline)?;
        self.0.evaluations.fetch_add(1, Ordering::SeqCst);
        let answer = work();
        drop(permit);
        answer
    }

    /// Takes a permit, for work that runs elsewhere. Blocks until there is one.
    ///
    /// # Errors
    /// `HASHING_BUSY`, as for [`HashGate::evaluate`].
    pub(crate) fn acquire(&self, deadline: Deadline) -> Result<Permit> {
        let shared = &self.0;
        let mut state = shared.lock();
        // Whoever comes while others wait queues behind them.
        if state.running < shared.permits && state.waiting == 0 {
            state.running += 1;
            return Ok(Permit(Arc::clone(shared)));
        }
        if state.waiting >= shared.queue {
            return Err(shared.busy(&state));
        }
        state.waiting += 1;
        shared.waits.fetch_add(1, Ordering::SeqCst);
        while state.running >= shared.permits && !deadline.is_over() {
            state = shared.wait(state, deadline);
        }
        state.waiting -= 1;
        // Asked again after the deadline: a wake-up that came with it is not lost.
        if state.running >= shared.permits {
            return Err(shared.busy(&state));
        }
        state.running += 1;
        Ok(Permit(Arc::clone(shared)))
    }

    /// How many evaluations have begun since the gate was made, decoys included.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn hash_evaluations(&self) -> u64 {
        self.0.evaluations.load(Ordering::SeqCst)
    }

    /// How many callers have had to wait since the gate was made.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn gate_waits(&self) -> u64 {
        self.0.waits.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held; the counts are whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, deadline: Deadline) -> MutexGuard<'a, State> {
        match deadline.remaining() {
            Some(left) => self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            None => self.freed.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn busy(&self, state: &State) -> Error {
        let rounds = i64::try_from(state.waiting / self.permits).unwrap_or(0).saturating_add(1);
        Error::new(Code::HashingBusy, "too many passwords are being checked at once; try again shortly")
            .with_retry_after(rounds.saturating_mul(EVALUATION_MS))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    fn gate(permits: usize, queue: usize) -> HashGate {
        HashGate::new(NonZeroUsize::new(permits).unwrap(), queue)
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_millis(1))
    }

    fn far() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    #[test]
    fn never_more_than_the_permits_run_and_everybody_gets_a_turn() {
        let (gate, running, peak) = (gate(3, 64), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    gate.evaluate(far(), || {
                        peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert!(peak.load(Ordering::SeqCst) <= 3);
        assert_eq!(gate.hash_evaluations(), 64);
    }

    #[test]
    fn a_full_queue_is_answered_at_once_with_a_delay() {
        let gate = gate(1, 0);
        let permit = gate.acquire(far()).unwrap();
        let error = gate.evaluate(far(), || Ok(())).unwrap_err();
        assert_eq!((error.code(), error.retry_after_ms()), (Code::HashingBusy, Some(100)));
        assert_eq!(gate.hash_evaluations(), 0);
        drop(permit);
        assert!(gate.evaluate(soon(), || Ok(())).is_ok());
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_leaves_its_place() {
        let gate = gate(1, 1);
        let permit = gate.acquire(far()).unwrap();
        for _ in 0..3 {
            assert_eq!(gate.acquire(soon()).map(drop).map_err(|e| e.code()), Err(Code::HashingBusy));
        }
        assert_eq!(gate.gate_waits(), 3);
        drop(permit);
        assert!(gate.acquire(soon()).is_ok());
    }

    #[test]
    fn a_permit_is_held_until_the_work_ends_even_when_nobody_waits_for_it() {
        let gate = gate(1, 0);
        let (begun, finish) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let permit = gate.acquire(far()).unwrap();
        let work = std::thread::spawn({
            let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
            move || {
                begun.wait();
                finish.wait();
                drop(permit);
            }
        });
        begun.wait();
        assert!(gate.acquire(soon()).is_err());
        finish.wait();
        work.join().unwrap();
        assert!(gate.acquire(soon()).is_ok());
    }

    #[test]
    fn work_that_panics_gives_its_permit_back() {
        let gate = gate(1, 0);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            gate.evaluate(far(), || -> Result<()> { panic!("on purpose") })
        }));
        assert!(result.is_err());
        assert!(gate.acquire(soon()).is_ok());
    }
}

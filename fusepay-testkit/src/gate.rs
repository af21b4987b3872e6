//! A gate that a provider call waits at until the test lets it through.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long anybody waits at a gate before the test is given up, in seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gate, closed at first. Clones are the same gate.
///
/// Useful in the background worker mode, where a call waits on a thread of its
/// own; in the manual mode the call runs on the thread of `run_due`, which
/// would then wait for itself unless another thread opens the gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrivals: usize,
    is_open: bool,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Gate::default()
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).is_open = true;
        self.0.changed.notify_all();
    }

    /// Waits until the gate is open. Panics after 30 seconds.
    pub fn pass(&self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrivals += 1;
        self.0.changed.notify_all();
        let waited = self.0.changed.wait_timeout_while(state, PATIENCE, |state| !state.is_open);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.is_open, "nobody opened the gate");
    }

    /// Waits until this many calls have come to the gate in all. Panics after 30 seconds.
    pub fn await_arrivals(&self, arrivals: usize) {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.changed.wait_timeout_while(state, PATIENCE, |state| state.arrivals < arrivals);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.arrivals >= arrivals, "{} of {arrivals} calls came to the gate", state.arrivals);
    }

    /// How many calls have come to the gate.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).arrivals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_gate_lets_everybody_through() {
        let gate = Gate::new();
        let other = gate.clone();
        let waiting = std::thread::spawn(move || other.pass());
        gate.await_arrivals(1);
        gate.open();
        waiting.join().unwrap();
        gate.pass();
        assert_eq!(gate.arrivals(), 2);
    }
}

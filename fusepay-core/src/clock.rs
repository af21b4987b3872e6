//! Time as the engine sees it: a seam for the host to inject, and the engine's
//! own timeline on which jobs, holds and quotes fall due.
//!
//! Nothing outside this file asks the operating system for the time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The moment `millis` later (or earlier, when negative); stops at the ends of the range.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        UnixMillis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative when `self` is before it.
    #[must_use]
    pub const fn since(self, earlier: UnixMillis) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the engine learns the time. Called from any thread, never from inside
/// a transaction; must not call the engine.
pub trait Clock: Send + Sync {
    /// The wall clock, milliseconds UTC. May jump either way.
    fn wall(&self) -> UnixMillis;
    /// Milliseconds since some fixed moment; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// The operating system's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> UnixMillis {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => UnixMillis(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => UnixMillis(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms)),
        }
    }

    fn monotonic_ms(&self) -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        let start = *START.get_or_init(Instant::now);
        u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands still until it is told to move. For tests and simulation.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    monotonic: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: UnixMillis) -> Self {
        ManualClock { wall: AtomicI64::new(now.0), monotonic: AtomicU64::new(0) }
    }

    /// Lets `millis` pass, on the wall and monotonically.
    pub fn advance(&self, millis: u64) {
        self.wall.fetch_add(i64::try_from(millis).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    pub fn set_wall(&self, now: UnixMillis) {
        self.wall.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> UnixMillis {
        UnixMillis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic.load(Ordering::SeqCst)
    }
}

/// The engine's own time: the wall clock when the engine was opened, moved on
/// by the monotonic clock alone. Everything that falls due is measured on it,
/// so a jump of the wall clock makes nothing early, late or stuck.
pub(crate) struct Timeline {
    wall_at_open: UnixMillis,
    monotonic_at_open: u64,
}

impl Timeline {
    pub(crate) fn starting_now(clock: &dyn Clock) -> Self {
        Timeline { wall_at_open: clock.wall(), monotonic_at_open: clock.monotonic_ms() }
    }

    pub(crate) fn now(&self, clock: &dyn Clock) -> UnixMillis {
        let elapsed = clock.monotonic_ms().saturating_sub(self.monotonic_at_open);
        self.wall_at_open.plus(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }
}

/// A wait with an end: how long a call may take before it answers `Busy`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(duration: Duration) -> Self {
        Deadline(Instant::now().checked_add(duration))
    }

    /// What is left; `None` when it never ends.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn is_over(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeline_ignores_jumps_of_the_wall_clock() {
        let clock = ManualClock::new(UnixMillis(1_000_000));
        let timeline = Timeline::starting_now(&clock);
        clock.advance(5_000);
        clock.set_wall(UnixMillis(0));
        assert_eq!(timeline.now(&clock), UnixMillis(1_005_000));
        clock.set_wall(UnixMillis(i64::MAX));
        assert_eq!(timeline.now(&clock), UnixMillis(1_005_000));
    }
}

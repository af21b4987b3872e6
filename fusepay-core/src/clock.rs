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
#[allow(dead_code, reason = "used by the engine")]
pub(crate) struct Timeline {
    wall_at_open: UnixMillis,
    monotonic_at_open: u64,
}

#[allow(dead_code, reason = "used by the engine")]
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
#[allow(dead_code, reason = "used by the engine")]
pub(crate) struct Deadline(Option<Instant>);

#[allow(dead_code, reason = "used by the engine")]
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

/// Milliseconds in a day of UTC, leap seconds not counted.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A moment as the proleptic Gregorian calendar and a 24-hour clock show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CivilTime {
    /// The year; may be negative, and have more than four digits.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    /// 0 to 23.
    pub(crate) hour: i64,
    /// 0 to 59.
    pub(crate) minute: i64,
    /// 0 to 59.
    pub(crate) second: i64,
    /// 0 to 999.
    pub(crate) millisecond: i64,
}

impl CivilTime {
    /// What calendar and clock show in UTC.
    pub(crate) const fn utc(at: UnixMillis) -> Self {
        let (year, month, day) = civil_from_days(at.0.div_euclid(DAY_MS));
        let within = at.0.rem_euclid(DAY_MS);
        CivilTime {
            year,
            month,
            day,
            hour: within / 3_600_000,
            minute: within / 60_000 % 60,
            second: within / 1_000 % 60,
            millisecond: within % 1_000,
        }
    }
}

/// Year, month and day of this many days after 1970-01-01. Howard Hinnant's
/// `civil_from_days` (chrono-Compatible Low-Level Date Algorithms): eras of 400
/// years that begin on 1 March, so that the leap day is the last of its year.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + (month <= 2) as i64, month, day)
}

/// When the UTC day that `at` lies in began.
pub(crate) const fn day_start(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.div_euclid(DAY_MS).saturating_mul(DAY_MS))
}

/// When the UTC month that `at` lies in began.
pub(crate) const fn month_start(at: UnixMillis) -> UnixMillis {
    let (_, _, day) = civil_from_days(at.0.div_euclid(DAY_MS));
    day_start(at).plus((1 - day) * DAY_MS)
}

/// The moment as RFC 3339 text in UTC with milliseconds:
/// `2026-11-23T13:05:00.123Z`. Years outside 0 to 9999, which RFC 3339 can't
/// write, are written with a sign and six digits or more, as ISO 8601 does.
#[allow(dead_code, reason = "used by the engine")]
pub(crate) fn to_rfc3339(at: UnixMillis) -> String {
    let CivilTime { year, month, day, hour, minute, second, millisecond } = CivilTime::utc(at);
    let year = if (0..=9999).contains(&year) { format!("{year:04}") } else { format!("{year:+07}") };
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// The other direction, written independently: days by counting year by year.
    fn days_by_counting(year: i64, month: i64, day: i64) -> i64 {
        let is_leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        let years: i64 = (1970..year).map(|y| 365 + i64::from(is_leap(y))).sum();
        let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        years + lengths.iter().take(usize::try_from(month - 1).unwrap()).sum::<i64>() + day - 1
    }

    #[test]
    fn known_moments_are_written_as_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_439_100_123, "2026-11-23T13:05:00.123Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(to_rfc3339(UnixMillis(ms)), text);
        }
    }

    #[test]
    fn days_and_months_begin_at_midnight_utc() {
        let leap_day = UnixMillis(951_782_400_000);
        assert_eq!(day_start(leap_day.plus(DAY_MS - 1)), leap_day);
        assert_eq!(to_rfc3339(month_start(leap_day.plus(5))), "2000-02-01T00:00:00.000Z");
        assert_eq!(to_rfc3339(month_start(UnixMillis(-1))), "1969-12-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn a_civil_date_counts_back_to_its_day(ms in 0..253_402_300_800_000_i64) {
            let civil = CivilTime::utc(UnixMillis(ms));
            let days = days_by_counting(civil.year, civil.month, civil.day);
            let clock = ((civil.hour * 60 + civil.minute) * 60 + civil.second) * 1_000 + civil.millisecond;
            prop_assert_eq!(days * DAY_MS + clock, ms);
        }

        #[test]
        fn every_moment_lies_in_its_day_and_month(ms: i64) {
            let at = UnixMillis(ms);
            prop_assert!(month_start(at) <= day_start(at) && day_start(at) <= at);
            let (first, civil) = (CivilTime::utc(month_start(at)), CivilTime::utc(at));
            if month_start(at).0 > i64::MIN {
                prop_assert_eq!((first.year, first.month, first.day), (civil.year, civil.month, 1));
            }
            prop_assert!(to_rfc3339(at).ends_with('Z'));
        }
    }
}

//! Whether a provider may be called now: its circuit breaker and its rate
//! limit, as plain state. What counts as a failure is the caller's to say: a
//! provider that refuses a payment is well.
//!
//! ```text
//!     CLOSED -> OPEN        [that many failures in a row, or force_open]
//!     OPEN -> HALF_OPEN     [permit, once its time is over]
//!     HALF_OPEN -> CLOSED   [that many successes]
//!     HALF_OPEN -> OPEN     [one failure]
//! ```
#![allow(dead_code, reason = "used by the engine")]

use crate::error::{Error, Result};
use crate::vocabulary::{BreakerState, Code};

/// Longest time a breaker stays open: one day.
const OPEN_FOR_MS_MAX: i64 = 86_400_000;
/// The highest rate and burst.
const RATE_MAX: u32 = 100_000;
/// A call costs this many parts of a token, so that one millisecond at one
/// call a second is a whole number of parts.
const PARTS_PER_CALL: i64 = 1_000;

/// When a provider's circuit breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// How many failures in a row open it. 1 to 1000; 5 by default.
    pub failures_to_open: u32,
    /// How long it stays open, in milliseconds. 1 ms to one day; 30 s by default.
    pub open_for_ms: i64,
    /// How many calls then try the provider, and must all succeed. 1 to 64; 1 by default.
    pub half_open_calls: u32,
}

impl BreakerPolicy {
    /// Opens after this many failures in a row, for this long, and closes after this many successes.
    #[must_use]
    pub const fn new(failures_to_open: u32, open_for_ms: i64, half_open_calls: u32) -> Self {
        BreakerPolicy { failures_to_open, open_for_ms, half_open_calls }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`].
    pub fn check(&self) -> Result<()> {
        let invalid = |field, why: &str| Err(Error::field(Code::InvalidConfig, field, why));
        if !(1..=1_000).contains(&self.failures_to_open) {
            return invalid("failures_to_open", "must be 1 to 1000");
        }
        if !(1..=OPEN_FOR_MS_MAX).contains(&self.open_for_ms) {
            return invalid("open_for_ms", "must be 1 ms to one day");
        }
        if !(1..=64).contains(&self.half_open_calls) {
            return invalid("half_open_calls", "must be 1 to 64");
        }
        Ok(())
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        BreakerPolicy::new(5, 30_000, 1)
    }
}

/// How often a provider may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RatePolicy {
    /// Calls per second on average, 1 to 100,000; `None`: no limit, the default.
    pub per_second: Option<u32>,
    /// How many calls may come at once after a pause. 1 to 100,000; 1 by default.
    pub burst: u32,
}

impl RatePolicy {
    /// No limit.
    #[must_use]
    pub const fn unlimited() -> Self {
        RatePolicy { per_second: None, burst: 1 }
    }

    /// This many calls per second on average, and this many at once after a pause.
    #[must_use]
    pub const fn per_second(per_second: u32, burst: u32) -> Self {
        RatePolicy { per_second: Some(per_second), burst }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`].
    pub fn check(&self) -> Result<()> {
        let invalid = |field| Err(Error::field(Code::InvalidConfig, field, "must be 1 to 100000"));
        if self.per_second.is_some_and(|rate| !(1..=RATE_MAX).contains(&rate)) {
            return invalid("per_second");
        }
        if !(1..=RATE_MAX).contains(&self.burst) {
            return invalid("burst");
        }
        Ok(())
    }
}

impl Default for RatePolicy {
    fn default() -> Self {
        RatePolicy::unlimited()
    }
}

/// Whether one call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Permit {
    /// Yes; its token is spent. `success`, `failure` or `unused` must follow.
    Granted,
    /// Not now; ask again then. Not a promise.
    Wait {
        /// Milliseconds on the engine's timeline.
        until_ms: i64,
    },
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until_ms: i64 },
    HalfOpen { since_ms: i64, granted: u32, succeeded: u32 },
}

/// One provider's breaker and rate limit. Times are milliseconds on the
/// engine's timeline; one that goes back counts as standing still. The
/// policies must have been checked.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    state: State,
    bucket: Bucket,
}

impl Breaker {
    /// Closed, with a full bucket.
    pub(crate) fn new(policy: BreakerPolicy, rate: RatePolicy) -> Self {
        Breaker { policy, state: State::Closed { failures: 0 }, bucket: Bucket::full(rate) }
    }

    /// Asks for one call. The breaker decides first, then the rate: what the
    /// breaker holds back costs no token.
    pub(crate) fn permit(&mut self, now_ms: i64) -> Permit {
        if let Err(until_ms) = self.may_pass(now_ms) {
            return Permit::Wait { until_ms };
        }
        if let Err(until_ms) = self.bucket.take(now_ms) {
            return Permit::Wait { until_ms };
        }
        if let State::HalfOpen { granted, .. } = &mut self.state {
            *granted = granted.saturating_add(1);
        }
        Permit::Granted
    }

    fn may_pass(&mut self, now_ms: i64) -> Result<(), i64> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until_ms } if now_ms < until_ms => Err(until_ms),
            State::Open { .. } => {
                self.state = State::HalfOpen { since_ms: now_ms, granted: 0, succeeded: 0 };
                Ok(())
            }
            State::HalfOpen { granted, .. } if granted < self.policy.half_open_calls => Ok(()),
            State::HalfOpen { since_ms, .. } => {
                // A trial whose answer never came must not close the door for ever.
                let until_ms = since_ms.saturating_add(self.policy.open_for_ms);
                if now_ms < until_ms {
                    return Err(until_ms);
                }
                self.state = State::HalfOpen { since_ms: now_ms, granted: 0, succeeded: 0 };
                Ok(())
            }
        }
    }

    /// A call showed that the provider is well. While open this changes
    /// nothing: it is the answer to a call from before.
    pub(crate) fn success(&mut self, _now_ms: i64) {
        match &mut self.state {
            State::Closed { failures } => *failures = 0,
            State::Open { .. } => {}
            State::HalfOpen { succeeded, .. } => {
                *succeeded = succeeded.saturating_add(1);
                if *succeeded >= self.policy.half_open_calls {
                    self.state = State::Closed { failures: 0 };
                }
            }
        }
    }

    /// A call showed that the provider is not well. While open this changes nothing.
    pub(crate) fn failure(&mut self, now_ms: i64) {
        match &mut self.state {
            State::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if *failures >= self.policy.failures_to_open {
                    self.force_open(now_ms);
                }
            }
            State::Open { .. } => {}
            State::HalfOpen { .. } => self.force_open(now_ms),
        }
    }

    /// A permit was not used after all: a lost lease, a close. A trial call is
    /// given back; the token is not.
    pub(crate) fn unused(&mut self) {
        if let State::HalfOpen { granted, .. } = &mut self.state {
            *granted = granted.saturating_sub(1);
        }
    }

    /// Opens at once, for the usual time from now: all slots hang.
    pub(crate) fn force_open(&mut self, now_ms: i64) {
        self.state = State::Open { until_ms: now_ms.saturating_add(self.policy.open_for_ms) };
    }

    /// Where it stands, for statistics. Open until somebody asks for a permit.
    pub(crate) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// A token bucket in whole numbers: parts of tokens, and parts per millisecond.
#[derive(Debug)]
struct Bucket {
    /// Equal to calls per second, as a call costs 1000 parts.
    parts_per_ms: Option<i64>,
    parts_max: i64,
    parts: i64,
    /// When `parts` was true; `None` before the first call.
    at_ms: Option<i64>,
}

impl Bucket {
    fn full(rate: RatePolicy) -> Self {
        let parts_max = i64::from(rate.burst.max(1)).saturating_mul(PARTS_PER_CALL);
        let parts_per_ms = rate.per_second.map(|calls| i64::from(calls.max(1)));
        Bucket { parts_per_ms, parts_max, parts: parts_max, at_ms: None }
    }

    /// Takes one token, or says when there will be one.
    fn take(&mut self, now_ms: i64) -> Result<(), i64> {
        let Some(parts_per_ms) = self.parts_per_ms else { return Ok(()) };
        let at_ms = self.at_ms.map_or(now_ms, |before| before.max(now_ms));
        let elapsed_ms = at_ms.saturating_sub(self.at_ms.unwrap_or(at_ms));
        self.parts = elapsed_ms.saturating_mul(parts_per_ms).saturating_add(self.parts).min(self.parts_max);
        self.at_ms = Some(at_ms);
        let missing = PARTS_PER_CALL.saturating_sub(self.parts);
        if missing > 0 {
            let wait_ms = missing.saturating_add(parts_per_ms.saturating_sub(1)) / parts_per_ms;
            return Err(at_ms.saturating_add(wait_ms));
        }
        self.parts = self.parts.saturating_sub(PARTS_PER_CALL);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn breaker(half_open_calls: u32) -> Breaker {
        Breaker::new(BreakerPolicy::new(3, 1_000, half_open_calls), RatePolicy::unlimited())
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_starts_the_count_again() {
        let mut breaker = breaker(1);
        for is_failure in [true, true, false, true, true] {
            if is_failure { breaker.failure(0) } else { breaker.success(0) }
        }
        assert_eq!((breaker.state(), breaker.permit(0)), (BreakerState::Closed, Permit::Granted));
        breaker.failure(10);
        assert_eq!((breaker.state(), breaker.permit(10)), (BreakerState::Open, Permit::Wait { until_ms: 1_010 }));
        breaker.failure(900);
        breaker.success(900);
        assert_eq!(breaker.permit(1_009), Permit::Wait { until_ms: 1_010 });
    }

    #[test]
    fn trial_calls_decide_whether_it_closes() {
        let mut breaker = breaker(2);
        breaker.force_open(0);
        assert_eq!(breaker.permit(1_000), Permit::Granted);
        assert_eq!(breaker.permit(1_000), Permit::Granted);
        assert_eq!(breaker.permit(1_000), Permit::Wait { until_ms: 2_000 });
        breaker.success(1_001);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.success(1_002);
        assert_eq!((breaker.state(), breaker.permit(1_002)), (BreakerState::Closed, Permit::Granted));

        breaker.force_open(2_000);
        assert_eq!(breaker.permit(3_000), Permit::Granted);
        breaker.failure(3_500);
        assert_eq!(breaker.permit(3_500), Permit::Wait { until_ms: 4_500 });
    }

    #[test]
    fn a_trial_that_never_answers_does_not_close_the_door_for_ever() {
        let mut breaker = breaker(1);
        breaker.force_open(0);
        assert_eq!(breaker.permit(1_000), Permit::Granted);
        assert_eq!(breaker.permit(1_999), Permit::Wait { until_ms: 2_000 });
        assert_eq!(breaker.permit(2_000), Permit::Granted);
        breaker.unused();
        assert_eq!(breaker.permit(2_000), Permit::Granted);
    }

    #[test]
    fn calls_beyond_the_burst_wait_their_turn() {
        let mut breaker = Breaker::new(BreakerPolicy::default(), RatePolicy::per_second(3, 2));
        assert_eq!([breaker.permit(0), breaker.permit(0)], [Permit::Granted; 2]);
        assert_eq!(breaker.permit(0), Permit::Wait { until_ms: 334 });
        assert_eq!(breaker.permit(333), Permit::Wait { until_ms: 334 });
        assert_eq!(breaker.permit(334), Permit::Granted);
        assert_eq!(breaker.permit(-5_000), Permit::Wait { until_ms: 667 });
        assert_eq!([breaker.permit(i64::MAX), breaker.permit(i64::MAX)], [Permit::Granted; 2]);
    }

    #[test]
    fn an_open_breaker_costs_no_tokens() {
        let mut breaker = Breaker::new(BreakerPolicy::new(1, 1_000, 1), RatePolicy::per_second(1, 1));
        breaker.failure(0);
        assert_eq!(breaker.permit(500), Permit::Wait { until_ms: 1_000 });
        assert_eq!(breaker.permit(1_000), Permit::Granted);
    }

    #[test]
    fn senseless_policies_are_refused() {
        assert!(BreakerPolicy::default().check().is_ok() && RatePolicy::default().check().is_ok());
        for policy in [
            BreakerPolicy::new(0, 1, 1),
            BreakerPolicy::new(1, 0, 1),
            BreakerPolicy::new(1, i64::MAX, 1),
            BreakerPolicy::new(1, 1, 0),
        ] {
            assert_eq!(policy.check().map_err(|e| e.code()), Err(Code::InvalidConfig), "{policy:?}");
        }
        for policy in [RatePolicy::per_second(0, 1), RatePolicy::per_second(1, 0), RatePolicy::per_second(u32::MAX, 1)]
        {
            assert_eq!(policy.check().map_err(|e| e.code()), Err(Code::InvalidConfig), "{policy:?}");
        }
    }

    proptest! {
        #[test]
        fn no_span_of_time_sees_more_calls_than_rate_and_burst_allow(
            rate in 1u32..50, burst in 1u32..10, pauses in prop::collection::vec(0..200i64, 1..200)
        ) {
            let mut breaker = Breaker::new(BreakerPolicy::default(), RatePolicy::per_second(rate, burst));
            let (mut now, mut granted) = (0i64, Vec::new());
            for pause in pauses {
                now += pause;
                match breaker.permit(now) {
                    Permit::Granted => granted.push(now),
                    Permit::Wait { until_ms } => prop_assert!(until_ms > now),
                }
            }
            for (first, from) in granted.iter().enumerate() {
                for (last, to) in granted.iter().enumerate().skip(first) {
                    let allowed = i64::from(burst) + (to - from) * i64::from(rate) / 1_000;
                    prop_assert!(i64::try_from(last - first).unwrap() < allowed + 1);
                }
            }
        }

        #[test]
        fn waiting_as_told_gets_a_call_through(rate in 1u32..50, burst in 1u32..5, calls in 1..40) {
            let mut breaker = Breaker::new(BreakerPolicy::default(), RatePolicy::per_second(rate, burst));
            let mut now = 0;
            for _ in 0..calls {
                if let Permit::Wait { until_ms } = breaker.permit(now) {
                    now = until_ms;
                    prop_assert_eq!(breaker.permit(now), Permit::Granted);
                }
            }
        }
    }
}

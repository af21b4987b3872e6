//! When a job runs again after a run that failed: a pure function of the run's
//! number and a seed.
//!
//! The delay before run n+1 is `(2ⁿ − 1) × base`, as Bull computes its
//! exponential back-off, which the original used.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// Longest delay that makes sense: 30 days.
const DELAY_MS_MAX: u64 = 30 * 86_400_000;
/// Most runs that make sense.
const RUNS_MAX: u32 = 10_000;

/// How often a job runs, and how long it waits before each run. Delays in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// Before the first run.
    pub initial_delay_ms: u64,
    /// What the delays between runs are multiples of.
    pub base_ms: u64,
    /// How many runs there are in all. After the last the job is a dead letter.
    pub runs_max: u32,
    /// The longest delay between two runs, before jitter.
    pub cap_ms: u64,
    /// By how much of itself a delay may be longer, per thousand. Never shorter.
    pub jitter_per_mille: u32,
}

impl Backoff {
    /// For sending a payment: at once, then after 2 and 6 seconds.
    #[must_use]
    pub const fn bill() -> Self {
        Backoff { initial_delay_ms: 0, base_ms: 2_000, runs_max: 3, cap_ms: 3_600_000, jitter_per_mille: 0 }
    }

    /// For giving money back: 5, 8, 17, 38 and 83 seconds after the failure.
    /// Without jitter: users are told when.
    #[must_use]
    pub const fn reversal() -> Self {
        Backoff { initial_delay_ms: 5_000, base_ms: 3_000, runs_max: 5, cap_ms: 3_600_000, jitter_per_mille: 0 }
    }

    /// For asking what became of a payment: after 5 seconds, then ever more
    /// slowly, from the eighth query on every ten minutes; 40 times, over five
    /// and a half hours. With a tenth of jitter, since a provider that was down
    /// has left many payments to ask about.
    #[must_use]
    pub const fn requery() -> Self {
        Backoff { initial_delay_ms: 5_000, base_ms: 5_000, runs_max: 40, cap_ms: 600_000, jitter_per_mille: 100 }
    }

    /// Sets the delay before the first run, in milliseconds.
    #[must_use]
    pub const fn with_initial_delay(mut self, initial_delay_ms: u64) -> Self {
        self.initial_delay_ms = initial_delay_ms;
        self
    }

    /// Sets what the delays between runs are multiples of, in milliseconds.
    #[must_use]
    pub const fn with_base(mut self, base_ms: u64) -> Self {
        self.base_ms = base_ms;
        self
    }

    /// Sets how many runs there are in all.
    #[must_use]
    pub const fn with_runs_max(mut self, runs_max: u32) -> Self {
        self.runs_max = runs_max;
        self
    }

    /// Sets the longest delay between two runs, before jitter, in milliseconds.
    #[must_use]
    pub const fn with_cap(mut self, cap_ms: u64) -> Self {
        self.cap_ms = cap_ms;
        self
    }

    /// Sets by how much of itself a delay may be longer, per thousand.
    #[must_use]
    pub const fn with_jitter(mut self, jitter_per_mille: u32) -> Self {
        self.jitter_per_mille = jitter_per_mille;
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`]: runs outside 1 to 10,000; a delay over 30 days;
    /// a base of zero, which would retry without a pause; a cap below the base;
    /// jitter over 1000.
    pub fn check(&self) -> Result<()> {
        let invalid = |field, why: &str| Err(Error::field(Code::InvalidConfig, field, why));
        if !(1..=RUNS_MAX).contains(&self.runs_max) {
            return invalid("runs_max", "must be 1 to 10000");
        }
        if self.initial_delay_ms > DELAY_MS_MAX {
            return invalid("initial_delay_ms", "must be at most 30 days");
        }
        if self.base_ms == 0 || self.base_ms > DELAY_MS_MAX {
            return invalid("base_ms", "must be 1 ms to 30 days");
        }
        if self.cap_ms < self.base_ms || self.cap_ms > DELAY_MS_MAX {
            return invalid("cap_ms", "must be at least base_ms and at most 30 days");
        }
        if self.jitter_per_mille > 1_000 {
            return invalid("jitter_per_mille", "must be at most 1000");
        }
        Ok(())
    }

    /// How long to wait after this many runs, in milliseconds; 0 runs: before
    /// the first. `None` when the runs are spent. The same arguments always
    /// give the same answer.
    #[must_use]
    pub fn delay_after(&self, run: u32, jitter_seed: u64) -> Option<u64> {
        if run >= self.runs_max {
            return None;
        }
        let delay_ms = match run {
            0 => self.initial_delay_ms,
            _ => {
                let factor = 1u64.checked_shl(run).map_or(u64::MAX, |power| power - 1);
                factor.saturating_mul(self.base_ms).min(self.cap_ms)
            }
        };
        let most = u128::from(delay_ms) * u128::from(self.jitter_per_mille) / 1_000;
        let jitter_ms = u128::from(mix(jitter_seed, run)) % (most + 1);
        Some(delay_ms.saturating_add(u64::try_from(jitter_ms).unwrap_or(u64::MAX)))
    }
}

/// `SplitMix64`'s output function over seed and run (Steele, Lea, Flood 2014).
const fn mix(seed: u64, run: u32) -> u64 {
    let z = seed.wrapping_add((run as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When each run happens, in milliseconds after the job was made.
    fn moments(backoff: Backoff, seed: u64) -> Vec<u64> {
        (0..)
            .map_while(|run| backoff.delay_after(run, seed))
            .scan(0, |at, delay| {
                *at += delay;
                Some(*at)
            })
            .collect()
    }

    #[test]
    fn a_reversal_runs_after_5_8_17_38_and_83_seconds() {
        assert_eq!(moments(Backoff::reversal(), 99), [5_000, 8_000, 17_000, 38_000, 83_000]);
    }

    #[test]
    fn a_bill_runs_at_once_and_waits_2_and_6_seconds() {
        assert_eq!(moments(Backoff::bill(), 99), [0, 2_000, 8_000]);
        assert_eq!(Backoff::bill().delay_after(3, 0), None);
        assert_eq!(Backoff::bill().delay_after(u32::MAX, 0), None);
    }

    #[test]
    fn a_requery_slows_down_to_every_ten_minutes() {
        let exact = Backoff::requery().with_jitter(0);
        let delays: Vec<_> = (0..9).filter_map(|run| exact.delay_after(run, 0)).collect();
        assert_eq!(delays, [5_000, 5_000, 15_000, 35_000, 75_000, 155_000, 315_000, 600_000, 600_000]);
        assert_eq!(moments(exact, 0).len(), 40);
        assert_eq!(moments(exact, 0).last().map(|ms| ms / 60_000), Some(340));
    }

    #[test]
    fn defaults_are_sound_and_senseless_ones_refused() {
        for backoff in [Backoff::bill(), Backoff::reversal(), Backoff::requery()] {
            assert!(backoff.check().is_ok());
        }
        for backoff in [
            Backoff::bill().with_runs_max(0),
            Backoff::bill().with_runs_max(10_001),
            Backoff::bill().with_base(0),
            Backoff::bill().with_cap(1_999),
            Backoff::bill().with_cap(u64::MAX),
            Backoff::bill().with_initial_delay(u64::MAX),
            Backoff::bill().with_jitter(1_001),
        ] {
            assert_eq!(backoff.check().map_err(|e| e.code()), Err(Code::InvalidConfig), "{backoff:?}");
        }
    }

    proptest! {
        #[test]
        fn jitter_only_delays_and_only_by_its_share(
            initial: u64, base: u64, cap: u64, jitter: u32, run: u32, seed: u64
        ) {
            let with = Backoff {
                initial_delay_ms: initial, base_ms: base, runs_max: u32::MAX, cap_ms: cap, jitter_per_mille: jitter,
            };
            let Some(exact) = with.with_jitter(0).delay_after(run, seed) else { return Ok(()) };
            let delay = with.delay_after(run, seed).unwrap();
            let most = u128::from(exact) + u128::from(exact) * u128::from(jitter) / 1_000;
            prop_assert!(exact <= delay && u128::from(delay) <= most);
            prop_assert_eq!(with.delay_after(run, seed), Some(delay));
        }
    }
}

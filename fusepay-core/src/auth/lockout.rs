//! Back-off after wrong passwords (and, with its own counter and policy, wrong
//! PINs): exact under parallel guesses, never in the way of parallel log-ins that
//! are right, never for ever.
//!
//! Every attempt goes through three steps, the first and last in a commit each:
//!
//! 1. [`reserve`] before hashing. Of the failures an account has free, one is set
//!    aside. So however many threads guess at once, no more are evaluated than may
//!    fail (CVE-2023-47111 is what happens when the count comes after the hash).
//! 2. The password is checked, outside any commit.
//! 3. [`release`] when it was right: everything is forgotten.
//!    [`record_failure`] when it was wrong: the reservation becomes a failure.
//!    [`cancel`] when it was never checked (the hash gate was full).
//!
//! A reservation is not a failure. When the budget is used up by attempts that
//! are merely being checked, `reserve` answers [`Reservation::Wait`]: ask again
//! when one of them has ended. Only when it is used up by attempts that *failed*
//! does it answer [`Reservation::Locked`]. So of 32 threads with the right
//! password five are checked, 27 wait, the first success frees the rest, and all
//! get in; of 200 with a wrong one five are checked and 195 are refused unchecked.
//! Beyond the free failures one attempt is checked at a time, and only once the
//! wait of the last failure is over.
//!
//! A process that dies between 1 and 3 leaves its reservation behind. It counts
//! as a failure after [`RESERVATION_MS`], so crashing the host buys no free
//! guesses, and nothing waits for ever. Should the attempt end after all, its end
//! finds no reservation to turn into a failure and counts nothing twice.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// How long an attempt may be under way before it counts as failed: more than
/// the longest wait at the hash gate and the dearest hash together.
pub(crate) const RESERVATION_MS: i64 = 60_000;
/// The longest lock a host may configure: a lock is never permanent (CWE-645).
const LOCK_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// So that 2^n seconds stay under eleven days.
const BACK_OFF_STEPS_MAX: u32 = 20;

/// How many attempts may fail, and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockoutPolicy {
    /// Failures without a wait; after each further one, 2^n seconds, n from 0. Default 5.
    pub free_failures: u32,
    /// The failure from which on the account is locked for [`LockoutPolicy::lock_for_ms`]. Default 10.
    pub lock_at: u32,
    /// How long a lock lasts, in milliseconds. Default 30 minutes (PCI DSS 4.0.1, 8.3.4).
    pub lock_for_ms: i64,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        LockoutPolicy { free_failures: 5, lock_at: 10, lock_for_ms: 30 * 60 * 1000 }
    }
}

impl LockoutPolicy {
    /// Refuses a policy that never locks, locks at once or locks for ever.
    ///
    /// # Errors
    /// `INVALID_CONFIG` naming the field.
    pub fn check(&self) -> Result<()> {
        let refused = |field, text| Err(Error::field(Code::InvalidConfig, field, text));
        if self.free_failures == 0 {
            return refused("free_failures", "must be at least 1, or nobody can log in twice at once");
        }
        if self.lock_at <= self.free_failures || self.lock_at - self.free_failures > BACK_OFF_STEPS_MAX {
            return refused("lock_at", "must be 1 to 20 above free_failures");
        }
        if !(1_000..=LOCK_MS_MAX).contains(&self.lock_for_ms) {
            return refused("lock_for_ms", "must be between one second and one day");
        }
        Ok(())
    }

    /// The wait after this many failures, in milliseconds.
    fn wait_after(&self, failures: u32) -> i64 {
        if failures >= self.lock_at {
            return self.lock_for_ms;
        }
        match failures.checked_sub(self.free_failures) {
            None => 0,
            Some(step) => 1_000_i64 << step.min(BACK_OFF_STEPS_MAX),
        }
    }
}

/// What is stored per account (or normalised name) and kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AttemptState {
    /// Attempts that failed since the last success.
    pub(crate) failures: u32,
    /// Attempts being checked now.
    pub(crate) reserved: u32,
    /// When the last of them began; meaningless when there are none.
    pub(crate) reserved_at: Option<UnixMillis>,
    /// Until when nothing is checked.
    pub(crate) locked_until: Option<UnixMillis>,
}

/// What became of a request to check a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Reservation {
    /// Store this state, commit, then check the secret.
    Granted(AttemptState),
    /// Others are being checked; ask again when one has ended. Nothing to store.
    Wait,
    /// Too many failed; the secret must not be checked. Nothing to store.
    Locked {
        /// After how many milliseconds it will be.
        retry_after_ms: i64,
    },
}

/// Sets one attempt aside, before its secret is checked.
pub(crate) fn reserve(state: AttemptState, now: UnixMillis, policy: &LockoutPolicy) -> Reservation {
    let state = count_abandoned(state, now, policy);
    if let Some(until) = state.locked_until.filter(|until| now < *until) {
        return Reservation::Locked { retry_after_ms: until.since(now) };
    }
    // Past the free failures the budget is one attempt at a time.
    let budget = policy.free_failures.saturating_sub(state.failures).max(1);
    if state.reserved >= budget {
        return Reservation::Wait;
    }
    Reservation::Granted(AttemptState {
        reserved: state.reserved.saturating_add(1),
        reserved_at: Some(now),
        locked_until: None,
        ..state
    })
}

/// Ends an attempt whose secret was right: its owner is here, all is forgotten.
/// Attempts still being checked keep their reservations.
pub(crate) fn release(state: AttemptState) -> AttemptState {
    AttemptState { failures: 0, locked_until: None, ..cancel(state) }
}

/// Ends an attempt whose secret was never checked.
pub(crate) fn cancel(state: AttemptState) -> AttemptState {
    let reserved = state.reserved.saturating_sub(1);
    AttemptState { reserved, reserved_at: state.reserved_at.filter(|_| reserved > 0), ..state }
}

/// Ends an attempt whose secret was wrong.
pub(crate) fn record_failure(state: AttemptState, now: UnixMillis, policy: &LockoutPolicy) -> AttemptState {
    // Its reservation ran out and was counted then.
    if state.reserved == 0 {
        return state;
    }
    fail(cancel(state), 1, now, policy)
}

/// Turns reservations nobody will end into failures. [`reserve`] does so by
/// itself once they are old; the engine does so for all when it opens a file
/// that no other process has open.
pub(crate) fn abandon(state: AttemptState, now: UnixMillis, policy: &LockoutPolicy) -> AttemptState {
    if state.reserved == 0 {
        return state;
    }
    fail(AttemptState { reserved: 0, reserved_at: None, ..state }, state.reserved, now, policy)
}

fn count_abandoned(state: AttemptState, now: UnixMillis, policy: &LockoutPolicy) -> AttemptState {
    let Some(began) = state.reserved_at else { return state };
    let ended = began.plus(RESERVATION_MS);
    // The wait runs from the moment they ran out, not from now: a refusal is
    // not stored, and a wait that began anew with each question would never end.
    if now > ended { abandon(state, ended, policy) } else { state }
}

fn fail(state: AttemptState, count: u32, now: UnixMillis, policy: &LockoutPolicy) -> AttemptState {
    let failures = state.failures.saturating_add(count);
    let wait_ms = policy.wait_after(failures);
    let until = (wait_ms > 0).then(|| now.plus(wait_ms));
    AttemptState { failures, locked_until: until.max(state.locked_until), ..state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: UnixMillis = UnixMillis(1_000_000);

    /// A thread that logs in: with its secret right or wrong, until it has an answer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Thread {
        Asking { right: bool },
        Checking { right: bool },
        LoggedIn,
        Wrong,
        Refused,
    }

    /// The threads in one process and the row they share.
    struct House {
        policy: LockoutPolicy,
        state: AttemptState,
        now: UnixMillis,
        threads: Vec<Thread>,
        evaluated: u32,
    }

    impl House {
        fn new(threads: Vec<Thread>) -> Self {
            let (policy, state) = (LockoutPolicy::default(), AttemptState::default());
            House { policy, state, now: START, threads, evaluated: 0 }
        }

        /// One commit or one hash of the chosen thread; false when it has nothing left to do.
        fn step(&mut self, index: usize) -> bool {
            let next = match self.threads[index] {
                Thread::Asking { right } => match reserve(self.state, self.now, &self.policy) {
                    Reservation::Granted(state) => {
                        self.state = state;
                        self.evaluated += 1;
                        Thread::Checking { right }
                    }
                    Reservation::Wait => return true,
                    Reservation::Locked { .. } => Thread::Refused,
                },
                Thread::Checking { right: true } => {
                    self.state = release(self.state);
                    Thread::LoggedIn
                }
                Thread::Checking { right: false } => {
                    self.state = record_failure(self.state, self.now, &self.policy);
                    Thread::Wrong
                }
                Thread::LoggedIn | Thread::Wrong | Thread::Refused => return false,
            };
            self.threads[index] = next;
            true
        }

        /// Lets the threads run in the order the schedule gives, then round and round to the end.
        fn run(&mut self, schedule: &[usize]) {
            for choice in schedule {
                self.step(choice % self.threads.len());
            }
            for _ in 0..10_000 {
                let busy = (0..self.threads.len()).filter(|index| self.step(*index)).count();
                if busy == 0 {
                    return;
                }
            }
            panic!("some thread waits for ever: {:?}", self.state);
        }

        fn count(&self, wanted: Thread) -> usize {
            self.threads.iter().filter(|thread| **thread == wanted).count()
        }
    }

    fn asking(right: usize, wrong: usize) -> Vec<Thread> {
        let right = std::iter::repeat_n(Thread::Asking { right: true }, right);
        right.chain(std::iter::repeat_n(Thread::Asking { right: false }, wrong)).collect()
    }

    proptest! {
        #[test]
        fn two_hundred_wrong_guesses_at_once_are_evaluated_five_times(schedule in prop::collection::vec(0usize..200, 0..600)) {
            let mut house = House::new(asking(0, 200));
            house.run(&schedule);
            prop_assert_eq!(house.evaluated, 5);
            prop_assert_eq!(house.count(Thread::Wrong), 5);
            prop_assert_eq!(house.count(Thread::Refused), 195);
            prop_assert_eq!(house.state.failures, 5);
            prop_assert_eq!(house.state.reserved, 0);
        }

        #[test]
        fn thirty_two_right_passwords_at_once_all_get_in(schedule in prop::collection::vec(0usize..32, 0..200)) {
            let mut house = House::new(asking(32, 0));
            house.run(&schedule);
            prop_assert_eq!(house.count(Thread::LoggedIn), 32);
            prop_assert_eq!(house.state, AttemptState::default());
        }

        #[test]
        fn up_to_four_wrong_guesses_among_them_refuse_nobody_who_is_right(
            wrong in 0usize..5,
            schedule in prop::collection::vec(0usize..36, 0..200),
        ) {
            let mut house = House::new(asking(32, wrong));
            house.run(&schedule);
            prop_assert_eq!(house.count(Thread::LoggedIn), 32);
        }

        #[test]
        fn a_patient_guesser_gets_ten_guesses_before_the_lock(schedule in prop::collection::vec(0usize..50, 0..500)) {
            let mut house = House::new(asking(0, 50));
            let mut locked_at = None;
            for choice in schedule {
                house.step(choice % 50);
                // The refused come back, and the clock reaches the end of every short wait.
                for thread in &mut house.threads {
                    if matches!(thread, Thread::Refused | Thread::Wrong) {
                        *thread = Thread::Asking { right: false };
                    }
                }
                match house.state.locked_until {
                    Some(until) if until.since(house.now) < house.policy.lock_for_ms => house.now = until,
                    Some(_) => { locked_at = Some(house.evaluated); break; }
                    None => {}
                }
            }
            prop_assert!(house.evaluated <= 10);
            prop_assert!(locked_at.is_none_or(|evaluated| evaluated == 10));
        }
    }

    fn failed(times: u32) -> (AttemptState, UnixMillis) {
        let policy = LockoutPolicy::default();
        let (mut state, mut now) = (AttemptState::default(), START);
        for _ in 0..times {
            now = state.locked_until.unwrap_or(now).max(now);
            let Reservation::Granted(reserved) = reserve(state, now, &policy) else { panic!("{state:?}") };
            state = record_failure(reserved, now, &policy);
        }
        (state, now)
    }

    #[test]
    fn waits_double_after_five_failures_and_become_half_an_hour_at_ten() {
        let waits: Vec<i64> = (1..=12)
            .map(|times| {
                let (state, now) = failed(times);
                state.locked_until.map_or(0, |until| until.since(now))
            })
            .collect();
        assert_eq!(
            waits,
            [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 1_800_000, 1_800_000, 1_800_000],
            "milliseconds after failure 1, 2, …"
        );
    }

    #[test]
    fn a_lock_ends_by_itself_and_a_success_resets_everything() {
        let policy = LockoutPolicy::default();
        let (state, now) = failed(10);
        assert_eq!(reserve(state, now.plus(1), &policy), Reservation::Locked { retry_after_ms: 1_799_999 });
        let Reservation::Granted(state) = reserve(state, now.plus(1_800_000), &policy) else { panic!() };
        assert_eq!(release(state), AttemptState::default());
    }

    #[test]
    fn a_full_hash_gate_costs_no_failure() {
        let policy = LockoutPolicy::default();
        let Reservation::Granted(state) = reserve(AttemptState::default(), START, &policy) else { panic!() };
        assert_eq!(cancel(state), AttemptState::default());
    }

    #[test]
    fn reservations_of_a_dead_process_count_as_failures_and_block_nobody_for_ever() {
        let policy = LockoutPolicy::default();
        let mut state = AttemptState::default();
        for _ in 0..5 {
            let Reservation::Granted(next) = reserve(state, START, &policy) else { panic!() };
            state = next;
        }
        assert_eq!(reserve(state, START.plus(RESERVATION_MS), &policy), Reservation::Wait);
        let later = START.plus(RESERVATION_MS + 1);
        assert_eq!(reserve(state, later, &policy), Reservation::Locked { retry_after_ms: 999 });
        let Reservation::Granted(next) = reserve(state, later.plus(999), &policy) else { panic!() };
        assert_eq!((next.failures, next.reserved), (5, 1));
        assert_eq!(abandon(state, START, &policy).failures, 5);
    }

    #[test]
    fn an_attempt_that_ends_after_it_was_given_up_is_counted_once() {
        let policy = LockoutPolicy::default();
        let Reservation::Granted(state) = reserve(AttemptState::default(), START, &policy) else { panic!() };
        let state = abandon(state, START, &policy);
        assert_eq!(record_failure(state, START, &policy).failures, 1);
    }

    #[test]
    fn policies_that_never_or_for_ever_lock_are_refused() {
        let good = LockoutPolicy::default();
        assert!(good.check().is_ok());
        for (bad, field) in [
            (LockoutPolicy { free_failures: 0, ..good }, "free_failures"),
            (LockoutPolicy { lock_at: 5, ..good }, "lock_at"),
            (LockoutPolicy { lock_at: 26, ..good }, "lock_at"),
            (LockoutPolicy { lock_for_ms: 0, ..good }, "lock_for_ms"),
            (LockoutPolicy { lock_for_ms: i64::MAX, ..good }, "lock_for_ms"),
        ] {
            let error = bad.check().unwrap_err();
            assert_eq!((error.code(), error.field_name()), (Code::InvalidConfig, Some(field)));
        }
    }
}

//! Policies of a configuration: schedules, breakers, fees, tokens, lock-outs and
//! the cost of a password hash.

use std::ffi::c_char;

use fusepay_core::{Backoff, BreakerPolicy, Error, FeePolicy, HashCost, LockoutPolicy, TokenPolicy};

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::input::{self, requests};

/// How often a job runs and how long it waits before each run. Every field is
/// taken as it stands: begin with `fusepay_backoff_bill` or one of its like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_backoff {
    /// `sizeof(fusepay_backoff)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Before the first run, in milliseconds; at most 30 days.
    pub initial_delay_ms: u64,
    /// What the delays between runs are multiples of, in milliseconds; 1 to 30
    /// days. Before run n+1: (2ⁿ − 1) × base.
    pub base_ms: u64,
    /// The longest delay between two runs, in milliseconds; `base_ms` to 30 days.
    pub cap_ms: u64,
    /// How many runs there are in all, 1 to 10,000.
    pub runs_max: u32,
    /// By how much of itself a delay may be longer, per thousand; at most 1000.
    pub jitter_per_mille: u32,
}

/// When a provider that keeps failing is left alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_breaker {
    /// `sizeof(fusepay_breaker)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// For how long, in milliseconds; 1 to one day.
    pub open_for_ms: i64,
    /// After how many failures in a row; 1 to 1000.
    pub failures_to_open: u32,
    /// How many calls then try it, and must all succeed; 1 to 64.
    pub half_open_calls: u32,
}

/// What an operation costs on top of its amount: a fixed part and a share, kept
/// between a minimum and a maximum, rounded half up. Amounts in minor units.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_fee {
    /// `sizeof(fusepay_fee)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Charged whatever the amount.
    pub fixed_minor: i64,
    /// The least charged.
    pub minimum_minor: i64,
    /// The most charged; NULL for no cap.
    pub maximum_minor: *const i64,
    /// Charged per thousand of the amount, 0 to 1000: 15 is 1.5 %. There is nothing
    /// finer.
    pub per_mille: u32,
}

/// Who issues access and refresh tokens, for whom, and for how long. Times in
/// seconds; 0 leaves a default alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_token_policy {
    /// `sizeof(fusepay_token_policy)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// `iss`, 1 to 255 bytes; NULL for "fusepay".
    pub issuer: *const c_char,
    /// `aud`, 1 to 255 bytes; NULL for "fusepay".
    pub audience: *const c_char,
    /// How long an access token lives; 15 minutes by default, at most a day.
    pub access_lifetime_s: i64,
    /// How far clocks may differ; 0 by default, at most 60.
    pub leeway_s: i64,
    /// How long a session may go without a refresh; 30 days by default.
    pub refresh_idle_s: i64,
    /// How long a session may last in all; 90 days by default, at most a year.
    pub refresh_absolute_s: i64,
    /// How long the previous refresh token still gets the same successor; NULL
    /// for 10, at most 60.
    pub refresh_grace_s: *const i64,
}

/// How failed log-ins slow down the next ones. 0 leaves a default alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_lockout {
    /// `sizeof(fusepay_lockout)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// How long a lock lasts, in milliseconds; 30 minutes by default, 1 s to one day.
    pub lock_for_ms: i64,
    /// Failures without a wait; 5 by default.
    pub free_failures: u32,
    /// The failure from which on the account is locked; 10 by default, 1 to 20
    /// above `free_failures`.
    pub lock_at: u32,
}

/// What one password hash costs (argon2id, RFC 9106). OWASP's settings at least. 0
/// leaves a default alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_hash_cost {
    /// `sizeof(fusepay_hash_cost)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Memory in KiB: at least 47104 with 1 pass, 19456 with 2, 12288 with 3,
    /// 9216 with 4, 7168 with 5; at most 1 GiB. 19456 by default.
    pub memory_kib: u32,
    /// Passes over the memory, at most 16. 2 by default.
    pub passes: u32,
    /// Lanes, 1 to 16. 1 by default.
    pub lanes: u32,
}

requests!(fusepay_backoff, fusepay_breaker, fusepay_fee, fusepay_token_policy, fusepay_lockout, fusepay_hash_cost,);

/// Takes what was given; zero leaves the default alone.
fn replace<T: Copy + Default + PartialEq>(field: &mut T, given: T) {
    if given != T::default() {
        *field = given;
    }
}

impl fusepay_breaker {
    /// The policy of the core, which checks it at open.
    pub(crate) const fn read(&self) -> BreakerPolicy {
        BreakerPolicy::new(self.failures_to_open, self.open_for_ms, self.half_open_calls)
    }
}

impl fusepay_lockout {
    /// The policy of the core, which checks it at open.
    pub(crate) fn read(&self) -> LockoutPolicy {
        let mut lockout = LockoutPolicy::default();
        replace(&mut lockout.lock_for_ms, self.lock_for_ms);
        replace(&mut lockout.free_failures, self.free_failures);
        replace(&mut lockout.lock_at, self.lock_at);
        lockout
    }
}

impl fusepay_hash_cost {
    /// The cost of the core.
    ///
    /// # Errors
    /// `INVALID_CONFIG`.
    pub(crate) fn read(&self) -> Result<HashCost, Error> {
        let (mut memory_kib, mut passes, mut lanes) = {
            let default = HashCost::default();
            (default.memory_kib(), default.passes(), default.lanes())
        };
        replace(&mut memory_kib, self.memory_kib);
        replace(&mut passes, self.passes);
        replace(&mut lanes, self.lanes);
        HashCost::new(memory_kib, passes, lanes)
    }
}

impl fusepay_token_policy {
    /// The policy of the core, which checks it at open.
    ///
    /// # Errors
    /// What can't be read.
    pub(crate) fn read(&self) -> Result<TokenPolicy, Error> {
        let issuer = input::optional_text("issuer", self.issuer)?.unwrap_or("fusepay");
        let audience = input::optional_text("audience", self.audience)?.unwrap_or("fusepay");
        let mut policy = TokenPolicy::new(issuer, audience);
        replace(&mut policy.access_lifetime_s, self.access_lifetime_s);
        replace(&mut policy.leeway_s, self.leeway_s);
        replace(&mut policy.refresh_idle_s, self.refresh_idle_s);
        replace(&mut policy.refresh_absolute_s, self.refresh_absolute_s);
        if let Some(grace) = input::optional("refresh_grace_s", self.refresh_grace_s)? {
            policy.refresh_grace_s = grace;
        }
        Ok(policy)
    }
}

impl fusepay_backoff {
    /// The schedule of the core, which checks it at open.
    pub(crate) fn read(&self) -> Backoff {
        Backoff::bill()
            .with_initial_delay(self.initial_delay_ms)
            .with_base(self.base_ms)
            .with_cap(self.cap_ms)
            .with_runs_max(self.runs_max)
            .with_jitter(self.jitter_per_mille)
    }
}

impl fusepay_fee {
    /// The fee of the core.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub(crate) fn read(&self) -> Result<FeePolicy, Error> {
        let mut fee = FeePolicy::per_mille(self.per_mille).plus_fixed(self.fixed_minor);
        fee.minimum_minor = self.minimum_minor;
        fee.maximum_minor = input::optional("maximum_minor", self.maximum_minor)?;
        fee.check()?;
        Ok(fee)
    }
}

fn fill(place: *mut fusepay_backoff, backoff: &Backoff) -> Result<(), Error> {
    let shown = fusepay_backoff {
        struct_size: size_of::<fusepay_backoff>(),
        initial_delay_ms: backoff.initial_delay_ms,
        base_ms: backoff.base_ms,
        cap_ms: backoff.cap_ms,
        runs_max: backoff.runs_max,
        jitter_per_mille: backoff.jitter_per_mille,
    };
    input::fill("backoff", place, &shown)
}

/// Fills in the default schedule of sending a bill: at once, then after 2 and 6
/// seconds. Begin the struct with `FUSEPAY_INIT`.
///
/// Errors, of this and the two below: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_backoff_bill(backoff: *mut fusepay_backoff, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || fill(backoff, &Backoff::bill()))
}

/// Fills in the default schedule of reversals: 5, 8, 17, 38 and 83 seconds after
/// the failure.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_backoff_reversal(backoff: *mut fusepay_backoff, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || fill(backoff, &Backoff::reversal()))
}

/// Fills in the default schedule of asking what became of a payment: after 5
/// seconds, then ever more slowly, 40 times, over five and a half hours.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_backoff_requery(backoff: *mut fusepay_backoff, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || fill(backoff, &Backoff::requery()))
}

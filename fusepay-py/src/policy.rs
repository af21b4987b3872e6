//! Policies: the small parts of a configuration, each with the core's defaults
//! for what is left out.

use fusepay_core::Secret;
use pyo3::prelude::*;

use crate::convert::{FromPy, read, read_optional};
use crate::error::exception;
use crate::record::record;

record! {
    /// What an operation costs on top of its amount: a fixed part and a share,
    /// kept between a minimum and a maximum, rounded half up to a minor unit.
    /// `FeePolicy()` is free.
    FeePolicy from fusepay_core::FeePolicy {
        /// Charged whatever the amount, in minor units. 0 by default.
        fixed_minor: i64 = None => 0,
        /// Charged per thousand of the amount: 15 is 1.5 %. 0 by default.
        per_mille: u32 = None => 0,
        /// The least charged, in minor units. 0 by default.
        minimum_minor: i64 = None => 0,
        /// The most charged, in minor units; `None` for no cap.
        maximum_minor: Option<i64> = None => None,
    }
    methods {
        /// The fee for this amount.
        fn for_amount<'py>(&self, py: Python<'py>, amount: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            use crate::convert::ToPy as _;
            let policy = fusepay_core::FeePolicy::from(self.clone());
            policy.for_amount(read(amount, "amount")?).map_err(|error| exception(py, &error))?.to_py(py)
        }
    }
}

impl From<FeePolicy> for fusepay_core::FeePolicy {
    fn from(fee: FeePolicy) -> Self {
        let mut core = fusepay_core::FeePolicy::free();
        core.fixed_minor = fee.fixed_minor;
        core.per_mille = fee.per_mille;
        core.minimum_minor = fee.minimum_minor;
        core.maximum_minor = fee.maximum_minor;
        core
    }
}

record! {
    /// How often a job runs, and how long it waits before each run. Delays in
    /// milliseconds. What is left out is as in `Backoff.bill()`, whatever it is for: to
    /// change a little of another schedule, write `Backoff.requery().replace(runs_max=10)`.
    Backoff from fusepay_core::Backoff {
        /// The delay before the first run. 0 by default.
        initial_delay_ms: u64 = None => fusepay_core::Backoff::bill().initial_delay_ms,
        /// What the delays between runs are multiples of: they are 1, 3, 7... times this. 2,000 by default.
        base_ms: u64 = None => fusepay_core::Backoff::bill().base_ms,
        /// How many runs there are in all, 1 to 10,000. 3 by default.
        runs_max: u32 = None => fusepay_core::Backoff::bill().runs_max,
        /// The longest delay between two runs, before jitter. An hour by default.
        cap_ms: u64 = None => fusepay_core::Backoff::bill().cap_ms,
        /// By how much of itself a delay may be longer, per thousand. 0 by default.
        jitter_per_mille: u32 = None => fusepay_core::Backoff::bill().jitter_per_mille,
    }
    methods {
        /// A copy in which only this is different.
        #[pyo3(signature = (
            *, initial_delay_ms=None, base_ms=None, runs_max=None, cap_ms=None, jitter_per_mille=None
        ))]
        fn replace(
            &self,
            initial_delay_ms: Option<&Bound<'_, PyAny>>,
            base_ms: Option<&Bound<'_, PyAny>>,
            runs_max: Option<&Bound<'_, PyAny>>,
            cap_ms: Option<&Bound<'_, PyAny>>,
            jitter_per_mille: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<Backoff> {
            Ok(Backoff {
                initial_delay_ms: read_optional(initial_delay_ms, "initial_delay_ms")?
                    .unwrap_or(self.initial_delay_ms),
                base_ms: read_optional(base_ms, "base_ms")?.unwrap_or(self.base_ms),
                runs_max: read_optional(runs_max, "runs_max")?.unwrap_or(self.runs_max),
                cap_ms: read_optional(cap_ms, "cap_ms")?.unwrap_or(self.cap_ms),
                jitter_per_mille: read_optional(jitter_per_mille, "jitter_per_mille")?
                    .unwrap_or(self.jitter_per_mille),
            })
        }

        /// For sending a payment: at once, then after 2 and 6 seconds.
        #[staticmethod]
        fn bill() -> Backoff {
            fusepay_core::Backoff::bill().into()
        }

        /// For giving money back: 5, 8, 17, 38 and 83 seconds after the failure.
        #[staticmethod]
        fn reversal() -> Backoff {
            fusepay_core::Backoff::reversal().into()
        }

        /// For asking what became of a payment: after 5 seconds, then ever more
        /// slowly; 40 times, over five and a half hours, with a tenth of jitter.
        #[staticmethod]
        fn requery() -> Backoff {
            fusepay_core::Backoff::requery().into()
        }
    }
}

impl From<Backoff> for fusepay_core::Backoff {
    fn from(backoff: Backoff) -> Self {
        fusepay_core::Backoff::bill()
            .with_initial_delay(backoff.initial_delay_ms)
            .with_base(backoff.base_ms)
            .with_runs_max(backoff.runs_max)
            .with_cap(backoff.cap_ms)
            .with_jitter(backoff.jitter_per_mille)
    }
}

record! {
    /// When a provider that keeps failing is left alone for a while.
    BreakerPolicy from fusepay_core::BreakerPolicy {
        /// Failures in a row after which nothing is sent any more.
        failures_to_open: u32 = None => fusepay_core::BreakerPolicy::default().failures_to_open,
        /// How long it is left alone then, in milliseconds.
        open_for_ms: i64 = None => fusepay_core::BreakerPolicy::default().open_for_ms,
        /// How many calls must succeed after that before all are let through again.
        half_open_calls: u32 = None => fusepay_core::BreakerPolicy::default().half_open_calls,
    }
}

impl From<BreakerPolicy> for fusepay_core::BreakerPolicy {
    fn from(breaker: BreakerPolicy) -> Self {
        fusepay_core::BreakerPolicy::new(breaker.failures_to_open, breaker.open_for_ms, breaker.half_open_calls)
    }
}

record! {
    /// How often a provider may be called. `RatePolicy()` is without a limit.
    RatePolicy from fusepay_core::RatePolicy {
        /// Calls per second on average; `None` for no limit.
        per_second: Option<u32> = None => None,
        /// Calls at once after a pause. 1 by default.
        burst: u32 = None => 1,
    }
}

impl From<RatePolicy> for fusepay_core::RatePolicy {
    fn from(rate: RatePolicy) -> Self {
        match rate.per_second {
            Some(per_second) => fusepay_core::RatePolicy::per_second(per_second, rate.burst),
            None => fusepay_core::RatePolicy::unlimited(),
        }
    }
}

record! {
    /// How failed log-ins slow down the next ones.
    LockoutPolicy from fusepay_core::LockoutPolicy {
        /// Failures without a wait; after each further one, 2^n seconds, n from 0. 5 by default.
        free_failures: u32 = None => fusepay_core::LockoutPolicy::default().free_failures,
        /// The failure from which on the account is locked. 10 by default.
        lock_at: u32 = None => fusepay_core::LockoutPolicy::default().lock_at,
        /// How long a lock lasts, in milliseconds. 30 minutes by default.
        lock_for_ms: i64 = None => fusepay_core::LockoutPolicy::default().lock_for_ms,
    }
}

impl From<LockoutPolicy> for fusepay_core::LockoutPolicy {
    fn from(lockout: LockoutPolicy) -> Self {
        let mut core = fusepay_core::LockoutPolicy::default();
        core.free_failures = lockout.free_failures;
        core.lock_at = lockout.lock_at;
        core.lock_for_ms = lockout.lock_for_ms;
        core
    }
}

/// The default times of tokens.
fn times() -> fusepay_core::TokenPolicy {
    fusepay_core::TokenPolicy::new("fusepay", "fusepay")
}

record! {
    /// Who issues tokens, for whom, and for how long. Times are in seconds.
    TokenPolicy from fusepay_core::TokenPolicy {
        /// `iss`: this engine, as its host names it. 1 to 255 bytes. "fusepay" by default.
        issuer: String = None => times().issuer,
        /// `aud`: who accepts the tokens. 1 to 255 bytes. "fusepay" by default.
        audience: String = None => times().audience,
        /// How long an access token lives. 15 minutes by default, at most a day.
        access_lifetime_s: i64 = None => times().access_lifetime_s,
        /// How far clocks may differ. 0 by default, at most 60.
        leeway_s: i64 = None => times().leeway_s,
        /// How long a session may go without a refresh. 30 days by default.
        refresh_idle_s: i64 = None => times().refresh_idle_s,
        /// How long a session may last in all. 90 days by default.
        refresh_absolute_s: i64 = None => times().refresh_absolute_s,
        /// How long after a rotation the previous refresh token still gets the
        /// same successor. 10 by default, at most 60.
        refresh_grace_s: i64 = None => times().refresh_grace_s,
    }
}

impl From<TokenPolicy> for fusepay_core::TokenPolicy {
    fn from(policy: TokenPolicy) -> Self {
        let mut core = fusepay_core::TokenPolicy::new(policy.issuer, policy.audience);
        core.access_lifetime_s = policy.access_lifetime_s;
        core.leeway_s = policy.leeway_s;
        core.refresh_idle_s = policy.refresh_idle_s;
        core.refresh_absolute_s = policy.refresh_absolute_s;
        core.refresh_grace_s = policy.refresh_grace_s;
        core
    }
}

record! {
    /// What a new password must be. Passwords already set are not judged again.
    PasswordPolicy {
        /// The least number of code points: 15 (8 with a second factor) to 64. The
        /// least by default.
        minimum: Option<usize> = None => None,
        /// Whether every log-in needs a second factor as well, which lets shorter
        /// passwords do. `False` by default.
        with_second_factor: bool = None => false,
    }
}

impl PasswordPolicy {
    /// The core's policy.
    pub(crate) fn to_core(&self) -> fusepay_core::Result<fusepay_core::PasswordPolicy> {
        let policy = if self.with_second_factor {
            fusepay_core::PasswordPolicy::with_second_factor()
        } else {
            fusepay_core::PasswordPolicy::password_alone()
        };
        self.minimum.map_or(Ok(policy.clone()), |minimum| policy.with_minimum(minimum))
    }
}

record! {
    /// What one password hash (argon2id) costs whoever computes it. The defaults
    /// are OWASP's: 19 MiB, 2 passes, 1 lane.
    HashCost {
        /// Memory, in KiB. 19,456 by default.
        memory_kib: u32 = None => fusepay_core::HashCost::default().memory_kib(),
        /// Passes over the memory. 2 by default.
        passes: u32 = None => fusepay_core::HashCost::default().passes(),
        /// Lanes. 1 by default.
        lanes: u32 = None => fusepay_core::HashCost::default().lanes(),
    }
}

impl HashCost {
    /// The core's cost.
    pub(crate) fn to_core(&self) -> fusepay_core::Result<fusepay_core::HashCost> {
        fusepay_core::HashCost::new(self.memory_kib, self.passes, self.lanes)
    }
}

/// A key outside the database that goes into every password hash, so that the
/// file alone gives nothing to guess against. At least 32 bytes, under an id of 1
/// to 8 letters, digits, `_`, `-`. Losing it loses every password made with it.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Pepper(pub(crate) fusepay_core::Pepper);

#[pymethods]
impl Pepper {
    #[new]
    fn new(id: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (text, secret): (String, Secret) = (read(id, "id")?, read(key, "key")?);
        fusepay_core::Pepper::new(&text, secret).map(Pepper).map_err(|error| exception(id.py(), &error))
    }

    /// This pepper, with one that was used before: that one verifies, and is
    /// replaced at the next log-in.
    fn with_former(&self, id: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (text, secret): (String, Secret) = (read(id, "id")?, read(key, "key")?);
        self.0.clone().with_former(&text, secret).map(Pepper).map_err(|error| exception(id.py(), &error))
    }

    fn __repr__(&self) -> &'static str {
        "Pepper(<hidden>)"
    }
}

impl FromPy for fusepay_core::Pepper {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let pepper = object.cast::<Pepper>().map(|pepper| pepper.get().0.clone());
        pepper.map_err(|_| crate::error::invalid(object.py(), field, "must be Pepper"))
    }
}

/// The keys that sign and verify users' tokens: one that signs, any number that
/// only verify. In memory alone; never stored, never shown.
///
/// `KeyRing.hs256("2026-03", key)` with a random key of 32 bytes or more from your
/// secret store; the engine refuses weak keys and placeholders.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct KeyRing(pub(crate) fusepay_core::KeyRing);

#[pymethods]
impl KeyRing {
    /// A ring that signs with HMAC-SHA-256 under this key id, the default choice.
    /// The key, `bytes` or `str`, has 32 bytes or more.
    #[staticmethod]
    fn hs256(kid: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (text, secret): (String, Secret) = (read(kid, "kid")?, read(key, "key")?);
        fusepay_core::KeyRing::hs256(&text, secret).map(KeyRing).map_err(|error| exception(kid.py(), &error))
    }

    /// A ring that signs with Ed25519, from a seed of exactly 32 bytes.
    #[staticmethod]
    fn eddsa(kid: &Bound<'_, PyAny>, seed: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (text, secret): (String, Secret) = (read(kid, "kid")?, read(seed, "seed")?);
        fusepay_core::KeyRing::eddsa(&text, secret).map(KeyRing).map_err(|error| exception(kid.py(), &error))
    }

    /// This ring, with a key that verifies until `not_after` (inclusive) and signs
    /// nothing. For Ed25519 its seed.
    fn with_verify_only(
        &self,
        kid: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        not_after: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (text, secret): (String, Secret) = (read(kid, "kid")?, read(key, "key")?);
        let ring = self.0.clone().with_verify_only(&text, secret, read(not_after, "not_after")?);
        ring.map(KeyRing).map_err(|error| exception(kid.py(), &error))
    }

    /// The id of the key that signs.
    #[getter]
    fn signing_kid(&self) -> &str {
        self.0.signing_kid()
    }

    fn __repr__(&self) -> String {
        format!("KeyRing(signing_kid='{}')", self.0.signing_kid())
    }
}

impl FromPy for fusepay_core::KeyRing {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let ring = object.cast::<KeyRing>().map(|ring| ring.get().0.clone());
        ring.map_err(|_| crate::error::invalid(object.py(), field, "must be KeyRing, such as KeyRing.hs256(kid, key)"))
    }
}

//! `fusepay.Config`: every setting of the core's configuration as a keyword.
//! What is left out, or None, is the core's default.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fusepay_core::{Clock, Entropy, OsEntropy, Pepper, Secret, SeededEntropy, SystemClock};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::convert::{FromPy, ToPy, read, read_optional};
use crate::error::{exception, invalid};
use crate::policy::{
    Backoff, BreakerPolicy, FeePolicy, HashCost, LockoutPolicy, PasswordPolicy, RatePolicy, TokenPolicy,
};
use crate::word::must_be;

/// How long `close()`, leaving a `with` block and the end of the interpreter wait
/// for provider calls, unless a configuration says otherwise; as the core's own drop.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

/// A choice of the configuration that is a Python enumeration of `_settings.py`.
macro_rules! choices {
    ($($choice:ident { $($variant:ident = $name:literal),+ })+) => {$(
        impl FromPy for fusepay_core::$choice {
            fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
                let py = object.py();
                let class = py.import("fusepay._settings")?.getattr(stringify!($choice))?;
                let is_ours = object.is_exact_instance_of::<PyString>() || object.is_instance(&class)?;
                match object.cast::<PyString>().ok().filter(|_| is_ours).and_then(|text| text.to_str().ok()) {
                    $(Some($name) => Ok(fusepay_core::$choice::$variant),)+
                    _ => Err(invalid(py, field, must_be(stringify!($choice), &[$($name),+]))),
                }
            }
        }
    )+};
}

choices! {
    WorkerMode { Background = "BACKGROUND", Manual = "MANUAL" }
    FilePermissions { Strict = "STRICT", Relaxed = "RELAXED" }
    Remainder { Release = "RELEASE", Keep = "KEEP" }
    RefundSource { Biller = "BILLER", Host = "HOST" }
    ClaimSettlement { RecoveredFromProvider = "RECOVERED_FROM_PROVIDER", WrittenOff = "WRITTEN_OFF" }
    StartAt { Beginning = "BEGINNING", Now = "NOW" }
}

/// Everything an engine needs to open. `path` is the database file, created when
/// missing; `keys` signs the users' tokens, and has no default. Everything else is
/// a keyword and may be left out:
///
/// - `providers`: a mapping of code to provider object.
/// - `worker` (`WorkerMode`): `BACKGROUND` threads by default; `MANUAL`: nothing
///   runs but in `run_due()`.
/// - `file_permissions` (`FilePermissions`): `STRICT` by default: files readable by
///   others and directories writable by others are refused.
/// - `call_deadline` (30 s): how long a call may wait before it raises `BusyError`.
/// - `close_deadline` (5 s): how long `close()`, the end of a `with` block and the
///   interpreter's exit wait for provider calls.
/// - `currency` ("NGN"): of the wallet that `register` makes.
/// - `tokens`, `passwords`, `hash_cost`, `hash_concurrency`, `pepper`, `lockout`:
///   how users log in.
/// - `audit_key` (32 bytes or more): keys the audit chain.
/// - `vault_key` (32 bytes) under `vault_key_id` (1): encrypts what customers bought.
/// - `bill_backoff`, `reversal_backoff`, `requery_backoff`, `breaker`, `rate`,
///   `drain_max` (64), `refresh_interval` (5 s): how the queue works.
/// - `transfer_fee`, `withdrawal_fee` (none), `quote_life` (15 minutes).
/// - `restored` (False): the file was put back from a byte-for-byte copy.
/// - `clock` (`ManualClock`, or an object with `wall()` and `monotonic_ms()`) and
///   `seed` (an int) or `entropy` (`SeededEntropy`, or an object with `fill(length)`):
///   simulation. The file is marked as simulated for good.
///
/// Spans are `timedelta`, or `int` milliseconds. Malformed values raise here,
/// contradictions in `FusePay.open`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Config {
    core: fusepay_core::Config,
    providers: Vec<(String, Py<PyAny>)>,
    close_deadline: Duration,
}

/// A setting to apply when it was given.
macro_rules! set {
    ($core:ident, $($field:ident as $kind:ty => $with:ident),+ $(,)?) => {
        $(if let Some(given) = read_optional::<$kind>($field.as_ref(), stringify!($field))? {
            $core = $core.$with(given.into());
        })+
    };
}

#[pymethods]
impl Config {
    #[new]
    #[pyo3(signature = (
        path, keys, *, providers=None, worker=None, file_permissions=None, call_deadline=None, close_deadline=None,
        currency=None, tokens=None, passwords=None, hash_cost=None, hash_concurrency=None, pepper=None, lockout=None,
        audit_key=None, vault_key=None, vault_key_id=None, bill_backoff=None, reversal_backoff=None,
        requery_backoff=None, breaker=None, rate=None, transfer_fee=None, withdrawal_fee=None, drain_max=None,
        quote_life=None, refresh_interval=None, restored=None, clock=None, seed=None, entropy=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "one for each setting, and all have names in Python")]
    fn new(
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        keys: &Bound<'_, PyAny>,
        providers: Option<Bound<'_, PyAny>>,
        worker: Option<Bound<'_, PyAny>>,
        file_permissions: Option<Bound<'_, PyAny>>,
        call_deadline: Option<Bound<'_, PyAny>>,
        close_deadline: Option<Bound<'_, PyAny>>,
        currency: Option<Bound<'_, PyAny>>,
        tokens: Option<Bound<'_, PyAny>>,
        passwords: Option<Bound<'_, PyAny>>,
        hash_cost: Option<Bound<'_, PyAny>>,
        hash_concurrency: Option<Bound<'_, PyAny>>,
        pepper: Option<Bound<'_, PyAny>>,
        lockout: Option<Bound<'_, PyAny>>,
        audit_key: Option<Bound<'_, PyAny>>,
        vault_key: Option<Bound<'_, PyAny>>,
        vault_key_id: Option<Bound<'_, PyAny>>,
        bill_backoff: Option<Bound<'_, PyAny>>,
        reversal_backoff: Option<Bound<'_, PyAny>>,
        requery_backoff: Option<Bound<'_, PyAny>>,
        breaker: Option<Bound<'_, PyAny>>,
        rate: Option<Bound<'_, PyAny>>,
        transfer_fee: Option<Bound<'_, PyAny>>,
        withdrawal_fee: Option<Bound<'_, PyAny>>,
        drain_max: Option<Bound<'_, PyAny>>,
        quote_life: Option<Bound<'_, PyAny>>,
        refresh_interval: Option<Bound<'_, PyAny>>,
        restored: Option<Bound<'_, PyAny>>,
        clock: Option<Bound<'_, PyAny>>,
        seed: Option<Bound<'_, PyAny>>,
        entropy: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut core = fusepay_core::Config::new(read::<PathBuf>(path, "path")?, read(keys, "keys")?);
        set!(core,
            worker as fusepay_core::WorkerMode => with_worker,
            file_permissions as fusepay_core::FilePermissions => with_file_permissions,
            call_deadline as Duration => with_call_deadline,
            currency as fusepay_core::Currency => with_currency,
            tokens as TokenPolicy => with_tokens,
            hash_concurrency as usize => with_hash_concurrency,
            pepper as Pepper => with_pepper,
            lockout as LockoutPolicy => with_lockout,
            audit_key as Secret => with_audit_key,
            bill_backoff as Backoff => with_bill_backoff,
            reversal_backoff as Backoff => with_reversal_backoff,
            requery_backoff as Backoff => with_requery_backoff,
            breaker as BreakerPolicy => with_breaker,
            rate as RatePolicy => with_rate,
            transfer_fee as FeePolicy => with_transfer_fee,
            withdrawal_fee as FeePolicy => with_withdrawal_fee,
            drain_max as u32 => with_drain_max,
            quote_life as Duration => with_quote_life,
            refresh_interval as Duration => with_refresh_interval,
        );
        if let Some(policy) = read_optional::<PasswordPolicy>(passwords.as_ref(), "passwords")? {
            core = core.with_passwords(policy.to_core().map_err(|error| exception(py, &error))?);
        }
        if let Some(cost) = read_optional::<HashCost>(hash_cost.as_ref(), "hash_cost")? {
            core = core.with_hash_cost(cost.to_core().map_err(|error| exception(py, &error))?);
        }
        if let Some(key) = read_optional(vault_key.as_ref(), "vault_key")? {
            core = core.with_vault_key(read_optional(vault_key_id.as_ref(), "vault_key_id")?.unwrap_or(1), key);
        }
        if read_optional(restored.as_ref(), "restored")?.unwrap_or(false) {
            core = core.with_restored();
        }
        core = simulated(py, core, clock.as_ref(), seed.as_ref(), entropy.as_ref())?;
        Ok(Config {
            core,
            providers: read_providers(providers.as_ref())?,
            close_deadline: read_optional(close_deadline.as_ref(), "close_deadline")?.unwrap_or(CLOSE_DEADLINE),
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let codes: Vec<String> = self.providers.iter().map(|(code, _)| code.clone()).collect();
        Ok(format!("Config({:?}, providers={})", self.core, codes.to_py(py)?.repr()?))
    }
}

impl Config {
    /// The core's configuration, without providers.
    pub(crate) fn core(&self) -> fusepay_core::Config {
        self.core.clone()
    }

    /// The providers' codes and objects.
    pub(crate) fn providers(&self) -> &[(String, Py<PyAny>)] {
        &self.providers
    }

    /// How long closing waits for provider calls.
    pub(crate) fn close_deadline(&self) -> Duration {
        self.close_deadline
    }
}

/// Injects time and randomness where either was given.
fn simulated(
    py: Python<'_>,
    core: fusepay_core::Config,
    clock: Option<&Bound<'_, PyAny>>,
    seed: Option<&Bound<'_, PyAny>>,
    entropy: Option<&Bound<'_, PyAny>>,
) -> PyResult<fusepay_core::Config> {
    let clock: Option<Arc<dyn Clock>> = read_optional(clock, "clock")?;
    let entropy: Option<Arc<dyn Entropy>> = match (read_optional::<u64>(seed, "seed")?, entropy) {
        (Some(_), Some(_)) => return Err(invalid(py, "seed", "give seed or entropy, not both")),
        (Some(seed), None) => Some(Arc::new(SeededEntropy::new(seed))),
        (None, given) => read_optional(given, "entropy")?,
    };
    if clock.is_none() && entropy.is_none() {
        return Ok(core);
    }
    let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
    Ok(core.with_simulation(clock, entropy.unwrap_or_else(|| Arc::new(OsEntropy))))
}

fn read_providers(given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<(String, Py<PyAny>)>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let py = given.py();
    // Whatever `dict` takes: a mapping, or pairs.
    let mapping = py.get_type::<PyDict>().call1((given,));
    let mapping = mapping.map_err(|_| invalid(py, "providers", "must be a mapping of code to provider"))?;
    let pairs = mapping.cast_into::<PyDict>()?;
    pairs.iter().map(|(code, provider)| Ok((read(&code, "providers")?, provider.unbind()))).collect()
}

impl FromPy for PathBuf {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        object.extract().map_err(|_| invalid(object.py(), field, "must be str or os.PathLike"))
    }
}

//! What an engine needs to open, as C says it.
//!
//! Every default is the core's: a field that is zero or NULL leaves it alone.

use std::ffi::c_char;
use std::path::PathBuf;
use std::sync::Arc;

use fusepay_core::{
    Clock, Code, Config, Currency, Entropy, Error, FilePermissions, KeyRing, OsEntropy, PasswordPolicy, Pepper,
    RatePolicy, SeededEntropy, SystemClock, UnixMillis, WorkerMode,
};

use crate::clock::{fusepay_clock, fusepay_entropy};
use crate::input::{self, requests};
use crate::policy::{
    fusepay_backoff, fusepay_breaker, fusepay_fee, fusepay_hash_cost, fusepay_lockout, fusepay_token_policy,
};
use crate::provider::{HostProvider, fusepay_provider};

/// A background thread of the engine drives the queue. The default.
pub const FUSEPAY_WORKER_BACKGROUND: u32 = 0;
/// Nobody but the host drives the queue, by `fusepay_engine_run_due`, on the
/// host's own thread, provider calls included.
pub const FUSEPAY_WORKER_MANUAL: u32 = 1;

/// Refuses files that others can read and directories that others can write. The default.
pub const FUSEPAY_FILE_PERMISSIONS_STRICT: u32 = 0;
/// Takes files and directories as they are.
pub const FUSEPAY_FILE_PERMISSIONS_RELAXED: u32 = 1;

/// Tokens are signed with HMAC-SHA-256: keys of 32 to 1024 random bytes. The default.
pub const FUSEPAY_KEY_HS256: u32 = 0;
/// Tokens are signed with Ed25519: keys are seeds of exactly 32 bytes.
pub const FUSEPAY_KEY_EDDSA: u32 = 1;

/// A key that tokens are signed with or verified by. Supplied by the host, held
/// in memory only, never stored. There is no default key.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_key {
    /// `sizeof(fusepay_key)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Its id, 1 to 64 of `A-Z a-z 0-9 _ -`; stands in every token it signs.
    pub id: *const c_char,
    /// The key; a copy is taken.
    pub secret: *const u8,
    /// Its length in bytes.
    pub secret_length: usize,
    /// Until when a key that only verifies is good, inclusive, in milliseconds
    /// UTC. Not read of the first key, which signs.
    pub not_after_ms: i64,
}

/// A provider under its code.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_provider_entry {
    /// `sizeof(fusepay_provider_entry)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Its code, 1 to 64 of `A-Z a-z 0-9 - _ .`; billers name it.
    pub code: *const c_char,
    /// What to call.
    pub provider: *const fusepay_provider,
}

/// Everything an engine needs to open. Begin it with `FUSEPAY_INIT`, set `path`
/// and one key; whatever stays zero or NULL is the default. All of it is copied.
///
/// ```c
/// fusepay_key key = FUSEPAY_INIT(fusepay_key);
/// key.id = "2026-03";
/// key.secret = secret;                 // 32 random bytes or more, from your secret store
/// key.secret_length = secret_length;
/// fusepay_config config = FUSEPAY_INIT(fusepay_config);
/// config.path = "pay.db";
/// config.keys = &key;
/// config.key_count = 1;
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_config {
    /// `sizeof(fusepay_config)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The database file; created when missing, readable by this user alone.
    pub path: *const c_char,
    /// The keys of tokens: the first signs, the others only verify.
    pub keys: *const fusepay_key,
    /// How many keys there are; at least 1.
    pub key_count: usize,
    /// `FUSEPAY_KEY_HS256` or `FUSEPAY_KEY_EDDSA`, of all keys.
    pub key_algorithm: u32,
    /// `FUSEPAY_WORKER_BACKGROUND` or `FUSEPAY_WORKER_MANUAL`.
    pub worker: u32,
    /// Providers that are there from the start.
    pub providers: *const fusepay_provider_entry,
    /// How many providers there are.
    pub provider_count: usize,
    /// The currency of the wallet that registering makes; NULL for "NGN".
    pub currency: *const c_char,
    /// `FUSEPAY_FILE_PERMISSIONS_STRICT` or `FUSEPAY_FILE_PERMISSIONS_RELAXED`.
    pub file_permissions: u32,
    /// 1 when the file was put back from a copy byte for byte: whatever waits to
    /// be sent is queried first, because the life before may have sent it.
    pub is_restored: u32,
    /// How long a call may wait before it answers `FUSEPAY_ERR_BUSY`; 30 s by
    /// default, at most an hour.
    pub call_deadline_ms: i64,
    /// Tokens; NULL for the defaults.
    pub tokens: *const fusepay_token_policy,
    /// The least code points of a password: 15 (the default) to 64.
    pub password_minimum: u32,
    /// 1 when the host demands a second factor: the minimum is 8 then.
    pub has_second_factor: u32,
    /// What one password hash costs; NULL for the default.
    pub hash_cost: *const fusepay_hash_cost,
    /// How many passwords are hashed at once; 0 for the number of cores.
    pub hash_concurrency: usize,
    /// A key mixed into every password hash, of 32 bytes or more; NULL for none.
    pub pepper: *const u8,
    /// Its length in bytes.
    pub pepper_length: usize,
    /// Its id, 1 to 8 of `A-Z a-z 0-9 _ -`.
    pub pepper_id: *const c_char,
    /// How failed log-ins slow down the next ones; NULL for the default.
    pub lockout: *const fusepay_lockout,
    /// A key for the audit chain, of 32 bytes or more; NULL for none.
    pub audit_key: *const u8,
    /// Its length in bytes.
    pub audit_key_length: usize,
    /// A key of exactly 32 bytes that what customers bought is encrypted with;
    /// NULL for none.
    pub vault_key: *const u8,
    /// Its length in bytes.
    pub vault_key_length: usize,
    /// Its id, stored beside what it encrypts.
    pub vault_key_id: u32,
    /// How many due jobs one step of the queue claims; 64 by default, at most 1024.
    pub drain_max: u32,
    /// The schedule of sending a bill; NULL for 3 runs, waits of 2 and 6 s.
    pub bill_backoff: *const fusepay_backoff,
    /// The schedule of reversals; NULL for T+5, 8, 17, 38, 83 s.
    pub reversal_backoff: *const fusepay_backoff,
    /// The schedule of asking what became of a payment; NULL for the default.
    pub requery_backoff: *const fusepay_backoff,
    /// When a provider is left alone; NULL for 5 failures, 30 s.
    pub breaker: *const fusepay_breaker,
    /// Calls a second each provider gets at most, 1 to 100,000; 0 for no limit.
    pub rate_per_second: u32,
    /// How many calls may come at once after a pause; 0 for 1.
    pub rate_burst: u32,
    /// What a transfer costs the sender; NULL for nothing.
    pub transfer_fee: *const fusepay_fee,
    /// What a withdrawal costs; NULL for nothing.
    pub withdrawal_fee: *const fusepay_fee,
    /// How long a quote is good; 15 minutes by default, at most 30 days.
    pub quote_life_ms: i64,
    /// How often reading an unknown payment may make its requery due; 5 s by default.
    pub refresh_interval_ms: i64,
    /// An injected clock; NULL for the operating system's. With it, or with
    /// `entropy` or `entropy_seed`, the file is marked as simulated for good.
    pub clock: *const fusepay_clock,
    /// Injected randomness; NULL for the operating system's.
    pub entropy: *const fusepay_entropy,
    /// Randomness from a seed, for simulation; NULL for none. Whoever knows the
    /// seed knows every id and salt.
    pub entropy_seed: *const u64,
}

requests!(fusepay_key, fusepay_provider_entry, fusepay_config,);

/// A configuration of the core. Every callback's `destroy` is owed from here on,
/// also when this fails.
///
/// # Errors
/// [`Code::InvalidArgument`] for what can't be read, [`Code::InvalidConfig`].
pub(crate) fn read(config: *const fusepay_config) -> Result<Config, Error> {
    let given = input::request("config", config)?;
    // Taken over first: from now on dropping them calls `destroy`.
    let (providers, simulation) = (providers(&given), simulation(&given));
    let (providers, simulation) = (providers?, simulation?);
    let path = PathBuf::from(input::text("path", given.path)?);
    let mut config = Config::new(path, key_ring(&given)?);
    for (code, provider) in providers {
        config = config.with_provider(code, provider);
    }
    if let Some((clock, entropy)) = simulation {
        config = config.with_simulation(clock, entropy);
    }
    let config = with_modes(config, &given)?;
    let config = with_passwords(config, &given)?;
    let config = with_keys(config, &given)?;
    let config = with_schedules(config, &given)?;
    with_prices(config, &given)
}

fn providers(given: &fusepay_config) -> Result<Vec<(String, Arc<HostProvider>)>, Error> {
    let entries = input::request_array("providers", given.providers, given.provider_count)?;
    // Every provider is taken over before a code is looked at, so that each gets its `destroy`.
    let taken: Vec<_> = entries.iter().map(|entry| HostProvider::read(entry.provider)).collect();
    let codes = entries.iter().map(|entry| input::text("provider code", entry.code));
    codes.zip(taken).map(|(code, provider)| Ok((code?.to_owned(), Arc::new(provider?)))).collect()
}

type Simulation = (Arc<dyn Clock>, Arc<dyn Entropy>);

fn simulation(given: &fusepay_config) -> Result<Option<Simulation>, Error> {
    let clock = input::optional_request("clock", given.clock)?.map(crate::clock::HostClock::new);
    let entropy = input::optional_request("entropy", given.entropy)?.map(crate::clock::HostEntropy::new);
    let seed = input::optional("entropy_seed", given.entropy_seed)?;
    if clock.is_none() && entropy.is_none() && seed.is_none() {
        return Ok(None);
    }
    let clock: Arc<dyn Clock> = match clock {
        Some(clock) => Arc::new(clock?),
        None => Arc::new(SystemClock),
    };
    let entropy: Arc<dyn Entropy> = match (entropy, seed) {
        (Some(_), Some(_)) => {
            return Err(Error::field(Code::InvalidArgument, "entropy", "give a source or a seed, not both"));
        }
        (Some(entropy), None) => Arc::new(entropy?),
        (None, Some(seed)) => Arc::new(SeededEntropy::new(seed)),
        (None, None) => Arc::new(OsEntropy),
    };
    Ok(Some((clock, entropy)))
}

fn key_ring(given: &fusepay_config) -> Result<KeyRing, Error> {
    let keys = input::request_array("keys", given.keys, given.key_count)?;
    let [signing, others @ ..] = keys.as_slice() else {
        return Err(Error::field(Code::InvalidConfig, "keys", "there is no default key; give at least one"));
    };
    let id = input::text("key id", signing.id)?;
    let secret = input::secret("key secret", signing.secret, signing.secret_length)?;
    let ring = match given.key_algorithm {
        FUSEPAY_KEY_HS256 => KeyRing::hs256(id, secret)?,
        FUSEPAY_KEY_EDDSA => KeyRing::eddsa(id, secret)?,
        _ => return Err(Error::field(Code::InvalidArgument, "key_algorithm", "is not a constant of this version")),
    };
    others.iter().try_fold(ring, |ring, key| {
        let secret = input::secret("key secret", key.secret, key.secret_length)?;
        ring.with_verify_only(input::text("key id", key.id)?, secret, UnixMillis(key.not_after_ms))
    })
}

fn with_modes(mut config: Config, given: &fusepay_config) -> Result<Config, Error> {
    config = match given.worker {
        FUSEPAY_WORKER_BACKGROUND => config.with_worker(WorkerMode::Background),
        FUSEPAY_WORKER_MANUAL => config.with_worker(WorkerMode::Manual),
        _ => return Err(Error::field(Code::InvalidArgument, "worker", "is not a constant of this version")),
    };
    config = match given.file_permissions {
        FUSEPAY_FILE_PERMISSIONS_STRICT => config.with_file_permissions(FilePermissions::Strict),
        FUSEPAY_FILE_PERMISSIONS_RELAXED => config.with_file_permissions(FilePermissions::Relaxed),
        _ => return Err(Error::field(Code::InvalidArgument, "file_permissions", "is not a constant of this version")),
    };
    if input::flag("is_restored", given.is_restored)? {
        config = config.with_restored();
    }
    if let Some(currency) = input::optional_text("currency", given.currency)? {
        config = config.with_currency(Currency::from_code(currency)?);
    }
    if given.call_deadline_ms != 0 {
        config = config.with_call_deadline(input::span("call_deadline_ms", given.call_deadline_ms)?);
    }
    Ok(config)
}

fn with_passwords(mut config: Config, given: &fusepay_config) -> Result<Config, Error> {
    if let Some(tokens) = input::optional_request("tokens", given.tokens)? {
        config = config.with_tokens(tokens.read()?);
    }
    let mut policy = match input::flag("has_second_factor", given.has_second_factor)? {
        true => PasswordPolicy::with_second_factor(),
        false => PasswordPolicy::password_alone(),
    };
    if given.password_minimum != 0 {
        let minimum = usize::try_from(given.password_minimum).unwrap_or(usize::MAX);
        policy = policy.with_minimum(minimum)?;
    }
    config = config.with_passwords(policy);
    if let Some(cost) = input::optional_request("hash_cost", given.hash_cost)? {
        config = config.with_hash_cost(cost.read()?);
    }
    if given.hash_concurrency != 0 {
        config = config.with_hash_concurrency(given.hash_concurrency);
    }
    if let Some(lockout) = input::optional_request("lockout", given.lockout)? {
        config = config.with_lockout(lockout.read());
    }
    Ok(config)
}

fn with_keys(mut config: Config, given: &fusepay_config) -> Result<Config, Error> {
    if !given.pepper.is_null() {
        let key = input::secret("pepper", given.pepper, given.pepper_length)?;
        config = config.with_pepper(Pepper::new(input::text("pepper_id", given.pepper_id)?, key)?);
    }
    if !given.audit_key.is_null() {
        config = config.with_audit_key(input::secret("audit_key", given.audit_key, given.audit_key_length)?);
    }
    if !given.vault_key.is_null() {
        let key = input::secret("vault_key", given.vault_key, given.vault_key_length)?;
        config = config.with_vault_key(given.vault_key_id, key);
    }
    Ok(config)
}

fn with_schedules(mut config: Config, given: &fusepay_config) -> Result<Config, Error> {
    if let Some(backoff) = input::optional_request("bill_backoff", given.bill_backoff)? {
        config = config.with_bill_backoff(backoff.read());
    }
    if let Some(backoff) = input::optional_request("reversal_backoff", given.reversal_backoff)? {
        config = config.with_reversal_backoff(backoff.read());
    }
    if let Some(backoff) = input::optional_request("requery_backoff", given.requery_backoff)? {
        config = config.with_requery_backoff(backoff.read());
    }
    if let Some(breaker) = input::optional_request("breaker", given.breaker)? {
        config = config.with_breaker(breaker.read());
    }
    if given.rate_per_second != 0 {
        config = config.with_rate(RatePolicy::per_second(given.rate_per_second, given.rate_burst.max(1)));
    }
    if given.drain_max != 0 {
        config = config.with_drain_max(given.drain_max);
    }
    Ok(config)
}

fn with_prices(mut config: Config, given: &fusepay_config) -> Result<Config, Error> {
    if let Some(fee) = input::optional_request("transfer_fee", given.transfer_fee)? {
        config = config.with_transfer_fee(fee.read()?);
    }
    if let Some(fee) = input::optional_request("withdrawal_fee", given.withdrawal_fee)? {
        config = config.with_withdrawal_fee(fee.read()?);
    }
    if given.quote_life_ms != 0 {
        config = config.with_quote_life(input::span("quote_life_ms", given.quote_life_ms)?);
    }
    if given.refresh_interval_ms != 0 {
        config = config.with_refresh_interval(input::span("refresh_interval_ms", given.refresh_interval_ms)?);
    }
    Ok(config)
}

//! Configuration: every default with its reason.

use crate::auth::hashing::{HashCost, Pepper};
use crate::auth::keyring::KeyRing;
use crate::auth::lockout::LockoutPolicy;
use crate::auth::password::PasswordPolicy;
use crate::auth::token::TokenPolicy;
use crate::bill::provider::Provider;
use crate::clock::{Clock, SystemClock};
use crate::entropy::{Entropy, OsEntropy};
use crate::error::{Error, Result};
use crate::money::currency::Currency;
use crate::queue::backoff::Backoff;
use crate::queue::breaker::{BreakerPolicy, RatePolicy};
use crate::secret::Secret;
use crate::vocabulary::Code;
use crate::wallet::fee::FeePolicy;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who drives the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WorkerMode {
    /// A background thread of the engine, and bounded pools for provider calls.
    #[default]
    Background,
    /// Nobody but the host, by [`FusePay::run_due`](crate::FusePay::run_due), on
    /// the host's own thread, provider calls included.
    Manual,
}

/// How strict the engine is about who else can reach its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FilePermissions {
    /// Refuses files that others can read and directories that others can write.
    #[default]
    Strict,
    /// Takes files and directories as they are.
    Relaxed,
}

/// Everything an engine needs to open. Made by [`Config::new`], changed by the
/// `with_…` methods, checked by [`FusePay::open`](crate::FusePay::open).
#[derive(Clone)]
pub struct Config {
    pub(crate) path: PathBuf,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) is_simulated: bool,
    pub(crate) is_restored: bool,
    pub(crate) worker: WorkerMode,
    pub(crate) permissions: FilePermissions,
    pub(crate) call_deadline: Duration,
    pub(crate) currency: Currency,
    pub(crate) tokens: TokenPolicy,
    pub(crate) passwords: PasswordPolicy,
    pub(crate) hash_cost: HashCost,
    pub(crate) hash_concurrency: Option<usize>,
    pub(crate) pepper: Option<Pepper>,
    pub(crate) lockout: LockoutPolicy,
    pub(crate) audit_key: Option<Secret>,
    pub(crate) vault_key: Option<(u32, Secret)>,
    pub(crate) bill_backoff: Backoff,
    pub(crate) reversal_backoff: Backoff,
    pub(crate) requery_backoff: Backoff,
    pub(crate) breaker: BreakerPolicy,
    pub(crate) rate: RatePolicy,
    pub(crate) transfer_fee: FeePolicy,
    pub(crate) withdrawal_fee: FeePolicy,
    pub(crate) drain_max: u32,
    pub(crate) quote_life: Duration,
    pub(crate) refresh_interval: Duration,
    pub(crate) providers: Vec<(String, Arc<dyn Provider>)>,
}

impl Config {
    /// A configuration with every default: `path` is the database file, created
    /// when missing; `keys` signs the users' tokens. There is no default key.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, keys: KeyRing) -> Self {
        Config {
            path: path.into(),
            keys,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            is_simulated: false,
            is_restored: false,
            worker: WorkerMode::Background,
            permissions: FilePermissions::Strict,
            // Long enough for a checkpoint on a slow disk, short enough for a web request.
            call_deadline: Duration::from_secs(30),
            currency: Currency::NGN,
            tokens: TokenPolicy::new("fusepay", "fusepay"),
            passwords: PasswordPolicy::default(),
            hash_cost: HashCost::default(),
            hash_concurrency: None,
            pepper: None,
            lockout: LockoutPolicy::default(),
            audit_key: None,
            vault_key: None,
            bill_backoff: Backoff::bill(),
            reversal_backoff: Backoff::reversal(),
            requery_backoff: Backoff::requery(),
            breaker: BreakerPolicy::default(),
            rate: RatePolicy::default(),
            transfer_fee: FeePolicy::free(),
            withdrawal_fee: FeePolicy::free(),
            // After a restart with many due jobs: this many are claimed per step.
            drain_max: 64,
            quote_life: Duration::from_secs(15 * 60),
            // A page that polls a payment must not become a flood at the provider.
            refresh_interval: Duration::from_secs(5),
            providers: Vec::new(),
        }
    }

    /// Registers a provider under its code.
    #[must_use]
    pub fn with_provider(mut self, code: impl Into<String>, provider: Arc<dyn Provider>) -> Self {
        self.providers.push((code.into(), provider));
        self
    }

    /// Injects time and randomness. The file is marked as simulated for good.
    #[must_use]
    pub fn with_simulation(mut self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        self.clock = clock;
        self.entropy = entropy;
        self.is_simulated = true;
        self
    }

    /// Declares that the file was put back from a copy: whatever it wants to send
    /// may have been sent by the life it was copied from, so everything unsent is
    /// queried before it is sent. A byte-for-byte restore in place can't be
    /// noticed, which is why a host must say so; a copy made by `backup` is
    /// noticed by itself.
    #[must_use]
    pub fn with_restored(mut self) -> Self {
        self.is_restored = true;
        self
    }

    /// Sets who drives the queue.
    #[must_use]
    pub fn with_worker(mut self, worker: WorkerMode) -> Self {
        self.worker = worker;
        self
    }

    /// Sets how strict the engine is about its files.
    #[must_use]
    pub fn with_file_permissions(mut self, permissions: FilePermissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Sets how long a call may wait before it answers [`Code::Busy`]. 30 s by default.
    #[must_use]
    pub fn with_call_deadline(mut self, deadline: Duration) -> Self {
        self.call_deadline = deadline;
        self
    }

    /// Sets the currency of the wallet that `register` makes. NGN by default.
    #[must_use]
    pub fn with_currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// Sets lifetimes, issuer and audience of tokens.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenPolicy) -> Self {
        self.tokens = tokens;
        self
    }

    /// Sets what a password must be.
    #[must_use]
    pub fn with_passwords(mut self, passwords: PasswordPolicy) -> Self {
        self.passwords = passwords;
        self
    }

    /// Sets what one password hash costs. OWASP's 19 MiB, 2 passes by default.
    #[must_use]
    pub fn with_hash_cost(mut self, cost: HashCost) -> Self {
        self.hash_cost = cost;
        self
    }

    /// Sets how many passwords are hashed at once. The number of cores by default.
    #[must_use]
    pub fn with_hash_concurrency(mut self, hashes: usize) -> Self {
        self.hash_concurrency = Some(hashes);
        self
    }

    /// Mixes a key that is not in the database into every password hash.
    #[must_use]
    pub fn with_pepper(mut self, pepper: Pepper) -> Self {
        self.pepper = Some(pepper);
        self
    }

    /// Sets how failed log-ins slow down the next ones.
    #[must_use]
    pub fn with_lockout(mut self, lockout: LockoutPolicy) -> Self {
        self.lockout = lockout;
        self
    }

    /// Keys the audit chain: whoever has the file alone cannot forge it.
    #[must_use]
    pub fn with_audit_key(mut self, key: Secret) -> Self {
        self.audit_key = Some(key);
        self
    }

    /// Encrypts what customers bought (electricity tokens, pins) with this
    /// 32-byte key; the key id is stored beside them.
    #[must_use]
    pub fn with_vault_key(mut self, key_id: u32, key: Secret) -> Self {
        self.vault_key = Some((key_id, key));
        self
    }

    /// Sets the schedule of sending a bill. 3 runs, waits of 2 and 6 s by default.
    #[must_use]
    pub fn with_bill_backoff(mut self, backoff: Backoff) -> Self {
        self.bill_backoff = backoff;
        self
    }

    /// Sets the schedule of reversals. T+5, 8, 17, 38, 83 s by default.
    #[must_use]
    pub fn with_reversal_backoff(mut self, backoff: Backoff) -> Self {
        self.reversal_backoff = backoff;
        self
    }

    /// Sets the schedule of asking what became of a payment.
    #[must_use]
    pub fn with_requery_backoff(mut self, backoff: Backoff) -> Self {
        self.requery_backoff = backoff;
        self
    }

    /// Sets when a provider that keeps failing is left alone for a while.
    #[must_use]
    pub fn with_breaker(mut self, breaker: BreakerPolicy) -> Self {
        self.breaker = breaker;
        self
    }

    /// Sets how many calls a second each provider gets at most. No limit by default.
    #[must_use]
    pub fn with_rate(mut self, rate: RatePolicy) -> Self {
        self.rate = rate;
        self
    }

    /// Sets what a transfer costs the sender. Nothing by default.
    #[must_use]
    pub fn with_transfer_fee(mut self, fee: FeePolicy) -> Self {
        self.transfer_fee = fee;
        self
    }

    /// Sets what a withdrawal costs. Nothing by default.
    #[must_use]
    pub fn with_withdrawal_fee(mut self, fee: FeePolicy) -> Self {
        self.withdrawal_fee = fee;
        self
    }

    /// Sets how many due jobs one step of the queue claims at most. 64 by default.
    #[must_use]
    pub fn with_drain_max(mut self, jobs: u32) -> Self {
        self.drain_max = jobs;
        self
    }

    /// Sets how long a quote is good for. 15 minutes by default.
    #[must_use]
    pub fn with_quote_life(mut self, life: Duration) -> Self {
        self.quote_life = life;
        self
    }

    /// Sets how often reading an unknown payment may make its requery due. 5 s by default.
    #[must_use]
    pub fn with_refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        let invalid = |detail: &str| Error::new(Code::InvalidConfig, detail.to_owned());
        self.tokens.check()?;
        self.transfer_fee.check()?;
        self.withdrawal_fee.check()?;
        self.breaker.check()?;
        self.rate.check()?;
        [&self.bill_backoff, &self.reversal_backoff, &self.requery_backoff].iter().try_for_each(|b| b.check())?;
        if !(1..=1024).contains(&self.drain_max) {
            return Err(invalid("drain_max: must be 1 to 1024"));
        }
        if self.call_deadline.is_zero() || self.call_deadline > Duration::from_secs(3600) {
            return Err(invalid("call_deadline: must be more than zero and at most an hour"));
        }
        if self.quote_life.is_zero() || self.quote_life > Duration::from_secs(30 * 86_400) {
            return Err(invalid("quote_life: must be more than zero and at most 30 days"));
        }
        if self.audit_key.as_ref().is_some_and(|key| key.expose().len() < 32) {
            return Err(invalid("audit_key: must have at least 32 bytes"));
        }
        let mut codes: Vec<&str> = self.providers.iter().map(|(code, _)| code.as_str()).collect();
        codes.iter().try_for_each(|code| crate::bill::biller::check_code("provider", code))?;
        codes.sort_unstable();
        if codes.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(invalid("provider: each code may be registered once"));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("path", &self.path).field("worker", &self.worker).finish_non_exhaustive()
    }
}

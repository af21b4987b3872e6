//! The engine: opening, closing, the queue's step, and the state of the whole.

use std::ffi::{CStr, c_char};
use std::path::Path;
use std::sync::Arc;

use fusepay_core::{
    BreakerState, FusePay, JobCount, PaymentCount, ProviderStats, RunReport, Stats, SystemBalance, VerifyReport,
    Violation,
};

use crate::audit::fusepay_chain_head;
use crate::boundary::guard;
use crate::config::{self, fusepay_config};
use crate::error::fusepay_error;
use crate::handle::tables;
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, fusepay_text, records};
use crate::money::letters;
use crate::provider::{HostProvider, fusepay_provider};

/// The version as C sees it; the build fails if it ever held a NUL.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library, such as "0.1.0". A static string.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_version() -> *const c_char {
    VERSION.as_ptr()
}

/// An engine over one database. An owned handle, usable from any thread and from
/// several at once; closed by `fusepay_engine_close`.
pub struct fusepay_engine {
    _private: (),
}

/// The engine behind a handle.
///
/// # Errors
/// `INVALID_HANDLE`, `CLOSED`, `FORKED`.
pub(crate) fn engine(handle: *const fusepay_engine) -> Result<Arc<FusePay>, fusepay_core::Error> {
    tables().engines.find(handle)
}

/// Opens an engine on a file, which is created when missing and migrated when
/// older. Blocks while the file is recovered. One process opens a file once;
/// several processes may share it.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`,
/// `FUSEPAY_ERR_UNSAFE_FILE`, `FUSEPAY_ERR_UNSUPPORTED_FILE_SYSTEM`,
/// `FUSEPAY_ERR_ALREADY_OPEN`, `FUSEPAY_ERR_SCHEMA_TOO_NEW`, `FUSEPAY_ERR_CORRUPT`,
/// `FUSEPAY_ERR_BUSY` when another process is opening it, and the storage faults.
/// Every provider, clock and source of randomness in the configuration gets its
/// `destroy`, also when this fails.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_open(
    config: *const fusepay_config,
    engine: *mut *mut fusepay_engine,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let config = config::read(config)?;
        input::demand_place("engine", engine)?;
        let opened = Arc::new(FusePay::open(config)?);
        let handle = tables().engines.insert(opened)?;
        input::put("engine", engine, handle)
    })
}

/// Closes an engine and sets the variable to NULL: waits at most `deadline_ms`
/// for provider calls to end, makes the ones that did not unknown, and lets go of
/// the file. Calls under way in other threads end first or answer
/// `FUSEPAY_ERR_CLOSED`, as do later ones. A pointer to NULL does nothing. From a
/// callback of the engine it signals, and does not wait.
///
/// Errors: `FUSEPAY_ERR_FORKED` and a negative deadline, which leave the variable
/// as it is; storage faults of the last commit, after which the file is closed all
/// the same, and the next open recovers.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_close(
    engine: *mut *mut fusepay_engine,
    deadline_ms: i64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let handle: *mut fusepay_engine = input::value("engine", engine.cast_const())?;
        if handle.is_null() {
            return Ok(());
        }
        let deadline = input::span("deadline_ms", deadline_ms)?;
        let closing = tables().engines.remove(handle)?;
        input::put("engine", engine, std::ptr::null_mut())?;
        closing.close(deadline)
    })
}

/// What one step of the queue did.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_run_report {
    /// `sizeof(fusepay_run_report)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Jobs claimed.
    pub claimed: u32,
    /// Provider calls begun (and, in the manual mode, ended).
    pub calls: u32,
    /// When the next job is due, on the engine's timeline, in milliseconds; NULL
    /// when there is none.
    pub next_due_ms: *const i64,
}

impl Show<RunReport> for fusepay_run_report {
    fn show(report: &RunReport, memory: &mut Memory) -> Self {
        fusepay_run_report {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            claimed: report.claimed,
            calls: report.calls,
            next_due_ms: memory.optional(report.next_due.map(|at| at.0)),
        }
    }
}

/// Runs everything that is due now, once: in the manual worker mode on this
/// thread, provider calls included. In the background mode it only helps the
/// worker along. `report` may be NULL.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_run_due(
    engine: *const fusepay_engine,
    report: *mut fusepay_run_report,
    error: *mut *mut fusepay_error,
) -> i32 {
    if report.is_null() {
        return guard(error, || self::engine(engine)?.run_due().map(drop));
    }
    fetch(report, error, || self::engine(engine)?.run_due())
}

/// The moment on the engine's own timeline, on which jobs, holds and quotes fall
/// due, in milliseconds: the wall clock at open, moved on by the monotonic clock.
///
/// Errors: `FUSEPAY_ERR_INVALID_HANDLE`, `FUSEPAY_ERR_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_due_now(
    engine: *const fusepay_engine,
    now_ms: *mut i64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || input::put("now_ms", now_ms, self::engine(engine)?.due_now().0))
}

/// Registers a further provider, or replaces the adapter of a known one. Calls
/// under way stay with the adapter they began with. The provider's `destroy` is
/// owed from here on, also when this fails.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_INVALID_CONFIG`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_register_provider(
    engine: *const fusepay_engine,
    code: *const c_char,
    provider: *const fusepay_provider,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let provider = Arc::new(HostProvider::read(provider)?);
        self::engine(engine)?.register_provider(input::text("provider code", code)?, provider)
    })
}

/// Something in the file that must not be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_violation {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the report owns it.
    pub memory: *mut fusepay_memory,
    /// "I1" to "I9", "FILE" for damage that SQLite itself finds, or "SCHEMA".
    pub invariant: *const c_char,
    /// What it is about.
    pub subject: *const c_char,
    /// What is wrong, with the numbers.
    pub detail: *const c_char,
}

/// What verification found.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_verify_report {
    /// `sizeof(fusepay_verify_report)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Whether nothing is wrong.
    pub is_sound: bool,
    /// How much is wrong, the unlisted included.
    pub violation_count: u64,
    /// How many violations are listed: the first 100.
    pub violations_length: usize,
    /// What is wrong.
    pub violations: *const *const fusepay_violation,
    /// Accounts read.
    pub accounts: u64,
    /// Postings read.
    pub postings: u64,
    /// Payments read.
    pub payments: u64,
    /// Holds read.
    pub holds: u64,
    /// Jobs there are.
    pub jobs: u64,
    /// Events read.
    pub events: u64,
    /// Audit entries read and followed, up to the first bad one.
    pub audit_entries: u64,
    /// The end of the audit chain as far as it is sound: worth keeping elsewhere.
    pub audit_head: fusepay_chain_head,
}

impl Show<Violation> for fusepay_violation {
    fn show(violation: &Violation, memory: &mut Memory) -> Self {
        fusepay_violation {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            invariant: memory.text(violation.invariant),
            subject: memory.text(&violation.subject),
            detail: memory.text(&violation.detail),
        }
    }
}

impl Show<VerifyReport> for fusepay_verify_report {
    fn show(report: &VerifyReport, memory: &mut Memory) -> Self {
        fusepay_verify_report {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            is_sound: report.is_sound,
            violation_count: report.violation_count,
            violations_length: report.violations.len(),
            violations: memory.list(&report.violations),
            accounts: report.accounts,
            postings: report.postings,
            payments: report.payments,
            holds: report.holds,
            jobs: report.jobs,
            events: report.events,
            audit_entries: report.audit_entries,
            audit_head: report.audit_head.into(),
        }
    }
}

/// Checks the whole file on one snapshot: the invariants I1 to I9 (money,
/// balances, sequences, payments, holds, jobs, events, audit chain), SQLite's own
/// integrity, and the schema. Reads every row; other calls go on meanwhile.
///
/// Errors: the common ones. What is wrong with the file is in the report.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_verify(
    engine: *const fusepay_engine,
    report: *mut fusepay_verify_report,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(report, error, || self::engine(engine)?.verify())
}

/// The SHA-256 of what the ledger says, as 64 hexadecimal digits: accounts with
/// balances and holds, then every posting. The same scenario gives the same
/// digest, whatever ids and times it ran with.
///
/// Errors: `FUSEPAY_ERR_CORRUPT`; the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_ledger_digest(
    engine: *const fusepay_engine,
    digest: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(digest, error, || self::engine(engine)?.ledger_digest())
}

/// Copies the live database, as of now, to a new file, while other calls go on.
/// The copy is readable by this user alone, synced, and appears under its name
/// whole or not at all; it is marked as a copy, so that an engine opened on it
/// queries payments in flight before it sends anything.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_UNSAFE_FILE`,
/// `FUSEPAY_ERR_UNSUPPORTED_FILE_SYSTEM`, `FUSEPAY_ERR_NOT_ALLOWED` when there is a
/// file already, `FUSEPAY_ERR_STORAGE_FULL`; the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_backup(
    engine: *const fusepay_engine,
    destination: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || self::engine(engine)?.backup(Path::new(input::text("destination", destination)?)))
}

/// Tells the engine that its file was restored byte for byte in its old place,
/// which it cannot notice by itself: payments that wait to be sent are queried
/// first. Answers how many. Call it right after opening a restored file, before
/// the queue runs; see also `is_restored` of the configuration.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_declare_restored(
    engine: *const fusepay_engine,
    payments: *mut u32,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("payments", payments)?;
        input::put("payments", payments, self::engine(engine)?.declare_restored()?)
    })
}

/// How many payments are in one state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_payment_count {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the statistics own it.
    pub memory: *mut fusepay_memory,
    /// One of `FUSEPAY_PAYMENT_STATUS_*`.
    pub status: u32,
    /// How many.
    pub count: u64,
}

/// How many jobs of one kind are in one state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_job_count {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the list owns it.
    pub memory: *mut fusepay_memory,
    /// One of `FUSEPAY_JOB_KIND_*`.
    pub kind: u32,
    /// One of `FUSEPAY_JOB_STATUS_*`.
    pub status: u32,
    /// How many.
    pub count: i64,
    /// When the first of them is due, on the engine's timeline, in milliseconds;
    /// NULL when none is.
    pub oldest_due_ms: *const i64,
}

/// The balance of one system account.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_system_balance {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the statistics own it.
    pub memory: *mut fusepay_memory,
    /// "funding", "clearing", "float", "fees", "suspense" or "claims".
    pub account: *const c_char,
    /// The provider, for clearing and float; else NULL.
    pub provider: *const c_char,
    /// The currency.
    pub currency: [c_char; 4],
    /// Credits minus debits, in minor units. Prepaid money left at a provider is
    /// the negative of its float.
    pub balance_minor: i64,
}

/// One provider as the engine sees it now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_provider_stats {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the statistics own it.
    pub memory: *mut fusepay_memory,
    /// Its code.
    pub provider: *const c_char,
    /// Its circuit breaker: one of `FUSEPAY_BREAKER_STATE_*`.
    pub breaker: u32,
    /// Sends under way.
    pub submits_in_flight: u32,
    /// Queries under way.
    pub queries_in_flight: u32,
}

/// Where everything stands. Counts and balances are of one snapshot.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_stats {
    /// `sizeof(fusepay_stats)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many states have payments.
    pub payments_length: usize,
    /// Payments by state.
    pub payments: *const *const fusepay_payment_count,
    /// How many kinds and states have jobs.
    pub jobs_length: usize,
    /// Jobs by kind and state.
    pub jobs: *const *const fusepay_job_count,
    /// Dead letters: jobs that wait for an operator.
    pub dead_letters: u64,
    /// How many system accounts have been used.
    pub balances_length: usize,
    /// Their balances, by name.
    pub balances: *const *const fusepay_system_balance,
    /// How many providers there are.
    pub providers_length: usize,
    /// Providers, by code.
    pub providers: *const *const fusepay_provider_stats,
    /// Commits of this engine since it opened.
    pub commits: u64,
    /// Transactions in them; more than `commits` is what group commit saved.
    pub commit_members: u64,
    /// The number of the last event; 0 when there is none.
    pub event_head: u64,
    /// The end of the audit chain.
    pub audit_head: fusepay_chain_head,
    /// Size of the database file, in bytes.
    pub database_bytes: u64,
    /// Size of its write-ahead log, in bytes.
    pub wal_bytes: u64,
}

records!(
    fusepay_run_report,
    fusepay_violation,
    fusepay_verify_report,
    fusepay_payment_count,
    fusepay_job_count,
    fusepay_system_balance,
    fusepay_provider_stats,
    fusepay_stats,
);

impl Show<PaymentCount> for fusepay_payment_count {
    fn show(count: &PaymentCount, _: &mut Memory) -> Self {
        fusepay_payment_count {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            status: u32::from(count.status.number()),
            count: count.count,
        }
    }
}

impl Show<JobCount> for fusepay_job_count {
    fn show(count: &JobCount, memory: &mut Memory) -> Self {
        fusepay_job_count {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            kind: u32::from(count.kind.number()),
            status: u32::from(count.status.number()),
            count: count.count,
            oldest_due_ms: memory.optional(count.oldest_due.map(|at| at.0)),
        }
    }
}

impl Show<SystemBalance> for fusepay_system_balance {
    fn show(balance: &SystemBalance, memory: &mut Memory) -> Self {
        fusepay_system_balance {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            account: memory.text(balance.account),
            provider: memory.optional_text(balance.provider.as_deref()),
            currency: letters(balance.currency),
            balance_minor: balance.balance_minor,
        }
    }
}

impl Show<ProviderStats> for fusepay_provider_stats {
    fn show(stats: &ProviderStats, memory: &mut Memory) -> Self {
        let breaker: BreakerState = stats.breaker;
        fusepay_provider_stats {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            provider: memory.text(&stats.provider),
            breaker: u32::from(breaker.number()),
            submits_in_flight: stats.submits_in_flight,
            queries_in_flight: stats.queries_in_flight,
        }
    }
}

impl Show<Stats> for fusepay_stats {
    fn show(stats: &Stats, memory: &mut Memory) -> Self {
        fusepay_stats {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            payments_length: stats.payments.len(),
            payments: memory.list(&stats.payments),
            jobs_length: stats.jobs.len(),
            jobs: memory.list(&stats.jobs),
            dead_letters: stats.dead_letters,
            balances_length: stats.balances.len(),
            balances: memory.list(&stats.balances),
            providers_length: stats.providers.len(),
            providers: memory.list(&stats.providers),
            commits: stats.commits,
            commit_members: stats.commit_members,
            event_head: stats.event_head,
            audit_head: stats.audit_head.into(),
            database_bytes: stats.database_bytes,
            wal_bytes: stats.wal_bytes,
        }
    }
}

/// Where payments, jobs, money, providers and files stand. Counts payments row by
/// row: meant for a dashboard's minute, not for every request.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_engine_stats(
    engine: *const fusepay_engine,
    stats: *mut fusepay_stats,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(stats, error, || self::engine(engine)?.stats())
}

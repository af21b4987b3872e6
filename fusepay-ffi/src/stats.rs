//! Where everything stands: payments, jobs, money, providers and files.

use std::ffi::c_char;

use fusepay_core::{JobCount, PaymentCount, ProviderStats, Stats, SystemBalance};

use crate::audit::fusepay_chain_head;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::letters;

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

records!(fusepay_payment_count, fusepay_job_count, fusepay_system_balance, fusepay_provider_stats, fusepay_stats,);

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
        fusepay_provider_stats {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            provider: memory.text(&stats.provider),
            breaker: u32::from(stats.breaker.number()),
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
    fetch(stats, error, || engine_at(engine)?.stats())
}

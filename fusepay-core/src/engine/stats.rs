//! Statistics: where payments, jobs and money stand, for dashboards and alarms.

use crate::audit::AuditHead;
use crate::engine::desk::CallKind;
use crate::engine::inner::Inner;
use crate::error::Result;
use crate::ledger::account::AccountKind;
use crate::money::currency::Currency;
use crate::queue::job::JobCount;
use crate::store::{audit, bill, event, ledger, queue};
use crate::vocabulary::{BreakerState, JobStatus, PaymentStatus};
use std::sync::PoisonError;

/// How many payments are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PaymentCount {
    /// The state.
    pub status: PaymentStatus,
    /// How many.
    pub count: u64,
}

/// The balance of one system account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct SystemBalance {
    /// `funding`, `clearing`, `float`, `fees`, `suspense` or `claims`.
    pub account: &'static str,
    /// The provider, for clearing and float.
    pub provider: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// Credits minus debits, in minor units. Prepaid money left at a provider is
    /// the negative of its float.
    pub balance_minor: i64,
}

/// One provider as the engine sees it now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ProviderStats {
    /// Its code.
    pub provider: String,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// Sends under way.
    pub submits_in_flight: u32,
    /// Queries under way.
    pub queries_in_flight: u32,
}

/// Where everything stands. Counts and balances are of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Payments by state; states without payments are left out.
    pub payments: Vec<PaymentCount>,
    /// Jobs by kind and state, each with the due time of its first.
    pub jobs: Vec<JobCount>,
    /// Dead letters: jobs that wait for an operator.
    pub dead_letters: u64,
    /// Balances of the system accounts that have been used, by name.
    pub balances: Vec<SystemBalance>,
    /// Providers, by code.
    pub providers: Vec<ProviderStats>,
    /// Commits of this engine since it opened.
    pub commits: u64,
    /// Transactions in them; more than `commits` is what group commit saved.
    pub commit_members: u64,
    /// The number of the last event; 0 when there is none.
    pub event_head: u64,
    /// The end of the audit chain.
    pub audit_head: AuditHead,
    /// Size of the database file, in bytes.
    pub database_bytes: u64,
    /// Size of its write-ahead log, in bytes.
    pub wal_bytes: u64,
}

/// Gathers the statistics.
pub(crate) fn stats(inner: &Inner) -> Result<Stats> {
    let (commits, commit_members) = inner.store.writer().counts();
    let (database_bytes, wal_bytes) = inner.store.sizes();
    let providers = providers(inner);
    inner.read(|tx| {
        let payments = bill::counts(tx)?.into_iter();
        let jobs: Vec<JobCount> = queue::counts(tx)?;
        let dead = jobs.iter().filter(|jobs| jobs.status == JobStatus::Dead);
        Ok(Stats {
            payments: payments.map(|(status, count)| PaymentCount { status, count: count.unsigned_abs() }).collect(),
            dead_letters: dead.map(|jobs| jobs.count.unsigned_abs()).sum(),
            jobs,
            balances: ledger::system_accounts(tx)?.into_iter().map(balance).collect(),
            providers,
            commits,
            commit_members,
            event_head: event::head(tx)?,
            audit_head: audit::head(tx)?,
            database_bytes,
            wal_bytes,
        })
    })
}

fn balance(account: crate::ledger::account::Account) -> SystemBalance {
    // `clearing:vtpass:NGN`: the provider stands between word and currency.
    let provider = match account.kind {
        AccountKind::Clearing | AccountKind::Float => account.name.split(':').nth(1).map(str::to_owned),
        AccountKind::Wallet
        | AccountKind::Funding
        | AccountKind::Fees
        | AccountKind::Suspense
        | AccountKind::Claims => None,
    };
    SystemBalance {
        account: account.kind.word(),
        provider,
        currency: account.currency,
        balance_minor: account.balance_minor,
    }
}

fn providers(inner: &Inner) -> Vec<ProviderStats> {
    let desks = inner.desks.read().unwrap_or_else(PoisonError::into_inner);
    desks
        .values()
        .map(|desk| ProviderStats {
            provider: desk.code.clone(),
            breaker: desk.state(),
            submits_in_flight: desk.calls(CallKind::Submit),
            queries_in_flight: desk.calls(CallKind::Query),
        })
        .collect()
}

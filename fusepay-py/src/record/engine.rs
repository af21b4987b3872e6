//! Records of the engine itself: steps of the queue, verification, statistics.

use fusepay_core::{BreakerState, Currency, JobId, JobKind, JobStatus, PaymentStatus, UnixMillis};
use pyo3::prelude::*;

use crate::convert::read;
use crate::error::exception;
use crate::money::decimal;
use crate::record::{Nested, record};

record! {
    /// What one step of the queue did.
    RunReport from fusepay_core::RunReport {
        /// Jobs claimed.
        claimed: u32,
        /// Provider calls begun (and, in the manual mode, ended).
        calls: u32,
        /// When the next job is due, on the engine's timeline.
        next_due: Option<UnixMillis>,
    }
}

record! {
    /// Something in the file that must not be.
    Violation from fusepay_core::Violation {
        /// `I1` to `I9`, `FILE` for damage that SQLite itself finds, `SCHEMA`
        /// for tables, indexes and triggers that are not FusePay's, or `ROWS` for a
        /// table with a row that is not as the engine wrote it.
        invariant: String,
        /// What it is about: an account's name, `payment ...`, `posting ...`, `audit ...`.
        subject: String,
        /// What is wrong, with the numbers.
        detail: String,
    }
}

record! {
    /// What verification found.
    VerifyReport from fusepay_core::VerifyReport {
        /// Whether nothing is wrong.
        is_sound: bool,
        /// What is wrong: the first 100.
        violations: Nested<Violation>,
        /// How much is wrong, the unlisted included.
        violation_count: u64,
        /// Accounts read.
        accounts: u64,
        /// Postings read.
        postings: u64,
        /// Payments read.
        payments: u64,
        /// Holds read.
        holds: u64,
        /// Jobs there are.
        jobs: u64,
        /// Events read.
        events: u64,
        /// Audit entries read and followed, up to the first bad one.
        audit_entries: u64,
        /// The end of the audit chain as far as it is sound: worth keeping elsewhere.
        audit_head: AuditHead,
    }
}

record! {
    /// The end of the audit chain at some moment. Kept outside the database, it
    /// proves later that nothing up to it was changed, and nothing cut off.
    AuditHead {
        /// The sequence of the last entry; 0 when there is none.
        sequence: u64,
        /// Its hash, 32 bytes; zeros when there is none.
        hash: [u8; 32],
    }
    methods {
        /// Reads exactly what `str` writes: the sequence in decimal, a colon, 64
        /// lower-case hexadecimal digits.
        #[staticmethod]
        fn parse(py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<AuditHead> {
            let text: String = read(text, "text")?;
            text.parse().map(|head: fusepay_core::AuditHead| head.into()).map_err(|error| exception(py, &error))
        }

        /// The sequence in decimal, a colon, 64 lower-case hexadecimal digits.
        fn __str__(&self) -> String {
            let digits: String = self.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}:{digits}", self.sequence)
        }
    }
}

impl From<AuditHead> for fusepay_core::AuditHead {
    fn from(head: AuditHead) -> Self {
        let mut core = fusepay_core::AuditHead::start();
        (core.sequence, core.hash) = (head.sequence, head.hash);
        core
    }
}

impl From<fusepay_core::AuditHead> for AuditHead {
    fn from(core: fusepay_core::AuditHead) -> Self {
        AuditHead { sequence: core.sequence, hash: core.hash }
    }
}

record! {
    /// A job as an operator sees it.
    Job from fusepay_core::Job {
        /// Its number.
        id: JobId,
        /// What it does.
        kind: JobKind,
        /// Where it stands.
        status: JobStatus,
        /// What it is about: a payment's or a hold's id.
        subject: [u8; 16],
        /// The provider it calls, if it calls one.
        provider: Option<String>,
        /// Runs that counted.
        runs: u32,
        /// Times its process died under it.
        crashes: u32,
        /// When it runs next, on the engine's timeline.
        due_at: UnixMillis,
        /// Why the last run failed.
        last_error: Option<String>,
        /// When it was queued.
        created_at: UnixMillis,
        /// When it became a dead letter.
        died_at: Option<UnixMillis>,
    }
}

record! {
    /// How many jobs of one kind are in one state.
    JobCount from fusepay_core::JobCount {
        /// What they do.
        kind: JobKind,
        /// Where they stand.
        status: JobStatus,
        /// How many.
        count: i64,
        /// When the first of them is due, on the engine's timeline.
        oldest_due: Option<UnixMillis>,
    }
}

record! {
    /// How many payments are in one state.
    PaymentCount from fusepay_core::PaymentCount {
        /// The state.
        status: PaymentStatus,
        /// How many.
        count: u64,
    }
}

record! {
    /// The balance of one system account.
    SystemBalance from fusepay_core::SystemBalance {
        /// `funding`, `clearing`, `float`, `fees`, `suspense` or `claims`.
        account: String,
        /// The provider, for clearing and float.
        provider: Option<String>,
        /// The currency.
        currency: Currency,
        /// Credits minus debits, in minor units. Prepaid money left at a provider
        /// is the negative of its float.
        balance_minor: i64,
    }
    methods {
        /// `balance_minor` in major units.
        #[getter]
        fn balance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            decimal(py, self.balance_minor, self.currency)
        }
    }
}

record! {
    /// One provider as the engine sees it now.
    ProviderStats from fusepay_core::ProviderStats {
        /// Its code.
        provider: String,
        /// Its circuit breaker.
        breaker: BreakerState,
        /// Sends under way.
        submits_in_flight: u32,
        /// Queries under way.
        queries_in_flight: u32,
    }
}

record! {
    /// Where everything stands. Counts and balances are of one snapshot.
    Stats from fusepay_core::Stats {
        /// Payments by state; states without payments are left out.
        payments: Nested<PaymentCount>,
        /// Jobs by kind and state, each with the due time of its first.
        jobs: Nested<JobCount>,
        /// Dead letters: jobs that wait for an operator.
        dead_letters: u64,
        /// Balances of the system accounts that have been used, by name.
        balances: Nested<SystemBalance>,
        /// Providers, by code.
        providers: Nested<ProviderStats>,
        /// Commits of this engine since it opened.
        commits: u64,
        /// Transactions in them; more than `commits` is what group commit saved.
        commit_members: u64,
        /// The number of the last event; 0 when there is none.
        event_head: u64,
        /// The end of the audit chain.
        audit_head: AuditHead,
        /// Size of the database file, in bytes.
        database_bytes: u64,
        /// Size of its write-ahead log, in bytes.
        wal_bytes: u64,
    }
}

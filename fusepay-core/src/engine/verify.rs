//! Verification: the invariants I1 to I9, held against the file on one
//! snapshot. Nothing is repaired; every finding names what it is about.
//!
//! **I1** Money is neither made nor lost: every posting takes a positive amount
//! from one account and gives it to another of the same currency, so the
//! balances of all accounts of a currency add up to zero.
//!
//! **I2** The balance of an account is what its postings credited minus what
//! they debited, and each wallet has one account, each wallet account one wallet.
//!
//! **I3** The entries of a wallet are numbered from 1 without gap or double, each
//! carries the balance after it, and the account knows the number of its last
//! one. System accounts carry no numbers on postings, only a count.
//!
//! **I4** A wallet's balance without what is held is never below its negative
//! credit limit; clearing and suspense never owe; funding and claims are never owed.
//!
//! **I5** A payment's postings tell what its status says. Open, failed or under
//! review: amount and fee lie in clearing. Completed: they have left it, and the
//! user is short of amount + fee − refunds, refunds being at most amount + fee.
//! Reversed: all is back with the user or in suspense for them, each debit given
//! back once, by a posting that names it; only reversed payments have such
//! postings. A claim has one late success and, once settled, one settlement.
//!
//! **I6** What an account holds is what its active holds have not captured yet,
//! and what a hold has captured is what its capture postings took.
//!
//! **I7** The clearing account of a provider and currency holds amount + fee of
//! every payment there that is not concluded; suspense holds what payments have
//! waiting there; claims owe the claims that are open.
//!
//! **I8** Nothing waits without somebody to see to it: a payment that is pending,
//! processing or unknown has exactly one live job, a failed one a live reversal
//! or its dead letter, an active hold its expiry or the dead letter of it; all
//! others have no live job, and no job is about nothing.
//!
//! **I9** Events and audit entries are numbered from 1 without gaps, no
//! subscriber is ahead of the events, and every audit entry has the hash that
//! follows from its content and the entry before it.
//!
//! What rows say beside their money and their order is held against the sums the
//! engine keeps over each table (`store/seal.rs`): `ROWS` names the table.

mod chain;
mod ledger;
mod payment;

use crate::audit::AuditHead;
use crate::engine::inner::Inner;
use crate::error::{Error, Result};
use crate::store::tx::{Identity, ReadTx};
use crate::store::{seal, verify as rows};
use crate::vocabulary::Code;

/// The most violations a report lists; all are counted.
const LISTED_MAX: usize = 100;

/// Something in the file that must not be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// `I1` to `I9`, `FILE` for damage that SQLite itself finds, `SCHEMA`
    /// for tables, indexes and triggers that are not FusePay's, or `ROWS` for a
    /// table with a row that is not as the engine wrote it.
    pub invariant: &'static str,
    /// What it is about: an account's name, `payment …`, `posting …`, `audit …`.
    pub subject: String,
    /// What is wrong, with the numbers.
    pub detail: String,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Whether nothing is wrong.
    pub is_sound: bool,
    /// What is wrong: the first 100.
    pub violations: Vec<Violation>,
    /// How much is wrong, the unlisted included.
    pub violation_count: u64,
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
    pub audit_head: AuditHead,
}

impl VerifyReport {
    fn empty() -> Self {
        VerifyReport {
            is_sound: true,
            violations: Vec::new(),
            violation_count: 0,
            accounts: 0,
            postings: 0,
            payments: 0,
            holds: 0,
            jobs: 0,
            events: 0,
            audit_entries: 0,
            audit_head: AuditHead::start(),
        }
    }

    fn add(&mut self, invariant: &'static str, subject: impl Into<String>, detail: impl Into<String>) {
        self.is_sound = false;
        self.violation_count = self.violation_count.saturating_add(1);
        if self.violations.len() < LISTED_MAX {
            self.violations.push(Violation { invariant, subject: subject.into(), detail: detail.into() });
        }
    }

    fn demand(&mut self, holds: bool, invariant: &'static str, subject: &str, detail: impl FnOnce() -> String) {
        if !holds {
            self.add(invariant, subject, detail());
        }
    }
}

/// Checks every invariant on one snapshot.
pub(crate) fn verify(inner: &Inner) -> Result<VerifyReport> {
    inner.read(|tx| {
        let mut report = VerifyReport::empty();
        verify_snapshot(tx, inner.store.identity(), &mut report)?;
        Ok(report)
    })
}

fn verify_snapshot(tx: &ReadTx<'_>, identity: &Identity, report: &mut VerifyReport) -> Result<()> {
    part(report, "FILE", |report| {
        rows::integrity(tx)?.into_iter().for_each(|line| report.add("FILE", "file", line));
        Ok(())
    })?;
    part(report, "SCHEMA", |report| {
        rows::schema_differences(tx)?.into_iter().for_each(|line| report.add("SCHEMA", "schema", line));
        Ok(())
    })?;
    let mut books = ledger::Books::default();
    part(report, "I2", |report| books.read(tx, report))?;
    part(report, "I6", |report| books.read_holds(tx, report))?;
    books.judge(report);
    let mut waiting = payment::Waiting::default();
    part(report, "I5", |report| waiting.read(tx, report))?;
    waiting.judge(&books, report);
    part(report, "I8", |report| payment::judge_jobs(tx, report))?;
    part(report, "I9", |report| chain::judge_events(tx, report))?;
    part(report, "I9", |report| chain::judge_audit(tx, identity, report))?;
    part(report, "ROWS", |report| {
        for table in seal::differences(tx)? {
            report.add("ROWS", format!("table {table}"), "a row of it is not as the engine wrote it, or is missing");
        }
        Ok(())
    })
}

/// Runs one part of the check. Rows that can't be read are a finding of it, and
/// the other parts still run; a storage that fails ends everything.
fn part(
    report: &mut VerifyReport,
    invariant: &'static str,
    check: impl FnOnce(&mut VerifyReport) -> Result<()>,
) -> Result<()> {
    match check(report) {
        Err(error) if is_damage(&error) => {
            report.add(invariant, "file", error.detail().to_owned());
            Ok(())
        }
        other => other,
    }
}

fn is_damage(error: &Error) -> bool {
    error.code() == Code::Corrupt
}

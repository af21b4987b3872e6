//! Verification: what is wrong with the file, if anything is.

use std::ffi::c_char;

use fusepay_core::{VerifyReport, Violation};

use crate::audit::fusepay_chain_head;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};

/// Something in the file that must not be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_violation {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the report owns it.
    pub memory: *mut fusepay_memory,
    /// "I1" to "I9", "FILE" for damage that SQLite itself finds, "SCHEMA", or "ROWS".
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

records!(fusepay_violation, fusepay_verify_report);

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
    fetch(report, error, || engine_at(engine)?.verify())
}

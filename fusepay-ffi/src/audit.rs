//! The audit trail, read only, and its chain.

use std::ffi::c_char;

use fusepay_core::{AuditHead, AuditRecord, AuditReport};

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};

/// The end of the audit chain at some moment. Kept outside the database, it
/// proves later that nothing up to it was changed, and nothing cut off.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_chain_head {
    /// The sequence of the last entry; 0 when there is none.
    pub sequence: u64,
    /// Its hash; zeros when there is none.
    pub hash: [u8; 32],
}

impl From<AuditHead> for fusepay_chain_head {
    fn from(head: AuditHead) -> Self {
        fusepay_chain_head { sequence: head.sequence, hash: head.hash }
    }
}

impl From<fusepay_chain_head> for AuditHead {
    fn from(given: fusepay_chain_head) -> Self {
        let mut head = AuditHead::start();
        (head.sequence, head.hash) = (given.sequence, given.hash);
        head
    }
}

/// One entry of the audit trail: who did what to what.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_audit_record {
    /// `sizeof(fusepay_audit_record)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its place: from 1, without gaps.
    pub sequence: u64,
    /// When it was committed, by the wall clock, in milliseconds UTC.
    pub at_ms: i64,
    /// Who did it: "host", "system", or a user's id.
    pub actor: *const c_char,
    /// What was done: the name of an event or of an operation.
    pub action: *const c_char,
    /// To what: an id, or the hash of a name that must not be shown.
    pub subject: *const c_char,
    /// Whether it was done; false when it was refused or failed.
    pub success: bool,
    /// From where it was asked; may be empty.
    pub origin: *const c_char,
    /// Details: a JSON object. Never a secret.
    pub payload: *const c_char,
}

/// Several entries of the audit trail.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_audit_record_array {
    /// `sizeof(fusepay_audit_record_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the entries; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The entries; NULL when there are none.
    pub items: *const *const fusepay_audit_record,
}

/// What following the audit chain found.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_audit_report {
    /// `sizeof(fusepay_audit_report)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Whether every entry is as it was written and none is missing.
    pub is_sound: bool,
    /// Entries that are sound, counted from the first.
    pub entries: u64,
    /// The end of the chain, as far as it is sound.
    pub head: fusepay_chain_head,
    /// The first entry that is changed, missing, or cut off; or NULL.
    pub first_bad: *const u64,
    /// What is wrong with it; or NULL.
    pub detail: *const c_char,
}

records!(fusepay_audit_record, fusepay_audit_record_array, fusepay_audit_report);

impl Show<AuditRecord> for fusepay_audit_record {
    fn show(entry: &AuditRecord, memory: &mut Memory) -> Self {
        fusepay_audit_record {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            sequence: entry.sequence,
            at_ms: entry.at.0,
            actor: memory.text(&entry.actor),
            action: memory.text(&entry.action),
            subject: memory.text(&entry.subject),
            success: entry.success,
            origin: memory.text(&entry.origin),
            payload: memory.text(&entry.payload),
        }
    }
}

impl Show<Vec<AuditRecord>> for fusepay_audit_record_array {
    fn show(entries: &Vec<AuditRecord>, memory: &mut Memory) -> Self {
        fusepay_audit_record_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: entries.len(),
            items: memory.list(entries),
        }
    }
}

impl Show<AuditReport> for fusepay_audit_report {
    fn show(report: &AuditReport, memory: &mut Memory) -> Self {
        fusepay_audit_report {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            is_sound: report.is_sound,
            entries: report.entries,
            head: report.head.into(),
            first_bad: memory.optional(report.first_bad),
            detail: memory.optional_text(report.detail.as_deref()),
        }
    }
}

/// Entries after a sequence (0: from the first), in order; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_CORRUPT` when an entry can't
/// be read.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_audit_read(
    engine: *const fusepay_engine,
    after_sequence: u64,
    limit: u32,
    entries: *mut fusepay_audit_record_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(entries, error, || engine_at(engine)?.audit().read(after_sequence, limit))
}

/// The end of the chain now. Kept outside the database, it later proves by
/// `fusepay_audit_verify` that nothing was changed or cut off up to it.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_audit_head(
    engine: *const fusepay_engine,
    head: *mut fusepay_chain_head,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || input::put("head", head, engine_at(engine)?.audit().head()?.into()))
}

/// Follows the chain from its first entry to its last, and holds it against a head
/// taken earlier unless `head` is NULL; names the first bad entry. Reads every
/// entry; other calls go on meanwhile.
///
/// Errors: the common ones. What is wrong with the chain is in the report.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_audit_verify(
    engine: *const fusepay_engine,
    head: *const fusepay_chain_head,
    report: *mut fusepay_audit_report,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(report, error, || {
        let known: Option<AuditHead> = input::optional("head", head)?.map(Into::into);
        engine_at(engine)?.audit().verify(known.as_ref())
    })
}

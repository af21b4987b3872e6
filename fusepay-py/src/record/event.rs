//! Records of the outbox and of the audit trail.

use fusepay_core::{EventName, HoldId, JobId, PaymentId, TransactionId, UnixMillis, UserId, WalletId};

use crate::convert::Notes;
use crate::record::engine::AuditHead;
use crate::record::record;

record! {
    /// Something that happened. Delivered at least once, in the order of `sequence`.
    Event from fusepay_core::Event {
        /// Its place among all events of the database: from 1, without gaps.
        sequence: u64,
        /// What happened.
        name: EventName,
        /// When it was committed, by the wall clock.
        at: UnixMillis,
        /// The user it is about, if any.
        user: Option<UserId>,
        /// The wallet it is about, if any.
        wallet: Option<WalletId>,
        /// The payment it is about, if any.
        payment: Option<PaymentId>,
        /// The transaction it is about, if any.
        transaction: Option<TransactionId>,
        /// The hold it is about, if any.
        hold: Option<HoldId>,
        /// The job it is about, if any.
        job: Option<JobId>,
        /// Details: strings and integers. Never a secret.
        payload: Notes,
    }
}

record! {
    /// One entry of the audit trail.
    AuditRecord from fusepay_core::AuditRecord {
        /// Its place: from 1, without gaps.
        sequence: u64,
        /// When it was committed, by the wall clock.
        at: UnixMillis,
        /// Who did it: `host`, `system`, or a user's id.
        actor: String,
        /// What was done: the name of an event or of an operation.
        action: String,
        /// To what: an id, or the hash of a name that must not be shown.
        subject: String,
        /// Whether it was done; `False` when it was refused or failed.
        success: bool,
        /// From where it was asked.
        origin: String,
        /// Details. Never a secret.
        payload: Notes,
    }
}

record! {
    /// What following the audit chain found.
    AuditReport from fusepay_core::AuditReport {
        /// Whether every entry is as it was written and none is missing.
        is_sound: bool,
        /// Entries that are sound, counted from the first.
        entries: u64,
        /// The end of the chain, as far as it is sound.
        head: AuditHead,
        /// The first entry that is changed, missing, or cut off.
        first_bad: Option<u64>,
        /// What is wrong with it.
        detail: Option<String>,
    }
}

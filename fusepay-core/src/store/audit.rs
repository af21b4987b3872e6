//! SQL of the audit chain.

use crate::audit::{Actor, AuditEntry, AuditHead, AuditResult, AuditText, link, payload_hash};
use crate::clock::UnixMillis;
use crate::error::Result;
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{Heads, ReadTx, WriteTx};
use rusqlite::named_params;

statements! {
    /// A new link.
    AUDIT_INSERT = "INSERT INTO audit (sequence, at_ms, actor, action, subject, success, origin, payload, hash)
        VALUES (:sequence, :at, :actor, :action, :subject, :success, :origin, :payload, :hash)";
    /// The links after one, in order; primary key.
    AUDIT_AFTER = "SELECT sequence, at_ms, actor, action, subject, success, origin, payload, hash FROM audit
        WHERE sequence > :after ORDER BY sequence LIMIT :limit";
    /// Every link, in order; primary key.
    AUDIT_ALL = "SELECT sequence, at_ms, actor, action, subject, success, origin, payload, hash FROM audit ORDER BY sequence";
    /// The last link; primary key.
    AUDIT_HEAD = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";
}

/// What is to be audited.
#[derive(Debug, Clone)]
pub(crate) struct AuditDraft {
    pub(crate) actor: Actor,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) result: AuditResult,
    pub(crate) origin: String,
    pub(crate) payload: String,
}

/// A link as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredLink {
    pub(crate) sequence: u64,
    pub(crate) at: UnixMillis,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) is_success: bool,
    pub(crate) origin: String,
    pub(crate) payload: String,
    pub(crate) hash: [u8; 32],
}

/// Appends a link to the chain.
pub(crate) fn append(tx: &WriteTx<'_>, draft: &AuditDraft, at: UnixMillis) -> Result<()> {
    let heads = tx.heads();
    let payload = AuditText::escaped(&draft.payload);
    let entry = AuditEntry {
        sequence: heads.audit.sequence.saturating_add(1),
        instance: tx.identity().instance,
        at,
        actor: draft.actor,
        action: AuditText::escaped(draft.action),
        subject: AuditText::escaped(&draft.subject),
        result: draft.result,
        origin: AuditText::escaped(&draft.origin),
        payload_hash: payload_hash(payload.as_str().as_bytes()),
        previous: heads.audit.hash,
    };
    let hash = link(tx.identity().audit_key.as_ref(), &entry);
    tx.run(
        AUDIT_INSERT,
        named_params! {
            ":sequence": i64::try_from(entry.sequence).unwrap_or(i64::MAX),
            ":at": at.0,
            ":actor": entry.actor.to_text(),
            ":action": entry.action.as_str(),
            ":subject": entry.subject.as_str(),
            ":success": draft.result == AuditResult::Success,
            ":origin": entry.origin.as_str(),
            ":payload": payload.as_str(),
            ":hash": hash,
        },
    )?;
    tx.set_heads(Heads { audit: AuditHead::new(entry.sequence, hash), ..heads });
    Ok(())
}

/// The links after a sequence, in order.
pub(crate) fn after(tx: &ReadTx<'_>, sequence: u64, limit: u32) -> Result<Vec<StoredLink>> {
    let params = named_params! { ":after": i64::try_from(sequence).unwrap_or(i64::MAX), ":limit": limit };
    tx.all(AUDIT_AFTER, params, stored)
}

/// Every link, in order: its sequence, and the link unless it can't be read.
pub(crate) fn each(tx: &ReadTx<'_>, mut read: impl FnMut(u64, Result<StoredLink>)) -> Result<()> {
    tx.each(AUDIT_ALL, [], |row| {
        read(u64::try_from(row.int(0)?).unwrap_or(0), stored(row));
        Ok(())
    })
}

fn stored(row: &Row<'_>) -> Result<StoredLink> {
    Ok(StoredLink {
        sequence: u64::try_from(row.int(0)?).unwrap_or(0),
        at: row.time(1)?,
        actor: row.text(2)?,
        action: row.text(3)?,
        subject: row.text(4)?,
        is_success: row.flag(5)?,
        origin: row.text(6)?,
        payload: row.text(7)?,
        hash: row.array(8)?,
    })
}

/// The end of the chain.
pub(crate) fn head(tx: &ReadTx<'_>) -> Result<AuditHead> {
    let found =
        tx.first(AUDIT_HEAD, [], |row| Ok(AuditHead::new(u64::try_from(row.int(0)?).unwrap_or(0), row.array(1)?)))?;
    Ok(found.unwrap_or_else(AuditHead::start))
}

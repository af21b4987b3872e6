//! The audit trail: reading it, taking its head, and following the chain.

use crate::audit::{Actor, AuditEntry, AuditHead, AuditRecord, AuditResult, AuditText, payload_hash, verify_link};
use crate::engine::inner::{Inner, check_page};
use crate::error::{Error, Result};
use crate::store::audit::{self, StoredLink};
use crate::store::tx::{Identity, ReadTx};
use crate::vocabulary::Code;

/// What following the audit chain found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// Whether every entry is as it was written and none is missing.
    pub is_sound: bool,
    /// Entries that are sound, counted from the first.
    pub entries: u64,
    /// The end of the chain, as far as it is sound.
    pub head: AuditHead,
    /// The first entry that is changed, missing, or cut off.
    pub first_bad: Option<u64>,
    /// What is wrong with it.
    pub detail: Option<String>,
}

/// Entries after a sequence, in order.
pub(crate) fn read(inner: &Inner, after: u64, limit: u32) -> Result<Vec<AuditRecord>> {
    let limit = check_page(limit)?;
    let links = inner.read(|tx| audit::after(tx, after, limit))?;
    Ok(links
        .into_iter()
        .map(|link| AuditRecord {
            sequence: link.sequence,
            at: link.at,
            actor: link.actor,
            action: link.action,
            subject: link.subject,
            success: link.is_success,
            origin: link.origin,
            payload: link.payload,
        })
        .collect())
}

/// The end of the chain.
pub(crate) fn head(inner: &Inner) -> Result<AuditHead> {
    inner.read(audit::head)
}

/// Follows the chain, and holds it against a head taken earlier.
pub(crate) fn verify(inner: &Inner, head: Option<&AuditHead>) -> Result<AuditReport> {
    inner.read(|tx| follow(tx, inner.store.identity(), head))
}

/// Follows the chain on one snapshot, entry by entry, up to the first bad one.
pub(crate) fn follow(tx: &ReadTx<'_>, identity: &Identity, known: Option<&AuditHead>) -> Result<AuditReport> {
    let mut end = AuditHead::start();
    let mut first_bad: Option<Error> = None;
    audit::each(tx, |sequence, link| {
        if first_bad.is_none() {
            match check(identity, &end, sequence, link, known) {
                Ok(after) => end = after,
                Err(error) => first_bad = Some(error),
            }
        }
    })?;
    let due = end.sequence.saturating_add(1);
    let cut_off = known.filter(|known| first_bad.is_none() && known.sequence > end.sequence).map(|known| {
        let detail = format!("the chain ends before entry {due}; when its head was taken it had {}", known.sequence);
        Error::new(Code::Corrupt, detail)
    });
    let found = first_bad.or(cut_off);
    Ok(AuditReport {
        is_sound: found.is_none(),
        entries: end.sequence,
        head: end,
        first_bad: found.as_ref().map(|_| due),
        detail: found.map(|error| error.detail().to_owned()),
    })
}

fn check(
    identity: &Identity,
    before: &AuditHead,
    sequence: u64,
    link: Result<StoredLink>,
    known: Option<&AuditHead>,
) -> Result<AuditHead> {
    let due = before.sequence.saturating_add(1);
    if sequence != due {
        return Err(Error::new(Code::Corrupt, format!("audit entry {due} is missing or out of order")));
    }
    let link = link?;
    let entry = AuditEntry {
        sequence,
        instance: identity.instance,
        at: link.at,
        actor: Actor::from_text(&link.actor)?,
        action: AuditText::stored(link.action),
        subject: AuditText::stored(link.subject),
        result: if link.is_success { AuditResult::Success } else { AuditResult::Failure },
        origin: AuditText::stored(link.origin),
        payload_hash: payload_hash(link.payload.as_bytes()),
        previous: before.hash,
    };
    let after = verify_link(identity.audit_key.as_ref(), before, &entry, &link.hash)?;
    match known {
        Some(known) if known.sequence == after.sequence && known.hash != after.hash => {
            Err(Error::new(Code::Corrupt, format!("audit entry {due} is not the one whose head was taken")))
        }
        _ => Ok(after),
    }
}

//! I9: the gapless numbers of events, and the audit chain link by link.

use crate::engine::audit;
use crate::engine::verify::VerifyReport;
use crate::error::Result;
use crate::store::tx::{Identity, ReadTx};
use crate::store::verify as rows;

/// Follows the numbers of the events.
pub(crate) fn judge_events(tx: &ReadTx<'_>, report: &mut VerifyReport) -> Result<()> {
    let mut last = 0_i64;
    rows::each_event_sequence(tx, |sequence| {
        report.events = report.events.saturating_add(1);
        let due = last.saturating_add(1);
        report.demand(sequence == due, "I9", &format!("event {due}"), || {
            format!("it is missing; event {sequence} follows event {last}")
        });
        last = sequence;
    })?;
    for (subscriber, sequence) in rows::cursors_ahead(tx)? {
        let detail = format!("it has seen event {sequence}; the last is {last}");
        report.add("I9", format!("subscriber {subscriber}"), detail);
    }
    Ok(())
}

/// Follows the audit chain.
pub(crate) fn judge_audit(tx: &ReadTx<'_>, identity: &Identity, report: &mut VerifyReport) -> Result<()> {
    let chain = audit::follow(tx, identity, None)?;
    report.audit_entries = chain.entries;
    report.audit_head = chain.head;
    if let Some(sequence) = chain.first_bad {
        report.add("I9", format!("audit {sequence}"), chain.detail.unwrap_or_default());
    }
    Ok(())
}

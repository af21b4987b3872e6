//! What happens after an unclean stop: the jobs of dead engines are resumed,
//! their sends become unknown and are queried before anything else.
//!
//! Whether an engine is dead is asked of its lock, never of a clock.

use crate::engine::attempt;
use crate::engine::conclude::Running;
use crate::engine::inner::Inner;
use crate::entropy::Supplies;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::queue::job::CRASHES_MAX;
use crate::store::guard::Owner;
use crate::store::tx::WriteTx;
use crate::store::{bill, instance, queue};
use crate::vocabulary::{AttemptKind, JobKind, OutcomeKind, PaymentStatus};
use std::sync::Arc;

/// Resumes what engines that have died left behind.
pub(crate) fn resume_orphans(inner: &Arc<Inner>) -> Result<()> {
    let open = inner.store.read(instance::open_incarnations)?;
    let guard = inner.guard()?;
    let mut dead = Vec::new();
    for (id, owner) in open.into_iter().filter(|(id, _)| *id != inner.incarnation) {
        let owner = Owner::from_text(&owner)?;
        if !guard.is_incarnation_alive(id, &owner)? {
            dead.push(id);
        }
    }
    if dead.is_empty() {
        return Ok(());
    }
    tracing::warn!(?dead, "engines on this file ended without closing; resuming their jobs");
    failpoint!("recovery.begin");
    let engine = Arc::clone(inner);
    inner.write(move |tx, supplies| dead.iter().try_for_each(|id| resume(tx, supplies, &engine, *id)))
}

fn resume(tx: &WriteTx<'_>, supplies: &Supplies, inner: &Inner, incarnation: i64) -> Result<()> {
    // First the attempts: from here on its sends are over.
    bill::abandon_attempts(tx, incarnation, supplies)?;
    for (job, lease) in queue::leased_by(tx, incarnation)? {
        queue::count_crash(tx, lease)?;
        failpoint!("recovery.job");
        let is_poison = job.crashes.saturating_add(1) >= CRASHES_MAX;
        match job.kind {
            JobKind::BillPayment | JobKind::Requery => {
                attempt::interrupt(tx, supplies, inner, &Running { job, lease }, is_poison)?;
            }
            JobKind::Reversal | JobKind::HoldExpiry => {
                queue::free(tx, job.id, false, supplies.due)?;
            }
        }
    }
    failpoint!("recovery.jobs");
    instance::close_incarnation(tx, incarnation, supplies.wall)
}

/// At open: counts delays again that were scheduled in what the wall clock now
/// calls the future.
pub(crate) fn rebase(inner: &Inner) -> Result<()> {
    let moved = inner.write(|tx, supplies| queue::rebase(tx, supplies.due))?;
    if moved > 0 {
        tracing::warn!(jobs = moved, "the wall clock went back while no engine was open; delays are counted again");
    }
    Ok(())
}

/// After a copy or a restore: whatever waits to be sent may have been sent by
/// the life this file was copied from, so it is queried first.
pub(crate) fn distrust_unsent(tx: &WriteTx<'_>, supplies: &Supplies, incarnation: i64) -> Result<u32> {
    let mut distrusted = 0;
    let mut after = None;
    loop {
        let page = bill::in_status(tx, PaymentStatus::Pending, after, 500)?;
        let Some(last) = page.last() else { return Ok(distrusted) };
        after = Some(*last);
        for id in page {
            let mut record = bill::find(tx, id)?;
            queue::cancel(tx, id.as_bytes())?;
            record.sends = record.sends.saturating_add(1);
            // As if the send had been recorded by the life before: one step to
            // PROCESSING, one to UNKNOWN.
            for status in [PaymentStatus::Processing, PaymentStatus::Unknown] {
                let before = record.payment.status;
                record.sent_at = record.sent_at.or(Some(record.payment.created_at));
                record.payment.status = status;
                record.payment.updated_at = supplies.wall;
                bill::update(tx, before, &mut record)?;
                let step = crate::bill::record::PaymentStep {
                    at: supplies.wall,
                    before,
                    after: status,
                    attempt_id: None,
                    decision: "the file was restored or copied: another life of it may have sent this".to_owned(),
                };
                bill::insert_step(tx, id, &step)?;
            }
            // The send of the other life, which nobody here saw: the grace, the
            // window of repetition and "may have arrived" count from it.
            let attempt = bill::begin_attempt(tx, id, AttemptKind::Submit, incarnation, supplies)?;
            bill::finish_attempt(tx, attempt, &unseen_send(), supplies)?;
            let provider = record.payment.provider.clone();
            queue::insert(tx, JobKind::Requery, id.as_bytes(), Some(&provider), supplies.due, 0, supplies.wall)?;
            distrusted += 1;
        }
    }
}

fn unseen_send() -> bill::Finding {
    bill::Finding {
        outcome: OutcomeKind::Unknown,
        detail: Some("another life of this file may have sent it".to_owned()),
        evidence_hash: None,
        evidence_text: None,
    }
}

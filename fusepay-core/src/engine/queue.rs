//! The queue as an operator sees it: dead letters, retry, resolve, statistics.

use crate::audit::Actor;
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner, check_page, check_text};
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::{HoldId, JobId};
use crate::queue::job::{Job, JobCount};
use crate::store::{queue, wallet};
use crate::vocabulary::{Code, EventName, HoldStatus, JobKind, JobStatus};

/// One job.
pub(crate) fn find(inner: &Inner, id: JobId) -> Result<Job> {
    inner.read(|tx| queue::find(tx, id))
}

/// Dead letters, oldest first, after one.
pub(crate) fn dead_letters(inner: &Inner, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
    let limit = check_page(limit)?;
    inner.read(|tx| queue::dead(tx, after.unwrap_or(JobId(0)), limit))
}

/// Jobs by kind and state.
pub(crate) fn counts(inner: &Inner) -> Result<Vec<JobCount>> {
    inner.read(queue::counts)
}

/// Puts a dead letter back in the queue, due now, with fresh runs.
pub(crate) fn retry(inner: &Inner, access: Access, id: JobId) -> Result<Job> {
    inner.write(move |tx, supplies| {
        let job = queue::find(tx, id)?;
        let is_taken = queue::of_subject(tx, &job.subject)?.is_some();
        if job.status != JobStatus::Dead || is_taken {
            return Err(Error::new(Code::JobNotDead, "only a dead letter whose subject has no live job is retried"));
        }
        let is_reversal_or_expiry = matches!(job.kind, JobKind::Reversal | JobKind::HoldExpiry);
        if !is_reversal_or_expiry {
            // Its payment is under review: the operator's verdict decides, not a resend.
            let detail = "its payment is under review; resolve that instead";
            return Err(Error::new(Code::NotAllowed, detail));
        }
        queue::revive(tx, id, supplies.due)?;
        announce(&Book::open(tx, supplies), access.actor(), &job, EventName::JobRetried, "")?;
        queue::find(tx, id)
    })
}

/// Closes a dead letter with a reason. A dead reversal whose payment is still
/// owed its money is not closed: retry it, or reverse the payment; nor is the dead
/// expiry of a hold that is active: retry it, or release the hold.
pub(crate) fn resolve(inner: &Inner, access: Access, id: JobId, reason: &str) -> Result<()> {
    check_text("reason", reason, 500)?;
    let reason = reason.to_owned();
    inner.write(move |tx, supplies| {
        let job = queue::find(tx, id)?;
        if job.status != JobStatus::Dead {
            return Err(Error::new(Code::JobNotDead, "only a dead letter is resolved"));
        }
        if job.kind == JobKind::Reversal {
            let payment = crate::store::bill::find(tx, crate::id::PaymentId::from_bytes(job.subject))?.payment;
            if payment.status == crate::vocabulary::PaymentStatus::Failed {
                let detail = "its payment still waits for its money; retry the job or reverse the payment";
                return Err(Error::new(Code::NotAllowed, detail));
            }
        }
        let hold = HoldId::from_bytes(job.subject);
        if job.kind == JobKind::HoldExpiry && wallet::find_hold(tx, hold)?.status == HoldStatus::Active {
            let detail = "its hold still reserves money; retry the job or release the hold";
            return Err(Error::new(Code::NotAllowed, detail));
        }
        queue::resolve(tx, id)?;
        announce(&Book::open(tx, supplies), access.actor(), &job, EventName::JobResolved, &reason)
    })
}

fn announce(book: &Book<'_, '_>, actor: Actor, job: &Job, name: EventName, reason: &str) -> Result<()> {
    let draft = EventDraft::new(name).job(job.id).text("kind", job.kind.name()).text("reason", reason);
    book.event(&draft)?;
    book.audit(actor, name.name(), job.id.0, &draft)
}

//! Closing an engine: let calls end until the deadline, make what is still in
//! flight unknown, and leave the file as another engine wants to find it.

use crate::clock::Deadline;
use crate::engine::attempt;
use crate::engine::conclude::Running;
use crate::engine::desk::{CallKind, ProviderDesk};
use crate::engine::inner::Inner;
use crate::engine::logging::log_events;
use crate::engine::thread::EngineThread;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::store::{bill, instance, queue};
use crate::sync::thread::JoinHandle;
use crate::sync::{Mutex, Ordering};
use crate::vocabulary::JobKind;
use std::sync::{Arc, PoisonError, Weak};

/// Closes the engine. Always returns by the deadline and a little; a second
/// call does nothing.
pub(crate) fn close(inner: &Arc<Inner>, worker: &Mutex<Option<JoinHandle<()>>>, deadline: Deadline) -> Result<()> {
    // In a forked child nothing here is ours: neither the locks nor the file.
    inner.check_process()?;
    // One order for all with the places of calls: close raises the flag and looks
    // at the places, a claim takes a place and looks at the flag, and at least one
    // of the two must see the other. Weaker orders would let both miss it.
    if inner.is_closing.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    // Only now: a close that comes second must not carry the worker off, for which
    // this one waits.
    let worker = worker.lock().unwrap_or_else(PoisonError::into_inner).take();
    inner.wake_worker();
    inner.subscribers.stop();
    let may_wait = !EngineThread::is_this();
    if may_wait {
        inner.progress.wait_until(deadline, || calls(inner) == 0);
        if let Some(worker) = worker {
            // The loop looks at the flag between two steps; its steps are commits.
            let _ = worker.join();
        }
        inner.subscribers.wait_until_ended(deadline);
    }
    failpoint!("close.begun");
    let ended = settle_flight(inner);
    failpoint!("close.settled");
    // The worker, which logs what was committed, has made its last step.
    log_events(inner);
    inner.is_closed.store(true, Ordering::Release);
    inner.subscribers.close();
    inner.shut_store();
    ended
}

/// Provider calls under way, those of replaced adapters too.
fn calls(inner: &Inner) -> u32 {
    let at = |desk: &ProviderDesk| desk.calls(CallKind::Submit) + desk.calls(CallKind::Query);
    let desks = inner.desks.read().unwrap_or_else(PoisonError::into_inner);
    let present: u32 = desks.values().map(|desk| at(desk)).sum();
    drop(desks);
    let replaced = inner.replaced.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let replaced = replaced.iter().filter_map(Weak::upgrade);
    present + replaced.map(|desk| at(&desk)).sum::<u32>()
}

/// Makes what is still in flight unknown, and says goodbye to the file.
fn settle_flight(inner: &Arc<Inner>) -> Result<()> {
    let still_calling = calls(inner) > 0;
    let engine = Arc::clone(inner);
    let supplies = inner.supplies()?;
    inner.store.write(inner.deadline(), move |tx| {
        let supplies = supplies.clone();
        // No call runs any more: an attempt without an answer, which the storage
        // did not take, is over. Nobody would ever close it after this commit.
        if !still_calling {
            bill::abandon_attempts(tx, engine.incarnation, &supplies)?;
        }
        for (job, lease) in queue::leased_by(tx, engine.incarnation)? {
            match job.kind {
                // A query cut short by a close is asked again, uncounted.
                JobKind::Requery => drop(queue::free(tx, job.id, false, supplies.due)?),
                JobKind::BillPayment | JobKind::Reversal | JobKind::HoldExpiry => {
                    attempt::interrupt(tx, &supplies, &engine, &Running { job, lease }, false)?;
                }
            }
        }
        // While a call may still send, this incarnation is not over: whoever
        // opens next asks its lock, which the call holds.
        if !still_calling {
            instance::close_incarnation(tx, engine.incarnation, supplies.wall)?;
        }
        let others = instance::open_incarnations(tx)?.iter().any(|(id, _)| *id != engine.incarnation);
        if !others && !still_calling {
            instance::set_fact(tx, instance::CLEAN, "yes")?;
        }
        Ok(())
    })
}

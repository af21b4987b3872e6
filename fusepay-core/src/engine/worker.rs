//! The queue at work: `run_due` claims and records, provider calls run on
//! bounded threads (or inline in the manual mode), and the background thread is
//! a thin loop around it. No rule of its own.

use crate::audit::Actor;
use crate::clock::UnixMillis;
use crate::engine::attempt::{self, is_rule};
use crate::engine::call::{Prepared, Reply};
use crate::engine::conclude::{Conclusion, PUT_OFF_MS, Running, bounded, seed};
use crate::engine::config::WorkerMode;
use crate::engine::desk::{CallKind, Place, ProviderDesk};
use crate::engine::inner::{Inner, millis};
use crate::engine::thread::EngineThread;
use crate::engine::{hold, recovery, reversal};
use crate::entropy::{Supplies, random};
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::id::PaymentId;
use crate::queue::job::{Job, Lease};
use crate::store::tx::WriteTx;
use crate::store::{bill, queue};
use crate::sync::Ordering;
use crate::sync::thread::JoinHandle;
use crate::sync::{Receiver, thread};
use crate::vocabulary::{Code, JobKind, ReviewReason};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// A hung call keeps its lease this long past its deadline, so that an answer
/// that is only a little late is still booked by whoever asked.
const LEASE_MARGIN_MS: i64 = 5_000;
/// How often a live engine looks for the orphans of dead ones: the promise is
/// that they are resumed within a second. A wake-up just before it is over looks
/// for none and may be followed by a whole nap, so the two together are what counts.
const SWEEP_INTERVAL_MS: i64 = 250;
/// The longest the background thread sleeps.
const NAP: Duration = Duration::from_millis(500);
const _: () = assert!(SWEEP_INTERVAL_MS + (NAP.as_millis() as i64) <= 750, "nothing is left for the commit");

/// What one step of the queue did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RunReport {
    /// Jobs claimed.
    pub claimed: u32,
    /// Provider calls begun (and, in the manual mode, ended).
    pub calls: u32,
    /// When the next job is due, on the engine's timeline.
    pub next_due: Option<UnixMillis>,
}

/// One claimed job that calls a provider, with its place at the desk.
struct Assignment {
    desk: Arc<ProviderDesk>,
    place: Place,
    prepared: Prepared,
}

/// Runs everything that is due now, once.
pub(crate) fn run_due(inner: &Arc<Inner>) -> Result<RunReport> {
    inner.check_open()?;
    // Nothing here could be written any more, and whoever steps must learn of it.
    inner.store.writer().refuse_poisoned()?;
    sweep(inner)?;
    record_leftovers(inner)?;
    let mut report = RunReport::default();
    let mut blocked = Blocked::default();
    loop {
        let now = inner.due_now();
        let due = inner.store.read(|tx| queue::due(tx, now, &blocked.lines, inner.config.drain_max))?;
        if due.is_empty() {
            break;
        }
        let assignments = claim(inner, &due, &mut blocked, &mut report)?;
        if inner.config.worker == WorkerMode::Manual && !assignments.is_empty() {
            // These calls will be over before the next look, and their places free.
            blocked = Blocked::default();
        }
        for assignment in assignments {
            report.calls += 1;
            dispatch(inner, assignment);
        }
        if inner.is_closing.load(Ordering::Acquire) {
            break;
        }
    }
    let now = inner.due_now();
    let later = inner.store.read(|tx| queue::next_due(tx, now))?;
    // What is due but blocked comes back by itself when a place is given back;
    // a breaker or a rate says when to look again.
    report.next_due = later.into_iter().chain(blocked.until).min();
    Ok(report)
}

/// Which kinds of jobs of which providers can't be served now, and until when
/// a breaker or a rate says so.
#[derive(Default)]
struct Blocked {
    lines: Vec<(JobKind, String)>,
    until: Option<UnixMillis>,
}

impl Blocked {
    fn add(&mut self, job: &Job, until: Option<UnixMillis>) {
        let line = (job.kind, job.provider.clone().unwrap_or_default());
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
        self.until = self.until.into_iter().chain(until).min();
    }
}

/// Claims these jobs in one commit; runs those that call nobody in it.
fn claim(inner: &Arc<Inner>, due: &[Job], blocked: &mut Blocked, report: &mut RunReport) -> Result<Vec<Assignment>> {
    let mut seats = Vec::new();
    for job in due {
        match seat(inner, job) {
            Seat::Free(desk) => seats.push((job.clone(), desk)),
            Seat::Taken { until } => blocked.add(job, until),
        }
    }
    let wanted: Vec<(Job, Option<Arc<ProviderDesk>>)> =
        seats.iter().map(|(job, desk)| (job.clone(), desk.as_ref().map(|(desk, _)| Arc::clone(desk)))).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let engine = Arc::clone(inner);
    let prepared = inner.write(move |tx, supplies| {
        wanted
            .iter()
            .map(|(job, desk)| claim_one(tx, supplies, &engine, job, desk.as_deref()))
            .collect::<Result<Vec<_>>>()
    });
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            seats.iter().filter_map(|(_, desk)| desk.as_ref()).for_each(|(desk, _)| desk.unused());
            return Err(error);
        }
    };
    failpoint!("worker.claimed");
    let mut assignments = Vec::new();
    for ((job, seat), claimed) in seats.into_iter().zip(prepared) {
        report.claimed += u32::from(!matches!(claimed, Claimed::Lost));
        match (seat, claimed) {
            (Some((desk, place)), Claimed::Call(prepared)) => {
                assignments.push(Assignment { desk, place, prepared: *prepared });
            }
            (seat, other) => {
                if let Claimed::Failed(error) = other {
                    let (kind, code) = (job.kind.name(), error.code().name());
                    tracing::error!(job = job.id.0, kind, code, detail = error.detail(), "a run failed");
                }
                if let Some((desk, _)) = seat {
                    desk.unused();
                }
            }
        }
    }
    Ok(assignments)
}

enum Seat {
    /// It may run; with a place at its provider's desk if it calls one.
    Free(Option<(Arc<ProviderDesk>, Place)>),
    /// Its provider is busy, limited or left alone: nothing is counted.
    Taken {
        /// When to look again, where that is known.
        until: Option<UnixMillis>,
    },
}

fn seat(inner: &Inner, job: &Job) -> Seat {
    let Some(provider) = &job.provider else { return Seat::Free(None) };
    let Some(desk) = inner.desk(provider) else { return Seat::Taken { until: None } };
    let kind = if job.kind == JobKind::BillPayment { CallKind::Submit } else { CallKind::Query };
    let Some(place) = desk.take_place(kind) else { return Seat::Taken { until: None } };
    // A query is how a provider shows that it is back: it is only slowed down by
    // the same breaker, never counted against the payment.
    match desk.permit(inner.due_now().0) {
        Ok(()) => Seat::Free(Some((desk, place))),
        Err(until_ms) => Seat::Taken { until: Some(UnixMillis(until_ms)) },
    }
}

/// What became of a job that was to be claimed.
enum Claimed {
    /// Another worker was faster.
    Lost,
    /// It was run to its end in this commit.
    Done,
    /// Its run failed, and that was counted.
    Failed(Error),
    /// A provider is to be called.
    Call(Box<Prepared>),
}

/// Claims one job, and runs it when it calls nobody.
fn claim_one(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Arc<Inner>,
    job: &Job,
    desk: Option<&ProviderDesk>,
) -> Result<Claimed> {
    // Close settles what is in flight once; nothing may take off behind it.
    if inner.is_closing.load(Ordering::SeqCst) {
        return Ok(Claimed::Lost);
    }
    let token = i64::from_be_bytes(random(supplies)?);
    let limit_ms =
        desk.map_or(LEASE_MARGIN_MS, |desk| millis(desk.capabilities.call_deadline).saturating_add(LEASE_MARGIN_MS));
    let until = supplies.due.plus(limit_ms);
    let Some(lease) = queue::claim(tx, job.id, token, inner.incarnation, until)? else { return Ok(Claimed::Lost) };
    let running = Running { job: job.clone(), lease };
    // The panic is caught inside the savepoint, which then undoes the half-done run.
    let started = tx.savepoint(|tx| {
        catch_unwind(AssertUnwindSafe(|| start(tx, supplies, inner, &running, desk)))
            .unwrap_or_else(|_| Err(Error::new(Code::Panicked, "the run panicked")))
    });
    match started {
        Ok(Some(prepared)) => Ok(Claimed::Call(Box::new(prepared))),
        Ok(None) => Ok(Claimed::Done),
        Err(error) if is_rule(&error) => {
            fail_run(tx, supplies, inner, &running, &error)?;
            Ok(Claimed::Failed(error))
        }
        Err(error) => Err(error),
    }
}

fn start(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    inner: &Arc<Inner>,
    running: &Running,
    desk: Option<&ProviderDesk>,
) -> Result<Option<Prepared>> {
    match running.job.kind {
        JobKind::BillPayment | JobKind::Requery => {
            let capabilities = desk.map(|desk| desk.capabilities.clone()).unwrap_or_default();
            attempt::begin(tx, supplies, inner, running, &capabilities)
        }
        JobKind::Reversal => reversal::run_reversal(tx, supplies, inner, running).map(|()| None),
        JobKind::HoldExpiry => hold::run_expiry(tx, supplies, running).map(|()| None),
    }
}

/// Counts a failed run: another one by the schedule, or a dead letter.
fn fail_run(tx: &WriteTx<'_>, supplies: &Supplies, inner: &Inner, running: &Running, error: &Error) -> Result<()> {
    let job = &running.job;
    let backoff = match job.kind {
        JobKind::BillPayment => &inner.config.bill_backoff,
        JobKind::Requery => &inner.config.requery_backoff,
        JobKind::Reversal | JobKind::HoldExpiry => &inner.config.reversal_backoff,
    };
    let runs = job.runs.saturating_add(1);
    let text = bounded(&format!("{}: {}", error.code(), error.detail()));
    if let Some(delay_ms) = backoff.delay_after(runs, seed(job)) {
        return queue::retry(tx, running.lease, runs, supplies.due, delay_ms, Some(&text));
    }
    if !reversal::is_about_a_payment(job.kind) {
        return queue::kill(tx, running.lease, runs, &text, supplies.wall);
    }
    let mut record = bill::find(tx, PaymentId::from_bytes(job.subject))?;
    let reason = match job.kind {
        JobKind::Requery => ReviewReason::RequeryBudgetSpent,
        JobKind::BillPayment | JobKind::Reversal | JobKind::HoldExpiry => ReviewReason::BillJobDead,
    };
    let conclusion = Conclusion {
        tx,
        supplies,
        config: &inner.config,
        vault: &inner.vault,
        actor: Actor::System,
        running: Some(running.clone()),
        attempt: None,
        sends_are_over: true,
    };
    conclusion.kill_job(&mut record, &text, reason)
}

/// Makes a claimed call: on a thread of its own, or here in the manual mode.
fn dispatch(inner: &Arc<Inner>, assignment: Assignment) {
    match inner.config.worker {
        WorkerMode::Manual => serve(inner, assignment),
        WorkerMode::Background => {
            let engine = Arc::clone(inner);
            let name = format!("fusepay-{}", assignment.desk.code);
            let prepared = assignment.prepared.clone();
            let spawned = thread::Builder::new().name(name).spawn(move || serve(&engine, assignment));
            if let Err(cause) = spawned {
                // Nothing was sent: the call never began.
                tracing::error!(payment = %prepared.payment, %cause, "no thread for a provider call");
                record(inner, &prepared, None);
            }
        }
    }
}

fn serve(inner: &Arc<Inner>, assignment: Assignment) {
    let _mark = EngineThread::enter();
    // Whoever may still send keeps this incarnation alive, also past close; once
    // it is over, nothing is sent any more.
    let life = inner.life();
    let Assignment { desk, place, prepared } = assignment;
    match life.as_ref().and_then(|_| attempt::make_call(inner, &desk, &prepared)) {
        Some(reply) => record(inner, &prepared, Some(&reply)),
        None => {
            desk.unused();
            record(inner, &prepared, None);
        }
    }
    drop(place);
    inner.progress.announce();
    inner.wake_worker();
}

/// Commits an answer, or that the call was never made; keeps it for the next step
/// when the storage can't take it.
fn record(inner: &Arc<Inner>, prepared: &Prepared, reply: Option<&Reply>) {
    failpoint!("outcome.begin");
    let recorded = match reply {
        Some(reply) => attempt::finish(inner, prepared, reply),
        None => attempt::withhold(inner, prepared),
    };
    if let Err(error) = recorded {
        tracing::error!(payment = %prepared.payment, code = error.code().name(), detail = error.detail(),
            "an outcome could not be recorded yet; it stays in flight");
        inner.leftovers().push((prepared.clone(), reply.cloned()));
    }
    failpoint!("outcome.recorded");
}

/// Tries again to record the answers that the storage could not take.
fn record_leftovers(inner: &Arc<Inner>) -> Result<()> {
    let waiting = std::mem::take(&mut *inner.leftovers());
    for (prepared, reply) in waiting {
        record(inner, &prepared, reply.as_ref());
    }
    Ok(())
}

/// Fences what hangs here and resumes what died elsewhere.
pub(crate) fn sweep(inner: &Arc<Inner>) -> Result<()> {
    let now = inner.due_now();
    let is_due = now.0.saturating_sub(inner.last_sweep.load(Ordering::Acquire)) >= SWEEP_INTERVAL_MS;
    if !is_due && inner.config.worker == WorkerMode::Background {
        return Ok(());
    }
    inner.last_sweep.store(now.0, Ordering::Release);
    let overdue = inner.store.read(|tx| queue::overdue(tx, inner.incarnation, now))?;
    if !overdue.is_empty() {
        fence(inner, overdue)?;
    }
    recovery::resume_orphans(inner)
}

/// Takes jobs away from handlers that outlived their limit. Their sends may
/// still arrive, which is why nothing is concluded but "unknown".
fn fence(inner: &Arc<Inner>, overdue: Vec<(Job, Lease)>) -> Result<()> {
    for (job, _) in &overdue {
        let desk = job.provider.as_deref().and_then(|provider| inner.desk(provider));
        if let Some(desk) = desk {
            tracing::warn!(job = job.id.0, provider = %desk.code, "a provider call outlived its deadline");
            if desk.calls(CallKind::Submit) >= desk.capabilities.concurrent_calls_max {
                desk.force_open(inner.due_now().0);
            }
        }
    }
    let engine = Arc::clone(inner);
    inner.write(move |tx, supplies| {
        for (job, lease) in &overdue {
            if queue::holds(tx, *lease)? {
                let running = Running { job: job.clone(), lease: *lease };
                attempt::interrupt(tx, supplies, &engine, &running, false)?;
            }
        }
        Ok(())
    })
}

/// Starts the background thread. It ends when the engine closes.
pub(crate) fn spawn(inner: &Arc<Inner>, wake: Receiver<()>) -> Result<JoinHandle<()>> {
    let engine = Arc::downgrade(inner);
    thread::Builder::new()
        .name("fusepay-worker".to_owned())
        .spawn(move || {
            let _mark = EngineThread::enter();
            loop {
                let Some(inner) = engine.upgrade() else { return };
                if inner.is_closing.load(Ordering::Acquire) {
                    return;
                }
                let nap = nap(&inner, run_due(&inner));
                crate::engine::event::deliver(&inner);
                drop(inner);
                let _ = wake.recv_timeout(nap);
            }
        })
        .map_err(|cause| Error::new(Code::StorageFault, format!("no thread for the worker: {cause}")))
}

/// How long until there may be something to do.
fn nap(inner: &Inner, ran: Result<RunReport>) -> Duration {
    match ran {
        Ok(report) => match report.next_due {
            Some(due) => {
                let left = due.since(inner.due_now()).max(1);
                Duration::from_millis(left.unsigned_abs()).min(NAP)
            }
            None => NAP,
        },
        Err(error) if error.code() == Code::Closed => Duration::ZERO,
        Err(error) => {
            tracing::error!(code = error.code().name(), detail = error.detail(), "a step of the queue failed");
            Duration::from_millis(PUT_OFF_MS)
        }
    }
}

//! The outbox at work: reading by cursor, and subscribers in this process.
//!
//! A subscriber is called after the commit that an event tells of, never inside
//! one: in the background mode on a thread of its own, in the manual mode by
//! `run_due`. Its cursor moves, durably, after it said yes; so every event comes
//! at least once and in order, whatever the subscriber does. One that refuses,
//! panics or sleeps holds up nobody but itself: its thread holds the engine
//! only while it reads or moves the cursor, and closing does not wait for it
//! past its deadline.

use crate::engine::config::WorkerMode;
use crate::engine::inner::{Inner, check_page, check_text};
use crate::engine::logging::log_events;
use crate::engine::subscribers::{NAP, Present, Progress, Seat, Shared, StartAt, Subscriber, Subscription, lock};
use crate::engine::thread::EngineThread;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::store::event;
use crate::sync::{AtomicBool, Mutex, Ordering, TryLockError, thread};
use crate::vocabulary::{Code, ErrorKind, EventName};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Longest name of a subscriber, in bytes.
const NAME_LENGTH_MAX: usize = 100;
/// Events handed over per read of the outbox.
const BATCH: u32 = 64;
/// A slow subscriber's cursor is moved at least this often, so that little is
/// told twice after a crash.
const SAVE_INTERVAL_MS: i64 = 1_000;
/// The first wait after a failure; each further one doubles it.
const BACKOFF_MS: i64 = 1_000;
/// The longest wait between two tries: a minute, as a mended subscriber should
/// not wait long.
const BACKOFF_MAX_MS: i64 = 60_000;

/// What one step of a delivery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There may be more.
    More,
    /// Everything was told.
    Idle,
    /// Nothing before this many milliseconds.
    Later(i64),
    /// This delivery is over.
    Over,
}

/// The events after a sequence, in order.
pub(crate) fn read(inner: &Inner, after: u64, limit: u32) -> Result<Vec<Event>> {
    let limit = check_page(limit)?;
    inner.read(|tx| event::after(tx, after, limit))
}

/// The number of the last event.
pub(crate) fn head(inner: &Inner) -> Result<u64> {
    inner.read(event::head)
}

/// How far a subscriber has come.
pub(crate) fn cursor(inner: &Inner, subscriber: &str) -> Result<Option<u64>> {
    check_name(subscriber)?;
    inner.read(|tx| event::cursor(tx, subscriber))
}

/// Moves a subscriber's cursor forward; one that is further already stays.
pub(crate) fn acknowledge(inner: &Inner, subscriber: &str, sequence: u64) -> Result<()> {
    move_to(inner, subscriber, sequence, move |now| sequence > now)
}

/// Moves a subscriber's cursor back, so that it is told again.
pub(crate) fn rewind(inner: &Inner, subscriber: &str, sequence: u64) -> Result<()> {
    move_to(inner, subscriber, sequence, move |now| sequence < now)
}

fn move_to(
    inner: &Inner,
    subscriber: &str,
    sequence: u64,
    is_wanted: impl Fn(u64) -> bool + Send + 'static,
) -> Result<()> {
    check_name(subscriber)?;
    let name = subscriber.to_owned();
    inner.write(move |tx, _| {
        let head = event::head(tx)?;
        if sequence > head {
            let detail = format!("{sequence} has not happened yet; the last event is {head}");
            return Err(Error::field(Code::InvalidArgument, "sequence", detail));
        }
        event::begin_cursor(tx, &name, 0)?;
        let now = event::cursor(tx, &name)?.unwrap_or(0);
        if is_wanted(now) {
            event::move_cursor(tx, &name, now, sequence)?;
        }
        Ok(())
    })
}

/// Who subscribes, and to what.
pub(crate) struct SubscribeRequest<'a> {
    pub(crate) name: &'a str,
    pub(crate) start: StartAt,
    /// The events it wants; all when empty.
    pub(crate) wanted: &'a [EventName],
    pub(crate) subscriber: Arc<dyn Subscriber>,
}

/// Begins to serve a subscriber.
pub(crate) fn subscribe(inner: &Arc<Inner>, request: SubscribeRequest<'_>) -> Result<Subscription> {
    check_name(request.name)?;
    let seat = Arc::new(Seat {
        name: request.name.to_owned(),
        wanted: request.wanted.to_vec(),
        subscriber: request.subscriber,
        is_ended: AtomicBool::new(false),
        progress: Mutex::default(),
    });
    inner.check_open()?;
    let shared = Arc::clone(&inner.subscribers.shared);
    {
        let mut seats = lock(&shared.seats);
        if seats.contains_key(&seat.name) {
            let detail = format!("{} is subscribed already; drop its subscription first", seat.name);
            return Err(Error::new(Code::NotAllowed, detail));
        }
        seats.insert(seat.name.clone(), Arc::clone(&seat));
    }
    // From here on, failing drops the subscription, which leaves the seat.
    let subscription = Subscription { shared, seat, is_kept: false };
    let (name, start) = (request.name.to_owned(), request.start);
    inner.write(move |tx, _| {
        let sequence = match start {
            StartAt::Beginning => 0,
            StartAt::Now => event::head(tx)?,
        };
        event::begin_cursor(tx, &name, sequence)
    })?;
    if inner.config.worker == WorkerMode::Background {
        spawn(inner, &subscription)?;
    }
    Ok(subscription)
}

fn check_name(name: &str) -> Result<()> {
    check_text("subscriber", name, NAME_LENGTH_MAX)
}

fn spawn(inner: &Arc<Inner>, subscription: &Subscription) -> Result<()> {
    let (engine, seat) = (Arc::downgrade(inner), Arc::clone(&subscription.seat));
    let present = Present::enter(&subscription.shared);
    thread::Builder::new()
        .name(format!("fusepay-events-{}", seat.name))
        .spawn(move || {
            let _mark = EngineThread::enter();
            serve(&engine, &present.0, &seat);
        })
        .map(|_| ())
        .map_err(|cause| Error::new(Code::StorageFault, format!("no thread for a subscriber: {cause}")))
}

/// The life of a delivery thread.
fn serve(engine: &Weak<Inner>, shared: &Shared, seat: &Seat) {
    loop {
        let seen = shared.rings();
        let nap = match step(engine, shared, seat, u64::MAX) {
            Step::More => continue,
            Step::Idle => NAP,
            Step::Later(ms) => Duration::from_millis(ms.max(1).unsigned_abs()).min(NAP),
            Step::Over => return,
        };
        shared.wait(seen, nap);
    }
}

/// Delivers what was committed since the last time: wakes the threads, or in
/// the manual mode calls the subscribers here, one after the other.
pub(crate) fn deliver(inner: &Arc<Inner>) {
    log_events(inner);
    let shared = &inner.subscribers.shared;
    let seats: Vec<Arc<Seat>> = lock(&shared.seats).values().cloned().collect();
    if seats.is_empty() {
        return;
    }
    match inner.config.worker {
        WorkerMode::Background => shared.ring(),
        WorkerMode::Manual => {
            // Up to here: what subscribers cause is told by the next step.
            let Ok(head) = head(inner) else { return };
            let engine = Arc::downgrade(inner);
            for seat in seats {
                while step(&engine, shared, &seat, head) == Step::More {}
            }
        }
    }
}

/// Hands over one batch, and moves the cursor.
fn step(engine: &Weak<Inner>, shared: &Shared, seat: &Seat, until: u64) -> Step {
    // Somebody is at it: another thread, or this one from inside its subscriber.
    let mut progress = match seat.progress.try_lock() {
        Ok(progress) => progress,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Step::Idle,
    };
    if shared.is_over(seat) {
        return Step::Over;
    }
    let Some(inner) = engine.upgrade() else { return Step::Over };
    if let Some(wait) = progress.retry_at.map(|at| at.since(inner.due_now())).filter(|wait| *wait > 0) {
        return Step::Later(wait);
    }
    let batch = match next(&inner, seat, &mut progress) {
        Ok(batch) => batch,
        Err(error) if error.code() == Code::Closed => return Step::Over,
        Err(error) => return put_off(&inner, seat, &mut progress, &error),
    };
    drop(inner);
    let is_full = batch.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
    let batch: Vec<Event> = batch.into_iter().take_while(|event| event.sequence <= until).collect();
    let told = tell(engine, shared, seat, &mut progress, &batch);
    let Some(inner) = engine.upgrade() else { return Step::Over };
    // Also after a failure: what came before it was taken.
    let saved = save(&inner, seat, &mut progress);
    if let Err(error) = told.and(saved) {
        return put_off(&inner, seat, &mut progress, &error);
    }
    (progress.failures, progress.retry_at) = (0, None);
    match (shared.is_over(seat), is_full) {
        (true, _) => Step::Over,
        (false, true) if progress.reached < until => Step::More,
        (false, _) => Step::Idle,
    }
}

/// The next events after what was reached, or after where somebody moved the cursor.
fn next(inner: &Inner, seat: &Seat, progress: &mut Progress) -> Result<Vec<Event>> {
    let (saved, batch) = inner.read(|tx| {
        let saved = event::cursor(tx, &seat.name)?.unwrap_or(0);
        let reached = if saved == progress.saved { progress.reached } else { saved };
        Ok((saved, event::after(tx, reached, BATCH)?))
    })?;
    if saved != progress.saved {
        (progress.saved, progress.reached, progress.has_taken) = (saved, saved, false);
    }
    Ok(batch)
}

/// Calls the subscriber, holding nothing of the engine. An error is about the
/// first event that it did not take.
fn tell(engine: &Weak<Inner>, shared: &Shared, seat: &Seat, progress: &mut Progress, batch: &[Event]) -> Result<()> {
    for event in batch {
        if shared.is_over(seat) {
            break;
        }
        if seat.wanted.is_empty() || seat.wanted.contains(&event.name) {
            let taken = catch_unwind(AssertUnwindSafe(|| seat.subscriber.notify(event)));
            taken.unwrap_or_else(|_| Err(Error::new(Code::Panicked, "the subscriber panicked")))?;
            progress.has_taken = true;
        }
        progress.reached = event.sequence;
        if let Some(inner) = engine.upgrade() {
            let now = inner.due_now();
            if now.since(*progress.saved_at.get_or_insert(now)) >= SAVE_INTERVAL_MS {
                save(&inner, seat, progress)?;
            }
        }
    }
    Ok(())
}

/// Moves the durable cursor to what was reached. Events that nobody wanted are
/// passed over without a commit until there is a batch of them.
fn save(inner: &Inner, seat: &Seat, progress: &mut Progress) -> Result<()> {
    let passed = progress.reached.saturating_sub(progress.saved);
    if passed == 0 || !(progress.has_taken || passed >= u64::from(BATCH)) {
        return Ok(());
    }
    let (name, before, sequence) = (seat.name.clone(), progress.saved, progress.reached);
    // Not by `Inner::write`: that would wake the worker, which has nothing to do.
    let moved = inner.store.write(inner.deadline(), move |tx| event::move_cursor(tx, &name, before, sequence))?;
    (progress.saved_at, progress.has_taken) = (Some(inner.due_now()), false);
    if moved {
        progress.saved = sequence;
    }
    // Where somebody else moved it, the next read goes on from there.
    Ok(())
}

fn put_off(inner: &Inner, seat: &Seat, progress: &mut Progress, error: &Error) -> Step {
    if error.code() == Code::Closed && inner.is_closed.load(Ordering::Acquire) {
        return Step::Over;
    }
    let wait = BACKOFF_MS.saturating_mul(1 << progress.failures.min(16)).min(BACKOFF_MAX_MS);
    progress.failures = progress.failures.saturating_add(1);
    progress.retry_at = Some(inner.due_now().plus(wait));
    log_refusal(seat, progress, wait, error);
    Step::Later(wait)
}

/// A subscriber that refuses will be told again; only a fault is the engine's own, or a bug.
fn log_refusal(seat: &Seat, progress: &Progress, wait: i64, error: &Error) {
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                subscriber = seat.name,
                after = progress.reached,
                failures = progress.failures,
                retry_after_ms = wait,
                code = error.code().name(),
                detail = error.detail(),
                "a subscriber did not take an event"
            )
        };
    }
    match error.kind() {
        ErrorKind::Fault => log!(error),
        ErrorKind::Refused | ErrorKind::Busy | ErrorKind::InDoubt | ErrorKind::Misuse => log!(warn),
    }
}

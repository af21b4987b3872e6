//! Who in this process is told of events, and how far each has come. How they are
//! told is in `engine/event.rs`.

use crate::clock::{Deadline, UnixMillis};
use crate::error::Result;
use crate::event::Event;
use crate::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering};
use crate::vocabulary::EventName;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The longest an idle delivery sleeps; the worker rings it awake long before.
pub(crate) const NAP: Duration = Duration::from_secs(1);

/// Somebody in this process who is told of events. Implemented for closures.
pub trait Subscriber: Send + Sync {
    /// Learns of one event. The next one comes after this returned `Ok`; after
    /// an error or a panic the same one comes again, 1, 2, 4 … 60 s later. It
    /// may come again after a crash too: keep `event.sequence` with the effect.
    ///
    /// Called outside any commit; may call the engine, and may close it. It
    /// should hold the engine by a [`Weak`](std::sync::Weak), or neither is ever dropped.
    ///
    /// # Errors
    /// Any: the event is not taken yet.
    fn notify(&self, event: &Event) -> Result<()>;
}

impl<F: Fn(&Event) -> Result<()> + Send + Sync> Subscriber for F {
    fn notify(&self, event: &Event) -> Result<()> {
        self(event)
    }
}

/// Where a subscriber begins that the database does not know yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StartAt {
    /// With the first event of the database.
    Beginning,
    /// With what happens from now on.
    #[default]
    Now,
}

/// A subscriber being served. Dropping it ends that: no further event is handed
/// over, one that is under way is not waited for, and the cursor stays.
#[must_use = "dropping a subscription ends it at once; `keep` lets it last as long as the engine"]
pub struct Subscription {
    pub(crate) shared: Arc<Shared>,
    pub(crate) seat: Arc<Seat>,
    pub(crate) is_kept: bool,
}

impl Subscription {
    /// The subscriber's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Lets it last as long as the engine.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if !self.is_kept {
            self.seat.is_ended.store(true, Ordering::Release);
            self.shared.leave(&self.seat);
            self.shared.ring();
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("name", &self.seat.name).finish_non_exhaustive()
    }
}

/// The subscribers of one engine.
#[derive(Default)]
pub(crate) struct Subscribers {
    pub(crate) shared: Arc<Shared>,
}

/// What the engine, its subscriptions and their threads share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) seats: Mutex<BTreeMap<String, Arc<Seat>>>,
    pub(crate) is_stopped: AtomicBool,
    /// Delivery threads that have not ended.
    pub(crate) threads: AtomicUsize,
    pub(crate) rings: Mutex<u64>,
    pub(crate) rung: Condvar,
}

/// One subscriber.
pub(crate) struct Seat {
    pub(crate) name: String,
    /// The events it wants; all when empty.
    pub(crate) wanted: Vec<EventName>,
    pub(crate) subscriber: Arc<dyn Subscriber>,
    pub(crate) is_ended: AtomicBool,
    pub(crate) progress: Mutex<Progress>,
}

/// How far a subscriber has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The cursor as it was last read or written.
    pub(crate) saved: u64,
    /// The last event that it took, or that it does not want.
    pub(crate) reached: u64,
    pub(crate) saved_at: Option<UnixMillis>,
    /// Whether it took any event since the cursor was moved.
    pub(crate) has_taken: bool,
    pub(crate) failures: u32,
    /// After a failure: not before this moment of the engine's timeline.
    pub(crate) retry_at: Option<UnixMillis>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn ring(&self) {
        let mut rings = lock(&self.rings);
        *rings = rings.wrapping_add(1);
        drop(rings);
        self.rung.notify_all();
    }

    pub(crate) fn rings(&self) -> u64 {
        *lock(&self.rings)
    }

    /// Sleeps until rung after `seen`, or so long.
    pub(crate) fn wait(&self, seen: u64, at_most: Duration) {
        let rings = lock(&self.rings);
        drop(self.rung.wait_timeout_while(rings, at_most, |rings| *rings == seen));
    }

    pub(crate) fn leave(&self, seat: &Arc<Seat>) {
        let mut seats = lock(&self.seats);
        if seats.get(&seat.name).is_some_and(|found| Arc::ptr_eq(found, seat)) {
            seats.remove(&seat.name);
        }
    }

    pub(crate) fn is_over(&self, seat: &Seat) -> bool {
        self.is_stopped.load(Ordering::Acquire) || seat.is_ended.load(Ordering::Acquire)
    }
}

impl Subscribers {
    /// Hands over no further event. Never waits.
    pub(crate) fn stop(&self) {
        self.shared.is_stopped.store(true, Ordering::Release);
        self.shared.ring();
    }

    /// Waits until every delivery has moved its cursor and ended, or the
    /// deadline. One that still sleeps in its subscriber is left to itself.
    pub(crate) fn wait_until_ended(&self, deadline: Deadline) {
        while self.shared.threads.load(Ordering::Acquire) > 0 && !deadline.is_over() {
            let seen = self.shared.rings();
            if self.shared.threads.load(Ordering::Acquire) > 0 {
                self.shared.wait(seen, deadline.remaining().unwrap_or(NAP));
            }
        }
    }

    /// Lets go of every subscriber.
    pub(crate) fn close(&self) {
        self.stop();
        let seats = std::mem::take(&mut *lock(&self.shared.seats));
        drop(seats);
    }
}

/// Counts a delivery thread until it ends, however it ends.
pub(crate) struct Present(pub(crate) Arc<Shared>);

impl Present {
    pub(crate) fn enter(shared: &Arc<Shared>) -> Self {
        shared.threads.fetch_add(1, Ordering::AcqRel);
        Present(Arc::clone(shared))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.threads.fetch_sub(1, Ordering::AcqRel);
        self.0.ring();
    }
}

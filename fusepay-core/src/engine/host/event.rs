//! Events, as a host sees them.

use crate::engine::event;
use crate::engine::event::SubscribeRequest;
use crate::engine::inner::Inner;
use crate::engine::subscribers::{StartAt, Subscriber, Subscription};
use crate::error::Result;
use crate::event::Event;
use crate::vocabulary::EventName;
use std::sync::Arc;

/// What happened in the database, in order and without gaps: each event is
/// written in the commit it tells of, and stays. See [`FusePay::events`].
///
/// Either read on from a number you keep yourself, or let the engine keep it
/// under a subscriber's name: by [`Events::read`], [`Events::cursor`] and
/// [`Events::acknowledge`], or by [`Events::subscribe`].
///
/// [`FusePay::events`]: crate::FusePay::events
pub struct Events<'e> {
    pub(crate) inner: &'e Arc<Inner>,
}

impl Events<'_> {
    /// The events after one, in order; `limit` 1 to 500. From the first with 0.
    /// The same question gives the same events for ever.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument).
    pub fn read(&self, after_sequence: u64, limit: u32) -> Result<Vec<Event>> {
        event::read(self.inner, after_sequence, limit)
    }

    /// The number of the last event; 0 when there is none.
    ///
    /// # Errors
    /// The common ones.
    pub fn head(&self) -> Result<u64> {
        event::head(self.inner)
    }

    /// The last event a subscriber has taken, of all names; absent when the
    /// name was never used. Names have 1 to 100 bytes, no control characters.
    ///
    /// # Errors
    /// [`Code::TooLong`](crate::Code::TooLong),
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument).
    pub fn cursor(&self, subscriber: &str) -> Result<Option<u64>> {
        event::cursor(self.inner, subscriber)
    }

    /// Remembers, durably, that everything up to `sequence` was taken. A cursor
    /// that is further already stays: acknowledging twice is no change.
    ///
    /// # Errors
    /// [`Code::TooLong`](crate::Code::TooLong),
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument), also for a
    /// number that no event has yet.
    pub fn acknowledge(&self, subscriber: &str, sequence: u64) -> Result<()> {
        event::acknowledge(self.inner, subscriber, sequence)
    }

    /// Moves a cursor back, so that what comes after `sequence` is told again.
    /// A cursor that is further back already stays.
    ///
    /// # Errors
    /// As [`Events::acknowledge`].
    pub fn rewind(&self, subscriber: &str, sequence: u64) -> Result<()> {
        event::rewind(self.inner, subscriber, sequence)
    }

    /// Tells a subscriber of every event: after the commit, in order, at least
    /// once. Its cursor is kept under its name, so that it goes on where it was
    /// after a restart; `start` counts for a name that is new to the database.
    ///
    /// In the background mode it is called on a thread of its own; in the manual
    /// mode by [`FusePay::run_due`](crate::FusePay::run_due). A subscriber that
    /// fails, panics or sleeps delays neither payments nor other subscribers.
    /// Engines that subscribe under one name, in this process or others, share
    /// the cursor, and may each be told the same event.
    ///
    /// ```
    /// # use fusepay_core::{Event, EventName, Result, StartAt};
    /// # use std::sync::{Arc, Mutex};
    /// # let world = fusepay_testkit::World::open();
    /// # let engine = world.engine();
    /// # let wallet = world.funded_wallet(50_000);
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let notes = Arc::clone(&seen);
    /// let subscriber = move |event: &Event| -> Result<()> {
    ///     notes.lock().unwrap().push(event.name);
    ///     Ok(())
    /// };
    /// let subscription = engine.events().subscribe("mailer", StartAt::Now, Arc::new(subscriber))?;
    /// world.pay(wallet, "meter 0123", 10_000);
    /// world.drain(); // the background mode tells it from a thread of its own
    /// assert!(seen.lock().unwrap().contains(&EventName::PaymentSuccess));
    /// drop(subscription); // no more; its place is remembered
    /// # Ok::<(), fusepay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::TooLong`](crate::Code::TooLong),
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument),
    /// [`Code::NotAllowed`](crate::Code::NotAllowed) while this engine has a
    /// subscription of this name.
    pub fn subscribe(&self, name: &str, start: StartAt, subscriber: Arc<dyn Subscriber>) -> Result<Subscription> {
        self.subscribe_to(name, start, &[], subscriber)
    }

    /// As [`Events::subscribe`], for the events of these names alone; for all
    /// when there are none.
    ///
    /// # Errors
    /// As [`Events::subscribe`].
    pub fn subscribe_to(
        &self,
        name: &str,
        start: StartAt,
        wanted: &[EventName],
        subscriber: Arc<dyn Subscriber>,
    ) -> Result<Subscription> {
        event::subscribe(self.inner, SubscribeRequest { name, start, wanted, subscriber })
    }
}

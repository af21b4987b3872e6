//! Events: reading the outbox, and subscribers in C.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use fusepay_core::{Code, Error, Event, EventName, StartAt, Subscriber, Subscription};

use crate::boundary::guard;
use crate::callback::{UserData, fusepay_destroy};
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::handle::{Handles, Kind};
use crate::id::{fusepay_hold_id, fusepay_payment_id, fusepay_transaction_id, fusepay_user_id, fusepay_wallet_id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, fusepay_text, records};
use crate::panic::guard_or;

/// A new subscriber begins with what happens from now on. The default.
pub const FUSEPAY_START_AT_NOW: u32 = 0;
/// A new subscriber begins with the first event of the database.
pub const FUSEPAY_START_AT_BEGINNING: u32 = 1;

/// Something that happened. Written in the commit it tells of; stays.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_event {
    /// `sizeof(fusepay_event)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its place among all events of the database: from 1, without gaps.
    pub sequence: u64,
    /// What happened: one of `FUSEPAY_EVENT_NAME_*`.
    pub name: u32,
    /// When it was committed, by the wall clock, in milliseconds UTC.
    pub at_ms: i64,
    /// The user it is about; or NULL.
    pub user_id: *const fusepay_user_id,
    /// The wallet it is about; or NULL.
    pub wallet_id: *const fusepay_wallet_id,
    /// The payment it is about; or NULL.
    pub payment_id: *const fusepay_payment_id,
    /// The transaction it is about; or NULL.
    pub transaction_id: *const fusepay_transaction_id,
    /// The hold it is about; or NULL.
    pub hold_id: *const fusepay_hold_id,
    /// The number of the job it is about; or NULL.
    pub job_id: *const i64,
    /// Details: a JSON object of strings and integers, keys sorted. Never a secret.
    pub payload: *const c_char,
}

/// Several events.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_event_array {
    /// `sizeof(fusepay_event_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the events; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The events; NULL when there are none.
    pub items: *const *const fusepay_event,
}

records!(fusepay_event, fusepay_event_array);

impl Show<Event> for fusepay_event {
    fn show(event: &Event, memory: &mut Memory) -> Self {
        fusepay_event {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            sequence: event.sequence,
            name: u32::from(event.name.number()),
            at_ms: event.at.0,
            user_id: memory.optional(event.user.map(Into::into)),
            wallet_id: memory.optional(event.wallet.map(Into::into)),
            payment_id: memory.optional(event.payment.map(Into::into)),
            transaction_id: memory.optional(event.transaction.map(Into::into)),
            hold_id: memory.optional(event.hold.map(Into::into)),
            job_id: memory.optional(event.job.map(|job| job.0)),
            payload: memory.text(&event.payload),
        }
    }
}

impl Show<Vec<Event>> for fusepay_event_array {
    fn show(events: &Vec<Event>, memory: &mut Memory) -> Self {
        fusepay_event_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: events.len(),
            items: memory.list(events),
        }
    }
}

/// Somebody who is told of events. Begin it with `FUSEPAY_INIT`; it is copied
/// when it subscribes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_subscriber {
    /// `sizeof(fusepay_subscriber)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The host's own pointer, handed to the function below.
    pub user_data: *mut c_void,
    /// Gives `user_data` back; may be NULL.
    pub destroy: fusepay_destroy,
    /// Learns of one event, which lives during the call. Returns 0 when it took
    /// it, and the next one follows. After anything else the same event comes
    /// again, 1, 2, 4 … 60 s later. It may come again after a crash, too: keep
    /// the sequence with the effect.
    ///
    /// Called outside any commit, one event at a time: by a thread of the engine,
    /// in the manual worker mode by the one that calls `fusepay_engine_run_due`.
    /// It may call the engine, close it, and close its own subscription. It must
    /// not leave by an exception or `longjmp`: that ends the process.
    pub notify: Option<extern "C-unwind" fn(user_data: *mut c_void, event: *const fusepay_event) -> i32>,
}

requests!(fusepay_subscriber);

/// A host's subscriber.
struct HostSubscriber {
    data: UserData,
    notify: extern "C-unwind" fn(*mut c_void, *const fusepay_event) -> i32,
}

impl HostSubscriber {
    /// Takes a subscriber over; its `destroy` is owed from here on, also when this fails.
    fn read(subscriber: *const fusepay_subscriber) -> Result<Self, Error> {
        let given = input::request("subscriber", subscriber)?;
        let data = UserData::new(given.user_data, given.destroy);
        match given.notify {
            Some(notify) => Ok(HostSubscriber { data, notify }),
            None => Err(Error::field(Code::InvalidArgument, "subscriber", "needs notify")),
        }
    }
}

impl Subscriber for HostSubscriber {
    fn notify(&self, event: &Event) -> Result<(), Error> {
        let mut memory = Memory::default();
        let event: *const fusepay_event = memory.record(event);
        match (self.notify)(self.data.pointer(), event) {
            0 => Ok(()),
            status => Err(Error::new(Code::NotAllowed, format!("the host's subscriber answered {status}"))),
        }
    }
}

/// A subscriber being served. An owned handle, usable from any thread; ended by
/// `fusepay_subscription_close`, or given up by `fusepay_subscription_keep`.
pub struct fusepay_subscription {
    _private: (),
}

/// What a handle of a subscription finds; empty once somebody has taken it.
type Seat = Mutex<Option<Subscription>>;

const SUBSCRIPTIONS: Handles<Seat> = Handles::new(Kind::Subscription);

fn take(seat: &Seat) -> Option<Subscription> {
    seat.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn start_at(number: u32) -> Result<StartAt, Error> {
    match number {
        FUSEPAY_START_AT_NOW => Ok(StartAt::Now),
        FUSEPAY_START_AT_BEGINNING => Ok(StartAt::Beginning),
        _ => Err(Error::field(Code::InvalidArgument, "start", "is not a constant of this version")),
    }
}

/// The events after one, in order; `limit` 1 to 500. From the first with 0. The
/// same question gives the same events for ever.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_read(
    engine: *const fusepay_engine,
    after_sequence: u64,
    limit: u32,
    events: *mut fusepay_event_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(events, error, || engine_at(engine)?.events().read(after_sequence, limit))
}

/// The number of the last event; 0 when there is none.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_head(
    engine: *const fusepay_engine,
    sequence: *mut u64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || input::put("sequence", sequence, engine_at(engine)?.events().head()?))
}

/// The last event a subscriber has taken, of all names. `is_known` tells whether
/// the name was ever used; `sequence` is 0 when it was not. Names have 1 to 100
/// bytes, no control characters.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_cursor(
    engine: *const fusepay_engine,
    subscriber: *const c_char,
    is_known: *mut bool,
    sequence: *mut u64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("is_known", is_known)?;
        input::demand_place("sequence", sequence)?;
        let cursor = engine_at(engine)?.events().cursor(input::text("subscriber", subscriber)?)?;
        input::put("is_known", is_known, cursor.is_some())?;
        input::put("sequence", sequence, cursor.unwrap_or(0))
    })
}

/// Remembers, durably, that everything up to `sequence` was taken. A cursor that is
/// further already stays: acknowledging twice is no change.
///
/// Errors: `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_ARGUMENT`, also for a number
/// that no event has yet.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_acknowledge(
    engine: *const fusepay_engine,
    subscriber: *const c_char,
    sequence: u64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.events().acknowledge(input::text("subscriber", subscriber)?, sequence))
}

/// Moves a cursor back, so that what comes after `sequence` is told again. A cursor
/// that is further back already stays.
///
/// Errors: as `fusepay_events_acknowledge`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_rewind(
    engine: *const fusepay_engine,
    subscriber: *const c_char,
    sequence: u64,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || engine_at(engine)?.events().rewind(input::text("subscriber", subscriber)?, sequence))
}

/// Tells a subscriber of every event: after the commit, in order, at least once.
/// Its cursor is kept under its name (1 to 100 bytes), so that it goes on where it
/// was after a restart; `start`, `FUSEPAY_START_AT_NOW` or
/// `FUSEPAY_START_AT_BEGINNING`, counts for a name that is new to the database.
///
/// In the background mode it is called on a thread of its own, maybe before this
/// returns; in the manual mode by `fusepay_engine_run_due`. A subscriber that fails
/// or sleeps delays neither payments nor other subscribers. Engines that subscribe
/// under one name share the cursor, and may each be told the same event.
///
/// The subscriber's `destroy` is owed from here on, also when this fails: it comes
/// when the subscription was closed, or kept and its engine closed, and the last
/// call in flight has returned.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_ALLOWED` while this engine has a subscription of this name.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_subscribe(
    engine: *const fusepay_engine,
    name: *const c_char,
    start: u32,
    subscriber: *const fusepay_subscriber,
    subscription: *mut *mut fusepay_subscription,
    error: *mut *mut fusepay_error,
) -> i32 {
    fusepay_events_subscribe_to(engine, name, start, std::ptr::null(), 0, subscriber, subscription, error)
}

/// As `fusepay_events_subscribe`, for the events of these names alone
/// (`FUSEPAY_EVENT_NAME_*`); for all when `wanted_length` is 0.
///
/// Errors: as `fusepay_events_subscribe`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_events_subscribe_to(
    engine: *const fusepay_engine,
    name: *const c_char,
    start: u32,
    wanted: *const u32,
    wanted_length: usize,
    subscriber: *const fusepay_subscriber,
    subscription: *mut *mut fusepay_subscription,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let subscriber = Arc::new(HostSubscriber::read(subscriber)?);
        input::demand_place("subscription", subscription)?;
        let name = input::text("name", name)?;
        let start = start_at(start)?;
        let numbers = input::value_array("wanted", wanted, wanted_length)?.iter();
        let wanted = numbers.map(|number| input::word("wanted", *number, EventName::from_number));
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let served = engine_at(engine)?.events().subscribe_to(name, start, &wanted, subscriber)?;
        let handle = SUBSCRIPTIONS.insert(Arc::new(Mutex::new(Some(served))))?;
        input::put("subscription", subscription, handle)
    })
}

/// The name of a subscription that is being served.
///
/// Errors: `FUSEPAY_ERR_INVALID_HANDLE`, `FUSEPAY_ERR_FORKED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_subscription_name(
    subscription: *const fusepay_subscription,
    name: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(name, error, || {
        let seat = SUBSCRIPTIONS.find(subscription)?;
        let served = seat.lock().unwrap_or_else(PoisonError::into_inner);
        let name = served.as_ref().map(|served| served.name().to_owned());
        name.ok_or_else(|| Error::new(Code::InvalidHandle, "the subscription has been closed"))
    })
}

/// Lets a subscription last as long as its engine, gives up its handle and sets
/// the variable to NULL.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` for NULL, `FUSEPAY_ERR_INVALID_HANDLE`,
/// `FUSEPAY_ERR_FORKED`; the variable is as it was then.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_subscription_keep(
    subscription: *mut *mut fusepay_subscription,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let handle = input::value("subscription", subscription.cast_const())?;
        let seat = SUBSCRIPTIONS.remove::<fusepay_subscription>(handle)?;
        if let Some(served) = take(&seat) {
            served.keep();
        }
        input::put("subscription", subscription, std::ptr::null_mut())
    })
}

/// Ends a subscription and sets the variable to NULL: no further event is handed
/// over, one that is under way is not waited for, and its place is remembered
/// under its name. May be called from inside the subscriber. NULL, a pointer to
/// NULL and a handle that was closed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_subscription_close(subscription: *mut *mut fusepay_subscription) {
    guard_or((), || {
        if let Ok(handle) = input::value("subscription", subscription.cast_const()) {
            if let Ok(seat) = SUBSCRIPTIONS.remove::<fusepay_subscription>(handle) {
                drop(take(&seat));
            }
            drop(input::put("subscription", subscription, std::ptr::null_mut()));
        }
    });
}

//! SQL of the outbox.

use crate::clock::UnixMillis;
use crate::error::Result;
use crate::event::{Event, EventDraft};
use crate::id::{HoldId, JobId, PaymentId, TransactionId, UserId, WalletId};
use crate::store::row::damaged;
use crate::store::statement::statements;
use crate::store::tx::{Heads, ReadTx, WriteTx};
use crate::vocabulary::EventName;
use rusqlite::named_params;

statements! {
    /// A new event.
    EVENT_INSERT = "INSERT INTO event (sequence, name, at_ms, user_id, wallet_id, payment_id, transaction_id, hold_id, job_id,
        payload) VALUES (:sequence, :name, :at, :user, :wallet, :payment, :transaction, :hold, :job, :payload)";
    /// The events after one, in order; primary key.
    EVENTS_AFTER = "SELECT sequence, name, at_ms, user_id, wallet_id, payment_id, transaction_id, hold_id, job_id, payload
        FROM event WHERE sequence > :after ORDER BY sequence LIMIT :limit";
    /// The number of the last event; primary key.
    EVENT_HEAD = "SELECT coalesce(max(sequence), 0) FROM event";
    /// How far a subscriber has come; primary key.
    CURSOR = "SELECT sequence FROM event_cursor WHERE subscriber = :subscriber";
    /// Where a new subscriber begins; one that is known stays where it is. Primary key.
    CURSOR_INSERT = "INSERT INTO event_cursor (subscriber, sequence) VALUES (:subscriber, :sequence)
        ON CONFLICT (subscriber) DO NOTHING";
    /// Moves a cursor that is where the caller read it; primary key.
    CURSOR_MOVE = "UPDATE event_cursor SET sequence = :sequence WHERE subscriber = :subscriber AND sequence = :before";
}

/// Appends an event to the outbox.
pub(crate) fn append(tx: &WriteTx<'_>, draft: &EventDraft, at: UnixMillis) -> Result<()> {
    let heads = tx.heads();
    let sequence = heads.event.saturating_add(1);
    let event = draft.clone().into_event(sequence.unsigned_abs(), at);
    tx.run(
        EVENT_INSERT,
        named_params! {
            ":sequence": sequence,
            ":name": event.name.number(),
            ":at": at.0,
            ":user": event.user.as_ref().map(UserId::as_bytes),
            ":wallet": event.wallet.as_ref().map(WalletId::as_bytes),
            ":payment": event.payment.as_ref().map(PaymentId::as_bytes),
            ":transaction": event.transaction.as_ref().map(TransactionId::as_bytes),
            ":hold": event.hold.as_ref().map(HoldId::as_bytes),
            ":job": event.job.map(|job| job.0),
            ":payload": event.payload,
        },
    )?;
    tx.set_heads(Heads { event: sequence, ..heads });
    Ok(())
}

/// The events after a sequence, in order. Readers go on after the last one they
/// were given, for ever round in a damaged file whose rows are out of order: that
/// is an error.
pub(crate) fn after(tx: &ReadTx<'_>, sequence: u64, limit: u32) -> Result<Vec<Event>> {
    let params = named_params! { ":after": stored(sequence), ":limit": limit };
    let mut last = stored(sequence);
    tx.all(EVENTS_AFTER, params, |row| {
        let found = row.int(0)?;
        if found <= last {
            return Err(damaged(format!("event {found} follows event {last}")));
        }
        last = found;
        Ok(Event {
            sequence: found.unsigned_abs(),
            name: row.word(1, EventName::from_number)?,
            at: row.time(2)?,
            user: row.opt_id(3, UserId::from_bytes)?,
            wallet: row.opt_id(4, WalletId::from_bytes)?,
            payment: row.opt_id(5, PaymentId::from_bytes)?,
            transaction: row.opt_id(6, TransactionId::from_bytes)?,
            hold: row.opt_id(7, HoldId::from_bytes)?,
            job: row.opt_int(8)?.map(JobId),
            payload: row.text(9)?,
        })
    })
}

/// The number of the last event, 0 when there is none.
pub(crate) fn head(tx: &ReadTx<'_>) -> Result<u64> {
    Ok(tx.first(EVENT_HEAD, [], |row| row.int(0))?.unwrap_or(0).unsigned_abs())
}

/// How far a subscriber has come, if it is known.
pub(crate) fn cursor(tx: &ReadTx<'_>, subscriber: &str) -> Result<Option<u64>> {
    tx.first(CURSOR, named_params! { ":subscriber": subscriber }, |row| Ok(row.int(0)?.unsigned_abs()))
}

/// Writes where a new subscriber begins; does nothing for one that is known.
pub(crate) fn begin_cursor(tx: &WriteTx<'_>, subscriber: &str, sequence: u64) -> Result<()> {
    let params = named_params! { ":subscriber": subscriber, ":sequence": stored(sequence) };
    tx.run(CURSOR_INSERT, params).map(|_| ())
}

/// Moves a subscriber's cursor; false when it was not at `before`.
pub(crate) fn move_cursor(tx: &WriteTx<'_>, subscriber: &str, before: u64, sequence: u64) -> Result<bool> {
    let params = named_params! {
        ":subscriber": subscriber, ":before": stored(before), ":sequence": stored(sequence),
    };
    Ok(tx.run(CURSOR_MOVE, params)? == 1)
}

fn stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

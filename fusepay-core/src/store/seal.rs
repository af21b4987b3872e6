//! Seals: per table, a sum over everything its rows say, so that verification
//! sees a byte that changed beside the money: a name, a time, a limit, an event.
//!
//! A row's digest is the first 128 bits of SHA-256 over its table and its values
//! with their types and lengths; a table's sum is the digests of its rows added
//! up modulo 2^128. A row that comes is added, one that goes subtracted, so the
//! sum costs nothing to keep and does not depend on any order. Triggers of the
//! writing connection alone (temporary: they are in no file) tell of every row
//! that changes, whichever statement changes it; the sums are a fact of the file,
//! written in the same commit.
//!
//! This finds accidents, not forgers: who can write the file can write the sums.
//! The audit chain with its key is for those.

use crate::canonical::hex;
use crate::error::{Error, Result};
use crate::store::connection::storage_error;
use crate::store::row::damaged;
use crate::store::tx::ReadTx;
use crate::vocabulary::Code;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The fact that holds the sums.
const FACT: &str = "rows";
/// The function the triggers call.
const FUNCTION: &str = "fusepay_seal";

macro_rules! sealed {
    ($($table:literal)+) => {
        /// The tables that are sealed, with the statement that reads each whole.
        const TABLES: &[(&str, &str)] = &[$(($table, concat!("SELECT * FROM ", $table)),)+];
    };
}

sealed! {
    "user" "session" "login_attempt" "account" "wallet" "wallet_limit" "posting" "hold" "biller" "bill_item" "quote"
    "payment" "attempt" "payment_step" "job" "idempotency" "event" "event_cursor" "audit"
}

/// Tables that are not sealed: what open writes before anybody counts, and what
/// a back-up marks. Their damage is refused at open, or is nobody's answer.
#[cfg(test)]
const UNSEALED: &[&str] = &["instance", "incarnation", "payment_transition"];

/// The sum of each table, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sums([u128; TABLES.len()]);

impl Sums {
    fn change(&mut self, table: usize, change: impl FnOnce(u128) -> u128) {
        if let Some(sum) = self.0.get_mut(table) {
            *sum = change(*sum);
        }
    }

    fn to_text(self) -> String {
        let mut text = String::new();
        for ((table, _), sum) in TABLES.iter().zip(self.0) {
            let _ = write!(text, "{table}={} ", hex(&sum.to_be_bytes()));
        }
        text
    }

    /// The sums that [`Sums::to_text`] wrote; a table it did not know is empty.
    fn from_text(text: &str) -> Result<Self> {
        let unreadable = || damaged("the sums over its rows can't be read".to_owned());
        let mut sums = Sums::default();
        for part in text.split_terminator(' ') {
            let (name, digits) = part.split_once('=').ok_or_else(unreadable)?;
            let table = TABLES.iter().position(|(table, _)| *table == name).ok_or_else(unreadable)?;
            let sum = crate::canonical::from_hex(digits).map(u128::from_be_bytes).ok_or_else(unreadable)?;
            sums.change(table, |_| sum);
        }
        Ok(sums)
    }
}

/// The sums of the open transaction, kept by the triggers of its connection.
#[derive(Clone, Default)]
pub(crate) struct Seals(Arc<Mutex<Sums>>);

impl Seals {
    /// Makes a connection keep the sums of what it writes, and seals a file that
    /// never was.
    pub(crate) fn install(connection: &Connection) -> Result<Seals> {
        let seals = Seals::default();
        let kept = seals.clone();
        connection
            .create_scalar_function(
                FUNCTION,
                -1,
                FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS,
                move |row| {
                    let (table, is_new): (usize, bool) =
                        (usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX), row.get(1)?);
                    let digest = digest(table, (2..row.len()).map(|column| row.get_raw(column)));
                    kept.lock().change(
                        table,
                        |sum| {
                            if is_new { sum.wrapping_add(digest) } else { sum.wrapping_sub(digest) }
                        },
                    );
                    Ok(0)
                },
            )
            .map_err(storage_error)?;
        for (index, (table, _)) in TABLES.iter().enumerate() {
            connection.execute_batch(&triggers(connection, index, table)?).map_err(storage_error)?;
        }
        adopt(connection)?;
        Ok(seals)
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sums as they are now, to be put back when a savepoint is.
    pub(crate) fn sums(&self) -> Sums {
        *self.lock()
    }

    /// Puts the sums back.
    pub(crate) fn set_sums(&self, sums: Sums) {
        *self.lock() = sums;
    }

    /// Takes the sums from the file, once its transaction has begun.
    pub(crate) fn load(&self, connection: &Connection) -> Result<Sums> {
        let sums = recorded(connection)?.ok_or_else(unsealed)?;
        self.set_sums(sums);
        Ok(sums)
    }

    /// Writes the sums into the file, in the transaction that changed them.
    pub(crate) fn store(&self, connection: &Connection, loaded: Sums) -> rusqlite::Result<()> {
        let sums = self.sums();
        if sums == loaded {
            return Ok(());
        }
        connection
            .prepare_cached("UPDATE instance SET value = ?2 WHERE name = ?1")?
            .execute([FACT, sums.to_text().as_str()])
            .map(|_| ())
    }
}

/// The tables whose rows are not those the engine wrote, on one snapshot.
pub(crate) fn differences(tx: &ReadTx<'_>) -> Result<Vec<&'static str>> {
    let text = crate::store::instance::fact(tx, FACT)?.ok_or_else(unsealed)?;
    let (recorded, mut found) = (Sums::from_text(&text)?, Sums::default());
    for (index, (_, every_row)) in TABLES.iter().enumerate() {
        tx.each(every_row, [], |row| {
            let digest = row_digest(index, row.0).map_err(storage_error)?;
            found.change(index, |sum| sum.wrapping_add(digest));
            Ok(())
        })?;
    }
    let sums = recorded.0.iter().zip(found.0);
    Ok(TABLES.iter().zip(sums).filter(|(_, (known, found))| *known != found).map(|((table, _), _)| *table).collect())
}

/// Seals a new file, or one that was written before there were seals.
fn adopt(connection: &Connection) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(storage_error)?;
    let adopted = adopt_inside(connection);
    let end = if adopted.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(storage_error);
    adopted.and(ended)
}

fn adopt_inside(connection: &Connection) -> Result<()> {
    if recorded(connection)?.is_some() {
        return Ok(());
    }
    let mut sums = Sums::default();
    for (index, (_, every_row)) in TABLES.iter().enumerate() {
        let mut statement = connection.prepare(every_row).map_err(storage_error)?;
        let mut rows = statement.query([]).map_err(storage_error)?;
        while let Some(row) = rows.next().map_err(storage_error)? {
            let digest = row_digest(index, row).map_err(storage_error)?;
            sums.change(index, |sum| sum.wrapping_add(digest));
        }
    }
    connection
        .execute("INSERT INTO instance (name, value) VALUES (?1, ?2)", [FACT, sums.to_text().as_str()])
        .map(|_| ())
        .map_err(storage_error)
}

fn recorded(connection: &Connection) -> Result<Option<Sums>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM instance WHERE name = ?1")
        .and_then(|mut fact| fact.query_row([FACT], |row| row.get(0)).optional())
        .map_err(storage_error)?;
    text.map(|text| Sums::from_text(&text)).transpose()
}

/// What tells of every row that comes, changes or goes.
fn triggers(connection: &Connection, index: usize, table: &str) -> Result<String> {
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid").map_err(storage_error)?;
    let names = statement.query_map([table], |row| row.get(0)).map_err(storage_error)?;
    let names = names.collect::<rusqlite::Result<Vec<String>>>().map_err(storage_error)?;
    let call = |side: &str, is_new: u8| {
        let values: Vec<String> = names.iter().map(|name| format!("{side}.\"{name}\"")).collect();
        format!("SELECT {FUNCTION}({index}, {is_new}, {});", values.join(", "))
    };
    let (gone, come) = (call("OLD", 0), call("NEW", 1));
    let trigger = |event: &str, calls: &str| {
        format!("CREATE TEMP TRIGGER seal_{table}_{event} AFTER {event} ON main.{table} BEGIN {calls} END;")
    };
    Ok([trigger("insert", &come), trigger("update", &format!("{gone} {come}")), trigger("delete", &gone)].concat())
}

fn row_digest(table: usize, row: &rusqlite::Row<'_>) -> rusqlite::Result<u128> {
    let values = (0..row.as_ref().column_count()).map(|column| row.get_ref(column));
    Ok(digest(table, values.collect::<rusqlite::Result<Vec<_>>>()?.into_iter()))
}

/// The digest of one row: its table, then type, length and bytes of each value.
fn digest<'v>(table: usize, values: impl Iterator<Item = ValueRef<'v>>) -> u128 {
    let mut hash = Sha256::new();
    let mut part = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    part(b't', TABLES.get(table).map_or("", |(name, _)| *name).as_bytes());
    for value in values {
        match value {
            ValueRef::Null => part(b'n', &[]),
            ValueRef::Integer(number) => part(b'i', &number.to_le_bytes()),
            ValueRef::Real(number) => part(b'r', &number.to_bits().to_le_bytes()),
            ValueRef::Text(text) => part(b's', text),
            ValueRef::Blob(bytes) => part(b'b', bytes),
        }
    }
    let first: [u8; 16] = hash.finalize().first_chunk().copied().unwrap_or_default();
    u128::from_be_bytes(first)
}

fn unsealed() -> Error {
    Error::new(Code::Corrupt, "the database is damaged: it has no sums over its rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::InstanceId;
    use crate::store::migration;
    use std::collections::BTreeSet;

    fn file() -> (Connection, Seals) {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "trusted_schema", "OFF").unwrap();
        migration::migrate(&connection, InstanceId::from_bytes([1; 16])).unwrap();
        let seals = Seals::install(&connection).unwrap();
        (connection, seals)
    }

    fn differing(connection: &Connection, seals: &Seals) -> Vec<&'static str> {
        let loaded = recorded(connection).unwrap().unwrap();
        seals.store(connection, loaded).unwrap();
        differences(&ReadTx::new(connection)).unwrap()
    }

    #[test]
    fn every_table_is_sealed_or_named_as_one_that_is_not() {
        let (connection, _) = file();
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")
            .unwrap();
        let found: BTreeSet<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let known = TABLES.iter().map(|(table, _)| *table).chain(UNSEALED.iter().copied());
        assert_eq!(found, known.map(str::to_owned).collect());
    }

    #[test]
    fn rows_that_come_change_and_go_are_counted() {
        let (connection, seals) = file();
        let run = |sql: &str| connection.execute_batch(sql).unwrap();
        let empty = seals.sums();
        run("INSERT INTO biller VALUES ('A', 'a', 'C', '[]', 1), ('B', 'b', 'C', '[]', 1)");
        let two = seals.sums();
        assert_eq!(differing(&connection, &seals), Vec::<&str>::new());
        run("INSERT INTO biller VALUES ('A', 'x', 'C', '[]', 1) ON CONFLICT (code) DO UPDATE SET name = excluded.name");
        assert_ne!(seals.sums(), two);
        assert_eq!(differing(&connection, &seals), Vec::<&str>::new());
        run("UPDATE biller SET name = 'a' WHERE code = 'A'");
        assert_eq!(seals.sums(), two);
        run("DELETE FROM biller");
        assert_eq!(seals.sums(), empty);
        assert_eq!(differing(&connection, &seals), Vec::<&str>::new());
    }

    #[test]
    fn a_row_written_past_the_engine_is_seen_in_its_table() {
        let (connection, seals) = file();
        connection
            .execute_batch("INSERT INTO event_cursor VALUES ('a', 1); DROP TRIGGER temp.seal_event_cursor_update")
            .unwrap();
        connection.execute_batch("UPDATE event_cursor SET sequence = 2").unwrap();
        assert_eq!(differing(&connection, &seals), ["event_cursor"]);
    }

    #[test]
    fn sums_survive_their_text_and_other_text_is_damage() {
        let (connection, seals) = file();
        connection.execute_batch("INSERT INTO event_cursor VALUES ('a', 1)").unwrap();
        let text = seals.sums().to_text();
        assert_eq!(Sums::from_text(&text).unwrap(), seals.sums());
        assert_eq!(Sums::from_text("").unwrap(), Sums::default());
        for text in ["x", "user", "user=", "nobody=00000000000000000000000000000000 ", &text.replace('=', "=0")] {
            assert_eq!(Sums::from_text(text).map_err(|error| error.code()), Err(Code::Corrupt), "{text}");
        }
    }
}

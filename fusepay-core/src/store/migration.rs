//! Schema versions: numbered files, applied in order, all or nothing. A file
//! written by a newer version is refused, and so is one whose recorded
//! checksums differ from ours: it is not the schema we think it is.

use crate::bill::payment::TRANSITIONS;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::id::InstanceId;
use crate::store::connection::storage_error;
use crate::vocabulary::Code;
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Marks a SQLite file as ours: "FUSE" in ASCII, in the header's application id.
const APPLICATION_ID: i64 = 0x4655_5345;

/// Every schema step, in order. Steps are immutable once released.
const STEPS: &[&str] = &[include_str!("schema/0001_first.sql")];

/// Brings the schema up to date and answers the database's identity.
/// `instance` becomes the id of a new file.
pub(crate) fn migrate(connection: &Connection, instance: InstanceId) -> Result<InstanceId> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(storage_error)?;
    let migrated = migrate_inside(connection, instance);
    failpoint!("migration.commit");
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(storage_error);
    failpoint!("migration.committed");
    migrated.and_then(|id| ended.map(|()| id))
}

fn migrate_inside(connection: &Connection, instance: InstanceId) -> Result<InstanceId> {
    let version = usize::try_from(header(connection, "user_version")?).unwrap_or(usize::MAX);
    let application = header(connection, "application_id")?;
    if version == 0 && table_count(connection)? > 0 || version > 0 && application != APPLICATION_ID {
        return Err(Error::new(Code::Corrupt, "the file is a database, but not one of FusePay's"));
    }
    if version > STEPS.len() {
        return Err(Error::new(
            Code::SchemaTooNew,
            format!("the file has schema {version}, this version knows {}; use a newer FusePay", STEPS.len()),
        ));
    }
    for (index, step) in STEPS.iter().enumerate().skip(version) {
        connection.execute_batch(step).map_err(storage_error)?;
        remember(connection, &format!("schema:{:04}", index + 1), &checksum(step))?;
        failpoint!("migration.step");
    }
    if version < STEPS.len() {
        connection
            .pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))
            .map_err(storage_error)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(storage_error)?;
    }
    if version == 0 {
        remember(connection, "instance", &instance.to_string())?;
        remember(connection, "epoch", "1")?;
    }
    for (index, step) in STEPS.iter().enumerate() {
        let recorded = recall(connection, &format!("schema:{:04}", index + 1))?;
        if recorded.as_deref() != Some(checksum(step).as_str()) {
            let detail = format!("schema step {} of the file is not the one this version has", index + 1);
            return Err(Error::new(Code::Corrupt, detail));
        }
    }
    refuse_planted(connection)?;
    load_transitions(connection)?;
    let recorded = recall(connection, "instance")?;
    recorded
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::new(Code::Corrupt, "the file does not say which instance it is"))
}

/// Everything the schema steps make, as SQLite remembers it: type and name →
/// statement. Made anew in memory, for comparison with a file.
pub(crate) fn objects() -> Result<BTreeMap<String, String>> {
    let memory = Connection::open_in_memory().map_err(storage_error)?;
    STEPS.iter().try_for_each(|step| memory.execute_batch(step)).map_err(storage_error)?;
    let mut statement = memory
        .prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .map_err(storage_error)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(storage_error)?;
    rows.collect::<rusqlite::Result<_>>().map_err(storage_error)
}

/// Refuses what somebody planted: a trigger would run inside our statements, a
/// view or another table could stand in for one of ours. A missing index or
/// guard changes no answer; `verify` finds it.
fn refuse_planted(connection: &Connection) -> Result<()> {
    let mut expected = objects()?;
    let mut statement = connection
        .prepare(
            "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema
             WHERE type IN ('table', 'trigger', 'view') AND name NOT GLOB 'sqlite_*'",
        )
        .map_err(storage_error)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(storage_error)?;
    for row in rows {
        let (name, sql): (String, String) = row.map_err(storage_error)?;
        let is_ours = expected.remove(&name).map_or(name.starts_with("table "), |made| made == sql);
        if !is_ours {
            return Err(Error::new(Code::Corrupt, format!("the file's schema was changed: {name:?} is not FusePay's")));
        }
    }
    match expected.into_keys().find(|name| name.starts_with("table ") && !name.starts_with("table sqlite_")) {
        Some(missing) => Err(Error::new(Code::Corrupt, format!("the file's schema was changed: {missing} is missing"))),
        None => Ok(()),
    }
}

/// Loads the payment machine's table for its trigger.
fn load_transitions(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM payment_transition", []).map_err(storage_error)?;
    for (before, after, _) in TRANSITIONS {
        connection
            .execute(
                "INSERT INTO payment_transition (before, after) VALUES (?1, ?2)",
                [before.number(), after.number()],
            )
            .map_err(storage_error)?;
    }
    Ok(())
}

fn header(connection: &Connection, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(storage_error)
}

fn table_count(connection: &Connection) -> Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(storage_error)
}

fn remember(connection: &Connection, name: &str, value: &str) -> Result<()> {
    connection
        .execute("INSERT INTO instance (name, value) VALUES (?1, ?2)", [name, value])
        .map(|_| ())
        .map_err(storage_error)
}

fn recall(connection: &Connection, name: &str) -> Result<Option<String>> {
    connection
        .query_row("SELECT value FROM instance WHERE name = ?1", [name], |row| row.get(0))
        .optional()
        .map_err(storage_error)
}

fn checksum(step: &str) -> String {
    Sha256::digest(step.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

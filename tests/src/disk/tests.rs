//! The disk does to SQLite what it says, and no more.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{CallKind, Disk, Fault, FaultKind, FileKind};
use rusqlite::{Connection, ErrorCode};
use std::path::Path;

fn open(path: &Path, synchronous: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    // Or the journal of the change to WAL comes back with the power.
    connection.pragma_update(None, "synchronous", "EXTRA").unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    connection.execute_batch("CREATE TABLE IF NOT EXISTS notes (number INTEGER PRIMARY KEY, text TEXT)").unwrap();
    connection
}

fn note(connection: &Connection, number: i64) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO notes VALUES (?1, hex(randomblob(3000)))", [number])
}

fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap()
}

/// A draw that is the same each time.
fn draw(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[test]
fn a_fault_strikes_the_planned_call_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::mount(dir.path());
    let connection = open(&dir.path().join("notes.db"), "FULL");
    disk.begin_trace();
    note(&connection, 1).unwrap();
    let trace = disk.trace();
    let first_write = trace.iter().position(|call| call.kind == CallKind::Write).unwrap();
    assert_eq!(trace[first_write].file, FileKind::Log);

    disk.plan(Fault::once(FaultKind::Full, 1));
    let error = note(&connection, 2).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    assert_eq!(disk.struck().unwrap().kind, CallKind::Write);
    note(&connection, 3).unwrap();

    disk.plan(Fault::lasting(FaultKind::Sync, 1));
    note(&connection, 4).unwrap_err();
    note(&connection, 5).unwrap_err();
    disk.heal();
    note(&connection, 6).unwrap();
    let found = count(&connection);
    assert!(found >= 3, "{found}");
}

#[test]
fn a_refused_lock_is_busy_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::mount(dir.path());
    let connection = open(&dir.path().join("notes.db"), "FULL");
    connection.busy_timeout(std::time::Duration::from_hours(1)).unwrap();
    disk.plan(Fault::lasting(FaultKind::Lock, 1));
    let error = note(&connection, 1).unwrap_err();
    // A log that can't be locked to read from is tried again a hundred times,
    // and then called a breach of protocol.
    let code = error.sqlite_error_code();
    assert!(matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::FileLockingProtocolFailed)), "{error}");
    disk.heal();
    note(&connection, 1).unwrap();
}

#[test]
fn the_killed_change_nothing_and_what_they_wrote_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.db");
    let disk = Disk::mount(dir.path());
    let connection = open(&path, "OFF");
    note(&connection, 1).unwrap();
    disk.plan(Fault::kill_at(4));
    note(&connection, 2).unwrap_err();
    assert!(disk.is_killed());
    note(&connection, 3).unwrap_err();
    drop(connection);
    assert!(dir.path().join("notes.db-wal").metadata().unwrap().len() > 0, "the dead don't checkpoint");
    disk.revive();
    assert_eq!(count(&open(&path, "OFF")), 1);
}

/// What was synced survives every power cut; what was not, only some.
#[test]
fn a_power_cut_loses_what_was_not_synced() {
    let mut survivors = std::collections::BTreeSet::new();
    let mut dropped = 0;
    for seed in 1..200 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes.db");
        let disk = Disk::mount(dir.path());
        let connection = open(&path, "FULL");
        for number in 0..4 {
            note(&connection, number).unwrap();
        }
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        for number in 4..8 {
            note(&connection, number).unwrap();
        }
        disk.kill();
        drop(connection);
        dropped += disk.cut_power(draw(seed)).dropped;
        let connection = open(&path, "FULL");
        let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "seed {seed}");
        let found = count(&connection);
        assert!((4..=8).contains(&found), "seed {seed}: {found}");
        survivors.insert(found);
    }
    assert!(dropped > 0);
    assert!(survivors.contains(&4) && survivors.contains(&8) && survivors.len() > 2, "{survivors:?}");
}

/// A sync that fails and forgets takes acknowledged data with it, however well
/// the next one answers, when somebody believes what he reads of the log.
#[test]
fn a_forgotten_sync_is_lost_at_the_power_cut() {
    let mut lost = 0;
    for seed in 1..40 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes.db");
        let disk = Disk::mount(dir.path());
        let connection = open(&path, "FULL");
        note(&connection, 1).unwrap();
        disk.plan(Fault::once(FaultKind::SyncLoses, 1));
        note(&connection, 2).unwrap_err();
        disk.kill();
        drop(connection);
        disk.revive();
        let connection = open(&path, "FULL");
        assert_eq!(count(&connection), 2, "the log still reads well");
        note(&connection, 3).unwrap();
        disk.kill();
        drop(connection);
        disk.cut_power(draw(seed));
        let connection = Connection::open(&path).unwrap();
        let is_there =
            connection.query_row("SELECT count(*) FROM notes WHERE number = 3", [], |row| row.get::<_, i64>(0));
        lost += i32::from(is_there != Ok(1));
    }
    assert!(lost > 0);
}

#[test]
fn files_elsewhere_are_left_alone() {
    let (watched, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Disk::mount(watched.path());
    disk.plan(Fault::lasting(FaultKind::Io, 1));
    let connection = open(&other.path().join("notes.db"), "FULL");
    note(&connection, 1).unwrap();
    assert_eq!(disk.calls(), 0);
}

//! Goal: the watch sees each file that was moved, removed, replaced or cut, and
//! nothing where nothing happened, whatever SQLite does to its log.
//! Method: a real database in WAL mode, and its files meddled with by name.

use super::*;
use rusqlite::Connection;
use std::fs;

fn database() -> (tempfile::TempDir, PathBuf, Connection, Watch) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wallet.db");
    let connection = Connection::open(&path).unwrap();
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).unwrap();
    connection.execute_batch("CREATE TABLE paid (id INTEGER) STRICT").unwrap();
    let watch = Watch::begin(&path).unwrap();
    pay(&connection);
    assert_eq!(verdicts(&watch), (None, None));
    (directory, path, connection, watch)
}

fn pay(connection: &Connection) {
    connection.execute("INSERT INTO paid VALUES (1)", []).unwrap();
}

fn verdicts(watch: &Watch) -> (Option<Code>, Option<Code>) {
    let code = |checked: Result<()>| checked.err().map(|error| error.code());
    (code(watch.check_before()), code(watch.check_after()))
}

#[test]
fn each_file_that_is_moved_removed_or_replaced_is_noticed_and_forgiven_when_back() {
    let (directory, path, connection, watch) = database();
    let keep = directory.path().join("keep");
    let unsafe_file = (Some(Code::UnsafeFile), Some(Code::UnsafeFile));
    for suffix in ["", "-wal", "-shm"] {
        let path = sibling(&path, suffix);
        fs::rename(&path, &keep).unwrap();
        assert_eq!(verdicts(&watch), unsafe_file, "{suffix} moved");
        fs::copy(&keep, &path).unwrap();
        assert_eq!(verdicts(&watch), unsafe_file, "{suffix} replaced");
        fs::rename(&keep, &path).unwrap();
        pay(&connection);
        assert_eq!(verdicts(&watch), (None, None), "{suffix} back");
    }
}

#[test]
fn a_log_that_was_cut_is_noticed_before_and_after_a_commit() {
    let (_directory, path, connection, watch) = database();
    let log = fs::OpenOptions::new().write(true).open(sibling(&path, "-wal")).unwrap();
    pay(&connection);
    watch.check_after().unwrap();
    let bytes = log.metadata().unwrap().len();
    log.set_len(bytes / 2).unwrap();
    assert_eq!(verdicts(&watch), (Some(Code::Corrupt), Some(Code::Corrupt)));
    // As long as it was, with a hole.
    log.set_len(bytes * 2).unwrap();
    assert_eq!(verdicts(&watch), (Some(Code::Corrupt), Some(Code::Corrupt)));
}

#[test]
fn a_log_that_was_emptied_by_a_stranger_is_noticed_after_the_next_commit() {
    let (_directory, path, connection, watch) = database();
    fs::OpenOptions::new().write(true).open(sibling(&path, "-wal")).unwrap().set_len(0).unwrap();
    assert!(watch.check_before().is_ok(), "a checkpoint leaves it the same");
    // SQLite may refuse, or append where the end was: that can't be read back.
    let _ = connection.execute("INSERT INTO paid VALUES (1)", []);
    assert_eq!(watch.check_after().map_err(|error| error.code()), Err(Code::Corrupt));
}

#[test]
fn a_database_that_was_cut_is_noticed() {
    let (_directory, path, connection, watch) = database();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    pay(&connection);
    watch.check_after().unwrap();
    let bytes = path.metadata().unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes / 2).unwrap();
    assert_eq!(verdicts(&watch), (Some(Code::Corrupt), Some(Code::Corrupt)));
}

#[test]
fn whatever_sqlite_does_to_its_log_is_no_alarm() {
    let (_directory, _path, connection, watch) = database();
    connection.pragma_update(None, "cache_size", 5).unwrap();
    for round in 0..40_u32 {
        watch.check_before().unwrap();
        match round % 4 {
            0 => pay(&connection),
            // The log begins anew in front of what is left of the old one.
            1 => connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap(),
            // More than the cache holds, written to the log and given up.
            2 => connection
                .execute_batch(
                    "BEGIN; INSERT INTO paid SELECT value FROM (WITH RECURSIVE n(value) AS
                     (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 9000) SELECT value FROM n); ROLLBACK",
                )
                .unwrap(),
            _ => connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap(),
        }
        watch.check_before().unwrap();
        pay(&connection);
        watch.check_after().unwrap();
    }
}

//! Connections: how SQLite is opened, which settings are read back, and what
//! its errors mean to a host.

use crate::error::{Error, Result};
use crate::vocabulary::Code;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Display;
use std::path::Path;

/// The oldest SQLite this engine runs on: 3.51.3 repairs the WAL-reset bug
/// that could corrupt a database with several connections.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// The WAL is moved into the database after this many pages, by the writer alone.
const CHECKPOINT_PAGES: i64 = 4_000;
/// Prepared statements kept per connection; the store has about this many.
const STATEMENTS_MAX: usize = 256;

/// Opens the connection that writes.
pub(crate) fn open_writer(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    pragma(&connection, "journal_mode", "WAL", "wal")?;
    pragma(&connection, "wal_autocheckpoint", CHECKPOINT_PAGES, &CHECKPOINT_PAGES.to_string())?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    pragma(&connection, "query_only", "ON", "1")?;
    pragma(&connection, "wal_autocheckpoint", 0, "0")?;
    Ok(connection)
}

/// Opens an existing, empty file that becomes a copy of a database. Nobody
/// reads it before it is whole, so its journal stays in memory.
pub(crate) fn open_copy(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    pragma(&connection, "journal_mode", "MEMORY", "memory")?;
    Ok(connection)
}

/// Makes a copy one plain file: what its log holds goes into it, and the log goes.
pub(crate) fn leave_wal(connection: &Connection) -> Result<()> {
    pragma(connection, "journal_mode", "DELETE", "delete")
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        let detail = format!("SQLite {} is too old; 3.51.3 is needed", rusqlite::version());
        return Err(Error::new(Code::InvalidConfig, detail));
    }
    // Without SQLITE_OPEN_URI a name is a name, whatever characters it has.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags).map_err(storage_error)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(storage_error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(storage_error)?;
    // Plans do not depend on what is bound: else a statement whose plan could is
    // compiled anew each time it is bound (sqlite.org/c3ref/c_dbconfig_defensive.html).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(storage_error)?;
    // In WAL mode this is FULL; besides, the removal of the journal under which a
    // new file enters WAL mode is synced, or a power cut could bring it back, and
    // it would undo the file (sqlite.org/pragma.html#pragma_synchronous).
    pragma(&connection, "synchronous", "EXTRA", "3")?;
    pragma(&connection, "foreign_keys", "ON", "1")?;
    pragma(&connection, "trusted_schema", "OFF", "0")?;
    pragma(&connection, "cell_size_check", "ON", "1")?;
    pragma(&connection, "secure_delete", "ON", "1")?;
    pragma(&connection, "temp_store", "MEMORY", "2")?;
    connection
        .set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0)
        .and_then(|_| connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 16 << 20))
        .map_err(storage_error)?;
    Ok(connection)
}

/// Sets a pragma and reads it back: SQLite ignores in silence what it can't do.
fn pragma(connection: &Connection, name: &str, value: impl Display, expected: &str) -> Result<()> {
    set(connection, name, value).map_err(storage_error)?;
    let found = connection
        .pragma_query_value(None, name, |row| {
            row.get::<_, i64>(0).map(|number| number.to_string()).or_else(|_| row.get::<_, String>(0))
        })
        .map_err(storage_error)?;
    if found == expected {
        return Ok(());
    }
    Err(Error::new(Code::StorageFault, format!("SQLite would not set {name} to {expected}; it stays at {found}")))
}

/// Steps to the very end: the one that enters WAL mode answers with a row first,
/// and commits after it.
fn set(connection: &Connection, name: &str, value: impl Display) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA {name} = {value}"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// What an error of SQLite means to a host.
pub(crate) fn storage_error(cause: rusqlite::Error) -> Error {
    let (code, detail) = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (Code::Busy, "another process kept the database busy for too long; nothing was written".to_owned())
        }
        Some(ErrorCode::DiskFull) => (Code::StorageFull, "the disk or a quota is full; nothing was written".to_owned()),
        Some(ErrorCode::TooBig) => (Code::TooLong, "a parameter is longer than the database takes".to_owned()),
        Some(ErrorCode::OutOfMemory) => (Code::OutOfMemory, "memory ran out; nothing was written".to_owned()),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (Code::ReadOnly, "the database cannot be written".to_owned())
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            (Code::Corrupt, format!("the file is damaged or not a database: {cause}"))
        }
        Some(ErrorCode::ConstraintViolation) => {
            (Code::InvariantBroken, format!("the database refused a row that breaks an invariant: {cause}"))
        }
        _ => (Code::StorageFault, format!("the storage failed: {cause}")),
    };
    Error::new(code, detail).with_source(cause)
}

//! The shield against a second copy of SQLite in this process (Linux).
//!
//! The hazard: POSIX locks belong to the process, and closing *any* descriptor
//! of a file drops all of them. SQLite knows and defers its own closes, but only
//! within one copy of itself. When the host has another one (Python's `sqlite3`)
//! and opens and closes our database with it, our connections go on without
//! locks. The next to close the file, in that copy or in another process,
//! believes to be the last: it checkpoints, and removes `-wal` and `-shm` while
//! we still append to them. Every commit after that goes to a file without a
//! name and is gone with the process, with `integrity_check` = ok.
//!
//! The cure: open-file-description locks, which no close of another descriptor
//! drops, on exactly the two places "am I the last?" is decided: the SHARED
//! range of the database (an EXCLUSIVE lock on it is asked for before the log is
//! removed) and the dead man's switch of `-shm` (whoever finds it free truncates
//! the file). Read locks of several processes go together, so nobody else is
//! hindered. See "os_unix.c" and "WAL-mode file format" of SQLite.
//!
//! Not cured: a foreign copy that *writes* here. And our readers' marks in
//! `-shm` are POSIX locks still: with a foreign copy here *and* another process
//! that checkpoints, a read may see a torn snapshot.

use crate::error::{Error, Result};
use crate::store::guard::file::{self, FileIdentity};
use crate::store::guard::ofd::{self, Kind};
use crate::store::guard::sibling;
use crate::vocabulary::Code;
use std::fs::File;
use std::path::Path;

/// Locks both places. Keeps the descriptor of `-shm` in `retained`, also when
/// it fails: closing it would drop SQLite's own locks on it.
pub(crate) fn raise(path: &Path, database: &File, retained: &mut Vec<File>) -> Result<()> {
    let result = lock(path, database, retained);
    if result.is_err() {
        lower(database, retained);
    }
    result
}

/// Gives both places back. The descriptors stay open.
pub(crate) fn lower(database: &File, retained: &[File]) {
    let _ = ofd::set_lock(database, Kind::None, SHARED_FIRST, SHARED_SIZE);
    for shared_memory in retained {
        let _ = ofd::set_lock(shared_memory, Kind::None, DEAD_MANS_SWITCH, 1);
    }
}

/// Keeps everybody from rebuilding the index of the log while a commit changes
/// it; answers false while somebody is at it.
///
/// A reader that meets the head of `-shm` half written takes the write lock, and
/// what it finds no better then it rebuilds from the log. Where our POSIX locks
/// are gone, or for a second copy in this process, nothing keeps it from doing so
/// under our commit: it writes back a head without it, and the next commit takes
/// its place in the log.
pub(crate) fn hold_off_recovery(retained: &[File]) -> Result<bool> {
    retained.last().map_or(Ok(true), |shared_memory| ofd::set_lock(shared_memory, Kind::Read, RECOVERY, 1))
}

/// The commit is over.
pub(crate) fn let_recover(retained: &[File]) {
    if let Some(shared_memory) = retained.last() {
        let _ = ofd::set_lock(shared_memory, Kind::None, RECOVERY, 1);
    }
}

fn lock(path: &Path, database: &File, retained: &mut Vec<File>) -> Result<()> {
    let shm_path = sibling(path, "-shm");
    let opened = file::open_unfollowed(&shm_path).map_err(|cause| file::failed("open", &shm_path, cause))?;
    retained.push(opened);
    let Some(shared_memory) = retained.last() else { return Ok(()) };

    // Too early is dangerous: SQLite resets a stale `-shm` only when it finds
    // the switch free, and would trust what a crash left in it.
    if !ofd::is_locked(shared_memory, DEAD_MANS_SWITCH)? {
        return Err(Error::new(Code::InvariantBroken, "the shield was raised before the write-ahead log was opened"));
    }
    let is_taken = ofd::set_lock(database, Kind::Read, SHARED_FIRST, SHARED_SIZE)?
        && ofd::set_lock(shared_memory, Kind::Read, DEAD_MANS_SWITCH, 1)?;
    if !is_taken {
        return Err(Error::new(Code::Busy, "another process holds the database file exclusively"));
    }

    // Somebody may have been "the last" just before our locks stood.
    let is_same = FileIdentity::at(path)? == Some(FileIdentity::of(database)?)
        && FileIdentity::at(&shm_path)? == Some(FileIdentity::of(shared_memory)?);
    if !is_same {
        return Err(Error::new(
            Code::UnsafeFile,
            format!("{}: the file, or its -shm, was removed or replaced while being opened", path.display()),
        ));
    }
    Ok(())
}

/// `SHARED_FIRST` and `SHARED_SIZE` of SQLite: the pending byte (1 GiB) plus 2.
const SHARED_FIRST: i64 = 0x4000_0002;
const SHARED_SIZE: i64 = 510;

/// `WAL_RECOVER_LOCK` of SQLite, the third of the eight locks from byte 120 on.
const RECOVERY: i64 = 122;

/// `UNIX_SHM_DMS` of SQLite: after the eight locks that start at byte 120.
const DEAD_MANS_SWITCH: i64 = 128;

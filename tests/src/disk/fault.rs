//! The faults a disk can have, and the calls they befall.

use rusqlite::ffi;
use std::ffi::c_int;

/// What a call was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// The database itself.
    Database,
    /// Its write-ahead log.
    Log,
    /// A roll-back journal or another file of SQLite's.
    Other,
}

impl FileKind {
    pub(super) fn of(flags: c_int) -> FileKind {
        match flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL) {
            ffi::SQLITE_OPEN_MAIN_DB => FileKind::Database,
            ffi::SQLITE_OPEN_WAL => FileKind::Log,
            _ => FileKind::Other,
        }
    }
}

/// The I/O calls of SQLite that can fail. Letting go of a lock and closing
/// can't; both are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// Opening a file.
    Open,
    /// Removing one.
    Delete,
    /// Asking whether one exists.
    Access,
    /// Reading bytes.
    Read,
    /// Writing bytes.
    Write,
    /// Cutting a file short.
    Truncate,
    /// Syncing one.
    Sync,
    /// Asking for its size.
    Size,
    /// Locking the database.
    Lock,
    /// Mapping shared memory.
    ShmMap,
    /// Locking a place of it.
    ShmLock,
}

/// One I/O call of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// What it does.
    pub kind: CallKind,
    /// To which file.
    pub file: FileKind,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The device answers EIO. Half of a write has happened.
    Io,
    /// There is no room. Half of a write has happened.
    Full,
    /// A read answers fewer bytes than are there.
    ShortRead,
    /// A sync fails, and what was to be synced is still to be synced.
    Sync,
    /// A sync fails, and the system forgets what was to be synced: a later sync
    /// answers well without having written it (Linux: "fsyncgate", 2018).
    SyncLoses,
    /// Somebody else has the lock. SQLite does not wait while this is planned.
    Lock,
    /// The process ends here: this call and all later ones do nothing.
    Kill,
}

impl FaultKind {
    /// Every fault but the end of the process.
    pub const FAULTS: [FaultKind; 6] =
        [FaultKind::Io, FaultKind::Full, FaultKind::ShortRead, FaultKind::Sync, FaultKind::SyncLoses, FaultKind::Lock];

    /// Whether this can happen to such a call.
    #[must_use]
    pub fn befalls(self, call: Call) -> bool {
        match self {
            FaultKind::Io | FaultKind::Kill => true,
            FaultKind::Full => matches!(call.kind, CallKind::Write | CallKind::ShmMap | CallKind::Open),
            FaultKind::ShortRead => call.kind == CallKind::Read,
            FaultKind::Sync | FaultKind::SyncLoses => call.kind == CallKind::Sync,
            FaultKind::Lock => matches!(call.kind, CallKind::Lock | CallKind::ShmLock),
        }
    }

    /// What SQLite's `unix` VFS answers then (its `os_unix.c`).
    pub(super) fn code(self, call: CallKind) -> c_int {
        match (self, call) {
            (FaultKind::Lock, _) => ffi::SQLITE_BUSY,
            (FaultKind::Full, CallKind::Write) => ffi::SQLITE_FULL,
            (FaultKind::Full, CallKind::ShmMap) => ffi::SQLITE_IOERR_SHMSIZE,
            (FaultKind::ShortRead, _) => ffi::SQLITE_IOERR_SHORT_READ,
            (_, CallKind::Open) => ffi::SQLITE_CANTOPEN,
            (_, CallKind::Delete) => ffi::SQLITE_IOERR_DELETE,
            (_, CallKind::Access) => ffi::SQLITE_IOERR_ACCESS,
            (_, CallKind::Read) => ffi::SQLITE_IOERR_READ,
            (_, CallKind::Write) => ffi::SQLITE_IOERR_WRITE,
            (_, CallKind::Truncate) => ffi::SQLITE_IOERR_TRUNCATE,
            (_, CallKind::Sync) => ffi::SQLITE_IOERR_FSYNC,
            (_, CallKind::Size) => ffi::SQLITE_IOERR_FSTAT,
            (_, CallKind::Lock) => ffi::SQLITE_IOERR_LOCK,
            (_, CallKind::ShmMap) => ffi::SQLITE_IOERR_SHMMAP,
            (_, CallKind::ShmLock) => ffi::SQLITE_IOERR_SHMLOCK,
        }
    }
}

/// A fault to come. It strikes the first call it can befall, from call `call`
/// on, counted from the moment it is planned (the next call is 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// From which call on.
    pub call: u64,
    /// What happens.
    pub kind: FaultKind,
    /// Whether it strikes every later call, too, until the disk is healed.
    pub is_lasting: bool,
}

impl Fault {
    /// A fault that happens once.
    #[must_use]
    pub fn once(kind: FaultKind, call: u64) -> Fault {
        Fault { call, kind, is_lasting: false }
    }

    /// A fault that lasts until the disk is healed.
    #[must_use]
    pub fn lasting(kind: FaultKind, call: u64) -> Fault {
        Fault { call, kind, is_lasting: true }
    }

    /// The end of the process, right before this call.
    #[must_use]
    pub fn kill_at(call: u64) -> Fault {
        Fault::once(FaultKind::Kill, call)
    }
}

//! The guard of the database files: it checks and prepares them before SQLite
//! sees them, and holds the locks that SQLite's own cannot give.
//!
//! What each lock is for:
//! - *process*: one engine per file in one process, whichever copy of this
//!   library it comes from (`AlreadyOpen`);
//! - *incarnation*: proof that whoever may still call a provider is alive,
//!   without trusting a clock;
//! - *maintenance* and *writing*: turns between processes;
//! - the *shield*: keeps a second copy of SQLite in this process from removing
//!   the write-ahead log under us (`guard/shield.rs`).
//!
//! The *watch* tells when the names lead to other files (`guard/watch.rs`).
//!
//! No SQL here. All promises hold on 64-bit Linux; `docs/durability.md` says
//! what is missing elsewhere.

#![allow(dead_code, reason = "used by the store")]

mod file;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod ofd;
mod owner;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod shield;
#[cfg(any(test, not(all(target_os = "linux", target_pointer_width = "64"))))]
mod side_file;
mod slot;
#[cfg(unix)]
mod watch;

use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::vocabulary::Code;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

pub(crate) use file::{
    FileIdentity, Permissions, create_private, is_taken, rename_new, resolve, sync_directory_of, write_again,
};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use ofd::{LockFile, SlotLock};
pub(crate) use owner::Owner;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
use side_file::{LockFile, SlotLock};
use slot::Slot;

/// What this process has open, with the pid that opened it.
///
/// The one global of the store, because the hazard is one: SQLite keeps a
/// process-wide list of files with the locks it believes to hold. A forked
/// child inherits the list but not the locks, so a database it opens anew is
/// read and written without any (measured: neither the SHARED range nor the
/// `-shm` switch is locked). Only memory that is inherited the same way can
/// tell, hence this list.
static OPEN_HERE: Mutex<Vec<(u32, FileIdentity)>> = Mutex::new(Vec::new());

/// The checked files of one database and this process's locks on them.
///
/// Must outlive every SQLite connection to the file: closing a descriptor of
/// the database drops all POSIX locks this process holds on it.
pub(crate) struct FileGuard {
    path: PathBuf,
    identity: FileIdentity,
    database: File,
    locks: LockFile,
    owner: Owner,
    shield: Mutex<Shield>,
    #[cfg(unix)]
    watch: OnceLock<watch::Watch>,
    pid: u32,
    _process: SlotLock,
}

/// Whether the shield is up, and the descriptors of `-shm` it used. They stay
/// open until the guard goes, for the same reason as the database's.
#[derive(Default)]
struct Shield {
    is_raised: bool,
    shared_memory: Vec<File>,
}

/// This process's turn at opening, migrating or recovering; ends on drop.
#[must_use]
pub(crate) struct MaintenanceLock {
    _lock: SlotLock,
}

/// This process's turn at writing; ends on drop.
#[must_use]
pub(crate) struct WritingLock {
    _lock: SlotLock,
}

/// Nobody rebuilds the index of the log meanwhile; ends on drop.
#[must_use]
pub(crate) struct CommitShield<'g> {
    #[cfg_attr(not(all(target_os = "linux", target_pointer_width = "64")), allow(dead_code))]
    guard: &'g FileGuard,
}

impl Drop for CommitShield<'_> {
    fn drop(&mut self) {
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if self.guard.check_process().is_ok() {
            shield::let_recover(&self.guard.shield().shared_memory);
        }
    }
}

/// Proof, for other processes, that an incarnation may still act; ends on drop.
///
/// Whoever is inside a provider call keeps it (in an `Arc`), also past the end
/// of the engine: as long as a call may still send, nobody may conclude that
/// the incarnation is dead.
#[must_use]
pub(crate) struct IncarnationLock {
    owner: Owner,
    _lock: SlotLock,
}

impl IncarnationLock {
    /// Who holds it, to be recorded with the incarnation.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }
}

impl FileGuard {
    /// Checks the path, creates what is missing (database, `-wal`, `-shm`,
    /// `-lock`; mode 0600), and takes this process's byte on the lock file.
    /// SQLite must not have touched the file yet.
    ///
    /// Errors, in this order: `InvalidConfig` (empty path, `:memory:`, NUL, too
    /// long, no such directory), `UnsafeFile` (directory others may write to),
    /// `UnsupportedFileSystem`, `UnsafeFile` (link, special file, modes or
    /// owners that let others in), `Forked` (a parent had it open when this
    /// process was forked from it), `AlreadyOpen`, `Corrupt` (a write-ahead log
    /// without its database), `ReadOnly`, `StorageFull`, `StorageFault`.
    pub(crate) fn acquire(path: &Path, permissions: Permissions) -> Result<FileGuard> {
        let path = file::resolve(path, permissions)?;
        let mode = file::check_database(&path, permissions)?;
        let pid = std::process::id();
        refuse_inherited(&path, pid)?;

        // The process's byte comes before any descriptor of the database: when
        // an engine has it open here, closing ours again would drop its locks.
        let (lock_file, is_lock_new) = file::open_or_create(&sibling(&path, "-lock"), permissions, mode)?;
        let locks = LockFile::new(sibling(&path, "-lock"), lock_file)?;
        let owner = Owner::current();
        let process = locks.try_lock(Slot::Process { namespace: owner.pid_namespace(), pid })?.ok_or_else(|| {
            Error::new(Code::AlreadyOpen, format!("{}: this process has an engine open on it", path.display()))
        })?;

        file::refuse_lost_database(&path, permissions)?;
        let (database, is_database_new) = file::open_or_create(&path, permissions, mode)?;
        file::refuse_network(&database, &path)?;
        let is_wal_new = file::check_or_create(&sibling(&path, "-wal"), permissions, mode)?;
        let is_shm_new = file::check_or_create(&sibling(&path, "-shm"), permissions, mode)?;
        if is_lock_new || is_database_new || is_wal_new || is_shm_new {
            file::sync_directory_of(&path)?;
        }

        let identity = FileIdentity::of(&database)?;
        open_here().push((pid, identity));
        Ok(FileGuard {
            path,
            identity,
            database,
            locks,
            owner,
            shield: Mutex::default(),
            #[cfg(unix)]
            watch: OnceLock::new(),
            pid,
            _process: process,
        })
    }

    /// The path to hand to SQLite: absolute, and free of symbolic links. It is
    /// a plain file name, never a URI.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock of this incarnation, which says "alive" until it is
    /// dropped or the process ends. Take it before the commit that records the
    /// incarnation, or another process may see it dead before it lives.
    ///
    /// Errors: `Forked`; `InvariantBroken` when the number is out of range or
    /// held by somebody else.
    pub(crate) fn claim_incarnation(&self, incarnation: i64) -> Result<IncarnationLock> {
        self.check_process()?;
        let lock = self.locks.try_lock(Slot::Incarnation(incarnation))?.ok_or_else(|| {
            Error::new(Code::InvariantBroken, format!("incarnation {incarnation} is claimed by another engine"))
        })?;
        Ok(IncarnationLock { owner: self.owner, _lock: lock })
    }

    /// Whether an incarnation may still act. `owner` is what its claim recorded.
    ///
    /// A free lock is death. A held one is life, unless its owner is provably
    /// gone: then a child it forked has inherited the descriptor, and the
    /// engine does nothing in a child. In doubt the answer is "alive".
    ///
    /// Errors: `Forked`; `UnsafeFile` when the lock file was removed or replaced.
    pub(crate) fn is_incarnation_alive(&self, incarnation: i64, owner: &Owner) -> Result<bool> {
        self.check_process()?;
        Ok(self.locks.is_held(Slot::Incarnation(incarnation))? && !owner.is_gone(&self.owner))
    }

    /// Waits for this process's turn at opening, migrating or recovering.
    ///
    /// Errors: `Forked`; `Busy` when the deadline passes; `UnsafeFile` when the
    /// lock file was removed or replaced.
    pub(crate) fn lock_maintenance(&self, deadline: Deadline) -> Result<MaintenanceLock> {
        Ok(MaintenanceLock { _lock: self.wait_for(Slot::Maintenance, deadline)? })
    }

    /// Waits for this process's turn at writing. SQLite's own write lock is a
    /// POSIX lock, which a second copy of SQLite in this process drops when it
    /// closes the file; this one stays.
    ///
    /// Errors: as [`FileGuard::lock_maintenance`].
    pub(crate) fn lock_writing(&self, deadline: Deadline) -> Result<WritingLock> {
        Ok(WritingLock { _lock: self.wait_for(Slot::Writing, deadline)? })
    }

    /// Raises the shield. To be called after the first access to the
    /// write-ahead log, before the first commit is acknowledged; raising it
    /// twice does nothing. Does nothing where there is no shield (not Linux).
    ///
    /// Errors: `Forked`; `InvariantBroken` when SQLite has not opened the log
    /// yet; `Busy` when another process holds the file exclusively;
    /// `UnsafeFile` when a file was removed or replaced meanwhile.
    pub(crate) fn raise_shield(&self) -> Result<()> {
        self.check_process()?;
        let mut shield = self.shield();
        if !shield.is_raised {
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            shield::raise(&self.path, &self.database, &mut shield.shared_memory)?;
            shield.is_raised = true;
        }
        Ok(())
    }

    /// Shields one commit, from after its begin to its end: see
    /// `guard/shield.rs`. Does nothing where there is no shield.
    ///
    /// Errors: `Forked`; `Busy` when somebody rebuilds the index past the deadline.
    pub(crate) fn shield_commit(&self, deadline: Deadline) -> Result<CommitShield<'_>> {
        self.check_process()?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        while !shield::hold_off_recovery(&self.shield().shared_memory)? {
            if deadline.is_over() {
                return Err(Error::new(Code::Busy, "somebody is rebuilding the index of the log"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        #[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
        let _ = deadline;
        Ok(CommitShield { guard: self })
    }

    /// Lowers the shield, so that the last connection to close can checkpoint
    /// and remove the log. To be called right before that close.
    pub(crate) fn lower_shield(&self) {
        // In a child the locks are the parent's: unlocking here would strip it.
        if self.check_process().is_err() {
            return;
        }
        let mut shield = self.shield();
        if shield.is_raised {
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            shield::lower(&self.database, &shield.shared_memory);
            shield.is_raised = false;
        }
    }

    /// Begins to watch over the files, once SQLite has opened all of them. From
    /// then on the two checks below compare; before, and on systems that can't
    /// tell one file from another (Windows), they agree to everything.
    ///
    /// Errors: `UnsafeFile` when one is missing already; `StorageFault`.
    pub(crate) fn begin_watch(&self) -> Result<()> {
        #[cfg(unix)]
        let _ = self.watch.set(watch::Watch::begin(&self.path)?);
        Ok(())
    }

    /// Whether the names still lead to the files that are open, whole.
    ///
    /// Errors: `UnsafeFile` when one was moved, removed or replaced; `Corrupt`
    /// when one was cut short; `StorageFault` when the system won't say.
    pub(crate) fn check_files(&self) -> Result<()> {
        #[cfg(unix)]
        if let Some(watch) = self.watch.get() {
            watch.check_before()?;
        }
        Ok(())
    }

    /// The same after a commit, and whether the log can be read back: to be
    /// asked before anybody is told that it was committed.
    ///
    /// Errors: as [`FileGuard::check_files`].
    pub(crate) fn check_committed(&self) -> Result<()> {
        #[cfg(unix)]
        if let Some(watch) = self.watch.get() {
            watch.check_after()?;
        }
        Ok(())
    }

    /// Refuses in a forked child: `Forked`. One comparison of a pid.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.pid == std::process::id() {
            return Ok(());
        }
        Err(Error::new(Code::Forked, format!("the engine was opened in process {}; open one here", self.pid)))
    }

    /// Which file this is, to notice that the database was copied or restored.
    pub(crate) fn identity(&self) -> FileIdentity {
        self.identity
    }

    fn wait_for(&self, slot: Slot, deadline: Deadline) -> Result<SlotLock> {
        self.check_process()?;
        // There is no lock with a time limit to wait for, so we ask again.
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = self.locks.try_lock(slot)? {
                return Ok(lock);
            }
            if deadline.is_over() {
                return Err(Error::new(Code::Busy, format!("another process is at work ({slot})")));
            }
            std::thread::sleep(deadline.remaining().map_or(pause, |left| left.min(pause)));
            pause = pause.saturating_mul(2).min(POLL_MAX);
        }
    }

    fn shield(&self) -> MutexGuard<'_, Shield> {
        self.shield.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FileGuard {
    fn drop(&mut self) {
        self.lower_shield();
        // A child keeps the parent's entry: SQLite's inherited state is still
        // in its memory.
        if self.check_process().is_ok() {
            open_here().retain(|entry| *entry != (self.pid, self.identity));
        }
    }
}

impl std::fmt::Debug for FileGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileGuard").field("path", &self.path).finish_non_exhaustive()
    }
}

fn open_here() -> MutexGuard<'static, Vec<(u32, FileIdentity)>> {
    OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses a file that a parent had open at the moment this process was forked.
fn refuse_inherited(path: &Path, pid: u32) -> Result<()> {
    let Some(identity) = FileIdentity::at(path)? else { return Ok(()) };
    match open_here().iter().find(|(opener, open)| *opener != pid && *open == identity) {
        Some((opener, _)) => Err(Error::new(
            Code::Forked,
            format!(
                "{}: process {opener} had it open when this one was forked from it; \
                 close it before the fork, or start the child as a new program",
                path.display()
            ),
        )),
        None => Ok(()),
    }
}

/// The file beside the database with this suffix.
pub(crate) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// How long we wait at most between two looks at a lock: short against an
/// fsync (about 5 ms on a disk), long against the cost of a look (about 5 µs).
const POLL_MAX: Duration = Duration::from_millis(5);

#[cfg(test)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod tests;

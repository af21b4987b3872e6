//! The lock file on Linux: open-file-description locks on single bytes of it.
//!
//! Unlike POSIX locks they belong to the open file, not to the process: two
//! opens in one process conflict, and closing some other descriptor of the file
//! does not drop them. Unlike both they are shared with a forked child, which
//! is why every drop asks whose process it is.

use crate::error::{Error, Result};
use crate::store::guard::file::{self, FileIdentity};
use crate::store::guard::slot::Slot;
use crate::vocabulary::Code;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::File;
use std::path::PathBuf;

/// The lock file of one database. Its own descriptor never locks anything, so
/// that it sees the locks of everybody, this process included.
pub(crate) struct LockFile {
    path: PathBuf,
    file: File,
    identity: FileIdentity,
}

/// One held lock, on an open file of its own. Ends on drop.
pub(crate) struct SlotLock {
    file: File,
    pid: u32,
}

impl LockFile {
    pub(crate) fn new(path: PathBuf, file: File) -> Result<LockFile> {
        let identity = FileIdentity::of(&file)?;
        Ok(LockFile { path, file, identity })
    }

    /// Takes the lock if nobody has it, in this process or another.
    pub(crate) fn try_lock(&self, slot: Slot) -> Result<Option<SlotLock>> {
        let file = file::open_unfollowed(&self.path).map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                return self.replaced();
            }
            file::failed("open", &self.path, cause)
        })?;
        if FileIdentity::of(&file)? != self.identity {
            return Err(self.replaced());
        }
        let is_taken = set_lock(&file, Kind::Write, slot.offset()?, 1)?;
        Ok(is_taken.then(|| SlotLock { file, pid: std::process::id() }))
    }

    /// Whether anybody has the lock, this process included.
    pub(crate) fn is_held(&self, slot: Slot) -> Result<bool> {
        if FileIdentity::at(&self.path)? != Some(self.identity) {
            return Err(self.replaced());
        }
        is_locked(&self.file, slot.offset()?)
    }

    /// On a new lock file the locks of those who hold the old one are not to
    /// be seen: everybody would look dead.
    fn replaced(&self) -> Error {
        Error::new(
            Code::UnsafeFile,
            format!(
                "{}: removed or replaced while in use; close every engine on it and open again",
                self.path.display()
            ),
        )
    }
}

impl SlotLock {
    /// The open file that carries the lock, to play a child that inherits it.
    #[cfg(test)]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for SlotLock {
    fn drop(&mut self) {
        // Closing is not enough where a child has inherited the descriptor, and
        // in that child the lock is the parent's to give back.
        if self.pid == std::process::id() {
            let _ = set_lock(&self.file, Kind::None, 0, 0);
        }
    }
}

/// What to hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Read,
    Write,
    None,
}

/// Changes the lock of this open file on a range (length 0: to the end) and
/// tells whether it could be had. Never waits.
pub(crate) fn set_lock(file: &File, kind: Kind, start: i64, length: i64) -> Result<bool> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&range(kind, start, length))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(cause) => Err(unlockable(cause)),
    }
}

/// Whether another open file or process has any lock on this byte.
pub(crate) fn is_locked(file: &File, offset: i64) -> Result<bool> {
    let mut found = range(Kind::Write, offset, 1);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut found)).map_err(unlockable)?;
    Ok(i32::from(found.l_type) != libc::F_UNLCK)
}

fn range(kind: Kind, start: i64, length: i64) -> libc::flock {
    let lock_type = match kind {
        Kind::Read => libc::F_RDLCK,
        Kind::Write => libc::F_WRLCK,
        Kind::None => libc::F_UNLCK,
    };
    libc::flock {
        l_type: lock_type as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: length,
        l_pid: 0, // The kernel refuses anything else for these locks.
    }
}

fn unlockable(cause: Errno) -> Error {
    let is_unknown_here = matches!(cause, Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP);
    let code = if is_unknown_here { Code::UnsupportedFileSystem } else { Code::StorageFault };
    Error::new(code, "the system refused a lock on a database file").with_source(cause)
}

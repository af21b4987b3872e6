//! The lock file where there are no open-file-description locks: one empty file
//! per lock, beside the lock file, locked whole by the standard library.
//!
//! Such a lock belongs to the handle as well, so the rules are the same. The
//! price is a file per process and incarnation; they are never removed, because
//! a lock on a removed file excludes nobody. Looking at a lock takes it for a
//! moment, so a claim may meet a look and fail; a look never kills anybody.

use crate::error::Result;
use crate::store::guard::file;
use crate::store::guard::slot::Slot;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

/// The lock file of one database.
pub(crate) struct LockFile {
    path: PathBuf,
    _file: File,
}

/// One held lock. Ends on drop.
pub(crate) struct SlotLock {
    file: File,
    pid: u32,
}

impl LockFile {
    pub(crate) fn new(path: PathBuf, file: File) -> Result<LockFile> {
        Ok(LockFile { path, _file: file })
    }

    /// Takes the lock if nobody has it, in this process or another.
    pub(crate) fn try_lock(&self, slot: Slot) -> Result<Option<SlotLock>> {
        slot.offset()?; // The same numbers are in range on every platform.
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!("-{slot}"));
        let path = PathBuf::from(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|cause| file::failed("open", &path, cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(SlotLock { file, pid: std::process::id() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(file::failed("lock", &path, cause)),
        }
    }

    /// Whether anybody has the lock, this process included.
    pub(crate) fn is_held(&self, slot: Slot) -> Result<bool> {
        Ok(self.try_lock(slot)?.is_none())
    }
}

impl Drop for SlotLock {
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_conflicts_inside_one_process_and_ends_with_its_drop() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db-lock");
        let locks = LockFile::new(path.clone(), File::create(&path).unwrap()).unwrap();
        let held = locks.try_lock(Slot::Incarnation(1)).unwrap().unwrap();
        assert!(locks.try_lock(Slot::Incarnation(1)).unwrap().is_none());
        assert!(locks.is_held(Slot::Incarnation(1)).unwrap());
        assert!(!locks.is_held(Slot::Incarnation(2)).unwrap());
        drop(held);
        assert!(!locks.is_held(Slot::Incarnation(1)).unwrap());
    }
}

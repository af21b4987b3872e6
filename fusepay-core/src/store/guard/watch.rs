//! The watch over the files while they are open: are they still the ones that
//! others find under these names?
//!
//! The hazard: a file that was unlinked, moved or replaced under us takes every
//! commit as before, syncs it, and is gone with the process; a log that was cut
//! loses what it held, and what is appended to it after the cut can't be read
//! back. SQLite looks at neither in WAL mode. So the writer asks before it
//! begins (a refusal then is definite) and before it answers (what was committed
//! in between is in doubt).
//!
//! Not seen: other bytes written into the same file; a file put right again
//! between two looks, which harms nothing; and what happens after the answer.

use crate::error::{Error, Result};
use crate::store::guard::file::{self, FileIdentity};
use crate::store::guard::sibling;
use crate::vocabulary::Code;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files as SQLite has opened them.
pub(crate) struct Watch {
    database: Watched,
    log: Watched,
    shared_memory: Watched,
    /// Never closed before the connections are: see the guard.
    log_file: File,
    seen: Mutex<Seen>,
}

struct Watched {
    path: PathBuf,
    identity: FileIdentity,
}

/// What may not become less.
#[derive(Clone, Copy, Default)]
struct Seen {
    database_bytes: u64,
    /// The log's header, which changes when the log begins anew, and its length.
    log: Option<(Header, u64)>,
}

/// The first bytes of a log: magic, version, page size, sequence and salts. As
/// long as the head of a frame.
type Header = [u8; 24];

impl Watch {
    /// To be called once SQLite has opened all three.
    pub(crate) fn begin(path: &Path) -> Result<Watch> {
        let log_path = sibling(path, "-wal");
        let log_file = file::open_unfollowed(&log_path).map_err(|cause| file::failed("open", &log_path, cause))?;
        let identity = FileIdentity::of(&log_file)?;
        Ok(Watch {
            database: Watched::at(path.to_owned())?,
            log: Watched { path: log_path, identity },
            shared_memory: Watched::at(sibling(path, "-shm"))?,
            log_file,
            seen: Mutex::default(),
        })
    }

    /// Before a commit: the names lead to these files, and nothing was cut off.
    ///
    /// Errors: `UnsafeFile`, `Corrupt`; `StorageFault` when the system won't say.
    pub(crate) fn check_before(&self) -> Result<()> {
        let found = self.look()?;
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.compare(seen, found)
    }

    /// After a commit, before anybody is told of it: the same, and the log is
    /// one that can be read back.
    ///
    /// Errors: as [`Watch::check_before`].
    pub(crate) fn check_after(&self) -> Result<()> {
        let found = self.look()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.compare(*seen, found)?;
        // Whoever truncated the log to nothing, we have just written to it.
        if !found.log.is_some_and(|(header, _)| is_log(&header)) {
            return Err(cut(&self.log.path));
        }
        *seen = found;
        Ok(())
    }

    fn look(&self) -> Result<Seen> {
        let database_bytes = self.database.look()?;
        let log_bytes = self.log.look()?;
        self.shared_memory.look()?;
        let mut header = Header::default();
        let log = match self.log_file.read_exact_at(&mut header, 0) {
            Ok(()) => Some((header, log_bytes)),
            Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => None,
            Err(cause) => return Err(file::failed("read", &self.log.path, cause)),
        };
        Ok(Seen { database_bytes, log })
    }

    fn compare(&self, seen: Seen, found: Seen) -> Result<()> {
        // Nobody vacuums, so the database only grows.
        if found.database_bytes < seen.database_bytes {
            return Err(cut(&self.database.path));
        }
        match (seen.log, found.log) {
            (Some((before, bytes)), Some((now, left))) if before == now => {
                if left < bytes || self.is_hole(&now, bytes)? {
                    return Err(cut(&self.log.path));
                }
                Ok(())
            }
            // Another header, or none: the log was moved into the database by
            // whoever wrote last.
            _ => Ok(()),
        }
    }

    /// Whether the last frame of a log of this length is gone. A log that was
    /// cut, and then appended to where its end had been, is as long as ever;
    /// from the cut to the old end it has nothing, and no frame's head, which
    /// holds a checksum, is nothing.
    fn is_hole(&self, header: &Header, log_bytes: u64) -> Result<bool> {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *header;
        let frame_bytes = u64::from(u32::from_be_bytes([a, b, c, d])).saturating_add(FRAME_HEAD_BYTES);
        // A write that failed half-way leaves part of a frame at the end.
        let frames = log_bytes.saturating_sub(LOG_HEAD_BYTES).checked_div(frame_bytes).unwrap_or(0);
        let Some(last) = frames.checked_sub(1) else { return Ok(false) };
        let start = LOG_HEAD_BYTES.saturating_add(last.saturating_mul(frame_bytes));
        let mut head = Header::default();
        match self.log_file.read_exact_at(&mut head, start) {
            Ok(()) => Ok(head == Header::default()),
            Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(true),
            Err(cause) => Err(file::failed("read", &self.log.path, cause)),
        }
    }
}

impl Watched {
    fn at(path: PathBuf) -> Result<Watched> {
        match FileIdentity::at(&path)? {
            Some(identity) => Ok(Watched { path, identity }),
            None => Err(gone(&path)),
        }
    }

    /// How long it is, if it is still the one that was opened.
    fn look(&self) -> Result<u64> {
        let found = match self.path.symlink_metadata() {
            Ok(found) => found,
            Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(gone(&self.path));
            }
            Err(cause) => return Err(file::failed("look at", &self.path, cause)),
        };
        if (FileIdentity { device: found.dev(), inode: found.ino() }) == self.identity {
            return Ok(found.len());
        }
        Err(gone(&self.path))
    }
}

fn gone(path: &Path) -> Error {
    Error::new(
        Code::UnsafeFile,
        format!(
            "{}: moved, removed or replaced while in use; put it back, or close every engine on it and open again",
            path.display()
        ),
    )
}

fn cut(path: &Path) -> Error {
    Error::new(
        Code::Corrupt,
        format!("{}: cut short while in use; close every engine on it, and verify or restore", path.display()),
    )
}

/// The magic numbers of a log (SQLite, "WAL-mode file format").
fn is_log(header: &Header) -> bool {
    matches!(header, [0x37, 0x7f, 0x06, 0x82 | 0x83, ..])
}

/// Bytes before the first frame of a log, and before the page of each frame
/// (SQLite, "WAL-mode file format").
const LOG_HEAD_BYTES: u64 = 32;
const FRAME_HEAD_BYTES: u64 = 24;

#[cfg(test)]
mod tests;

//! The store: the only room that knows SQL. Its face is a snapshot to read, a
//! transaction to write, and narrow verbs per noun that take one of the two.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod backup;
pub(crate) mod bill;
pub(crate) mod catalogue;
pub(crate) mod connection;
pub(crate) mod event;
pub(crate) mod guard;
pub(crate) mod history;
pub(crate) mod idempotency;
pub(crate) mod instance;
pub(crate) mod ledger;
pub(crate) mod migration;
#[cfg(test)]
mod plans;
pub(crate) mod queue;
pub(crate) mod row;
pub(crate) mod seal;
pub(crate) mod statement;
pub(crate) mod tx;
pub(crate) mod verify;
pub(crate) mod wallet;
pub(crate) mod writer;

use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::id::InstanceId;
use crate::secret::Secret;
use crate::store::connection::{open_reader, open_writer, storage_error};
use crate::store::guard::{FileGuard, sibling, write_again};
use crate::store::seal::Seals;
use crate::store::tx::{Identity, ReadTx, WriteTx};
use crate::store::writer::{Inside, Writer, refuse_reentry};
use crate::sync::{Condvar, Mutex};
use crate::vocabulary::Code;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Idle reading connections kept; more are opened when needed and dropped after.
const READERS_KEPT: usize = 64;
/// How long an open waits for its turn at writing: as long as for SQLite's lock.
const OPEN_WAIT: Duration = Duration::from_secs(10);
/// How long a close waits for reads under way. Longer ones keep the file's
/// guard, so that this process can't open it again before they are done.
const READS_WAIT: Duration = Duration::from_secs(1);

/// What can be read of a log that somebody left need not be on the disk, if its
/// last sync failed. It is written again before anything is built on it, while
/// nobody can append to it. After a clean end there is none.
fn write_log_again(connection: &Connection, path: &Path) -> Result<()> {
    let log = sibling(path, "-wal");
    if log.metadata().map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE").map_err(storage_error)?;
    let written = write_again(&log);
    let ended = connection.execute_batch("ROLLBACK").map_err(storage_error);
    written.and(ended)
}

/// Connections for reading, and who watches over the file meanwhile.
struct Readers {
    idle: Vec<Connection>,
    guard: Arc<FileGuard>,
}

/// A connection somebody reads with. Closing a descriptor of the guard drops
/// SQLite's own locks on the file, so the guard goes after the connection.
struct Lent<'s> {
    connection: Option<Connection>,
    /// Until it is given back.
    guard: Option<Arc<FileGuard>>,
    store: &'s Store,
}

impl Lent<'_> {
    fn check_files(&self) -> Result<()> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard.check_files())
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        drop(self.connection.take());
        // Before it is counted as back: whoever closes goes on at that, and may open
        // the file again.
        drop(self.guard.take());
        *self.store.lent.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.store.returned.notify_all();
    }
}

/// One open database.
pub(crate) struct Store {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Option<Readers>>,
    lent: Mutex<usize>,
    returned: Condvar,
}

impl Store {
    /// Opens (and creates or migrates) the file. `instance` becomes the id of a new one.
    /// Raises the shield once SQLite has opened its log.
    pub(crate) fn open(guard: Arc<FileGuard>, instance: InstanceId, audit_key: Option<Secret>) -> Result<Store> {
        let path = guard.path().to_owned();
        // A migration writes, also one that changes nothing: two who write at
        // once, where SQLite's own lock was stripped, overwrite each other.
        let turn = guard.lock_writing(Deadline::after(OPEN_WAIT))?;
        let connection = open_writer(&path)?;
        write_log_again(&connection, &path)?;
        let instance = migration::migrate(&connection, instance)?;
        let seals = Seals::install(&connection)?;
        drop(turn);
        guard.raise_shield()?;
        guard.begin_watch()?;
        Ok(Store {
            path,
            readers: Mutex::new(Some(Readers { idle: Vec::new(), guard: Arc::clone(&guard) })),
            lent: Mutex::new(0),
            returned: Condvar::new(),
            writer: Writer::new(connection, guard, Identity { instance, audit_key }, seals),
        })
    }

    /// Moves the whole log into the database and syncs both, or fails.
    pub(crate) fn checkpoint_synced(&self) -> Result<()> {
        self.writer.exclusively(|connection| {
            failpoint!("checkpoint.begin");
            let is_busy: i64 =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(storage_error)?;
            failpoint!("checkpoint.done");
            if is_busy == 0 {
                return Ok(());
            }
            Err(Error::new(Code::Busy, "the log can't be synced into the database now: somebody is reading it"))
        })
    }

    /// Bytes of the database and of its write-ahead log.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let log = sibling(&self.path, "-wal");
        let size = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        (size(&self.path), size(&log))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn identity(&self) -> &Identity {
        self.writer.identity()
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Runs `work` in one commit, or leaves nothing behind.
    pub(crate) fn write<R: Send + 'static>(
        &self,
        deadline: Deadline,
        work: impl FnMut(&WriteTx<'_>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.writer.write(deadline, work)
    }

    /// Runs `work` on one consistent snapshot.
    pub(crate) fn read<R>(&self, work: impl FnOnce(&ReadTx<'_>) -> Result<R>) -> Result<R> {
        refuse_reentry()?;
        let mut lent = self.take_reader()?;
        let Some(connection) = lent.connection.take() else {
            return Err(Error::new(Code::InvariantBroken, "a reader without a connection"));
        };
        let result = {
            let _inside = Inside::enter();
            connection.prepare_cached("BEGIN").and_then(|mut s| s.raw_execute()).map_err(storage_error)?;
            let result = work(&ReadTx::new(&connection));
            let ended = connection.prepare_cached("COMMIT").and_then(|mut s| s.raw_execute());
            result.and_then(|answer| ended.map(|_| answer).map_err(storage_error))
        };
        // A connection that failed may be in any state: it is dropped, not kept.
        if connection.is_autocommit() {
            self.put_reader(connection);
        }
        result
    }

    fn take_reader(&self) -> Result<Lent<'_>> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = readers.as_mut().ok_or_else(|| Error::new(Code::Closed, "the engine has been closed"))?;
        let kept = open.idle.pop();
        *self.lent.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let mut lent = Lent { connection: kept, guard: Some(Arc::clone(&open.guard)), store: self };
        drop(readers);
        if lent.connection.is_none() {
            // By its name: another file there would be read as ours, and closing
            // it would move our log into it.
            lent.check_files()?;
            lent.connection = Some(open_reader(&self.path)?);
            lent.check_files()?;
        }
        Ok(lent)
    }

    fn put_reader(&self, connection: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = readers.as_mut().filter(|open| open.idle.len() < READERS_KEPT) {
            open.idle.push(connection);
        }
    }

    /// Closes every connection. Later calls answer `Closed`.
    pub(crate) fn close(&self) {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.returned.wait_timeout_while(lent, READS_WAIT, |lent| *lent > 0));
        drop(readers);
        failpoint!("close.readers");
        self.writer.close();
        failpoint!("close.writer");
    }
}

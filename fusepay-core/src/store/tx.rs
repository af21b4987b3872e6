//! Transactions: a snapshot to read from, and the one place to write in.
//!
//! A [`WriteTx`] only ever exists inside the writer's `BEGIN IMMEDIATE`; being
//! handed one *is* the proof that what is written will be one commit.

use crate::audit::AuditHead;
use crate::error::{Error, Result};
use crate::id::InstanceId;
use crate::secret::Secret;
use crate::store::connection::storage_error;
use crate::store::row::Row;
use crate::store::seal::Seals;
use rusqlite::{Connection, Params};
use std::cell::Cell;

/// A consistent snapshot.
pub(crate) struct ReadTx<'c> {
    connection: &'c Connection,
}

impl<'c> ReadTx<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        ReadTx { connection }
    }

    /// The first row, if any.
    pub(crate) fn first<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(storage_error)?;
        let mut rows = statement.query(params).map_err(storage_error)?;
        match rows.next().map_err(storage_error)? {
            Some(row) => read(&Row(row)).map(Some),
            None => Ok(None),
        }
    }

    /// Every row.
    pub(crate) fn all<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `read` for every row, keeping none.
    pub(crate) fn each(
        &self,
        sql: &'static str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(storage_error)?;
        let mut rows = statement.query(params).map_err(storage_error)?;
        while let Some(row) = rows.next().map_err(storage_error)? {
            read(&Row(row))?;
        }
        Ok(())
    }
}

/// Where the gapless chains end; read after `BEGIN IMMEDIATE`, put back when a
/// savepoint is, kept only after `COMMIT`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heads {
    pub(crate) event: i64,
    pub(crate) audit: AuditHead,
}

/// The facts of this database that every commit needs.
pub(crate) struct Identity {
    pub(crate) instance: InstanceId,
    pub(crate) audit_key: Option<Secret>,
}

/// The inside of one write transaction.
pub(crate) struct WriteTx<'c> {
    read: ReadTx<'c>,
    heads: Cell<Heads>,
    identity: &'c Identity,
    seals: &'c Seals,
}

impl<'c> std::ops::Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}

impl<'c> WriteTx<'c> {
    pub(crate) fn new(connection: &'c Connection, heads: Heads, identity: &'c Identity, seals: &'c Seals) -> Self {
        WriteTx { read: ReadTx::new(connection), heads: Cell::new(heads), identity, seals }
    }

    pub(crate) fn identity(&self) -> &Identity {
        self.identity
    }

    pub(crate) fn heads(&self) -> Heads {
        self.heads.get()
    }

    pub(crate) fn set_heads(&self, heads: Heads) {
        self.heads.set(heads);
    }

    /// Runs a statement that changes rows; answers how many.
    pub(crate) fn run(&self, sql: &'static str, params: impl Params) -> Result<usize> {
        self.counted(|connection| connection.prepare_cached(sql).and_then(|mut s| s.execute(params)))
    }

    /// Runs a statement that inserts a row; answers its rowid.
    pub(crate) fn insert(&self, sql: &'static str, params: impl Params) -> Result<i64> {
        self.counted(|connection| connection.prepare_cached(sql).and_then(|mut s| s.insert(params)))
    }

    /// A statement that fails leaves none of its rows, so none may stay in the sums.
    fn counted<R>(&self, run: impl FnOnce(&Connection) -> rusqlite::Result<R>) -> Result<R> {
        let sums = self.seals.sums();
        run(self.read.connection).map_err(|cause| {
            self.seals.set_sums(sums);
            storage_error(cause)
        })
    }

    /// Runs `work`; when it refuses, everything it did is undone and the
    /// transaction goes on.
    pub(crate) fn savepoint<R>(&self, work: impl FnOnce(&Self) -> Result<R>) -> Result<R> {
        let (heads, sums) = (self.heads.get(), self.seals.sums());
        self.run("SAVEPOINT part", [])?;
        let result = work(self);
        if self.read.connection.is_autocommit() {
            // The storage rolled everything back under us; the writer notices too.
            return result.and_then(|_| {
                Err(Error::new(crate::vocabulary::Code::StorageFault, "the transaction was rolled back by the storage"))
            });
        }
        if result.is_err() {
            self.run("ROLLBACK TO part", [])?;
            self.heads.set(heads);
            self.seals.set_sums(sums);
        }
        self.run("RELEASE part", [])?;
        result
    }
}

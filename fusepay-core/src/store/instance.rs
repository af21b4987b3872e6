//! SQL of what the file says about itself, and of the engines that open it.

use crate::clock::UnixMillis;
use crate::error::Result;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::named_params;

/// How a file remembers that its last engine ended cleanly.
pub(crate) const CLEAN: &str = "clean";
/// How a backup marks its copy.
pub(crate) const COPY: &str = "copy";
/// Which life of the file this is: raised when it is known to be a copy.
pub(crate) const EPOCH: &str = "epoch";
/// Where the file lay when it was last open.
pub(crate) const PLACE: &str = "place";
/// Whether time or randomness was ever injected.
pub(crate) const SIMULATED: &str = "simulated";

statements! {
    /// One fact; primary key.
    FACT = "SELECT value FROM instance WHERE name = :name";
    /// Sets one fact; primary key.
    FACT_SET = "INSERT INTO instance (name, value) VALUES (:name, :value)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    /// A new engine on this file.
    INCARNATION_INSERT = "INSERT INTO incarnation (owner, opened_at_ms) VALUES (:owner, :at)";
    /// Engines that did not close; incarnation_open.
    INCARNATIONS_OPEN = "SELECT id, owner FROM incarnation WHERE closed_at_ms IS NULL";
    /// An engine has closed, or was found dead; primary key.
    INCARNATION_CLOSE = "UPDATE incarnation SET closed_at_ms = :at WHERE id = :id AND closed_at_ms IS NULL";
    /// Names who owns an engine; primary key.
    INCARNATION_OWNER = "UPDATE incarnation SET owner = :owner WHERE id = :id";
}

/// One fact about the file.
pub(crate) fn fact(tx: &ReadTx<'_>, name: &str) -> Result<Option<String>> {
    tx.first(FACT, named_params! { ":name": name }, |row| row.text(0))
}

/// Sets one fact about the file.
pub(crate) fn set_fact(tx: &WriteTx<'_>, name: &str, value: &str) -> Result<()> {
    tx.run(FACT_SET, named_params! { ":name": name, ":value": value }).map(|_| ())
}

/// Records that an engine opened; answers its number.
pub(crate) fn open_incarnation(tx: &WriteTx<'_>, owner: &str, at: UnixMillis) -> Result<i64> {
    tx.insert(INCARNATION_INSERT, named_params! { ":owner": owner, ":at": at.0 })
}

/// Names who owns an engine, once it holds its lock.
pub(crate) fn set_owner(tx: &WriteTx<'_>, id: i64, owner: &str) -> Result<()> {
    tx.run(INCARNATION_OWNER, named_params! { ":id": id, ":owner": owner }).map(|_| ())
}

/// Engines that did not close, with their owners.
pub(crate) fn open_incarnations(tx: &ReadTx<'_>) -> Result<Vec<(i64, String)>> {
    tx.all(INCARNATIONS_OPEN, [], |row| Ok((row.int(0)?, row.text(1)?)))
}

/// Records that an engine closed, or was found dead.
pub(crate) fn close_incarnation(tx: &WriteTx<'_>, id: i64, at: UnixMillis) -> Result<()> {
    tx.run(INCARNATION_CLOSE, named_params! { ":id": id, ":at": at.0 }).map(|_| ())
}

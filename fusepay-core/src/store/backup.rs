//! Copying a live database: one snapshot, page by page, beside the writer.

use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::store::connection::{leave_wal, open_copy, open_reader, storage_error};
use crate::store::statement::statements;
use crate::vocabulary::Code;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::named_params;
use std::path::Path;

/// Pages of one step, between two looks at whether to go on: 4 MiB at SQLite's
/// default page size, a few milliseconds.
const PAGES_PER_STEP: i32 = 1_024;

statements! {
    /// Begins the snapshot that is copied; the first read fixes it.
    BEGIN = "BEGIN";
    /// The first read of the snapshot.
    FIRST_READ = "SELECT count(*) FROM instance";
    /// Marks the copy; primary key.
    MARK = "INSERT INTO instance (name, value) VALUES (:name, 'yes')
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// Copies the database at `source`, as of now, into the empty file at
/// `destination`, and sets the fact `mark` to `yes` in the copy. `go_on` is
/// asked before every step and ends the copy by an error.
pub(crate) fn copy(source: &Path, destination: &Path, mark: &str, mut go_on: impl FnMut() -> Result<()>) -> Result<()> {
    let source = open_reader(source)?;
    let mut copy = open_copy(destination)?;
    // Without a snapshot of our own, every commit of the writer would make the
    // copy begin again (SQLite, sqlite3_backup_step).
    source.prepare(BEGIN).and_then(|mut begin| begin.raw_execute()).map_err(storage_error)?;
    source.query_row(FIRST_READ, [], |_| Ok(())).map_err(storage_error)?;
    let backup = Backup::new(&source, &mut copy).map_err(storage_error)?;
    loop {
        go_on()?;
        failpoint!("backup.step");
        match backup.step(PAGES_PER_STEP).map_err(storage_error)? {
            StepResult::Done => break,
            StepResult::More => {}
            StepResult::Busy | StepResult::Locked | _ => {
                return Err(Error::new(Code::Busy, "the copy's file is in use by somebody else"));
            }
        }
    }
    drop(backup);
    failpoint!("backup.copied");
    leave_wal(&copy)?;
    copy.execute(MARK, named_params! { ":name": mark }).map_err(storage_error)?;
    copy.close().map_err(|(_, cause)| storage_error(cause))
}

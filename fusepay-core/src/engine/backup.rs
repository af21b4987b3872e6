//! Backups: a copy of the live database that knows it is one, and the host's
//! word that a file was restored in place.
//!
//! A copy appears under its name whole and synced, or not at all.

use crate::audit::AuditResult;
use crate::engine::book::ORIGIN;
use crate::engine::config::FilePermissions;
use crate::engine::inner::{Access, Inner};
use crate::engine::open::raise_epoch;
use crate::entropy::random;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::store::audit::AuditDraft;
use crate::store::guard::{Permissions, create_private, is_taken, rename_new, resolve, sibling, sync_directory_of};
use crate::store::instance::COPY;
use crate::store::{audit, backup as pages};
use crate::sync::Ordering;
use crate::vocabulary::Code;
use std::path::{Path, PathBuf};

/// What SQLite may leave beside a database; a stranger's log beside a copy would
/// be replayed into it.
const COMPANIONS: [&str; 3] = ["-wal", "-journal", "-shm"];

/// Copies the live database to a new file.
pub(crate) fn backup(inner: &Inner, access: Access, destination: &Path) -> Result<()> {
    inner.check_open()?;
    crate::store::writer::refuse_reentry()?;
    let destination = judge(inner, destination)?;
    // Held to the end, so that the file stays ours while it is being read.
    let _guard = inner.guard()?;
    record(inner, access, "engine.backup", &destination)?;
    let partial = Partial::create(inner, &destination)?;
    pages::copy(inner.store.path(), &partial.path, COPY, || {
        if inner.is_closing.load(Ordering::Acquire) {
            return Err(Error::new(Code::Closed, "the engine is closing; the backup was given up"));
        }
        Ok(())
    })?;
    failpoint!("backup.marked");
    partial.publish(&destination)?;
    tracing::info!(path = %destination.display(), "backup made");
    Ok(())
}

/// Says that the file was restored in place: whatever waits to be sent is
/// queried first. Answers how many payments that concerns.
pub(crate) fn declare_restored(inner: &Inner, access: Access) -> Result<u32> {
    let incarnation = inner.incarnation;
    inner.write(move |tx, supplies| {
        audit::append(tx, &draft(access, "engine.restored", "file".to_owned()), supplies.wall)?;
        raise_epoch(tx, supplies, incarnation)
    })
}

fn draft(access: Access, action: &'static str, subject: String) -> AuditDraft {
    AuditDraft {
        actor: access.actor(),
        action,
        subject,
        result: AuditResult::Success,
        origin: ORIGIN.to_owned(),
        payload: "{}".to_owned(),
    }
}

/// Where the copy goes, once it is clear that nothing is there yet.
fn judge(inner: &Inner, destination: &Path) -> Result<PathBuf> {
    let permissions = match inner.config.permissions {
        FilePermissions::Strict => Permissions::Strict,
        FilePermissions::Relaxed => Permissions::Relaxed,
    };
    let destination = resolve(destination, permissions).map_err(|error| {
        if error.code() == Code::InvalidConfig {
            return Error::field(Code::InvalidArgument, "destination", error.detail().to_owned());
        }
        error
    })?;
    if is_taken(&destination)? {
        return Err(taken(&destination));
    }
    for suffix in COMPANIONS {
        let companion = sibling(&destination, suffix);
        if is_taken(&companion)? {
            return Err(taken(&companion));
        }
    }
    Ok(destination)
}

fn taken(path: &Path) -> Error {
    let detail = format!("{} exists; a backup never overwrites", path.display());
    Error::field(Code::NotAllowed, "destination", detail)
}

/// Audits the backup before it is made, so that the copy knows of it too. A
/// disk that is full must not keep anybody from saving what is on it.
fn record(inner: &Inner, access: Access, action: &'static str, destination: &Path) -> Result<()> {
    let name = destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let audited =
        inner.write(move |tx, supplies| audit::append(tx, &draft(access, action, name.clone()), supplies.wall));
    match audited {
        Err(error) if matches!(error.code(), Code::StorageFull | Code::ReadOnly) => {
            tracing::warn!(code = error.code().name(), "the backup could not be audited; it is made all the same");
            Ok(())
        }
        other => other,
    }
}

/// A copy in the making, under a name of its own; removed unless published.
struct Partial {
    path: PathBuf,
    file: std::fs::File,
    is_published: bool,
}

impl Partial {
    fn create(inner: &Inner, destination: &Path) -> Result<Self> {
        let tag: [u8; 8] = random(inner.entropy())?;
        let path = sibling(destination, &format!(".{}.partial", crate::canonical::hex(&tag)));
        let file = create_private(&path)?;
        Ok(Partial { path, file, is_published: false })
    }

    /// Syncs the copy, gives it its name, and syncs that.
    fn publish(mut self, destination: &Path) -> Result<()> {
        self.file.sync_all().map_err(|cause| {
            Error::new(Code::StorageFault, format!("the copy could not be synced: {cause}")).with_source(cause)
        })?;
        failpoint!("backup.synced");
        if !rename_new(&self.path, destination)? {
            return Err(taken(destination));
        }
        failpoint!("backup.named");
        self.is_published = true;
        sync_directory_of(destination)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        let left = std::iter::once(self.path.clone()).chain(COMPANIONS.map(|suffix| sibling(&self.path, suffix)));
        for path in left {
            // Most of them never existed.
            let _ = std::fs::remove_file(path);
        }
    }
}

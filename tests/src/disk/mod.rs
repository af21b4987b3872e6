//! A disk that fails on demand, under the real SQL of the engine.
//!
//! It is a VFS of SQLite (<https://www.sqlite.org/vfs.html>) over its own `unix`
//! one, the default of this process from the first [`Disk::mount`] on. The
//! engine knows nothing of it: files below a mounted directory are watched, all
//! others pass straight through. What it can do to a watched file:
//! - count and name the I/O calls ([`Disk::trace`]), and make one of them, or all
//!   from one on, fail ([`Disk::plan`]);
//! - stop the process in place ([`Disk::kill`], [`Fault::kill_at`]): handles open
//!   then are dead, and what they had written stays;
//! - cut the power ([`Disk::cut_power`]): of what was not synced each sector of
//!   512 bytes is as it was, as it became, or anything between, in any order.
//!
//! What it does not see: files that the engine itself opens (its lock file, the
//! directory it syncs), and shared memory once it is mapped.
//!
//! A mounted disk may be used from several threads; [`Disk::cut_power`] wants
//! every handle closed.

#![allow(clippy::expect_used, reason = "a disk that can't be had fails the test that wants it")]

mod fault;
mod patience;
mod unsynced;
mod vfs;

pub use fault::{Call, CallKind, Fault, FaultKind, FileKind};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One mounted directory. Unmounts on drop; files that are open then stay watched.
pub struct Disk {
    watch: Arc<Watch>,
}

impl Disk {
    /// Watches what SQLite opens in `directory` from now on.
    ///
    /// # Panics
    /// When SQLite refuses the VFS, or the directory can't be resolved.
    #[must_use]
    pub fn mount(directory: &Path) -> Disk {
        vfs::register();
        let directory = directory.canonicalize().expect("the directory of a disk");
        let watch = Arc::new(Watch { directory, state: Mutex::default() });
        mounts().push(Arc::clone(&watch));
        Disk { watch }
    }

    /// How many I/O calls there were since the mount or the last [`Disk::forget_calls`].
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.watch.state().calls
    }

    /// Begins to write down each I/O call, and forgets what was written down.
    /// The first is call 1 of a fault planned at this moment.
    pub fn begin_trace(&self) {
        self.watch.state().trace = Some(Vec::new());
    }

    /// The calls since [`Disk::begin_trace`], and ends the trace.
    #[must_use]
    pub fn trace(&self) -> Vec<Call> {
        self.watch.state().trace.take().unwrap_or_default()
    }

    /// Counts calls from 0 again.
    pub fn forget_calls(&self) {
        self.watch.state().calls = 0;
    }

    /// Plans a fault, in place of the last one. Its calls count from now.
    pub fn plan(&self, fault: Fault) {
        let mut state = self.watch.state();
        let from = state.calls + fault.call;
        state.plan = Some(Plan { fault, from, struck: None });
        patience::count_impatient(&mut state.is_impatient, fault.kind == FaultKind::Lock);
    }

    /// Ends every fault. A killed process stays dead.
    pub fn heal(&self) {
        let mut state = self.watch.state();
        state.plan = None;
        patience::count_impatient(&mut state.is_impatient, false);
    }

    /// The first call the planned fault struck, if it has.
    #[must_use]
    pub fn struck(&self) -> Option<Call> {
        self.watch.state().plan.as_ref()?.struck
    }

    /// Ends the life of every handle that is open: from now its calls fail and
    /// change nothing. Drop the engine next; another may open the files then.
    pub fn kill(&self) {
        let mut state = self.watch.state();
        state.kill();
    }

    /// Whether a planned kill has struck since the last [`Disk::revive`].
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.watch.state().is_killed
    }

    /// Lets handles that are opened from now on live, after a kill; what was
    /// written and not synced is still there, as after a `SIGKILL`.
    pub fn revive(&self) {
        let mut state = self.watch.state();
        state.is_killed = false;
        state.plan = None;
        patience::count_impatient(&mut state.is_impatient, false);
    }

    /// Loses what a power cut may lose, then [`Disk::revive`]s. `below(n)` draws
    /// a number in `0..n`. Every handle of the engine must be closed.
    ///
    /// # Panics
    /// When a file can't be written.
    pub fn cut_power(&self, mut below: impl FnMut(u64) -> u64) -> Loss {
        self.kill();
        let mut state = self.watch.state();
        let loss = unsynced::lose(&mut state.files, &mut below);
        for database in std::mem::take(&mut state.databases) {
            // Shared memory belongs to processes, and they are all gone.
            let mut name = database.into_os_string();
            name.push("-shm");
            drop(std::fs::File::options().write(true).truncate(true).open(PathBuf::from(name)));
        }
        drop(state);
        self.revive();
        loss
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.heal();
        mounts().retain(|watch| !Arc::ptr_eq(watch, &self.watch));
    }
}

/// What a power cut did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Loss {
    /// Sectors that had been written since the last sync.
    pub sectors: u64,
    /// Of these, those that are not what was written last.
    pub dropped: u64,
}

/// A mounted directory as the VFS sees it.
struct Watch {
    directory: PathBuf,
    state: Mutex<State>,
}

/// What is known of the files of one directory.
#[derive(Default)]
struct State {
    /// Which life it is: handles of an earlier one are dead.
    life: u64,
    is_killed: bool,
    calls: u64,
    trace: Option<Vec<Call>>,
    plan: Option<Plan>,
    is_impatient: bool,
    files: unsynced::Files,
    /// Databases that were opened: their shared memory goes with the power.
    databases: BTreeSet<PathBuf>,
}

struct Plan {
    fault: Fault,
    from: u64,
    struck: Option<Call>,
}

impl State {
    fn kill(&mut self) {
        self.life += 1;
        self.is_killed = true;
    }

    /// Counts a call of a handle of `life`, and answers what befalls it.
    fn enter(&mut self, life: u64, call: Call) -> Option<FaultKind> {
        if life != self.life || self.is_killed {
            return Some(FaultKind::Kill);
        }
        self.calls += 1;
        if let Some(trace) = &mut self.trace {
            trace.push(call);
        }
        let calls = self.calls;
        let plan = self.plan.as_mut()?;
        let is_due = calls >= plan.from && (plan.fault.is_lasting || plan.struck.is_none());
        if !is_due || !plan.fault.kind.befalls(call) {
            return None;
        }
        plan.struck.get_or_insert(call);
        let kind = plan.fault.kind;
        if kind == FaultKind::Kill {
            self.kill();
        }
        Some(kind)
    }
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static MOUNTS: Mutex<Vec<Arc<Watch>>> = Mutex::new(Vec::new());

fn mounts() -> MutexGuard<'static, Vec<Arc<Watch>>> {
    MOUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The mounted directory a file is in.
fn mount_of(path: &Path) -> Option<Arc<Watch>> {
    mounts().iter().find(|watch| path.starts_with(&watch.directory)).cloned()
}

#[cfg(test)]
mod tests;

//! The one writer, with group commit.
//!
//! There is no writer thread. Whoever finds nobody writing *leads*: it takes
//! everybody who waits, runs each in a savepoint under one `BEGIN IMMEDIATE`,
//! commits once and then answers them all: one fsync pays for all who wait.
//! Before it returns it hands the lead to the next in line. So one caller pays
//! no thread switch, many share a sync, and a host that drives everything on
//! one thread needs nothing else.
//!
//! Members are re-runnable: when the storage rolls the whole transaction back
//! under a member (full disk, I/O error, no memory), each is run again alone.
//! Nobody is answered before `COMMIT`. A `COMMIT` whose result is not known is
//! in doubt for all in it, and poisons the store.

use crate::audit::AuditHead;
use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::store::connection::storage_error;
use crate::store::guard::FileGuard;
use crate::store::seal::{Seals, Sums};
use crate::store::tx::{Heads, Identity, WriteTx};
use crate::sync::{AtomicBool, AtomicU64, Condvar, Mutex, MutexGuard, Ordering, thread_local};
use crate::vocabulary::Code;
use rusqlite::{CachedStatement, Connection, ErrorCode};
use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The most members of one commit: bounds how long the first waits for the last.
const GROUP_MAX: usize = 512;

/// How long maintenance waits for its turn at writing: as long as for SQLite's lock.
const MAINTENANCE_WAIT: Duration = Duration::from_secs(10);

type Answer = Box<dyn Any + Send>;
type Work = Box<dyn FnMut(&WriteTx<'_>) -> Result<Answer> + Send>;

thread_local! {
    /// Whether this thread is inside a transaction of some store.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Refuses calls from inside a transaction.
pub(crate) fn refuse_reentry() -> Result<()> {
    if INSIDE.with(Cell::get) {
        return Err(Error::new(Code::Reentrant, "the engine was called from inside its own transaction"));
    }
    Ok(())
}

/// Marks this thread as being inside a transaction until dropped.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn enter() -> Self {
        INSIDE.with(|inside| inside.set(true));
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.set(false));
    }
}

/// A member of a group: one caller's work and, later, its answer.
struct Member {
    stage: Mutex<Stage>,
    changed: Condvar,
    deadline: Deadline,
}

enum Stage {
    Waiting(Work),
    Leading(Work),
    Running,
    Answered(Result<Answer>),
}

struct Line {
    waiting: VecDeque<Arc<Member>>,
    is_led: bool,
}

pub(crate) struct Writer {
    line: Mutex<Line>,
    connection: Mutex<Option<Guarded>>,
    identity: Identity,
    seals: Seals,
    is_poisoned: AtomicBool,
    commits: AtomicU64,
    members: AtomicU64,
}

/// The connection and the guard that must outlive it.
struct Guarded {
    connection: Connection,
    guard: Arc<FileGuard>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(crate) fn new(connection: Connection, guard: Arc<FileGuard>, identity: Identity, seals: Seals) -> Self {
        Writer {
            line: Mutex::new(Line { waiting: VecDeque::new(), is_led: false }),
            connection: Mutex::new(Some(Guarded { connection, guard })),
            identity,
            seals,
            is_poisoned: AtomicBool::new(false),
            commits: AtomicU64::new(0),
            members: AtomicU64::new(0),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.is_poisoned.load(Ordering::Acquire)
    }

    /// Refuses once a commit is in doubt.
    pub(crate) fn refuse_poisoned(&self) -> Result<()> {
        if !self.is_poisoned() {
            return Ok(());
        }
        Err(Error::new(Code::Poisoned, "an earlier commit is in doubt; close and reopen the engine"))
    }

    /// Commits so far and the members in them: their ratio is what group commit saves.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.commits.load(Ordering::Relaxed), self.members.load(Ordering::Relaxed))
    }

    /// Runs `work` in a transaction that commits, or leaves nothing behind.
    pub(crate) fn write<R: Send + 'static>(
        &self,
        deadline: Deadline,
        mut work: impl FnMut(&WriteTx<'_>) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        refuse_reentry()?;
        let work: Work = Box::new(move |tx| work(tx).map(|answer| Box::new(answer) as Answer));
        let answer = self.queue(work, deadline)?;
        match answer.downcast::<R>() {
            Ok(answer) => Ok(*answer),
            Err(_) => Err(Error::new(Code::Panicked, "the writer mixed up two answers")),
        }
    }

    /// Uses the writing connection outside any group, for maintenance.
    pub(crate) fn exclusively<R>(&self, work: impl FnOnce(&Connection) -> Result<R>) -> Result<R> {
        refuse_reentry()?;
        let guarded = lock(&self.connection);
        let _inside = Inside::enter();
        let Guarded { connection, guard } = guarded.as_ref().ok_or_else(closed)?;
        let _turn = guard.lock_writing(Deadline::after(MAINTENANCE_WAIT))?;
        work(connection)
    }

    /// Closes the connection; every later call answers `Closed`.
    pub(crate) fn close(&self) {
        // The connection goes first: field order is drop order.
        drop(lock(&self.connection).take());
    }

    fn queue(&self, work: Work, deadline: Deadline) -> Result<Answer> {
        let member = Arc::new(Member { stage: Mutex::new(Stage::Waiting(work)), changed: Condvar::new(), deadline });
        let leads = {
            let mut line = lock(&self.line);
            line.waiting.push_back(Arc::clone(&member));
            !std::mem::replace(&mut line.is_led, true)
        };
        if leads || self.wait(&member)? {
            self.lead();
        }
        let mut stage = lock(&member.stage);
        match std::mem::replace(&mut *stage, Stage::Running) {
            Stage::Answered(answer) => answer,
            Stage::Waiting(_) | Stage::Leading(_) | Stage::Running => {
                Err(Error::new(Code::Panicked, "the writer lost a member"))
            }
        }
    }

    /// Waits until answered (false) or asked to lead (true); gives up when the
    /// deadline passes before the work began.
    fn wait(&self, member: &Arc<Member>) -> Result<bool> {
        let mut stage = lock(&member.stage);
        loop {
            match &*stage {
                Stage::Answered(_) => return Ok(false),
                Stage::Leading(_) => return Ok(true),
                Stage::Waiting(_) if member.deadline.is_over() => {
                    drop(stage);
                    if self.leave(member) {
                        return Err(Error::new(Code::Busy, "the deadline passed while waiting for the writer"));
                    }
                    stage = lock(&member.stage);
                }
                Stage::Waiting(_) | Stage::Running => {
                    // Once it runs there is no way back: the answer is waited for.
                    let is_waiting = matches!(&*stage, Stage::Waiting(_));
                    let patience = is_waiting.then(|| member.deadline.remaining()).flatten();
                    stage = match patience {
                        Some(left) => {
                            member.changed.wait_timeout(stage, left).unwrap_or_else(PoisonError::into_inner).0
                        }
                        None => member.changed.wait(stage).unwrap_or_else(PoisonError::into_inner),
                    };
                }
            }
        }
    }

    /// Takes a member out of the line; false when somebody took it up already.
    fn leave(&self, member: &Arc<Member>) -> bool {
        let mut line = lock(&self.line);
        if !matches!(&*lock(&member.stage), Stage::Waiting(_)) {
            return false;
        }
        let before = line.waiting.len();
        line.waiting.retain(|other| !Arc::ptr_eq(other, member));
        line.waiting.len() < before
    }

    /// Takes everybody who waits out of the line, and their work with them. Both
    /// under the lock of the line: a member that has left it can't still look as
    /// if it waited, and give up on work that is about to be done.
    fn take_group(&self) -> (Vec<Arc<Member>>, Vec<Work>) {
        let mut line = lock(&self.line);
        let size = line.waiting.len().min(GROUP_MAX);
        let group: Vec<Arc<Member>> = line.waiting.drain(..size).collect();
        let take = |member: &Arc<Member>| match std::mem::replace(&mut *lock(&member.stage), Stage::Running) {
            Stage::Waiting(work) | Stage::Leading(work) => work,
            Stage::Running | Stage::Answered(_) => {
                Box::new(|_: &WriteTx<'_>| Err(Error::new(Code::Panicked, "the writer met a member twice")))
            }
        };
        let works = group.iter().map(take).collect();
        (group, works)
    }

    /// Runs everybody who waits, answers them, and hands the lead on.
    fn lead(&self) {
        let (group, mut works) = self.take_group();
        let patience = group.iter().filter_map(|member| member.deadline.remaining()).max();
        let answers = self.run_group(&mut works, patience.unwrap_or(Duration::from_secs(3600)));
        for (member, answer) in group.iter().zip(answers) {
            *lock(&member.stage) = Stage::Answered(answer);
            member.changed.notify_one();
        }
        failpoint!("writer.answered");
        let mut line = lock(&self.line);
        match line.waiting.front() {
            Some(next) => {
                let mut stage = lock(&next.stage);
                if let Stage::Waiting(work) = std::mem::replace(&mut *stage, Stage::Running) {
                    *stage = Stage::Leading(work);
                }
                next.changed.notify_one();
            }
            None => line.is_led = false,
        }
    }

    fn run_group(&self, works: &mut [Work], patience: Duration) -> Vec<Result<Answer>> {
        let guarded = lock(&self.connection);
        let _inside = Inside::enter();
        let Some(at) = guarded.as_ref() else {
            return works.iter().map(|_| Err(closed())).collect();
        };
        let _turn = match at.guard.lock_writing(Deadline::after(patience)) {
            Ok(turn) => turn,
            Err(error) => return works.iter().map(|_| Err(again(&error))).collect(),
        };
        match self.try_group(at, works, patience) {
            Ok(answers) => answers,
            Err(GroupEnd::Refused(error)) => works.iter().map(|_| Err(again(&error))).collect(),
            Err(GroupEnd::Gone) => works
                .iter_mut()
                .map(|work| match self.try_group(at, std::slice::from_mut(work), patience) {
                    Ok(mut answers) => answers.pop().unwrap_or_else(|| Err(closed())),
                    Err(GroupEnd::Refused(error)) => Err(error),
                    Err(GroupEnd::Gone) => Err(Error::new(
                        Code::StorageFault,
                        "the storage rolled the transaction back; nothing was written",
                    )),
                })
                .collect(),
        }
    }

    /// One BEGIN … COMMIT over these members.
    fn try_group(
        &self,
        at: &Guarded,
        works: &mut [Work],
        patience: Duration,
    ) -> std::result::Result<Vec<Result<Answer>>, GroupEnd> {
        self.refuse_poisoned().map_err(GroupEnd::Refused)?;
        failpoint!("writer.begin");
        let Guarded { connection, guard } = at;
        guard.check_files().map_err(GroupEnd::Refused)?;
        // Declared first and so dropped last: the end of the transaction changes
        // the index of the log, too.
        let shield;
        let _open =
            OpenTransaction::begin(connection, patience).map_err(|cause| GroupEnd::Refused(storage_error(cause)))?;
        failpoint!("writer.begun");
        shield = guard.shield_commit(Deadline::after(patience));
        let _shielded = shield.as_ref().map_err(|error| GroupEnd::Refused(again(error)))?;
        let heads = load_heads(connection).map_err(GroupEnd::Refused)?;
        let sums = self.seals.load(connection).map_err(GroupEnd::Refused)?;
        let tx = WriteTx::new(connection, heads, &self.identity, &self.seals);
        let is_alone = works.len() == 1;
        let mut answers = Vec::with_capacity(works.len());
        for work in works.iter_mut() {
            match run_member(connection, &self.seals, &tx, work) {
                MemberEnd::Answered(answer) => answers.push(answer),
                // Alone, its own error says more than "gone".
                MemberEnd::Torn(error) if is_alone => return Ok(vec![Err(error)]),
                MemberEnd::Torn(_) => return Err(GroupEnd::Gone),
            }
            failpoint!("writer.member");
        }
        if answers.iter().all(Result::is_err) {
            // Nothing to keep: dropping the open transaction rolls it back.
            return Ok(answers);
        }
        self.seal(connection, sums, is_alone)?;
        failpoint!("writer.commit");
        self.commit(connection)?;
        // Money that went into a file without a name is not acknowledged.
        guard.check_committed().map_err(|cause| self.doubt(cause))?;
        failpoint!("writer.committed");
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.members.fetch_add(answers.len() as u64, Ordering::Relaxed);
        Ok(answers)
    }

    /// Writes the sums of what the members wrote.
    fn seal(&self, connection: &Connection, loaded: Sums, is_alone: bool) -> std::result::Result<(), GroupEnd> {
        self.seals.store(connection, loaded).map_err(|cause| {
            // Rolled back by the storage, as under a member.
            if connection.is_autocommit() && !is_alone {
                return GroupEnd::Gone;
            }
            GroupEnd::Refused(storage_error(cause))
        })
    }

    fn commit(&self, connection: &Connection) -> std::result::Result<(), GroupEnd> {
        let Err(cause) = execute(connection, "COMMIT") else { return Ok(()) };
        // A full disk fails while frames are appended, before the commit frame
        // is whole; its checksum cannot match, so nothing happened. Everything
        // else may have reached the disk (design: a failed sync is in doubt).
        if cause.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return Err(GroupEnd::Refused(storage_error(cause)));
        }
        Err(self.doubt(cause))
    }

    /// The result of a commit is not known: in doubt for all in it.
    fn doubt(&self, cause: impl std::error::Error + Send + Sync + 'static) -> GroupEnd {
        self.is_poisoned.store(true, Ordering::Release);
        let detail =
            format!("the commit may or may not be durable ({cause}); close, reopen, and repeat with the same key");
        GroupEnd::Refused(Error::new(Code::InDoubt, detail).with_source(cause))
    }
}

enum GroupEnd {
    /// All are refused for the same reason.
    Refused(Error),
    /// The storage rolled the transaction back while a member ran.
    Gone,
}

/// What became of one member.
enum MemberEnd {
    /// What it did is in the transaction, or undone when it refused.
    Answered(Result<Answer>),
    /// The transaction is gone, or holds what should have been undone: it must not
    /// be committed.
    Torn(Error),
}

/// Rolls back when dropped, unless the transaction has ended.
struct OpenTransaction<'c> {
    connection: &'c Connection,
    /// Prepared beforehand: where memory has run out, nothing can be prepared.
    rollback: CachedStatement<'c>,
}

impl<'c> OpenTransaction<'c> {
    fn begin(connection: &'c Connection, patience: Duration) -> rusqlite::Result<Self> {
        connection.busy_timeout(patience)?;
        let mut rollback = connection.prepare_cached("ROLLBACK")?;
        if !connection.is_autocommit() {
            // An earlier one could not be rolled back when it ended.
            rollback.raw_execute()?;
        }
        execute(connection, "BEGIN IMMEDIATE")?;
        Ok(OpenTransaction { connection, rollback })
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.connection.is_autocommit() {
            let _ = self.rollback.raw_execute();
        }
    }
}

fn execute(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(|_| ())
}

fn run_member(connection: &Connection, seals: &Seals, tx: &WriteTx<'_>, work: &mut Work) -> MemberEnd {
    let (heads, sums) = (tx.heads(), seals.sums());
    if let Err(cause) = execute(connection, "SAVEPOINT member") {
        return match connection.is_autocommit() {
            true => MemberEnd::Torn(storage_error(cause)),
            false => MemberEnd::Answered(Err(storage_error(cause))),
        };
    }
    let answer = match catch_unwind(AssertUnwindSafe(|| work(tx))) {
        Ok(answer) => answer,
        Err(_) => Err(Error::new(Code::Panicked, "a bug was caught inside a transaction; nothing was written")),
    };
    if connection.is_autocommit() {
        let gone = |_| Error::new(Code::StorageFault, "the storage rolled the transaction back");
        return MemberEnd::Torn(answer.map_or_else(|error| error, gone));
    }
    if answer.is_err() {
        // Refused or not, it may not stay in a transaction that others commit.
        if let Err(cause) = execute(connection, "ROLLBACK TO member") {
            return MemberEnd::Torn(storage_error(cause));
        }
        tx.set_heads(heads);
        seals.set_sums(sums);
    }
    match execute(connection, "RELEASE member") {
        Ok(()) => MemberEnd::Answered(answer),
        Err(cause) => MemberEnd::Torn(storage_error(cause)),
    }
}

/// Reads where the gapless chains end.
pub(crate) fn load_heads(connection: &Connection) -> Result<Heads> {
    let event = connection
        .prepare_cached("SELECT coalesce(max(sequence), 0) FROM event")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map_err(storage_error)?;
    let audit = connection
        .prepare_cached("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        .and_then(|mut s| s.query_row([], |row| Ok(AuditHead::new(row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))));
    let audit = match audit {
        Ok(head) => head,
        Err(rusqlite::Error::QueryReturnedNoRows) => AuditHead::start(),
        Err(cause) => return Err(storage_error(cause)),
    };
    Ok(Heads { event, audit })
}

fn closed() -> Error {
    Error::new(Code::Closed, "the engine has been closed")
}

/// The same error once more, for another member of the group.
fn again(error: &Error) -> Error {
    Error::new(error.code(), error.detail())
}

#[cfg(test)]
#[cfg(feature = "schedules")]
mod schedules;
#[cfg(test)]
#[cfg(not(feature = "schedules"))]
mod tests;

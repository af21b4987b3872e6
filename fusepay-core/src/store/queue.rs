//! SQL of the queue.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::JobId;
use crate::queue::job::{Job, JobCount, Lease};
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{Code, JobKind, JobStatus};
use rusqlite::named_params;

statements! {
    /// One job; primary key.
    JOB_BY_ID = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms
        FROM job WHERE id = :id";
    /// The live job of a subject; job_live.
    JOB_OF_SUBJECT = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms
        FROM job WHERE subject = :subject AND status <> 3";
    /// Jobs that are due, the longest first, but those of blocked providers; job_due.
    JOBS_DUE = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms
        FROM job WHERE status = 1 AND due_ms <= :now
        AND (provider IS NULL OR (kind || ':' || provider) NOT IN (SELECT value FROM json_each(:blocked)))
        ORDER BY due_ms, id LIMIT :limit";
    /// When the next job falls due after now; job_due.
    NEXT_DUE = "SELECT min(due_ms) FROM job WHERE status = 1 AND due_ms > :now";
    /// Dead letters after one, oldest first; job_dead.
    JOBS_DEAD = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms
        FROM job WHERE status = 3 AND id > :after ORDER BY id LIMIT :limit";
    /// Jobs leased past their limit; job_leased.
    JOBS_OVERDUE = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms,
        lease_token FROM job WHERE status = 2 AND lease_incarnation = :incarnation AND lease_until_ms <= :now";
    /// Jobs leased by an engine; job_leased.
    JOBS_LEASED = "SELECT id, kind, status, subject, provider, runs, crashes, due_ms, last_error, created_at_ms, died_at_ms,
        lease_token FROM job WHERE status = 2 AND lease_incarnation = :incarnation";
    /// How many jobs are in each state.
    JOB_COUNTS = "SELECT kind, status, count(*), min(due_ms) FROM job GROUP BY kind, status";
    /// A new job.
    JOB_INSERT = "INSERT INTO job (kind, status, subject, provider, scheduled_ms, due_ms, created_at_ms)
        VALUES (:kind, 1, :subject, :provider, :scheduled, :due, :at)";
    /// Takes a ready job; primary key.
    JOB_CLAIM = "UPDATE job SET status = 2, lease_token = :token, lease_incarnation = :incarnation, lease_until_ms = :until
        WHERE id = :id AND status = 1";
    /// Whether a lease still holds; primary key.
    LEASE_HOLDS = "SELECT 1 FROM job WHERE id = :id AND status = 2 AND lease_token = :token";
    /// Ends a job that is done, if the lease still holds; primary key.
    JOB_FINISH = "DELETE FROM job WHERE id = :id AND status = 2 AND lease_token = :token";
    /// Puts a job back for another run, if the lease still holds; primary key.
    JOB_RETRY = "UPDATE job SET status = 1, lease_token = NULL, lease_incarnation = NULL, lease_until_ms = NULL,
        runs = :runs, scheduled_ms = :now, due_ms = :due, last_error = :error
        WHERE id = :id AND status = 2 AND lease_token = :token";
    /// Makes a job a dead letter, if the lease still holds; primary key.
    JOB_KILL = "UPDATE job SET status = 3, lease_token = NULL, lease_incarnation = NULL, lease_until_ms = NULL,
        runs = :runs, last_error = :error, died_at_ms = :at WHERE id = :id AND status = 2 AND lease_token = :token";
    /// Frees a job whose worker died or hung; primary key.
    JOB_FREE = "UPDATE job SET status = 1, lease_token = NULL, lease_incarnation = NULL, lease_until_ms = NULL,
        crashes = crashes + :crashed, scheduled_ms = :now, due_ms = :now WHERE id = :id AND status = 2";
    /// Counts a crash of the process under a leased job; primary key.
    JOB_CRASHED = "UPDATE job SET crashes = crashes + 1 WHERE id = :id AND status = 2 AND lease_token = :token";
    /// Ends whatever live job a subject has; job_live.
    JOB_CANCEL = "DELETE FROM job WHERE subject = :subject AND status <> 3";
    /// Makes a ready job due earlier, by a run that is not of its schedule and
    /// must not use it up; job_live.
    JOB_HASTEN = "UPDATE job SET due_ms = :now, scheduled_ms = :now, runs = max(0, runs - 1) WHERE subject = :subject AND status <> 3 AND status = 1 AND kind = :kind
        AND due_ms > :now";
    /// Puts a dead letter back in the queue; primary key.
    JOB_REVIVE = "UPDATE job SET status = 1, runs = 0, crashes = 0, scheduled_ms = :now, due_ms = :now, died_at_ms = NULL
        WHERE id = :id AND status = 3";
    /// Closes a dead letter; primary key.
    JOB_RESOLVE = "DELETE FROM job WHERE id = :id AND status = 3";
    /// Closes the dead letters of a subject; job_dead_subject.
    JOB_RESOLVE_SUBJECT = "DELETE FROM job WHERE subject = :subject AND status = 3";
    /// Counts delays again from now for jobs scheduled in what is now the future; job_due.
    JOBS_REBASE = "UPDATE job SET due_ms = :now + max(0, due_ms - scheduled_ms), scheduled_ms = :now
        WHERE status = 1 AND scheduled_ms > :now";
}

fn job(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: JobId(row.int(0)?),
        kind: row.word(1, JobKind::from_number)?,
        status: row.word(2, JobStatus::from_number)?,
        subject: row.array(3)?,
        provider: row.opt_text(4)?,
        runs: row.count(5)?,
        crashes: row.count(6)?,
        due_at: row.time(7)?,
        last_error: row.opt_text(8)?,
        created_at: row.time(9)?,
        died_at: row.opt_time(10)?,
    })
}

fn leased(row: &Row<'_>) -> Result<(Job, Lease)> {
    let job = job(row)?;
    let lease = Lease { job: job.id, token: row.int(11)? };
    Ok((job, lease))
}

/// One job.
pub(crate) fn find(tx: &ReadTx<'_>, id: JobId) -> Result<Job> {
    tx.first(JOB_BY_ID, named_params! { ":id": id.0 }, job)?
        .ok_or_else(|| Error::new(Code::NotFound, "there is no such job"))
}

/// The live job of a subject.
pub(crate) fn of_subject(tx: &ReadTx<'_>, subject: &[u8; 16]) -> Result<Option<Job>> {
    tx.first(JOB_OF_SUBJECT, named_params! { ":subject": subject }, job)
}

/// Jobs that are due, the longest first. `blocked` names job kinds and
/// providers that can't be served now, so that they hide nobody behind them.
pub(crate) fn due(tx: &ReadTx<'_>, now: UnixMillis, blocked: &[(JobKind, String)], limit: u32) -> Result<Vec<Job>> {
    let blocked: Vec<String> = blocked.iter().map(|(kind, provider)| format!("{}:{provider}", kind.number())).collect();
    let blocked = serde_json::to_string(&blocked).unwrap_or_else(|_| "[]".to_owned());
    tx.all(JOBS_DUE, named_params! { ":now": now.0, ":blocked": blocked, ":limit": limit }, job)
}

/// When the next job falls due after now.
pub(crate) fn next_due(tx: &ReadTx<'_>, now: UnixMillis) -> Result<Option<UnixMillis>> {
    Ok(tx.first(NEXT_DUE, named_params! { ":now": now.0 }, |row| row.opt_time(0))?.flatten())
}

/// Dead letters, oldest first, after this one.
pub(crate) fn dead(tx: &ReadTx<'_>, after: JobId, limit: u32) -> Result<Vec<Job>> {
    tx.all(JOBS_DEAD, named_params! { ":after": after.0, ":limit": limit }, job)
}

/// Jobs of this engine whose handler has outlived its time limit.
pub(crate) fn overdue(tx: &ReadTx<'_>, incarnation: i64, now: UnixMillis) -> Result<Vec<(Job, Lease)>> {
    tx.all(JOBS_OVERDUE, named_params! { ":incarnation": incarnation, ":now": now.0 }, leased)
}

/// Jobs leased by an engine.
pub(crate) fn leased_by(tx: &ReadTx<'_>, incarnation: i64) -> Result<Vec<(Job, Lease)>> {
    tx.all(JOBS_LEASED, named_params! { ":incarnation": incarnation }, leased)
}

/// Kind, state, number and earliest due time of all jobs.
pub(crate) fn counts(tx: &ReadTx<'_>) -> Result<Vec<JobCount>> {
    tx.all(JOB_COUNTS, [], |row| {
        Ok(JobCount {
            kind: row.word(0, JobKind::from_number)?,
            status: row.word(1, JobStatus::from_number)?,
            count: row.int(2)?,
            oldest_due: row.opt_time(3)?,
        })
    })
}

/// Queues a job.
pub(crate) fn insert(
    tx: &WriteTx<'_>,
    kind: JobKind,
    subject: &[u8; 16],
    provider: Option<&str>,
    scheduled: UnixMillis,
    delay_ms: u64,
    at: UnixMillis,
) -> Result<JobId> {
    let due = scheduled.plus(i64::try_from(delay_ms).unwrap_or(i64::MAX));
    let params = named_params! {
        ":kind": kind.number(), ":subject": subject, ":provider": provider, ":scheduled": scheduled.0, ":due": due.0,
        ":at": at.0,
    };
    tx.insert(JOB_INSERT, params).map(JobId)
}

/// Leases a ready job; `None` when another worker was faster.
pub(crate) fn claim(
    tx: &WriteTx<'_>,
    id: JobId,
    token: i64,
    incarnation: i64,
    until: UnixMillis,
) -> Result<Option<Lease>> {
    let params = named_params! { ":id": id.0, ":token": token, ":incarnation": incarnation, ":until": until.0 };
    Ok((tx.run(JOB_CLAIM, params)? == 1).then_some(Lease { job: id, token }))
}

/// Whether a lease still holds.
pub(crate) fn holds(tx: &ReadTx<'_>, lease: Lease) -> Result<bool> {
    let params = named_params! { ":id": lease.job.0, ":token": lease.token };
    Ok(tx.first(LEASE_HOLDS, params, |_| Ok(()))?.is_some())
}

/// Ends a job that is done.
pub(crate) fn finish(tx: &WriteTx<'_>, lease: Lease) -> Result<()> {
    demand_lease(tx.run(JOB_FINISH, named_params! { ":id": lease.job.0, ":token": lease.token })?)
}

/// Puts a job back for another run.
pub(crate) fn retry(
    tx: &WriteTx<'_>,
    lease: Lease,
    runs: u32,
    now: UnixMillis,
    delay_ms: u64,
    error: Option<&str>,
) -> Result<()> {
    let due = now.plus(i64::try_from(delay_ms).unwrap_or(i64::MAX));
    let params = named_params! {
        ":id": lease.job.0, ":token": lease.token, ":runs": runs, ":now": now.0, ":due": due.0, ":error": error,
    };
    demand_lease(tx.run(JOB_RETRY, params)?)
}

/// Makes a job a dead letter.
pub(crate) fn kill(tx: &WriteTx<'_>, lease: Lease, runs: u32, error: &str, at: UnixMillis) -> Result<()> {
    let params =
        named_params! { ":id": lease.job.0, ":token": lease.token, ":runs": runs, ":error": error, ":at": at.0 };
    demand_lease(tx.run(JOB_KILL, params)?)
}

/// Frees a job whose worker died (`has_crashed`) or gave it up; its old lease is void.
pub(crate) fn free(tx: &WriteTx<'_>, id: JobId, has_crashed: bool, now: UnixMillis) -> Result<bool> {
    let params = named_params! { ":id": id.0, ":crashed": has_crashed, ":now": now.0 };
    Ok(tx.run(JOB_FREE, params)? == 1)
}

/// Counts a crash of the process under a leased job.
pub(crate) fn count_crash(tx: &WriteTx<'_>, lease: Lease) -> Result<()> {
    demand_lease(tx.run(JOB_CRASHED, named_params! { ":id": lease.job.0, ":token": lease.token })?)
}

/// Ends whatever live job a subject has.
pub(crate) fn cancel(tx: &WriteTx<'_>, subject: &[u8; 16]) -> Result<bool> {
    Ok(tx.run(JOB_CANCEL, named_params! { ":subject": subject })? > 0)
}

/// Makes a waiting job of this kind due now.
pub(crate) fn hasten(tx: &WriteTx<'_>, subject: &[u8; 16], kind: JobKind, now: UnixMillis) -> Result<bool> {
    let params = named_params! { ":subject": subject, ":kind": kind.number(), ":now": now.0 };
    Ok(tx.run(JOB_HASTEN, params)? > 0)
}

/// Puts a dead letter back in the queue.
pub(crate) fn revive(tx: &WriteTx<'_>, id: JobId, now: UnixMillis) -> Result<bool> {
    Ok(tx.run(JOB_REVIVE, named_params! { ":id": id.0, ":now": now.0 })? == 1)
}

/// Closes a dead letter.
pub(crate) fn resolve(tx: &WriteTx<'_>, id: JobId) -> Result<bool> {
    Ok(tx.run(JOB_RESOLVE, named_params! { ":id": id.0 })? == 1)
}

/// Closes the dead letters of a subject; answers how many there were.
pub(crate) fn resolve_subject(tx: &WriteTx<'_>, subject: &[u8; 16]) -> Result<usize> {
    tx.run(JOB_RESOLVE_SUBJECT, named_params! { ":subject": subject })
}

/// Counts delays again from now for jobs that were scheduled in what the clock
/// now calls the future: it went back while no engine was open.
pub(crate) fn rebase(tx: &WriteTx<'_>, now: UnixMillis) -> Result<usize> {
    tx.run(JOBS_REBASE, named_params! { ":now": now.0 })
}

fn demand_lease(changed: usize) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Code::LeaseLost, "another worker has taken this job over; nothing was written"))
}

//! SQL of users, sessions and guesses at passwords.

use crate::auth::lockout::AttemptState;
use crate::auth::profile::fold_name;
use crate::auth::record::{SessionRecord, User};
use crate::auth::refresh::SALT_BYTES;
use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::store::row::Row;
use crate::store::statement::statements;
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{Code, Role, UserStatus};
use rusqlite::named_params;

statements! {
    /// The status of a user; primary key.
    USER_STATUS = "SELECT status FROM user WHERE id = :id";
    /// One user; primary key.
    USER_BY_ID = "SELECT id, email, first_name, last_name, role, status, version, created_at_ms, updated_at_ms,
        password_hash, auth_generation FROM user WHERE id = :id";
    /// One user by address; user_email_unique.
    USER_BY_EMAIL = "SELECT id, email, first_name, last_name, role, status, version, created_at_ms, updated_at_ms,
        password_hash, auth_generation FROM user WHERE email = :email";
    /// The users after one, in the order they came; user_by_creation.
    USERS_AFTER = "SELECT id, email, first_name, last_name, role, status, version, created_at_ms, updated_at_ms,
        password_hash, auth_generation FROM user WHERE (created_at_ms, id) > (:at, :id)
        ORDER BY created_at_ms, id LIMIT :limit";
    /// The users whose address or name begins so, after one; user_by_creation,
    /// looking at each user on the way. The text is compared, it is no pattern.
    USERS_SEARCH = "SELECT id, email, first_name, last_name, role, status, version, created_at_ms, updated_at_ms,
        password_hash, auth_generation FROM user WHERE (created_at_ms, id) > (:at, :id)
        AND (substr(email, 1, length(:text)) = :text OR substr(first_name_folded, 1, length(:text)) = :text
        OR substr(last_name_folded, 1, length(:text)) = :text) ORDER BY created_at_ms, id LIMIT :limit";
    /// A new user.
    USER_INSERT = "INSERT INTO user (id, email, first_name, last_name, first_name_folded, last_name_folded, role, status,
        password_hash, auth_generation, version, created_at_ms, updated_at_ms) VALUES (:id, :email, :first, :last,
        :first_folded, :last_folded, :role, :status, :hash, 1, 1, :at, :at)";
    /// What changed of a user, if nothing else did meanwhile; primary key.
    USER_UPDATE = "UPDATE user SET first_name = :first, last_name = :last, first_name_folded = :first_folded,
        last_name_folded = :last_folded, role = :role, status = :status, password_hash = :hash,
        auth_generation = :generation, version = version + 1, updated_at_ms = :at
        WHERE id = :id AND version = :version";
    /// The same password, hashed at a higher cost, if it is still the same; primary key.
    USER_REHASH = "UPDATE user SET password_hash = :after WHERE id = :id AND password_hash = :before";
    /// How many admins may act; user_by_role.
    ADMIN_COUNT = "SELECT count(*) FROM user WHERE role = :role AND status = :status";
    /// A new session.
    SESSION_INSERT = "INSERT INTO session (id, user_id, auth_generation, refresh_salt, refresh_counter, device,
        created_at_ms, rotated_at_ms) VALUES (:id, :user, :generation, :salt, :counter, :device, :at, :at)";
    /// One session; primary key.
    SESSION_BY_ID = "SELECT id, user_id, auth_generation, refresh_salt, refresh_counter, device, created_at_ms,
        rotated_at_ms FROM session WHERE id = :id";
    /// The sessions of a user, newest first; session_by_user.
    SESSIONS_OF_USER = "SELECT id, user_id, auth_generation, refresh_salt, refresh_counter, device, created_at_ms,
        rotated_at_ms FROM session WHERE user_id = :user ORDER BY created_at_ms DESC, id DESC";
    /// What decides whether a token lives; primary keys.
    STANDING = "SELECT u.status, u.role, u.auth_generation, s.auth_generation, s.created_at_ms, s.rotated_at_ms,
        s.revoked_at_ms FROM session s JOIN user u ON u.id = s.user_id WHERE s.id = :session AND s.user_id = :user";
    /// The next refresh token, if nobody else was faster; primary key.
    SESSION_ROTATE = "UPDATE session SET refresh_counter = :after, rotated_at_ms = :at
        WHERE id = :id AND refresh_counter = :before AND revoked_at_ms IS NULL";
    /// Ends a session; primary key.
    SESSION_REVOKE = "UPDATE session SET revoked_at_ms = :at WHERE id = :id AND revoked_at_ms IS NULL";
    /// Forgets the sessions of a user that are dead anyway; session_by_user.
    SESSIONS_FORGET = "DELETE FROM session WHERE user_id = :user AND (revoked_at_ms IS NOT NULL
        OR auth_generation <> :generation OR created_at_ms <= :oldest OR rotated_at_ms <= :idlest)";
    /// The guesses at one name; primary key.
    ATTEMPTS = "SELECT failures, reserved, reserved_at_ms, locked_until_ms FROM login_attempt
        WHERE purpose = :purpose AND subject_hash = :subject";
    /// Sets the guesses at one name; primary key.
    ATTEMPTS_SET = "INSERT INTO login_attempt (purpose, subject_hash, failures, reserved, reserved_at_ms,
        locked_until_ms, updated_at_ms) VALUES (:purpose, :subject, :failures, :reserved, :reserved_at, :locked_until, :at)
        ON CONFLICT (purpose, subject_hash) DO UPDATE SET failures = excluded.failures, reserved = excluded.reserved,
        reserved_at_ms = excluded.reserved_at_ms, locked_until_ms = excluded.locked_until_ms,
        updated_at_ms = excluded.updated_at_ms";
    /// Nothing is held against one name any more; primary key.
    ATTEMPTS_CLEAR = "DELETE FROM login_attempt WHERE purpose = :purpose AND subject_hash = :subject";
    /// Forgets names that have been quiet for long, a few at a time; login_attempt_by_age.
    ATTEMPTS_FORGET = "DELETE FROM login_attempt WHERE (purpose, subject_hash) IN (SELECT purpose, subject_hash
        FROM login_attempt WHERE updated_at_ms < :before ORDER BY updated_at_ms LIMIT 4)";
    /// Names with guesses under way, or locked for longer than a lock lasts; few, a scan by design.
    ATTEMPTS_ODD = "SELECT failures, reserved, reserved_at_ms, locked_until_ms, purpose, subject_hash FROM login_attempt
        WHERE reserved > 0 OR locked_until_ms > :latest";
}

/// A user with what only the engine may see.
#[derive(Clone)]
pub(crate) struct UserRow {
    pub(crate) user: User,
    pub(crate) password_hash: String,
    pub(crate) generation: i64,
}

/// A session with what only the engine may see.
#[derive(Clone)]
pub(crate) struct SessionRow {
    pub(crate) record: SessionRecord,
    pub(crate) generation: i64,
    pub(crate) salt: [u8; SALT_BYTES],
    pub(crate) counter: u64,
}

/// What decides whether a session's tokens are accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) status: UserStatus,
    pub(crate) role: Role,
    pub(crate) user_generation: i64,
    pub(crate) session_generation: i64,
    pub(crate) created_at: UnixMillis,
    pub(crate) rotated_at: UnixMillis,
    pub(crate) revoked_at: Option<UnixMillis>,
}

/// Whose guesses: what is guessed, and a hash of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) purpose: u16,
    pub(crate) hash: [u8; 32],
}

fn user_row(row: &Row<'_>) -> Result<UserRow> {
    let user = User {
        id: row.id(0, UserId::from_bytes)?,
        email: row.text(1)?,
        first_name: row.text(2)?,
        last_name: row.text(3)?,
        role: row.word(4, Role::from_number)?,
        status: row.word(5, UserStatus::from_number)?,
        version: row.int(6)?,
        created_at: row.time(7)?,
        updated_at: row.time(8)?,
    };
    Ok(UserRow { user, password_hash: row.text(9)?, generation: row.int(10)? })
}

fn session_row(row: &Row<'_>) -> Result<SessionRow> {
    let record = SessionRecord {
        id: row.id(0, SessionId::from_bytes)?,
        user_id: row.id(1, UserId::from_bytes)?,
        device: row.text(5)?,
        created_at: row.time(6)?,
        refreshed_at: row.time(7)?,
    };
    let counter = row.int(4)?.unsigned_abs();
    Ok(SessionRow { record, generation: row.int(2)?, salt: row.array(3)?, counter })
}

fn attempt_state(row: &Row<'_>) -> Result<AttemptState> {
    Ok(AttemptState {
        failures: row.count(0)?,
        reserved: row.count(1)?,
        reserved_at: row.opt_time(2)?,
        locked_until: row.opt_time(3)?,
    })
}

/// Refuses a user that does not exist or may not act.
pub(crate) fn demand_active_user(tx: &ReadTx<'_>, user: UserId) -> Result<()> {
    let status =
        tx.first(USER_STATUS, named_params! { ":id": user.as_bytes() }, |row| row.word(0, UserStatus::from_number))?;
    match status {
        Some(UserStatus::Active) => Ok(()),
        Some(UserStatus::Deactivated) => Err(Error::new(Code::NotAllowed, "the user is deactivated")),
        None => Err(no_such_user()),
    }
}

/// One user.
pub(crate) fn find(tx: &ReadTx<'_>, id: UserId) -> Result<UserRow> {
    tx.first(USER_BY_ID, named_params! { ":id": id.as_bytes() }, user_row)?.ok_or_else(no_such_user)
}

/// The user with this address, in lower case.
pub(crate) fn find_by_email(tx: &ReadTx<'_>, email: &str) -> Result<Option<UserRow>> {
    tx.first(USER_BY_EMAIL, named_params! { ":email": email }, user_row)
}

/// Users in the order they came, after a moment and an id.
pub(crate) fn users_after(tx: &ReadTx<'_>, after: (UnixMillis, UserId), limit: u32) -> Result<Vec<User>> {
    let params = named_params! { ":at": after.0.0, ":id": after.1.as_bytes(), ":limit": limit };
    tx.all(USERS_AFTER, params, |row| Ok(user_row(row)?.user))
}

/// As [`users_after`], of those whose address or a name begins with `text`, folded.
pub(crate) fn search(tx: &ReadTx<'_>, text: &str, after: (UnixMillis, UserId), limit: u32) -> Result<Vec<User>> {
    let params = named_params! { ":text": text, ":at": after.0.0, ":id": after.1.as_bytes(), ":limit": limit };
    tx.all(USERS_SEARCH, params, |row| Ok(user_row(row)?.user))
}

/// Writes a new user.
pub(crate) fn insert(tx: &WriteTx<'_>, new: &User, password_hash: &str) -> Result<()> {
    tx.run(
        USER_INSERT,
        named_params! {
            ":id": new.id.as_bytes(),
            ":email": new.email,
            ":first": new.first_name,
            ":last": new.last_name,
            ":first_folded": fold_name(&new.first_name),
            ":last_folded": fold_name(&new.last_name),
            ":role": new.role.number(),
            ":status": new.status.number(),
            ":hash": password_hash,
            ":at": new.created_at.0,
        },
    )
    .map(|_| ())
}

/// Writes a changed user; its version rises. Refused as a conflict when it is
/// no longer the one that was read.
pub(crate) fn update(tx: &WriteTx<'_>, changed: &mut UserRow, at: UnixMillis) -> Result<()> {
    let written = tx.run(
        USER_UPDATE,
        named_params! {
            ":id": changed.user.id.as_bytes(),
            ":first": changed.user.first_name,
            ":last": changed.user.last_name,
            ":first_folded": fold_name(&changed.user.first_name),
            ":last_folded": fold_name(&changed.user.last_name),
            ":role": changed.user.role.number(),
            ":status": changed.user.status.number(),
            ":hash": changed.password_hash,
            ":generation": changed.generation,
            ":version": changed.user.version,
            ":at": at.0,
        },
    )?;
    if written != 1 {
        return Err(Error::new(Code::Conflict, "the user changed under this transaction; repeat it"));
    }
    changed.user.version = changed.user.version.saturating_add(1);
    changed.user.updated_at = at;
    Ok(())
}

/// Replaces a hash by a dearer one of the same password, if it is still there.
pub(crate) fn rehash(tx: &WriteTx<'_>, id: UserId, before: &str, after: &str) -> Result<()> {
    tx.run(USER_REHASH, named_params! { ":id": id.as_bytes(), ":before": before, ":after": after }).map(|_| ())
}

/// How many admins may act.
pub(crate) fn active_admins(tx: &ReadTx<'_>) -> Result<u64> {
    let params = named_params! { ":role": Role::Admin.number(), ":status": UserStatus::Active.number() };
    Ok(tx.first(ADMIN_COUNT, params, |row| row.int(0))?.unwrap_or(0).unsigned_abs())
}

/// Writes a new session.
pub(crate) fn insert_session(tx: &WriteTx<'_>, new: &SessionRow) -> Result<()> {
    tx.run(
        SESSION_INSERT,
        named_params! {
            ":id": new.record.id.as_bytes(),
            ":user": new.record.user_id.as_bytes(),
            ":generation": new.generation,
            ":salt": new.salt,
            ":counter": stored_counter(new.counter),
            ":device": new.record.device,
            ":at": new.record.created_at.0,
        },
    )
    .map(|_| ())
}

/// One session.
pub(crate) fn find_session(tx: &ReadTx<'_>, id: SessionId) -> Result<Option<SessionRow>> {
    tx.first(SESSION_BY_ID, named_params! { ":id": id.as_bytes() }, session_row)
}

/// The sessions of a user, newest first, dead ones too.
pub(crate) fn sessions_of_user(tx: &ReadTx<'_>, user: UserId) -> Result<Vec<SessionRow>> {
    tx.all(SESSIONS_OF_USER, named_params! { ":user": user.as_bytes() }, session_row)
}

/// How a session of a user stands, if there is one.
pub(crate) fn standing(tx: &ReadTx<'_>, user: UserId, session: SessionId) -> Result<Option<Standing>> {
    tx.first(STANDING, named_params! { ":user": user.as_bytes(), ":session": session.as_bytes() }, |row| {
        Ok(Standing {
            status: row.word(0, UserStatus::from_number)?,
            role: row.word(1, Role::from_number)?,
            user_generation: row.int(2)?,
            session_generation: row.int(3)?,
            created_at: row.time(4)?,
            rotated_at: row.time(5)?,
            revoked_at: row.opt_time(6)?,
        })
    })
}

/// Makes the next refresh token the current one; refused as a conflict when it
/// is not next any more.
pub(crate) fn rotate(tx: &WriteTx<'_>, id: SessionId, before: u64, after: u64, at: UnixMillis) -> Result<()> {
    let params = named_params! {
        ":id": id.as_bytes(), ":before": stored_counter(before), ":after": stored_counter(after), ":at": at.0,
    };
    if tx.run(SESSION_ROTATE, params)? == 1 {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "the session changed under this transaction; repeat it"))
}

/// Ends a session; false when it had ended before.
pub(crate) fn revoke(tx: &WriteTx<'_>, id: SessionId, at: UnixMillis) -> Result<bool> {
    Ok(tx.run(SESSION_REVOKE, named_params! { ":id": id.as_bytes(), ":at": at.0 })? > 0)
}

/// Forgets the sessions of a user that are dead anyway: revoked, of an older
/// generation, begun by `oldest` or last refreshed by `idlest`.
pub(crate) fn forget_dead_sessions(
    tx: &WriteTx<'_>,
    user: UserId,
    generation: i64,
    oldest: UnixMillis,
    idlest: UnixMillis,
) -> Result<()> {
    let params = named_params! {
        ":user": user.as_bytes(), ":generation": generation, ":oldest": oldest.0, ":idlest": idlest.0,
    };
    tx.run(SESSIONS_FORGET, params).map(|_| ())
}

/// The guesses at one name.
pub(crate) fn attempts(tx: &ReadTx<'_>, subject: Subject) -> Result<AttemptState> {
    let params = named_params! { ":purpose": subject.purpose, ":subject": subject.hash };
    Ok(tx.first(ATTEMPTS, params, attempt_state)?.unwrap_or_default())
}

/// Sets the guesses at one name; a name nothing is held against leaves no row.
pub(crate) fn set_attempts(tx: &WriteTx<'_>, subject: Subject, state: &AttemptState, at: UnixMillis) -> Result<()> {
    if *state == AttemptState::default() {
        let params = named_params! { ":purpose": subject.purpose, ":subject": subject.hash };
        return tx.run(ATTEMPTS_CLEAR, params).map(|_| ());
    }
    tx.run(
        ATTEMPTS_SET,
        named_params! {
            ":purpose": subject.purpose,
            ":subject": subject.hash,
            ":failures": state.failures,
            ":reserved": state.reserved,
            ":reserved_at": state.reserved_at.map(|at| at.0),
            ":locked_until": state.locked_until.map(|until| until.0),
            ":at": at.0,
        },
    )
    .map(|_| ())
}

/// Forgets a few names nobody has tried since `before`.
pub(crate) fn forget_attempts(tx: &WriteTx<'_>, before: UnixMillis) -> Result<()> {
    tx.run(ATTEMPTS_FORGET, named_params! { ":before": before.0 }).map(|_| ())
}

/// Names with guesses under way, or locked beyond `latest`.
pub(crate) fn odd_attempts(tx: &ReadTx<'_>, latest: UnixMillis) -> Result<Vec<(Subject, AttemptState)>> {
    tx.all(ATTEMPTS_ODD, named_params! { ":latest": latest.0 }, |row| {
        let purpose = u16::try_from(row.int(4)?).unwrap_or(0);
        Ok((Subject { purpose, hash: row.array(5)? }, attempt_state(row)?))
    })
}

fn stored_counter(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

fn no_such_user() -> Error {
    Error::new(Code::NotFound, "there is no such user")
}

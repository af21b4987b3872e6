//! How a session begins and gets its tokens, and how a new password is hashed.

use crate::auth::hashing;
use crate::auth::record::{SessionRecord, Tokens};
use crate::auth::refresh::{self, SALT_BYTES};
use crate::auth::token::{AccessRequest, issue_access};
use crate::clock::Deadline;
use crate::engine::inner::Inner;
use crate::entropy::{Supplies, random};
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::secret::Secret;
use crate::store::auth::{SessionRow, UserRow};
use crate::store::tx::WriteTx;

/// Hashes a new password, through the gate.
pub(crate) fn hash_password(inner: &Inner, password: &Secret, deadline: Deadline) -> Result<String> {
    let salt = random(inner.entropy())?;
    let (cost, pepper) = (inner.config.hash_cost, inner.config.pepper.as_ref());
    inner.auth.gate.evaluate(deadline, || hashing::hash_password(password, salt, cost, pepper))
}

/// Begins a session of a user, in a commit that is under way, and forgets those
/// that are dead.
pub(crate) fn begin_session(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    lifetimes: Lifetimes,
    user: &UserRow,
    device: &str,
) -> Result<SessionRow> {
    let now = supplies.wall;
    let (oldest, idlest) = (now.plus(-lifetimes.absolute_ms), now.plus(-lifetimes.idle_ms));
    crate::store::auth::forget_dead_sessions(tx, user.user.id, user.generation, oldest, idlest)?;
    let salt: [u8; SALT_BYTES] = random(supplies)?;
    let record = SessionRecord {
        id: SessionId::mint(supplies, now)?,
        user_id: user.user.id,
        device: device.to_owned(),
        created_at: now,
        refreshed_at: now,
    };
    let session = SessionRow { record, generation: user.generation, salt, counter: 1 };
    crate::store::auth::insert_session(tx, &session)?;
    Ok(session)
}

/// How long a session lasts, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    idle_ms: i64,
    absolute_ms: i64,
}

impl Lifetimes {
    pub(crate) fn of(inner: &Inner) -> Self {
        let tokens = &inner.config.tokens;
        Lifetimes {
            idle_ms: tokens.refresh_idle_s.saturating_mul(1000),
            absolute_ms: tokens.refresh_absolute_s.saturating_mul(1000),
        }
    }
}

/// Makes the tokens of a session: a new access token, and the refresh token of
/// this number.
pub(crate) fn issue(inner: &Inner, user: UserId, session: &SessionRow, counter: u64) -> Result<Tokens> {
    let policy = &inner.config.tokens;
    let request = AccessRequest {
        user,
        session: session.record.id,
        generation: session.generation,
        jti: random(inner.entropy())?,
        now: inner.clock().wall(),
    };
    let keys = inner.auth.keys();
    let access = issue_access(&keys, policy, &request)?;
    let refresh = refresh::issue(&keys, session.record.id, &session.salt, counter)?;
    let issued_s = request.now.0.div_euclid(1000);
    Ok(Tokens {
        user_id: user,
        session_id: session.record.id,
        access,
        access_expires_at: crate::clock::UnixMillis(
            issued_s.saturating_add(policy.access_lifetime_s).saturating_mul(1000),
        ),
        refresh: refresh.expose_text().unwrap_or_default().to_owned(),
    })
}

/// Checks what a host calls a device: up to 100 bytes, no control characters.
pub(crate) fn check_device(device: &str) -> Result<()> {
    if device.is_empty() { Ok(()) } else { crate::engine::inner::check_text("device", device, 100) }
}

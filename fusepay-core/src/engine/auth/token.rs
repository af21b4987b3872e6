//! Tokens at work: who an access token stands for, and the next pair for a
//! refresh token.

use crate::audit::{Actor, AuditResult};
use crate::auth::record::{Principal, Tokens};
use crate::auth::refresh::{self, RefreshDecision, RefreshFacts, is_over};
use crate::auth::token::{AccessClaims, TokenPolicy, invalid_token, verify_access};
use crate::clock::UnixMillis;
use crate::engine::auth::issue::issue;
use crate::engine::book::Book;
use crate::engine::inner::Inner;
use crate::entropy::Supplies;
use crate::error::Result;
use crate::event::EventDraft;
use crate::id::{SessionId, UserId};
use crate::store::auth::{self, SessionRow, Standing};
use crate::store::tx::{ReadTx, WriteTx};
use crate::vocabulary::{EventName, UserStatus};

/// Whom an access token stands for now: the claims, then one read.
pub(crate) fn verify(inner: &Inner, access: &str) -> Result<Principal> {
    let now = inner.clock().wall();
    let claims = verify_access(&inner.auth.keys(), &inner.config.tokens, now, access)?;
    let found = inner.read(|tx| auth::standing(tx, claims.user, claims.session))?;
    let standing = found.filter(|found| is_live(found, now, &inner.config.tokens)).ok_or_else(invalid_token)?;
    principal(&claims, &standing)
}

fn principal(claims: &AccessClaims, standing: &Standing) -> Result<Principal> {
    if claims.generation != standing.user_generation {
        return Err(invalid_token());
    }
    Ok(Principal { user_id: claims.user, session_id: claims.session, role: standing.role })
}

/// Whether a session may still be used, by everything that can end it.
pub(crate) fn is_live(standing: &Standing, now: UnixMillis, policy: &TokenPolicy) -> bool {
    standing.status == UserStatus::Active
        && standing.user_generation == standing.session_generation
        && standing.revoked_at.is_none()
        && !is_over(standing.created_at, standing.rotated_at, now, policy)
}

/// Refuses, inside a commit, a session that has ended meanwhile.
pub(crate) fn demand_live(
    tx: &ReadTx<'_>,
    user: UserId,
    session: SessionId,
    now: UnixMillis,
    policy: &TokenPolicy,
) -> Result<()> {
    match auth::standing(tx, user, session)? {
        Some(standing) if is_live(&standing, now, policy) => Ok(()),
        Some(_) | None => Err(invalid_token()),
    }
}

/// The next tokens of a session. A refresh token spent before ends the session:
/// two parties hold it.
pub(crate) fn refresh(inner: &Inner, text: &str) -> Result<Tokens> {
    inner.check_open()?;
    let parsed = refresh::parse(text)?;
    let stored = inner.read(|tx| auth::find_session(tx, parsed.session))?.ok_or_else(invalid_token)?;
    // Forgeries end here and never reach the writer. The salt never changes.
    if !refresh::verify(&inner.auth.keys(), inner.clock().wall(), &parsed, &stored.salt) {
        return Err(invalid_token());
    }
    let (presented, policy) = (parsed.counter, inner.config.tokens.clone());
    let renewed = inner.write(move |tx, supplies| renew(tx, supplies, stored.record.id, presented, &policy))?;
    let session = renewed.ok_or_else(invalid_token)?;
    issue(inner, session.record.user_id, &session, session.counter)
}

/// Decides in the commit; a refusal is an answer, because what it found out
/// about a stolen token must be committed.
fn renew(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    id: SessionId,
    presented: u64,
    policy: &TokenPolicy,
) -> Result<Option<SessionRow>> {
    let now = supplies.wall;
    let Some(mut session) = auth::find_session(tx, id)? else { return Ok(None) };
    let standing = auth::standing(tx, session.record.user_id, id)?;
    if !standing.is_some_and(|standing| is_live(&standing, now, policy)) {
        return Ok(None);
    }
    let facts = RefreshFacts { presented, current: session.counter, rotated_at: session.record.refreshed_at, now };
    match refresh::decide(&facts, policy) {
        RefreshDecision::Rotate { counter } => {
            auth::rotate(tx, id, session.counter, counter, now)?;
            session.counter = counter;
            Ok(Some(session))
        }
        RefreshDecision::Repeat { counter } => {
            session.counter = counter;
            Ok(Some(session))
        }
        RefreshDecision::Reuse => {
            auth::revoke(tx, id, now)?;
            let draft =
                EventDraft::new(EventName::TokenReused).user(session.record.user_id).text("session", id.to_string());
            let book = Book::open(tx, supplies);
            book.event(&draft)?;
            // Who presented it is exactly what is not known.
            book.audit_as(AuditResult::Failure, Actor::Host, draft.name().name(), session.record.user_id, &draft)?;
            Ok(None)
        }
    }
}

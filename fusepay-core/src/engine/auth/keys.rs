//! Changing the keys tokens are signed with. The ring is this process's memory;
//! the host gives every process, and the next open, the same.

use crate::audit::{Actor, AuditResult};
use crate::auth::keyring::KeyRing;
use crate::clock::UnixMillis;
use crate::engine::book::ORIGIN;
use crate::engine::inner::Inner;
use crate::error::Result;
use crate::secret::Secret;
use crate::store::audit::{self, AuditDraft};

/// Signs with another key from now on.
pub(crate) fn rotate(inner: &Inner, kid: &str, key: &Secret, old_not_after: UnixMillis) -> Result<()> {
    change(inner, "auth.key.rotated", kid, |ring| ring.rotate(kid, key.clone(), old_not_after))
}

/// Forgets a key that only verifies: all its tokens are dead at once.
pub(crate) fn retire(inner: &Inner, kid: &str) -> Result<()> {
    change(inner, "auth.key.retired", kid, |ring| ring.retire(kid))
}

/// Changes a copy, writes it down, and only then puts it in the place of the
/// ring. Changes go one after the other; nothing in the commit asks for keys.
fn change(
    inner: &Inner,
    action: &'static str,
    kid: &str,
    change: impl FnOnce(&mut KeyRing) -> Result<()>,
) -> Result<()> {
    inner.check_open()?;
    let mut keys = inner.auth.keys_to_change();
    let mut changed = keys.clone();
    change(&mut changed)?;
    let kid = kid.to_owned();
    inner.write(move |tx, supplies| {
        let draft = AuditDraft {
            actor: Actor::Host,
            action,
            subject: kid.clone(),
            result: AuditResult::Success,
            origin: ORIGIN.to_owned(),
            payload: "{}".to_owned(),
        };
        audit::append(tx, &draft, supplies.wall)
    })?;
    *keys = changed;
    Ok(())
}

//! The audit chain: who did what to what, each entry bound to the one before.
//!
//! The hash of an entry is SHA-256 (HMAC-SHA-256 when the host configured a
//! key) over a canonical, length-prefixed encoding of, in this order: version,
//! sequence, instance, time, actor, action, subject, result, origin, hash of
//! the payload, hash of the previous entry. Sequences run from 1 without gaps;
//! before the first entry stands [`AuditHead::start`]. A host that keeps the
//! head elsewhere also notices a chain that was cut off at its end.
//!
//! All text has its control characters escaped before it is hashed or stored,
//! so that no name or reference can forge a line where the trail is shown.
#![allow(dead_code, reason = "used by the engine")]

use crate::canonical::{Canonical, from_hex, hex};
use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{InstanceId, UserId};
use crate::secret::Secret;
use crate::vocabulary::Code;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The version of the encoding. A change of the encoding is a new version.
const VERSION: u8 = 1;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The host program, through its own interface.
    Host,
    /// A user, through a session.
    User(UserId),
    /// The engine itself: the worker, recovery.
    System,
}

impl Actor {
    /// `host`, `system`, or the user's id: what is hashed, stored and shown.
    pub(crate) fn to_text(self) -> String {
        match self {
            Actor::Host => "host".to_owned(),
            Actor::User(user) => user.to_string(),
            Actor::System => "system".to_owned(),
        }
    }

    /// The actor that [`Actor::to_text`] wrote.
    ///
    /// # Errors
    /// [`Code::Corrupt`].
    pub(crate) fn from_text(text: &str) -> Result<Self> {
        match text {
            "host" => Ok(Actor::Host),
            "system" => Ok(Actor::System),
            id => id.parse().map(Actor::User).map_err(|_| Error::new(Code::Corrupt, "an audit entry has no actor")),
        }
    }
}

/// Whether it was done or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditResult {
    /// It was done.
    Success,
    /// It was refused or failed.
    Failure,
}

impl AuditResult {
    /// `success` or `failure`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AuditResult::Success => "success",
            AuditResult::Failure => "failure",
        }
    }

    /// The result with this name.
    ///
    /// # Errors
    /// [`Code::Corrupt`].
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match name {
            "success" => Ok(AuditResult::Success),
            "failure" => Ok(AuditResult::Failure),
            _ => Err(Error::new(Code::Corrupt, "an audit entry has no result")),
        }
    }
}

/// Text of an audit entry: exactly the bytes that are hashed and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditText(String);

impl AuditText {
    /// Takes text from outside; control characters become `\u{a}` and the like.
    pub(crate) fn escaped(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for character in text.chars() {
            // U+2028 and U+2029 end lines in many viewers though they are no control characters.
            if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
                out.extend(character.escape_unicode());
            } else {
                out.push(character);
            }
        }
        AuditText(out)
    }

    /// Takes text from a stored entry as it is, so that a change shows in the hash.
    pub(crate) fn stored(text: String) -> Self {
        AuditText(text)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One entry of the chain, without its own hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    /// From 1, without gaps.
    pub(crate) sequence: u64,
    /// The database it belongs to, so that an entry can't move to another file.
    pub(crate) instance: InstanceId,
    /// When, by the wall clock.
    pub(crate) at: UnixMillis,
    /// Who.
    pub(crate) actor: Actor,
    /// What: the name of an event, or of an operation.
    pub(crate) action: AuditText,
    /// To what: an id, or the hash of a name that must not be shown.
    pub(crate) subject: AuditText,
    /// Done or refused.
    pub(crate) result: AuditResult,
    /// From where: what the host says about the caller's device or address.
    pub(crate) origin: AuditText,
    /// SHA-256 of the details ([`payload_hash`]).
    pub(crate) payload_hash: [u8; 32],
    /// The hash of the entry before.
    pub(crate) previous: [u8; 32],
}

impl AuditEntry {
    fn encode(&self) -> Canonical {
        Canonical::new("fusepay.audit", VERSION)
            .bytes(&self.sequence.to_be_bytes())
            .bytes(self.instance.as_bytes())
            .number(self.at.0)
            .text(&self.actor.to_text())
            .text(self.action.as_str())
            .text(self.subject.as_str())
            .text(self.result.name())
            .text(self.origin.as_str())
            .bytes(&self.payload_hash)
            .bytes(&self.previous)
    }
}

/// SHA-256 of an entry's details.
pub(crate) fn payload_hash(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// The hash of an entry, keyed when there is a key.
pub(crate) fn link(key: Option<&Secret>, entry: &AuditEntry) -> [u8; 32] {
    let encoded = entry.encode();
    match key {
        None => encoded.sha256(),
        Some(key) => {
            let mut mac = Hmac::<Sha256>::new((&*block_key(key.expose())).into());
            mac.update(encoded.as_bytes());
            mac.finalize().into_bytes().into()
        }
    }
}

/// A key as RFC 2104 fits it to the hash's block: hashed when longer, zeros
/// behind it when shorter. Done here because it can't fail, unlike a slice.
fn block_key(key: &[u8]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0u8; 64]);
    let hashed: Zeroizing<[u8; 32]>;
    let bytes: &[u8] = if key.len() > 64 {
        hashed = Zeroizing::new(Sha256::digest(key).into());
        &*hashed
    } else {
        key
    };
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

/// Checks one stored entry against the head before it; gives the head after it.
///
/// # Errors
/// [`Code::Corrupt`] naming the sequence, when it is out of order, does not
/// follow from the entry before, or its hash is wrong (also with a wrong key).
pub(crate) fn verify_link(
    key: Option<&Secret>,
    before: &AuditHead,
    entry: &AuditEntry,
    stored: &[u8; 32],
) -> Result<AuditHead> {
    let due = before.sequence.saturating_add(1);
    let broken = |why: &str| Err(Error::new(Code::Corrupt, format!("audit entry {due} {why}")));
    if entry.sequence != due {
        return broken("is missing or out of order");
    }
    if !bool::from(entry.previous.ct_eq(&before.hash)) {
        return broken("does not follow from the entry before it");
    }
    if !bool::from(link(key, entry).ct_eq(stored)) {
        return broken("has a wrong hash: it was changed, or the audit key is another");
    }
    Ok(AuditHead { sequence: due, hash: *stored })
}

/// One entry of the audit trail, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// Its place: from 1, without gaps.
    pub sequence: u64,
    /// When it was committed, by the wall clock.
    pub at: UnixMillis,
    /// Who did it: `host`, `system`, or a user's id.
    pub actor: String,
    /// What was done: the name of an event or of an operation.
    pub action: String,
    /// To what: an id, or the hash of a name that must not be shown.
    pub subject: String,
    /// Whether it was done; false when it was refused or failed.
    pub success: bool,
    /// From where it was asked.
    pub origin: String,
    /// Details: a JSON object. Never a secret.
    pub payload: String,
}

/// The end of the audit chain at some moment. Kept outside the database, it
/// proves later that nothing up to it was changed, and nothing cut off.
///
/// As text: the sequence in decimal, a colon, 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditHead {
    /// The sequence of the last entry; 0 when there is none.
    pub sequence: u64,
    /// Its hash; zeros when there is none.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// The head of a chain without entries.
    #[must_use]
    pub const fn start() -> Self {
        AuditHead { sequence: 0, hash: [0; 32] }
    }

    /// The head after an entry.
    pub(crate) const fn new(sequence: u64, hash: [u8; 32]) -> Self {
        AuditHead { sequence, hash }
    }
}

impl std::fmt::Display for AuditHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.sequence, hex(&self.hash))
    }
}

impl serde::Serialize for AuditHead {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for AuditHead {
    type Err = Error;

    /// Reads exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (sequence, hash) = text.split_once(':')?;
            Some(AuditHead { sequence: sequence.parse().ok()?, hash: from_hex(hash)? })
        };
        // Written back, so that `+1`, `01` and their like are refused.
        parse().filter(|head| head.to_string() == text).ok_or_else(|| {
            Error::field(Code::InvalidArgument, "audit_head", "must be a sequence, a colon and 64 hexadecimal digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64, previous: [u8; 32]) -> AuditEntry {
        AuditEntry {
            sequence,
            instance: InstanceId::from_bytes([7; 16]),
            at: UnixMillis(1_795_439_100_123),
            actor: Actor::User(UserId::from_bytes([9; 16])),
            action: AuditText::escaped("wallet.funded"),
            subject: AuditText::escaped("wallet"),
            result: AuditResult::Success,
            origin: AuditText::escaped("host"),
            payload_hash: payload_hash(b"{}"),
            previous,
        }
    }

    #[test]
    fn the_encoding_of_version_1_never_changes() {
        let key = Secret::new(vec![3; 32]);
        assert_eq!(
            hex(&link(None, &entry(1, [0; 32]))),
            "da9c454d7d989f95ca181e892a995127f6728096988c1efe639a4d120779c0cf"
        );
        assert_eq!(
            hex(&link(Some(&key), &entry(1, [0; 32]))),
            "391cf1cdcaafeccfa0afeb87aa03af59528d76cf6c5847f4f0ea2b54b2a13ab4"
        );
    }

    #[test]
    fn the_keyed_hash_is_the_hmac_of_rfc_4231() {
        let hmac = |key: &[u8], text: &[u8]| {
            let mut mac = Hmac::<Sha256>::new((&*block_key(key)).into());
            mac.update(text);
            hex(&mac.finalize().into_bytes())
        };
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(short, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn every_field_is_covered() {
        let original = entry(1, [0; 32]);
        let changes: [fn(&mut AuditEntry); 10] = [
            |e| e.sequence = 2,
            |e| e.instance = InstanceId::from_bytes([8; 16]),
            |e| e.at = UnixMillis(0),
            |e| e.actor = Actor::System,
            |e| e.action = AuditText::escaped("wallet.debited"),
            |e| e.subject = AuditText::escaped("other"),
            |e| e.result = AuditResult::Failure,
            |e| e.origin = AuditText::escaped(""),
            |e| e.payload_hash = [0; 32],
            |e| e.previous = [1; 32],
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(link(None, &original), link(None, &changed), "change {index}");
        }
    }

    #[test]
    fn a_chain_is_followed_and_its_first_bad_entry_named() {
        let key = Secret::new(vec![3; 32]);
        let first = entry(1, [0; 32]);
        let first_hash = link(Some(&key), &first);
        let second = entry(2, first_hash);
        let second_hash = link(Some(&key), &second);
        let after_first = verify_link(Some(&key), &AuditHead::start(), &first, &first_hash).unwrap();
        let head = verify_link(Some(&key), &after_first, &second, &second_hash).unwrap();
        assert_eq!(head, AuditHead::new(2, second_hash));

        let mut changed = second.clone();
        changed.subject = AuditText::stored("another wallet".to_owned());
        for (key, before, entry) in [
            (Some(&key), &after_first, &changed),
            (Some(&key), &AuditHead::new(1, [0; 32]), &second),
            (None, &after_first, &second),
            (Some(&key), &after_first, &first),
        ] {
            let error = verify_link(key, before, entry, &second_hash).unwrap_err();
            assert_eq!(error.code(), Code::Corrupt);
            assert!(error.detail().contains("audit entry 2 "), "{error}");
        }
    }

    #[test]
    fn control_characters_cannot_forge_a_line() {
        let text = AuditText::escaped("a\nb\u{1b}[2J\u{85}\u{2028}é");
        assert_eq!(text.as_str(), "a\\u{a}b\\u{1b}[2J\\u{85}\\u{2028}é");
        assert_eq!(AuditText::escaped(text.as_str()), text);
    }

    #[test]
    fn actors_and_results_survive_their_text() {
        for actor in [Actor::Host, Actor::System, Actor::User(UserId::from_bytes([1; 16]))] {
            assert_eq!(Actor::from_text(&actor.to_text()).ok(), Some(actor));
        }
        for result in [AuditResult::Success, AuditResult::Failure] {
            assert_eq!(AuditResult::from_name(result.name()).ok(), Some(result));
        }
        assert!(Actor::from_text("root").is_err() && AuditResult::from_name("").is_err());
    }

    #[test]
    fn a_head_is_read_exactly_as_it_is_written() {
        let head = AuditHead::new(u64::MAX, [0xab; 32]);
        assert_eq!(head.to_string().parse::<AuditHead>().ok(), Some(head));
        let hash = "ab".repeat(32);
        for text in
            ["", "1", "1:", &format!("+1:{hash}"), &format!("01:{hash}"), &format!("1:{hash}0"), &format!(":{hash}")]
        {
            assert_eq!(text.parse::<AuditHead>().map_err(|e| e.code()), Err(Code::InvalidArgument), "{text}");
        }
    }
}

//! Refresh tokens: derived, not stored, so that a lost answer can be given again
//! and a stolen file holds nothing to present.
//!
//! The text is `fpr_` and base64url of: version 1 · length and bytes of the key's
//! id · session id (16) · counter (8, big-endian) · HMAC-SHA-256 (32) over session
//! id, the session's random salt (32) and the counter. Its key is derived from the
//! signing key of that id, for this purpose alone.
//!
//! The database holds the salt and the current counter of each session. From those
//! and without the key, which is the host's and never in the file, no token can be
//! computed: the file alone gives a thief nothing to present. The key without the
//! salt gives nothing either, and a new salt ends every token of a session.
//!
//! Each use raises the counter. The previous token, presented again within the
//! grace (a lost answer, two tabs, sixteen threads), gets the same successor,
//! computed again. Any other spent token means that two parties hold the family:
//! it is revoked (RFC 9700 section 4.14.2). After a rotation of keys in between,
//! the successor is spelt with the new key; it is still the same generation.

use crate::auth::keyring::{KeyRing, hmac_sha256, hmac_sha256_verifies, is_kid};
use crate::auth::token::{TokenPolicy, invalid_token};
use crate::clock::UnixMillis;
use crate::error::Result;
use crate::id::SessionId;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Tells people and scanners of leaked secrets what this is.
const PREFIX: &str = "fpr_";
const VERSION: u8 = 1;
const TAG_BYTES: usize = 32;
/// Bytes of salt per session, from the engine's entropy.
pub(crate) const SALT_BYTES: usize = 32;
/// Longer than any token: prefix and base64url of 1 + 1 + 64 + 16 + 8 + 32 bytes are 167.
const TEXT_BYTES_MAX: usize = 200;

/// A refresh token taken apart. Nothing in it is believed before [`verify`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ParsedRefresh {
    /// The session it says it belongs to.
    pub(crate) session: SessionId,
    /// Which of the session's refresh tokens it says it is.
    pub(crate) counter: u64,
    kid: String,
    tag: Secret,
}

impl std::fmt::Debug for ParsedRefresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParsedRefresh({}, {})", self.session, self.counter)
    }
}

/// Makes the refresh token of this number. The same arguments give the same text.
///
/// # Errors
/// None that a checked ring could cause.
pub(crate) fn issue(ring: &KeyRing, session: SessionId, salt: &[u8; SALT_BYTES], counter: u64) -> Result<Secret> {
    let key = ring.signing();
    let tag = Zeroizing::new(hmac_sha256(&key.refresh_key()?, &signed_parts(&session, salt, &counter.to_be_bytes()))?);
    let kid = key.kid().as_bytes();
    let kid_length = u8::try_from(kid.len()).map_err(|_| invalid_token())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(TEXT_BYTES_MAX));
    bytes.extend_from_slice(&[VERSION, kid_length]);
    bytes.extend_from_slice(kid);
    bytes.extend_from_slice(session.as_bytes());
    bytes.extend_from_slice(&counter.to_be_bytes());
    bytes.extend_from_slice(&tag);
    let mut text = String::with_capacity(TEXT_BYTES_MAX);
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
    Ok(Secret::from(text))
}

/// Takes a refresh token apart, to learn which session to read.
///
/// # Errors
/// `INVALID_TOKEN`, with the text of every other refused token.
pub(crate) fn parse(text: &str) -> Result<ParsedRefresh> {
    parse_text(text).ok_or_else(invalid_token)
}

fn parse_text(text: &str) -> Option<ParsedRefresh> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?);
    let ([VERSION, kid_length], rest) = bytes.split_first_chunk::<2>()? else { return None };
    let (kid, rest) = rest.split_at_checked(usize::from(*kid_length))?;
    let (session, rest) = rest.split_first_chunk::<16>()?;
    let (counter, tag) = rest.split_first_chunk::<8>()?;
    let kid = std::str::from_utf8(kid).ok().filter(|kid| is_kid(kid))?;
    (tag.len() == TAG_BYTES).then(|| ParsedRefresh {
        session: SessionId::from_bytes(*session),
        counter: u64::from_be_bytes(*counter),
        kid: kid.to_owned(),
        tag: Secret::new(tag),
    })
}

/// Whether this engine made the token for the session with this salt, under a key
/// that may verify now. Constant time in everything secret.
#[must_use]
pub(crate) fn verify(ring: &KeyRing, now: UnixMillis, parsed: &ParsedRefresh, salt: &[u8; SALT_BYTES]) -> bool {
    let Some(Ok(key)) = ring.verifying(&parsed.kid, now).map(|key| key.refresh_key()) else { return false };
    let counter = parsed.counter.to_be_bytes();
    hmac_sha256_verifies(&key, &signed_parts(&parsed.session, salt, &counter), parsed.tag.expose())
}

/// All of fixed length, so no two tokens sign the same bytes.
fn signed_parts<'a>(session: &'a SessionId, salt: &'a [u8; SALT_BYTES], counter: &'a [u8; 8]) -> [&'a [u8]; 3] {
    [session.as_bytes(), salt, counter]
}

/// What is known when a genuine refresh token is presented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefreshFacts {
    /// The counter of the token presented.
    pub(crate) presented: u64,
    /// The counter stored for the session, read in the deciding commit.
    pub(crate) current: u64,
    /// When the counter became what it is.
    pub(crate) rotated_at: UnixMillis,
    pub(crate) now: UnixMillis,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum RefreshDecision {
    /// It is the current one: store `counter` and the time, answer its token.
    Rotate {
        /// The successor's counter.
        counter: u64,
    },
    /// It is the previous one, just spent: store nothing, answer this token again.
    Repeat {
        /// The current counter.
        counter: u64,
    },
    /// It was spent before: revoke the family, report `auth.token.reused`.
    Reuse,
}

/// Decides about a genuine refresh token.
pub(crate) fn decide(facts: &RefreshFacts, policy: &TokenPolicy) -> RefreshDecision {
    let RefreshFacts { presented, current, rotated_at, now } = *facts;
    if presented == current {
        return match current.checked_add(1) {
            Some(counter) => RefreshDecision::Rotate { counter },
            None => RefreshDecision::Reuse,
        };
    }
    // Either way: a thread may have read the clock just before another rotated.
    // A later counter than the stored one is genuine only where an older copy of
    // the file was restored; the family cannot be trusted to have one holder.
    let is_in_grace = now.since(rotated_at).saturating_abs() <= policy.refresh_grace_s.saturating_mul(1000);
    if presented.checked_add(1) == Some(current) && is_in_grace {
        return RefreshDecision::Repeat { counter: current };
    }
    RefreshDecision::Reuse
}

/// Whether a session is over by itself: idle since its last refresh (or its
/// log-in), or too old in all.
#[must_use]
pub(crate) fn is_over(started_at: UnixMillis, refreshed_at: UnixMillis, now: UnixMillis, policy: &TokenPolicy) -> bool {
    now.since(refreshed_at) >= policy.refresh_idle_s.saturating_mul(1000)
        || now.since(started_at) >= policy.refresh_absolute_s.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::verify_access;
    use crate::vocabulary::Code;

    const NOW: UnixMillis = UnixMillis(1_760_000_000_000);
    const SALT: [u8; 32] = [9; 32];

    fn key(seed: u8) -> Secret {
        Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
    }

    fn session(byte: u8) -> SessionId {
        SessionId::from_bytes([byte; 16])
    }

    fn hs() -> KeyRing {
        KeyRing::hs256("k1", key(1)).unwrap()
    }

    fn policy() -> TokenPolicy {
        TokenPolicy::new("iss", "aud")
    }

    fn text(ring: &KeyRing, counter: u64) -> String {
        issue(ring, session(5), &SALT, counter).unwrap().expose_text().unwrap().to_owned()
    }

    fn accepted(ring: &KeyRing, text: &str) -> bool {
        parse(text).is_ok_and(|parsed| verify(ring, NOW, &parsed, &SALT))
    }

    #[test]
    fn a_token_says_its_session_and_counter_and_verifies() {
        for ring in [hs(), KeyRing::eddsa("k1", key(1)).unwrap(), KeyRing::hs256(&"k".repeat(64), key(1)).unwrap()] {
            for counter in [0, 1, u64::MAX] {
                let parsed = parse(&text(&ring, counter)).unwrap();
                assert_eq!((parsed.session, parsed.counter), (session(5), counter));
                assert!(verify(&ring, NOW, &parsed, &SALT));
            }
        }
    }

    #[test]
    fn the_same_generation_is_the_same_text() {
        assert_eq!(text(&hs(), 7), text(&hs(), 7));
        assert_ne!(text(&hs(), 7), text(&hs(), 8));
    }

    #[test]
    fn another_salt_session_counter_or_key_does_not_verify() {
        let parsed = parse(&text(&hs(), 7)).unwrap();
        assert!(!verify(&hs(), NOW, &parsed, &[8; 32]));
        assert!(!verify(&KeyRing::hs256("k1", key(2)).unwrap(), NOW, &parsed, &SALT));
        assert!(!verify(&KeyRing::hs256("k2", key(1)).unwrap(), NOW, &parsed, &SALT));
        assert!(!verify(&hs(), NOW, &ParsedRefresh { session: session(6), ..parsed.clone() }, &SALT));
        assert!(!verify(&hs(), NOW, &ParsedRefresh { counter: 8, ..parsed.clone() }, &SALT));
        assert!(verify(&hs(), NOW, &parsed, &SALT));
    }

    #[test]
    fn every_altered_character_is_noticed() {
        let good = text(&hs(), 7);
        for place in 0..good.len() {
            for replacement in ["A", "B", "z", "_", ".", "=", "+", " ", "\0", "é"] {
                let mut other = good.clone();
                other.replace_range(place..=place, replacement);
                assert_eq!(accepted(&hs(), &other), other == good, "{other}");
            }
        }
        for other in
            ["", "fpr_", "fpr", "FPR_", &good[4..], &format!("{good}="), &format!("{good}A"), &format!(" {good}")]
        {
            assert_eq!(parse(other).map(drop).map_err(|e| e.to_string()), Err(invalid_token().to_string()), "{other}");
        }
        for length in 0..good.len() {
            assert!(!accepted(&hs(), &good[..length]));
        }
        assert!(parse(&"A".repeat(10_000_000)).is_err());
    }

    #[test]
    fn other_versions_and_foreign_bytes_are_refused() {
        let bytes = URL_SAFE_NO_PAD.decode(&text(&hs(), 7)[4..]).unwrap();
        for (place, byte) in [(0, 0), (0, 2), (1, 0), (1, 3), (1, 255), (2, b'/'), (2, 0xff)] {
            let mut other = bytes.clone();
            other[place] = byte;
            assert!(!accepted(&hs(), &format!("fpr_{}", URL_SAFE_NO_PAD.encode(other))), "{place} {byte}");
        }
    }

    #[test]
    fn neither_kind_of_token_passes_for_the_other() {
        let refused = verify_access(&hs(), &policy(), NOW, &text(&hs(), 1)).map_err(|e| e.code());
        assert_eq!(refused, Err(Code::InvalidToken));
        // The signing key itself, used where its derivative belongs, makes no token.
        let tag = hmac_sha256(key(1).expose(), &signed_parts(&session(5), &SALT, &7u64.to_be_bytes())).unwrap();
        let parsed = ParsedRefresh { tag: Secret::new(tag), ..parse(&text(&hs(), 7)).unwrap() };
        assert!(!verify(&hs(), NOW, &parsed, &SALT));
    }

    #[test]
    fn tokens_outlive_a_rotation_until_the_old_key_ends() {
        let mut ring = hs();
        let old = text(&ring, 7);
        ring.rotate("k2", key(2), NOW).unwrap();
        assert!(accepted(&ring, &old));
        assert!(!verify(&ring, NOW.plus(1), &parse(&old).unwrap(), &SALT));
        assert_ne!(text(&ring, 7), old);
        ring.retire("k1").unwrap();
        assert!(!accepted(&ring, &old));
        assert!(accepted(&ring, &text(&ring, 7)));
    }

    fn decided(presented: u64, current: u64, elapsed_ms: i64) -> RefreshDecision {
        decide(&RefreshFacts { presented, current, rotated_at: NOW, now: NOW.plus(elapsed_ms) }, &policy())
    }

    #[test]
    fn the_current_rotates_the_previous_repeats_in_the_grace_and_all_else_is_reuse() {
        let far = 40 * 24 * 60 * 60 * 1000;
        for (presented, current, elapsed_ms, expected) in [
            (1, 1, 0, RefreshDecision::Rotate { counter: 2 }),
            (1, 1, far, RefreshDecision::Rotate { counter: 2 }),
            (1, 2, 0, RefreshDecision::Repeat { counter: 2 }),
            (1, 2, 10_000, RefreshDecision::Repeat { counter: 2 }),
            (1, 2, 10_001, RefreshDecision::Reuse),
            (1, 2, -5, RefreshDecision::Repeat { counter: 2 }),
            (1, 2, -10_001, RefreshDecision::Reuse),
            (1, 3, 0, RefreshDecision::Reuse),
            (3, 2, 0, RefreshDecision::Reuse),
            (u64::MAX, 0, 0, RefreshDecision::Reuse),
            (u64::MAX, u64::MAX, 0, RefreshDecision::Reuse),
        ] {
            assert_eq!(
                decided(presented, current, elapsed_ms),
                expected,
                "{presented} of {current} after {elapsed_ms} ms"
            );
        }
    }

    #[test]
    fn sixteen_at_once_make_one_lineage() {
        let mut current = 1;
        let successors: Vec<u64> = (0..16)
            .map(|thread| match decided(1, current, thread) {
                RefreshDecision::Rotate { counter } | RefreshDecision::Repeat { counter } => {
                    current = counter;
                    counter
                }
                RefreshDecision::Reuse => panic!("thread {thread}"),
            })
            .collect();
        assert_eq!(successors, [2; 16]);
    }

    #[test]
    fn sessions_end_when_idle_or_old() {
        let day_ms = 24 * 60 * 60 * 1000;
        let over =
            |refreshed: i64, now: i64| is_over(NOW, NOW.plus(refreshed * day_ms), NOW.plus(now * day_ms), &policy());
        assert!(!over(0, 29) && over(0, 30));
        assert!(!over(80, 89) && over(80, 90));
    }

    #[test]
    fn debug_shows_no_tag() {
        let parsed = parse(&text(&hs(), 7)).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("ParsedRefresh({}, 7)", session(5)));
    }
}

//! The keys tokens are signed with: one that signs, any number that only verify,
//! all of one family, in memory only. Supplied by the host, never stored in the
//! database and never printed.
//!
//! Signing and verifying stand behind jsonwebtoken's [`JwtSigner`] and
//! [`JwtVerifier`] and are called directly. Its process-wide provider is never
//! installed: it panics when absent or doubled, which a library must not risk on
//! its host's behalf.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::vocabulary::Code;
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::signature;
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-SHA-256 keys are at least as long as the hash (RFC 7518 section 3.2).
const KEY_BYTES_MIN: usize = 32;
/// Longer keys add nothing: HMAC hashes them first.
const KEY_BYTES_MAX: usize = 1024;
/// An Ed25519 seed (RFC 8032 section 5.1.5).
const SEED_BYTES: usize = 32;
/// The longest key id, in bytes.
pub(crate) const KID_BYTES_MAX: usize = 64;
/// Fewer different bytes than this in 32 or more are no random key: the chance
/// of that for hexadecimal text is one in 10^7, for bytes far less.
const DISTINCT_BYTES_MIN: usize = 8;
/// A key of at least 32 bytes that repeats a shorter unit than this is that unit.
const REPEATED_UNIT_MIN: usize = 16;

/// What example configurations say where a key should stand, without signs.
const PLACEHOLDERS: [&str; 16] = [
    "placeholder",
    "development",
    "supersecret",
    "production",
    "changeme",
    "changethis",
    "insecure",
    "password",
    "replace",
    "example",
    "default",
    "fusepay",
    "secret",
    "your",
    "jwt",
    "key",
];

/// What goes into HMAC to make the key of refresh tokens out of a signing key. No
/// signing input of a token looks like it: those hold no space.
const REFRESH_LABEL: &[u8] = b"fusepay refresh token key v1";

type HmacSha256 = Hmac<Sha256>;

/// The keys of access and refresh tokens. Rotate by [`KeyRing::rotate`] (add and
/// promote), then [`KeyRing::retire`] once nothing signed by the old key matters.
#[derive(Clone)]
pub struct KeyRing {
    signing: Key,
    verify_only: Vec<VerifyOnly>,
}

#[derive(Clone)]
struct VerifyOnly {
    key: Key,
    not_after: UnixMillis,
}

impl KeyRing {
    /// A ring that signs with HMAC-SHA-256 under this key id, the default choice.
    ///
    /// # Errors
    /// `INVALID_CONFIG`: a malformed id, a key shorter than 32 bytes, all-equal,
    /// repeated, or a placeholder from an example.
    pub fn hs256(kid: &str, key: Secret) -> Result<Self> {
        Ok(KeyRing { signing: Key::new(Family::Hs256, kid, key)?, verify_only: Vec::new() })
    }

    /// A ring that signs with Ed25519, from a seed of 32 bytes.
    ///
    /// # Errors
    /// `INVALID_CONFIG`, as [`KeyRing::hs256`]; a seed is exactly 32 bytes.
    pub fn eddsa(kid: &str, seed: Secret) -> Result<Self> {
        Ok(KeyRing { signing: Key::new(Family::EdDsa, kid, seed)?, verify_only: Vec::new() })
    }

    /// Adds a key that verifies until `not_after` (inclusive) and signs nothing.
    /// For Ed25519 the seed as well: refresh tokens are derived from it.
    ///
    /// # Errors
    /// `INVALID_CONFIG`: as [`KeyRing::hs256`], and an id or a key that is in the
    /// ring already.
    pub fn with_verify_only(mut self, kid: &str, key: Secret, not_after: UnixMillis) -> Result<Self> {
        let key = self.admit(kid, key)?;
        self.verify_only.push(VerifyOnly { key, not_after });
        Ok(self)
    }

    /// Signs with a new key from now on; the old one verifies until
    /// `old_not_after`. Changes nothing when it fails.
    ///
    /// Choose `old_not_after` at least one access lifetime ahead. Sessions that
    /// are not refreshed before then have to log in again, so one idle refresh
    /// lifetime ahead is kinder.
    ///
    /// # Errors
    /// `INVALID_CONFIG`, as [`KeyRing::with_verify_only`].
    pub fn rotate(&mut self, kid: &str, key: Secret, old_not_after: UnixMillis) -> Result<()> {
        let key = self.admit(kid, key)?;
        let key = std::mem::replace(&mut self.signing, key);
        self.verify_only.push(VerifyOnly { key, not_after: old_not_after });
        Ok(())
    }

    /// Forgets a verify-only key: all its tokens, access and refresh, are dead at once.
    ///
    /// # Errors
    /// `NOT_ALLOWED`: it is the one that signs; rotate first. `NOT_FOUND`: no such key.
    pub fn retire(&mut self, kid: &str) -> Result<()> {
        if self.signing.kid == kid {
            return Err(Error::new(Code::NotAllowed, "this key signs; rotate to another one before retiring it"));
        }
        let before = self.verify_only.len();
        self.verify_only.retain(|other| other.key.kid != kid);
        if self.verify_only.len() == before {
            return Err(Error::new(Code::NotFound, "the key ring has no key of this id"));
        }
        Ok(())
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn signing_kid(&self) -> &str {
        &self.signing.kid
    }

    pub(crate) fn signing(&self) -> &Key {
        &self.signing
    }

    /// The key of this id, when it may verify now.
    pub(crate) fn verifying(&self, kid: &str, now: UnixMillis) -> Option<&Key> {
        if self.signing.kid == kid {
            return Some(&self.signing);
        }
        self.verify_only.iter().find(|other| other.key.kid == kid && now <= other.not_after).map(|other| &other.key)
    }

    fn admit(&self, kid: &str, key: Secret) -> Result<Key> {
        let key = Key::new(self.signing.family(), kid, key)?;
        let others = std::iter::once(&self.signing).chain(self.verify_only.iter().map(|other| &other.key));
        for other in others {
            if other.kid == key.kid {
                return Err(refused("keyring", "two keys have the same id"));
            }
            if other.bytes() == key.bytes() {
                return Err(refused("keyring", "two ids have the same key; a rotation needs a new one"));
            }
        }
        Ok(key)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let others: Vec<&str> = self.verify_only.iter().map(|other| other.key.kid.as_str()).collect();
        f.debug_struct("KeyRing")
            .field("family", &self.signing.family().name())
            .field("signing", &self.signing.kid)
            .field("verify_only", &others)
            .finish_non_exhaustive()
    }
}

/// The algorithm of all keys of a ring. One family per ring, so that no key can be
/// used for another's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Hs256,
    EdDsa,
}

impl Family {
    /// As in a token's `alg` (RFC 7518 section 3.1, RFC 8037 section 3.1).
    const fn name(self) -> &'static str {
        match self {
            Family::Hs256 => "HS256",
            Family::EdDsa => "EdDSA",
        }
    }
}

/// One key with its id.
#[derive(Clone)]
pub(crate) struct Key {
    kid: String,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Hs256(Secret),
    // Wiped when dropped, by ed25519-dalek's feature `zeroize`.
    EdDsa(Secret, Box<ed25519_dalek::SigningKey>),
}

impl Key {
    fn new(family: Family, kid: &str, key: Secret) -> Result<Self> {
        if !is_kid(kid) {
            return Err(refused("kid", "must be 1 to 64 of A-Z a-z 0-9 _ -"));
        }
        check_key("key", &key)?;
        let material = match family {
            Family::Hs256 => Material::Hs256(key),
            Family::EdDsa => {
                let Ok(seed) = <[u8; SEED_BYTES]>::try_from(key.expose()).map(Zeroizing::new) else {
                    return Err(refused("key", "an Ed25519 seed has exactly 32 bytes"));
                };
                Material::EdDsa(key, Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
        };
        Ok(Key { kid: kid.to_owned(), material })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The only `alg` this key may be used with.
    pub(crate) fn algorithm_name(&self) -> &'static str {
        self.family().name()
    }

    fn family(&self) -> Family {
        match self.material {
            Material::Hs256(_) => Family::Hs256,
            Material::EdDsa(..) => Family::EdDsa,
        }
    }

    fn bytes(&self) -> &Secret {
        match &self.material {
            Material::Hs256(key) | Material::EdDsa(key, _) => key,
        }
    }

    /// A key of its own for refresh tokens, so that neither kind of token can
    /// stand in for the other.
    pub(crate) fn refresh_key(&self) -> Result<Zeroizing<Vec<u8>>> {
        hmac_sha256(self.bytes().expose(), &[REFRESH_LABEL]).map(Zeroizing::new)
    }
}

/// HMAC-SHA-256 over parts of fixed length, one after the other.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>> {
    Ok(hmac(key, parts)?.finalize().into_bytes().to_vec())
}

/// Compares in constant time; a tag of another length differs.
pub(crate) fn hmac_sha256_verifies(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    hmac(key, parts).is_ok_and(|mac| mac.verify_slice(tag).is_ok())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<HmacSha256> {
    // HMAC takes keys of every length; the type does not say so.
    let mac = HmacSha256::new_from_slice(key);
    let mut mac = mac.map_err(|_| Error::new(Code::InvalidConfig, "HMAC refuses this key"))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac)
}

impl signature::Signer<Vec<u8>> for Key {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        match &self.material {
            Material::Hs256(key) => hmac_sha256(key.expose(), &[message]).map_err(|_| signature::Error::new()),
            Material::EdDsa(_, key) => Ok(key.sign(message).to_bytes().to_vec()),
        }
    }
}

impl signature::Verifier<Vec<u8>> for Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let verifies = match &self.material {
            Material::Hs256(key) => hmac_sha256_verifies(key.expose(), &[message], signature),
            // Strict: no small-order keys or points, one encoding per signature.
            Material::EdDsa(_, key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verifying_key().verify_strict(message, &signature).is_ok()),
        };
        if verifies { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtSigner for Key {
    fn algorithm(&self) -> Algorithm {
        algorithm(self.family())
    }
}

impl JwtVerifier for Key {
    fn algorithm(&self) -> Algorithm {
        algorithm(self.family())
    }
}

fn algorithm(family: Family) -> Algorithm {
    match family {
        Family::Hs256 => Algorithm::HS256,
        Family::EdDsa => Algorithm::EdDSA,
    }
}

/// Whether text may be a key id at all.
pub(crate) fn is_kid(kid: &str) -> bool {
    (1..=KID_BYTES_MAX).contains(&kid.len())
        && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Refuses what nobody drew at random.
///
/// # Errors
/// `INVALID_CONFIG` naming `field`; the text says what is wrong, never the key.
pub(crate) fn check_key(field: &'static str, key: &Secret) -> Result<()> {
    let bytes = key.expose();
    if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
        return Err(refused(field, "must have 32 to 1024 random bytes; there is no default"));
    }
    if distinct(bytes) < DISTINCT_BYTES_MIN || is_repeated(bytes) || is_placeholder(bytes) {
        return Err(refused(field, "is a placeholder or a repetition; draw 32 bytes from a random generator"));
    }
    Ok(())
}

fn refused(field: &'static str, text: &str) -> Error {
    Error::field(Code::InvalidConfig, field, text)
}

fn distinct(bytes: &[u8]) -> usize {
    bytes.iter().collect::<std::collections::HashSet<_>>().len()
}

fn is_repeated(bytes: &[u8]) -> bool {
    (1..REPEATED_UNIT_MIN).any(|unit| bytes.iter().zip(bytes.iter().skip(unit)).all(|(a, b)| a == b))
}

/// Whether a key, as it is or less its padding, is little more than the words of examples.
fn is_placeholder(bytes: &[u8]) -> bool {
    let padding = bytes.last().copied().unwrap_or_default();
    let content = bytes.iter().rposition(|byte| *byte != padding).map_or(0, |last| last.saturating_add(1));
    is_made_of_placeholders(bytes) || bytes.get(..content).is_some_and(is_made_of_placeholders)
}

fn is_made_of_placeholders(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = Zeroizing::new(text.to_ascii_lowercase());
    rest.retain(|c| c.is_alphanumeric());
    let letters = rest.len();
    for word in PLACEHOLDERS {
        rest = Zeroizing::new(rest.replace(word, ""));
    }
    rest.len() < letters && distinct(rest.as_bytes()) < DISTINCT_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use signature::{Signer as _, Verifier as _};

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn key(seed: u8) -> Secret {
        Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
    }

    fn code<T>(result: Result<T>) -> Result<(), Code> {
        result.map(drop).map_err(|e| e.code())
    }

    #[test]
    fn hs256_gives_the_signature_of_rfc_7515_appendix_a_1() {
        let raw = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let ring = KeyRing::hs256("k", Secret::new(URL_SAFE_NO_PAD.decode(raw).unwrap())).unwrap();
        let input = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = ring.signing().try_sign(input).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(&signature), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(ring.signing().verify(input, &signature).is_ok());
        assert_eq!(JwtSigner::algorithm(ring.signing()), Algorithm::HS256);
    }

    #[test]
    fn eddsa_gives_the_signature_of_rfc_8037_appendix_a_4() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let ring = KeyRing::eddsa("k", Secret::new(seed)).unwrap();
        let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = ring.signing().try_sign(input).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert!(ring.signing().verify(input, &signature).is_ok());
        assert_eq!(JwtVerifier::algorithm(ring.signing()), Algorithm::EdDSA);
    }

    #[test]
    fn an_altered_message_or_signature_does_not_verify() {
        for ring in [KeyRing::hs256("k", key(1)).unwrap(), KeyRing::eddsa("k", key(1)).unwrap()] {
            let signature = ring.signing().try_sign(b"message").unwrap();
            assert!(ring.signing().verify(b"Message", &signature).is_err());
            assert!(ring.signing().verify(b"message", &Vec::new()).is_err());
            assert!(ring.signing().verify(b"message", &signature[1..].to_vec()).is_err());
            for place in 0..signature.len() {
                let mut other = signature.clone();
                other[place] ^= 1;
                assert!(ring.signing().verify(b"message", &other).is_err());
            }
        }
    }

    #[test]
    fn short_equal_repeated_and_placeholder_keys_are_refused() {
        for length in [0, 1, 6, 31] {
            let short = Secret::new(key(1).expose()[..length].to_vec());
            assert_eq!(code(KeyRing::hs256("k", short)), Err(Code::InvalidConfig), "{length}");
        }
        for text in [
            "your-secret-key",
            "your-secret-key-your-secret-key-your",
            "your-secret-key-change-me-please-0000000",
            "your-256-bit-secret-your-256-bit-secret",
            "secretsecretsecretsecretsecretsecret",
            "supersecretjwtkeysupersecretjwtkey",
            "changemechangemechangemechangeme",
            "change_me_change_me_change_me_00",
            "CHANGEME________________________________",
            "secret00000000000000000000000000000000000",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababab",
            "12345678901234567890123456789012",
            "fusepay-jwt-secret-key-fusepay-jwt-secret-key",
        ] {
            assert_eq!(code(KeyRing::hs256("k", Secret::from(text))), Err(Code::InvalidConfig), "{text}");
        }
        let padded = |byte: u8| Secret::new([b"your-secret-key".to_vec(), vec![byte; 30]].concat());
        for byte in [0, b' ', b'=', b'x', 0xff] {
            assert_eq!(code(KeyRing::hs256("k", padded(byte))), Err(Code::InvalidConfig), "{byte}");
        }
        assert_eq!(code(KeyRing::hs256("k", Secret::new(vec![0; 64]))), Err(Code::InvalidConfig));
    }

    #[test]
    fn random_keys_are_taken_as_bytes_hexadecimal_and_base64() {
        use crate::entropy::{SeededEntropy, random};
        let entropy = SeededEntropy::new(42);
        for _ in 0..500 {
            let bytes: [u8; 32] = random(&entropy).unwrap();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(code(KeyRing::hs256("k", Secret::new(bytes))), Ok(()));
            assert_eq!(code(KeyRing::hs256("k", Secret::from(hex))), Ok(()));
            assert_eq!(code(KeyRing::hs256("k", Secret::from(URL_SAFE_NO_PAD.encode(bytes)))), Ok(()));
        }
    }

    #[test]
    fn a_seed_has_exactly_thirty_two_bytes() {
        assert_eq!(code(KeyRing::eddsa("k", Secret::new([key(1).expose(), &[1]].concat()))), Err(Code::InvalidConfig));
    }

    #[test]
    fn key_ids_are_short_and_plain() {
        let long = "k".repeat(65);
        for kid in ["", "a b", "../key", "a'--", "k\0", "ключ", &long] {
            assert_eq!(code(KeyRing::hs256(kid, key(1))), Err(Code::InvalidConfig), "{kid:?}");
        }
        assert_eq!(code(KeyRing::hs256(&"k".repeat(64), key(1))), Ok(()));
    }

    #[test]
    fn duplicate_ids_and_duplicate_keys_are_refused() {
        let ring = || KeyRing::hs256("a", key(1)).unwrap().with_verify_only("b", key(2), NOW).unwrap();
        for (kid, seed) in [("a", 3), ("b", 3), ("c", 1), ("c", 2)] {
            assert_eq!(code(ring().with_verify_only(kid, key(seed), NOW)), Err(Code::InvalidConfig));
            let mut rotating = ring();
            assert_eq!(code(rotating.rotate(kid, key(seed), NOW)), Err(Code::InvalidConfig));
            assert_eq!(rotating.signing_kid(), "a");
        }
    }

    #[test]
    fn an_old_key_verifies_until_its_end_or_its_retirement() {
        let mut ring = KeyRing::hs256("a", key(1)).unwrap();
        ring.rotate("b", key(2), NOW).unwrap();
        assert_eq!(ring.signing_kid(), "b");
        assert!(ring.verifying("a", NOW).is_some());
        assert!(ring.verifying("a", NOW.plus(1)).is_none());
        assert!(ring.verifying("c", NOW).is_none());
        assert_eq!(code(ring.retire("b")), Err(Code::NotAllowed));
        assert_eq!(code(ring.retire("c")), Err(Code::NotFound));
        ring.retire("a").unwrap();
        assert!(ring.verifying("a", NOW).is_none());
    }

    #[test]
    fn debug_shows_ids_and_no_key() {
        let ring = KeyRing::eddsa("a", key(1)).unwrap().with_verify_only("b", key(2), NOW).unwrap();
        assert_eq!(format!("{ring:?}"), r#"KeyRing { family: "EdDSA", signing: "a", verify_only: ["b"], .. }"#);
    }
}

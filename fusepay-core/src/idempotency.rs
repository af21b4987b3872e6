//! Idempotency: the key under which a call is made once, and the fingerprint
//! that tells a repetition from another call under the same key.
#![allow(dead_code, reason = "used by the engine")]

use crate::canonical::{Canonical, hex};
use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// Longest key, in bytes.
const KEY_LENGTH_MAX: usize = 128;

/// A caller's name for one call: 1 to 128 printable ASCII characters, blanks
/// included. Scoped by principal and operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes a caller's key.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] unless it is 1 to 128 printable ASCII characters.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        let fits = (1..=KEY_LENGTH_MAX).contains(&key.len());
        if fits && key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(IdempotencyKey(key));
        }
        Err(Error::field(Code::InvalidArgument, "idempotency_key", "must be 1 to 128 printable ASCII characters"))
    }

    /// Makes the key of a call that came without one, from 16 random bytes:
    /// `auto-` and 32 hexadecimal digits.
    #[must_use]
    pub fn minted(random: [u8; 16]) -> Self {
        IdempotencyKey(format!("auto-{}", hex(&random)))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for IdempotencyKey {
    type Err = Error;

    fn from_str(key: &str) -> Result<Self> {
        IdempotencyKey::new(key)
    }
}

/// The version of the stored fingerprint.
const FINGERPRINT_VERSION: u8 = 1;
/// How much of each field's hash is kept. Two values of one field that agree in
/// 64 bits can only be made on purpose, by the caller, to the caller's own harm.
const FIELD_HASH_BYTES: usize = 8;

/// One parameter of a call, as a fingerprint sees it. Never a secret: a short
/// hash of a PIN gives the PIN away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValue<'a> {
    /// Not given, or the default. The same as empty text and no bytes.
    Absent,
    /// Text.
    Text(&'a str),
    /// A number. The default of a field must be given as `Absent`.
    Number(i64),
    /// An id or a hash.
    Bytes(&'a [u8]),
}

impl FieldValue<'_> {
    /// The hash of a field, bound to its name; `None` when it is absent.
    fn hash(self, name: &str) -> Option<[u8; FIELD_HASH_BYTES]> {
        let start = Canonical::new("fusepay.fingerprint", FINGERPRINT_VERSION).text(name);
        let whole = match self {
            FieldValue::Absent | FieldValue::Text("") | FieldValue::Bytes([]) => return None,
            FieldValue::Text(text) => start.bytes(&[1]).text(text),
            FieldValue::Number(number) => start.bytes(&[2]).number(number),
            FieldValue::Bytes(bytes) => start.bytes(&[3]).bytes(bytes),
        };
        whole.sha256().first_chunk().copied()
    }
}

/// What the parameters of a call were, field by field, without their values.
///
/// Absent fields leave no trace, so a field that a later version adds, absent,
/// does not tell old fingerprints from new ones. The order in which the fields
/// are given decides only which of several differences is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<(&'static str, Option<[u8; FIELD_HASH_BYTES]>)>);

impl Fingerprint {
    /// The fingerprint of these fields. Names are at most 255 bytes, each used once.
    pub(crate) fn of(fields: &[(&'static str, FieldValue<'_>)]) -> Self {
        Fingerprint(fields.iter().map(|(name, value)| (*name, value.hash(name))).collect())
    }

    /// The bytes to store: the version, then for each present field in the
    /// order of names: length of the name, name, hash.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut present: Vec<_> = self.0.iter().filter_map(|(name, hash)| Some((*name, (*hash)?))).collect();
        present.sort_unstable();
        let mut bytes = vec![FINGERPRINT_VERSION];
        for (name, hash) in present {
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&hash);
        }
        bytes
    }

    /// The first field that differs from a stored fingerprint, in the order
    /// given to [`Fingerprint::of`]; `None` for the same call. A field that
    /// only the stored one knows is called `parameters`.
    ///
    /// # Errors
    /// [`Code::Corrupt`] when the bytes are not a fingerprint.
    pub(crate) fn first_difference(&self, stored: &[u8]) -> Result<Option<&'static str>> {
        let stored = StoredFingerprint::from_bytes(stored)?;
        let differs = |(name, hash): &&(&'static str, Option<_>)| stored.hash_of(name) != *hash;
        if let Some((name, _)) = self.0.iter().find(differs) {
            return Ok(Some(name));
        }
        let is_known = |name: &str| self.0.iter().any(|(known, _)| *known == name);
        Ok(stored.0.iter().any(|(name, _)| !is_known(name)).then_some("parameters"))
    }

    /// Refuses a call that differs from the one stored under its key.
    ///
    /// # Errors
    /// [`Code::IdempotencyKeyReused`] naming the first field that differs; [`Code::Corrupt`].
    pub(crate) fn require_same(&self, stored: &[u8]) -> Result<()> {
        match self.first_difference(stored)? {
            None => Ok(()),
            Some(field) => Err(Error::field(
                Code::IdempotencyKeyReused,
                field,
                "differs from the first call with this idempotency key; use a new key for a new call",
            )),
        }
    }
}

/// A fingerprint as it was read back.
struct StoredFingerprint<'a>(Vec<(&'a str, [u8; FIELD_HASH_BYTES])>);

impl<'a> StoredFingerprint<'a> {
    fn from_bytes(bytes: &'a [u8]) -> Result<Self> {
        Self::read(bytes).ok_or_else(|| Error::new(Code::Corrupt, "a stored idempotency fingerprint is malformed"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != FINGERPRINT_VERSION {
            return None;
        }
        let mut fields = Vec::new();
        while let Some((length, after)) = rest.split_first() {
            let (name, after) = after.split_at_checked(usize::from(*length))?;
            let (hash, after) = after.split_first_chunk()?;
            fields.push((std::str::from_utf8(name).ok()?, *hash));
            rest = after;
        }
        Some(StoredFingerprint(fields))
    }

    fn hash_of(&self, name: &str) -> Option<[u8; FIELD_HASH_BYTES]> {
        self.0.iter().find(|(stored, _)| *stored == name).map(|(_, hash)| *hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn difference(
        new: &[(&'static str, FieldValue<'_>)],
        old: &[(&'static str, FieldValue<'_>)],
    ) -> Option<&'static str> {
        Fingerprint::of(new).first_difference(&Fingerprint::of(old).to_bytes()).unwrap()
    }

    #[test]
    fn keys_are_bounded_printable_ascii() {
        for key in ["a", "order 17/b", &"x".repeat(128)] {
            assert_eq!(IdempotencyKey::new(key).map(|k| k.to_string()).ok().as_deref(), Some(key));
        }
        for key in ["", "a\n", "é", "\u{7f}", &"x".repeat(129), "a\0"] {
            let error = IdempotencyKey::new(key).unwrap_err();
            assert_eq!((error.code(), error.field_name()), (Code::InvalidArgument, Some("idempotency_key")), "{key:?}");
        }
        assert_eq!(IdempotencyKey::minted([0xab; 16]).as_str(), format!("auto-{}", "ab".repeat(16)));
        assert!(IdempotencyKey::new(IdempotencyKey::minted([0; 16]).as_str()).is_ok());
    }

    #[test]
    fn the_first_field_that_differs_is_named() {
        let call =
            [("wallet", FieldValue::Bytes(&[1])), ("amount", FieldValue::Number(5)), ("note", FieldValue::Text("x"))];
        assert_eq!(difference(&call, &call), None);
        let [wallet, amount, note] = call;
        assert_eq!(difference(&[note, wallet, amount], &call), None);
        assert_eq!(
            difference(&[wallet, ("amount", FieldValue::Number(6)), ("note", FieldValue::Absent)], &call),
            Some("amount")
        );
        assert_eq!(difference(&[wallet, amount, ("note", FieldValue::Absent)], &call), Some("note"));
        assert_eq!(difference(&[wallet, ("amount", FieldValue::Text("5")), note], &call), Some("amount"));
        let error = Fingerprint::of(&call).require_same(&Fingerprint::of(&[wallet, amount]).to_bytes()).unwrap_err();
        assert_eq!((error.code(), error.field_name()), (Code::IdempotencyKeyReused, Some("note")));
    }

    #[test]
    fn a_field_added_later_does_not_disturb_while_it_is_absent() {
        let old = [("amount", FieldValue::Number(5))];
        for empty in [FieldValue::Absent, FieldValue::Text(""), FieldValue::Bytes(&[])] {
            assert_eq!(difference(&[("amount", FieldValue::Number(5)), ("purpose", empty)], &old), None);
            assert_eq!(difference(&old, &[("amount", FieldValue::Number(5)), ("purpose", empty)]), None);
        }
        let newer = [("amount", FieldValue::Number(5)), ("purpose", FieldValue::Text("rent"))];
        assert_eq!(difference(&newer, &old), Some("purpose"));
        assert_eq!(difference(&old, &newer), Some("parameters"));
    }

    #[test]
    fn the_bytes_of_version_1_never_change() {
        let bytes = Fingerprint::of(&[("b", FieldValue::Number(5)), ("a", FieldValue::Text("x"))]).to_bytes();
        assert_eq!(hex(&bytes), "0101618d122e27f670cef801629b4614608e7cb390");
    }

    #[test]
    fn a_damaged_fingerprint_is_a_fault() {
        let good = Fingerprint::of(&[("amount", FieldValue::Number(5))]);
        let mut bytes = good.to_bytes();
        bytes.pop();
        for stored in [&[][..], &[2], &bytes] {
            assert_eq!(good.first_difference(stored).map_err(|e| e.code()), Err(Code::Corrupt));
        }
    }

    proptest! {
        #[test]
        fn no_stored_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Fingerprint::of(&[("amount", FieldValue::Number(5))]).first_difference(&bytes);
        }

        #[test]
        fn only_equal_values_agree(a: i64, b: i64) {
            let is_same = difference(&[("n", FieldValue::Number(a))], &[("n", FieldValue::Number(b))]).is_none();
            prop_assert_eq!(is_same, a == b);
        }
    }
}

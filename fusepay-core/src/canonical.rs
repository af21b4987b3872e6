//! The one way to turn several values into bytes for a hash: a domain and a
//! version in front, then each field with its length, so that no two different
//! lists of fields give the same bytes. What was released is never changed:
//! audit chains, fingerprints and request ids are built on it.

use sha2::{Digest, Sha256};

/// Collects fields. Numbers are big-endian; every field, fixed width or not,
/// has its length in bytes before it as a 32-bit number.
pub(crate) struct Canonical(Vec<u8>);

impl Canonical {
    /// Starts an encoding of this purpose, for instance `fusepay.audit`.
    pub(crate) fn new(domain: &str, version: u8) -> Self {
        Canonical(Vec::with_capacity(256)).bytes(domain.as_bytes()).bytes(&[version])
    }

    /// Adds a field as it is.
    #[must_use]
    pub(crate) fn bytes(mut self, field: &[u8]) -> Self {
        // No field comes near 4 GiB: every text of this engine is bounded when it is parsed.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    /// Adds text, as UTF-8.
    #[must_use]
    pub(crate) fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds a signed number, eight bytes.
    #[must_use]
    pub(crate) fn number(self, field: i64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// The bytes so far.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the bytes so far.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// Lower-case hexadecimal, two characters to a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0x0f));
    }
    text
}

/// The `N` bytes that exactly this lower-case hexadecimal text stands for.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let nibbles: Vec<u8> = text.as_bytes().iter().map(nibble).collect::<Option<_>>()?;
    if nibbles.len() != N * 2 {
        return None;
    }
    let bytes: Vec<u8> = nibbles.chunks_exact(2).filter_map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_border_between_fields_changes_the_bytes() {
        let hash = |a: &str, b: &str| Canonical::new("test", 1).text(a).text(b).sha256();
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
        assert_ne!(Canonical::new("test", 1).sha256(), Canonical::new("test", 2).sha256());
    }

    #[test]
    fn hexadecimal_is_read_exactly_or_not_at_all() {
        assert_eq!(hex(&[0, 0xab]), "00ab");
        assert_eq!(from_hex::<2>("00ab"), Some([0, 0xab]));
        for text in ["", "00a", "00abc", "00AB", "00ag", "00abcd"] {
            assert_eq!(from_hex::<2>(text), None, "{text}");
        }
    }
}

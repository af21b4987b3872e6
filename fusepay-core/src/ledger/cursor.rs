//! Page cursors: opaque text that says where a listing goes on.
//!
//! A cursor holds positions, and a hash over them and everything the listing
//! was asked for, so that it is of no use for another listing. It is no secret
//! and gives no right: who may see the listing is asked again on every page.

use crate::canonical::Canonical;
use crate::error::{Error, Result};
use crate::vocabulary::Code;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of the hash that are kept: enough that no accident makes another cursor.
const SEAL_LENGTH: usize = 16;
/// The most positions: one per wallet of a user, of which there are at most 100.
const POSITIONS_MAX: usize = 128;
/// The longest text that can be a cursor, so that nothing longer is even decoded.
const TEXT_LENGTH_MAX: usize = (POSITIONS_MAX * 8 + SEAL_LENGTH) * 4 / 3 + 4;

/// The cursor of these positions in the listing `scope`.
pub(crate) fn encode(scope: &Canonical, positions: &[i64]) -> String {
    let mut bytes: Vec<u8> = positions.iter().flat_map(|position| position.to_be_bytes()).collect();
    bytes.extend(seal(scope, positions));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The positions of a cursor that was made for the listing `scope`.
pub(crate) fn decode(scope: &Canonical, text: &str) -> Result<Vec<i64>> {
    let invalid = || Error::field(Code::InvalidCursor, "cursor", "was not made for this listing; begin without one");
    if text.len() > TEXT_LENGTH_MAX {
        return Err(invalid());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let (positions, found) = bytes.split_last_chunk::<SEAL_LENGTH>().ok_or_else(invalid)?;
    let (chunks, rest) = positions.as_chunks::<8>();
    let positions: Vec<i64> = chunks.iter().map(|chunk| i64::from_be_bytes(*chunk)).collect();
    if rest.is_empty() && seal(scope, &positions) == *found { Ok(positions) } else { Err(invalid()) }
}

fn seal(scope: &Canonical, positions: &[i64]) -> [u8; SEAL_LENGTH] {
    let sealed = Canonical::new("fusepay.cursor", 1).bytes(scope.as_bytes());
    let hash = positions.iter().fold(sealed, |sealed, position| sealed.number(*position)).sha256();
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(name: &str) -> Canonical {
        Canonical::new("test", 1).text(name)
    }

    #[test]
    fn a_cursor_of_another_listing_is_refused() {
        let text = encode(&scope("a"), &[7]);
        assert_eq!(decode(&scope("a"), &text).unwrap(), [7]);
        assert_eq!(decode(&scope("b"), &text).map_err(|e| e.code()), Err(Code::InvalidCursor));
    }

    #[test]
    fn the_longest_cursor_is_read_and_nothing_longer() {
        let positions = vec![i64::MAX; POSITIONS_MAX];
        assert_eq!(decode(&scope("a"), &encode(&scope("a"), &positions)).unwrap(), positions);
        assert!(decode(&scope("a"), &encode(&scope("a"), &[0; POSITIONS_MAX + 8])).is_err());
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same(positions in prop::collection::vec(any::<i64>(), 0..100)) {
            prop_assert_eq!(decode(&scope("a"), &encode(&scope("a"), &positions)).unwrap(), positions);
        }

        #[test]
        fn no_other_text_is_a_cursor(text: String) {
            prop_assert!(decode(&scope("a"), &text).is_err());
        }

        #[test]
        fn one_changed_character_is_noticed(position: i64, at in 0..32_usize, character in "[A-Za-z0-9_-]") {
            let text = encode(&scope("a"), &[position]);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &character);
            prop_assert_eq!(decode(&scope("a"), &changed).is_ok(), changed == text);
        }
    }
}

//! What a user may say about themselves: names, and nothing that grants anything.

use crate::error::{Error, Result};
use crate::vocabulary::Code;
use unicode_normalization::UnicodeNormalization as _;

/// The longest name, in code points after NFC.
const NAME_CHARS_MAX: usize = 50;
/// Beyond this many bytes a name is refused unread: NFC at most trebles text,
/// and shrinks it far less than this leaves room for.
const NAME_BYTES_MAX: usize = 1024;

/// A first or last name: 1 to 50 code points, NFC, no control or invisible
/// direction characters, no space around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming `field`: empty, only space, space around it,
    /// or control characters. `TOO_LONG`: more than 50 code points.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        if text.len() > NAME_BYTES_MAX {
            return Err(too_long(field));
        }
        let name: String = text.nfc().collect();
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(too_long(field));
        }
        if name.is_empty() || name.trim() != name {
            return Err(Error::field(Code::InvalidArgument, field, "is empty or has space around it"));
        }
        if name.chars().any(|c| c.is_control() || is_unseen(c)) {
            return Err(Error::field(Code::InvalidArgument, field, "holds control characters"));
        }
        Ok(PersonName(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn too_long(field: &'static str) -> Error {
    Error::field(Code::TooLong, field, "is longer than 50 characters")
}

/// Line and paragraph separators, direction overrides and the byte order mark:
/// they change how a log or a screen shows what stands around them. Joiners
/// (U+200C, U+200D) stay: Persian and Indic names need them.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A name, or the beginning of one, as search compares it: case does not count.
pub(crate) fn fold_name(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// A change to a profile; `None` leaves a field as it is. Role, status and
/// balance are not here, so no input can reach them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProfileUpdate {
    /// The new first name.
    pub first_name: Option<PersonName>,
    /// The new last name.
    pub last_name: Option<PersonName>,
}

impl ProfileUpdate {
    /// A change of these fields.
    ///
    /// # Errors
    /// As [`PersonName::parse`], in the order first name, last name.
    pub fn parse(first_name: Option<&str>, last_name: Option<&str>) -> Result<Self> {
        Ok(ProfileUpdate {
            first_name: first_name.map(|text| PersonName::parse("first_name", text)).transpose()?,
            last_name: last_name.map(|text| PersonName::parse("last_name", text)).transpose()?,
        })
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_name.is_none() && self.last_name.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_fifty_code_points() {
        for name in ["A", "Oyèláràn", "O'Neil-Ọbásanjọ́", "नरेंद्र", &"é".repeat(50), &"e\u{301}".repeat(50)]
        {
            assert!(PersonName::parse("first_name", name).is_ok(), "{name}");
        }
        for name in ["é".repeat(51), "x".repeat(10_000_000)] {
            assert_eq!(PersonName::parse("first_name", &name).map_err(|e| e.code()), Err(Code::TooLong));
        }
    }

    #[test]
    fn composed_and_decomposed_names_are_the_same() {
        assert_eq!(
            PersonName::parse("last_name", "Ade\u{301}").unwrap(),
            PersonName::parse("last_name", "Adé").unwrap()
        );
    }

    #[test]
    fn control_and_unseen_characters_are_refused() {
        for name in
            ["", " ", " Ada", "Ada ", "A\0da", "A\nda", "A\u{85}da", "A\u{202e}da", "A\u{2028}da", "\u{feff}Ada"]
        {
            let error = PersonName::parse("first_name", name).unwrap_err();
            assert_eq!((error.code(), error.field_name()), (Code::InvalidArgument, Some("first_name")), "{name:?}");
        }
    }

    #[test]
    fn an_update_names_the_field_at_fault() {
        assert!(ProfileUpdate::parse(None, None).unwrap().is_empty());
        let update = ProfileUpdate::parse(Some("Ada"), None).unwrap();
        assert_eq!(update.first_name.unwrap().as_str(), "Ada");
        assert_eq!(ProfileUpdate::parse(Some("Ada"), Some("")).unwrap_err().field_name(), Some("last_name"));
    }
}

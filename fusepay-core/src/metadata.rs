//! A host's own notes on a payment, transaction or wallet: a small JSON object.
//!
//! Kept as canonical text (RFC 8259; no blanks, keys sorted, shortest escapes,
//! numbers exactly as they were written), so that the same notes always give
//! the same bytes, and therefore the same fingerprint. The reader is our own,
//! because the usual one rounds numbers, keeps the last of two equal keys, and
//! changes its behaviour with features that other crates of a host switch on.

use crate::error::{Error, Result};
use crate::vocabulary::Code;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// Longest metadata, in bytes as given.
const LENGTH_MAX: usize = 4096;
/// Deepest nesting of objects and arrays; `{}` is 1 deep.
const DEPTH_MAX: usize = 8;

/// A JSON object of at most 4096 bytes, nested at most 8 deep, without
/// duplicate keys, as canonical text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Metadata(String);

impl Metadata {
    /// No notes: `{}`.
    #[must_use]
    pub fn empty() -> Self {
        Metadata("{}".to_owned())
    }

    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`Code::InvalidMetadata`] when it is longer than 4096 bytes (checked
    /// before anything is read), not an object, nested deeper than 8, has a
    /// duplicate key at any level, or is not JSON.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LENGTH_MAX {
            return Err(invalid(format!("at most {LENGTH_MAX} bytes are kept; store the rest elsewhere")));
        }
        let mut reader = Reader { rest: text.chars().peekable() };
        reader.skip_blanks();
        if reader.rest.peek() != Some(&'{') {
            return Err(invalid("must be a JSON object"));
        }
        let canonical = reader.value(0)?;
        reader.skip_blanks();
        match reader.rest.next() {
            None => Ok(Metadata(canonical)),
            Some(_) => Err(invalid("nothing may follow the object")),
        }
    }

    /// The canonical text, never longer than the text it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there are no notes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == "{}"
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Metadata::empty()
    }
}

impl std::str::FromStr for Metadata {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Metadata::parse(text)
    }
}

impl std::fmt::Display for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends `text` as a JSON string with the shortest escapes.
pub(crate) fn write_json_string(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::field(Code::InvalidMetadata, "metadata", why)
}

/// Reads JSON and writes it canonically on the way.
struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        self.skip_blanks();
        if self.rest.next() == Some(wanted) { Ok(()) } else { Err(invalid(format!("'{wanted}' is missing"))) }
    }

    /// One value, `depth` objects and arrays down. The recursion ends at `DEPTH_MAX`.
    fn value(&mut self, depth: usize) -> Result<String> {
        self.skip_blanks();
        match self.rest.peek() {
            Some('{' | '[') if depth >= DEPTH_MAX => Err(invalid(format!("nested deeper than {DEPTH_MAX}"))),
            Some('{') => self.object(depth + 1),
            Some('[') => self.array(depth + 1),
            Some('"') => {
                let mut canonical = String::new();
                write_json_string(&mut canonical, &self.string()?);
                Ok(canonical)
            }
            Some('-' | '0'..='9') => self.number(),
            Some('a'..='z') => self.word(),
            Some(_) => Err(invalid("not JSON")),
            None => Err(invalid("the text ends too early")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<String> {
        let mut members = BTreeMap::new();
        self.members('{', '}', |reader| {
            reader.skip_blanks();
            let key = reader.string()?;
            reader.expect(':')?;
            let value = reader.value(depth)?;
            match members.insert(key, value) {
                None => Ok(()),
                Some(_) => Err(invalid("a key appears twice in one object")),
            }
        })?;
        let mut canonical = "{".to_owned();
        for (key, value) in &members {
            if canonical.len() > 1 {
                canonical.push(',');
            }
            write_json_string(&mut canonical, key);
            canonical.push(':');
            canonical.push_str(value);
        }
        canonical.push('}');
        Ok(canonical)
    }

    fn array(&mut self, depth: usize) -> Result<String> {
        let mut values = Vec::new();
        self.members('[', ']', |reader| {
            values.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(format!("[{}]", values.join(",")))
    }

    /// What stands between two brackets, divided by commas.
    fn members(&mut self, open: char, close: char, mut one: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.expect(open)?;
        self.skip_blanks();
        if self.rest.next_if_eq(&close).is_some() {
            return Ok(());
        }
        loop {
            one(self)?;
            self.skip_blanks();
            match self.rest.next() {
                Some(',') => {}
                Some(found) if found == close => return Ok(()),
                _ => return Err(invalid(format!("',' or '{close}' is missing"))),
            }
        }
    }

    fn string(&mut self) -> Result<String> {
        if self.rest.next() != Some('"') {
            return Err(invalid("a string is missing"));
        }
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some('\0'..='\u{1f}') => return Err(invalid("a control character must be escaped")),
                Some(character) => text.push(character),
                None => return Err(invalid("a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        match self.rest.next() {
            Some(same @ ('"' | '\\' | '/')) => Ok(same),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.utf16(),
            _ => Err(invalid("an escape is malformed")),
        }
    }

    /// `\uXXXX`, or two of them when the first is the first half of a pair.
    fn utf16(&mut self) -> Result<char> {
        let first = self.four_digits()?;
        let units = if (0xd800..0xdc00).contains(&first) {
            let follows = self.rest.next() == Some('\\') && self.rest.next() == Some('u');
            if !follows {
                return Err(invalid("an escape is half a surrogate pair"));
            }
            vec![first, self.four_digits()?]
        } else {
            vec![first]
        };
        let mut decoded = char::decode_utf16(units);
        match (decoded.next(), decoded.next()) {
            (Some(Ok(character)), None) => Ok(character),
            _ => Err(invalid("an escape is half a surrogate pair")),
        }
    }

    fn four_digits(&mut self) -> Result<u16> {
        (0..4).try_fold(0u16, |sum, _| match self.rest.next().and_then(|c| c.to_digit(16)) {
            Some(digit) => Ok(sum << 4 | u16::try_from(digit).unwrap_or(0)),
            None => Err(invalid("an escape is malformed")),
        })
    }

    /// A number by RFC 8259, digit for digit as it was written.
    fn number(&mut self) -> Result<String> {
        let mut text = String::new();
        text.extend(self.rest.next_if_eq(&'-'));
        match self.rest.next_if(char::is_ascii_digit) {
            Some('0') => text.push('0'),
            Some(digit) => {
                text.push(digit);
                self.digits(&mut text);
            }
            None => return Err(invalid("a number is malformed")),
        }
        if let Some(point) = self.rest.next_if_eq(&'.') {
            text.push(point);
            self.some_digits(&mut text)?;
        }
        if let Some(exponent) = self.rest.next_if(|c| matches!(c, 'e' | 'E')) {
            text.push(exponent);
            text.extend(self.rest.next_if(|c| matches!(c, '+' | '-')));
            self.some_digits(&mut text)?;
        }
        Ok(text)
    }

    fn digits(&mut self, text: &mut String) {
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            text.push(digit);
        }
    }

    fn some_digits(&mut self, text: &mut String) -> Result<()> {
        let before = text.len();
        self.digits(text);
        if text.len() > before { Ok(()) } else { Err(invalid("a number is malformed")) }
    }

    fn word(&mut self) -> Result<String> {
        let mut text = String::new();
        while let Some(letter) = self.rest.next_if(char::is_ascii_lowercase) {
            text.push(letter);
        }
        if matches!(text.as_str(), "true" | "false" | "null") { Ok(text) } else { Err(invalid("not JSON")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        Metadata::parse(text).ok().map(|metadata| metadata.as_str().to_owned())
    }

    #[test]
    fn the_same_notes_have_one_text() {
        let text = " { \"b\" : [ 1 , 2.50, -0e+3, true, null ] ,\n \"a\" : \"\\u0041\\/\\ud83d\\ude00\\u0007\" } ";
        assert_eq!(canonical(text).as_deref(), Some("{\"a\":\"A/😀\\u0007\",\"b\":[1,2.50,-0e+3,true,null]}"));
        assert_eq!(canonical("{}"), Some(Metadata::empty().to_string()));
        assert_eq!(canonical("{\"n\":123456789012345678901234567890.10}").map(|t| t.len()), Some(39));
    }

    #[test]
    fn what_is_not_an_object_within_bounds_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(8), "]".repeat(8));
        let very_deep = "[".repeat(10_000);
        let deep_and_short = format!("{{\"a\":{}", "[".repeat(4_000));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LENGTH_MAX));
        let same_key = "{\"a\":1,\"\\u0061\":2}";
        for text in [
            "",
            "[]",
            "1",
            "null",
            "\"x\"",
            "{",
            "{}x",
            "{}{}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":[1 2]}",
            "{\"a\":[1,]}",
            "{\"a\":{\"b\":1,\"b\":1}}",
            same_key,
            &deep,
            &very_deep,
            &deep_and_short,
            &long,
        ] {
            let code = Metadata::parse(text).map_err(|e| e.code());
            assert_eq!(code, Err(Code::InvalidMetadata), "{}", text.get(..40).unwrap_or(text));
        }
    }

    #[test]
    fn eight_levels_are_read() {
        assert!(canonical(&format!("{{\"a\":{}{}}}", "[".repeat(7), "]".repeat(7))).is_some());
    }

    fn json(depth: u32) -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
        ];
        leaf.prop_recursive(depth, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[ {} ]", v.join(" , "))),
                prop::collection::btree_map("[a-z\"é\n]{0,3}", inner, 0..4).prop_map(|m| {
                    let members: Vec<_> =
                        m.iter().map(|(k, v)| format!("{} : {v}", serde_json::to_string(k).unwrap())).collect();
                    format!("{{{}}}", members.join(", "))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_text_means_the_same_and_stays_the_same(value in json(5)) {
            let text = format!("{{ \"x\" : {value} }}");
            prop_assume!(text.len() <= LENGTH_MAX);
            let once = Metadata::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(once.as_str().len() <= text.len());
            prop_assert_eq!(Metadata::parse(once.as_str()).ok(), Some(once.clone()));
            let ours: serde_json::Value = serde_json::from_str(once.as_str()).unwrap();
            prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"\\\\u0-9a-fe.+ -]{0,60}") {
            if let Ok(metadata) = Metadata::parse(&text) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(metadata.as_str()).is_ok());
            }
        }
    }
}

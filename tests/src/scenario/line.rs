//! One line of a scenario file: a verb and `key=value` words, and nothing else.

use crate::scenario::names::Names;
use crate::scenario::stop::{Answer, Stop};
use fusepay_core::{Currency, Error, Money};
use std::str::FromStr;

/// The longest line, in bytes, and the most words after the verb: bounds that a
/// reader in C can have as arrays.
const LINE_BYTES_MAX: usize = 1_024;
const WORDS_MAX: usize = 24;

/// One step or expectation as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// The text without blanks around it.
    pub(crate) text: String,
    /// Its first word.
    pub(crate) verb: String,
    /// The other words, in order.
    pub(crate) words: Vec<Word>,
}

/// One `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// What is before the sign.
    pub(crate) key: String,
    /// What is after it, without quotes and escapes.
    pub(crate) value: String,
    /// Whether it stood in quotes, and is therefore never a reference.
    pub(crate) is_quoted: bool,
}

/// The lines of a file that say something; blank ones and comments left out.
///
/// # Errors
/// The number of the first line that is malformed, and what is wrong with it.
pub(crate) fn lines(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_matches(' ')));
    let speaking = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    speaking.map(|(number, line)| parse(number, line).map_err(|why| (number, why))).collect()
}

fn parse(number: usize, text: &str) -> Result<Line, String> {
    if text.len() > LINE_BYTES_MAX {
        return Err(format!("a line has at most {LINE_BYTES_MAX} bytes"));
    }
    let (verb, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut words = Vec::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if rest.is_empty() {
            break;
        }
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after;
    }
    if words.len() > WORDS_MAX {
        return Err(format!("a line has at most {WORDS_MAX} words"));
    }
    Ok(Line { number, text: text.to_owned(), verb: verb.to_owned(), words })
}

fn word(text: &str) -> Result<(Word, &str), String> {
    let (key, rest) = text.split_once('=').ok_or_else(|| format!("`{text}` is not key=value"))?;
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(format!("`{key}` is not a key"));
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = unquote(quoted)?;
        return Ok((Word { key: key.to_owned(), value, is_quoted: true }, after));
    }
    let (value, after) = rest.split_once(' ').unwrap_or((rest, ""));
    if value.is_empty() || value.contains(['"', '\\']) {
        return Err(format!("the value of `{key}` is empty or needs quotes"));
    }
    Ok((Word { key: key.to_owned(), value: value.to_owned(), is_quoted: false }, after))
}

/// The value up to the closing quote, and what follows it.
fn unquote(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => {
                let after = rest.as_str();
                return if after.is_empty() || after.starts_with(' ') {
                    Ok((value, after))
                } else {
                    Err("after a closing quote comes a blank".to_owned())
                };
            }
            '\\' => value.push(match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(same @ ('"' | '\\')) => same,
                _ => return Err("the escapes are \\\" \\\\ \\n \\t".to_owned()),
            }),
            other => value.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// The words of a step with its references replaced by what they stand for.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    list: Vec<(String, String)>,
}

impl Words {
    /// Replaces `$name` by its value, and refuses words the verb does not have.
    ///
    /// # Errors
    /// A name that is not bound, a word that is unknown, doubled or missing.
    /// `allowed` is the verb's list: names divided by blanks, optional ones with `?`.
    pub(crate) fn resolve(line: &Line, allowed: &str, names: &Names) -> Result<Self, String> {
        let mut list: Vec<(String, String)> = Vec::new();
        for word in &line.words {
            if !allowed.split(' ').any(|known| known.trim_end_matches('?') == word.key) {
                return Err(format!("`{}` has no word `{}`", line.verb, word.key));
            }
            if list.iter().any(|(key, _)| *key == word.key) {
                return Err(format!("`{}` is given twice", word.key));
            }
            let value = match word.value.strip_prefix('$') {
                Some(name) if !word.is_quoted => {
                    names.text(name).ok_or_else(|| format!("nothing is called `{name}` yet"))?.to_owned()
                }
                _ => word.value.clone(),
            };
            list.push((word.key.clone(), value));
        }
        let demanded = allowed.split(' ').filter(|known| !known.is_empty() && !known.ends_with('?'));
        for key in demanded {
            if !list.iter().any(|(given, _)| given == key) {
                return Err(format!("`{}` needs the word `{key}`", line.verb));
            }
        }
        Ok(Words { list })
    }

    /// A word that may be missing.
    #[must_use]
    pub(crate) fn optional(&self, key: &str) -> Option<&str> {
        self.list.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// A word that must be there, or this when it may be missing and is.
    #[must_use]
    pub(crate) fn text_or<'w>(&'w self, key: &str, default: &'w str) -> &'w str {
        self.optional(key).unwrap_or(default)
    }

    /// A word that must be there.
    pub(crate) fn text(&self, key: &str) -> Answer<&str> {
        self.optional(key).ok_or_else(|| Stop::Script(format!("the word `{key}` is missing")))
    }

    /// An id; malformed text is the engine's to refuse.
    pub(crate) fn id<T: FromStr<Err = Error>>(&self, key: &str) -> Answer<T> {
        Ok(self.text(key)?.parse::<T>()?)
    }

    /// An id that may be missing.
    pub(crate) fn optional_id<T: FromStr<Err = Error>>(&self, key: &str) -> Answer<Option<T>> {
        Ok(self.optional(key).map(str::parse::<T>).transpose()?)
    }

    /// A decimal number.
    pub(crate) fn number<T: FromStr>(&self, key: &str) -> Answer<T> {
        self.optional_number(key)?.ok_or_else(|| Stop::Script(format!("the word `{key}` is missing")))
    }

    /// A decimal number that may be missing.
    pub(crate) fn optional_number<T: FromStr>(&self, key: &str) -> Answer<Option<T>> {
        let parse = |text: &str| text.parse().map_err(|_| Stop::Script(format!("`{key}` is no number: {text}")));
        self.optional(key).map(parse).transpose()
    }

    /// The number of a page's lines: 100 when the word is missing.
    pub(crate) fn limit(&self) -> Answer<u32> {
        Ok(self.optional_number("limit")?.unwrap_or(100))
    }

    /// A word of the vocabulary, by its name.
    pub(crate) fn word<T>(&self, key: &str, from_name: impl Fn(&str) -> Option<T>) -> Answer<T> {
        let text = self.text(key)?;
        from_name(text).ok_or_else(|| Stop::Script(format!("`{text}` is no {key}")))
    }

    /// A word of the vocabulary that may be missing.
    pub(crate) fn optional_word<T>(&self, key: &str, from_name: impl Fn(&str) -> Option<T>) -> Answer<Option<T>> {
        self.optional(key).map(|_| self.word(key, from_name)).transpose()
    }

    /// `yes` or `no`; this when it is missing.
    pub(crate) fn flag_or(&self, key: &str, default: bool) -> Answer<bool> {
        match self.optional(key) {
            None => Ok(default),
            Some("yes") => Ok(true),
            Some("no") => Ok(false),
            Some(other) => Err(Stop::Script(format!("`{key}` is yes or no, not {other}"))),
        }
    }

    /// The currency; naira when the word is missing.
    pub(crate) fn currency(&self) -> Answer<Currency> {
        Ok(Currency::from_code(self.text_or("currency", "NGN"))?)
    }

    /// The money: `amount` as decimal text, or `minor` as a number.
    pub(crate) fn money(&self) -> Answer<Money> {
        let currency = self.currency()?;
        match self.optional("amount") {
            Some(text) => Ok(Money::parse(text, currency)?),
            None => Ok(Money::new(self.number("minor")?, currency)),
        }
    }
}

//! One line of a transcript: a word and its fields, in a fixed order.

use crate::scenario::names::{Kind, Names};
use std::fmt::{Display, Formatter, Write as _};

/// What records need to know of their scenario.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    /// Who is called what.
    pub(crate) names: &'v Names,
    /// When the scenario began, in milliseconds UTC.
    pub(crate) start_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Absent,
    Plain(String),
    Text(String),
}

/// A result as the transcript shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) struct Record {
    word: &'static str,
    fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// A record without fields as yet.
    pub(crate) const fn new(word: &'static str) -> Self {
        Record { word, fields: Vec::new() }
    }

    fn with(mut self, key: &'static str, value: Value) -> Self {
        self.fields.push((key, value));
        self
    }

    /// Adds a number or a word, printed as it is.
    pub(crate) fn plain(self, key: &'static str, value: impl Display) -> Self {
        self.with(key, Value::Plain(value.to_string()))
    }

    /// Adds a number or a word that may be absent: then printed as `-`.
    pub(crate) fn maybe(self, key: &'static str, value: Option<impl Display>) -> Self {
        let value = value.map_or(Value::Absent, |value| Value::Plain(value.to_string()));
        self.with(key, value)
    }

    /// Adds a text: printed in quotes, `-` when absent.
    pub(crate) fn text<'t>(self, key: &'static str, value: impl Into<Option<&'t str>>) -> Self {
        let value = value.into().map_or(Value::Absent, |text| Value::Text(text.to_owned()));
        self.with(key, value)
    }

    /// Adds a claim: `yes` or `no`.
    pub(crate) fn flag(self, key: &'static str, value: bool) -> Self {
        self.plain(key, if value { "yes" } else { "no" })
    }

    /// Adds an id by its name; `?` when it has none.
    pub(crate) fn id(self, key: &'static str, view: View<'_>, kind: Kind, id: impl Display) -> Self {
        self.plain(key, view.names.name(kind, &id.to_string()))
    }

    /// Adds an id that may be absent: then printed as `-`.
    pub(crate) fn maybe_id(self, key: &'static str, view: View<'_>, kind: Kind, id: Option<impl Display>) -> Self {
        match id {
            Some(id) => self.id(key, view, kind, id),
            None => self.with(key, Value::Absent),
        }
    }

    /// Adds a moment, in milliseconds since the scenario's start.
    pub(crate) fn moment(
        self,
        key: &'static str,
        view: View<'_>,
        at: impl Into<Option<fusepay_core::UnixMillis>>,
    ) -> Self {
        self.maybe(key, at.into().map(|at| at.0.saturating_sub(view.start_ms)))
    }

    /// A field as an expectation sees it: a text without its quotes.
    #[must_use]
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(known, _)| *known == key)?;
        Some(match value {
            Value::Absent => "-",
            Value::Plain(text) | Value::Text(text) => text,
        })
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word)?;
        for (key, value) in &self.fields {
            match value {
                Value::Absent => write!(f, " {key}=-")?,
                Value::Plain(text) => write!(f, " {key}={text}")?,
                Value::Text(text) => {
                    write!(f, " {key}=\"")?;
                    write_escaped(f, text)?;
                    f.write_char('"')?;
                }
            }
        }
        Ok(())
    }
}

fn write_escaped(f: &mut Formatter<'_>, text: &str) -> std::fmt::Result {
    text.chars().try_for_each(|character| match character {
        '"' => f.write_str("\\\""),
        '\\' => f.write_str("\\\\"),
        '\n' => f.write_str("\\n"),
        '\t' => f.write_str("\\t"),
        other => f.write_char(other),
    })
}

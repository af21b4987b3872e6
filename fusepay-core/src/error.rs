//! The one public error: a code from the vocabulary, a sentence for a person,
//! and what a program needs to react (field, retry delay, idempotency key).
//!
//! Text is lower case without a full stop, names the field, the limit and the
//! remedy, and never carries a secret or another user's data.

use crate::vocabulary::{Code, ErrorKind};

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine. Cheap to move: one pointer.
#[derive(thiserror::Error)]
#[error("{}", .0.detail)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: String,
    field: Option<&'static str>,
    retry_after_ms: Option<i64>,
    idempotency_key: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error of this code with a sentence for a person.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            detail: detail.into(),
            field: None,
            retry_after_ms: None,
            idempotency_key: None,
            source: None,
        }))
    }

    /// Makes an error about one parameter; the sentence is prefixed with its name.
    #[must_use]
    pub fn field(code: Code, field: &'static str, detail: impl std::fmt::Display) -> Self {
        let mut error = Error::new(code, format!("{field}: {detail}"));
        error.0.field = Some(field);
        error
    }

    /// Adds after how many milliseconds a repetition makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after_ms: i64) -> Self {
        self.0.retry_after_ms = Some(retry_after_ms);
        self
    }

    /// Adds the idempotency key under which the call can be repeated.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: &str) -> Self {
        self.0.idempotency_key = Some(key.to_owned());
        self
    }

    /// Adds the underlying cause.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// Whether the same call, with the same idempotency key, may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind(), ErrorKind::Busy | ErrorKind::InDoubt)
    }

    /// The sentence for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The parameter at fault, where there is one.
    #[must_use]
    pub fn field_name(&self) -> Option<&'static str> {
        self.0.field
    }

    /// After how many milliseconds a repetition makes sense, where known.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<i64> {
        self.0.retry_after_ms
    }

    /// The key under which a call in doubt must be repeated. The engine makes
    /// one when the caller gave none.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// Whether a refusal is remembered under its idempotency key. Refusals that
    /// depend on state (funds, limits, status) are: a key that was told no is
    /// told no for ever. Misuse, not found, forbidden, busy and faults are not.
    #[allow(dead_code, reason = "used by the engine")]
    pub(crate) fn is_sticky(&self) -> bool {
        self.kind() == ErrorKind::Refused
            && !matches!(
                self.code(),
                Code::NotFound | Code::Forbidden | Code::IdempotencyKeyReused | Code::InvalidToken
            )
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("code", &self.0.code.name()).field("detail", &self.0.detail);
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

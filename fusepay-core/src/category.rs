//! The category of a bill: a word that both a catalogue item and a wallet's
//! limit carry, and therefore lives below both rooms.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// Longest category code, in bytes. Other codes of the catalogue share it.
pub(crate) const CODE_LENGTH_MAX: usize = 64;

/// What a bill is for: an open set of upper-case codes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(String);

impl Category {
    /// Categories this engine's users are known to need. A host may use others.
    pub const KNOWN: &'static [&'static str] =
        &["ELECTRICITY", "DATA", "INSURANCE", "AIRTIME", "TV", "WATER", "INTERNET", "EDUCATION", "TAX", "BETTING"];

    /// The category with this code.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] unless it is 1 to 64 of `A`–`Z`, `0`–`9`, `_`.
    pub fn new(code: impl Into<String>) -> Result<Self> {
        let code = code.into();
        let fits = (1..=CODE_LENGTH_MAX).contains(&code.len());
        if fits && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            return Ok(Category(code));
        }
        Err(Error::field(
            Code::InvalidArgument,
            "category",
            "must be 1 to 64 upper-case letters, digits or underscores",
        ))
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

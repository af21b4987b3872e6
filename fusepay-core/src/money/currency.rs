//! Currencies by ISO 4217:2015, with the exponent that says how many decimal
//! places their minor unit stands for: JPY 0, NGN 2, KWD 3.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// A currency that has minor units. Three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// The Nigerian naira, in kobo.
    pub const NGN: Currency = Currency { code: *b"NGN", exponent: 2 };

    /// The currency with this code.
    ///
    /// # Errors
    /// [`Code::InvalidCurrency`] unless it is three upper-case letters of ISO
    /// 4217 for a currency with minor units (not XAU, XXX and their like).
    pub fn from_code(code: &str) -> Result<Self> {
        let invalid =
            || Error::new(Code::InvalidCurrency, "a currency is three upper-case letters of ISO 4217, such as NGN");
        let letters: [u8; 3] = code.as_bytes().try_into().map_err(|_| invalid())?;
        if !letters.iter().all(u8::is_ascii_uppercase) {
            return Err(invalid());
        }
        let exponent = iso_currency::Currency::from_code(code).and_then(iso_currency::Currency::exponent);
        match exponent.and_then(|places| u8::try_from(places).ok()) {
            Some(exponent) => Ok(Currency { code: letters, exponent }),
            None => Err(invalid()),
        }
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many decimal places one minor unit stands for.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Currency::from_code(&code).map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Currency {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self> {
        Currency::from_code(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("NGN", 2), ("USD", 2), ("KWD", 3), ("KES", 2), ("XOF", 0), ("CLF", 4)] {
            assert_eq!(Currency::from_code(code).map(Currency::exponent).ok(), Some(exponent), "{code}");
        }
        assert_eq!(Currency::from_code("NGN").ok(), Some(Currency::NGN));
    }

    #[test]
    fn what_is_not_a_currency_is_refused() {
        for code in ["", "ngn", "NG", "NGNN", "ZZZ", "XXX", "XAU", "N G", "NGÑ"] {
            assert_eq!(Currency::from_code(code).map_err(|e| e.code()), Err(Code::InvalidCurrency), "{code}");
        }
    }
}

//! Decimal text to money and back, exact or refused: never rounded.

use crate::error::{Error, Result};
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::vocabulary::Code;

/// The longest text that can be an amount: sign, 19 digits, point, and room for leading zeros.
const LENGTH_MAX: usize = 32;

impl Money {
    /// Reads major units, such as `"19.50"`: an optional `-`, digits, and at
    /// most as many decimal places as the currency has. Nothing else: no `+`,
    /// blanks, grouping, exponent, or digits outside ASCII.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`].
    pub fn parse(text: &str, currency: Currency) -> Result<Money> {
        let invalid = |why: String| Error::new(Code::InvalidAmount, why);
        if text.len() > LENGTH_MAX {
            return Err(invalid(format!("an amount has at most {LENGTH_MAX} characters")));
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(invalid("digits must follow the decimal point".to_owned())),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return Err(invalid("an amount is ASCII digits with an optional decimal point, such as 19.50".to_owned()));
        }
        let places = usize::from(currency.exponent());
        if fraction.len() > places {
            return Err(invalid(format!("{currency} has {places} decimal places")));
        }
        let padding = std::iter::repeat_n(b'0', places - fraction.len());
        let magnitude = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(padding)
            .try_fold(0i64, |sum, digit| sum.checked_mul(10)?.checked_sub(i64::from(digit - b'0')));
        // Counted downwards, because i64::MIN has no positive twin.
        let minor = if negative { magnitude } else { magnitude.and_then(i64::checked_neg) };
        minor
            .map(|minor| Money::new(minor, currency))
            .ok_or_else(|| invalid("the amount does not fit 64-bit minor units".to_owned()))
    }
    /// Major units with exactly the currency's decimal places and no currency:
    /// `19.50`, `-0.05`, `7`. What [`Money::parse`] reads.
    #[must_use]
    pub fn to_decimal(self) -> String {
        to_text(self)
    }
}

/// Major units with exactly the currency's decimal places: `19.50`, `-0.05`, `7`.
#[must_use]
pub(crate) fn to_text(money: Money) -> String {
    let places = usize::from(money.currency().exponent());
    let sign = if money.minor() < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", money.minor().unsigned_abs(), width = places + 1);
    match digits.split_at_checked(digits.len() - places) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

/// Shows major units with exactly the currency's decimal places, then the code: `19.50 NGN`.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", to_text(*self), self.currency())
    }
}

impl std::fmt::Debug for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str, code: &str) -> Option<i64> {
        Money::parse(text, Currency::from_code(code).ok()?).map(Money::minor).ok()
    }

    #[test]
    fn exact_text_is_read() {
        assert_eq!(parse("0.29", "NGN"), Some(29));
        assert_eq!(parse("19.5", "NGN"), Some(1950));
        assert_eq!(parse("-19", "NGN"), Some(-1900));
        assert_eq!(parse("7", "JPY"), Some(7));
        assert_eq!(parse("0.931", "KWD"), Some(931));
        assert_eq!(parse("92233720368547758.07", "NGN"), Some(i64::MAX));
        assert_eq!(parse("-92233720368547758.08", "NGN"), Some(i64::MIN));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "1e3",
            "+5",
            " 10",
            "10 ",
            "1,000",
            "NaN",
            "inf",
            "٣",
            "0x1",
            "--1",
            "1.2.3",
            "0.931",
            "92233720368547758.08",
            "10000000000000000000000000000000000000000",
            "1_0",
            "１",
        ] {
            assert_eq!(parse(text, "NGN"), None, "{text:?}");
        }
        assert_eq!(parse("19.5", "JPY"), None);
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same(minor: i64, code in prop::sample::select(vec!["JPY", "NGN", "KWD", "CLF"])) {
            let currency = Currency::from_code(code).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let text = to_text(Money::new(minor, currency));
            prop_assert_eq!(Money::parse(&text, currency).map(Money::minor).ok(), Some(minor));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = Money::parse(&text, Currency::NGN);
        }
    }
}

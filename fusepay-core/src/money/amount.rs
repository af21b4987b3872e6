//! `Money`: minor units and their currency, and the only arithmetic on them.

use crate::error::{Error, Result};
use crate::money::currency::Currency;
use crate::vocabulary::Code;

/// An amount of money: a signed number of minor units of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units: `Money::new(19_50, Currency::NGN)` is ₦19.50.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Money { minor, currency }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Money { minor: 0, currency }
    }

    /// The number of minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Code::CurrencyMismatch`], [`Code::AmountOverflow`].
    pub fn checked_add(self, other: Money) -> Result<Money> {
        self.same_currency(other)?;
        add(self.minor, other.minor).map(|minor| Money { minor, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Code::CurrencyMismatch`], [`Code::AmountOverflow`].
    pub fn checked_sub(self, other: Money) -> Result<Money> {
        self.same_currency(other)?;
        sub(self.minor, other.minor).map(|minor| Money { minor, ..self })
    }

    /// `self × per_mille / 1000`, rounded half up to a whole minor unit.
    ///
    /// # Errors
    /// [`Code::AmountOverflow`].
    pub fn per_mille(self, per_mille: u32) -> Result<Money> {
        let product = i128::from(self.minor) * i128::from(per_mille);
        let rounded = (product + 500).div_euclid(1000);
        i64::try_from(rounded).map(|minor| Money { minor, ..self }).map_err(|_| overflow())
    }

    /// Splits into `parts` amounts that differ by at most one minor unit and
    /// add up to the whole; the larger ones come first.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for no parts or more than 10,000.
    pub fn split(self, parts: u32) -> Result<Vec<Money>> {
        if !(1..=10_000).contains(&parts) {
            return Err(Error::field(Code::InvalidArgument, "parts", "must be 1 to 10000"));
        }
        let (each, rest) = (self.minor.div_euclid(i64::from(parts)), self.minor.rem_euclid(i64::from(parts)));
        Ok((0..i64::from(parts)).map(|index| Money { minor: each + i64::from(index < rest), ..self }).collect())
    }

    /// Refuses zero and negative amounts.
    ///
    /// # Errors
    /// [`Code::InvalidAmount`].
    pub fn require_positive(self, field: &'static str) -> Result<Money> {
        if self.minor > 0 { Ok(self) } else { Err(Error::field(Code::InvalidAmount, field, "must be more than zero")) }
    }

    fn same_currency(self, other: Money) -> Result<()> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(Error::new(
            Code::CurrencyMismatch,
            format!("{} and {} can't be added up; use one currency", self.currency, other.currency),
        ))
    }
}

/// Checked sum of two counts of minor units of one currency.
pub(crate) fn add(a: i64, b: i64) -> Result<i64> {
    a.checked_add(b).ok_or_else(overflow)
}

/// Checked difference of two counts of minor units of one currency.
pub(crate) fn sub(a: i64, b: i64) -> Result<i64> {
    a.checked_sub(b).ok_or_else(overflow)
}

fn overflow() -> Error {
    Error::new(Code::AmountOverflow, "the result does not fit 64-bit minor units; use smaller amounts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ngn(minor: i64) -> Money {
        Money::new(minor, Currency::NGN)
    }

    #[test]
    fn the_largest_balance_takes_no_more() {
        assert_eq!(ngn(i64::MAX).checked_add(ngn(1)).map_err(|e| e.code()), Err(Code::AmountOverflow));
        assert_eq!(ngn(i64::MIN).checked_sub(ngn(1)).map_err(|e| e.code()), Err(Code::AmountOverflow));
    }

    #[test]
    fn currencies_do_not_mix() {
        let kes = Currency::from_code("KES").map(|c| Money::new(1, c));
        assert_eq!(kes.and_then(|kes| ngn(1).checked_add(kes)).map_err(|e| e.code()), Err(Code::CurrencyMismatch));
    }

    #[test]
    fn per_mille_rounds_half_up_and_does_not_overflow_on_the_way() {
        assert_eq!(ngn(1).per_mille(15).map(Money::minor).ok(), Some(0));
        assert_eq!(ngn(100).per_mille(15).map(Money::minor).ok(), Some(2));
        assert_eq!(ngn(i64::MAX).per_mille(1000).map(Money::minor).ok(), Some(i64::MAX));
        assert!(ngn(i64::MAX).per_mille(1001).is_err());
    }

    #[test]
    fn a_split_adds_up_to_the_whole() {
        let parts: Vec<_> = ngn(100).split(3).unwrap_or_default().iter().map(|m| m.minor()).collect();
        assert_eq!(parts, [34, 33, 33]);
        assert!(ngn(100).split(0).is_err());
    }
}

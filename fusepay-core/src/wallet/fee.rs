//! Fees: a fixed part and a share per mille, kept between a minimum and a
//! maximum, rounded half up to a whole minor unit.

use crate::error::{Error, Result};
use crate::money::amount::Money;
use crate::vocabulary::Code;

/// What an operation costs on top of its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeePolicy {
    /// Charged whatever the amount, in minor units.
    pub fixed_minor: i64,
    /// Charged per thousand of the amount. 15 is 1.5 %.
    pub per_mille: u32,
    /// The least charged, in minor units.
    pub minimum_minor: i64,
    /// The most charged, in minor units; `None` for no cap.
    pub maximum_minor: Option<i64>,
}

impl FeePolicy {
    /// No fee.
    #[must_use]
    pub const fn free() -> Self {
        FeePolicy { fixed_minor: 0, per_mille: 0, minimum_minor: 0, maximum_minor: None }
    }

    /// The same fee for every amount, in minor units.
    #[must_use]
    pub const fn fixed(fixed_minor: i64) -> Self {
        FeePolicy { fixed_minor, ..FeePolicy::free() }
    }

    /// A share of the amount: 15 is 1.5 %.
    #[must_use]
    pub const fn per_mille(per_mille: u32) -> Self {
        FeePolicy { per_mille, ..FeePolicy::free() }
    }

    /// Adds a fixed part, in minor units.
    #[must_use]
    pub const fn plus_fixed(mut self, fixed_minor: i64) -> Self {
        self.fixed_minor = fixed_minor;
        self
    }

    /// Keeps the fee between two bounds, in minor units.
    #[must_use]
    pub const fn between(mut self, minimum_minor: i64, maximum_minor: i64) -> Self {
        self.minimum_minor = minimum_minor;
        self.maximum_minor = Some(maximum_minor);
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn check(&self) -> Result<()> {
        let bounds_hold = self.maximum_minor.is_none_or(|maximum| maximum >= self.minimum_minor);
        if self.fixed_minor >= 0 && self.minimum_minor >= 0 && self.per_mille <= 1000 && bounds_hold {
            return Ok(());
        }
        Err(Error::field(
            Code::InvalidArgument,
            "fee",
            "parts must not be negative, per mille at most 1000, the minimum at most the maximum",
        ))
    }

    /// The fee for this amount.
    ///
    /// # Errors
    /// [`Code::AmountOverflow`].
    pub fn for_amount(&self, amount: Money) -> Result<Money> {
        let share = amount.per_mille(self.per_mille)?;
        let sum = share.checked_add(Money::new(self.fixed_minor, amount.currency()))?;
        let floored = sum.minor().max(self.minimum_minor);
        let capped = self.maximum_minor.map_or(floored, |maximum| floored.min(maximum));
        Ok(Money::new(capped, amount.currency()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::currency::Currency;

    fn fee(policy: FeePolicy, minor: i64) -> Option<i64> {
        policy.for_amount(Money::new(minor, Currency::NGN)).map(Money::minor).ok()
    }

    #[test]
    fn fixed_share_and_bounds_work_together() {
        let policy = FeePolicy::per_mille(15).plus_fixed(100).between(150, 2_000);
        assert_eq!(fee(policy, 1), Some(150));
        assert_eq!(fee(policy, 10_000), Some(250));
        assert_eq!(fee(policy, 10_000_000), Some(2_000));
        assert_eq!(fee(FeePolicy::per_mille(15), 1), Some(0));
        assert_eq!(fee(FeePolicy::fixed(1), i64::MAX), Some(1));
    }

    #[test]
    fn senseless_policies_are_refused() {
        for policy in [FeePolicy::fixed(-1), FeePolicy::per_mille(1001), FeePolicy::free().between(2, 1)] {
            assert!(policy.check().is_err(), "{policy:?}");
        }
    }
}

//! Limits: how much, and how often, a wallet may spend within a span of time.

use crate::category::Category;
use crate::clock::{UnixMillis, day_start, month_start};
use crate::error::{Error, Result};
use crate::money::amount::{Money, add, sub};
use crate::vocabulary::{Code, LimitWindow};

/// A bound on what leaves a wallet within one window. Amounts are minor units
/// of the wallet's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Over which span it counts.
    pub window: LimitWindow,
    /// Only bills of this category count; `None`: everything that leaves.
    pub category: Option<Category>,
    /// The most that may leave within the window, in minor units.
    pub amount_max_minor: Option<i64>,
    /// The most movements within the window. Not for a window of one transaction.
    pub count_max: Option<u32>,
}

impl Limit {
    /// A limit over this window, as yet without a bound.
    #[must_use]
    pub const fn new(window: LimitWindow) -> Self {
        Limit { window, category: None, amount_max_minor: None, count_max: None }
    }

    /// Counts only bills of this category.
    #[must_use]
    pub fn with_category(mut self, category: Category) -> Self {
        self.category = Some(category);
        self
    }

    /// Bounds the sum, in minor units.
    #[must_use]
    pub const fn with_amount_max(mut self, amount_max_minor: i64) -> Self {
        self.amount_max_minor = Some(amount_max_minor);
        self
    }

    /// Bounds the number of movements.
    #[must_use]
    pub const fn with_count_max(mut self, count_max: u32) -> Self {
        self.count_max = Some(count_max);
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`]: no bound at all, a bound below 1, or a number
    /// of movements within one transaction.
    pub fn check(&self) -> Result<()> {
        let invalid = |field, why: &str| Err(Error::field(Code::InvalidArgument, field, why));
        match (self.window, self.amount_max_minor, self.count_max) {
            (_, None, None) => invalid("limit", "needs a bound on amount or count"),
            (_, Some(..=0), _) => invalid("amount_max_minor", "must be at least 1"),
            (_, _, Some(0)) => invalid("count_max", "must be at least 1"),
            (LimitWindow::Transaction, _, Some(_)) => invalid("count_max", "needs a window of a day or a month"),
            (LimitWindow::Transaction | LimitWindow::Day | LimitWindow::Month, _, _) => Ok(()),
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.window)?;
        match &self.category {
            Some(category) => write!(f, " limit for {category}"),
            None => f.write_str(" limit"),
        }
    }
}

/// What has left a wallet within a window so far, under one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// The sum, in minor units.
    pub sum_minor: i64,
    /// The number of movements.
    pub count: u32,
}

impl Usage {
    /// This much in this many movements.
    #[must_use]
    pub const fn new(sum_minor: i64, count: u32) -> Self {
        Usage { sum_minor, count }
    }
}

/// When the window that `now` lies in began. Usage is what left at or after it.
#[allow(dead_code, reason = "used by the engine")]
pub(crate) const fn window_start(window: LimitWindow, now: UnixMillis) -> UnixMillis {
    match window {
        LimitWindow::Transaction => now,
        LimitWindow::Day => day_start(now),
        LimitWindow::Month => month_start(now),
    }
}

/// Whether one more movement of `amount` stays within the limit. A window of
/// one transaction looks at the amount alone.
///
/// # Errors
/// [`Code::LimitExceeded`] naming window, category, bound and what is left:
/// the amount first, then the count.
#[allow(dead_code, reason = "used by the engine")]
pub(crate) fn allow(limit: &Limit, usage: Usage, amount: Money) -> Result<()> {
    let usage = match limit.window {
        LimitWindow::Transaction => Usage::default(),
        LimitWindow::Day | LimitWindow::Month => usage,
    };
    if let Some(most_minor) = limit.amount_max_minor {
        // A sum past 64 bits is past every bound.
        if !add(usage.sum_minor, amount.minor()).is_ok_and(|sum| sum <= most_minor) {
            let most = Money::new(most_minor, amount.currency());
            let left = Money::new(sub(most_minor, usage.sum_minor).unwrap_or(0).max(0), amount.currency());
            let text = format!("the {limit} of {most} would be exceeded; {left} is left");
            return Err(Error::field(Code::LimitExceeded, "amount", text));
        }
    }
    match limit.count_max {
        Some(most) if usage.count >= most => {
            let text = format!("the {limit} of {most} movements would be exceeded; none is left");
            Err(Error::field(Code::LimitExceeded, "count", text))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::currency::Currency;
    use proptest::prelude::*;

    fn ngn(minor: i64) -> Money {
        Money::new(minor, Currency::NGN)
    }

    #[test]
    fn senseless_limits_are_refused() {
        for limit in [
            Limit::new(LimitWindow::Day),
            Limit::new(LimitWindow::Day).with_amount_max(0),
            Limit::new(LimitWindow::Day).with_amount_max(i64::MIN).with_count_max(1),
            Limit::new(LimitWindow::Month).with_amount_max(1).with_count_max(0),
            Limit::new(LimitWindow::Transaction).with_count_max(1),
        ] {
            assert_eq!(limit.check().map_err(|e| e.code()), Err(Code::InvalidArgument), "{limit:?}");
        }
        assert!(Limit::new(LimitWindow::Month).with_amount_max(1).with_count_max(1).check().is_ok());
        assert!(Limit::new(LimitWindow::Transaction).with_amount_max(1).check().is_ok());
    }

    #[test]
    fn the_limit_that_is_exceeded_is_named() {
        let limit = Limit::new(LimitWindow::Day).with_amount_max(10_000).with_count_max(3);
        assert!(allow(&limit, Usage::new(6_000, 2), ngn(4_000)).is_ok());
        let error = allow(&limit, Usage::new(6_000, 2), ngn(4_001)).unwrap_err();
        assert_eq!(error.code(), Code::LimitExceeded);
        assert_eq!(error.detail(), "amount: the DAY limit of 100.00 NGN would be exceeded; 40.00 NGN is left");
        let betting = limit.with_category(Category::new("BETTING").unwrap());
        let error = allow(&betting, Usage::new(0, 3), ngn(1)).unwrap_err();
        assert_eq!(error.detail(), "count: the DAY limit for BETTING of 3 movements would be exceeded; none is left");
    }

    #[test]
    fn one_transaction_does_not_look_back() {
        let limit = Limit::new(LimitWindow::Transaction).with_amount_max(10);
        assert!(allow(&limit, Usage::new(i64::MAX, u32::MAX), ngn(10)).is_ok());
        assert!(allow(&limit, Usage::default(), ngn(11)).is_err());
    }

    #[test]
    fn windows_are_utc_calendar_ones() {
        let at = UnixMillis(951_782_400_000 + 5);
        assert_eq!(window_start(LimitWindow::Transaction, at), at);
        assert_eq!(window_start(LimitWindow::Day, at), UnixMillis(951_782_400_000));
        assert_eq!(window_start(LimitWindow::Month, at), UnixMillis(949_363_200_000));
    }

    proptest! {
        #[test]
        fn what_is_allowed_never_adds_up_to_more_than_the_bound(
            most in 1..=i64::MAX, count_max in 1u32..20, amounts in prop::collection::vec(1..=i64::MAX, 1..30)
        ) {
            let limit = Limit::new(LimitWindow::Day).with_amount_max(most).with_count_max(count_max);
            let mut usage = Usage::default();
            for amount in amounts {
                if allow(&limit, usage, ngn(amount)).is_ok() {
                    usage = Usage::new(usage.sum_minor + amount, usage.count + 1);
                }
                prop_assert!(usage.sum_minor <= most && usage.count <= count_max);
            }
        }
    }
}

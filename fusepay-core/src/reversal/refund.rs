//! Refunds: what a completed payment gives back by request. The refunds of a
//! payment never add up to more than was paid.

use crate::error::{Error, Result};
use crate::money::amount::{add, sub};
use crate::vocabulary::Code;

/// Who bears a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundSource {
    /// The biller returned the money to the provider float: float → wallet.
    Biller,
    /// The host pays it out of its own pocket: funding → wallet.
    Host,
}

impl RefundSource {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            RefundSource::Biller => "biller",
            RefundSource::Host => "host",
        }
    }
}

/// How a refund splits: first what is left of the amount, then of the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefundParts {
    pub(crate) amount_minor: i64,
    pub(crate) fee_minor: i64,
}

/// Splits a refund of `wanted` over what earlier refunds left of a payment.
pub(crate) fn split(amount_minor: i64, fee_minor: i64, refunded_minor: i64, wanted: i64) -> Result<RefundParts> {
    let left = sub(add(amount_minor, fee_minor)?, refunded_minor)?;
    if wanted > left {
        return Err(Error::new(Code::RefundAbovePaid, format!("{left} minor units are left to refund, not {wanted}")));
    }
    let amount_left = sub(amount_minor, refunded_minor)?.max(0);
    let of_amount = wanted.min(amount_left);
    Ok(RefundParts { amount_minor: of_amount, fee_minor: sub(wanted, of_amount)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_third_forty_of_a_hundred_is_refused() {
        assert!(split(100, 0, 0, 40).is_ok());
        assert!(split(100, 0, 40, 40).is_ok());
        assert_eq!(split(100, 0, 80, 40).map_err(|e| e.code()), Err(Code::RefundAbovePaid));
    }

    #[test]
    fn the_fee_comes_after_the_amount() {
        assert_eq!(split(100, 10, 90, 20).ok(), Some(RefundParts { amount_minor: 10, fee_minor: 10 }));
        assert_eq!(split(100, 10, 105, 5).ok(), Some(RefundParts { amount_minor: 0, fee_minor: 5 }));
    }

    proptest! {
        #[test]
        fn parts_add_up_and_never_exceed_what_was_paid(amount in 1..1_000_i64, fee in 0..100_i64,
            wishes in prop::collection::vec(1..500_i64, 1..10)) {
            let (mut refunded, mut of_amount, mut of_fee) = (0, 0, 0);
            for wish in wishes {
                if let Ok(parts) = split(amount, fee, refunded, wish) {
                    prop_assert_eq!(parts.amount_minor + parts.fee_minor, wish);
                    refunded += wish;
                    of_amount += parts.amount_minor;
                    of_fee += parts.fee_minor;
                }
            }
            prop_assert!(of_amount <= amount && of_fee <= fee);
        }
    }
}

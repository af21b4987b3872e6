//! Money: integer minor units of an ISO 4217 currency, checked everywhere.
//! There is no float here and no arithmetic on minor units anywhere else.

pub(crate) mod amount;
pub(crate) mod currency;
pub(crate) mod decimal;

//! Bills: the catalogue of billers, quotes, what a provider can answer, and
//! the one state machine of a payment. Pure rules; no I/O.

pub(crate) mod biller;
pub(crate) mod outcome;
pub(crate) mod payment;
pub(crate) mod provider;
pub(crate) mod quote;
pub(crate) mod record;
pub(crate) mod request_id;
pub(crate) mod vault;

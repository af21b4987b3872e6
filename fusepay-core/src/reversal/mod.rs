//! Reversals and refunds: what may be given back. Pure rules.

pub(crate) mod refund;

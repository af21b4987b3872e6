//! The queue: when jobs run again, and when a provider may be called. Pure rules.

pub(crate) mod backoff;
pub(crate) mod breaker;

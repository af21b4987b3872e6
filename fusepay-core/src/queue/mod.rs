//! The queue's rules: what a job is, when it runs again, and when a provider is
//! left alone. Pure.

pub(crate) mod backoff;
pub(crate) mod breaker;
pub(crate) mod job;

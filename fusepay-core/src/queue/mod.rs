//! The queue's rules: what a job is and when it runs again. Pure.

pub(crate) mod job;

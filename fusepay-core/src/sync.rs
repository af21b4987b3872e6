//! What threads share and wait with in the store: from the standard library, or,
//! with the feature `schedules`, from shuttle, which runs every interleaving it is
//! told to (`cargo test -p fusepay-core --features schedules --lib schedules`).

#[cfg(not(feature = "schedules"))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
    thread_local,
};

#[cfg(feature = "schedules")]
pub(crate) use shuttle::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
    thread_local,
};

//! What threads share, wait with and are started by: from the standard library, or,
//! with the feature `schedules`, from shuttle, which runs every interleaving it is
//! told to (`cargo test -p fusepay-core --features schedules --lib schedules`).
//!
//! Nobody else in the core takes these words from elsewhere, or a wait would be
//! invisible to the schedules. [`Arc`](std::sync::Arc) and `Once` cells are not here:
//! nobody waits in them for anything but another's initialisation.

#[cfg(feature = "schedules")]
mod scheduled;

#[cfg(not(feature = "schedules"))]
pub(crate) use {
    crossbeam_channel::{Receiver, Sender, bounded},
    std::{
        sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering},
        sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
        thread, thread_local,
    },
};

#[cfg(feature = "schedules")]
pub(crate) use {
    crate::sync::scheduled::{Condvar, Receiver, Sender, bounded},
    shuttle::{
        sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering},
        sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
        thread, thread_local,
    },
};

/// For the scenes: whether short waits may end by themselves.
#[cfg(all(test, feature = "schedules"))]
pub(crate) use crate::sync::scheduled::let_time_pass;

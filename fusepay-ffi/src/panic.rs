//! Where a panic stops. Unwinding into C is undefined behaviour, so every function
//! of the interface runs in one of these, or in `boundary`'s guard over them.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a function that cannot fail; a panic becomes the given answer.
pub(crate) fn guard_or<T>(otherwise: T, operation: impl FnOnce() -> T) -> T {
    guard_or_else(operation, || otherwise)
}

/// Runs a function; a panic becomes what the other one answers.
pub(crate) fn guard_or_else<T>(operation: impl FnOnce() -> T, otherwise: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(answer) => answer,
        Err(payload) => {
            // A payload's own destructor may panic, outside any guard: it is leaked.
            std::mem::forget(payload);
            otherwise()
        }
    }
}

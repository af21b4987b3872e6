//! Where a panic stops. Unwinding into C is undefined behaviour, so every
//! function of the interface runs in one of these two.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::codes::FUSEPAY_ERR_PANICKED;

/// Runs a function that answers a status; a panic becomes `FUSEPAY_ERR_PANICKED`.
#[allow(dead_code, reason = "the first functions with a status come with the engine's handle")]
pub(crate) fn guard(operation: impl FnOnce() -> i32) -> i32 {
    guard_or(FUSEPAY_ERR_PANICKED, operation)
}

/// Runs a function that cannot fail; a panic becomes the given answer.
pub(crate) fn guard_or<T>(otherwise: T, operation: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(answer) => answer,
        Err(payload) => {
            // A payload's own destructor may panic, outside any guard: it is leaked.
            std::mem::forget(payload);
            otherwise
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(guard(|| 7), 7);
        assert_eq!(guard(|| panic!("a bug")), FUSEPAY_ERR_PANICKED);
        assert_eq!(guard(|| std::panic::panic_any(PanicsOnDrop)), FUSEPAY_ERR_PANICKED);
    }
}

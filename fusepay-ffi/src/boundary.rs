//! Where a panic stops. Unwinding into C is undefined behaviour, so every
//! function of the interface runs in one of these two.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fusepay_core::{Code, Error};

use crate::error::{answer, fusepay_error};

/// Runs a function that answers a status; a panic becomes `FUSEPAY_ERR_PANICKED`.
pub(crate) fn guard(error: *mut *mut fusepay_error, operation: impl FnOnce() -> Result<(), Error>) -> i32 {
    guard_or(crate::codes::FUSEPAY_ERR_PANICKED, || {
        let result = guard_or_else(operation, || {
            Err(Error::new(Code::Panicked, "a bug in the library; the call may have been done"))
        });
        answer(result, error)
    })
}

/// Runs a function that cannot fail; a panic becomes the given answer.
pub(crate) fn guard_or<T>(otherwise: T, operation: impl FnOnce() -> T) -> T {
    guard_or_else(operation, || otherwise)
}

fn guard_or_else<T>(operation: impl FnOnce() -> T, otherwise: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(answer) => answer,
        Err(payload) => {
            // A payload's own destructor may panic, outside any guard: it is leaked.
            std::mem::forget(payload);
            otherwise()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::FUSEPAY_ERR_PANICKED;

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_becomes_a_status() {
        let nowhere = std::ptr::null_mut();
        assert_eq!(guard(nowhere, || Ok(())), 0);
        assert_eq!(guard(nowhere, || panic!("a bug")), FUSEPAY_ERR_PANICKED);
        assert_eq!(guard(nowhere, || std::panic::panic_any(PanicsOnDrop)), FUSEPAY_ERR_PANICKED);
        let mut error = std::ptr::null_mut();
        assert_eq!(guard(&raw mut error, || panic!("a bug")), FUSEPAY_ERR_PANICKED);
        assert_eq!(crate::error::fusepay_error_code(error), FUSEPAY_ERR_PANICKED);
        crate::error::fusepay_error_free(&raw mut error);
    }
}

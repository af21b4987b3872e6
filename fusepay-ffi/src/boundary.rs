//! The guard of every function that answers a status.

use fusepay_core::{Code, Error};

use crate::error::{answer, fusepay_error};
use crate::panic::{guard_or, guard_or_else};

/// Runs a function that answers a status; a panic becomes `FUSEPAY_ERR_PANICKED`.
pub(crate) fn guard(error: *mut *mut fusepay_error, operation: impl FnOnce() -> Result<(), Error>) -> i32 {
    guard_or(crate::codes::FUSEPAY_ERR_PANICKED, || {
        let result = guard_or_else(operation, || {
            Err(Error::new(Code::Panicked, "a bug in the library; the call may have been done"))
        });
        answer(result, error)
    })
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

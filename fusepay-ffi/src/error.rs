//! What a status means, without an error at hand: name, meaning, retry advice.

use std::ffi::{CStr, c_char};

use crate::boundary::guard_or;
use crate::codes::STATUSES;

/// What is said of a number that is no status of this version.
const UNKNOWN: (&CStr, &CStr, bool) = (c"UNKNOWN_CODE", c"not a status of this version of the library", false);

/// The name, meaning and retry advice of a status.
fn status(code: i32) -> (&'static CStr, &'static CStr, bool) {
    let found = STATUSES.iter().find(|(number, ..)| *number == code);
    found.map_or(UNKNOWN, |(_, name, meaning, retryable)| (*name, *meaning, *retryable))
}

/// The stable name of a status, such as "INSUFFICIENT_FUNDS". A static string, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_code_name(code: i32) -> *const c_char {
    guard_or(UNKNOWN.0.as_ptr(), || status(code).0.as_ptr())
}

/// One sentence saying what a status means. A static string, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_code_meaning(code: i32) -> *const c_char {
    guard_or(UNKNOWN.1.as_ptr(), || status(code).1.as_ptr())
}

/// Whether the same call, with the same idempotency key, may succeed later.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_code_is_retryable(code: i32) -> bool {
    guard_or(false, || status(code).2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_agrees_with_the_vocabulary() {
        for code in fusepay_core::Code::ALL {
            let (name, meaning, _) = status(i32::from(code.number()));
            assert_eq!(name.to_str(), Ok(code.name()));
            assert_eq!(meaning.to_str(), Ok(code.meaning()));
        }
        assert_eq!(status(0).0, c"OK");
        assert_eq!(status(-1), UNKNOWN);
        assert!(status(crate::codes::FUSEPAY_ERR_IN_DOUBT).2);
        assert!(!status(crate::codes::FUSEPAY_ERR_INSUFFICIENT_FUNDS).2);
    }
}

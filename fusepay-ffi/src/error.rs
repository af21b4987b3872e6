//! Errors: what a status means, and the details of one that happened.

use std::ffi::{CStr, CString, c_char};
use std::sync::Arc;

use fusepay_core::{Code, Error};

use crate::boundary::guard_or;
use crate::codes::{FUSEPAY_OK, STATUSES};
use crate::handle::tables;

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

/// What a host should do about a status: one of `FUSEPAY_ERROR_KIND_*`, or 0 for
/// `FUSEPAY_OK` and for a number that is no status.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_code_kind(code: i32) -> u32 {
    guard_or(0, || {
        let known = u16::try_from(code).ok().and_then(Code::from_number);
        known.map_or(0, |code| u32::from(code.kind().number()))
    })
}

/// The details of a call that failed. An owned handle: free it with
/// `fusepay_error_free`. Its texts live until then.
pub struct fusepay_error {
    _private: (),
}

/// An error with its texts as C reads them.
pub(crate) struct CaughtError {
    code: i32,
    message: CString,
    field: Option<CString>,
    retry_after_ms: i64,
    idempotency_key: Option<CString>,
}

impl CaughtError {
    fn new(error: &Error) -> Self {
        let text = |text: &str| CString::new(text.replace('\0', " ")).unwrap_or_default();
        CaughtError {
            code: i32::from(error.code().number()),
            message: text(error.detail()),
            field: error.field_name().map(text),
            retry_after_ms: error.retry_after_ms().unwrap_or(-1),
            idempotency_key: error.idempotency_key().map(text),
        }
    }
}

/// The status of a result; the details go to the host when it wants them.
pub(crate) fn answer(result: Result<(), Error>, out: *mut *mut fusepay_error) -> i32 {
    let Err(error) = result else { return FUSEPAY_OK };
    if !out.is_null() && out.is_aligned() {
        // SAFETY: not NULL, aligned, and by the header's contract the host's own
        // variable, which holds NULL or an error of ours.
        let slot = unsafe { &mut *out };
        if let Ok(handle) = tables().errors.insert(Arc::new(CaughtError::new(&error))) {
            drop(tables().errors.remove(slot.cast_const()));
            *slot = handle;
        }
    }
    i32::from(error.code().number())
}

/// Reads a live error; `otherwise` for NULL and for one that was freed.
fn read<T>(error: *const fusepay_error, otherwise: T, of: impl FnOnce(&CaughtError) -> T) -> T
where
    T: Copy,
{
    guard_or(otherwise, || tables().errors.find(error).map_or(otherwise, |error| of(&error)))
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
}

/// The status the call answered; `FUSEPAY_ERR_INVALID_HANDLE` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_code(error: *const fusepay_error) -> i32 {
    read(error, crate::codes::FUSEPAY_ERR_INVALID_HANDLE, |error| error.code)
}

/// A sentence for a person. Lives as long as the error; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_message(error: *const fusepay_error) -> *const c_char {
    read(error, c"there is no error behind this handle".as_ptr(), |error| error.message.as_ptr())
}

/// The parameter at fault, such as "amount"; NULL where there is none. Lives as
/// long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_field(error: *const fusepay_error) -> *const c_char {
    read(error, std::ptr::null(), |error| pointer(&error.field))
}

/// Whether the same call, with the same idempotency key, may succeed later.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_is_retryable(error: *const fusepay_error) -> bool {
    read(error, false, |error| status(error.code).2)
}

/// After how many milliseconds a repetition makes sense; -1 where unknown.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_retry_after_ms(error: *const fusepay_error) -> i64 {
    read(error, -1, |error| error.retry_after_ms)
}

/// The key under which a call in doubt must be repeated, also when the engine
/// made it; NULL where there is none. Lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_idempotency_key(error: *const fusepay_error) -> *const c_char {
    read(error, std::ptr::null(), |error| pointer(&error.idempotency_key))
}

/// Frees an error and sets the variable to NULL. NULL, a pointer to NULL and an
/// error that was freed before do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_error_free(error: *mut *mut fusepay_error) {
    guard_or((), || {
        if error.is_null() || !error.is_aligned() {
            return;
        }
        // SAFETY: not NULL, aligned, and by the header's contract a variable.
        let slot = unsafe { &mut *error };
        let handle: *mut fusepay_error = std::mem::replace(slot, std::ptr::null_mut());
        drop(tables().errors.remove(handle.cast_const()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_agrees_with_the_vocabulary() {
        for code in Code::ALL {
            let (name, meaning, _) = status(i32::from(code.number()));
            assert_eq!(name.to_str(), Ok(code.name()));
            assert_eq!(meaning.to_str(), Ok(code.meaning()));
            assert_eq!(fusepay_code_kind(i32::from(code.number())), u32::from(code.kind().number()));
        }
        assert_eq!(status(0).0, c"OK");
        assert_eq!(status(-1), UNKNOWN);
        assert!(status(crate::codes::FUSEPAY_ERR_IN_DOUBT).2);
        assert!(!status(crate::codes::FUSEPAY_ERR_INSUFFICIENT_FUNDS).2);
    }

    #[test]
    fn an_error_is_told_freed_and_gone() {
        let refusal = || Error::field(Code::InvalidAmount, "amount", "must be more than zero").with_retry_after(7);
        let mut error = std::ptr::null_mut();
        assert_eq!(answer(Err(refusal()), &raw mut error), 101);
        assert_eq!(answer(Err(refusal()), std::ptr::null_mut()), 101);
        let first = error;
        assert_eq!(answer(Err(refusal()), &raw mut error), 101);
        assert_eq!(fusepay_error_code(first), crate::codes::FUSEPAY_ERR_INVALID_HANDLE, "the former one was freed");
        assert_eq!(answer(Ok(()), &raw mut error), 0);
        // SAFETY: the error is alive.
        let message = unsafe { CStr::from_ptr(fusepay_error_message(error)) };
        assert_eq!(message, c"amount: must be more than zero");
        assert_eq!((fusepay_error_code(error), fusepay_error_retry_after_ms(error)), (101, 7));
        assert!(fusepay_error_idempotency_key(error).is_null());
        let stale = error;
        fusepay_error_free(&raw mut error);
        assert!(error.is_null());
        assert!(fusepay_error_field(stale).is_null());
        fusepay_error_free(&raw mut error);
    }
}

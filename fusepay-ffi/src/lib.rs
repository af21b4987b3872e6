//! The C door: `libfusepay`, described by `include/fusepay.h`.
//!
//! No rule lives here. A function of this crate is: guard → read arguments →
//! one call of the core → write the answer. What every one of them keeps to:
//!
//! - **Status.** What can fail returns an `int32_t`: `FUSEPAY_OK` or
//!   `FUSEPAY_ERR_*`. Other words of the vocabulary are `uint32_t`.
//! - **Out-parameters** are written on success and untouched on failure.
//! - **Text** comes in as NUL-terminated UTF-8, bounded and checked; secrets and
//!   binary as pointer and length; text goes out as an owned handle, or as a
//!   static string where the documentation says so.
//! - **Handles** are an index and a generation in a pointer's clothes, looked up
//!   and never dereferenced: null, stale, foreign or doubly closed is
//!   `FUSEPAY_ERR_INVALID_HANDLE`. Frees take NULL.
//! - **Panics** never cross: every function runs inside `boundary`'s guard and
//!   answers `FUSEPAY_ERR_PANICKED`.
//! - **Threads.** Any function may be called from any thread unless it says so.
//! - **Money** is `int64_t` minor units and an ISO 4217 code; **times** are
//!   `int64_t` milliseconds UTC with the unit in the name.

pub mod codes;
pub mod error;

mod boundary;

use std::ffi::{CStr, c_char};

/// The version as C sees it; the build fails if it ever held a NUL.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library, such as "0.1.0". A static string.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_version() -> *const c_char {
    VERSION.as_ptr()
}

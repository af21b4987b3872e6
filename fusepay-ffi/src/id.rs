//! Identifiers: one struct each, so that a wallet can't be passed for a payment.

use std::ffi::c_char;

use fusepay_core::{Code, Error};
use fusepay_core::{HoldId, PaymentId, QuoteId, SessionId, TransactionId, UserId, WalletId};

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::input;

/// Characters of an id as text, with the NUL at its end.
const TEXT_SIZE: usize = 37;

/// The id of a user.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_user_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a session.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_session_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a wallet.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_wallet_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a bill payment; also that of its transaction.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_payment_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a transaction.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_transaction_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a hold.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_hold_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

/// The id of a quote.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_quote_id {
    /// The 16 bytes of a UUID (RFC 9562).
    pub bytes: [u8; 16],
}

macro_rules! ids {
    ($($c:ident = $core:ident, $field:literal;)+) => {$(
        impl From<$core> for $c {
            fn from(id: $core) -> Self {
                $c { bytes: *id.as_bytes() }
            }
        }

        impl From<$c> for $core {
            fn from(id: $c) -> Self {
                $core::from_bytes(id.bytes)
            }
        }

        impl Id for $c {
            type Core = $core;
            const FIELD: &'static str = $field;
        }
    )+};
}

/// An id as C passes it.
pub(crate) trait Id: Copy + Into<Self::Core> {
    /// The id of the core.
    type Core;
    /// What the parameter is called.
    const FIELD: &'static str;
}

ids! {
    fusepay_user_id = UserId, "user_id";
    fusepay_session_id = SessionId, "session_id";
    fusepay_wallet_id = WalletId, "wallet_id";
    fusepay_payment_id = PaymentId, "payment_id";
    fusepay_transaction_id = TransactionId, "transaction_id";
    fusepay_hold_id = HoldId, "hold_id";
    fusepay_quote_id = QuoteId, "quote_id";
}

/// The id behind a pointer.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL.
pub(crate) fn id<I: Id>(pointer: *const I) -> Result<I::Core, Error> {
    input::value(I::FIELD, pointer).map(Into::into)
}

/// The id behind a pointer that may be NULL.
///
/// # Errors
/// [`Code::InvalidArgument`] for a pointer that is not aligned.
pub(crate) fn optional_id<I: Id>(pointer: *const I) -> Result<Option<I::Core>, Error> {
    Ok(input::optional(I::FIELD, pointer)?.map(Into::into))
}

/// Writes the 16 bytes of any id as text: 36 lower-case characters with hyphens,
/// and a NUL. `bytes` is the member of that name, `text` has room for 37
/// characters: `char text[FUSEPAY_ID_TEXT_SIZE]; fusepay_id_text(wallet.id.bytes, text);`
///
/// Answers `text`, so that it can stand where a text is wanted; NULL when
/// one of the two is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_id_text(bytes: *const u8, text: *mut c_char) -> *const c_char {
    crate::panic::guard_or(std::ptr::null(), || {
        let Ok(bytes) = input::bytes("bytes", bytes, 16) else { return std::ptr::null() };
        let mut id = [0; 16];
        id.copy_from_slice(bytes);
        let shown = WalletId::from_bytes(id).to_string();
        if text.is_null() || shown.len() >= TEXT_SIZE {
            return std::ptr::null();
        }
        // SAFETY: not NULL, and by the documentation there is room for 37 characters.
        unsafe {
            std::ptr::copy_nonoverlapping(shown.as_ptr(), text.cast::<u8>(), shown.len());
            text.add(shown.len()).write(0);
        }
        text.cast_const()
    })
}

/// Reads an id from its text, into the 16 `bytes` of any id:
/// `fusepay_id_parse("0198…", wallet_id.bytes, &error)`.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` for NULL, `FUSEPAY_ERR_INVALID_ID`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_id_parse(text: *const c_char, bytes: *mut u8, error: *mut *mut fusepay_error) -> i32 {
    guard(error, || {
        let id: WalletId = input::text("text", text)?.parse()?;
        if bytes.is_null() {
            return Err(Error::field(Code::InvalidArgument, "bytes", "must not be NULL"));
        }
        // SAFETY: not NULL, and by the documentation there is room for 16 bytes.
        unsafe { std::ptr::copy_nonoverlapping(id.as_bytes().as_ptr(), bytes, 16) };
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn an_id_is_written_and_read_back() {
        let bytes: [u8; 16] = std::array::from_fn(|index| u8::try_from(index).unwrap() * 17);
        let mut text = [1; TEXT_SIZE];
        assert_eq!(fusepay_id_text(bytes.as_ptr(), text.as_mut_ptr()), text.as_ptr());
        // SAFETY: it was just written.
        assert_eq!(unsafe { CStr::from_ptr(text.as_ptr()) }, c"00112233-4455-6677-8899-aabbccddeeff");
        let mut read = [0; 16];
        assert_eq!(fusepay_id_parse(text.as_ptr(), read.as_mut_ptr(), std::ptr::null_mut()), 0);
        assert_eq!(read, bytes);
        assert!(fusepay_id_text(std::ptr::null(), text.as_mut_ptr()).is_null());
        assert!(fusepay_id_text(bytes.as_ptr(), std::ptr::null_mut()).is_null());
        let refused = fusepay_id_parse(c"0011".as_ptr(), read.as_mut_ptr(), std::ptr::null_mut());
        assert_eq!((refused, read), (crate::codes::FUSEPAY_ERR_INVALID_ID, bytes), "untouched on failure");
    }
}

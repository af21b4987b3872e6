//! Money: minor units with their currency, from text and back.

use std::ffi::c_char;

use fusepay_core::{Currency, Error, Money};

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::input;
use crate::memory::{fill, fusepay_text};

/// An amount: `{ 250000, "NGN" }` is ₦2,500.00.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct fusepay_money {
    /// Minor units of the currency (kobo, cents). May be negative where the
    /// documentation says so.
    pub minor: i64,
    /// Three upper-case letters of ISO 4217 and a NUL.
    pub currency: [c_char; 4],
}

impl From<Money> for fusepay_money {
    fn from(money: Money) -> Self {
        fusepay_money { minor: money.minor(), currency: letters(money.currency()) }
    }
}

/// A currency as three letters and a NUL.
pub(crate) fn letters(currency: Currency) -> [c_char; 4] {
    let mut letters = [0; 4];
    for (place, letter) in letters.iter_mut().zip(currency.code().bytes()) {
        *place = c_char::from_ne_bytes([letter]);
    }
    letters
}

impl fusepay_money {
    /// The money of the core.
    ///
    /// # Errors
    /// `INVALID_CURRENCY`.
    pub(crate) fn read(self) -> Result<Money, Error> {
        let [letters @ .., end] = self.currency.map(|letter| letter.to_ne_bytes()[0]);
        let code = std::str::from_utf8(&letters).ok().filter(|_| end == 0);
        let currency = Currency::from_code(code.unwrap_or(""))?;
        Ok(Money::new(self.minor, currency))
    }
}

/// Reads an exact decimal in major units, such as "2500.00" with "NGN".
///
/// Refused, not rounded: more decimal places than the currency has, signs,
/// blanks, exponents, separators, an empty text, and what exceeds 64 bits.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`, `FUSEPAY_ERR_INVALID_AMOUNT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_money_parse(
    amount: *const c_char,
    currency: *const c_char,
    money: *mut fusepay_money,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let currency = Currency::from_code(input::text("currency", currency)?)?;
        let read = Money::parse(input::text("amount", amount)?, currency)?;
        input::put("money", money, read.into())
    })
}

/// Puts minor units and a currency together: 250000 and "NGN" are ₦2,500.00. A
/// negative number is taken as it is; calls that need more than zero refuse it.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_money_make(
    minor: i64,
    currency: *const c_char,
    money: *mut fusepay_money,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let currency = Currency::from_code(input::text("currency", currency)?)?;
        input::put("money", money, Money::new(minor, currency).into())
    })
}

/// Shows money as people read it: "2500.00 NGN". Clear the text with `fusepay_clear`.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_money_text(
    money: fusepay_money,
    text: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || fill(text, money.read()?.to_string().as_str()))
}

/// How many decimal places one minor unit of a currency stands for: 0 for JPY,
/// 2 for NGN, 3 for KWD.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_currency_exponent(
    currency: *const c_char,
    exponent: *mut u32,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let currency = Currency::from_code(input::text("currency", currency)?)?;
        input::put("exponent", exponent, u32::from(currency.exponent()))
    })
}

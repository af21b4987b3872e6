//! Holds: part of a balance, reserved, captured, released.

use std::ffi::c_char;

use fusepay_core::{CaptureRequest, Code, Error, Hold, HoldRequest, HoldStatus, Remainder};

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::history::fusepay_transaction;
use crate::id::{fusepay_hold_id, fusepay_wallet_id, id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::{fusepay_money, letters};

/// What a capture leaves is given back; the hold is resolved. The default.
pub const FUSEPAY_REMAINDER_RELEASE: u32 = 0;
/// What a capture leaves stays held, for a later one.
pub const FUSEPAY_REMAINDER_KEEP: u32 = 1;

/// A reservation of part of a wallet's balance. Amounts in minor units.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_hold {
    /// `sizeof(fusepay_hold)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its id.
    pub id: fusepay_hold_id,
    /// The wallet whose balance is reserved.
    pub wallet_id: fusepay_wallet_id,
    /// Its currency.
    pub currency: [c_char; 4],
    /// Its state: one of `FUSEPAY_HOLD_STATUS_*`. The last act names it: captured in
    /// part and then released is released, and `captured_minor` says the rest.
    pub status: u32,
    /// What was reserved.
    pub amount_minor: i64,
    /// What has been captured of it.
    pub captured_minor: i64,
    /// What is still reserved.
    pub remaining_minor: i64,
    /// A text for people; or NULL.
    pub description: *const c_char,
    /// When it was authorised, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When it is given back by itself, on the engine's timeline, in milliseconds.
    pub expires_at_ms: i64,
    /// When it was resolved, in milliseconds UTC; NULL while it is active.
    pub resolved_at_ms: *const i64,
}

/// Several holds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_hold_array {
    /// `sizeof(fusepay_hold_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the holds; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The holds; NULL when there are none.
    pub items: *const *const fusepay_hold,
}

records!(fusepay_hold, fusepay_hold_array);

impl Show<Hold> for fusepay_hold {
    fn show(hold: &Hold, memory: &mut Memory) -> Self {
        fusepay_hold {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: hold.id.into(),
            wallet_id: hold.wallet_id.into(),
            currency: letters(hold.currency),
            status: u32::from(hold.status.number()),
            amount_minor: hold.amount_minor,
            captured_minor: hold.captured_minor,
            remaining_minor: hold.remaining_minor(),
            description: memory.optional_text(hold.description.as_deref()),
            created_at_ms: hold.created_at.0,
            expires_at_ms: hold.expires_at.0,
            resolved_at_ms: memory.optional(hold.resolved_at.map(|at| at.0)),
        }
    }
}

impl Show<Vec<Hold>> for fusepay_hold_array {
    fn show(holds: &Vec<Hold>, memory: &mut Memory) -> Self {
        fusepay_hold_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: holds.len(),
            items: memory.list(holds),
        }
    }
}

/// Part of a balance to reserve. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_hold_request {
    /// `sizeof(fusepay_hold_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The wallet.
    pub wallet_id: fusepay_wallet_id,
    /// How much; more than zero.
    pub amount: fusepay_money,
    /// After how long it is given back by itself, in milliseconds; a second to 400 days.
    pub life_ms: i64,
    /// A text for people, at most 500 bytes; NULL for none.
    pub description: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
}

/// Held money to take. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_capture_request {
    /// `sizeof(fusepay_capture_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The hold.
    pub hold_id: fusepay_hold_id,
    /// How much; at most what the hold has left.
    pub amount: fusepay_money,
    /// The wallet that is credited; NULL: outside money.
    pub to: *const fusepay_wallet_id,
    /// `FUSEPAY_REMAINDER_RELEASE` or `FUSEPAY_REMAINDER_KEEP`.
    pub remainder: u32,
    /// A text for people, at most 500 bytes; NULL for none.
    pub description: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
}

requests!(fusepay_hold_request, fusepay_capture_request);

impl fusepay_hold_request {
    fn read(&self) -> Result<HoldRequest, Error> {
        let life = input::span("life_ms", self.life_ms)?;
        let mut request = HoldRequest::new(self.wallet_id.into(), self.amount.read()?, life);
        request.description = input::owned_text("description", self.description)?;
        request.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        Ok(request)
    }
}

impl fusepay_capture_request {
    fn read(&self) -> Result<CaptureRequest, Error> {
        let mut request = CaptureRequest::new(self.hold_id.into(), self.amount.read()?);
        request.to = input::optional("to", self.to)?.map(Into::into);
        request.remainder = match self.remainder {
            FUSEPAY_REMAINDER_RELEASE => Remainder::Release,
            FUSEPAY_REMAINDER_KEEP => Remainder::Keep,
            _ => return Err(Error::field(Code::InvalidArgument, "remainder", "is not a constant of this version")),
        };
        request.description = input::owned_text("description", self.description)?;
        request.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        Ok(request)
    }
}

/// Reserves part of a balance until it is captured, released or expires.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`,
/// `FUSEPAY_ERR_CURRENCY_MISMATCH`, `FUSEPAY_ERR_WALLET_FROZEN`,
/// `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_INSUFFICIENT_FUNDS`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_authorise(
    engine: *const fusepay_engine,
    request: *const fusepay_hold_request,
    hold: *mut fusepay_hold,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(hold, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().authorise(&request)
    })
}

/// Takes held money, in whole or in part, to another wallet or the outside.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`, `FUSEPAY_ERR_CURRENCY_MISMATCH`,
/// `FUSEPAY_ERR_HOLD_RESOLVED`, `FUSEPAY_ERR_CAPTURE_ABOVE_HOLD`,
/// `FUSEPAY_ERR_WALLET_FROZEN`, `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_LIMIT_EXCEEDED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_capture(
    engine: *const fusepay_engine,
    request: *const fusepay_capture_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().capture(&request)
    })
}

/// Gives held money back. Repeating the call with the same key gives the same
/// answer; NULL: one is made.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`,
/// `FUSEPAY_ERR_HOLD_RESOLVED`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_release(
    engine: *const fusepay_engine,
    hold_id: *const fusepay_hold_id,
    idempotency_key: *const c_char,
    hold: *mut fusepay_hold,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(hold, error, || {
        let key = input::optional_text("idempotency_key", idempotency_key)?;
        engine_at(engine)?.wallet().release(id(hold_id)?, key)
    })
}

/// One hold.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_find_hold(
    engine: *const fusepay_engine,
    hold_id: *const fusepay_hold_id,
    hold: *mut fusepay_hold,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(hold, error, || engine_at(engine)?.wallet().find_hold(id(hold_id)?))
}

/// The holds of a wallet in one state (one of `FUSEPAY_HOLD_STATUS_*`), oldest
/// first; `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_holds(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    status: u32,
    limit: u32,
    holds: *mut fusepay_hold_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(holds, error, || {
        let status = input::word("status", status, HoldStatus::from_number)?;
        engine_at(engine)?.wallet().holds(id(wallet_id)?, status, limit)
    })
}

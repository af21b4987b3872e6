//! Limits: how much, and how often, a wallet may spend within a span of time.

use std::ffi::c_char;

use fusepay_core::{Category, Error, Limit, LimitWindow};

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_wallet_id, id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};

/// A bound on what leaves a wallet within one window.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_limit {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the list owns it.
    pub memory: *mut fusepay_memory,
    /// Over which span it counts: one of `FUSEPAY_LIMIT_WINDOW_*`.
    pub window: u32,
    /// Only bills of this category count; NULL: everything that leaves.
    pub category: *const c_char,
    /// The most that may leave within the window, in minor units; NULL for no bound.
    pub amount_max_minor: *const i64,
    /// The most movements within the window; NULL for no bound.
    pub count_max: *const u32,
}

/// The limits of a wallet.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_limit_array {
    /// `sizeof(fusepay_limit_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the limits; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The limits; NULL when there are none.
    pub items: *const *const fusepay_limit,
}

records!(fusepay_limit, fusepay_limit_array);

impl Show<Limit> for fusepay_limit {
    fn show(limit: &Limit, memory: &mut Memory) -> Self {
        fusepay_limit {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            window: u32::from(limit.window.number()),
            category: memory.optional_text(limit.category.as_ref().map(Category::code)),
            amount_max_minor: memory.optional(limit.amount_max_minor),
            count_max: memory.optional(limit.count_max),
        }
    }
}

impl Show<Vec<Limit>> for fusepay_limit_array {
    fn show(limits: &Vec<Limit>, memory: &mut Memory) -> Self {
        fusepay_limit_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: limits.len(),
            items: memory.list(limits),
        }
    }
}

/// A limit to set. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_limit_request {
    /// `sizeof(fusepay_limit_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Over which span it counts: one of `FUSEPAY_LIMIT_WINDOW_*`.
    pub window: u32,
    /// Only bills of this category count; NULL: everything that leaves.
    pub category: *const c_char,
    /// The most that may leave within the window, in minor units, at least 1;
    /// NULL for no bound.
    pub amount_max_minor: *const i64,
    /// The most movements within the window, at least 1; NULL for no bound. Not
    /// for a window of one transaction.
    pub count_max: *const u32,
}

requests!(fusepay_limit_request);

impl fusepay_limit_request {
    fn read(&self) -> Result<Limit, Error> {
        let mut limit = Limit::new(input::word("window", self.window, LimitWindow::from_number)?);
        limit.category = input::optional_text("category", self.category)?.map(Category::new).transpose()?;
        limit.amount_max_minor = input::optional("amount_max_minor", self.amount_max_minor)?;
        limit.count_max = input::optional("count_max", self.count_max)?;
        Ok(limit)
    }
}

/// Sets one limit, replacing the one for the same window and category. What was
/// spent in the window already counts.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_set_limit(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    limit: *const fusepay_limit_request,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let limit = input::request("limit", limit)?.read()?;
        engine_at(engine)?.wallet().set_limit(id(wallet_id)?, &limit)
    })
}

/// Removes the limit of a window (one of `FUSEPAY_LIMIT_WINDOW_*`) and category
/// (NULL for the one of all). `was_there` learns whether there was one.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_remove_limit(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    window: u32,
    category: *const c_char,
    was_there: *mut bool,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("was_there", was_there)?;
        let window = input::word("window", window, LimitWindow::from_number)?;
        let category = input::optional_text("category", category)?;
        input::put("was_there", was_there, engine_at(engine)?.wallet().remove_limit(id(wallet_id)?, window, category)?)
    })
}

/// The limits of a wallet.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_limits(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    limits: *mut fusepay_limit_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(limits, error, || engine_at(engine)?.wallet().limits(id(wallet_id)?))
}

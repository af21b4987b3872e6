//! The catalogue: billers and items as a host or a provider loads them and as a
//! host reads them; money prepaid at providers.

use std::ffi::c_char;

use fusepay_core::{BillItem, Biller, FeePolicy};

use crate::biller::fusepay_biller_entry;
use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::input;
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::{fusepay_money, letters};
use crate::policy::fusepay_fee;

/// Something a biller sells: prepaid units, a data bundle, a policy.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_bill_item {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the list owns it.
    pub memory: *mut fusepay_memory,
    /// Its code, unique for its biller.
    pub code: *const c_char,
    /// Its name for people.
    pub name: *const c_char,
    /// The currency it is paid in.
    pub currency: [c_char; 4],
    /// The least that can be paid, in minor units.
    pub minimum_minor: i64,
    /// The most that can be paid, in minor units; equal for a fixed price.
    pub maximum_minor: i64,
    /// What the payer is charged on top; can be loaded again as it stands.
    pub fee: *const fusepay_fee,
    /// Whether the customer must be validated with the provider before paying.
    pub validates_customer: bool,
    /// Whether it can be bought now.
    pub enabled: bool,
}

/// The items of a biller.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_bill_item_array {
    /// `sizeof(fusepay_bill_item_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the items; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The items; NULL when there are none.
    pub items: *const *const fusepay_bill_item,
}

/// A company that bills are paid to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_biller {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// NULL: the list owns it.
    pub memory: *mut fusepay_memory,
    /// Its code, unique in the catalogue.
    pub code: *const c_char,
    /// Its name for people.
    pub name: *const c_char,
    /// What its bills are for, such as "ELECTRICITY".
    pub category: *const c_char,
    /// The codes of the providers that serve it, the preferred first.
    pub providers: *const *const c_char,
    /// How many providers there are.
    pub provider_count: usize,
    /// Whether it can be paid now.
    pub enabled: bool,
}

/// Several billers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_biller_array {
    /// `sizeof(fusepay_biller_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the billers; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The billers; NULL when there are none.
    pub items: *const *const fusepay_biller,
}

records!(fusepay_bill_item, fusepay_bill_item_array, fusepay_biller, fusepay_biller_array);

fn shown_fee(fee: &FeePolicy, memory: &mut Memory) -> fusepay_fee {
    fusepay_fee {
        struct_size: size_of::<fusepay_fee>(),
        fixed_minor: fee.fixed_minor,
        minimum_minor: fee.minimum_minor,
        maximum_minor: memory.optional(fee.maximum_minor),
        per_mille: fee.per_mille,
    }
}

impl Show<BillItem> for fusepay_bill_item {
    fn show(item: &BillItem, memory: &mut Memory) -> Self {
        let fee = shown_fee(&item.fee, memory);
        fusepay_bill_item {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            code: memory.text(&item.code),
            name: memory.text(&item.name),
            currency: letters(item.currency),
            minimum_minor: item.minimum_minor,
            maximum_minor: item.maximum_minor,
            fee: memory.value(fee),
            validates_customer: item.validates_customer,
            enabled: item.enabled,
        }
    }
}

impl Show<Vec<BillItem>> for fusepay_bill_item_array {
    fn show(items: &Vec<BillItem>, memory: &mut Memory) -> Self {
        fusepay_bill_item_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: items.len(),
            items: memory.list(items),
        }
    }
}

impl Show<Biller> for fusepay_biller {
    fn show(biller: &Biller, memory: &mut Memory) -> Self {
        fusepay_biller {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            code: memory.text(&biller.code),
            name: memory.text(&biller.name),
            category: memory.text(biller.category.code()),
            providers: memory.text_list(&biller.providers),
            provider_count: biller.providers.len(),
            enabled: biller.enabled,
        }
    }
}

impl Show<Vec<Biller>> for fusepay_biller_array {
    fn show(billers: &Vec<Biller>, memory: &mut Memory) -> Self {
        fusepay_biller_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: billers.len(),
            items: memory.list(billers),
        }
    }
}

/// Loads up to 1,000 billers with their items, replacing those of the same codes,
/// in one commit. Items that are not named stay as they are.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_INVALID_CURRENCY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_load_catalogue(
    engine: *const fusepay_engine,
    billers: *const fusepay_biller_entry,
    length: usize,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let billers = input::request_array("billers", billers, length)?;
        let billers = billers.iter().map(fusepay_biller_entry::read).collect::<Result<Vec<_>, _>>()?;
        engine_at(engine)?.bill().load_catalogue(&billers)
    })
}

/// Loads what a provider, named by its code, says it serves. Calls it on this
/// thread. `billers` learns how many billers that were.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER`, `FUSEPAY_ERR_PROVIDER_UNAVAILABLE`, and
/// those of `fusepay_bill_load_catalogue`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_load_catalogue_of(
    engine: *const fusepay_engine,
    provider: *const c_char,
    billers: *mut usize,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("billers", billers)?;
        let provider = input::text("provider", provider)?;
        input::put("billers", billers, engine_at(engine)?.bill().load_catalogue_of(provider)?)
    })
}

/// Billers of a category (NULL for all) in the order of their codes, after one
/// (NULL for the first); `limit` 1 to 500.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_billers(
    engine: *const fusepay_engine,
    category: *const c_char,
    after: *const c_char,
    limit: u32,
    billers: *mut fusepay_biller_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(billers, error, || {
        let category = input::optional_text("category", category)?;
        engine_at(engine)?.bill().billers(category, input::optional_text("after", after)?, limit)
    })
}

/// The items of a biller, by its code.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_items(
    engine: *const fusepay_engine,
    biller: *const c_char,
    items: *mut fusepay_bill_item_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(items, error, || engine_at(engine)?.bill().items(input::text("biller", biller)?))
}

/// What a provider, named by its code, says is left of the money prepaid there.
/// Calls it on this thread.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER`,
/// `FUSEPAY_ERR_PROVIDER_UNAVAILABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_float_balance(
    engine: *const fusepay_engine,
    provider: *const c_char,
    balance: *mut fusepay_money,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        input::demand_place("balance", balance)?;
        let left = engine_at(engine)?.bill().float_balance(input::text("provider", provider)?)?;
        input::put("balance", balance, left.into())
    })
}

/// Books prepaid money sent to a provider: float → funding. Each external
/// reference, 1 to 128 bytes, is booked once.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_EXTERNAL_REFERENCE_USED`, `FUSEPAY_ERR_NOT_ALLOWED` when more would
/// be prepaid than ever came in.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_top_up_float(
    engine: *const fusepay_engine,
    provider: *const c_char,
    amount: fusepay_money,
    external_reference: *const c_char,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let (provider, amount) = (input::text("provider", provider)?, amount.read()?);
        let external_reference = input::text("external_reference", external_reference)?;
        engine_at(engine)?.bill().top_up_float(provider, amount, external_reference)
    })
}

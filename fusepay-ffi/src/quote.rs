//! Prices of bills, and what a biller knows of a customer.

use std::ffi::c_char;

use fusepay_core::{Customer, Error, Quote, QuoteRequest};

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_payment_id, fusepay_quote_id, fusepay_user_id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::fusepay_money;

/// What a biller knows about a customer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_customer {
    /// `sizeof(fusepay_customer)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// The name the biller has.
    pub name: *const c_char,
    /// The address the biller has; or NULL.
    pub address: *const c_char,
    /// The least the customer must pay, in minor units; NULL when the biller does
    /// not say.
    pub minimum_minor: *const i64,
}

/// A price for a bill, good until it expires, used once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_quote {
    /// `sizeof(fusepay_quote)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its id: the `quote_id` of a `fusepay_pay_bill`.
    pub id: fusepay_quote_id,
    /// Who asked for it; nobody else can use it.
    pub user_id: fusepay_user_id,
    /// The biller's code.
    pub biller: *const c_char,
    /// The item's code.
    pub item: *const c_char,
    /// For whom it would be paid.
    pub customer_reference: *const c_char,
    /// The name the biller has for the customer; NULL when it was not looked up.
    pub customer_name: *const c_char,
    /// What the biller would receive.
    pub amount: fusepay_money,
    /// What the payer would be charged on top.
    pub fee: fusepay_money,
    /// When it was given, in milliseconds UTC.
    pub created_at_ms: i64,
    /// Until when it is good, on the engine's timeline, in milliseconds.
    pub expires_at_ms: i64,
    /// The payment it was used for; or NULL.
    pub payment_id: *const fusepay_payment_id,
}

records!(fusepay_customer, fusepay_quote);

impl Show<Customer> for fusepay_customer {
    fn show(customer: &Customer, memory: &mut Memory) -> Self {
        fusepay_customer {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            name: memory.text(&customer.name),
            address: memory.optional_text(customer.address.as_deref()),
            minimum_minor: memory.optional(customer.minimum_minor),
        }
    }
}

impl Show<Quote> for fusepay_quote {
    fn show(quote: &Quote, memory: &mut Memory) -> Self {
        fusepay_quote {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: quote.id.into(),
            user_id: quote.user_id.into(),
            biller: memory.text(&quote.biller),
            item: memory.text(&quote.item),
            customer_reference: memory.text(&quote.customer_reference),
            customer_name: memory.optional_text(quote.customer_name.as_deref()),
            amount: quote.amount.into(),
            fee: quote.fee.into(),
            created_at_ms: quote.created_at.0,
            expires_at_ms: quote.expires_at.0,
            payment_id: memory.optional(quote.payment_id.map(Into::into)),
        }
    }
}

/// A bill to price. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_quote_request {
    /// `sizeof(fusepay_quote_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Who asks.
    pub user_id: fusepay_user_id,
    /// The biller's code.
    pub biller: *const c_char,
    /// The item's code.
    pub item: *const c_char,
    /// For whom it would be paid. 1 to 128 bytes.
    pub customer_reference: *const c_char,
    /// What the biller would receive.
    pub amount: fusepay_money,
}

requests!(fusepay_quote_request);

impl fusepay_quote_request {
    /// The request of the core.
    ///
    /// # Errors
    /// What can't be read; the core checks the rest.
    pub(crate) fn read(&self) -> Result<QuoteRequest, Error> {
        let biller = input::text("biller", self.biller)?;
        let item = input::text("item", self.item)?;
        let customer = input::text("customer_reference", self.customer_reference)?;
        Ok(QuoteRequest::new(self.user_id.into(), biller, item, customer, self.amount.read()?))
    }
}

/// Asks the biller about a customer, such as a meter or a phone of 1 to 128
/// bytes. Calls the provider on this thread.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_BILLER_UNAVAILABLE`, `FUSEPAY_ERR_CUSTOMER_REJECTED`,
/// `FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER`, `FUSEPAY_ERR_PROVIDER_UNAVAILABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_validate_customer(
    engine: *const fusepay_engine,
    biller: *const c_char,
    item: *const c_char,
    customer_reference: *const c_char,
    customer: *mut fusepay_customer,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(customer, error, || {
        let (biller, item) = (input::text("biller", biller)?, input::text("item", item)?);
        let customer_reference = input::text("customer_reference", customer_reference)?;
        engine_at(engine)?.bill().validate_customer(biller, item, customer_reference)
    })
}

/// Prices a bill. Where the item demands it, the customer is validated with the
/// provider first, on this thread.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_BILLER_UNAVAILABLE`,
/// `FUSEPAY_ERR_CURRENCY_MISMATCH`, `FUSEPAY_ERR_AMOUNT_OUT_OF_RANGE`, and those of
/// `fusepay_bill_validate_customer`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_quote(
    engine: *const fusepay_engine,
    request: *const fusepay_quote_request,
    quote: *mut fusepay_quote,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(quote, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.bill().quote(&request)
    })
}

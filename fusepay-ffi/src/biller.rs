//! Billers and items as a host or a provider hands them in.

use std::ffi::c_char;

use fusepay_core::{BillItem, Biller, Category, Currency, Error, FeePolicy, Money};

use crate::input::{self, requests};
use crate::policy::fusepay_fee;

/// Something a biller sells, to be loaded: prepaid units, a data bundle.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_bill_item_entry {
    /// `sizeof(fusepay_bill_item_entry)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Its code, unique for its biller; 1 to 64 of `A-Z a-z 0-9 - _ .`
    pub code: *const c_char,
    /// Its name for people, at most 200 bytes.
    pub name: *const c_char,
    /// The currency it is paid in, ISO 4217.
    pub currency: *const c_char,
    /// The least that can be paid, in minor units; at least 1.
    pub minimum_minor: i64,
    /// The most that can be paid, in minor units; equal for a fixed price.
    pub maximum_minor: i64,
    /// What the payer is charged on top; NULL for nothing.
    pub fee: *const fusepay_fee,
    /// 1 when the customer must be validated with the provider before paying.
    pub validates_customer: u32,
    /// 1 when it can't be bought now.
    pub is_disabled: u32,
}

/// A company that bills are paid to, with what it sells, to be loaded.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_biller_entry {
    /// `sizeof(fusepay_biller_entry)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Its code, unique in the catalogue; 1 to 64 of `A-Z a-z 0-9 - _ .`
    pub code: *const c_char,
    /// Its name for people, at most 200 bytes.
    pub name: *const c_char,
    /// What its bills are for, such as "ELECTRICITY"; 1 to 64 of `A-Z 0-9 _`.
    pub category: *const c_char,
    /// The codes of the providers that serve it, the preferred first; 1 to 8. A
    /// payment goes to one of them, and never to a second.
    pub providers: *const *const c_char,
    /// How many providers there are.
    pub provider_count: usize,
    /// What it sells.
    pub items: *const fusepay_bill_item_entry,
    /// How many items there are.
    pub item_count: usize,
    /// 1 when it can't be paid now.
    pub is_disabled: u32,
}

requests!(fusepay_bill_item_entry, fusepay_biller_entry);

impl fusepay_biller_entry {
    /// The biller with its items, as the core takes them.
    ///
    /// # Errors
    /// What can't be read; the core checks the rest.
    pub(crate) fn read(&self) -> Result<(Biller, Vec<BillItem>), Error> {
        let category = Category::new(input::text("category", self.category)?)?;
        let providers = input::text_array("providers", self.providers, self.provider_count)?;
        let first = providers.first().map_or("", String::as_str);
        let mut biller = Biller::new(
            input::text("biller code", self.code)?,
            input::text("biller name", self.name)?,
            category,
            first,
        )
        .with_enabled(!input::flag("is_disabled", self.is_disabled)?);
        biller.providers = providers;
        let items = input::request_array("items", self.items, self.item_count)?;
        Ok((biller, items.iter().map(fusepay_bill_item_entry::read).collect::<Result<_, _>>()?))
    }
}

impl fusepay_bill_item_entry {
    fn read(&self) -> Result<BillItem, Error> {
        let currency = Currency::from_code(input::text("currency", self.currency)?)?;
        let minimum = Money::new(self.minimum_minor, currency);
        let (code, name) = (input::text("item code", self.code)?, input::text("item name", self.name)?);
        let fee = input::optional_request("fee", self.fee)?;
        let item = BillItem::new(code, name, minimum, self.maximum_minor)
            .with_fee(fee.map_or(Ok(FeePolicy::free()), |fee| fee.read())?)
            .with_enabled(!input::flag("is_disabled", self.is_disabled)?);
        Ok(match input::flag("validates_customer", self.validates_customer)? {
            true => item.with_customer_validation(),
            false => item,
        })
    }
}

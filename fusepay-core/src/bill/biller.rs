//! The catalogue: billers, their items, and what an item allows.

use crate::category::Category;
use crate::error::{Error, Result};
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::vocabulary::Code;
use crate::wallet::fee::FeePolicy;

/// Longest biller, item, provider and category code, in bytes.
pub(crate) const CODE_LENGTH_MAX: usize = crate::category::CODE_LENGTH_MAX;
/// Longest display name, in bytes.
pub(crate) const NAME_LENGTH_MAX: usize = 200;

/// A company that bills are paid to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Biller {
    /// Its code, unique in the catalogue.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What its bills are for.
    pub category: Category,
    /// The providers that serve it, the preferred first. A payment goes to one
    /// of them, chosen when it is made, and never to a second.
    pub providers: Vec<String>,
    /// Whether it can be paid now.
    pub enabled: bool,
}

impl Biller {
    /// A biller served by one provider, switched on.
    #[must_use]
    pub fn new(
        code: impl Into<String>,
        name: impl Into<String>,
        category: Category,
        provider: impl Into<String>,
    ) -> Self {
        Biller { code: code.into(), name: name.into(), category, providers: vec![provider.into()], enabled: true }
    }

    /// Adds a provider to fall back to when the ones before it are unavailable.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<String>) -> Self {
        self.providers.push(provider.into());
        self
    }

    /// Switches it on or off.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`].
    pub fn check(&self) -> Result<()> {
        check_code("biller", &self.code)?;
        check_name("biller name", &self.name)?;
        if self.providers.is_empty() || self.providers.len() > 8 {
            return Err(Error::field(Code::InvalidArgument, "providers", "a biller has 1 to 8 providers"));
        }
        self.providers.iter().try_for_each(|provider| check_code("provider", provider))
    }
}

/// Something a biller sells: prepaid units, a data bundle, a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BillItem {
    /// Its code, unique for its biller.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The currency it is paid in.
    pub currency: Currency,
    /// The least that can be paid, in minor units. At least 1.
    pub minimum_minor: i64,
    /// The most that can be paid, in minor units. Equal to the minimum for a fixed price.
    pub maximum_minor: i64,
    /// What the payer is charged on top.
    pub fee: FeePolicy,
    /// Whether the customer must be validated with the provider before paying.
    pub validates_customer: bool,
    /// Whether it can be bought now.
    pub enabled: bool,
}

impl BillItem {
    /// An item without a fee, switched on, with any price between the two.
    #[must_use]
    pub fn new(code: impl Into<String>, name: impl Into<String>, minimum: Money, maximum_minor: i64) -> Self {
        BillItem {
            code: code.into(),
            name: name.into(),
            currency: minimum.currency(),
            minimum_minor: minimum.minor(),
            maximum_minor,
            fee: FeePolicy::free(),
            validates_customer: false,
            enabled: true,
        }
    }

    /// Sets the fee.
    #[must_use]
    pub fn with_fee(mut self, fee: FeePolicy) -> Self {
        self.fee = fee;
        self
    }

    /// Demands that the customer is validated before paying.
    #[must_use]
    pub fn with_customer_validation(mut self) -> Self {
        self.validates_customer = true;
        self
    }

    /// Switches it on or off.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`].
    pub fn check(&self) -> Result<()> {
        check_code("item", &self.code)?;
        check_name("item name", &self.name)?;
        if self.minimum_minor < 1 || self.maximum_minor < self.minimum_minor {
            return Err(Error::field(Code::InvalidArgument, "item range", "needs 1 <= minimum <= maximum"));
        }
        self.fee.check()
    }

    /// Checks that this amount may be paid for the item.
    ///
    /// # Errors
    /// [`Code::CurrencyMismatch`], [`Code::AmountOutOfRange`].
    pub fn allow(&self, amount: Money) -> Result<()> {
        if amount.currency() != self.currency {
            return Err(Error::new(
                Code::CurrencyMismatch,
                format!("the item is paid in {}, not {}", self.currency, amount.currency()),
            ));
        }
        if (self.minimum_minor..=self.maximum_minor).contains(&amount.minor()) {
            return Ok(());
        }
        Err(Error::field(
            Code::AmountOutOfRange,
            "amount",
            format!(
                "must be {} to {}",
                Money::new(self.minimum_minor, self.currency),
                Money::new(self.maximum_minor, self.currency)
            ),
        ))
    }
}

/// Checks a biller, item or provider code: 1 to 64 of letters, digits, `-`, `_`, `.`.
pub(crate) fn check_code(field: &'static str, code: &str) -> Result<()> {
    let fits = (1..=CODE_LENGTH_MAX).contains(&code.len());
    if fits && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Ok(());
    }
    Err(Error::field(Code::InvalidArgument, field, "must be 1 to 64 letters, digits, '-', '_' or '.'"))
}

fn check_name(field: &'static str, name: &str) -> Result<()> {
    if name.len() > NAME_LENGTH_MAX {
        return Err(Error::field(Code::TooLong, field, format!("has at most {NAME_LENGTH_MAX} bytes")));
    }
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Error::field(Code::InvalidArgument, field, "must be text without control characters"));
    }
    Ok(())
}

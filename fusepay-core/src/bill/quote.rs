//! Quotes: a price for a bill, good until it expires, used once.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{PaymentId, QuoteId, UserId};
use crate::money::amount::Money;
use crate::vocabulary::Code;
use serde::{Deserialize, Serialize};

/// A price for a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// Who asked for it; nobody else can use it.
    pub user_id: UserId,
    /// The biller's code.
    pub biller: String,
    /// The item's code.
    pub item: String,
    /// For whom it would be paid.
    pub customer_reference: String,
    /// The name the biller has for the customer, if it was looked up.
    pub customer_name: Option<String>,
    /// What the biller would receive.
    pub amount: Money,
    /// What the payer would be charged on top.
    pub fee: Money,
    /// When it was given.
    pub created_at: UnixMillis,
    /// Until when it is good, on the engine's timeline.
    pub expires_at: UnixMillis,
    /// The payment it was used for.
    pub payment_id: Option<PaymentId>,
}

impl Quote {
    /// Refuses a quote that was used or has expired.
    pub(crate) fn require_usable(&self, now: UnixMillis) -> Result<()> {
        if self.payment_id.is_some() {
            return Err(Error::new(Code::QuoteUsed, "the quote has paid for something already; ask for a new one"));
        }
        if now >= self.expires_at {
            return Err(Error::new(Code::QuoteExpired, "the quote has expired; ask for a new one"));
        }
        Ok(())
    }
}

//! The gateway's own truth: what customers were asked to pay, and what they paid.

use crate::kobo;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a charge stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    /// The customer has not paid yet.
    Pending,
    /// The customer paid.
    Paid,
    /// The customer tried and did not pay.
    Failed,
}

impl ChargeStatus {
    /// The word for it on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ChargeStatus::Pending => "pending",
            ChargeStatus::Paid => "paid",
            ChargeStatus::Failed => "failed",
        }
    }
}

/// Money that one customer is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The gateway's id for it; no two runs of the gateway make the same.
    pub id: String,
    /// The merchant's id for it; one charge per reference.
    pub reference: String,
    /// What was asked for, in kobo.
    pub amount_minor: i64,
    /// What was paid, in kobo; 0 while nothing was.
    pub paid_minor: i64,
    /// What the merchant wants echoed.
    pub metadata: Value,
    /// Where it stands.
    pub status: ChargeStatus,
}

impl Charge {
    /// The charge as JSON, amounts as naira text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "reference": self.reference,
            "amount": kobo::text(self.amount_minor),
            "amount_paid": kobo::text(self.paid_minor),
            "currency": CURRENCY,
            "metadata": self.metadata,
            "status": self.status.word(),
        })
    }
}

/// Every charge, in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct Charges {
    charges: Vec<Charge>,
    run: String,
    events: u64,
}

/// What became of a wish for a charge.
pub(crate) enum Placed {
    New(Charge),
    /// The same wish again, and what it led to.
    Known(Charge),
    /// The reference was used for another wish.
    Taken,
}

impl Charges {
    pub(crate) fn new() -> Charges {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = format!("{} {}", since.as_nanos(), std::process::id());
        Charges { charges: Vec::new(), run, events: 0 }
    }

    pub(crate) fn all(&self) -> &[Charge] {
        &self.charges
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.id == id)
    }

    /// Asks for money, once per reference: a merchant that did not hear the
    /// answer asks again.
    pub(crate) fn place(&mut self, reference: &str, amount_minor: i64, metadata: Value) -> Placed {
        if let Some(known) = self.charges.iter().find(|charge| charge.reference == reference) {
            let is_same = known.amount_minor == amount_minor && known.metadata == metadata;
            return if is_same { Placed::Known(known.clone()) } else { Placed::Taken };
        }
        let charge = Charge {
            id: self.unique("ch_", self.charges.len()),
            reference: reference.to_owned(),
            amount_minor,
            paid_minor: 0,
            metadata,
            status: ChargeStatus::Pending,
        };
        self.charges.push(charge.clone());
        Placed::New(charge)
    }

    /// Ends a pending charge: paid when there is money, else failed. `None`
    /// when there is no such charge, or it has ended already.
    pub(crate) fn settle(&mut self, id: &str, paid_minor: Option<i64>) -> Option<Charge> {
        let charge = self.charges.iter_mut().find(|charge| charge.id == id)?;
        if charge.status != ChargeStatus::Pending {
            return None;
        }
        charge.paid_minor = paid_minor.unwrap_or(0);
        charge.status = if paid_minor.is_some() { ChargeStatus::Paid } else { ChargeStatus::Failed };
        Some(charge.clone())
    }

    /// An id for one event, to tell a repeated webhook from a new one.
    pub(crate) fn next_event(&mut self) -> String {
        self.events += 1;
        self.unique("evt_", self.events)
    }

    fn unique(&self, prefix: &str, number: impl std::fmt::Display) -> String {
        let hash = Sha256::digest(format!("{} {prefix}{number}", self.run));
        hash.iter().take(12).fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// The one currency of this gateway.
pub(crate) const CURRENCY: &str = "NGN";

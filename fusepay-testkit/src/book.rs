//! The biller's own book: what it truly did, whatever it said.

use fusepay_core::Money;

/// What a biller truly did under one request id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BookEntry {
    /// For whom it was asked to pay.
    pub customer_reference: String,
    /// Sends that reached it.
    pub sends: u32,
    /// Queries about it.
    pub queries: u32,
    /// How often it paid. More than once is a double payment.
    pub paid_times: u32,
    /// What it paid the last time.
    pub paid: Option<Money>,
    /// How often it took a payment back.
    pub reversed_times: u32,
    /// Whether it took the payment on and has not paid it yet.
    pub is_pending: bool,
    /// Whether it refused, and never will pay.
    pub is_refused: bool,
}

impl BookEntry {
    /// Whether the biller has money under this request id now.
    #[must_use]
    pub const fn holds_money(&self) -> bool {
        self.paid_times > self.reversed_times
    }
}

/// One call the biller got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// A send.
    Pay {
        /// Our id for the payment.
        request_id: String,
        /// Which send the engine says it is, from 1.
        attempt: u32,
    },
    /// A query.
    Query {
        /// Our id for the payment.
        request_id: String,
    },
}

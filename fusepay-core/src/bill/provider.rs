//! The seam to the outside biller. A host implements [`Provider`] once per
//! aggregator; the engine decides when it is called.
//!
//! The contract in one sentence: answer what you can prove, `Unknown` for
//! everything else. A panic, an overrun deadline or a value of the wrong shape
//! is `Unknown` without the adapter's help.

use crate::bill::biller::{BillItem, Biller};
use crate::bill::outcome::{Answer, PayOutcome, QueryOutcome, WebhookNotice};
use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::money::amount::Money;
use crate::vocabulary::Code;
use std::time::Duration;

/// What a provider can do; read once when it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// For how long sending the same request id again is safe (the biller
    /// answers `Duplicate` or the first answer). `None`: it is never safe, and
    /// the engine resends only after `NotSent`.
    pub idempotent_submit: Option<Duration>,
    /// Whether `query` works. Without it an unknown payment goes to review.
    pub can_query: bool,
    /// How long after a send "not found" may still turn into "paid". Within it
    /// a not-found proves nothing.
    pub not_found_grace: Duration,
    /// How many times in a row, past the grace, "not found" must be answered
    /// before it counts as conclusive. At least 1; 3 by default.
    pub not_found_times: u32,
    /// How the provider wants its request ids.
    pub request_id_format: RequestIdFormat,
    /// How long one call may take. Five seconds later the engine stops waiting and
    /// calls it unknown; until then a late answer still counts.
    pub call_deadline: Duration,
    /// How many calls may run at the same time. 1 to 64; 4 by default.
    pub concurrent_calls_max: u32,
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities {
            idempotent_submit: None,
            can_query: true,
            not_found_grace: Duration::from_secs(300),
            not_found_times: 3,
            request_id_format: RequestIdFormat::Uuid,
            call_deadline: Duration::from_secs(60),
            concurrent_calls_max: 4,
        }
    }
}

impl Capabilities {
    /// Declares that the same request id may be sent again within `window`.
    #[must_use]
    pub fn with_idempotent_submit(mut self, window: Duration) -> Self {
        self.idempotent_submit = Some(window);
        self
    }

    /// Declares whether `query` works.
    #[must_use]
    pub fn with_can_query(mut self, can_query: bool) -> Self {
        self.can_query = can_query;
        self
    }

    /// Declares when "not found" becomes conclusive.
    #[must_use]
    pub fn with_not_found(mut self, grace: Duration, times: u32) -> Self {
        self.not_found_grace = grace;
        self.not_found_times = times;
        self
    }

    /// Declares the request id format.
    #[must_use]
    pub fn with_request_id_format(mut self, format: RequestIdFormat) -> Self {
        self.request_id_format = format;
        self
    }

    /// Sets how long one call may take.
    #[must_use]
    pub fn with_call_deadline(mut self, deadline: Duration) -> Self {
        self.call_deadline = deadline;
        self
    }

    /// Sets how many calls may run at once.
    #[must_use]
    pub fn with_concurrent_calls_max(mut self, calls: u32) -> Self {
        self.concurrent_calls_max = calls;
        self
    }
}

/// How a provider wants its request ids. The id is always derived from the
/// instance, principal, operation and idempotency key, so that a retry after a
/// restore sends the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestIdFormat {
    /// 36 characters, hexadecimal with hyphens.
    Uuid,
    /// This many lower-case hexadecimal characters, 16 to 64.
    Hex(u8),
    /// VTpass: twelve digits of `YYYYMMDDHHII` in Africa/Lagos (UTC+1), then 20
    /// hexadecimal characters. The time is the caller's `requested_at`.
    VtpassTimed,
}

/// One payment to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayRequest {
    /// Our id for it: never changes, and is all that a later query has.
    pub request_id: String,
    /// The biller's code in the catalogue.
    pub biller: String,
    /// The item's code in the catalogue.
    pub item: String,
    /// Whom to pay for: a meter, a phone, a policy.
    pub customer_reference: String,
    /// What the biller is to receive.
    pub amount: Money,
    /// The metadata given to `pay`, a JSON object, or `{}`.
    pub metadata: String,
    /// Which send this is, from 1.
    pub attempt: u32,
    /// When the answer stops being waited for.
    pub deadline: Duration,
}

impl PayRequest {
    /// A first send of this amount under this id, with a minute to answer. The
    /// engine makes requests; an adapter's own tests do too.
    #[must_use]
    pub fn new(request_id: impl Into<String>, amount: Money) -> Self {
        PayRequest {
            request_id: request_id.into(),
            biller: String::new(),
            item: String::new(),
            customer_reference: String::new(),
            amount,
            metadata: "{}".to_owned(),
            attempt: 1,
            deadline: Capabilities::default().call_deadline,
        }
    }

    /// Sets whom to pay for, and for which item of which biller.
    #[must_use]
    pub fn with_bill(
        mut self,
        biller: impl Into<String>,
        item: impl Into<String>,
        customer_reference: impl Into<String>,
    ) -> Self {
        self.biller = biller.into();
        self.item = item.into();
        self.customer_reference = customer_reference.into();
        self
    }

    /// Sets when the answer stops being waited for.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

/// One question about a payment sent earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryRequest {
    /// The id that was sent.
    pub request_id: String,
    /// The provider's own number, where an earlier answer gave one.
    pub provider_reference: Option<String>,
    /// What the biller was to receive.
    pub amount: Money,
    /// When it was first sent, by the wall clock.
    pub sent_at: UnixMillis,
    /// When the answer stops being waited for.
    pub deadline: Duration,
}

impl QueryRequest {
    /// A question about the payment of this amount under this id, with a minute to answer.
    #[must_use]
    pub fn new(request_id: impl Into<String>, amount: Money, sent_at: UnixMillis) -> Self {
        let deadline = Capabilities::default().call_deadline;
        QueryRequest { request_id: request_id.into(), provider_reference: None, amount, sent_at, deadline }
    }
}

/// One customer to look up before paying.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerRequest {
    /// The biller's code in the catalogue.
    pub biller: String,
    /// The item's code in the catalogue.
    pub item: String,
    /// A meter, a phone, a policy.
    pub customer_reference: String,
    /// When the answer stops being waited for.
    pub deadline: Duration,
}

impl CustomerRequest {
    /// A look-up of this customer for this item of this biller, with a minute to answer.
    #[must_use]
    pub fn new(biller: impl Into<String>, item: impl Into<String>, customer_reference: impl Into<String>) -> Self {
        CustomerRequest {
            biller: biller.into(),
            item: item.into(),
            customer_reference: customer_reference.into(),
            deadline: Capabilities::default().call_deadline,
        }
    }
}

/// What the provider knows about a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Customer {
    /// The name the biller has.
    pub name: String,
    /// The address the biller has, if any.
    pub address: Option<String>,
    /// The least the customer must pay, in minor units, if the biller says so.
    pub minimum_minor: Option<i64>,
}

impl Customer {
    /// A customer of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Customer { name: name.into(), ..Customer::default() }
    }
}

/// A webhook as the host received it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// Header names, as received, and their values.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte: signatures are over this.
    pub body: Vec<u8>,
}

impl Webhook {
    /// A webhook with these headers and this body.
    #[must_use]
    pub fn new(headers: Vec<(String, String)>, body: impl Into<Vec<u8>>) -> Self {
        Webhook { headers, body: body.into() }
    }

    /// The first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Shows names and lengths: headers carry signatures and keys, the body tokens.
impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Webhook").field("headers", &names).field("body", &self.body.len()).finish()
    }
}

/// An outside biller or aggregator.
///
/// Calls come from the engine's provider pool (or, in the manual worker mode,
/// from the thread that calls `run_due`), several at once, never from inside a
/// transaction. An implementation may call the engine. It must keep its own
/// time limits at or below the deadline in the request: the engine stops
/// waiting then, but cannot stop the call.
pub trait Provider: Send + Sync {
    /// What this provider can do. Called once, when it is registered.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Sends one payment.
    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome>;

    /// Asks what became of a payment sent earlier.
    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome>;

    /// Looks a customer up before paying.
    ///
    /// # Errors
    /// [`Code::CustomerRejected`] when the biller says there is no such
    /// customer; [`Code::UnsupportedByProvider`] where it has no look-up;
    /// [`Code::ProviderUnavailable`] when it gave no usable answer.
    fn validate_customer(&self, _request: &CustomerRequest) -> Result<Customer> {
        Err(unsupported("customer validation"))
    }

    /// The billers and items this provider serves.
    ///
    /// # Errors
    /// [`Code::UnsupportedByProvider`], [`Code::ProviderUnavailable`].
    fn catalogue(&self) -> Result<Vec<(Biller, Vec<BillItem>)>> {
        Err(unsupported("a catalogue"))
    }

    /// What is left of the money prepaid at this provider.
    ///
    /// # Errors
    /// [`Code::UnsupportedByProvider`], [`Code::ProviderUnavailable`].
    fn float_balance(&self) -> Result<Money> {
        Err(unsupported("a float balance"))
    }

    /// Checks a webhook's signature over the raw body and says what it means.
    /// Must refuse whatever it cannot verify. One webhook may carry several notices.
    ///
    /// # Errors
    /// [`Code::WebhookRejected`]; [`Code::UnsupportedByProvider`].
    fn verify_webhook(&self, _webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        Err(unsupported("webhooks"))
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(Code::UnsupportedByProvider, format!("this provider does not offer {what}"))
}

//! A FusePay adapter for bill aggregators with an API like VTpass: electricity,
//! airtime, data, television and insurance in Nigeria, in naira.
//!
//! It is also the adapter to copy. Its five files are the five things every
//! adapter decides: `wire` (was it sent?), `meaning` (what does the answer
//! prove?), `redact` (what may be kept of it?), `webhook` (who says so?) and
//! `catalogue`. The guide is `docs/provider-guide.md`.
//!
//! ```
//! use fusepay_core::{Currency, Money, PayOutcome, PayRequest, Provider};
//! use fusepay_vtpass::{VtpassConfig, VtpassProvider};
//! use sandbox_biller::{Config, SandboxBiller};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In production: "https://vtpass.com" and your keys.
//! let biller = SandboxBiller::start(Config::default())?;
//! let config = VtpassConfig::new(biller.url(), "sandbox-api-key".into(), "sandbox-secret-key".into());
//! let provider = VtpassProvider::new(config)?;
//!
//! // The engine does this; hand it the provider and never call it yourself.
//! let amount = Money::parse("1500.00", Currency::NGN)?;
//! let request = PayRequest::new("202511231200f00dfeedf00dfeedf00d", amount)
//!     .with_bill("ikeja-electric", "prepaid", "45700000001");
//! let answer = provider.pay(&request);
//!
//! let PayOutcome::Paid(receipt) = answer.outcome else { return Err("not paid".into()) };
//! assert_eq!(receipt.amount_minor, Some(150_000));
//! assert_eq!(receipt.tokens.len(), 1);
//! // What is kept as evidence shows no token.
//! assert!(!answer.evidence.text.contains(&receipt.tokens[0]));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod catalogue;
mod meaning;
mod redact;
mod webhook;
mod wire;

use crate::meaning::Said;
use crate::wire::{Heard, Wire};
use fusepay_core::{
    Answer, BillItem, Biller, Capabilities, Category, Clock, Code, Currency, Customer, CustomerRequest, Error,
    Evidence, Money, PayOutcome, PayRequest, Provider, QueryOutcome, QueryRequest, RequestIdFormat, Result, Secret,
    SystemClock, Webhook, WebhookNotice,
};
use std::sync::Arc;
use std::time::Duration;

/// How to reach the aggregator.
#[derive(Clone)]
#[non_exhaustive]
pub struct VtpassConfig {
    /// Its address, `https://…`; `http://` only on loopback.
    pub base_url: String,
    /// The key for the `api-key` header.
    pub api_key: Secret,
    /// The key for the `secret-key` header.
    pub secret_key: Secret,
    /// What webhooks are signed with; without it every webhook is refused.
    pub webhook_secret: Option<Secret>,
    /// How long name, connection and TLS may take; 10 s by default. Running out
    /// of it proves that nothing was sent.
    pub connect_timeout: Duration,
    /// How long a whole call may take; 50 s by default, because billers are slow
    /// and an impatient caller only gains unknowns.
    pub call_timeout: Duration,
    /// The name this provider has in the catalogue; `vtpass` by default.
    pub provider_code: String,
    /// The aggregator's categories to read the catalogue from, and ours for them.
    pub categories: Vec<(String, Category)>,
    /// How long after a send the aggregator may still not know a request id that
    /// it will know later, and how often it must say so before it is believed;
    /// 5 minutes and 3 times by default.
    pub not_found: (Duration, u32),
    /// Tells how old a webhook is.
    pub clock: Arc<dyn Clock>,
}

impl VtpassConfig {
    /// The usual settings for this address and these keys.
    #[must_use]
    pub fn new(base_url: impl Into<String>, api_key: Secret, secret_key: Secret) -> Self {
        let category = |(theirs, ours): &(&str, &str)| Some(((*theirs).to_owned(), Category::new(*ours).ok()?));
        VtpassConfig {
            base_url: base_url.into(),
            api_key,
            secret_key,
            webhook_secret: None,
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(50),
            provider_code: "vtpass".to_owned(),
            categories: CATEGORIES.iter().filter_map(category).collect(),
            not_found: (Duration::from_secs(300), 3),
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets when "not found" is believed. Shorter than the aggregator's slowest
    /// booking and a payment may be reversed that is still made.
    #[must_use]
    pub fn with_not_found(mut self, grace: Duration, times: u32) -> Self {
        self.not_found = (grace, times);
        self
    }

    /// Sets what webhooks are signed with.
    #[must_use]
    pub fn with_webhook_secret(mut self, secret: Secret) -> Self {
        self.webhook_secret = Some(secret);
        self
    }

    /// Sets how long connecting and a whole call may take.
    #[must_use]
    pub fn with_timeouts(mut self, connect: Duration, call: Duration) -> Self {
        self.connect_timeout = connect;
        self.call_timeout = call;
        self
    }

    /// Sets the clock; the engine's own, in tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl std::fmt::Debug for VtpassConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets print as [secret]; the clock has nothing to show.
        f.debug_struct("VtpassConfig")
            .field("base_url", &self.base_url)
            .field("api_key", &self.api_key)
            .field("secret_key", &self.secret_key)
            .field("connect_timeout", &self.connect_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("provider_code", &self.provider_code)
            .finish_non_exhaustive()
    }
}

/// The adapter. Register it with the engine under its provider code.
pub struct VtpassProvider {
    wire: Wire,
    config: VtpassConfig,
}

impl VtpassProvider {
    /// An adapter with this configuration. Opens no connection.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`] when the address is not HTTPS, a key does not fit
    /// an HTTP header, or a timeout or the webhook secret is empty.
    pub fn new(config: VtpassConfig) -> Result<Self> {
        if config.connect_timeout.is_zero() || config.call_timeout.is_zero() {
            return Err(Error::field(Code::InvalidConfig, "timeouts", "must be more than zero"));
        }
        if config.webhook_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(Error::field(Code::InvalidConfig, "webhook_secret", "must not be empty"));
        }
        Ok(VtpassProvider { wire: Wire::new(&config)?, config })
    }

    /// Turns what was heard into what it proves, and into evidence.
    fn understand(&self, heard: &Heard, request_id: &str) -> (Option<Said>, Evidence) {
        match heard {
            Heard::Answer { status, body } => {
                let secrets = [self.config.api_key.expose(), self.config.secret_key.expose()];
                let text = format!("HTTP {status} {}", redact::redact(body, &secrets));
                (Some(meaning::read(*status, body, request_id)), Evidence::new(body.clone(), text))
            }
            Heard::NeverSent(cause) => (None, Evidence::from_text(format!("not sent: {cause}"))),
            Heard::Silence(cause) => (Some(Said::Unclear(cause.clone())), Evidence::from_text(cause.clone())),
        }
    }
}

impl std::fmt::Debug for VtpassProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VtpassProvider").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Provider for VtpassProvider {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .with_request_id_format(RequestIdFormat::VtpassTimed)
            // A used id is answered with 014. For how long is not documented, so
            // the engine relies on it for an hour only.
            .with_idempotent_submit(Duration::from_secs(3600))
            .with_not_found(self.config.not_found.0, self.config.not_found.1)
            .with_call_deadline(self.config.call_timeout.saturating_add(Duration::from_secs(5)))
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        if request.amount.currency() != Currency::NGN {
            let cause = format!("the aggregator takes NGN, not {}; nothing was sent", request.amount.currency());
            return PayOutcome::NotSent { cause }.into();
        }
        let heard = self.wire.post("/api/pay", pay_body(request).as_bytes(), request.deadline);
        let (said, evidence) = self.understand(&heard, &request.request_id);
        let outcome = match said {
            Some(said) => said.of_pay(),
            None => PayOutcome::NotSent { cause: evidence.text.clone() },
        };
        Answer::new(outcome, evidence)
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let body = serde_json::json!({ "request_id": request.request_id }).to_string();
        let heard = self.wire.post("/api/requery", body.as_bytes(), request.deadline);
        let (said, evidence) = self.understand(&heard, &request.request_id);
        let outcome = match said {
            Some(said) => said.of_query(),
            // A question that was never sent says nothing about the payment.
            None => QueryOutcome::Unknown { cause: evidence.text.clone() },
        };
        Answer::new(outcome, evidence)
    }

    fn validate_customer(&self, request: &CustomerRequest) -> Result<Customer> {
        catalogue::customer(&self.wire, request)
    }

    fn catalogue(&self) -> Result<Vec<(Biller, Vec<BillItem>)>> {
        catalogue::catalogue(&self.wire, &self.config.provider_code, &self.config.categories)
    }

    fn float_balance(&self) -> Result<Money> {
        catalogue::balance(&self.wire)
    }

    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        match &self.config.webhook_secret {
            Some(secret) => webhook::verify(webhook, secret, self.config.clock.wall()),
            None => {
                Err(Error::new(Code::WebhookRejected, "no webhook secret is configured, so no webhook is believed"))
            }
        }
    }
}

/// The body of a payment. The amount is a decimal text: a JSON number would
/// pass through a float on somebody's side. An item that is the biller itself
/// (airtime) has no variation. The phone comes from the metadata, where there
/// is one: `{"phone": "080…"}`.
fn pay_body(request: &PayRequest) -> String {
    let metadata: serde_json::Value = serde_json::from_str(&request.metadata).unwrap_or_default();
    let phone = metadata.get("phone").and_then(|phone| phone.as_str()).unwrap_or(&request.customer_reference);
    let mut body = serde_json::json!({
        "request_id": request.request_id,
        "serviceID": request.biller,
        "billersCode": request.customer_reference,
        "amount": request.amount.to_decimal(),
        "phone": phone,
    });
    if request.item != request.biller
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("variation_code".to_owned(), request.item.as_str().into());
    }
    body.to_string()
}

const CATEGORIES: &[(&str, &str)] = &[
    ("airtime", "AIRTIME"),
    ("data", "DATA"),
    ("tv-subscription", "TV"),
    ("electricity-bill", "ELECTRICITY"),
    ("education", "EDUCATION"),
    ("insurance", "INSURANCE"),
];

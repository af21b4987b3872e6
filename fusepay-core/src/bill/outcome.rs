//! What a provider's answer proves. The three-valued contract: paid,
//! conclusively not paid, or not known; and the only constructors of the
//! evidence that a reversal demands.

use crate::clock::UnixMillis;

/// How an adapter heard something: kept with the attempt for `explain`, as a
/// SHA-256 over the raw bytes and a text cleared of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Evidence {
    /// The answer as it came (or as much as is useful), secrets removed by the
    /// adapter. Stored cut to 4,096 bytes.
    pub text: String,
    /// The raw bytes the hash is taken over; not stored.
    pub raw: Vec<u8>,
}

impl Evidence {
    /// Evidence whose raw bytes are the text itself.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        let text = text.into();
        Evidence { raw: text.clone().into_bytes(), text }
    }

    /// Evidence with raw bytes and a redacted text.
    #[must_use]
    pub fn new(raw: impl Into<Vec<u8>>, text: impl Into<String>) -> Self {
        Evidence { raw: raw.into(), text: text.into() }
    }
}

/// What a biller confirmed when it took the money.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PaidReceipt {
    /// The provider's own number for the payment.
    pub provider_reference: String,
    /// The amount the provider says it paid, in minor units; compared with ours
    /// when given, and a difference means review.
    pub amount_minor: Option<i64>,
    /// The customer the provider says it paid for; compared when given.
    pub customer_reference: Option<String>,
    /// What the customer bought: electricity tokens, voucher pins. Stored
    /// encrypted when a key is configured.
    pub tokens: Vec<String>,
    /// A receipt to show, if the provider gives one.
    pub receipt: Option<String>,
}

impl PaidReceipt {
    /// A receipt that names the provider's number and nothing else.
    #[must_use]
    pub fn new(provider_reference: impl Into<String>) -> Self {
        PaidReceipt { provider_reference: provider_reference.into(), ..PaidReceipt::default() }
    }

    /// Adds the amount the provider says it paid, in minor units.
    #[must_use]
    pub fn with_amount_minor(mut self, amount_minor: i64) -> Self {
        self.amount_minor = Some(amount_minor);
        self
    }

    /// Adds the customer the provider says it paid for.
    #[must_use]
    pub fn with_customer_reference(mut self, customer_reference: impl Into<String>) -> Self {
        self.customer_reference = Some(customer_reference.into());
        self
    }

    /// Adds a token the customer bought.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push(token.into());
        self
    }

    /// Adds a receipt text.
    #[must_use]
    pub fn with_receipt(mut self, receipt: impl Into<String>) -> Self {
        self.receipt = Some(receipt.into());
        self
    }
}

/// Shows how many tokens there are, not the tokens: whoever reads one can spend it.
impl std::fmt::Debug for PaidReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaidReceipt")
            .field("provider_reference", &self.provider_reference)
            .field("amount_minor", &self.amount_minor)
            .field("customer_reference", &self.customer_reference)
            .field("tokens", &self.tokens.len())
            .field("receipt", &self.receipt.as_ref().map(String::len))
            .finish()
    }
}

/// What came of sending a payment. Anything an adapter can't put into one of
/// the other arms with certainty is `Unknown`: a time-out, a 5xx, an answer it
/// can't parse, a code it does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayOutcome {
    /// The biller has the money.
    Paid(PaidReceipt),
    /// It reached the biller, which refused: the customer was not served.
    Declined {
        /// The provider's code for it.
        code: String,
        /// A sentence a person can read.
        reason: String,
    },
    /// It provably never reached the biller: name not resolved, connection
    /// refused, TLS handshake failed. A time-out is never this.
    NotSent {
        /// Why.
        cause: String,
    },
    /// The biller has this request id already. Means *query*.
    Duplicate,
    /// The biller accepted it and is still at it.
    Pending {
        /// When to ask again, in milliseconds, if the biller said so.
        poll_after_ms: Option<u64>,
    },
    /// Nobody can say.
    Unknown {
        /// What went wrong.
        cause: String,
    },
}

/// What a provider answers when asked what became of a request id.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryOutcome {
    /// The biller has the money.
    Paid(PaidReceipt),
    /// Conclusively not paid, and it will not be.
    Failed {
        /// The provider's code for it.
        code: String,
        /// A sentence a person can read.
        reason: String,
    },
    /// The biller is still at it.
    Pending {
        /// When to ask again, in milliseconds, if the biller said so.
        poll_after_ms: Option<u64>,
    },
    /// It was paid, and the biller took it back and returned the money.
    ProviderReversed {
        /// A sentence a person can read.
        reason: String,
    },
    /// The biller has never seen this request id.
    NotFound,
    /// Nobody can say.
    Unknown {
        /// What went wrong.
        cause: String,
    },
}

/// An outcome with the evidence it rests on: what `pay` and `query` return.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What it means.
    pub outcome: T,
    /// How the adapter knows.
    pub evidence: Evidence,
}

impl<T> Answer<T> {
    /// An answer with its evidence.
    #[must_use]
    pub fn new(outcome: T, evidence: Evidence) -> Self {
        Answer { outcome, evidence }
    }
}

impl<T> From<T> for Answer<T> {
    /// An answer without evidence; `explain` will show none.
    fn from(outcome: T) -> Self {
        Answer { outcome, evidence: Evidence::default() }
    }
}

/// What a verified webhook says about one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookNotice {
    /// Which payment, by the request id that we sent.
    pub request_id: String,
    /// What became of it.
    pub outcome: QueryOutcome,
    /// When the provider says it happened, if it does.
    pub occurred_at: Option<UnixMillis>,
}

impl WebhookNotice {
    /// A notice about the payment with this request id.
    #[must_use]
    pub fn new(request_id: impl Into<String>, outcome: QueryOutcome) -> Self {
        WebhookNotice { request_id: request_id.into(), outcome, occurred_at: None }
    }
}

/// Proof that a payment was not made and will not be. A reversal demands one
/// by value, and only this file can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConclusiveFailure {
    code: String,
    reason: String,
}

impl ConclusiveFailure {
    /// The biller refused the only send that ever reached it.
    pub(crate) fn declined(code: &str, reason: &str) -> Self {
        ConclusiveFailure { code: code.to_owned(), reason: reason.to_owned() }
    }

    /// Every send provably ended before the biller, and the runs are spent.
    pub(crate) fn never_sent(cause: &str) -> Self {
        ConclusiveFailure { code: "NOT_SENT".to_owned(), reason: cause.to_owned() }
    }

    /// The provider answered a query, or told us in a verified webhook, that it failed.
    pub(crate) fn confirmed(code: &str, reason: &str) -> Self {
        ConclusiveFailure { code: code.to_owned(), reason: reason.to_owned() }
    }

    /// The provider never saw it: `streak` times in a row, past the grace, with
    /// no send that could still be under way. `None` where that does not hold.
    pub(crate) fn never_found(streak: u32, needed: u32, attempts_are_over: bool) -> Option<Self> {
        (attempts_are_over && streak >= needed.max(1)).then(|| ConclusiveFailure {
            code: "NOT_FOUND".to_owned(),
            reason: format!("the provider answered {streak} times that it has never seen the payment"),
        })
    }

    /// It was paid and the provider took it back before we had booked it.
    pub(crate) fn taken_back(reason: &str) -> Self {
        ConclusiveFailure { code: "PROVIDER_REVERSED".to_owned(), reason: reason.to_owned() }
    }

    /// An operator brought evidence from outside, which the audit names.
    pub(crate) fn brought_by_operator(reason: &str) -> Self {
        ConclusiveFailure { code: "OPERATOR".to_owned(), reason: reason.to_owned() }
    }

    /// The provider's code, or ours.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// A sentence for people.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

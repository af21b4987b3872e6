//! FusePay: an embedded engine for wallets, bill payments and reversals.
#![forbid(unsafe_code)]

mod audit;
mod bill;
mod canonical;
mod category;
mod clock;
mod entropy;
mod error;
mod event;
mod id;
mod idempotency;
mod ledger;
mod logging;
mod metadata;
mod money;
mod queue;
mod secret;
mod store;
mod vocabulary;
mod wallet;

pub use audit::AuditHead;
pub use bill::biller::{BillItem, Biller};
pub use bill::outcome::{Answer, Evidence, PaidReceipt, PayOutcome, QueryOutcome, WebhookNotice};
pub use bill::provider::{
    Capabilities, Customer, CustomerRequest, PayRequest, Provider, QueryRequest, RequestIdFormat, Webhook,
};
pub use category::Category;
pub use clock::{Clock, ManualClock, SystemClock, UnixMillis};
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use error::{Error, Result};
pub use event::Event;
pub use id::{HoldId, InstanceId, JobId, PaymentId, QuoteId, SessionId, TransactionId, UserId, WalletId};
pub use idempotency::IdempotencyKey;
pub use ledger::hold::Remainder;
pub use logging::{LoggingConfig, LoggingGuard, init_logging};
pub use metadata::Metadata;
pub use money::amount::Money;
pub use money::currency::Currency;
pub use queue::backoff::Backoff;
pub use queue::breaker::{BreakerPolicy, RatePolicy};
pub use secret::Secret;
pub use vocabulary::{
    AttemptKind, BreakerState, Code, ErrorKind, EventName, HoldStatus, JobKind, JobStatus, LISTS, LimitWindow,
    LogLevel, LogRotation, Operation, OutcomeKind, PaymentStatus, ReviewReason, Role, TransactionStatus,
    TransactionType, UserStatus, WalletStatus, Word,
};
pub use wallet::fee::FeePolicy;
pub use wallet::limit::{Limit, Usage};

//! FusePay: an embedded engine for wallets, bill payments and reversals.
#![forbid(unsafe_code)]

mod audit;
mod auth;
mod bill;
mod canonical;
mod category;
mod clock;
mod engine;
mod entropy;
mod error;
mod event;
mod id;
mod idempotency;
mod ledger;
mod metadata;
mod money;
mod queue;
mod reversal;
mod secret;
mod store;
mod vocabulary;
mod wallet;

pub use audit::{AuditHead, AuditRecord};
pub use auth::authorisation::{Action, may};
pub use auth::email::EmailAddress;
pub use auth::hashing::{HashCost, Pepper};
pub use auth::keyring::KeyRing;
pub use auth::lockout::LockoutPolicy;
pub use auth::password::PasswordPolicy;
pub use auth::profile::{PersonName, ProfileUpdate};
pub use auth::record::{Principal, SessionRecord, Tokens, User, UserPage};
pub use auth::token::TokenPolicy;
pub use bill::biller::{BillItem, Biller};
pub use bill::outcome::{Answer, Evidence, PaidReceipt, PayOutcome, QueryOutcome, WebhookNotice};
pub use bill::payment::TRANSITIONS;
pub use bill::provider::{
    Capabilities, Customer, CustomerRequest, PayRequest, Provider, QueryRequest, RequestIdFormat, Webhook,
};
pub use bill::quote::Quote;
pub use bill::record::{Attempt, Payment, PaymentStep};
pub use category::Category;
pub use clock::{Clock, ManualClock, SystemClock, UnixMillis};
pub use engine::audit::AuditReport;
pub use engine::auth::login::Login;
pub use engine::auth::register::{Registered, Registration};
pub use engine::bill::{Explanation, QuoteRequest, WebhookReceipt};
pub use engine::config::{Config, FilePermissions, WorkerMode};
pub use engine::event::{StartAt, Subscriber, Subscription};
pub use engine::fund::MoneyRequest;
pub use engine::history::{HistoryFilter, HistoryPage};
pub use engine::hold::{CaptureRequest, HoldRequest};
pub use engine::host::audit::Audit;
pub use engine::host::auth::Auth;
pub use engine::host::bill::Bills;
pub use engine::host::event::Events;
pub use engine::host::face::FusePay;
pub use engine::host::history::History;
pub use engine::host::queue::Queue;
pub use engine::host::reversal::Reversals;
pub use engine::host::wallet::Wallets;
pub use engine::logging::{LoggingConfig, LoggingGuard, init_logging};
pub use engine::pay::PayBill;
pub use engine::reversal::{ClaimSettlement, RefundRequest, ReviewVerdict};
pub use engine::session::Session;
pub use engine::session::bill::SessionBills;
pub use engine::session::history::SessionHistory;
pub use engine::session::operator::Operator;
pub use engine::session::wallet::SessionWallets;
pub use engine::stats::{PaymentCount, ProviderStats, Stats, SystemBalance};
pub use engine::transfer::TransferRequest;
pub use engine::verify::{VerifyReport, Violation};
pub use engine::worker::RunReport;
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use error::{Error, Result};
pub use event::Event;
pub use id::{HoldId, InstanceId, JobId, PaymentId, QuoteId, SessionId, TransactionId, UserId, WalletId};
pub use idempotency::IdempotencyKey;
pub use ledger::hold::Remainder;
pub use ledger::statement::Statement;
pub use ledger::transaction::Transaction;
pub use metadata::Metadata;
pub use money::amount::Money;
pub use money::currency::Currency;
pub use queue::backoff::Backoff;
pub use queue::breaker::{BreakerPolicy, RatePolicy};
pub use queue::job::{Job, JobCount};
pub use reversal::refund::RefundSource;
pub use secret::Secret;
pub use vocabulary::{
    AttemptKind, BreakerState, Code, ErrorKind, EventName, HoldStatus, JobKind, JobStatus, LISTS, LimitWindow,
    LogLevel, LogRotation, Operation, OutcomeKind, PaymentStatus, ReviewReason, Role, TransactionStatus,
    TransactionType, UserStatus, WalletStatus, Word,
};
pub use wallet::fee::FeePolicy;
pub use wallet::limit::{Limit, Usage};
pub use wallet::record::{Hold, Wallet};

//! FusePay: an embedded engine for wallets, bill payments and reversals.
//!
//! It is a library over one SQLite file. It keeps wallets and a double-entry
//! ledger, pays bills through providers that you connect, finds out what became
//! of payments nobody answered, and gives money back when, and only when, a
//! provider has proved that it did not take it. It is not a server, not a
//! network client and not a payment processor: it moves no money outside its
//! file. Your program has the HTTP, the bank and the keys.
//!
//! # The first payment
//!
//! ```
//! use fusepay_core::{
//!     Answer, BillItem, Biller, Category, Config, Currency, FusePay, KeyRing, Money, MoneyRequest, PaidReceipt, PayBill,
//!     PayOutcome, PayRequest, PaymentStatus, Provider, QueryOutcome, QueryRequest, Registration, Secret, WorkerMode,
//! };
//! use std::sync::Arc;
//!
//! /// A power company that sells to everybody.
//! struct PowerCompany;
//!
//! impl Provider for PowerCompany {
//!     fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
//!         PayOutcome::Paid(PaidReceipt::new(format!("PC-{}", request.request_id)).with_token("1234-5678")).into()
//!     }
//!
//!     fn query(&self, _: &QueryRequest) -> Answer<QueryOutcome> {
//!         QueryOutcome::Unknown { cause: "this company never answers questions".to_owned() }.into()
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let signing_key = Secret::from("K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ");
//! let config = Config::new(directory.path().join("pay.db"), KeyRing::hs256("2026-03", signing_key)?)
//!     .with_provider("power", Arc::new(PowerCompany))
//!     .with_worker(WorkerMode::Manual);
//! let engine = FusePay::open(config)?;
//!
//! let biller = Biller::new("IKEJA", "Ikeja Electric", Category::new("ELECTRICITY")?, "power");
//! let item = BillItem::new("PREPAID", "Prepaid units", Money::parse("500.00", Currency::NGN)?, 5_000_000);
//! engine.bill().load_catalogue(&[(biller, vec![item])])?;
//!
//! let ada = engine.auth().register(&Registration::new("ada@example.com", "Ada", "Obi", "seven blue lamps by the river"))?;
//! let deposit = MoneyRequest::new(ada.wallet.id, Money::new(1_000_000, Currency::NGN)).with_external_reference("bank-77");
//! engine.wallet().fund(&deposit)?;
//!
//! let bill = PayBill::new(ada.wallet.id, "IKEJA", "PREPAID", "meter 0123", Money::new(250_000, Currency::NGN))
//!     .with_idempotency_key("order-1"); // the same key again gives the same payment again
//! let payment = engine.bill().pay(&bill)?;
//! assert_eq!(payment.status, PaymentStatus::Pending); // debited; the provider was not called yet
//!
//! engine.run_due()?; // the background worker does this by itself
//! assert_eq!(engine.bill().find(payment.id)?.status, PaymentStatus::Completed);
//! assert_eq!(engine.bill().tokens(payment.id)?, ["1234-5678"]);
//! assert_eq!(engine.wallet().find(ada.wallet.id)?.balance_minor, 750_000);
//! assert!(engine.verify()?.is_sound);
//! # Ok(()) }
//! ```
//!
//! # Where things are
//!
//! [`FusePay`] has one view per noun, for code you trust: [`auth`](FusePay::auth),
//! [`wallet`](FusePay::wallet), [`bill`](FusePay::bill),
//! [`reversal`](FusePay::reversal), [`history`](FusePay::history),
//! [`events`](FusePay::events), [`queue`](FusePay::queue),
//! [`audit`](FusePay::audit). [`FusePay::session`] gives what one logged-in user
//! may do, and nothing else. [`Provider`] is what you implement to pay somewhere.
//!
//! # Threads
//!
//! [`FusePay`] is `Send` and `Sync`; every call may be made from any thread. A
//! call that changes something is one commit, and blocks until that commit is on
//! the disk or [`Config::with_call_deadline`] has passed; callers that wait at
//! the same time share one fsync. Reads wait for nobody. Providers are called by
//! the engine's own threads, never inside a commit, and may call the engine.
//! With [`WorkerMode::Manual`] there is no thread: [`FusePay::run_due`] does the
//! work on yours. One process opens a file once; several processes may share it.
//!
//! # Errors
//!
//! Every call answers [`Result`]. [`Error::code`] says what happened, in words
//! and numbers that never change; [`Error::kind`] says what to do:
//!
//! | kind | do this |
//! |---|---|
//! | [`Refused`](ErrorKind::Refused) | a rule said no: change the request |
//! | [`Busy`](ErrorKind::Busy) | nothing happened: the same call later |
//! | [`InDoubt`](ErrorKind::InDoubt) | it may have happened: open again, repeat with the same idempotency key |
//! | [`Misuse`](ErrorKind::Misuse) | the calling code is wrong: mend it |
//! | [`Fault`](ErrorKind::Fault) | the engine or its storage is broken: call someone |
//!
//! A call that answers an error has changed nothing, except with `InDoubt`. The
//! engine does not panic; a provider's or subscriber's panic is caught.
//!
//! # Money and time
//!
//! Money is an `i64` of minor units (kobo, cents) and a [`Currency`] of ISO 4217.
//! There are no floats. Fields end in `_minor` where the currency stands beside
//! them. Times are [`UnixMillis`], milliseconds UTC; what falls due is counted on
//! a timeline that does not jump with the wall clock.
//!
//! # Features
//!
//! `testing`: password hashes that cost nothing, counters of them, and points
//! where a test can have the process killed. For tests alone. There are no others; the core has no network code.
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
mod failpoint;
mod id;
mod idempotency;
mod ledger;
mod metadata;
mod money;
mod queue;
mod reversal;
mod secret;
mod store;
mod sync;
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
pub use engine::subscribers::{StartAt, Subscriber, Subscription};
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

/// README's example, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

//! FusePay: an embedded engine for wallets, bill payments and reversals.
#![forbid(unsafe_code)]

mod auth;
mod bill;
mod clock;
mod entropy;
mod error;
mod id;
mod money;
mod secret;
mod vocabulary;
mod wallet;

pub use auth::authorisation::{Action, may};
pub use auth::email::EmailAddress;
pub use auth::hashing::{HashCost, Pepper};
pub use auth::keyring::KeyRing;
pub use auth::lockout::LockoutPolicy;
pub use auth::password::PasswordPolicy;
pub use auth::profile::{PersonName, ProfileUpdate};
pub use auth::token::TokenPolicy;
pub use bill::biller::{BillItem, Biller, Category};
pub use bill::outcome::{Answer, Evidence, PaidReceipt, PayOutcome, QueryOutcome, WebhookNotice};
pub use bill::provider::{
    Capabilities, Customer, CustomerRequest, PayRequest, Provider, QueryRequest, RequestIdFormat, Webhook,
};
pub use clock::{Clock, ManualClock, SystemClock, UnixMillis};
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use error::{Error, Result};
pub use id::{HoldId, InstanceId, JobId, PaymentId, QuoteId, SessionId, TransactionId, UserId, WalletId};
pub use money::amount::Money;
pub use money::currency::Currency;
pub use secret::Secret;
pub use vocabulary::{
    AttemptKind, Code, ErrorKind, EventName, HoldStatus, JobKind, JobStatus, LISTS, LimitWindow, OutcomeKind,
    PaymentStatus, ReviewReason, Role, TransactionStatus, TransactionType, UserStatus, WalletStatus, Word,
};
pub use wallet::fee::FeePolicy;

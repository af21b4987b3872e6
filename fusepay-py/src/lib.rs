//! The Python door: the extension module `fusepay._fusepay`. No rule lives
//! here: an operation reads its arguments (`convert`, `word`, `money`), calls the
//! core once without the interpreter, and hands a record over (`record`). The
//! package around it (`python/fusepay`) holds the names a host sees.

mod audit;
mod auth;
mod bill;
mod clock;
mod config;
mod convert;
mod engine;
mod error;
mod event;
mod history;
mod log;
mod money;
mod policy;
mod provider;
mod queue;
mod record;
mod reversal;
mod session;
mod subscriber;
mod wallet;
mod word;

use pyo3::prelude::*;

/// How long a page is when nobody says.
const PAGE: u32 = 100;

/// One word as Python receives it: its list, its number and its name.
type Word = (&'static str, u16, &'static str);

/// The compiled half of the `fusepay` package.
#[pymodule]
mod _fusepay {
    use super::{Word, pyfunction};

    #[pymodule_export]
    use crate::audit::Audit;
    #[pymodule_export]
    use crate::auth::Auth;
    #[pymodule_export]
    use crate::bill::Bills;
    #[pymodule_export]
    use crate::clock::PyManualClock;
    #[pymodule_export]
    use crate::clock::PySeededEntropy;
    #[pymodule_export]
    use crate::config::Config;
    #[pymodule_export]
    use crate::engine::{PyFusePay, close_all, interrupt_thread};
    #[pymodule_export]
    use crate::event::Events;
    #[pymodule_export]
    use crate::history::History;
    #[pymodule_export]
    use crate::log::{forget_log_levels, install_logging};
    #[pymodule_export]
    use crate::money::PyMoney;
    #[pymodule_export]
    use crate::policy::{
        Backoff, BreakerPolicy, FeePolicy, HashCost, KeyRing, LockoutPolicy, PasswordPolicy, Pepper, RatePolicy,
        TokenPolicy,
    };
    #[pymodule_export]
    use crate::provider::records::{
        Capabilities, Customer, CustomerRequest, PayRequest, QueryRequest, RequestIdFormat, Webhook,
    };
    #[pymodule_export]
    use crate::queue::Queue;
    #[pymodule_export]
    use crate::record::auth::{Principal, Registered, SessionRecord, Tokens, User, UserPage};
    #[pymodule_export]
    use crate::record::bill::{Attempt, BillItem, Biller, Explanation, Payment, PaymentStep, Quote, WebhookReceipt};
    #[pymodule_export]
    use crate::record::engine::{
        AuditHead, Job, JobCount, PaymentCount, ProviderStats, RunReport, Stats, SystemBalance, VerifyReport, Violation,
    };
    #[pymodule_export]
    use crate::record::event::{AuditRecord, AuditReport, Event};
    #[pymodule_export]
    use crate::record::history::{HistoryPage, Statement};
    #[pymodule_export]
    use crate::record::wallet::{Hold, Limit, Transaction, TransferRequest, Wallet};
    #[pymodule_export]
    use crate::reversal::Reversals;
    #[pymodule_export]
    use crate::session::PySession;
    #[pymodule_export]
    use crate::session::bill::SessionBills;
    #[pymodule_export]
    use crate::session::history::SessionHistory;
    #[pymodule_export]
    use crate::session::operator::Operator;
    #[pymodule_export]
    use crate::session::wallet::SessionWallets;
    #[pymodule_export]
    use crate::subscriber::PySubscription;
    #[pymodule_export]
    use crate::wallet::Wallets;

    /// The version of the engine, such as "0.1.0".
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Every word of the vocabulary, for the test that the Python enumerations agree.
    #[pyfunction]
    fn vocabulary() -> Vec<Word> {
        let lists = fusepay_core::LISTS.iter();
        lists.flat_map(|(list, words)| words.iter().map(|word| (*list, word.number, word.name))).collect()
    }
}

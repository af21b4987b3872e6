//! Everything an engine answers about a database, as text by question: the
//! truth when taken from a whole file, evidence when taken from a damaged one.

use fusepay_core::{
    AuditHead, Code, FusePay, HistoryFilter, HoldId, HoldStatus, PaymentId, PaymentStatus, Result, TransactionId,
    UnixMillis, UserId, WalletId,
};
use std::collections::BTreeMap;
use std::fmt::Debug;

const PAGE: u32 = 500;
/// After everything that ever happens here.
const THE_END: UnixMillis = UnixMillis(4_000_000_000_000);

/// Whom and what to ask about. Taken from a whole file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Subjects {
    users: Vec<UserId>,
    wallets: Vec<WalletId>,
    payments: Vec<PaymentId>,
    holds: Vec<HoldId>,
    transactions: Vec<TransactionId>,
    pub(crate) head: Option<AuditHead>,
}

impl Subjects {
    pub(crate) fn of(engine: &FusePay) -> Result<Subjects> {
        let mut subjects = Subjects { head: Some(engine.audit().head()?), ..Subjects::default() };
        subjects.users = engine.auth().list_users(None, PAGE)?.users.iter().map(|user| user.id).collect();
        for user in &subjects.users {
            subjects.wallets.extend(engine.wallet().list(*user)?.iter().map(|wallet| wallet.id));
        }
        for wallet in &subjects.wallets {
            subjects.payments.extend(engine.bill().list(*wallet, None, PAGE)?.iter().map(|payment| payment.id));
            for status in HoldStatus::ALL {
                subjects.holds.extend(engine.wallet().holds(*wallet, *status, PAGE)?.iter().map(|hold| hold.id));
            }
            let lines = engine.history().page(*wallet, &HistoryFilter::new(), None, PAGE)?.lines;
            subjects.transactions.extend(lines.iter().map(|line| line.id));
        }
        Ok(subjects)
    }

    pub(crate) fn wallets(&self) -> &[WalletId] {
        &self.wallets
    }
}

/// One answer: what it said, or the code of the error.
pub(crate) type Answer = std::result::Result<String, Code>;

/// Question → answer.
pub(crate) type Answers = BTreeMap<String, Answer>;

/// Asks everything.
pub(crate) fn ask(engine: &FusePay, subjects: &Subjects) -> Answers {
    let mut asked = Asked(Answers::new());
    about_people(engine, subjects, &mut asked);
    about_payments(engine, subjects, &mut asked);
    let (audit, events, queue) = (engine.audit(), engine.events(), engine.queue());
    asked.add("audit.read", audit.read(0, PAGE));
    asked.add("audit.head", audit.head());
    asked.add("events.read", events.read(0, PAGE));
    for name in ["deaf", "reader"] {
        asked.add(&format!("events.cursor {name}"), events.cursor(name));
    }
    asked.add("queue.counts", queue.counts());
    asked.add("queue.dead_letters", queue.dead_letters(None, PAGE));
    asked.add("ledger_digest", engine.ledger_digest());
    // How large the file is, and how the engine's lock was, are no matter of record.
    asked.add("stats", engine.stats().map(|stats| (stats.payments, stats.jobs, stats.balances)));
    asked.0
}

fn about_people(engine: &FusePay, subjects: &Subjects, asked: &mut Asked) {
    let (wallets, history) = (engine.wallet(), engine.history());
    asked.add("auth.list_users", engine.auth().list_users(None, PAGE));
    for user in &subjects.users {
        asked.add(&format!("auth.find_user {user}"), engine.auth().find_user(*user));
        asked.add(&format!("auth.sessions {user}"), engine.auth().sessions(*user));
        asked.add(&format!("wallet.list {user}"), wallets.list(*user));
        asked.add(&format!("history.page_of_user {user}"), {
            history.page_of_user(*user, &HistoryFilter::new(), None, PAGE)
        });
    }
    for wallet in &subjects.wallets {
        asked.add(&format!("wallet.find {wallet}"), wallets.find(*wallet));
        asked.add(&format!("wallet.limits {wallet}"), wallets.limits(*wallet));
        asked.add(&format!("history.page {wallet}"), history.page(*wallet, &HistoryFilter::new(), None, PAGE));
        asked.add(&format!("history.statement {wallet}"), history.statement(*wallet, UnixMillis(0), THE_END));
        asked.add(&format!("history.balance_at {wallet}"), history.balance_at(*wallet, THE_END));
        for status in HoldStatus::ALL {
            asked.add(&format!("wallet.holds {wallet} {status}"), wallets.holds(*wallet, *status, PAGE));
        }
    }
    for hold in &subjects.holds {
        asked.add(&format!("wallet.find_hold {hold}"), wallets.find_hold(*hold));
    }
    for transaction in &subjects.transactions {
        asked.add(&format!("history.find {transaction}"), history.find(*transaction));
    }
}

fn about_payments(engine: &FusePay, subjects: &Subjects, asked: &mut Asked) {
    let bill = engine.bill();
    for wallet in &subjects.wallets {
        asked.add(&format!("bill.list {wallet}"), bill.list(*wallet, None, PAGE));
    }
    for status in PaymentStatus::ALL {
        asked.add(&format!("bill.list_by_status {status}"), bill.list_by_status(*status, None, PAGE));
    }
    for payment in &subjects.payments {
        asked.add(&format!("bill.explain {payment}"), bill.explain(*payment));
        asked.add(&format!("bill.tokens {payment}"), bill.tokens(*payment));
    }
    asked.add("bill.billers", bill.billers(None, None, PAGE));
    asked.add("bill.items", bill.items(fusepay_testkit::BILLER));
    asked.add("reversal.open_claims", engine.reversal().open_claims(PAGE));
    asked.add("reversal.open_suspense", engine.reversal().open_suspense(PAGE));
}

struct Asked(Answers);

impl Asked {
    fn add(&mut self, question: &str, answer: Result<impl Debug>) {
        let answer = answer.map(|told| format!("{told:?}")).map_err(|error| error.code());
        self.0.insert(question.to_owned(), answer);
    }
}

//! One file that processes die on, what the parent knows of it, and the judge:
//! every acknowledgement, every balance and the biller's book against the engine.

use crate::biller::FileBiller;
use crate::child::PATIENCE;
use crate::op::{Numbers, Op};
use fusepay_core::{
    AuditHead, Backoff, BillItem, Biller, BreakerPolicy, Category, Config, FeePolicy, FusePay, HashCost, HoldId,
    KeyRing, MoneyRequest, Payment, PaymentId, PaymentStatus, Registration, ReviewReason, Secret, TransactionId,
    WalletId, WorkerMode,
};
use fusepay_testkit::{Oracle, ngn};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Two rich wallets, and a poor one that is refused now and then.
const BEGINNINGS: [i64; 3] = [100_000_000, 100_000_000, 2_000];
const FEE_MINOR: i64 = 3;
/// Acknowledged operations repeated after each kill.
const REPEATED: usize = 8;

pub(crate) fn config(dir: &Path, biller: FileBiller) -> Config {
    let keys = KeyRing::hs256("kills", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
    let quick = Backoff::requery().with_initial_delay(20).with_base(20).with_cap(40).with_runs_max(10_000);
    Config::new(dir.join("money.db"), keys)
        .with_hash_cost(HashCost::insecure_for_tests())
        // Lost answers in a row are what this is about, not what stops it.
        .with_breaker(BreakerPolicy::new(1_000, 100, 1))
        .with_bill_backoff(Backoff::bill().with_base(20).with_runs_max(1_000))
        .with_requery_backoff(quick)
        .with_reversal_backoff(Backoff::reversal().with_initial_delay(20).with_base(20))
        .with_provider("file", Arc::new(biller))
}

/// Loads the catalogue and makes the wallets.
pub(crate) fn prepare(engine: &FusePay, name: &str) -> Vec<WalletId> {
    let item = BillItem::new("PREPAID", "Prepaid units", ngn(1), 1_000_000_000).with_fee(FeePolicy::fixed(FEE_MINOR));
    let biller = Biller::new("POWER", "The power company", Category::new("ELECTRICITY").unwrap(), "file");
    engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    let wallet = |(number, minor): (usize, &i64)| {
        let email = format!("first-{name}-{number}@kills.example");
        let request = Registration::new(email, "One", "Of Many", "a password of the many");
        let wallet = engine.auth().register(&request).unwrap().wallet.id;
        engine.wallet().fund(&MoneyRequest::new(wallet, ngn(*minor))).unwrap();
        wallet
    };
    BEGINNINGS.iter().enumerate().map(wallet).collect()
}

/// What came out of it so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) at_failpoints: BTreeMap<String, u64>,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    pub(crate) cut_off: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) payments: u64,
    pub(crate) under_review: u64,
    pub(crate) backups: u64,
    pub(crate) stopped_calls: u64,
    pub(crate) stops: u64,
    pub(crate) orphans: Vec<Duration>,
    /// Everything that must not be, in sentences.
    pub(crate) violations: Vec<String>,
}

#[derive(Default)]
struct Account {
    expected_minor: i64,
}

pub(crate) struct Site {
    dir: TempDir,
    pub(crate) wallets: Vec<WalletId>,
    accounts: BTreeMap<WalletId, Account>,
    paid: BTreeMap<PaymentId, Op>,
    captured: BTreeMap<HoldId, i64>,
    refunded: BTreeMap<PaymentId, i64>,
    heads: Vec<AuditHead>,
}

impl Site {
    /// A directory without a file.
    pub(crate) fn bare() -> Site {
        Site {
            dir: tempfile::tempdir().unwrap(),
            wallets: Vec::new(),
            accounts: BTreeMap::new(),
            paid: BTreeMap::new(),
            captured: BTreeMap::new(),
            refunded: BTreeMap::new(),
            heads: Vec::new(),
        }
    }

    /// A file with wallets.
    pub(crate) fn new() -> Site {
        let mut site = Site::bare();
        site.settle_in();
        site
    }

    /// Makes the wallets that the storms are about.
    pub(crate) fn settle_in(&mut self) {
        let engine = self.open();
        self.wallets = prepare(&engine, "parent");
        let known = self.wallets.iter().zip(BEGINNINGS);
        self.accounts = known.map(|(id, minor)| (*id, Account { expected_minor: minor })).collect();
        engine.close(PATIENCE).unwrap();
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn open(&self) -> FusePay {
        FusePay::open(config(self.dir(), FileBiller::new(self.dir()))).unwrap()
    }

    /// What a child is told: its name, its seed, its wallets.
    pub(crate) fn storm(&self, name: &str, seed: u64) -> String {
        let wallets = self.wallets.iter().map(WalletId::to_string);
        std::iter::once(name.to_owned()).chain([seed.to_string()]).chain(wallets).collect::<Vec<_>>().join(" ")
    }

    /// After a kill: everything that was acknowledged is there and is the same
    /// when repeated; what was cut off happens once; the file verifies.
    pub(crate) fn judge(&mut self, engine: &FusePay, said: &[String], numbers: &mut Numbers, tally: &mut Tally) {
        let mut asked: BTreeMap<String, Op> = BTreeMap::new();
        let mut answered = Vec::new();
        for line in said {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "ASK" => drop(asked.insert(Op::parse(rest).key, Op::parse(rest))),
                "ACK" => {
                    let words: Vec<&str> = rest.rsplitn(3, ' ').collect();
                    let op = Op::parse(words[2]);
                    asked.remove(&op.key);
                    if words[1] == "OK" {
                        tally.acknowledged += 1;
                        self.count(&op, words[0]);
                        answered.push((op, words[0].to_owned()));
                    } else {
                        tally.refused += 1;
                        if !is_usual(&op, words[0]) {
                            tally.violations.push(format!("refused with {}: {op}", words[0]));
                        }
                    }
                }
                "HEAD" => self.heads.push(rest.parse().unwrap()),
                "SAVED" => tally.backups += 1,
                "UNSAVED" => tally.violations.push(line.clone()),
                _ => {}
            }
        }
        for (op, id) in &answered {
            self.check_kept(engine, op, id, tally);
        }
        for _ in 0..REPEATED.min(answered.len()) {
            let (op, id) = numbers.pick(&answered);
            self.repeat(engine, op, id, tally);
        }
        for op in asked.into_values().filter(Op::is_repeatable) {
            tally.cut_off += 1;
            if let Ok(id) = op.perform(engine) {
                self.count(&op, &id);
                self.check_kept(engine, &op, &id, tally);
            }
        }
        self.check_file(engine, tally);
        self.check_backups(tally);
    }

    /// Notes what an operation does to the money.
    fn count(&mut self, op: &Op, id: &str) {
        let minor = op.minor;
        let (from, to) = match op.kind.as_str() {
            "fund" | "credit" => (0, 0),
            "debit" | "withdraw" => (-minor, 0),
            "transfer" | "capture" => (-minor, minor),
            _ => (0, 0),
        };
        let from = if matches!(op.kind.as_str(), "fund" | "credit") { minor } else { from };
        match op.kind.as_str() {
            "pay" => drop(self.paid.insert(PaymentId::from_str(id).unwrap(), op.clone())),
            "refund" => *self.refunded.entry(PaymentId::from_str(&op.target).unwrap()).or_default() += minor,
            "capture" => *self.captured.entry(HoldId::from_str(&op.target).unwrap()).or_default() += minor,
            _ => {}
        }
        // A capture takes from the hold's wallet, whichever that is: both ends
        // are settled by `holds` below.
        if op.kind != "capture" {
            self.accounts.entry(op.wallet).or_default().expected_minor += from;
        }
        self.accounts.entry(op.other).or_default().expected_minor += to;
    }

    fn check_kept(&self, engine: &FusePay, op: &Op, id: &str, tally: &mut Tally) {
        let kept = match op.kind.as_str() {
            "pay" => engine.bill().explain(PaymentId::from_str(id).unwrap()).map(|explained| {
                let payment = explained.payment;
                (payment.amount, payment.wallet_id, payment.customer_reference.as_str())
                    == (ngn(op.minor), op.wallet, op.target.as_str())
            }),
            "refund" => engine
                .bill()
                .explain(PaymentId::from_str(id).unwrap())
                .map(|explained| explained.payment.refunded_minor >= op.minor),
            "hold" => engine
                .wallet()
                .find_hold(HoldId::from_str(id).unwrap())
                .map(|hold| (hold.amount_minor, hold.wallet_id) == (op.minor, op.wallet)),
            "release" => engine
                .wallet()
                .find_hold(HoldId::from_str(id).unwrap())
                .map(|hold| hold.status != fusepay_core::HoldStatus::Active),
            "register" => engine.wallet().find(WalletId::from_str(id).unwrap()).map(|wallet| wallet.balance_minor == 0),
            _ => engine
                .history()
                .find(TransactionId::from_str(id).unwrap())
                .map(|lines| lines.iter().any(|line| line.amount_minor.abs() == op.minor)),
        };
        if !matches!(kept, Ok(true)) {
            tally.lost += 1;
            tally.violations.push(format!("acknowledged as {id} and not there ({kept:?}): {op}"));
        }
    }

    fn repeat(&self, engine: &FusePay, op: &Op, id: &str, tally: &mut Tally) {
        if !op.is_repeatable() {
            return;
        }
        match op.perform(engine) {
            Ok(again) if again == id => {}
            other => {
                tally.doubled += 1;
                tally.violations.push(format!("acknowledged as {id}, repeated as {other:?}: {op}"));
            }
        }
    }

    fn check_file(&self, engine: &FusePay, tally: &mut Tally) {
        let report = engine.verify().unwrap();
        tally.violations.extend(report.violations.iter().map(|violation| format!("{violation:?}")));
        if let Some(head) = self.heads.last() {
            let chain = engine.audit().verify(Some(head)).unwrap();
            if !chain.is_sound {
                tally.violations.push(format!("the audit chain lost its head {head}: {chain:?}"));
            }
        }
    }

    /// Each back-up that has its name is whole, and opens; what is half made has another.
    fn check_backups(&self, tally: &mut Tally) {
        let paths = std::fs::read_dir(self.dir()).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("backup-") && name.ends_with(".db")
        };
        for path in paths.filter(named) {
            let elsewhere = tempfile::tempdir().unwrap();
            std::fs::rename(&path, elsewhere.path().join("money.db")).unwrap();
            let biller = FileBiller::new(elsewhere.path());
            let opened = FusePay::open(config(elsewhere.path(), biller).with_worker(WorkerMode::Manual));
            match opened.and_then(|copy| copy.verify()) {
                Ok(report) if report.is_sound => {}
                other => tally.violations.push(format!("a back-up is not sound: {other:?}")),
            }
        }
    }

    /// Drains everything, then holds the whole history against the model and
    /// the biller's book.
    pub(crate) fn settle(&mut self, engine: &FusePay, tally: &mut Tally) {
        let end = Instant::now() + PATIENCE;
        while !is_settled(engine) {
            if Instant::now() > end {
                tally.violations.push("payments do not come to an end".to_owned());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        tally.violations.extend(Oracle::new().check(engine));
        let payments = all_payments(engine);
        self.check_payments(engine, &payments, tally);
        self.check_balances(engine, &payments, tally);
    }

    fn check_payments(&self, engine: &FusePay, payments: &[Payment], tally: &mut Tally) {
        let mut book = FileBiller::new(self.dir()).payments();
        tally.payments += payments.len() as u64;
        for payment in payments {
            let paid_times = book.remove(&payment.request_id).unwrap_or(0);
            if paid_times > 1 {
                tally.doubled += 1;
            }
            let agrees = match payment.status {
                PaymentStatus::Completed => paid_times == 1,
                PaymentStatus::Reversed => paid_times == 0,
                PaymentStatus::NeedsReview => {
                    tally.under_review += 1;
                    // Only a job that took three processes with it may end here.
                    paid_times <= 1 && payment.review_reason == Some(ReviewReason::BillJobDead)
                }
                _ => false,
            };
            if !agrees {
                let why = engine.bill().explain(payment.id);
                tally.violations.push(format!("the biller paid {paid_times} times: {why:#?}"));
            }
            let refunded = self.refunded.get(&payment.id).copied().unwrap_or(0);
            if payment.refunded_minor != refunded {
                tally.violations.push(format!("{refunded} were refunded by our count: {payment:?}"));
            }
            if !self.paid.contains_key(&payment.id) {
                tally.doubled += 1;
                tally.violations.push(format!("nobody asked for {payment:?}"));
            }
        }
        if payments.len() < self.paid.len() {
            tally.lost += 1;
        }
        tally.violations.extend(book.into_keys().map(|id| format!("the biller has {id}, which is nobody's")));
    }

    fn check_balances(&self, engine: &FusePay, payments: &[Payment], tally: &mut Tally) {
        for (wallet, account) in &self.accounts {
            let of_wallet = payments.iter().filter(|payment| payment.wallet_id == *wallet);
            let spent: i64 = of_wallet
                .filter(|payment| payment.status != PaymentStatus::Reversed)
                .map(|payment| payment.amount.minor() + payment.fee.minor() - payment.refunded_minor)
                .sum();
            let captured: i64 = self
                .captured
                .iter()
                .filter(|(hold, _)| engine.wallet().find_hold(**hold).unwrap().wallet_id == *wallet)
                .map(|(_, minor)| minor)
                .sum();
            let (expected, found) =
                (account.expected_minor - spent - captured, engine.wallet().find(*wallet).unwrap().balance_minor);
            if expected != found {
                tally.lost += u64::from(found < expected);
                tally.doubled += u64::from(found > expected);
                tally.violations.push(format!("wallet {wallet} has {found}, should have {expected}"));
            }
        }
        for (hold, minor) in &self.captured {
            let found = engine.wallet().find_hold(*hold).unwrap().captured_minor;
            if found != *minor {
                tally.violations.push(format!("hold {hold}: {found} captured, {minor} acknowledged"));
            }
        }
    }
}

/// The refusals that a storm of such operations must meet now and then. Nothing
/// else is expected of a healthy engine, least of all `BUSY` or a fault.
fn is_usual(op: &Op, code: &str) -> bool {
    match op.kind.as_str() {
        "debit" | "withdraw" | "transfer" | "hold" | "pay" => code == "INSUFFICIENT_FUNDS",
        "capture" => ["HOLD_RESOLVED", "CAPTURE_ABOVE_HOLD", "SAME_WALLET"].contains(&code),
        "release" => code == "HOLD_RESOLVED",
        // Only what is completed is refunded, and no more than was paid.
        "refund" => ["NOT_REVERSIBLE", "REFUND_ABOVE_PAID"].contains(&code),
        _ => false,
    }
}

pub(crate) fn all_payments(engine: &FusePay) -> Vec<Payment> {
    let mut all = Vec::new();
    for status in PaymentStatus::ALL {
        let mut after = None;
        loop {
            let page = engine.bill().list_by_status(*status, after, 500).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page);
        }
    }
    all
}

fn is_settled(engine: &FusePay) -> bool {
    [PaymentStatus::Pending, PaymentStatus::Processing, PaymentStatus::Unknown, PaymentStatus::Failed]
        .iter()
        .all(|status| engine.bill().list_by_status(*status, None, 1).unwrap().is_empty())
}

//! Goal: several processes on one file, and processes that die at any moment,
//! neither lose money nor make any; what died is taken up by who lives.
//! Method: real children, which are this very test program run again with a
//! role in its environment; their biller writes its book into a file, so that
//! the truth outlives them. Nobody sleeps a fixed time: a test polls for what it
//! waits for, and is given up after a generous deadline.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    Answer, Backoff, BillItem, Biller, BreakerPolicy, Capabilities, Category, Code, Config, FusePay, HashCost,
    JobStatus, KeyRing, MoneyRequest, PaidReceipt, PayBill, PayOutcome, PayRequest, Payment, PaymentId, PaymentStatus,
    Provider, QueryOutcome, QueryRequest, Registration, ReviewReason, ReviewVerdict, Secret, TransferRequest, WalletId,
};
use fusepay_testkit::{Gate, Oracle, ngn};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROLE: &str = "FUSEPAY_TEST_ROLE";
const DIR: &str = "FUSEPAY_TEST_DIR";
const ARGUMENT: &str = "FUSEPAY_TEST_ARGUMENT";
const PATIENCE: Duration = Duration::from_secs(60);

// ---------------------------------------------------------------- the biller

/// A biller whose book is a file: one line per fact, appended in one write.
/// What it does is the first word of the customer reference.
struct FileBiller {
    book: PathBuf,
    /// Set where an aborting query may abort.
    may_abort: bool,
    gate: Gate,
}

impl FileBiller {
    fn new(dir: &Path) -> Self {
        FileBiller { book: dir.join("book"), may_abort: false, gate: Gate::new() }
    }

    fn write(&self, line: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.book).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.book).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// How often a fact (`SEND`, `PAID`, `QUERY`) was written about a request id.
    fn count(&self, fact: &str, request_id: &str) -> usize {
        let wanted = format!("{fact} {request_id}");
        self.lines().iter().filter(|line| **line == wanted || line.starts_with(&format!("{wanted} "))).count()
    }

    fn customer(&self, request_id: &str) -> String {
        let wanted = format!("SEND {request_id} ");
        self.lines().iter().find_map(|line| line.strip_prefix(&wanted).map(str::to_owned)).unwrap_or_default()
    }
}

impl Provider for FileBiller {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.not_found_grace = Duration::from_millis(100);
        capabilities
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let id = &request.request_id;
        self.write(&format!("SEND {id} {}", request.customer_reference));
        let paid = || {
            self.write(&format!("PAID {id}"));
            PayOutcome::Paid(PaidReceipt::new("file").with_amount_minor(request.amount.minor()))
        };
        match request.customer_reference.split('-').next().unwrap_or_default() {
            "hangpaid" => {
                paid();
                hang()
            }
            "hangunpaid" => hang(),
            "gatedpaid" => {
                self.gate.pass();
                paid().into()
            }
            "gatedunpaid" => {
                self.gate.pass();
                PayOutcome::Unknown { cause: "timed out".to_owned() }.into()
            }
            "poison" => std::process::abort(),
            "lost" => {
                paid();
                PayOutcome::Unknown { cause: "timed out".to_owned() }.into()
            }
            "refused" => PayOutcome::Declined { code: "NO".to_owned(), reason: "refused".to_owned() }.into(),
            _ => paid().into(),
        }
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let id = &request.request_id;
        self.write(&format!("QUERY {id}"));
        let customer = self.customer(id);
        if customer.starts_with("poison") && self.may_abort {
            std::process::abort();
        }
        if self.count("PAID", id) > 0 {
            let receipt = PaidReceipt::new("file").with_amount_minor(request.amount.minor());
            return QueryOutcome::Paid(receipt).into();
        }
        if customer.starts_with("refused") {
            return QueryOutcome::Failed { code: "NO".to_owned(), reason: "refused".to_owned() }.into();
        }
        QueryOutcome::NotFound.into()
    }
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

// ---------------------------------------------------------------- engines

fn config(dir: &Path, biller: FileBiller) -> Config {
    let keys = KeyRing::hs256("processes", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
    let quick = Backoff::requery().with_initial_delay(50).with_base(50).with_cap(200).with_runs_max(1_000);
    Config::new(dir.join("money.db"), keys)
        .with_hash_cost(HashCost::insecure_for_tests())
        // Lost answers in a row are what these tests are about, not what stops them.
        .with_breaker(BreakerPolicy::new(1_000, 100, 1))
        .with_requery_backoff(quick)
        .with_reversal_backoff(Backoff::reversal().with_initial_delay(50).with_base(50))
        .with_provider("file", Arc::new(biller))
}

fn open(dir: &Path) -> FusePay {
    FusePay::open(config(dir, FileBiller::new(dir))).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A file with the catalogue and wallets of this many kobo each.
fn prepare(engine: &FusePay, wallets: &[i64]) -> Vec<WalletId> {
    let item = BillItem::new("PREPAID", "Prepaid units", ngn(1), 1_000_000_000);
    let biller = Biller::new("POWER", "The power company", Category::new("ELECTRICITY").unwrap(), "file");
    engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    wallets.iter().enumerate().map(|(number, minor)| newcomer(engine, &format!("first{number}"), *minor)).collect()
}

fn newcomer(engine: &FusePay, name: &str, minor: i64) -> WalletId {
    let wallet = register(engine, name).unwrap();
    engine.wallet().fund(&MoneyRequest::new(wallet, ngn(minor))).unwrap();
    wallet
}

fn register(engine: &FusePay, name: &str) -> fusepay_core::Result<WalletId> {
    let request = Registration::new(format!("{name}@many.example"), "One", "Of Many", "a password of the many");
    engine.auth().register(&request).map(|registered| registered.wallet.id)
}

fn bill(wallet: WalletId, customer: &str, minor: i64) -> PayBill {
    PayBill::new(wallet, "POWER", "PREPAID", customer, ngn(minor))
}

fn pay(engine: &FusePay, wallet: WalletId, customer: &str, minor: i64) -> Payment {
    engine.bill().pay(&bill(wallet, customer, minor)).unwrap()
}

fn peek(engine: &FusePay, id: PaymentId) -> Payment {
    engine.bill().explain(id).unwrap().payment
}

fn balance(engine: &FusePay, wallet: WalletId) -> i64 {
    engine.wallet().find(wallet).unwrap().balance_minor
}

fn all_payments(engine: &FusePay) -> Vec<Payment> {
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

#[track_caller]
fn poll(what: &str, mut is_done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_done() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sound by the engine's own rules and by the biller's book.
#[track_caller]
fn assert_sound(engine: &FusePay, dir: &Path) {
    assert_eq!(Oracle::new().check(engine), Vec::<String>::new());
    let biller = FileBiller::new(dir);
    let payments = all_payments(engine);
    let mut facts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in biller.lines() {
        let mut words = line.split(' ');
        let (fact, id) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        *facts.entry((fact, id)).or_default() += 1;
    }
    let count = |fact: &str, id: &str| facts.get(&(fact.to_owned(), id.to_owned())).copied().unwrap_or(0);
    for payment in &payments {
        let (sends, paid) = (count("SEND", &payment.request_id), count("PAID", &payment.request_id));
        assert!(sends <= 1 && paid <= 1, "sent {sends} times, paid {paid} times: {payment:?}");
        match payment.status {
            PaymentStatus::Completed => assert_eq!(paid, 1, "{payment:?}"),
            PaymentStatus::Failed | PaymentStatus::Reversed => assert_eq!(paid, 0, "{payment:?}"),
            PaymentStatus::Pending => assert_eq!(sends, 0, "{payment:?}"),
            _ => {}
        }
    }
    for (_, id) in facts.keys() {
        assert_eq!(payments.iter().filter(|payment| payment.request_id == *id).count(), 1, "{id} is nobody's");
    }
}

fn is_settled(engine: &FusePay) -> bool {
    [PaymentStatus::Pending, PaymentStatus::Processing, PaymentStatus::Unknown, PaymentStatus::Failed]
        .iter()
        .all(|status| engine.bill().list_by_status(*status, None, 1).unwrap().is_empty())
}

// ---------------------------------------------------------------- children

/// A child process; killed when the test is over, whatever happened.
struct Worker {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Worker {
    fn start(role: &str, dir: &Path, argument: &str) -> Worker {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_does_what_its_role_says", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(DIR, dir)
            .env(ARGUMENT, argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Worker { child, said }
    }

    /// Waits for a line that begins with this word; answers the rest of it.
    fn hear(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "the child ended without saying {word}");
            if let Some((_, rest)) = line.split_once(&format!("@{word} ")) {
                return rest.trim().to_owned();
            }
        }
    }

    fn let_go(&mut self) {
        self.child.stdin.take();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Everything it said about this, until it ended.
    fn rest(mut self) -> Vec<String> {
        let mut text = String::new();
        self.said.read_to_string(&mut text).unwrap();
        let _ = self.child.wait();
        // The last line may have been cut by a kill: it was never acknowledged.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().filter_map(|line| line.split_once('@').map(|(_, said)| said.trim().to_owned())).collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(word: &str, rest: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("@{word} {rest}\n").as_bytes());
    let _ = out.flush();
}

/// Ends when the parent lets go, or is gone.
fn await_parent() {
    let mut nothing = String::new();
    let _ = std::io::stdin().read_to_string(&mut nothing);
}

#[test]
fn a_child_does_what_its_role_says() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let dir = PathBuf::from(std::env::var(DIR).unwrap());
    let argument = std::env::var(ARGUMENT).unwrap();
    match role.as_str() {
        "debit" => child_debits(&dir, &argument),
        "drain" => child_drains(&dir),
        "pay" => child_pays(&dir, &argument),
        "storm" => child_storms(&dir, &argument),
        "poison" => child_is_poisoned(&dir),
        other => panic!("no such role: {other}"),
    }
}

fn child_debits(dir: &Path, argument: &str) {
    let (wallet, calls) = argument.split_once(' ').unwrap();
    let wallet = WalletId::from_str(wallet).unwrap();
    let engine = open(dir);
    say("READY", "");
    await_parent();
    for _ in 0..calls.parse::<u32>().unwrap() {
        let before = balance(&engine, wallet);
        match engine.wallet().debit(&MoneyRequest::new(wallet, ngn(1_000))) {
            Ok(_) => say("OK", before),
            Err(error) => say("NO", format!("{} {}", error.code().name(), balance(&engine, wallet))),
        }
    }
    engine.close(PATIENCE).unwrap();
}

fn child_drains(dir: &Path) {
    say("READY", "");
    await_parent();
    let engine = open(dir);
    poll("the queue is empty", || is_settled(&engine));
    engine.close(PATIENCE).unwrap();
}

fn child_pays(dir: &Path, argument: &str) {
    let (wallet, customer) = argument.split_once(' ').unwrap();
    let engine = open(dir);
    let payment = pay(&engine, WalletId::from_str(wallet).unwrap(), customer, 1_000);
    let biller = FileBiller::new(dir);
    poll("the send is under way", || biller.count("SEND", &payment.request_id) == 1);
    if customer.starts_with("hangpaid") {
        poll("the biller has paid", || biller.count("PAID", &payment.request_id) == 1);
    }
    say("PAYMENT", payment.id);
    hang()
}

fn child_storms(dir: &Path, argument: &str) {
    let (round, wallets) = argument.split_once(' ').unwrap();
    let wallets: Vec<WalletId> = wallets.split(' ').map(|id| WalletId::from_str(id).unwrap()).collect();
    let engine = open(dir);
    say("READY", "");
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (engine, wallets) = (&engine, &wallets);
            scope.spawn(move || {
                for step in 0..120usize {
                    let (a, b) =
                        (wallets[(thread + step) % wallets.len()], wallets[(thread + step + 1) % wallets.len()]);
                    match step % 5 {
                        0 => say("USER", register(engine, &format!("r{round}t{thread}s{step}")).unwrap()),
                        1 | 3 => {
                            let line = engine.wallet().transfer(&TransferRequest::new(a, b, ngn(7))).unwrap();
                            say("TRANSFER", line.id);
                        }
                        _ => {
                            let customer = ["meter", "lost", "refused"][step % 3];
                            say("BILL", pay(engine, a, customer, 100).id);
                        }
                    }
                }
            });
        }
    });
    hang()
}

fn child_is_poisoned(dir: &Path) {
    let mut biller = FileBiller::new(dir);
    biller.may_abort = true;
    let engine = FusePay::open(config(dir, biller)).unwrap();
    say("READY", "");
    poll("everything is settled", || is_settled(&engine));
    engine.close(PATIENCE).unwrap();
    say("SETTLED", "");
}

// ---------------------------------------------------------------- the tests

#[test]
fn of_a_hundred_debits_by_eight_processes_exactly_as_many_succeed_as_there_is_money_for() {
    let dir = directory();
    let wallet = {
        let engine = open(dir.path());
        let wallet = prepare(&engine, &[10_000])[0];
        engine.close(PATIENCE).unwrap();
        wallet
    };
    let shares = [13, 13, 13, 13, 12, 12, 12, 12];
    let mut workers: Vec<Worker> =
        shares.iter().map(|calls| Worker::start("debit", dir.path(), &format!("{wallet} {calls}"))).collect();
    workers.iter_mut().for_each(|worker| drop(worker.hear("READY")));
    workers.iter_mut().for_each(Worker::let_go);
    let answers: Vec<String> = workers.into_iter().flat_map(Worker::rest).collect();
    assert_eq!(answers.len(), 100, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("OK")).count(), 10);
    // Whoever was refused looked afterwards, and there was nothing left.
    let refused: Vec<_> = answers.iter().filter(|answer| answer.starts_with("NO")).collect();
    assert!(refused.iter().all(|answer| **answer == "NO INSUFFICIENT_FUNDS 0"), "{refused:?}");
    let engine = open(dir.path());
    assert_eq!(balance(&engine, wallet), 0);
    assert_sound(&engine, dir.path());
}

#[test]
fn two_processes_that_drain_one_queue_send_each_payment_once() {
    let dir = directory();
    let mut workers: Vec<Worker> = (0..2).map(|_| Worker::start("drain", dir.path(), "")).collect();
    workers.iter_mut().for_each(|worker| drop(worker.hear("READY")));
    let config = config(dir.path(), FileBiller::new(dir.path())).with_worker(fusepay_core::WorkerMode::Manual);
    let engine = FusePay::open(config).unwrap();
    let wallet = prepare(&engine, &[1_000_000])[0];
    let customers = ["meter", "lost", "refused"];
    for number in 0..150 {
        pay(&engine, wallet, customers[number % 3], 1_000);
    }
    workers.iter_mut().for_each(Worker::let_go);
    workers.into_iter().for_each(|worker| drop(worker.rest()));
    assert!(is_settled(&engine));
    let payments = all_payments(&engine);
    let biller = FileBiller::new(dir.path());
    assert_eq!(payments.len(), 150);
    assert!(payments.iter().all(|payment| biller.count("SEND", &payment.request_id) == 1));
    assert_eq!(payments.iter().filter(|payment| payment.status == PaymentStatus::Completed).count(), 100);
    assert_eq!(balance(&engine, wallet), 900_000);
    assert_sound(&engine, dir.path());
}

/// A child begins to send and is killed; another engine lives on the file.
fn killed_in_a_call(customer: &str) -> (TempDir, FusePay, WalletId, Payment, Duration) {
    let dir = directory();
    let engine = open(dir.path());
    let wallet = prepare(&engine, &[5_000])[0];
    let mut worker = Worker::start("pay", dir.path(), &format!("{wallet} {customer}"));
    let id = PaymentId::from_str(&worker.hear("PAYMENT")).unwrap();
    // While the process lives, nobody takes its call away.
    assert_eq!(peek(&engine, id).status, PaymentStatus::Processing);
    worker.kill();
    let killed = Instant::now();
    let biller = FileBiller::new(dir.path());
    poll("the survivor asks", || biller.count("QUERY", &peek(&engine, id).request_id) > 0);
    let took = killed.elapsed();
    poll("the payment is settled", || is_settled(&engine));
    let payment = peek(&engine, id);
    (dir, engine, wallet, payment, took)
}

#[test]
fn a_payment_of_a_killed_process_that_was_paid_is_completed_by_another_one() {
    let (dir, engine, wallet, payment, took) = killed_in_a_call("hangpaid");
    assert_eq!((payment.status, balance(&engine, wallet)), (PaymentStatus::Completed, 4_000));
    // Promised is a second; a loaded machine gets ten.
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_sound(&engine, dir.path());
}

#[test]
fn a_payment_of_a_killed_process_that_never_arrived_is_reversed_once() {
    let (dir, engine, wallet, payment, _) = killed_in_a_call("hangunpaid");
    assert_eq!((payment.status, balance(&engine, wallet)), (PaymentStatus::Reversed, 5_000));
    assert!(FileBiller::new(dir.path()).count("QUERY", &payment.request_id) >= 3);
    assert_sound(&engine, dir.path());
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_after_it() {
    let dir = directory();
    let wallets = {
        let engine = open(dir.path());
        let wallets = prepare(&engine, &[10_000_000, 10_000_000, 10_000_000]);
        engine.close(PATIENCE).unwrap();
        wallets
    };
    let names: Vec<String> = wallets.iter().map(WalletId::to_string).collect();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..10usize {
        let mut worker = Worker::start("storm", dir.path(), &format!("{round} {}", names.join(" ")));
        worker.hear("READY");
        // A different moment each time, counted in acknowledgements.
        for _ in 0..(3 + round * 11) {
            let mut line = String::new();
            assert!(worker.said.read_line(&mut line).unwrap() > 0, "the storm ended by itself");
            acknowledged.extend(line.split_once('@').map(|(_, said)| said.trim().to_owned()));
        }
        worker.kill();
        acknowledged.extend(worker.rest());
        let engine = open(dir.path());
        for said in &acknowledged {
            let (kind, id) = said.split_once(' ').unwrap();
            let found = match kind {
                "USER" => engine.wallet().find(WalletId::from_str(id).unwrap()).map(|_| ()),
                "TRANSFER" => engine.history().find(fusepay_core::TransactionId::from_str(id).unwrap()).map(|_| ()),
                "BILL" => engine.bill().explain(PaymentId::from_str(id).unwrap()).map(|_| ()),
                _ => continue,
            };
            assert!(found.is_ok(), "round {round}: {said} was acknowledged and is lost: {found:?}");
        }
        if round == 9 {
            poll("everything is settled", || is_settled(&engine));
            assert_sound(&engine, dir.path());
            let completed = engine.bill().list_by_status(PaymentStatus::Completed, None, 1).unwrap();
            assert!(!completed.is_empty());
            let spent: i64 = all_payments(&engine)
                .iter()
                .filter(|payment| payment.status == PaymentStatus::Completed)
                .map(|payment| payment.amount.minor())
                .sum();
            let sum: i64 = wallets.iter().map(|wallet| balance(&engine, *wallet)).sum();
            assert_eq!(sum, 30_000_000 - spent);
        } else {
            assert!(engine.verify().unwrap().is_sound);
        }
        engine.close(PATIENCE).unwrap();
    }
    assert!(acknowledged.len() > 300, "{}", acknowledged.len());
}

#[test]
fn a_file_is_opened_once_in_a_process_and_by_any_number_of_processes() {
    let dir = directory();
    let engine = open(dir.path());
    let wallet = prepare(&engine, &[1_000])[0];
    let second = FusePay::open(config(dir.path(), FileBiller::new(dir.path())));
    assert_eq!(second.err().map(|error| error.code()), Some(Code::AlreadyOpen));
    let mut worker = Worker::start("debit", dir.path(), &format!("{wallet} 1"));
    worker.hear("READY");
    worker.let_go();
    assert_eq!(worker.rest(), ["OK 1000"]);
    assert_eq!(balance(&engine, wallet), 0);
    engine.close(PATIENCE).unwrap();
    open(dir.path()).close(PATIENCE).unwrap();
}

#[test]
fn a_payment_that_kills_its_process_is_queried_first_and_ends_as_a_dead_letter() {
    let dir = directory();
    let engine = open(dir.path());
    let wallet = prepare(&engine, &[50_000])[0];
    engine.close(PATIENCE).unwrap();
    drop(engine);
    let manual = || config(dir.path(), FileBiller::new(dir.path())).with_worker(fusepay_core::WorkerMode::Manual);
    let engine = FusePay::open(manual()).unwrap();
    let poison = pay(&engine, wallet, "poison", 1_000);
    engine.close(PATIENCE).unwrap();
    drop(engine);
    let mut crashes = 0;
    loop {
        let said = Worker::start("poison", dir.path(), "").rest();
        if said.iter().any(|line| line.starts_with("SETTLED")) {
            break;
        }
        crashes += 1;
        assert!(crashes < 10, "the poison kills for ever: {said:?}");
        if crashes == 1 {
            // Others come along while it is under way.
            let engine = FusePay::open(manual()).unwrap();
            (0..5).for_each(|_| drop(pay(&engine, wallet, "meter", 1_000)));
            engine.close(PATIENCE).unwrap();
        }
    }
    // Once in the send, three times in the query.
    assert_eq!(crashes, 4);
    let engine = open(dir.path());
    let biller = FileBiller::new(dir.path());
    assert_eq!((biller.count("SEND", &poison.request_id), biller.count("QUERY", &poison.request_id)), (1, 3));
    let payment = peek(&engine, poison.id);
    assert_eq!((payment.status, payment.review_reason), (PaymentStatus::NeedsReview, Some(ReviewReason::BillJobDead)));
    let dead = engine.queue().dead_letters(None, 10).unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].status, dead[0].crashes), (JobStatus::Dead, 3));
    // The others went on: paid, or given back where a crash kept them from being sent.
    let statuses: Vec<PaymentStatus> =
        all_payments(&engine).iter().filter(|payment| payment.id != poison.id).map(|payment| payment.status).collect();
    let completed = statuses.iter().filter(|status| **status == PaymentStatus::Completed).count();
    let reversed = statuses.iter().filter(|status| **status == PaymentStatus::Reversed).count();
    assert_eq!(completed + reversed, 5, "{statuses:?}");
    assert_eq!(balance(&engine, wallet), 49_000 - 1_000 * i64::try_from(completed).unwrap());
    assert_sound(&engine, dir.path());
}

/// Pays behind a gate, closes the engine while the call hangs, and opens the
/// file again in this process.
fn closed_in_a_call(customer: &str, queries: u32) -> (TempDir, Gate, FusePay, FusePay, WalletId, PaymentId) {
    let dir = directory();
    let biller = FileBiller::new(dir.path());
    let gate = biller.gate.clone();
    let few = Backoff::requery().with_initial_delay(20).with_base(20).with_cap(20).with_runs_max(queries);
    let engine = FusePay::open(config(dir.path(), biller)).unwrap();
    let wallet = prepare(&engine, &[5_000])[0];
    let payment = pay(&engine, wallet, customer, 1_000);
    gate.await_arrivals(1);
    let began = Instant::now();
    engine.close(Duration::from_millis(200)).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let again = config(dir.path(), FileBiller::new(dir.path())).with_requery_backoff(few);
    (dir, gate, engine, FusePay::open(again).unwrap(), wallet, payment.id)
}

#[test]
fn while_a_call_hangs_past_close_not_found_reverses_nothing() {
    let (dir, gate, closed, engine, wallet, id) = closed_in_a_call("gatedpaid", 12);
    poll("the payment is under review", || peek(&engine, id).status == PaymentStatus::NeedsReview);
    let payment = peek(&engine, id);
    assert_eq!(payment.review_reason, Some(ReviewReason::AttemptMayStillSend));
    assert_eq!(balance(&engine, wallet), 4_000);
    let refuted = engine.reversal().resolve_review(id, &ReviewVerdict::NotPaid, "looked it up");
    assert_eq!(refuted.err().map(|error| error.code()), Some(Code::NotReversible));
    // Now it pays after all, and its answer finds its engine closed: the money
    // waits in clearing for the operator, who asks the biller.
    gate.open();
    let biller = FileBiller::new(dir.path());
    poll("the biller pays", || biller.count("PAID", &payment.request_id) == 1);
    let verdict = ReviewVerdict::Paid(PaidReceipt::new("file"));
    engine.reversal().resolve_review(id, &verdict, "the biller has it").unwrap();
    assert_eq!((peek(&engine, id).status, balance(&engine, wallet)), (PaymentStatus::Completed, 4_000));
    assert_sound(&engine, dir.path());
    drop(closed);
}

#[test]
fn a_call_that_hung_past_close_and_sent_nothing_can_be_refuted_once_it_is_over() {
    let (dir, gate, closed, engine, wallet, id) = closed_in_a_call("gatedunpaid", 12);
    poll("the payment is under review", || peek(&engine, id).status == PaymentStatus::NeedsReview);
    gate.open();
    // Also while somebody still keeps the closed engine.
    poll("the call is known to be over", || {
        engine.reversal().resolve_review(id, &ReviewVerdict::NotPaid, "looked it up").is_ok()
    });
    poll("the money is back", || peek(&engine, id).status == PaymentStatus::Reversed);
    assert_eq!(balance(&engine, wallet), 5_000);
    assert_sound(&engine, dir.path());
    drop(closed);
}

#[test]
fn a_call_that_ends_after_close_is_resolved_by_a_query() {
    for (customer, status, left) in
        [("gatedpaid", PaymentStatus::Completed, 4_000), ("gatedunpaid", PaymentStatus::Reversed, 5_000)]
    {
        let (dir, gate, closed, engine, wallet, id) = closed_in_a_call(customer, 5_000);
        let request_id = peek(&engine, id).request_id;
        let biller = FileBiller::new(dir.path());
        poll("not found is heard often", || biller.count("QUERY", &request_id) > 5);
        assert_eq!((peek(&engine, id).status, balance(&engine, wallet)), (PaymentStatus::Unknown, 4_000));
        gate.open();
        poll("the truth is found out", || peek(&engine, id).status == status);
        assert_eq!(balance(&engine, wallet), left);
        assert_sound(&engine, dir.path());
        drop(closed);
    }
}

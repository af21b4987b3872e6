//! Goal: in no order of callers, worker, provider calls, subscribers and a close is
//! a payment sent twice, an acknowledged one lost, an event left out, or anybody
//! left waiting for ever.
//! Method: the whole engine under shuttle, whose scheduler decides at each lock,
//! wait, atomic and start of a thread who goes on, by chance and by rank (PCT). Each
//! scene runs where short waits may end at any point of the schedule; those in which
//! everybody is told also where no wait ends by itself: there, relying on a time-out
//! is a deadlock. Money is judged by the file, re-opened, and by what the biller
//! knows. A failure prints its schedule, for `shuttle::replay`.

use crate::sync::let_time_pass;
use crate::*;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::thread::{JoinHandle, spawn, yield_now};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How many schedules of each kind, unless `SCHEDULES` says otherwise.
const SCHEDULES: usize = 150;
/// A scene here is some thirty times as long as one of the store's.
const SHARE: usize = 5;
/// How often a schedule by rank lets a thread overtake the others.
const DEPTH: usize = 3;
const START: UnixMillis = UnixMillis(1_760_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// Whether short waits end by themselves.
#[derive(Clone, Copy)]
enum Time {
    Passes,
    Stands,
}

fn explore(times: &[Time], scene: fn()) {
    let wished = std::env::var("SCHEDULES").ok().and_then(|text| text.parse().ok());
    let count = wished.unwrap_or(SCHEDULES).div_ceil(SHARE);
    for time in times {
        let_time_pass(matches!(time, Time::Passes));
        shuttle::Runner::new(RandomScheduler::new(count), config()).run(scene);
        shuttle::Runner::new(PctScheduler::new(DEPTH, count), config()).run(scene);
    }
}

fn config() -> shuttle::Config {
    let mut config = shuttle::Config::new();
    // SQLite's own frames and an engine's below them, not shuttle's 32 KiB.
    config.stack_size = 1 << 20;
    config
}

/// A biller that pays, once per id, somewhere in the middle of the call, and
/// remembers how often it was sent each.
#[derive(Default)]
struct Book {
    // Never held while another thread goes on: the standard library's will do.
    sends: Mutex<BTreeMap<String, u32>>,
    /// Says of every send that nobody knows what became of it.
    is_vague: bool,
    /// The calls under way.
    calls: Mutex<u32>,
}

impl Book {
    fn vague() -> Self {
        Book { is_vague: true, ..Book::default() }
    }

    /// One call, in the middle of which anybody may go on.
    fn during<T>(&self, call: impl FnOnce() -> T) -> T {
        *self.calls.lock().unwrap() += 1;
        yield_now();
        let answer = call();
        yield_now();
        *self.calls.lock().unwrap() -= 1;
        answer
    }
}

impl Provider for Book {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_concurrent_calls_max(2)
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        self.during(|| *self.sends.lock().unwrap().entry(request.request_id.clone()).or_default() += 1);
        match self.is_vague {
            true => PayOutcome::Unknown { cause: "no answer".to_owned() }.into(),
            false => PayOutcome::Paid(PaidReceipt::new(format!("p-{}", request.request_id))).into(),
        }
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        match self.during(|| self.sends.lock().unwrap().contains_key(&request.request_id)) {
            true => QueryOutcome::Paid(PaidReceipt::new(format!("p-{}", request.request_id))).into(),
            false => QueryOutcome::NotFound.into(),
        }
    }
}

/// One engine with one funded wallet, and its biller.
struct House {
    engine: Arc<FusePay>,
    book: Arc<Book>,
    clock: Arc<ManualClock>,
    wallet: WalletId,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

fn open(path: &Path, worker: WorkerMode, clock: &Arc<ManualClock>, book: &Arc<Book>) -> FusePay {
    let keys = KeyRing::hs256("k1", Secret::new((1..33).collect::<Vec<u8>>())).unwrap();
    let config = Config::new(path, keys)
        .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(1)))
        .with_worker(worker)
        .with_call_deadline(HOUR)
        .with_hash_cost(HashCost::insecure_for_tests())
        .with_provider("alpha", Arc::clone(book) as Arc<dyn Provider>);
    FusePay::open(config).unwrap()
}

fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn house(worker: WorkerMode) -> House {
    house_of(worker, Book::default())
}

fn house_of(worker: WorkerMode, book: Book) -> House {
    let directory = directory();
    let path = directory.path().join("s.db");
    let (clock, book) = (Arc::new(ManualClock::new(START)), Arc::new(book));
    let engine = open(&path, worker, &clock, &book);
    let biller = Biller::new("power", "Power Co", Category::new("ELECTRICITY").unwrap(), "alpha");
    let item = BillItem::new("units", "Units", ngn(100), 1_000_000);
    engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    let request = Registration::new("ada@example.com", "Ada", "Obi", "seven blue lamps by the river");
    let wallet = engine.auth().register(&request).unwrap().wallet.id;
    engine.wallet().fund(&MoneyRequest::new(wallet, ngn(100_000))).unwrap();
    House { engine: Arc::new(engine), book, clock, wallet, path, _directory: directory }
}

impl House {
    /// Pays one bill on a thread of its own.
    fn payer(&self, meter: &'static str) -> JoinHandle<Result<Payment>> {
        let (engine, wallet) = (Arc::clone(&self.engine), self.wallet);
        spawn(move || engine.bill().pay(&PayBill::new(wallet, "power", "units", meter, ngn(1_000))))
    }

    fn stepper(&self) -> JoinHandle<Result<RunReport>> {
        let engine = Arc::clone(&self.engine);
        spawn(move || engine.run_due())
    }

    fn closer(&self, deadline: Duration) -> JoinHandle<Result<()>> {
        let engine = Arc::clone(&self.engine);
        spawn(move || engine.close(deadline))
    }

    /// Opens the file again when everybody is gone, lets everything end, and holds
    /// it against what was acknowledged and against what the biller knows.
    fn judge(&self, acknowledged: &[PaymentId]) {
        let engine = open(&self.path, WorkerMode::Manual, &self.clock, &self.book);
        for _ in 0..40 {
            engine.run_due().unwrap();
            if acknowledged.iter().all(|id| is_over(engine.bill().find(*id).unwrap().status)) {
                break;
            }
            self.clock.advance(400_000);
            yield_now();
        }
        let payments = engine.bill().list(self.wallet, None, 100).unwrap();
        assert_eq!(payments.len(), acknowledged.len(), "only what was acknowledged exists");
        let sends = self.book.sends.lock().unwrap().clone();
        for payment in &payments {
            let sent = sends.get(&payment.request_id).copied().unwrap_or(0);
            let expected = if sent > 0 { PaymentStatus::Completed } else { PaymentStatus::Reversed };
            assert_eq!((payment.status, sent.min(1)), (expected, sent), "{}", payment.request_id);
        }
        let paid = i64::try_from(sends.len()).unwrap();
        assert_eq!(engine.wallet().find(self.wallet).unwrap().balance_minor, 100_000 - 1_000 * paid);
        assert_eq!(engine.verify().unwrap().violations, []);
        engine.close(HOUR).unwrap();
    }
}

fn is_over(status: PaymentStatus) -> bool {
    matches!(status, PaymentStatus::Completed | PaymentStatus::Reversed)
}

fn is_closed<T>(answer: &Result<T>) -> bool {
    answer.as_ref().is_err_and(|error| error.code() == Code::Closed)
}

/// Those who were told yes; everybody else was told that it is closed.
fn acknowledged(answers: Vec<Result<Payment>>) -> Vec<PaymentId> {
    assert!(answers.iter().all(|answer| answer.is_ok() || is_closed(answer)), "{answers:?}");
    answers.into_iter().flatten().map(|payment| payment.id).collect()
}

fn two_who_step_at_once_send_each_payment_once() {
    let house = house(WorkerMode::Manual);
    let payers = ["a", "b", "c"].map(|meter| house.payer(meter));
    let steppers = [house.stepper(), house.stepper()];
    let ids: Vec<_> = payers.into_iter().map(|payer| payer.join().unwrap().unwrap().id).collect();
    for stepper in steppers {
        stepper.join().unwrap().unwrap();
    }
    house.engine.run_due().unwrap();
    assert_eq!(house.book.sends.lock().unwrap().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
    house.engine.close(HOUR).unwrap();
    house.judge(&ids);
}

fn a_close_among_payers_readers_worker_and_calls_loses_nothing() {
    let house = house(WorkerMode::Background);
    let payers = ["a", "b", "c"].map(|meter| house.payer(meter));
    let reader = {
        let (engine, wallet) = (Arc::clone(&house.engine), house.wallet);
        spawn(move || engine.wallet().find(wallet).map(drop))
    };
    let closers = [house.closer(HOUR), house.closer(HOUR)];
    let answers = payers.map(|payer| payer.join().unwrap()).into();
    let read = reader.join().unwrap();
    assert!(read.is_ok() || is_closed(&read));
    for closer in closers {
        closer.join().unwrap().unwrap();
    }
    assert_eq!(*house.book.calls.lock().unwrap(), 0, "a close that has time waits for every call");
    house.judge(&acknowledged(answers));
}

fn a_replaced_adapter_is_waited_for_too() {
    let house = house(WorkerMode::Background);
    let payers = ["a", "b"].map(|meter| house.payer(meter));
    let replacing = {
        let (engine, book) = (Arc::clone(&house.engine), Arc::clone(&house.book));
        spawn(move || engine.register_provider("alpha", book))
    };
    let answers = payers.map(|payer| payer.join().unwrap()).into();
    let closer = house.closer(HOUR);
    let replaced = replacing.join().unwrap();
    assert!(replaced.is_ok() || is_closed(&replaced));
    closer.join().unwrap().unwrap();
    assert_eq!(*house.book.calls.lock().unwrap(), 0, "also for calls at the adapter before");
    house.judge(&acknowledged(answers));
}

fn a_call_that_outlives_its_lease_is_fenced_and_sent_once() {
    let house = house(WorkerMode::Background);
    let payers = ["a", "b"].map(|meter| house.payer(meter));
    let late = {
        let (engine, clock) = (Arc::clone(&house.engine), Arc::clone(&house.clock));
        spawn(move || {
            clock.advance(70_000);
            engine.run_due()
        })
    };
    let ids: Vec<_> = payers.into_iter().map(|payer| payer.join().unwrap().unwrap().id).collect();
    late.join().unwrap().unwrap();
    house.engine.close(HOUR).unwrap();
    house.judge(&ids);
}

fn who_asks_again_is_answered() {
    let house = house_of(WorkerMode::Background, Book::vague());
    let id = house.payer("a").join().unwrap().unwrap().id;
    let askers = [(); 2].map(|()| {
        let engine = Arc::clone(&house.engine);
        spawn(move || engine.bill().refresh(id, HOUR))
    });
    for asker in askers {
        // Whatever it was when they looked again; judged when it has ended.
        asker.join().unwrap().unwrap();
    }
    // A close with time looks around: a place nobody used is given back without a word.
    house.engine.close(Duration::ZERO).unwrap();
    house.judge(&[id]);
}

fn of_two_closes_at_once_one_ends_the_worker() {
    let house = house(WorkerMode::Background);
    let closers = [house.closer(HOUR), house.closer(HOUR), house.closer(HOUR)];
    // Wakes the worker, if the engine is not closed yet.
    drop(house.engine.wallet().fund(&MoneyRequest::new(house.wallet, ngn(1))));
    for closer in closers {
        closer.join().unwrap().unwrap();
    }
    let House { engine, clock, .. } = house;
    drop(engine);
    // The worker would still hold the engine, and what the host gave it, in the
    // middle of a step.
    assert_eq!(Arc::strong_count(&clock), 1, "the worker has ended");
}

fn a_close_that_waits_for_nobody_leaves_calls_that_are_sorted_out() {
    let house = house(WorkerMode::Background);
    let payers = ["a", "b"].map(|meter| house.payer(meter));
    let closer = house.closer(Duration::ZERO);
    let answers = payers.map(|payer| payer.join().unwrap()).into();
    closer.join().unwrap().unwrap();
    house.judge(&acknowledged(answers));
}

/// A subscriber that notes what it is told, and may be waited for.
#[derive(Default)]
struct Diary {
    told: shuttle::sync::Mutex<Vec<Event>>,
    changed: shuttle::sync::Condvar,
    /// Whether it panics instead of taking the next event.
    will_panic: Mutex<bool>,
}

impl Diary {
    fn until(&self, is_enough: impl Fn(&[Event]) -> bool) {
        let told = self.told.lock().unwrap();
        drop(self.changed.wait_while(told, |told| !is_enough(told)).unwrap());
    }

    fn sequences(&self) -> Vec<u64> {
        self.told.lock().unwrap().iter().map(|event| event.sequence).collect()
    }
}

impl Subscriber for Diary {
    fn notify(&self, event: &Event) -> Result<()> {
        yield_now();
        let panics = std::mem::take(&mut *self.will_panic.lock().unwrap());
        if panics {
            // By no panic hook: shuttle's would print a schedule.
            std::panic::resume_unwind(Box::new("the subscriber's own"));
        }
        self.told.lock().unwrap().push(event.clone());
        self.changed.notify_all();
        Ok(())
    }
}

fn subscribe(engine: &FusePay, name: &str, diary: &Arc<Diary>) -> Subscription {
    engine.events().subscribe(name, StartAt::Beginning, Arc::clone(diary) as Arc<dyn Subscriber>).unwrap()
}

fn is_paid(told: &[Event], times: usize) -> bool {
    told.iter().filter(|event| event.name == EventName::PaymentSuccess).count() >= times
}

fn subscribers_are_told_everything_once_and_in_order() {
    let house = house(WorkerMode::Background);
    let (steady, clumsy, fickle) = (Arc::<Diary>::default(), Arc::<Diary>::default(), Arc::<Diary>::default());
    *clumsy.will_panic.lock().unwrap() = true;
    subscribe(&house.engine, "steady", &steady).keep();
    subscribe(&house.engine, "clumsy", &clumsy).keep();
    let leaving = {
        let (engine, fickle) = (Arc::clone(&house.engine), Arc::clone(&fickle));
        spawn(move || {
            drop(subscribe(&engine, "fickle", &fickle));
            // At once again, while the first may still be in the middle of an event.
            subscribe(&engine, "fickle", &Arc::default()).keep();
        })
    };
    let payers = ["a", "b"].map(|meter| house.payer(meter));
    let ids: Vec<_> = payers.into_iter().map(|payer| payer.join().unwrap().unwrap().id).collect();
    leaving.join().unwrap();
    // By nobody's time-out, where time stands.
    steady.until(|told| is_paid(told, 2));
    house.engine.close(HOUR).unwrap();
    let told = steady.sequences();
    assert_eq!(told, (1..=told.len().try_into().unwrap()).collect::<Vec<u64>>());
    assert!(fickle.sequences().windows(2).all(|pair| pair[0] + 1 == pair[1]), "in order, as long as it stayed");
    // What was taken is not told again; what was not is told.
    let engine = open(&house.path, WorkerMode::Manual, &house.clock, &house.book);
    let (steady_again, clumsy_again) = (Arc::<Diary>::default(), Arc::<Diary>::default());
    subscribe(&engine, "steady", &steady_again).keep();
    subscribe(&engine, "clumsy", &clumsy_again).keep();
    engine.run_due().unwrap();
    let whole = (1..=engine.events().head().unwrap()).collect::<Vec<u64>>();
    assert_eq!([told, steady_again.sequences()].concat(), whole);
    assert_eq!([clumsy.sequences(), clumsy_again.sequences()].concat(), whole);
    engine.close(HOUR).unwrap();
    house.judge(&ids);
}

fn two_who_deliver_at_once_tell_everything_once_and_in_order() {
    let house = house(WorkerMode::Manual);
    let diary = Arc::<Diary>::default();
    subscribe(&house.engine, "steady", &diary).keep();
    let payer = house.payer("a");
    let steppers = [house.stepper(), house.stepper()];
    let id = payer.join().unwrap().unwrap().id;
    for stepper in steppers {
        stepper.join().unwrap().unwrap();
    }
    house.engine.run_due().unwrap();
    let head = house.engine.events().head().unwrap();
    assert_eq!(diary.sequences(), (1..=head).collect::<Vec<u64>>());
    house.engine.close(HOUR).unwrap();
    house.judge(&[id]);
}

#[test]
fn subscribers() {
    explore(&[Time::Passes, Time::Stands], subscribers_are_told_everything_once_and_in_order);
}

#[test]
fn deliveries() {
    explore(&[Time::Passes, Time::Stands], two_who_deliver_at_once_tell_everything_once_and_in_order);
}

#[test]
fn steppers() {
    explore(&[Time::Passes, Time::Stands], two_who_step_at_once_send_each_payment_once);
}

#[test]
fn closes() {
    explore(&[Time::Passes], a_close_among_payers_readers_worker_and_calls_loses_nothing);
}

#[test]
fn replacements() {
    explore(&[Time::Passes], a_replaced_adapter_is_waited_for_too);
}

#[test]
fn leases() {
    explore(&[Time::Passes], a_call_that_outlives_its_lease_is_fenced_and_sent_once);
}

#[test]
fn askers() {
    explore(&[Time::Passes, Time::Stands], who_asks_again_is_answered);
}

#[test]
fn two_closes() {
    explore(&[Time::Passes], of_two_closes_at_once_one_ends_the_worker);
}

#[test]
fn hasty_closes() {
    explore(&[Time::Passes], a_close_that_waits_for_nobody_leaves_calls_that_are_sorted_out);
}

//! Goal: every commit's events come in order, without gaps, at least once, and
//! no subscriber delays money or closing. Method: in the manual mode subscribers
//! are called inline and time is moved by hand; in the background mode threads
//! meet at channels, never at sleeps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: UnixMillis = UnixMillis(1_760_000_000_000);
/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

struct Declining;

impl Provider for Declining {
    fn pay(&self, _: &PayRequest) -> Answer<PayOutcome> {
        PayOutcome::Declined { code: "14".to_owned(), reason: "no such meter".to_owned() }.into()
    }

    fn query(&self, _: &QueryRequest) -> Answer<QueryOutcome> {
        QueryOutcome::Unknown { cause: "never asked here".to_owned() }.into()
    }
}

struct House {
    engine: FusePay,
    clock: Arc<ManualClock>,
    mode: WorkerMode,
    directory: tempfile::TempDir,
}

fn open(directory: &tempfile::TempDir, clock: &Arc<ManualClock>, mode: WorkerMode) -> FusePay {
    let secret = Secret::new((0..32u8).map(|i| i.wrapping_mul(37)).collect::<Vec<_>>());
    let config = Config::new(directory.path().join("pay.db"), KeyRing::hs256("k1", secret).unwrap())
        .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(OsEntropy))
        .with_worker(mode)
        .with_provider("sandbox", Arc::new(Declining))
        .with_hash_cost(HashCost::insecure_for_tests());
    FusePay::open(config).unwrap()
}

fn house(mode: WorkerMode) -> House {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    House { engine: open(&directory, &clock, mode), clock, mode, directory }
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

fn code<T>(result: Result<T>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code())
}

fn refusal() -> Error {
    Error::new(Code::NotAllowed, "not now")
}

impl House {
    fn reopen(self) -> House {
        self.engine.close(PATIENCE).unwrap();
        let House { clock, mode, directory, .. } = self;
        House { engine: open(&directory, &clock, mode), clock, mode, directory }
    }

    fn register(&self) -> Wallet {
        let request = Registration::new("ada@example.com", "Ada", "Obi", "seven blue lamps by the river");
        self.engine.auth().register(&request).unwrap().wallet
    }

    fn fund(&self, wallet: &Wallet, times: u32) {
        for _ in 0..times {
            self.engine.wallet().fund(&MoneyRequest::new(wallet.id, ngn(100))).unwrap();
        }
    }

    fn read_all(&self, step: u32) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.sequence);
            let page = self.engine.events().read(after, step).unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}

/// A subscriber that keeps the numbers of what it took.
fn keeper() -> (Arc<Mutex<Vec<u64>>>, Arc<dyn Subscriber>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&taken);
    let subscriber = Arc::new(move |event: &Event| {
        list.lock().unwrap().push(event.sequence);
        Ok(())
    });
    (taken, subscriber)
}

fn taken(list: &Arc<Mutex<Vec<u64>>>) -> Vec<u64> {
    list.lock().unwrap().clone()
}

/// A subscriber that sends what it takes over a channel.
fn sender() -> (Receiver<u64>, Arc<dyn Subscriber>) {
    let (send, receive) = channel();
    let send = Mutex::new(send);
    let subscriber = move |event: &Event| {
        let _ = send.lock().unwrap().send(event.sequence);
        Ok(())
    };
    (receive, Arc::new(subscriber))
}

#[test]
fn events_have_no_gap_across_payments_refusals_and_reopening() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    let biller = Biller::new("ikeja", "Ikeja Electric", Category::new("ELECTRICITY").unwrap(), "sandbox");
    let item = BillItem::new("prepaid", "Prepaid", ngn(1), 1_000_000);
    house.engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    house.fund(&wallet, 3);
    let too_much = TransferRequest::new(wallet.id, WalletId::from_bytes([9; 16]), ngn(1));
    assert_eq!(code(house.engine.wallet().transfer(&too_much)), Err(Code::NotFound));
    let debit = MoneyRequest::new(wallet.id, ngn(1_000_000));
    assert_eq!(code(house.engine.wallet().debit(&debit)), Err(Code::InsufficientFunds));
    let bill = PayBill::new(wallet.id, "ikeja", "prepaid", "0123", ngn(200));
    let payment = house.engine.bill().pay(&bill).unwrap();
    house.engine.run_due().unwrap();
    house.clock.advance(100_000);
    house.engine.run_due().unwrap();
    assert_eq!(house.engine.bill().find(payment.id).unwrap().status, PaymentStatus::Reversed);
    let before = house.read_all(500);
    let house = house.reopen();
    house.fund(&wallet, 1);
    let events = house.read_all(3);
    assert_eq!(events[..before.len()], before[..]);
    let expected: Vec<u64> = (1..=house.engine.events().head().unwrap()).collect();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), expected);
    for name in
        [EventName::UserRegistered, EventName::WalletFunded, EventName::PaymentFailed, EventName::PaymentReversed]
    {
        assert!(events.iter().any(|event| event.name == name), "{name}");
    }
    let debits: Vec<_> = events.iter().filter(|event| event.payment == Some(payment.id)).collect();
    assert!(debits.len() >= 3);
}

#[test]
fn reading_is_bounded_and_beyond_the_head_there_is_nothing() {
    let house = house(WorkerMode::Manual);
    house.register();
    let events = house.engine.events();
    for limit in [0, 501, u32::MAX] {
        assert_eq!(code(events.read(0, limit)), Err(Code::InvalidArgument));
    }
    assert_eq!(events.read(u64::MAX, 500).unwrap(), []);
    assert_eq!(events.read(events.head().unwrap(), 500).unwrap(), []);
    assert_eq!(events.read(0, 1).unwrap()[0].sequence, 1);
}

#[test]
fn a_cursor_is_durable_and_only_moves_on() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    house.fund(&wallet, 5);
    let head = house.engine.events().head().unwrap();
    assert_eq!(house.engine.events().cursor("mailer").unwrap(), None);
    house.engine.events().acknowledge("mailer", 4).unwrap();
    house.engine.events().acknowledge("mailer", 2).unwrap();
    let house = house.reopen();
    let events = house.engine.events();
    assert_eq!(events.cursor("mailer").unwrap(), Some(4));
    assert_eq!(code(events.acknowledge("mailer", head + 1)), Err(Code::InvalidArgument));
    events.rewind("mailer", 1).unwrap();
    events.rewind("mailer", 3).unwrap();
    assert_eq!(events.cursor("mailer").unwrap(), Some(1));
    for name in ["", " ", "a\0b", "a\nb"] {
        assert_eq!(code(events.acknowledge(name, 1)), Err(Code::InvalidArgument), "{name:?}");
    }
    assert_eq!(code(events.cursor(&"x".repeat(101))), Err(Code::TooLong));
}

#[test]
fn a_new_subscriber_begins_where_it_asks_and_an_old_one_where_it_was() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    house.fund(&wallet, 2);
    let (all, first) = keeper();
    let (new, second) = keeper();
    let head = house.engine.events().head().unwrap();
    let kept = house.engine.events().subscribe("all", StartAt::Beginning, first).unwrap();
    let ended = house.engine.events().subscribe("new", StartAt::Now, Arc::clone(&second)).unwrap();
    assert_eq!(code(house.engine.events().subscribe("new", StartAt::Now, second)), Err(Code::NotAllowed));
    house.fund(&wallet, 1);
    house.engine.run_due().unwrap();
    assert_eq!(taken(&all), (1..=head + 1).collect::<Vec<_>>());
    assert_eq!(taken(&new), [head + 1]);
    kept.keep();
    drop(ended);
    house.fund(&wallet, 1);
    house.engine.run_due().unwrap();
    assert_eq!(taken(&all).last(), Some(&(head + 2)));
    assert_eq!(taken(&new), [head + 1]);
    let house = house.reopen();
    let (again, third) = keeper();
    let _again = house.engine.events().subscribe("new", StartAt::Beginning, third).unwrap();
    house.engine.run_due().unwrap();
    assert_eq!(taken(&again), [head + 2]);
    assert_eq!(house.engine.events().cursor("all").unwrap(), Some(head + 2));
}

#[test]
fn a_subscriber_gets_the_names_it_wants_and_passes_over_the_rest() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    let (funded, subscriber) = keeper();
    let wanted = [EventName::WalletFunded];
    let _kept = house.engine.events().subscribe_to("funded", StartAt::Beginning, &wanted, subscriber).unwrap();
    house.fund(&wallet, 200);
    house.engine.run_due().unwrap();
    let expected: Vec<u64> =
        house.read_all(500).iter().filter(|event| event.name == wanted[0]).map(|event| event.sequence).collect();
    assert_eq!(expected.len(), 200);
    assert_eq!(taken(&funded), expected);
}

#[test]
fn one_that_panics_or_refuses_is_told_again_later_and_harms_nobody() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    let head = house.engine.events().head().unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let (list, counted) = (Arc::new(Mutex::new(Vec::new())), Arc::clone(&tries));
    let kept = Arc::clone(&list);
    let moody = move |event: &Event| match counted.fetch_add(1, Ordering::SeqCst) {
        1 => panic!("a bug of the host's"),
        2 | 3 => Err(refusal()),
        _ => {
            kept.lock().unwrap().push(event.sequence);
            Ok(())
        }
    };
    let (calm_list, calm) = keeper();
    let _moody = house.engine.events().subscribe("a-moody", StartAt::Now, Arc::new(moody)).unwrap();
    let _calm = house.engine.events().subscribe("b-calm", StartAt::Now, calm).unwrap();
    house.fund(&wallet, 3);
    house.engine.run_due().unwrap();
    assert_eq!(taken(&calm_list), [head + 1, head + 2, head + 3]);
    assert_eq!((taken(&list), tries.load(Ordering::SeqCst)), (vec![head + 1], 2));
    assert_eq!(house.engine.events().cursor("a-moody").unwrap(), Some(head + 1));
    // Not before its time, which doubles.
    for (wait, so_far) in [(999, 2), (1, 3), (1_999, 3), (1, 4), (3_999, 4)] {
        house.clock.advance(wait);
        house.engine.run_due().unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), so_far, "after {wait} ms more");
    }
    house.clock.advance(1);
    house.engine.run_due().unwrap();
    assert_eq!(taken(&list), [head + 1, head + 2, head + 3]);
    assert_eq!(house.engine.events().cursor("a-moody").unwrap(), Some(head + 3));
}

#[test]
fn rewinding_tells_again() {
    let house = house(WorkerMode::Manual);
    let wallet = house.register();
    house.fund(&wallet, 1);
    let (list, subscriber) = keeper();
    let _kept = house.engine.events().subscribe("replay", StartAt::Beginning, subscriber).unwrap();
    house.engine.run_due().unwrap();
    let head = house.engine.events().head().unwrap();
    house.engine.events().rewind("replay", head - 1).unwrap();
    house.engine.run_due().unwrap();
    assert_eq!(taken(&list), (1..=head).chain([head]).collect::<Vec<_>>());
}

#[test]
fn a_subscriber_may_call_the_engine_also_to_run_the_queue() {
    let house = Arc::new(house(WorkerMode::Manual));
    let wallet = house.register();
    let (engine, id) = (Arc::downgrade(&house), wallet.id);
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let bonus = move |event: &Event| {
        counted.fetch_add(1, Ordering::SeqCst);
        let Some(house) = engine.upgrade() else { return Ok(()) };
        house.engine.run_due()?;
        if event.name == EventName::WalletFunded {
            house.engine.wallet().credit(&MoneyRequest::new(id, ngn(1)))?;
        }
        Ok(())
    };
    let _kept = house.engine.events().subscribe("bonus", StartAt::Now, Arc::new(bonus)).unwrap();
    house.fund(&wallet, 1);
    house.engine.run_due().unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    house.engine.run_due().unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(house.engine.wallet().find(wallet.id).unwrap().balance_minor, 101);
}

#[test]
fn in_the_background_events_come_by_themselves() {
    let house = house(WorkerMode::Background);
    let wallet = house.register();
    let (receive, subscriber) = sender();
    let _kept = house.engine.events().subscribe("live", StartAt::Beginning, subscriber).unwrap();
    house.fund(&wallet, 100);
    let head = house.engine.events().head().unwrap();
    for expected in 1..=head {
        assert_eq!(receive.recv_timeout(PATIENCE).unwrap(), expected);
    }
    house.engine.close(PATIENCE).unwrap();
    let house = House { engine: open(&house.directory, &house.clock, house.mode), ..house };
    assert_eq!(house.engine.events().cursor("live").unwrap(), Some(head));
}

#[test]
fn one_that_sleeps_delays_neither_payments_nor_others_nor_closing() {
    let house = house(WorkerMode::Background);
    let wallet = house.register();
    let head = house.engine.events().head().unwrap();
    let (asleep, has_slept) = channel();
    let (wake_up, alarm) = channel::<()>();
    let (asleep, alarm) = (Mutex::new(asleep), Mutex::new(alarm));
    let sleeper = move |_: &Event| {
        let _ = asleep.lock().unwrap().send(());
        let _ = alarm.lock().unwrap().recv();
        Ok(())
    };
    let (receive, awake) = sender();
    house.engine.events().subscribe("sleeper", StartAt::Now, Arc::new(sleeper)).unwrap().keep();
    house.engine.events().subscribe("awake", StartAt::Now, awake).unwrap().keep();
    house.fund(&wallet, 1);
    has_slept.recv_timeout(PATIENCE).unwrap();
    house.fund(&wallet, 20);
    for expected in head + 1..=head + 21 {
        assert_eq!(receive.recv_timeout(PATIENCE).unwrap(), expected);
    }
    house.engine.close(Duration::from_millis(50)).unwrap();
    // It wakes after the engine has gone, and comes to nothing.
    drop(wake_up);
    let house = House { engine: open(&house.directory, &house.clock, house.mode), ..house };
    assert_eq!(house.engine.events().cursor("sleeper").unwrap(), Some(head));
    // It had taken all; how much of that the short deadline let it write down is not promised.
    assert!(house.engine.events().cursor("awake").unwrap() <= Some(head + 21));
    let (receive, again) = sender();
    house.engine.events().subscribe("sleeper", StartAt::Now, again).unwrap().keep();
    assert_eq!(receive.recv_timeout(PATIENCE).unwrap(), head + 1);
}

#[test]
fn a_subscriber_may_close_its_own_engine() {
    let house = Arc::new(house(WorkerMode::Background));
    let wallet = house.register();
    let (send, receive) = channel();
    let (engine, send) = (Arc::downgrade(&house), Mutex::new(send));
    let closer = move |_: &Event| {
        let closed = engine.upgrade().map(|house| house.engine.close(PATIENCE).is_ok());
        let _ = send.lock().unwrap().send(closed);
        Ok(())
    };
    house.engine.events().subscribe("closer", StartAt::Now, Arc::new(closer)).unwrap().keep();
    house.fund(&wallet, 1);
    assert_eq!(receive.recv_timeout(PATIENCE).unwrap(), Some(true));
    assert_eq!(code(house.engine.events().head()), Err(Code::Closed));
}

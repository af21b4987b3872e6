//! Goal: however many threads call at once, money is neither made nor lost, what
//! can be spent is spent exactly, and nobody waits for ever.
//! Method: real threads against one engine, started together; the final state
//! is exact, whatever the order was.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    CaptureRequest, Code, HoldRequest, HoldStatus, MoneyRequest, PaymentStatus, TransferRequest, WorkerMode,
};
use fusepay_testkit::{PayStep, World, ngn};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Runs one call on each of many threads at once; answers what each said.
fn at_once<T: Send>(threads: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(threads);
    let (start, call) = (&start, &call);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn(move || {
                    start.wait();
                    call(number)
                })
            })
            .collect();
        spawned.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn code<T>(result: fusepay_core::Result<T>) -> Result<(), Code> {
    result.map(|_| ()).map_err(|error| error.code())
}

#[test]
fn of_a_hundred_threads_that_debit_ten_of_a_hundred_exactly_ten_succeed() {
    let world = World::open();
    let wallet = world.funded_wallet(100);
    let answers = at_once(100, |_| code(world.engine().wallet().debit(&MoneyRequest::new(wallet, ngn(10)))));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Code::InsufficientFunds))));
    assert_eq!(world.balance(wallet), 0);
    world.assert_sound_at_rest();
}

#[test]
fn of_many_threads_that_pay_exactly_as_many_succeed_as_there_is_money_for() {
    let world = World::open();
    let wallet = world.funded_wallet(10 * 1_100 + 1_099);
    let answers = at_once(40, |_| code(world.engine().bill().pay(&world.bill(wallet, "meter", 1_000))));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.provider().sends()), (1_099, 10));
}

#[test]
fn transfers_both_ways_a_thousand_times_keep_the_sum() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(10_000), world.funded_wallet(10_000));
    let answers = at_once(8, |number| {
        let (from, to) = if number % 2 == 0 { (a, b) } else { (b, a) };
        (0..250).map(|_| code(world.engine().wallet().transfer(&TransferRequest::new(from, to, ngn(7))))).collect()
    });
    let answers: Vec<Result<(), Code>> = answers.into_iter().flat_map(|list: Vec<_>| list).collect();
    assert_eq!(answers, vec![Ok(()); 2_000]);
    assert_eq!((world.balance(a), world.balance(b)), (10_000, 10_000));
    world.assert_sound_at_rest();
}

#[test]
fn of_a_capture_and_a_release_at_once_one_resolves_the_hold() {
    for seed in 0..10 {
        let world = World::builder().seed(seed).open();
        let wallet = world.funded_wallet(5_000);
        let wallets = world.engine().wallet();
        let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), Duration::from_secs(60))).unwrap();
        let answers = at_once(6, |number| {
            if number % 2 == 0 {
                code(world.engine().wallet().capture(&CaptureRequest::new(hold.id, ngn(1_000))))
            } else {
                code(world.engine().wallet().release(hold.id, None))
            }
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "seed {seed}: {answers:?}");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Code::HoldResolved))));
        let left = if wallets.find_hold(hold.id).unwrap().status == HoldStatus::Captured { 4_000 } else { 5_000 };
        assert_eq!((world.balance(wallet), world.look(wallet).held_minor), (left, 0));
        world.assert_sound_at_rest();
    }
}

#[test]
fn of_two_captures_of_a_whole_hold_one_wins() {
    let world = World::open();
    let (wallet, shop) = (world.funded_wallet(5_000), world.wallet());
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), Duration::from_secs(60))).unwrap();
    let capture = CaptureRequest::new(hold.id, ngn(1_000)).with_destination(shop);
    let answers = at_once(2, |_| code(world.engine().wallet().capture(&capture)));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!((world.balance(wallet), world.balance(shop)), (4_000, 1_000));
    world.assert_sound_at_rest();
}

#[test]
fn holds_and_debits_at_once_never_reserve_more_than_there_is() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let answers = at_once(20, |number| {
        let wallets = world.engine().wallet();
        if number % 2 == 0 {
            code(wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), Duration::from_secs(60))))
        } else {
            code(wallets.debit(&MoneyRequest::new(wallet, ngn(1_000))))
        }
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    assert_eq!(world.look(wallet).available_minor, 0);
    world.assert_sound_at_rest();
}

#[test]
fn one_quote_used_by_many_threads_pays_once() {
    let world = World::open();
    let user = world.user();
    let wallet = world.wallet_of(user);
    world.fund(wallet, 50_000);
    let request =
        fusepay_core::QuoteRequest::new(user, fusepay_testkit::BILLER, fusepay_testkit::ITEM, "meter", ngn(1_000));
    let quote = world.engine().bill().quote(&request).unwrap();
    let bill = fusepay_core::PayBill::from_quote(wallet, &quote);
    let answers = at_once(12, |_| code(world.engine().bill().pay(&bill)));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Code::QuoteUsed))));
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 48_900);
}

#[test]
fn a_background_engine_under_a_mix_of_everything_stays_sound() {
    let world = World::builder().worker(WorkerMode::Background).open();
    let wallets: Vec<_> = (0..4).map(|_| world.funded_wallet(1_000_000)).collect();
    let customers = ["paid", "lost", "refused", "unsent"];
    world.provider().script("lost", vec![PayStep::PaidThenTimeout; 40], []);
    world.provider().script("refused", vec![PayStep::Declined; 40], []);
    world.provider().script("unsent", vec![PayStep::NotSent; 40], []);
    let refused = AtomicUsize::new(0);
    at_once(8, |number| {
        for round in 0..20 {
            let wallet = wallets[(number + round) % wallets.len()];
            let customer = customers[round % customers.len()];
            if world.engine().bill().pay(&world.bill(wallet, customer, 1_000)).is_err() {
                refused.fetch_add(1, Ordering::SeqCst);
            }
            let other = wallets[(number + round + 1) % wallets.len()];
            world.engine().wallet().transfer(&TransferRequest::new(wallet, other, ngn(10))).unwrap();
        }
    });
    assert_eq!(refused.load(Ordering::SeqCst), 0);
    world.wait_until("every payment is concluded", |world| {
        world.clock().advance(1_000);
        let open = [PaymentStatus::Pending, PaymentStatus::Processing, PaymentStatus::Unknown, PaymentStatus::Failed];
        open.iter().all(|status| world.engine().bill().list_by_status(*status, None, 1).unwrap().is_empty())
    });
    world.assert_sound();
    let completed = world.engine().bill().list_by_status(PaymentStatus::Completed, None, 500).unwrap().len();
    let reversed = world.engine().bill().list_by_status(PaymentStatus::Reversed, None, 500).unwrap().len();
    assert_eq!(completed + reversed, 160);
    let sum: i64 = wallets.iter().map(|wallet| world.balance(*wallet)).sum();
    assert_eq!(sum, 4_000_000 - i64::try_from(completed).unwrap() * 1_100);
}

#[test]
fn run_due_from_many_threads_runs_each_job_once() {
    let world = World::open();
    let wallet = world.funded_wallet(1_000_000);
    for number in 0..50 {
        world.pay(wallet, &format!("meter {number}"), 1_000);
    }
    at_once(8, |_| world.run());
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.provider().sends()), (945_000, 50));
}

#[test]
fn a_hung_provider_holds_up_nobody_else() {
    let gate = fusepay_testkit::Gate::new();
    let world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(1_000_000);
    world.provider().script("hangs", vec![PayStep::Paid.behind(&gate); 3], []);
    world.provider().script("refused", [PayStep::Declined], []);
    let hung: Vec<_> = (0..3).map(|_| world.pay(wallet, "hangs", 1_000)).collect();
    gate.await_arrivals(3);
    let (paid, refused) = (world.pay(wallet, "meter", 1_000), world.pay(wallet, "refused", 1_000));
    world.wait_until("the others are concluded", |world| {
        let now = world.peek(refused).status;
        if now == PaymentStatus::Failed {
            world.clock().advance(1_000);
        }
        world.peek(paid).status == PaymentStatus::Completed && now == PaymentStatus::Reversed
    });
    assert!(hung.iter().all(|id| world.peek(*id).status == PaymentStatus::Processing));
    gate.open();
    world.wait_until("the hung ones are concluded", |world| {
        hung.iter().all(|id| world.peek(*id).status == PaymentStatus::Completed)
    });
    world.assert_sound();
    assert_eq!(world.balance(wallet), 1_000_000 - 4 * 1_100);
}

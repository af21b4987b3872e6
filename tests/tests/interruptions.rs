//! Goal: whatever interrupts a payment (a close, a copy, a clock that goes back,
//! a user who looks again and again), the biller is asked before anything is
//! concluded, and nothing is sent twice or given back too early.
//! Method: the scripted biller under virtual time; engines closed in a call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{Backoff, Capabilities, Clock, PaymentStatus, QueryOutcome, WorkerMode};
use fusepay_testkit::{Gate, PayStep, QueryStep, ScriptedProvider, World};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_payment_called_failed_during_its_send_and_then_interrupted_is_queried() {
    let mut world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(5_000);
    let gate = Gate::new();
    let held = gate.clone();
    world.provider().script("meter", [PayStep::Paid.then(move |_| held.pass())], []);
    let id = world.pay(wallet, "meter", 1_000);
    gate.await_arrivals(1);
    // The biller errs, or its news are old: the send may still go out.
    world.tell(id, QueryOutcome::Failed { code: "X".to_owned(), reason: "failed".to_owned() });
    assert_eq!(world.peek(id).status, PaymentStatus::Unknown);
    world.engine().close(Duration::from_millis(50)).unwrap();
    world.reopen();
    world.wait_until("it is queried", |world| world.provider().queries() > 0);
    world.wait_until("it is completed", |world| world.peek(id).status == PaymentStatus::Completed);
    gate.open();
    world.assert_sound();
    assert_eq!((world.balance(wallet), world.provider().sends()), (3_900, 1));
}

#[test]
fn a_send_of_a_replaced_adapter_keeps_its_payment_from_being_reversed_after_a_close() {
    let mut world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(5_000);
    let gate = Gate::new();
    world.provider().script("meter", [PayStep::Paid.behind(&gate)], vec![QueryStep::NotFound; 100]);
    let id = world.pay(wallet, "meter", 1_000);
    gate.await_arrivals(1);
    world.engine().register_provider(fusepay_testkit::PROVIDER, Arc::new(ScriptedProvider::new())).unwrap();
    world.engine().close(Duration::from_millis(1)).unwrap();
    world.reopen();
    // Past the grace, and not found often enough: only the hanging send forbids it.
    world.wait_until("it is queried", |world| {
        // At each look, for the next query is put off from the end of the one before.
        world.clock().advance(600_000);
        world.provider().queries() >= 6 || world.peek(id).status != PaymentStatus::Unknown
    });
    let status = world.peek(id).status;
    assert!(!matches!(status, PaymentStatus::Failed | PaymentStatus::Reversed), "{status}");
    assert_eq!(world.balance(wallet), 3_900);
    gate.open();
}

#[test]
fn a_call_of_the_manual_mode_closes_its_engine_without_waiting_for_itself() {
    const PATIENCE: Duration = Duration::from_secs(20);
    let mut world = World::open();
    let wallet = world.funded_wallet(5_000);
    let engine = Arc::downgrade(world.engine());
    let another = world.bill(wallet, "another meter", 1_000);
    let closes = move |_: &_| {
        let engine = engine.upgrade().unwrap();
        // A call within the call is over, and this one is not.
        engine.bill().pay(&another).unwrap();
        engine.run_due().unwrap();
        engine.close(PATIENCE).unwrap();
    };
    world.provider().script("meter", [PayStep::Paid.after(closes)], []);
    let id = world.pay(wallet, "meter", 1_000);
    let start = std::time::Instant::now();
    let _ = world.engine().run_due();
    assert!(start.elapsed() < PATIENCE / 2, "it waited for itself");
    world.reopen();
    world.drain();
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::Completed, 2));
    world.assert_sound();
}

#[test]
fn a_replaced_adapter_is_let_go() {
    let mut world = World::open();
    let other = Arc::new(ScriptedProvider::new());
    world.engine().register_provider(fusepay_testkit::PROVIDER, other).unwrap();
    let held = Arc::strong_count(world.provider());
    world.close();
    assert_eq!(held, Arc::strong_count(world.provider()), "the open engine held none of them");
}

#[test]
fn after_a_restore_not_found_proves_nothing_within_the_grace() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let id = world.pay(wallet, "meter", 1_000);
    assert_eq!(world.engine().declare_restored().unwrap(), 1);
    world.advance(240_000);
    assert!(world.provider().queries() >= 3);
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Unknown, 3_900));
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 5_000));
}

#[test]
fn after_a_restore_a_refused_connection_does_not_prove_that_nothing_was_sent() {
    let capabilities = Capabilities::default().with_idempotent_submit(Duration::from_secs(3_600)).with_can_query(false);
    let world = World::builder().provider(ScriptedProvider::new().with_capabilities(capabilities)).open();
    let wallet = world.funded_wallet(5_000);
    world.provider().script("meter", vec![PayStep::NotSent; 100], []);
    let id = world.pay(wallet, "meter", 1_000);
    world.engine().declare_restored().unwrap();
    world.drain();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::NeedsReview, 3_900));
}

#[test]
fn a_clock_that_goes_back_does_not_reopen_the_window_of_repetition() {
    let capabilities = Capabilities::default().with_idempotent_submit(Duration::from_secs(60)).with_can_query(false);
    let mut world = World::builder().provider(ScriptedProvider::new().with_capabilities(capabilities)).open();
    let wallet = world.funded_wallet(5_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], []);
    let id = world.pay(wallet, "meter", 1_000);
    world.run();
    world.close();
    world.clock().advance(2 * 3_600_000);
    world.clock().set_wall(world.clock().wall().plus(-86_400_000));
    world.reopen();
    world.drain();
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::NeedsReview, 1));
    world.assert_sound();
}

#[test]
fn looking_at_an_unknown_payment_does_not_use_up_its_queries() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], []);
    let id = world.pay(wallet, "meter", 1_000);
    world.run();
    for second in 0..58 {
        assert_eq!(world.payment(id).status, PaymentStatus::Unknown, "after {second} looks");
        world.advance(5_000);
    }
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 5_000));
}

#[test]
fn closing_during_a_query_again_and_again_does_not_use_up_the_queries() {
    let few = |config: fusepay_core::Config| config.with_requery_backoff(Backoff::requery().with_runs_max(3));
    let mut world = World::builder().worker(WorkerMode::Background).configure(few).open();
    let gate = Gate::new();
    let wallet = world.funded_wallet(5_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], vec![QueryStep::Truth.behind(&gate); 6]);
    let id = world.pay(wallet, "meter", 1_000);
    world.wait_until("it is unknown", |world| world.peek(id).status == PaymentStatus::Unknown);
    for close in 1..=6 {
        world.clock().advance(600_000);
        world.wait_until("it is queried", |world| world.provider().queries() >= close);
        world.engine().close(Duration::from_millis(1)).unwrap();
        world.reopen();
        assert_eq!(world.peek(id).status, PaymentStatus::Unknown);
    }
    gate.open();
    world.wait_until("it is completed", |world| world.peek(id).status == PaymentStatus::Completed);
    world.assert_sound();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Completed, 3_900));
}

#[test]
fn nothing_takes_off_behind_a_close() {
    for seed in 0..20 {
        let mut world = World::builder().seed(seed).open();
        let wallet = world.funded_wallet(1_000_000);
        for number in 0..20 {
            world.pay(wallet, &format!("meter {number}"), 1_000);
        }
        let engine = std::sync::Arc::clone(world.engine());
        let start = std::sync::Arc::new(std::sync::Barrier::new(3));
        let runners: Vec<_> = (0..2)
            .map(|_| {
                let (engine, start) = (std::sync::Arc::clone(&engine), std::sync::Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    while engine.run_due().is_ok() {}
                })
            })
            .collect();
        start.wait();
        // A different moment each time.
        (0..seed * 500).for_each(|_| std::hint::spin_loop());
        engine.close(Duration::from_millis(1)).unwrap();
        world.reopen();
        runners.into_iter().for_each(|runner| runner.join().unwrap());
        // Whatever the two were still at is over now.
        world.advance(1_000);
        world.assert_sound_at_rest();
        let open = world.engine().queue().counts().unwrap();
        assert!(open.is_empty(), "seed {seed}: {open:?}");
        let given: i64 = i64::try_from(world.provider().sends()).unwrap() * 1_100;
        assert_eq!(world.balance(wallet), 1_000_000 - given, "seed {seed}");
    }
}

#[test]
fn a_provider_that_reverses_a_delivery_and_tells_its_old_news_again_changes_nothing() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let id = world.pay(wallet, "meter", 1_000);
    world.drain();
    let paid = QueryOutcome::Paid(fusepay_core::PaidReceipt::new("SCR"));
    let request_id = world.peek(id).request_id;
    world.provider().take_back(&request_id);
    let taken_back = QueryOutcome::ProviderReversed { reason: "returned".to_owned() };
    for outcome in [taken_back.clone(), paid.clone(), taken_back.clone(), paid, taken_back] {
        world.tell(id, outcome);
        assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 5_000));
    }
    world.assert_sound_at_rest();
}

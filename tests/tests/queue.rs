//! Goal: a job runs when it is due, neither early nor never, whatever the clock
//! on the wall does; what can't be done ends where an operator sees it.
//! Method: virtual time with a wall clock that jumps; jobs and events are read
//! through the operator's API.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    Backoff, BreakerPolicy, Code, Event, EventName, HoldRequest, HoldStatus, JobKind, JobStatus, PaymentStatus,
    RatePolicy,
};
use fusepay_testkit::{PayStep, QueryStep, World, ngn};
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;
const MONTH_MS: i64 = 30 * 86_400_000;

fn events(world: &World) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |event: &Event| event.sequence);
        let page = world.engine().events().read(after, 500).unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn names(world: &World, payment: fusepay_core::PaymentId) -> Vec<EventName> {
    events(world).into_iter().filter(|event| event.payment == Some(payment)).map(|event| event.name).collect()
}

#[test]
fn a_jump_of_the_wall_clock_makes_nothing_early_late_or_stuck() {
    for jump in [-HOUR_MS, MONTH_MS] {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("refused", [PayStep::Declined], []);
        world.provider().script("lost", [PayStep::PaidThenTimeout], []);
        let (refused, lost) = (world.pay(wallet, "refused", 1_000), world.pay(wallet, "lost", 2_000));
        let hold =
            world.engine().wallet().authorise(&HoldRequest::new(wallet, ngn(500), Duration::from_secs(60))).unwrap();
        world.run();
        world.clock().set_wall(fusepay_core::Clock::wall(world.clock().as_ref()).plus(jump));
        world.run();
        assert_eq!(world.provider().calls().len(), 2, "nothing early");
        assert_eq!(
            (world.peek(refused).status, world.peek(lost).status),
            (PaymentStatus::Failed, PaymentStatus::Unknown)
        );
        assert_eq!(world.engine().wallet().find_hold(hold.id).unwrap().status, HoldStatus::Active);
        world.advance(6_000);
        assert_eq!(
            (world.peek(refused).status, world.peek(lost).status),
            (PaymentStatus::Reversed, PaymentStatus::Completed)
        );
        assert_eq!(world.provider().calls().len(), 3, "no storm");
        world.advance(54_000);
        assert_eq!(world.engine().wallet().find_hold(hold.id).unwrap().status, HoldStatus::Expired);
        world.assert_sound_at_rest();
        assert_eq!(world.balance(wallet), 47_900);
    }
}

#[test]
fn a_jump_of_the_wall_clock_while_closed_leaves_nothing_stuck() {
    for jump in [-HOUR_MS, MONTH_MS] {
        let mut world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("refused", [PayStep::Declined], []);
        world.provider().script("lost", [PayStep::PaidThenTimeout], []);
        let (refused, lost) = (world.pay(wallet, "refused", 1_000), world.pay(wallet, "lost", 2_000));
        world.run();
        world.close();
        world.clock().set_wall(fusepay_core::Clock::wall(world.clock().as_ref()).plus(jump));
        world.reopen();
        world.advance(6_000);
        assert_eq!(
            (world.peek(refused).status, world.peek(lost).status),
            (PaymentStatus::Reversed, PaymentStatus::Completed)
        );
        world.assert_sound_at_rest();
        assert_eq!((world.balance(wallet), world.provider().calls().len()), (47_900, 3));
    }
}

#[test]
fn each_payment_tells_its_story_in_order_and_once() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("lost", [PayStep::PaidThenTimeout], [QueryStep::NotFound]);
    world.provider().script("refused", [PayStep::Declined], []);
    let (paid, lost, refused) =
        (world.pay(wallet, "paid", 1_000), world.pay(wallet, "lost", 1_000), world.pay(wallet, "refused", 1_000));
    world.assert_sound_at_rest();
    use EventName::{
        PaymentFailed, PaymentInitiated, PaymentReversed, PaymentSuccess, PaymentUnknown, TransactionFailed,
    };
    assert_eq!(names(&world, paid), [PaymentInitiated, PaymentSuccess]);
    assert_eq!(names(&world, lost), [PaymentInitiated, PaymentUnknown, PaymentSuccess]);
    assert_eq!(names(&world, refused), [PaymentInitiated, PaymentFailed, TransactionFailed, PaymentReversed]);
    let sequences: Vec<u64> = events(&world).iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=u64::try_from(sequences.len()).unwrap()).collect::<Vec<_>>(), "no gap");
}

#[test]
fn an_open_breaker_puts_jobs_off_uncounted_and_they_all_end() {
    let world = World::builder().configure(|config| config.with_breaker(BreakerPolicy::new(2, 60_000, 1))).open();
    let wallet = world.funded_wallet(100_000);
    world.provider().script("down", vec![PayStep::NotSent; 2], []);
    let first: Vec<_> = (0..2).map(|_| world.pay(wallet, "down", 1_000)).collect();
    world.run();
    assert_eq!(world.provider().sends(), 2);
    let later: Vec<_> = (0..5).map(|_| world.pay(wallet, "meter", 1_000)).collect();
    world.advance(59_000);
    assert_eq!(world.provider().sends(), 2, "left alone");
    assert!(later.iter().all(|id| world.engine().bill().explain(*id).unwrap().next_job.unwrap().runs == 0));
    world.assert_sound_at_rest();
    assert!(first.iter().chain(&later).all(|id| world.peek(*id).status == PaymentStatus::Completed));
    assert_eq!(world.balance(wallet), 100_000 - 7 * 1_100);
}

#[test]
fn a_rate_is_kept_and_nothing_is_lost_over_it() {
    let world = World::builder().configure(|config| config.with_rate(RatePolicy::per_second(2, 2))).open();
    let wallet = world.funded_wallet(100_000);
    for number in 0..10 {
        world.pay(wallet, &format!("meter {number}"), 1_000);
    }
    world.run();
    assert_eq!(world.provider().sends(), 2);
    world.advance(1_000);
    assert!(world.provider().sends() <= 4);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.provider().sends()), (89_000, 10));
}

#[test]
fn the_sending_of_a_bill_follows_its_own_schedule() {
    let world = World::builder()
        .configure(|config| config.with_bill_backoff(Backoff::bill().with_base(1_000).with_runs_max(4)))
        .open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", vec![PayStep::NotSent; 4], []);
    let id = world.pay(wallet, "meter", 1_000);
    world.run();
    let mut sent_at = vec![0];
    for second in 1..=20 {
        world.advance(1_000);
        if world.provider().sends() > sent_at.len() {
            sent_at.push(second);
        }
    }
    // The breaker opens only after the fifth failure.
    assert_eq!(sent_at, [0, 1, 4, 11]);
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
}

#[test]
fn only_dead_letters_are_retried_or_resolved() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", 1_000);
    let job = world.engine().bill().explain(id).unwrap().next_job.unwrap();
    assert_eq!((job.kind, job.status), (JobKind::BillPayment, JobStatus::Ready));
    let queue = world.engine().queue();
    assert_eq!(queue.retry(job.id).unwrap_err().code(), Code::JobNotDead);
    assert_eq!(queue.resolve(job.id, "why").unwrap_err().code(), Code::JobNotDead);
    assert_eq!(queue.find(job.id).unwrap(), job);
    world.assert_sound_at_rest();
    assert_eq!(queue.find(job.id).unwrap_err().code(), Code::NotFound, "a job that is done is gone");
    assert!(queue.counts().unwrap().iter().all(|count| count.count == 0));
}

#[test]
fn many_due_jobs_are_drained_in_steps() {
    let world = World::builder().configure(|config| config.with_drain_max(3)).open();
    let wallet = world.funded_wallet(100_000);
    for number in 0..20 {
        world.pay(wallet, &format!("meter {number}"), 1_000);
    }
    world.assert_sound_at_rest();
    assert_eq!((world.provider().sends(), world.balance(wallet)), (20, 78_000));
}

#[test]
fn jobs_wait_for_a_provider_that_is_not_registered_yet() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let tv = fusepay_core::Category::new("TV").unwrap();
    let biller = fusepay_core::Biller::new("LATER", "Later", tv, "later");
    let item = fusepay_core::BillItem::new("ANY", "Any", ngn(1), 10_000);
    let bills = world.engine().bill();
    bills.load_catalogue(&[(biller, vec![item])]).unwrap();
    let request = fusepay_core::PayBill::new(wallet, "LATER", "ANY", "m", ngn(1_000));
    assert_eq!(bills.pay(&request).unwrap_err().code(), Code::BillerUnavailable);
    assert_eq!(world.balance(wallet), 50_000);
    let provider = std::sync::Arc::new(fusepay_testkit::ScriptedProvider::new());
    world.engine().register_provider("later", std::sync::Arc::clone(&provider) as _).unwrap();
    bills.pay(&request).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), provider.sends()), (49_000, 1));
}

#[test]
fn ten_restarts_in_the_middle_of_things_change_nothing() {
    let mut world = World::open();
    let wallet = world.funded_wallet(100_000);
    world.provider().script("lost", vec![PayStep::PaidThenTimeout; 5], []);
    world.provider().script("refused", vec![PayStep::Declined; 5], []);
    for round in 0..10 {
        for customer in ["paid", "lost", "refused"] {
            world.pay(wallet, customer, 1_000);
        }
        if round % 2 == 0 {
            world.run();
        }
        world.reopen();
        world.advance(1_000);
        world.assert_sound();
    }
    world.assert_sound_at_rest();
    // Ten and ten delivered; of the refused the first five.
    assert_eq!(world.balance(wallet), 100_000 - 25 * 1_100);
}

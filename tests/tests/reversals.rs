//! Goal: money of a failed payment comes back exactly once, money of a completed
//! one only by request and never more than was paid, and none of it ever gets lost.
//! Method: a scripted biller, virtual time, and a database that refuses the
//! credit by a planted index; every case ends drained and judged by the oracle.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    Code, Currency, EventName, JobKind, JobStatus, MoneyRequest, PaymentId, PaymentStatus, QueryOutcome, RefundRequest,
    RefundSource, TransferRequest, WalletId, WalletStatus,
};
use fusepay_testkit::{PayStep, QueryStep, World, ngn};
use std::sync::Barrier;

/// A wallet with 500 naira, 100 of which went into a payment that the biller
/// refused and whose reversal is five seconds away.
fn failed_payment(world: &World) -> (WalletId, PaymentId) {
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    assert_eq!(world.peek(id).status, PaymentStatus::Failed);
    (wallet, id)
}

fn completed_payment(world: &World, amount: i64) -> (WalletId, PaymentId) {
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", amount);
    world.drain();
    (wallet, id)
}

/// Makes the database refuse reversals (transaction type 9), by an index in
/// which each collides with the first posting; a planted trigger would not be
/// opened. Planted while no engine is open: a second SQLite in the process is
/// the engine's enemy.
fn plant_refusal(world: &mut World) {
    world.close();
    let file = rusqlite::Connection::open(world.path()).unwrap();
    file.execute_batch("CREATE UNIQUE INDEX planted ON posting (CASE type WHEN 9 THEN 1 ELSE id END)").unwrap();
    drop(file);
    world.reopen();
}

fn uproot_refusal(world: &mut World) {
    world.close();
    rusqlite::Connection::open(world.path()).unwrap().execute_batch("DROP INDEX planted").unwrap();
    world.reopen();
}

fn reverse(world: &World, id: PaymentId) -> Result<PaymentStatus, Code> {
    world.engine().reversal().reverse(id).map(|payment| payment.status).map_err(|error| error.code())
}

fn refund(world: &World, id: PaymentId, minor: i64) -> Result<i64, Code> {
    let request = RefundRequest::new(id, ngn(minor), RefundSource::Biller, "asked for");
    let answer = world.engine().reversal().refund(&request);
    answer.map(|payment| payment.refunded_minor).map_err(|error| error.code())
}

#[test]
fn a_refused_payment_is_credited_five_seconds_later_with_its_fee() {
    let world = World::open();
    let (wallet, id) = failed_payment(&world);
    world.advance(4_999);
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Failed, 39_900));
    world.advance(1);
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    world.assert_sound_at_rest();
    world.advance(3_600_000);
    assert_eq!(world.balance(wallet), 50_000);
}

#[test]
fn reversing_by_hand_twice_answers_the_first_and_the_job_finds_nothing_to_do() {
    let world = World::open();
    let (wallet, id) = failed_payment(&world);
    let first = world.engine().reversal().reverse(id).unwrap();
    assert_eq!((first.status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    assert_eq!(world.engine().reversal().reverse(id).unwrap(), first);
    world.assert_sound_at_rest();
    assert_eq!(world.engine().reversal().reverse(id).unwrap(), first);
    assert_eq!(world.balance(wallet), 50_000);
}

#[test]
fn only_a_failed_payment_is_reversed() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("unknown", [PayStep::TimeoutBeforePaying], [QueryStep::Paid]);
    world.provider().script("pending", [PayStep::Pending { poll_after_ms: None }], [QueryStep::Paid]);
    let waiting = world.pay(wallet, "later", 1_000);
    assert_eq!(reverse(&world, waiting), Err(Code::NotReversible));
    let (unknown, pending) = (world.pay(wallet, "unknown", 1_000), world.pay(wallet, "pending", 1_000));
    world.run();
    let expected =
        [(waiting, PaymentStatus::Completed), (unknown, PaymentStatus::Unknown), (pending, PaymentStatus::Processing)];
    for (id, status) in expected {
        assert_eq!((world.peek(id).status, reverse(&world, id)), (status, Err(Code::NotReversible)));
    }
    assert_eq!(reverse(&world, PaymentId::from_bytes([9; 16])), Err(Code::NotFound));
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 46_700);
}

#[test]
fn automatic_and_operator_reversal_at_once_credit_once() {
    for round in 0..8 {
        let world = World::builder().seed(round).open();
        let (wallet, id) = failed_payment(&world);
        world.clock().advance(5_000);
        let start = Barrier::new(6);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(reverse(&world, id), Ok(PaymentStatus::Reversed));
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    world.engine().run_due().unwrap();
                });
            }
        });
        world.assert_sound_at_rest();
        assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000), "seed {round}");
    }
}

#[test]
fn refunds_add_up_to_what_was_paid_and_no_further() {
    let world = World::builder().fee(fusepay_core::FeePolicy::free()).open();
    let (wallet, id) = completed_payment(&world, 100);
    assert_eq!(refund(&world, id, 40), Ok(40));
    assert_eq!(refund(&world, id, 40), Ok(80));
    assert_eq!(refund(&world, id, 40), Err(Code::RefundAbovePaid));
    assert_eq!(refund(&world, id, 21), Err(Code::RefundAbovePaid));
    assert_eq!(refund(&world, id, 20), Ok(100));
    assert_eq!(refund(&world, id, 1), Err(Code::RefundAbovePaid));
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Completed, 50_000));
    world.assert_sound_at_rest();
}

#[test]
fn a_refund_reaches_into_the_fee_only_after_the_amount() {
    let world = World::open();
    let (wallet, id) = completed_payment(&world, 10_000);
    assert_eq!(refund(&world, id, 10_050), Ok(10_050));
    assert_eq!(refund(&world, id, 51), Err(Code::RefundAbovePaid));
    assert_eq!(refund(&world, id, 50), Ok(10_100));
    assert_eq!(world.balance(wallet), 50_000);
    world.assert_sound_at_rest();
}

#[test]
fn a_refund_happens_once_per_key_and_never_for_what_is_not_completed() {
    let world = World::open();
    let (wallet, id) = completed_payment(&world, 10_000);
    let request = RefundRequest::new(id, ngn(1_000), RefundSource::Host, "goodwill").with_idempotency_key("once");
    let first = world.engine().reversal().refund(&request).unwrap();
    assert_eq!(world.engine().reversal().refund(&request).unwrap(), first);
    assert_eq!(world.balance(wallet), 40_900);
    let other = RefundRequest::new(id, ngn(1_001), RefundSource::Host, "goodwill").with_idempotency_key("once");
    let reused = world.engine().reversal().refund(&other).unwrap_err();
    assert_eq!((reused.code(), reused.field_name()), (Code::IdempotencyKeyReused, Some("amount")));
    world.provider().script("refused", [PayStep::Declined], []);
    let failing = world.pay(wallet, "refused", 1_000);
    assert_eq!(refund(&world, failing, 1_000), Err(Code::NotReversible));
    world.run();
    assert_eq!(refund(&world, failing, 1_000), Err(Code::NotReversible));
    world.assert_sound_at_rest();
    assert_eq!(refund(&world, failing, 1_000), Err(Code::NotReversible));
    assert_eq!(world.balance(wallet), 40_900);
}

#[test]
fn refunds_at_once_never_exceed_what_was_paid() {
    let world = World::open();
    let (wallet, id) = completed_payment(&world, 10_000);
    let start = Barrier::new(16);
    let granted: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    usize::from(refund(&world, id, 1_000).is_ok())
                })
            })
            .collect();
        tries.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((granted, world.balance(wallet)), (10, 49_900));
    world.assert_sound_at_rest();
}

#[test]
fn a_reversal_that_keeps_failing_runs_at_5_8_17_38_and_83_seconds_and_dies() {
    let mut world = World::open();
    let wallet = world.funded_wallet(50_000);
    plant_refusal(&mut world);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    let began = world.engine().due_now();
    let mut runs_at = Vec::new();
    let mut counted = 0;
    for _ in 0..300 {
        let runs = match world.engine().bill().explain(id).unwrap().next_job {
            Some(job) if job.status != JobStatus::Dead => job.runs,
            _ => 5,
        };
        if runs > counted {
            counted = runs;
            runs_at.push(world.engine().due_now().since(began));
        }
        world.advance(500);
    }
    assert_eq!(runs_at, [5_000, 8_000, 17_000, 38_000, 83_000]);
    let dead = world.engine().queue().dead_letters(None, 10).unwrap();
    let [letter] = dead.as_slice() else { panic!("one dead letter, not {dead:?}") };
    assert_eq!((letter.kind, letter.runs, letter.subject), (JobKind::Reversal, 5, *id.as_bytes()));
    assert!(letter.last_error.is_some() && letter.died_at.is_some());
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Failed, 39_900));
    let told = world.engine().events().read(0, 500).unwrap();
    assert_eq!(told.iter().filter(|event| event.name == EventName::JobDead && event.job == Some(letter.id)).count(), 1);
    let refused = world.engine().queue().resolve(letter.id, "never mind").unwrap_err();
    assert_eq!(refused.code(), Code::NotAllowed, "its payment still waits for its money");

    uproot_refusal(&mut world);
    world.engine().queue().retry(letter.id).unwrap();
    assert_eq!(world.engine().queue().retry(letter.id).map(|_| ()).map_err(|e| e.code()), Err(Code::JobNotDead));
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    assert_eq!(world.engine().queue().dead_letters(None, 10).unwrap(), []);
}

#[test]
fn a_reversal_by_hand_closes_the_dead_letter_it_was_done_for() {
    let mut world = World::open();
    let wallet = world.funded_wallet(50_000);
    plant_refusal(&mut world);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.drain();
    assert_eq!(world.engine().queue().dead_letters(None, 10).unwrap().len(), 1);
    assert!(reverse(&world, id).is_err());
    assert_eq!(world.engine().queue().dead_letters(None, 10).unwrap().len(), 1, "a refusal leaves it as it was");
    uproot_refusal(&mut world);
    assert_eq!(reverse(&world, id), Ok(PaymentStatus::Reversed));
    assert_eq!(world.engine().queue().dead_letters(None, 10).unwrap(), []);
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 50_000);
}

#[test]
fn a_reversal_that_a_restart_interrupts_runs_once() {
    let mut world = World::open();
    let (wallet, id) = failed_payment(&world);
    world.reopen();
    world.advance(2_000);
    world.reopen();
    world.assert_sound_at_rest();
    world.reopen();
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
}

#[test]
fn money_of_a_frozen_wallet_waits_in_suspense_and_is_released_once() {
    let world = World::open();
    let (wallet, id) = failed_payment(&world);
    world.engine().wallet().set_status(wallet, WalletStatus::Frozen).unwrap();
    world.assert_sound_at_rest();
    let reversal = world.engine().reversal();
    let payment = world.peek(id);
    assert_eq!((payment.status, payment.suspense_minor), (PaymentStatus::Reversed, 10_100));
    assert_eq!((world.balance(wallet), reversal.open_suspense(10).unwrap().len()), (39_900, 1));
    assert_eq!(reversal.release_suspense(id, None).unwrap_err().code(), Code::WalletFrozen);
    world.engine().wallet().set_status(wallet, WalletStatus::Active).unwrap();
    assert_eq!(reversal.release_suspense(id, None).unwrap().suspense_minor, 0);
    assert_eq!(reversal.release_suspense(id, None).unwrap_err().code(), Code::NotAllowed);
    assert_eq!((world.balance(wallet), reversal.open_suspense(10).unwrap().len()), (50_000, 0));
    world.assert_sound_at_rest();
}

#[test]
fn a_wallet_frozen_for_debits_alone_takes_its_money_back() {
    let world = World::open();
    let (wallet, id) = failed_payment(&world);
    world.engine().wallet().set_status(wallet, WalletStatus::DebitsFrozen).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).suspense_minor, world.balance(wallet)), (0, 50_000));
}

#[test]
fn money_of_a_closed_wallet_is_released_to_another_of_its_owner_and_to_nobody_else() {
    let world = World::open();
    let user = world.user();
    let wallet = world.wallet_of(user);
    world.fund(wallet, 10_100);
    let id = world.pay(wallet, "meter", 10_000);
    world.drain();
    world.engine().wallet().set_status(wallet, WalletStatus::Closed).unwrap();
    world.provider().take_back(&world.peek(id).request_id);
    world.tell(id, QueryOutcome::ProviderReversed { reason: "no power".to_owned() });
    assert_eq!((world.peek(id).status, world.peek(id).suspense_minor), (PaymentStatus::Reversed, 10_100));
    let reversal = world.engine().reversal();
    let (own, foreign) = (world.engine().wallet().create(user, Currency::NGN, "second").unwrap().id, world.wallet());
    assert_eq!(reversal.release_suspense(id, None).unwrap_err().code(), Code::WalletClosed);
    assert_eq!(reversal.release_suspense(id, Some(foreign)).unwrap_err().code(), Code::Forbidden);
    reversal.release_suspense(id, Some(own)).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.balance(own), world.balance(foreign)), (0, 10_100, 0));
}

#[test]
fn a_full_wallet_sends_its_reversal_to_suspense() {
    let world = World::open();
    let (wallet, id) = failed_payment(&world);
    // All money there is, and a little that somebody owes.
    world.fund(wallet, i64::MAX - 50_000);
    let debtor = world.wallet();
    world.engine().wallet().set_credit_limit(debtor, 10_100).unwrap();
    world.engine().wallet().transfer(&TransferRequest::new(debtor, wallet, ngn(10_100))).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).suspense_minor, world.balance(wallet)), (10_100, i64::MAX));
    let reversal = world.engine().reversal();
    assert_eq!(reversal.release_suspense(id, None).unwrap_err().code(), Code::AmountOverflow);
    world.engine().wallet().debit(&MoneyRequest::new(wallet, ngn(10_100))).unwrap();
    reversal.release_suspense(id, None).unwrap();
    assert_eq!(world.balance(wallet), i64::MAX);
    world.assert_sound_at_rest();
}

#[test]
fn a_wallet_with_an_open_payment_is_not_closed() {
    let world = World::open();
    let wallet = world.funded_wallet(10_100);
    world.provider().script("meter", [PayStep::Declined], []);
    world.pay(wallet, "meter", 10_000);
    let close = || world.engine().wallet().set_status(wallet, WalletStatus::Closed).map_err(|error| error.code());
    assert_eq!(close().unwrap_err(), Code::WalletNotEmpty);
    world.run();
    assert_eq!(close().unwrap_err(), Code::WalletNotEmpty);
    world.assert_sound_at_rest();
    assert_eq!(close().unwrap_err(), Code::WalletNotEmpty, "the money came back");
    let other = world.wallet();
    world.engine().wallet().transfer(&TransferRequest::new(wallet, other, ngn(10_100))).unwrap();
    assert_eq!(close().unwrap().status, WalletStatus::Closed);
}

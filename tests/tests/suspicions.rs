//! Goal: what a hostile reader suspected of the engine is not so.
//! Method: one test per suspicion, on one engine under virtual time; each ends
//! with a sound ledger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    BillItem, Biller, CaptureRequest, Category, Code, Currency, Event, FeePolicy, HistoryFilter, HoldRequest,
    HoldStatus, Limit, LimitWindow, MoneyRequest, PayBill, PaymentStatus, QuoteRequest, RefundRequest, RefundSource,
    Remainder, ReviewVerdict, StartAt, Subscriber, TransferRequest, UnixMillis, WalletId, WalletStatus,
};
use fusepay_testkit::{BILLER, CATEGORY, ITEM, PROVIDER, PayStep, QueryStep, ScriptedProvider, World, ngn};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, Weak};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY_MS: i64 = 86_400_000;

fn code<T>(result: fusepay_core::Result<T>) -> Result<(), Code> {
    result.map(|_| ()).map_err(|error| error.code())
}

/// Runs a call that must be refused with this code, and changes nothing.
#[track_caller]
fn refused<T: std::fmt::Debug>(world: &World, expected: Code, call: impl FnOnce() -> fusepay_core::Result<T>) {
    let before = world.engine().ledger_digest().unwrap();
    let answer = call();
    assert_eq!(answer.as_ref().map(|_| ()).map_err(|error| error.code()), Err(expected), "{answer:?}");
    assert_eq!(world.engine().ledger_digest().unwrap(), before, "a refusal wrote something");
}

/// Runs one call on each of many threads at once; answers what each said.
fn at_once<T: Send>(threads: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(threads);
    let (start, call) = (&start, &call);
    std::thread::scope(|scope| {
        let spawn = |number| {
            scope.spawn(move || {
                start.wait();
                call(number)
            })
        };
        let spawned: Vec<_> = (0..threads).map(spawn).collect();
        spawned.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn transfer(from: WalletId, to: WalletId, minor: i64) -> TransferRequest {
    TransferRequest::new(from, to, ngn(minor))
}

/// The catalogue with its one item changed.
fn reload(world: &World, biller: impl FnOnce(&mut Biller), item: impl FnOnce(&mut BillItem)) {
    let mut power = Biller::new(BILLER, "The power company", Category::new(CATEGORY).unwrap(), PROVIDER);
    let mut prepaid = BillItem::new(ITEM, "Prepaid units", ngn(1), 1_000_000).with_fee(FeePolicy::fixed(100));
    biller(&mut power);
    item(&mut prepaid);
    world.engine().bill().load_catalogue(&[(power, vec![prepaid])]).unwrap();
}

#[test]
fn a_batch_that_runs_dry_in_the_middle_books_nothing_and_its_key_remembers() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(1_000), world.funded_wallet(16));
    let batch = [transfer(a, b, 600), transfer(b, a, 16), transfer(a, b, 600), transfer(b, a, 1)];
    refused(&world, Code::InsufficientFunds, || world.engine().wallet().transfer_batch(&batch, Some("k")));
    world.fund(a, 100_000);
    refused(&world, Code::InsufficientFunds, || world.engine().wallet().transfer_batch(&batch, Some("k")));
    assert_eq!(world.engine().wallet().transfer_batch(&batch, Some("l")).unwrap().len(), 4);
    assert_eq!((world.balance(a), world.balance(b)), (99_817, 1_199));
    refused(&world, Code::SameWallet, || {
        world.engine().wallet().transfer_batch(&[transfer(a, b, 1), transfer(a, a, 1)], None)
    });
    refused(&world, Code::InvalidArgument, || world.engine().wallet().transfer_batch(&[], None));
    world.assert_sound_at_rest();
}

#[test]
fn a_batch_may_spend_what_it_brought_in_and_is_judged_by_the_version_before_it() {
    let world = World::open();
    let (a, b, c) = (world.funded_wallet(1_000), world.wallet(), world.wallet());
    let version = world.look(a).version;
    let batch = [
        transfer(a, b, 500).with_expected_version(version),
        transfer(b, c, 500),
        transfer(a, b, 500).with_expected_version(version),
    ];
    world.engine().wallet().transfer_batch(&batch, None).unwrap();
    assert_eq!([a, b, c].map(|wallet| world.balance(wallet)), [0, 500, 500]);
    refused(&world, Code::Conflict, || {
        world.engine().wallet().transfer_batch(&[transfer(b, c, 1), transfer(c, a, 1).with_expected_version(0)], None)
    });
    world.assert_sound_at_rest();
}

#[test]
fn a_batch_counts_its_own_transfers_against_the_limits() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(1_000), world.wallet());
    world.engine().wallet().set_limit(a, &Limit::new(LimitWindow::Day).with_count_max(2)).unwrap();
    let three = [transfer(a, b, 1), transfer(a, b, 1), transfer(a, b, 1)];
    refused(&world, Code::LimitExceeded, || world.engine().wallet().transfer_batch(&three, None));
    world.engine().wallet().transfer_batch(&three[..2], None).unwrap();
    world.assert_sound_at_rest();
}

#[test]
fn a_fee_that_does_not_fit_refuses_the_amount_too() {
    let world = World::builder().configure(|c| c.with_transfer_fee(FeePolicy::fixed(i64::MAX))).open();
    let (a, b) = (world.funded_wallet(1_000), world.wallet());
    refused(&world, Code::InsufficientFunds, || world.engine().wallet().transfer(&transfer(a, b, 1_000)));
    let world = World::builder().fee(FeePolicy::fixed(i64::MAX)).open();
    let a = world.funded_wallet(i64::MAX);
    refused(&world, Code::InsufficientFunds, || world.engine().bill().pay(&world.bill(a, "m", 1)));
    let quote = QuoteRequest::new(world.look(a).user_id, BILLER, ITEM, "m", ngn(1));
    assert_eq!(code(world.engine().bill().quote(&quote).map(|quote| quote.fee)), Ok(()));
    world.assert_sound_at_rest();
}

#[test]
fn a_credit_limit_without_end_does_not_break_its_wallet() {
    let world = World::open();
    let (a, b) = (world.wallet(), world.funded_wallet(1_000));
    let wallets = world.engine().wallet();
    wallets.set_credit_limit(a, i64::MAX).unwrap();
    refused(&world, Code::AmountOverflow, || wallets.fund(&MoneyRequest::new(a, ngn(1))));
    refused(&world, Code::AmountOverflow, || wallets.transfer(&transfer(b, a, 1)));
    assert_eq!(world.balance(a), 0, "the wallet can still be read");
    wallets.authorise(&HoldRequest::new(a, ngn(i64::MAX), HOUR)).unwrap();
    refused(&world, Code::AmountOverflow, || wallets.fund(&MoneyRequest::new(a, ngn(1))));
    refused(&world, Code::AmountOverflow, || wallets.set_credit_limit(b, i64::MAX));
    world.advance(3_600_000);
    assert_eq!(world.look(a).available_minor, i64::MAX);
    refused(&world, Code::InvalidAmount, || wallets.set_credit_limit(a, -1));
    world.assert_sound_at_rest();
}

#[test]
fn a_reversal_into_a_wallet_with_no_room_goes_to_suspense() {
    let world = World::open();
    let wallet = world.wallet();
    world.fund(world.wallet(), 50_000);
    let wallets = world.engine().wallet();
    wallets.set_credit_limit(wallet, 10_100).unwrap();
    world.provider().script("m", [PayStep::Declined], []);
    let id = world.pay(wallet, "m", 10_000);
    world.run();
    wallets.set_credit_limit(wallet, i64::MAX).unwrap();
    world.fund(wallet, 1);
    world.drain();
    let payment = world.peek(id);
    assert_eq!((payment.status, payment.suspense_minor), (PaymentStatus::Reversed, 10_100));
    refused(&world, Code::AmountOverflow, || world.engine().reversal().release_suspense(id, None));
    wallets.set_credit_limit(wallet, 10_099).unwrap();
    world.engine().reversal().release_suspense(id, None).unwrap();
    assert_eq!(world.balance(wallet), 1);
    world.assert_sound_at_rest();
}

#[test]
fn money_that_went_round_past_64_bits_still_counts_against_limits() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(i64::MAX), world.wallet());
    let wallets = world.engine().wallet();
    for (from, to) in [(a, b), (b, a), (a, b), (b, a)] {
        wallets.transfer(&transfer(from, to, i64::MAX)).unwrap();
    }
    wallets.set_limit(a, &Limit::new(LimitWindow::Day).with_count_max(3)).unwrap();
    wallets.transfer(&transfer(a, b, 1)).unwrap();
    refused(&world, Code::LimitExceeded, || wallets.transfer(&transfer(a, b, 1)));
    wallets.set_limit(a, &Limit::new(LimitWindow::Month).with_amount_max(i64::MAX)).unwrap();
    refused(&world, Code::LimitExceeded, || wallets.transfer(&transfer(a, b, 1)));
    world.assert_sound_at_rest();
}

#[test]
fn money_of_many_wallets_past_64_bits_is_refused_and_the_ledger_stays_readable() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(i64::MAX), world.wallet());
    let wallets = world.engine().wallet();
    let more = wallets.fund(&MoneyRequest::new(b, ngn(1)));
    assert!(matches!(code(more), Ok(()) | Err(Code::AmountOverflow)));
    refused(&world, Code::AmountOverflow, || wallets.fund(&MoneyRequest::new(b, ngn(i64::MAX))));
    assert!(world.engine().verify().is_ok());
    assert!(world.engine().stats().is_ok());
    assert_eq!(world.balance(a), i64::MAX);
    world.assert_sound_at_rest();
}

#[test]
fn a_day_ends_at_midnight_utc_and_a_clock_set_back_gives_no_second_day() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(10_000), world.wallet());
    let wallets = world.engine().wallet();
    wallets.set_limit(a, &Limit::new(LimitWindow::Day).with_amount_max(100)).unwrap();
    let midnight = world.engine().due_now().0.div_euclid(DAY_MS) * DAY_MS + DAY_MS;
    world.clock().set_wall(UnixMillis(midnight - 1));
    let pay = |minor| code(wallets.transfer(&transfer(a, b, minor)));
    assert_eq!([pay(100), pay(1)], [Ok(()), Err(Code::LimitExceeded)]);
    world.clock().set_wall(UnixMillis(midnight));
    assert_eq!([pay(100), pay(1)], [Ok(()), Err(Code::LimitExceeded)]);
    world.clock().set_wall(UnixMillis(midnight - 1));
    assert_eq!(pay(1), Err(Code::LimitExceeded));
    world.assert_sound_at_rest();
}

#[test]
fn a_refund_does_not_give_the_limit_back() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.engine().wallet().set_limit(wallet, &Limit::new(LimitWindow::Day).with_count_max(1)).unwrap();
    let id = world.pay(wallet, "m", 1_000);
    world.drain();
    world.engine().reversal().refund(&RefundRequest::new(id, ngn(500), RefundSource::Host, "half of it")).unwrap();
    refused(&world, Code::LimitExceeded, || world.engine().bill().pay(&world.bill(wallet, "m", 1)));
    world.assert_sound_at_rest();
}

#[test]
fn a_hold_kept_until_nothing_is_left_is_over_and_one_half_taken_expires_with_the_rest() {
    let world = World::open();
    let (a, to) = (world.funded_wallet(1_000), world.wallet());
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(a, ngn(600), HOUR)).unwrap().id;
    let take = |minor| {
        let request = CaptureRequest::new(hold, ngn(minor)).with_destination(to).with_remainder(Remainder::Keep);
        code(wallets.capture(&request))
    };
    assert_eq!(
        [take(200), take(200), take(201), take(200), take(1)],
        [Ok(()), Ok(()), Err(Code::CaptureAboveHold), Ok(()), Err(Code::HoldResolved)]
    );
    assert_eq!(world.look(a).held_minor, 0);
    let hold = wallets.authorise(&HoldRequest::new(a, ngn(400), HOUR)).unwrap().id;
    wallets.capture(&CaptureRequest::new(hold, ngn(100)).with_remainder(Remainder::Keep)).unwrap();
    wallets.set_status(a, WalletStatus::Frozen).unwrap();
    refused(&world, Code::WalletFrozen, || wallets.capture(&CaptureRequest::new(hold, ngn(1))));
    refused(&world, Code::WalletFrozen, || wallets.authorise(&HoldRequest::new(a, ngn(1), HOUR)));
    refused(&world, Code::WalletNotEmpty, || wallets.set_status(a, WalletStatus::Closed));
    world.advance(3_600_000);
    let expired = wallets.find_hold(hold).unwrap();
    assert_eq!((expired.status, expired.captured_minor), (HoldStatus::Expired, 100));
    assert_eq!((world.look(a).held_minor, world.balance(a), world.balance(to)), (0, 300, 600));
    world.assert_sound_at_rest();
}

#[test]
fn a_capture_to_a_wallet_that_takes_nothing_leaves_the_hold_as_it_was() {
    let world = World::open();
    let (a, frozen, closed) = (world.funded_wallet(1_000), world.wallet(), world.wallet());
    let wallets = world.engine().wallet();
    wallets.set_status(frozen, WalletStatus::Frozen).unwrap();
    wallets.set_status(closed, WalletStatus::Closed).unwrap();
    let hold = wallets.authorise(&HoldRequest::new(a, ngn(600), HOUR)).unwrap().id;
    let to = |wallet| wallets.capture(&CaptureRequest::new(hold, ngn(1)).with_destination(wallet));
    refused(&world, Code::WalletFrozen, || to(frozen));
    refused(&world, Code::WalletClosed, || to(closed));
    refused(&world, Code::SameWallet, || to(a));
    wallets.set_limit(a, &Limit::new(LimitWindow::Transaction).with_amount_max(10)).unwrap();
    refused(&world, Code::LimitExceeded, || wallets.capture(&CaptureRequest::new(hold, ngn(11))));
    assert_eq!(world.look(a).held_minor, 600);
    wallets.release(hold, None).unwrap();
    refused(&world, Code::HoldResolved, || wallets.release(hold, None));
    world.assert_sound_at_rest();
}

#[test]
fn credit_holds_and_a_reversal_add_up() {
    let world = World::open();
    let a = world.funded_wallet(1_000);
    world.funded_wallet(10_000);
    let wallets = world.engine().wallet();
    wallets.set_credit_limit(a, 2_000).unwrap();
    let hold = wallets.authorise(&HoldRequest::new(a, ngn(1_500), HOUR)).unwrap().id;
    world.provider().script("m", [PayStep::Declined], []);
    world.pay(a, "m", 1_400);
    refused(&world, Code::InsufficientFunds, || wallets.authorise(&HoldRequest::new(a, ngn(1), HOUR)));
    refused(&world, Code::InsufficientFunds, || wallets.set_credit_limit(a, 1_999));
    world.drain();
    assert_eq!(world.look(a).available_minor, 1_500);
    wallets.capture(&CaptureRequest::new(hold, ngn(1_500))).unwrap();
    assert_eq!((world.balance(a), world.look(a).available_minor), (-500, 1_500));
    refused(&world, Code::InsufficientFunds, || wallets.set_credit_limit(a, 499));
    refused(&world, Code::WalletNotEmpty, || wallets.set_status(a, WalletStatus::Closed));
    world.assert_sound_at_rest();
}

#[test]
fn a_quote_keeps_its_price_but_not_an_item_that_is_gone() {
    let world = World::open();
    let (user, stranger) = (world.user(), world.funded_wallet(10_000));
    let wallet = world.wallet_of(user);
    world.fund(wallet, 10_000);
    let bills = world.engine().bill();
    let quote = || bills.quote(&QuoteRequest::new(user, BILLER, ITEM, "m", ngn(1_000))).unwrap();
    let (first, second) = (quote(), quote());
    refused(&world, Code::NotFound, || bills.pay(&PayBill::from_quote(stranger, &first)));
    reload(&world, |_| {}, |item| item.fee = FeePolicy::fixed(900));
    assert_eq!(bills.pay(&PayBill::from_quote(wallet, &first)).unwrap().fee, ngn(100));
    refused(&world, Code::QuoteUsed, || bills.pay(&PayBill::from_quote(wallet, &first)));
    reload(&world, |_| {}, |item| item.enabled = false);
    refused(&world, Code::BillerUnavailable, || bills.pay(&PayBill::from_quote(wallet, &second)));
    reload(&world, |biller| biller.enabled = false, |_| {});
    refused(&world, Code::BillerUnavailable, || bills.pay(&PayBill::from_quote(wallet, &second)));
    reload(&world, |_| {}, |item| item.currency = Currency::from_code("KES").unwrap());
    refused(&world, Code::CurrencyMismatch, || bills.pay(&PayBill::from_quote(wallet, &second)));
    reload(&world, |_| {}, |_| {});
    bills.pay(&PayBill::from_quote(wallet, &second)).unwrap();
    world.assert_sound_at_rest();
}

#[test]
fn a_replay_needs_neither_biller_nor_provider_nor_money_and_survives_reopening() {
    let mut world = World::open();
    let wallet = world.funded_wallet(1_100);
    let bill = world.bill(wallet, "m", 1_000).with_idempotency_key("k");
    let first = world.engine().bill().pay(&bill).unwrap();
    refused(&world, Code::InsufficientFunds, || {
        world.engine().bill().pay(&world.bill(wallet, "m", 1_000).with_idempotency_key("poor"))
    });
    world.drain();
    world.fund(wallet, 5_000);
    reload(&world, |biller| biller.enabled = false, |_| {});
    world.engine().wallet().set_status(wallet, WalletStatus::Frozen).unwrap();
    world.reopen();
    assert_eq!(world.engine().bill().pay(&bill).unwrap().id, first.id);
    refused(&world, Code::InsufficientFunds, || {
        world.engine().bill().pay(&world.bill(wallet, "m", 1_000).with_idempotency_key("poor"))
    });
    assert_eq!(world.balance(wallet), 5_000);
    world.assert_sound_at_rest();
}

#[test]
fn one_key_is_one_per_operation_and_user_and_names_the_other_wallet() {
    let world = World::open();
    let user = world.user();
    let (a, other) = (world.wallet_of(user), world.wallet());
    let wallets = world.engine().wallet();
    let b = wallets.create(user, Currency::NGN, "second").unwrap().id;
    let fund = |wallet| wallets.fund(&MoneyRequest::new(wallet, ngn(100)).with_idempotency_key("k"));
    fund(a).unwrap();
    fund(a).unwrap();
    let error = fund(b).unwrap_err();
    assert_eq!(error.code(), Code::IdempotencyKeyReused);
    assert!(!error.to_string().contains(&a.to_string()), "{error}");
    wallets.transfer(&transfer(a, other, 10).with_idempotency_key("k")).unwrap();
    wallets.credit(&MoneyRequest::new(a, ngn(5)).with_idempotency_key("k")).unwrap();
    assert_eq!((world.balance(a), world.balance(b), world.balance(other)), (95, 0, 10));
    world.assert_sound_at_rest();
}

#[test]
fn a_review_is_resolved_once_however_many_try() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("m", [PayStep::WrongAmount(1)], []);
    let id = world.pay(wallet, "m", 10_000);
    world.run();
    assert_eq!(world.peek(id).status, PaymentStatus::NeedsReview);
    world.provider().take_back(&world.peek(id).request_id);
    let answers =
        at_once(8, |_| code(world.engine().reversal().resolve_review(id, &ReviewVerdict::NotPaid, "they say so")));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 50_000);
}

#[test]
fn a_user_who_is_shut_out_still_gets_what_was_begun() {
    let world = World::open();
    let user = world.user();
    let wallet = world.wallet_of(user);
    world.fund(wallet, 50_000);
    world.provider().script("m", [PayStep::Declined], []);
    let (failed, paid) = (world.pay(wallet, "m", 1_000), world.pay(wallet, "n", 1_000));
    world.engine().auth().deactivate(user).unwrap();
    world.engine().auth().deactivate(user).unwrap();
    world.drain();
    assert_eq!(
        (world.peek(failed).status, world.peek(paid).status),
        (PaymentStatus::Reversed, PaymentStatus::Completed)
    );
    assert!(world.engine().wallet().create(user, Currency::NGN, "more").is_err());
    world.assert_sound_at_rest();
}

#[test]
fn a_user_has_a_hundred_wallets_and_no_more_even_at_once() {
    let world = World::open();
    let user = world.user();
    let had = world.engine().wallet().list(user).unwrap().len();
    let made: usize =
        at_once(4, |_| (0..30).filter(|_| world.engine().wallet().create(user, Currency::NGN, "").is_ok()).count())
            .into_iter()
            .sum();
    assert_eq!(had + made, 100);
    refused(&world, Code::NotAllowed, || world.engine().wallet().create(user, Currency::NGN, ""));
    assert_eq!(world.engine().wallet().list(user).unwrap().len(), 100);
    world.assert_sound_at_rest();
}

#[test]
fn setting_the_status_a_wallet_has_writes_nothing() {
    let world = World::open();
    let wallet = world.wallet();
    let wallets = world.engine().wallet();
    let head = world.engine().events().head().unwrap();
    let before = world.look(wallet);
    assert_eq!(wallets.set_status(wallet, WalletStatus::Active).unwrap(), before);
    assert_eq!(world.engine().events().head().unwrap(), head);
    wallets.set_status(wallet, WalletStatus::Closed).unwrap();
    assert_eq!(code(wallets.set_status(wallet, WalletStatus::Closed)), Ok(()));
    refused(&world, Code::WalletClosed, || wallets.set_status(wallet, WalletStatus::Active));
}

#[test]
fn refunds_from_both_sources_at_once_never_exceed_the_payment() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "m", 1_000);
    world.drain();
    let answers = at_once(8, |number| {
        let source = if number % 2 == 0 { RefundSource::Host } else { RefundSource::Biller };
        code(world.engine().reversal().refund(&RefundRequest::new(id, ngn(400), source, "again")))
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Code::RefundAbovePaid))));
    refused(&world, Code::RefundAbovePaid, || {
        world.engine().reversal().refund(&RefundRequest::new(id, ngn(i64::MAX), RefundSource::Host, "all"))
    });
    world.assert_sound_at_rest();
}

#[test]
fn a_deadline_of_a_millisecond_means_done_or_busy_and_nothing_between() {
    let world = World::builder().configure(|c| c.with_call_deadline(Duration::from_millis(1))).open();
    let user = loop_until(|| {
        let request = fusepay_core::Registration::new("hurried@world.example", "H", "U", "a password of the world");
        world.engine().auth().register(&request)
    })
    .user
    .id;
    let wallet = loop_until(|| world.engine().wallet().create(user, Currency::NGN, "")).id;
    let funded: usize = at_once(8, |_| {
        (0..40)
            .filter(|_| match code(world.engine().wallet().fund(&MoneyRequest::new(wallet, ngn(1)))) {
                Ok(()) => true,
                Err(Code::Busy) => false,
                Err(other) => panic!("{other:?}"),
            })
            .count()
    })
    .into_iter()
    .sum();
    assert_eq!(usize::try_from(world.balance(wallet)).unwrap(), funded);
    world.assert_sound();
}

fn loop_until<T>(call: impl Fn() -> fusepay_core::Result<T>) -> T {
    for _ in 0..10_000 {
        match call() {
            Ok(answer) => return answer,
            Err(error) => assert_eq!(error.code(), Code::Busy),
        }
    }
    panic!("always busy");
}

#[test]
fn closing_from_inside_the_provider_leaves_a_payment_the_next_engine_finds_paid() {
    let mut world = World::open();
    let wallet = world.funded_wallet(50_000);
    let engine = Arc::downgrade(world.engine());
    let step = PayStep::Paid.then(move |_| {
        let engine = engine.upgrade().unwrap();
        engine.close(Duration::from_millis(50)).unwrap();
        assert_eq!(code(engine.stats()), Err(Code::Closed));
    });
    world.provider().script("m", [step], []);
    let id = world.pay(wallet, "m", 1_000);
    let _ = world.engine().run_due();
    world.wait_until_closed();
    world.reopen();
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::Completed, 1));
}

trait WaitUntilClosed {
    fn wait_until_closed(&self);
}

impl WaitUntilClosed for World {
    fn wait_until_closed(&self) {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while self.engine().stats().map(|_| ()).map_err(|error| error.code()) != Err(Code::Closed) {
            assert!(std::time::Instant::now() < end, "the engine was not closed");
            std::thread::yield_now();
        }
    }
}

struct Spender {
    engine: Weak<fusepay_core::FusePay>,
    from: WalletId,
    to: WalletId,
    done: Arc<AtomicU32>,
    complaint: Arc<Mutex<Option<String>>>,
}

impl Subscriber for Spender {
    fn notify(&self, event: &Event) -> fusepay_core::Result<()> {
        let Some(engine) = self.engine.upgrade() else { return Ok(()) };
        let request = transfer(self.from, self.to, 1).with_idempotency_key(format!("event {}", event.sequence));
        if event.name == fusepay_core::EventName::PaymentSuccess {
            if let Err(error) = engine.wallet().transfer(&request).and_then(|_| engine.run_due().map(|_| ())) {
                *self.complaint.lock().unwrap() = Some(error.to_string());
            }
            self.done.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[test]
fn a_subscriber_may_move_money() {
    let world = World::open();
    let (from, to) = (world.funded_wallet(50_000), world.wallet());
    let (done, complaint) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(None)));
    let spender = Spender {
        engine: Arc::downgrade(world.engine()),
        from,
        to,
        done: Arc::clone(&done),
        complaint: Arc::clone(&complaint),
    };
    let _subscription = world.engine().events().subscribe("spender", StartAt::Beginning, Arc::new(spender)).unwrap();
    for number in 0..5 {
        world.pay(from, &format!("m{number}"), 1_000);
    }
    world.wait_until("every payment was told", |_| done.load(Ordering::SeqCst) >= 5);
    assert_eq!(*complaint.lock().unwrap(), None);
    world.assert_sound_at_rest();
    assert_eq!(world.balance(to), 5);
}

#[test]
fn a_payment_whose_provider_is_missing_after_reopening_waits_for_it() {
    let is_there = Arc::new(AtomicBool::new(true));
    let later = Arc::new(ScriptedProvider::new());
    let biller = Biller::new("LATER", "Later", Category::new("TV").unwrap(), "later");
    let (flag, provider) = (Arc::clone(&is_there), Arc::clone(&later));
    let mut world = World::builder()
        .biller(biller, vec![BillItem::new("ANY", "Any", ngn(1), 10_000)])
        .configure(move |config| {
            if flag.load(Ordering::SeqCst) { config.with_provider("later", Arc::clone(&provider) as _) } else { config }
        })
        .open();
    let wallet = world.funded_wallet(50_000);
    let id = world.engine().bill().pay(&PayBill::new(wallet, "LATER", "ANY", "m", ngn(1_000))).unwrap().id;
    is_there.store(false, Ordering::SeqCst);
    world.reopen();
    world.advance(600_000);
    assert_eq!((world.peek(id).status, later.sends()), (PaymentStatus::Pending, 0));
    world.engine().register_provider("later", Arc::clone(&later) as _).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, later.sends()), (PaymentStatus::Completed, 1));
}

#[test]
fn run_due_on_many_threads_while_the_biller_is_unsure_sends_once() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("m", [PayStep::PaidThenTimeout], [QueryStep::Unknown, QueryStep::Unknown]);
    let id = world.pay(wallet, "m", 1_000);
    for _ in 0..40 {
        at_once(4, |_| world.engine().run_due().unwrap());
        world.clock().advance(5_000);
    }
    world.assert_sound_at_rest();
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::Completed, 1));
}

#[test]
fn moments_at_the_ends_of_time_are_answered_or_refused() {
    let world = World::open();
    let wallet = world.funded_wallet(1_000);
    let history = world.engine().history();
    let ends = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX].map(UnixMillis);
    let typed = |code: Result<(), Code>| assert!(!matches!(code, Err(Code::Panicked | Code::StorageFault)), "{code:?}");
    for from in ends {
        typed(code(history.balance_at(wallet, from)));
        typed(code(world.engine().bill().pay(&world.bill(wallet, "m", 1).with_requested_at(from))));
        for until in ends {
            typed(code(history.statement(wallet, from, until)));
            let mut filter = HistoryFilter::new();
            (filter.from, filter.until) = (Some(from), Some(until));
            typed(code(history.page(wallet, &filter, None, 10)));
        }
    }
    for life in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        refused(&world, Code::InvalidArgument, || {
            world.engine().wallet().authorise(&HoldRequest::new(wallet, ngn(1), life))
        });
    }
    world.assert_sound_at_rest();
}

#[test]
fn a_clock_outside_the_years_of_mankind_refuses_or_works_and_never_panics() {
    let world = World::open();
    let (a, b) = (world.funded_wallet(1_000), world.wallet());
    for wall in [i64::MIN, -1, 0, 1 << 48, i64::MAX] {
        world.clock().set_wall(UnixMillis(wall));
        let answer = code(world.engine().wallet().transfer(&transfer(a, b, 1)));
        assert!(!matches!(answer, Err(Code::Panicked | Code::StorageFault | Code::Corrupt)), "{wall}: {answer:?}");
        let answer = code(world.engine().bill().pay(&world.bill(a, "m", 1)));
        assert!(!matches!(answer, Err(Code::Panicked | Code::StorageFault | Code::Corrupt)), "{wall}: {answer:?}");
        let limit = Limit::new(LimitWindow::Month).with_count_max(1_000);
        let answer = code(world.engine().wallet().set_limit(a, &limit));
        assert!(!matches!(answer, Err(Code::Panicked | Code::StorageFault | Code::Corrupt)), "{wall}: {answer:?}");
    }
    world.clock().set_wall(world.engine().due_now());
    world.assert_sound_at_rest();
}

#[test]
fn what_a_wallet_refuses_says_nothing_of_whose_it_is() {
    let world = World::open();
    let user = world.user();
    let (mine, theirs) = (world.wallet_of(user), world.funded_wallet(777_123));
    let token = world
        .engine()
        .auth()
        .login(&fusepay_core::Login::new("user1@world.example", "a password of the world"))
        .unwrap()
        .access;
    let session = world.engine().session(&token).unwrap();
    let hold = world.engine().wallet().authorise(&HoldRequest::new(theirs, ngn(5), HOUR)).unwrap().id;
    let nobody: WalletId = WalletId::from_bytes([7; 16]);
    let foreign = [
        session.wallet().find(theirs).unwrap_err(),
        session.wallet().transfer(&transfer(theirs, mine, 1)).unwrap_err(),
        session.wallet().limits(theirs).unwrap_err(),
        session.wallet().holds(theirs, HoldStatus::Active, 5).unwrap_err(),
    ];
    let unknown = session.wallet().find(nobody).unwrap_err();
    for error in foreign {
        assert_eq!((error.code(), error.detail()), (Code::NotFound, unknown.detail()));
    }
    assert_eq!(session.wallet().find_hold(hold).unwrap_err().code(), Code::NotFound);
    let bill = world.bill(theirs, "m", 1);
    assert_eq!(session.bill().pay(&bill).unwrap_err().detail(), unknown.detail());
    world.assert_sound_at_rest();
}

#[test]
fn a_quote_for_nobody_is_refused_by_name() {
    let world = World::open();
    let nobody = fusepay_core::UserId::from_bytes([7; 16]);
    refused(&world, Code::NotFound, || {
        world.engine().bill().quote(&QuoteRequest::new(nobody, BILLER, ITEM, "m", ngn(1)))
    });
    assert_eq!(code(world.engine().wallet().create(nobody, Currency::NGN, "")), Err(Code::NotFound));
    world.assert_sound();
}

/// A biller that wants at least ten naira of every customer.
struct Choosy(ScriptedProvider);

impl fusepay_core::Provider for Choosy {
    fn capabilities(&self) -> fusepay_core::Capabilities {
        self.0.capabilities()
    }

    fn pay(&self, request: &fusepay_core::PayRequest) -> fusepay_core::Answer<fusepay_core::PayOutcome> {
        self.0.pay(request)
    }

    fn query(&self, request: &fusepay_core::QueryRequest) -> fusepay_core::Answer<fusepay_core::QueryOutcome> {
        self.0.query(request)
    }

    fn validate_customer(
        &self,
        request: &fusepay_core::CustomerRequest,
    ) -> fusepay_core::Result<fusepay_core::Customer> {
        let mut customer = self.0.validate_customer(request)?;
        customer.minimum_minor = Some(1_000);
        Ok(customer)
    }
}

#[test]
fn what_a_biller_wants_at_least_of_a_customer_holds_without_a_quote_too() {
    let world = World::open();
    world.engine().register_provider("choosy", Arc::new(Choosy(ScriptedProvider::new()))).unwrap();
    let biller = Biller::new("CHOOSY", "Choosy", Category::new("TV").unwrap(), "choosy");
    let mut item = BillItem::new("ANY", "Any", ngn(1), 10_000);
    item.validates_customer = true;
    world.engine().bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    let wallet = world.funded_wallet(50_000);
    let pay = |minor| world.engine().bill().pay(&PayBill::new(wallet, "CHOOSY", "ANY", "m", ngn(minor)));
    let quote = QuoteRequest::new(world.look(wallet).user_id, "CHOOSY", "ANY", "m", ngn(999));
    refused(&world, Code::AmountOutOfRange, || world.engine().bill().quote(&quote));
    refused(&world, Code::AmountOutOfRange, || pay(999));
    pay(1_000).unwrap();
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 49_000);
}

//! Goal: the same key and the same parameters give the same answer for ever, and
//! the effect once; a changed parameter is refused by name.
//! Method: every call that takes a key is repeated, in sequence, at once from
//! many threads, after the payment has gone on, and after a restart.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    CaptureRequest, Code, HoldRequest, Metadata, MoneyRequest, PayBill, PaymentStatus, Transaction, TransferRequest,
    UnixMillis, Wallets,
};
use fusepay_testkit::{BILLER, PayStep, World, ngn};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;

#[test]
fn paying_again_with_the_same_key_is_one_payment_and_one_answer() {
    let mut world = World::open();
    let wallet = world.funded_wallet(50_000);
    let bill = world.bill(wallet, "meter", 10_000).with_idempotency_key("k");
    let first = world.engine().bill().pay(&bill).unwrap();
    assert_eq!(world.engine().bill().pay(&bill).unwrap(), first);
    world.assert_sound_at_rest();
    assert_eq!(world.payment(first.id).status, PaymentStatus::Completed);
    assert_eq!(world.engine().bill().pay(&bill).unwrap(), first, "the answer given then");
    world.reopen();
    assert_eq!(world.engine().bill().pay(&bill).unwrap(), first);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.provider().sends()), (39_900, 1));
}

#[test]
fn a_changed_field_is_refused_by_name_and_the_original_is_untouched() {
    let world = World::open();
    let user = world.user();
    let wallet = world.wallet_of(user);
    let other = world.engine().wallet().create(user, fusepay_core::Currency::NGN, "other").unwrap().id;
    world.fund(wallet, 50_000);
    world.fund(other, 50_000);
    let bill = world.bill(wallet, "meter", 10_000).with_idempotency_key("k");
    let first = world.engine().bill().pay(&bill).unwrap();
    let changed: [(&str, PayBill); 6] = [
        ("wallet", world.bill(other, "meter", 10_000)),
        ("biller", PayBill::new(wallet, "OTHER", "PREPAID", "meter", ngn(10_000))),
        ("item", PayBill::new(wallet, BILLER, "OTHER", "meter", ngn(10_000))),
        ("customer_reference", world.bill(wallet, "meter2", 10_000)),
        ("amount", world.bill(wallet, "meter", 10_001)),
        ("metadata", world.bill(wallet, "meter", 10_000).with_metadata(Metadata::parse(r#"{"a":1}"#).unwrap())),
    ];
    for (field, request) in changed {
        let refused = world.engine().bill().pay(&request.with_idempotency_key("k")).unwrap_err();
        assert_eq!((refused.code(), refused.field_name()), (Code::IdempotencyKeyReused, Some(field)));
    }
    let later = world.bill(wallet, "meter", 10_000).with_requested_at(UnixMillis(1)).with_idempotency_key("k");
    let refused = world.engine().bill().pay(&later).unwrap_err();
    assert_eq!((refused.code(), refused.field_name()), (Code::IdempotencyKeyReused, Some("requested_at")));
    assert_eq!(world.engine().bill().pay(&bill).unwrap(), first);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.balance(other)), (39_900, 50_000));
}

#[test]
fn sixty_four_threads_with_one_key_are_one_payment_and_one_call() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let bill = world.bill(wallet, "meter", 10_000).with_idempotency_key("k");
    let start = Barrier::new(64);
    let ids: BTreeSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    world.engine().bill().pay(&bill).unwrap().id
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    world.assert_sound_at_rest();
    assert_eq!((ids.len(), world.balance(wallet), world.provider().sends()), (1, 39_900, 1));
}

#[test]
fn the_same_key_of_another_user_is_another_payment_with_another_request_id() {
    let world = World::open();
    let (one, other) = (world.funded_wallet(50_000), world.funded_wallet(50_000));
    let pay = |wallet| world.engine().bill().pay(&world.bill(wallet, "m", 1_000).with_idempotency_key("k")).unwrap();
    let (first, second) = (pay(one), pay(other));
    assert!(first.id != second.id && first.request_id != second.request_id);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(one), world.balance(other), world.provider().sends()), (48_900, 48_900, 2));
}

#[test]
fn one_key_serves_each_operation_of_its_own() {
    let world = World::open();
    let (wallet, other) = (world.funded_wallet(50_000), world.wallet());
    let wallets = world.engine().wallet();
    let money = MoneyRequest::new(wallet, ngn(1_000)).with_idempotency_key("k");
    wallets.credit(&money).unwrap();
    wallets.debit(&money).unwrap();
    wallets.withdraw(&money).unwrap();
    wallets.transfer(&TransferRequest::new(wallet, other, ngn(1_000)).with_idempotency_key("k")).unwrap();
    let hold = wallets
        .authorise(&HoldRequest::new(wallet, ngn(1_000), Duration::from_secs(60)).with_idempotency_key("k"))
        .unwrap();
    wallets.capture(&CaptureRequest::new(hold.id, ngn(1_000)).with_idempotency_key("k")).unwrap();
    world.engine().bill().pay(&world.bill(wallet, "m", 1_000).with_idempotency_key("k")).unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.balance(other)), (45_900, 1_000));
}

#[test]
fn every_movement_happens_once_per_key() {
    let world = World::open();
    let (wallet, other) = (world.funded_wallet(50_000), world.wallet());
    let wallets = world.engine().wallet();
    let money = MoneyRequest::new(wallet, ngn(1_000)).with_idempotency_key("k").with_description("text");
    type Move = fn(&Wallets<'_>, &MoneyRequest) -> fusepay_core::Result<Transaction>;
    let moves: [Move; 4] = [|w, m| w.fund(m), |w, m| w.credit(m), |w, m| w.debit(m), |w, m| w.withdraw(m)];
    for call in moves {
        let first = call(&wallets, &money).unwrap();
        assert_eq!(call(&wallets, &money).unwrap(), first);
        let changed = MoneyRequest::new(wallet, ngn(1_001)).with_idempotency_key("k").with_description("text");
        let refused = call(&wallets, &changed).unwrap_err();
        assert_eq!((refused.code(), refused.field_name()), (Code::IdempotencyKeyReused, Some("amount")));
    }
    assert_eq!(world.balance(wallet), 50_000);
    let transfer = TransferRequest::new(wallet, other, ngn(500)).with_idempotency_key("k");
    let first = wallets.transfer(&transfer).unwrap();
    assert_eq!(wallets.transfer(&transfer).unwrap(), first);
    let hold = HoldRequest::new(wallet, ngn(700), Duration::from_secs(60)).with_idempotency_key("k");
    let held = wallets.authorise(&hold).unwrap();
    assert_eq!(wallets.authorise(&hold).unwrap(), held);
    let capture = CaptureRequest::new(held.id, ngn(300)).with_destination(other).with_idempotency_key("k");
    let captured = wallets.capture(&capture).unwrap();
    assert_eq!(wallets.capture(&capture).unwrap(), captured);
    assert_eq!(wallets.release(held.id, Some("k")).unwrap_err().code(), Code::HoldResolved);
    assert_eq!((world.balance(wallet), world.balance(other), world.look(wallet).held_minor), (49_200, 800, 0));
    world.assert_sound_at_rest();
}

#[test]
fn a_batch_is_one_answer_per_key() {
    let world = World::open();
    let (wallet, other) = (world.funded_wallet(50_000), world.wallet());
    let batch = vec![TransferRequest::new(wallet, other, ngn(100)); 3];
    let wallets = world.engine().wallet();
    let first = wallets.transfer_batch(&batch, Some("k")).unwrap();
    assert_eq!(wallets.transfer_batch(&batch, Some("k")).unwrap(), first);
    let refused = wallets.transfer_batch(&batch[..2], Some("k")).unwrap_err();
    assert_eq!(refused.code(), Code::IdempotencyKeyReused);
    assert_eq!((world.balance(wallet), world.balance(other)), (49_700, 300));
}

#[test]
fn a_key_refused_for_funds_stays_refused_after_funding() {
    let world = World::open();
    let wallet = world.funded_wallet(1_000);
    let bill = world.bill(wallet, "meter", 10_000).with_idempotency_key("k");
    let refuse = || world.engine().bill().pay(&bill).unwrap_err();
    let first = refuse();
    assert_eq!(first.code(), Code::InsufficientFunds);
    world.fund(wallet, 50_000);
    let again = refuse();
    assert_eq!((again.code(), again.detail()), (first.code(), first.detail()));
    assert_eq!(world.balance(wallet), 51_000);
    world.engine().bill().pay(&world.bill(wallet, "meter", 10_000).with_idempotency_key("k2")).unwrap();
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 40_900);
}

#[test]
fn bad_input_under_a_key_leaves_the_key_free() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let pay = |bill: PayBill| world.engine().bill().pay(&bill.with_idempotency_key("k")).map_err(|error| error.code());
    assert_eq!(pay(world.bill(wallet, "meter", 0)).unwrap_err(), Code::InvalidAmount);
    assert_eq!(pay(world.bill(wallet, "", 10_000)).unwrap_err(), Code::InvalidArgument);
    assert_eq!(pay(world.bill(fusepay_core::WalletId::from_bytes([7; 16]), "m", 1)).unwrap_err(), Code::NotFound);
    assert_eq!(pay(world.bill(wallet, "meter", 1).with_expected_version(77)).unwrap_err(), Code::Conflict);
    pay(world.bill(wallet, "meter", 10_000)).unwrap();
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 39_900);
}

#[test]
fn without_a_key_two_calls_are_two_payments() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let (one, other) = (world.pay(wallet, "meter", 1_000), world.pay(wallet, "meter", 1_000));
    world.assert_sound_at_rest();
    assert_ne!(world.payment(one).request_id, world.payment(other).request_id);
    assert_eq!((world.balance(wallet), world.provider().sends()), (47_800, 2));
}

#[test]
fn a_payment_repeated_after_it_was_reversed_is_not_made_again() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Declined], []);
    let bill = world.bill(wallet, "meter", 10_000).with_idempotency_key("k");
    let first = world.engine().bill().pay(&bill).unwrap();
    world.drain();
    assert_eq!(world.engine().bill().pay(&bill).unwrap(), first);
    world.assert_sound_at_rest();
    assert_eq!((world.balance(wallet), world.provider().sends()), (50_000, 1));
    assert_eq!(world.payment(first.id).status, PaymentStatus::Reversed);
}

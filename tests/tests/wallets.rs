//! Goal: a wallet's money is exact at the edges of its range, is spent only
//! within balance, holds and limits, and bad input is refused before anything is
//! written.
//! Method: the host's API on one engine under virtual time; where a refusal is
//! expected, the ledger's digest before and after must be the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    BillItem, Biller, CaptureRequest, Category, ClaimSettlement, Code, Currency, FeePolicy, HoldId, HoldRequest,
    HoldStatus, JobId, Limit, LimitWindow, Money, MoneyRequest, PaidReceipt, PayBill, PaymentId, PaymentStatus,
    QuoteRequest, RefundRequest, RefundSource, Remainder, ReviewVerdict, TransferRequest, UserId, WalletId,
    WalletStatus, Webhook,
};
use fusepay_testkit::{BILLER, CATEGORY, ITEM, PROVIDER, PayStep, World, ngn};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

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

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::from_code("KES").unwrap())
}

#[test]
fn a_full_wallet_takes_no_more_and_nothing_is_written() {
    let world = World::open();
    let wallet = world.funded_wallet(i64::MAX);
    let wallets = world.engine().wallet();
    refused(&world, Code::AmountOverflow, || wallets.credit(&MoneyRequest::new(wallet, ngn(1))));
    refused(&world, Code::AmountOverflow, || wallets.fund(&MoneyRequest::new(wallet, ngn(i64::MAX))));
    let other = world.wallet();
    wallets.set_credit_limit(other, 10).unwrap();
    refused(&world, Code::AmountOverflow, || wallets.transfer(&TransferRequest::new(other, wallet, ngn(10))));
    assert_eq!(world.balance(wallet), i64::MAX);
    wallets.debit(&MoneyRequest::new(wallet, ngn(i64::MAX))).unwrap();
    assert_eq!(world.balance(wallet), 0);
    world.assert_sound_at_rest();
}

#[test]
fn ten_credits_of_ten_kobo_are_one_naira() {
    let world = World::open();
    let wallet = world.wallet();
    for _ in 0..10 {
        world.fund(wallet, 10);
    }
    assert_eq!(world.balance(wallet), 100);
    world.assert_sound_at_rest();
}

#[test]
fn fees_are_rounded_half_up_and_parts_add_up_to_the_whole() {
    assert_eq!(FeePolicy::per_mille(15).for_amount(ngn(1)).unwrap(), ngn(0));
    assert_eq!(FeePolicy::per_mille(15).for_amount(ngn(34)).unwrap(), ngn(1));
    let parts = ngn(100).split(3).unwrap();
    assert_eq!(parts, [ngn(34), ngn(33), ngn(33)]);
    let world = World::builder().fee(FeePolicy::per_mille(15)).open();
    let wallet = world.funded_wallet(10_000);
    world.pay(wallet, "meter", 1);
    world.pay(wallet, "meter", 1_000);
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 10_000 - 1 - 1_000 - 15);
}

#[test]
fn amount_and_fee_are_both_needed() {
    let world = World::open();
    let wallet = world.funded_wallet(10_099);
    refused(&world, Code::InsufficientFunds, || world.engine().bill().pay(&world.bill(wallet, "meter", 10_000)));
    world.fund(wallet, 1);
    world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 0);
}

#[test]
fn transfers_and_withdrawals_charge_their_fees() {
    let world = World::builder()
        .configure(|config| config.with_transfer_fee(FeePolicy::fixed(5)).with_withdrawal_fee(FeePolicy::per_mille(10)))
        .open();
    let (wallet, other) = (world.funded_wallet(10_000), world.wallet());
    let wallets = world.engine().wallet();
    let sent = wallets.transfer(&TransferRequest::new(wallet, other, ngn(1_000))).unwrap();
    assert_eq!((sent.amount_minor, sent.counterparty), (-1_000, Some(other)));
    wallets.withdraw(&MoneyRequest::new(wallet, ngn(1_000))).unwrap();
    assert_eq!((world.balance(wallet), world.balance(other)), (7_985, 1_000));
    refused(&world, Code::InsufficientFunds, || wallets.transfer(&TransferRequest::new(wallet, other, ngn(7_981))));
    wallets.transfer(&TransferRequest::new(wallet, other, ngn(7_980))).unwrap();
    assert_eq!(world.balance(wallet), 0);
    world.assert_sound_at_rest();
}

#[test]
fn currencies_are_never_mixed() {
    let shilling_item = BillItem::new("KE", "Kenyan", kes(1), 1_000_000);
    let biller = Biller::new("KPLC", "Kenya Power", Category::new(CATEGORY).unwrap(), PROVIDER);
    let world = World::builder().biller(biller, vec![shilling_item]).open();
    let user = world.user();
    let naira = world.wallet_of(user);
    world.fund(naira, 50_000);
    let wallets = world.engine().wallet();
    let shillings = wallets.create(user, Currency::from_code("KES").unwrap(), "abroad").unwrap().id;
    let bill = world.engine().bill();
    refused(&world, Code::CurrencyMismatch, || bill.pay(&PayBill::new(naira, "KPLC", "KE", "m", kes(100))));
    refused(&world, Code::CurrencyMismatch, || bill.pay(&PayBill::new(naira, "KPLC", "KE", "m", ngn(100))));
    refused(&world, Code::CurrencyMismatch, || bill.pay(&PayBill::new(shillings, BILLER, ITEM, "m", ngn(100))));
    refused(&world, Code::CurrencyMismatch, || wallets.transfer(&TransferRequest::new(naira, shillings, ngn(1))));
    refused(&world, Code::CurrencyMismatch, || wallets.transfer(&TransferRequest::new(naira, shillings, kes(1))));
    refused(&world, Code::CurrencyMismatch, || wallets.fund(&MoneyRequest::new(naira, kes(1))));
    refused(&world, Code::CurrencyMismatch, || wallets.authorise(&HoldRequest::new(naira, kes(1), HOUR)));
    let hold = wallets.authorise(&HoldRequest::new(naira, ngn(100), HOUR)).unwrap();
    refused(&world, Code::CurrencyMismatch, || wallets.capture(&CaptureRequest::new(hold.id, kes(1))));
    refused(&world, Code::CurrencyMismatch, || {
        wallets.capture(&CaptureRequest::new(hold.id, ngn(1)).with_destination(shillings))
    });
    let id = world.pay(naira, "meter", 1_000);
    world.drain();
    refused(&world, Code::CurrencyMismatch, || {
        world.engine().reversal().refund(&RefundRequest::new(id, kes(1), RefundSource::Host, "why"))
    });
    world.assert_sound_at_rest();
}

#[test]
fn the_sixth_hold_of_a_thousand_on_five_thousand_is_refused() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let wallets = world.engine().wallet();
    let holds: Vec<_> =
        (0..5).map(|_| wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), HOUR)).unwrap().id).collect();
    refused(&world, Code::InsufficientFunds, || wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), HOUR)));
    refused(&world, Code::InsufficientFunds, || wallets.debit(&MoneyRequest::new(wallet, ngn(1))));
    let seen = world.look(wallet);
    assert_eq!((seen.balance_minor, seen.held_minor, seen.available_minor), (5_000, 5_000, 0));
    wallets.release(holds[0], None).unwrap();
    wallets.capture(&CaptureRequest::new(holds[1], ngn(1_000))).unwrap();
    let seen = world.look(wallet);
    assert_eq!((seen.balance_minor, seen.held_minor, seen.available_minor), (4_000, 3_000, 1_000));
    world.assert_sound_at_rest();
}

#[test]
fn a_hold_is_captured_in_parts_and_resolves_once() {
    let world = World::open();
    let (wallet, shop) = (world.funded_wallet(5_000), world.wallet());
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(3_000), HOUR)).unwrap();
    let part = |minor, remainder| {
        let request = CaptureRequest::new(hold.id, ngn(minor)).with_destination(shop).with_remainder(remainder);
        code(wallets.capture(&request))
    };
    assert_eq!(part(1_000, Remainder::Keep), Ok(()));
    assert_eq!(wallets.find_hold(hold.id).unwrap().remaining_minor(), 2_000);
    assert_eq!(part(2_001, Remainder::Keep), Err(Code::CaptureAboveHold));
    assert_eq!(part(500, Remainder::Release), Ok(()));
    assert_eq!(part(1, Remainder::Keep), Err(Code::HoldResolved));
    assert_eq!(code(wallets.release(hold.id, None)), Err(Code::HoldResolved));
    let ended = wallets.find_hold(hold.id).unwrap();
    assert_eq!((ended.status, ended.captured_minor), (HoldStatus::Captured, 1_500));
    assert_eq!((world.balance(wallet), world.look(wallet).held_minor, world.balance(shop)), (3_500, 0, 1_500));
    world.advance(7_200_000);
    assert_eq!(world.balance(wallet), 3_500);
    world.assert_sound_at_rest();
}

#[test]
fn a_hold_expires_when_its_time_is_over_and_not_before() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(3_000), HOUR)).unwrap();
    wallets.capture(&CaptureRequest::new(hold.id, ngn(1_000)).with_remainder(Remainder::Keep)).unwrap();
    world.advance(3_599_999);
    assert_eq!(
        (wallets.find_hold(hold.id).unwrap().status, world.look(wallet).held_minor),
        (HoldStatus::Active, 2_000)
    );
    world.advance(1);
    assert_eq!((wallets.find_hold(hold.id).unwrap().status, world.look(wallet).held_minor), (HoldStatus::Expired, 0));
    assert_eq!(code(wallets.capture(&CaptureRequest::new(hold.id, ngn(1)))), Err(Code::HoldResolved));
    assert_eq!((world.balance(wallet), world.look(wallet).available_minor), (4_000, 4_000));
    world.assert_sound_at_rest();
}

#[test]
fn a_hold_whose_time_is_over_is_not_captured_even_before_its_job_ran() {
    let world = World::open();
    let wallet = world.funded_wallet(5_000);
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(3_000), HOUR)).unwrap();
    world.clock().advance(3_600_000);
    assert_eq!(code(wallets.capture(&CaptureRequest::new(hold.id, ngn(1)))), Err(Code::HoldResolved));
    world.run();
    assert_eq!(wallets.find_hold(hold.id).unwrap().status, HoldStatus::Expired);
    world.assert_sound_at_rest();
}

#[test]
fn a_frozen_wallet_neither_gives_nor_takes_and_a_half_frozen_one_only_takes() {
    let world = World::open();
    let (wallet, other) = (world.funded_wallet(5_000), world.funded_wallet(5_000));
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(1_000), HOUR)).unwrap();
    for (status, may_take) in [(WalletStatus::Frozen, false), (WalletStatus::DebitsFrozen, true)] {
        wallets.set_status(wallet, status).unwrap();
        let gives = [
            code(wallets.debit(&MoneyRequest::new(wallet, ngn(1)))),
            code(wallets.withdraw(&MoneyRequest::new(wallet, ngn(1)))),
            code(wallets.transfer(&TransferRequest::new(wallet, other, ngn(1)))),
            code(wallets.authorise(&HoldRequest::new(wallet, ngn(1), HOUR))),
            code(wallets.capture(&CaptureRequest::new(hold.id, ngn(1)))),
            code(world.engine().bill().pay(&world.bill(wallet, "meter", 1))),
        ];
        assert_eq!(gives, [Err(Code::WalletFrozen); 6], "{status}");
        let takes = [
            code(wallets.fund(&MoneyRequest::new(wallet, ngn(1)))),
            code(wallets.credit(&MoneyRequest::new(wallet, ngn(1)))),
            code(wallets.transfer(&TransferRequest::new(other, wallet, ngn(1)))),
        ];
        assert_eq!(takes, [if may_take { Ok(()) } else { Err(Code::WalletFrozen) }; 3], "{status}");
    }
    wallets.release(hold.id, None).unwrap();
    assert_eq!(wallets.set_status(wallet, WalletStatus::Active).unwrap().status, WalletStatus::Active);
    assert_eq!((world.balance(wallet), world.look(wallet).held_minor), (5_003, 0));
    world.assert_sound_at_rest();
}

#[test]
fn a_closed_wallet_stays_closed() {
    let world = World::open();
    let (wallet, other) = (world.funded_wallet(100), world.funded_wallet(100));
    let wallets = world.engine().wallet();
    assert_eq!(code(wallets.set_status(wallet, WalletStatus::Closed)), Err(Code::WalletNotEmpty));
    wallets.debit(&MoneyRequest::new(wallet, ngn(100))).unwrap();
    wallets.set_status(wallet, WalletStatus::Closed).unwrap();
    for status in [WalletStatus::Active, WalletStatus::Frozen, WalletStatus::DebitsFrozen] {
        assert_eq!(code(wallets.set_status(wallet, status)), Err(Code::WalletClosed));
    }
    assert_eq!(code(wallets.set_status(wallet, WalletStatus::Closed)), Ok(()), "no change");
    let calls = [
        code(wallets.fund(&MoneyRequest::new(wallet, ngn(1)))),
        code(wallets.debit(&MoneyRequest::new(wallet, ngn(1)))),
        code(wallets.transfer(&TransferRequest::new(other, wallet, ngn(1)))),
        code(wallets.authorise(&HoldRequest::new(wallet, ngn(1), HOUR))),
        code(world.engine().bill().pay(&world.bill(wallet, "meter", 1))),
    ];
    assert_eq!(calls, [Err(Code::WalletClosed); 5]);
    world.assert_sound_at_rest();
}

#[test]
fn a_credit_limit_is_spent_to_its_end_and_not_lowered_below_what_is_owed() {
    let world = World::open();
    let wallet = world.funded_wallet(100);
    let wallets = world.engine().wallet();
    assert_eq!(wallets.set_credit_limit(wallet, 50).unwrap().available_minor, 150);
    refused(&world, Code::InsufficientFunds, || wallets.debit(&MoneyRequest::new(wallet, ngn(151))));
    let other = world.wallet();
    wallets.transfer(&TransferRequest::new(wallet, other, ngn(150))).unwrap();
    assert_eq!((world.balance(wallet), world.look(wallet).available_minor), (-50, 0));
    assert_eq!(code(wallets.set_credit_limit(wallet, 49)), Err(Code::InsufficientFunds));
    assert_eq!(code(wallets.set_credit_limit(wallet, -1)), Err(Code::InvalidAmount));
    world.fund(wallet, 50);
    assert_eq!(wallets.set_credit_limit(wallet, 0).unwrap().available_minor, 0);
    world.assert_sound_at_rest();
}

#[test]
fn limits_of_a_transaction_a_day_a_month_and_a_category_hold() {
    let tv = Biller::new("DSTV", "Television", Category::new("TV").unwrap(), PROVIDER);
    let world = World::builder()
        .fee(FeePolicy::free())
        .biller(tv, vec![BillItem::new("BASIC", "Basic", ngn(1), 1_000_000)])
        .open();
    let wallet = world.funded_wallet(1_000_000);
    let wallets = world.engine().wallet();
    let limits = [
        Limit::new(LimitWindow::Transaction).with_amount_max(500),
        Limit::new(LimitWindow::Day).with_amount_max(1_000),
        Limit::new(LimitWindow::Month).with_amount_max(1_601),
        Limit::new(LimitWindow::Day).with_category(Category::new("TV").unwrap()).with_count_max(1),
    ];
    limits.iter().for_each(|limit| wallets.set_limit(wallet, limit).unwrap());
    let power = |minor| code(world.engine().bill().pay(&world.bill(wallet, "meter", minor)));
    let tv = |minor| code(world.engine().bill().pay(&PayBill::new(wallet, "DSTV", "BASIC", "card", ngn(minor))));
    refused(&world, Code::LimitExceeded, || world.engine().bill().pay(&world.bill(wallet, "meter", 501)));
    assert_eq!(
        [power(500), tv(100), tv(100), power(401), power(400)],
        [Ok(()), Ok(()), Err(Code::LimitExceeded), Err(Code::LimitExceeded), Ok(())]
    );
    assert_eq!(code(wallets.withdraw(&MoneyRequest::new(wallet, ngn(1)))), Err(Code::LimitExceeded));
    assert_eq!(code(wallets.transfer(&TransferRequest::new(wallet, world.wallet(), ngn(1)))), Err(Code::LimitExceeded));
    assert_eq!(code(wallets.debit(&MoneyRequest::new(wallet, ngn(1)))), Ok(()), "the host's own debit knows no limit");
    // It has left the wallet all the same: the limits count it.
    world.drain();
    world.advance(86_400_000);
    assert_eq!([power(500), tv(100), power(1)], [Ok(()), Ok(()), Err(Code::LimitExceeded)], "the month is full");
    world.drain();
    world.advance(30 * 86_400_000);
    assert_eq!(power(500), Ok(()));
    assert!(wallets.remove_limit(wallet, LimitWindow::Day, Some("TV")).unwrap());
    assert!(!wallets.remove_limit(wallet, LimitWindow::Day, Some("TV")).unwrap());
    assert_eq!([tv(1), tv(1)], [Ok(()); 2]);
    world.assert_sound_at_rest();
}

#[test]
fn a_reversal_gives_back_what_the_limit_had_taken() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let wallets = world.engine().wallet();
    wallets.set_limit(wallet, &Limit::new(LimitWindow::Day).with_amount_max(10_000).with_count_max(1)).unwrap();
    world.provider().script("refused", [PayStep::Declined], []);
    world.pay(wallet, "refused", 10_000);
    world.run();
    let pay = || code(world.engine().bill().pay(&world.bill(wallet, "meter", 10_000)));
    assert_eq!(pay(), Err(Code::LimitExceeded), "the money is not back yet");
    world.drain();
    assert_eq!([pay(), pay()], [Ok(()), Err(Code::LimitExceeded)]);
    world.assert_sound_at_rest();
}

#[test]
fn each_external_reference_is_booked_once() {
    let world = World::open();
    let (wallet, other) = (world.wallet(), world.wallet());
    let wallets = world.engine().wallet();
    wallets.fund(&MoneyRequest::new(wallet, ngn(100)).with_external_reference("bank 1")).unwrap();
    for target in [wallet, other] {
        refused(&world, Code::ExternalReferenceUsed, || {
            wallets.fund(&MoneyRequest::new(target, ngn(100)).with_external_reference("bank 1"))
        });
    }
    wallets.withdraw(&MoneyRequest::new(wallet, ngn(100)).with_external_reference("bank 1")).unwrap();
    world.assert_sound_at_rest();
}

#[test]
fn an_expected_version_refuses_what_came_in_between() {
    let world = World::open();
    let wallet = world.funded_wallet(1_000);
    let version = world.look(wallet).version;
    world.fund(wallet, 1);
    let stale = MoneyRequest::new(wallet, ngn(1)).with_expected_version(version);
    refused(&world, Code::Conflict, || world.engine().wallet().debit(&stale));
    let fresh = MoneyRequest::new(wallet, ngn(1)).with_expected_version(world.look(wallet).version);
    world.engine().wallet().debit(&fresh).unwrap();
    refused(&world, Code::Conflict, || world.engine().wallet().debit(&fresh));
}

#[test]
fn a_batch_books_all_or_none() {
    let world = World::open();
    let (wallet, a, b) = (world.funded_wallet(1_000), world.wallet(), world.wallet());
    let wallets = world.engine().wallet();
    let batch = |last| {
        vec![
            TransferRequest::new(wallet, a, ngn(400)),
            TransferRequest::new(a, b, ngn(400)),
            TransferRequest::new(wallet, b, ngn(last)),
        ]
    };
    refused(&world, Code::InsufficientFunds, || wallets.transfer_batch(&batch(601), None));
    assert_eq!(wallets.transfer_batch(&batch(600), None).unwrap().len(), 3);
    assert_eq!((world.balance(wallet), world.balance(a), world.balance(b)), (0, 0, 1_000));
    refused(&world, Code::InvalidArgument, || wallets.transfer_batch(&[], None));
    let keyed = vec![TransferRequest::new(b, a, ngn(1)).with_idempotency_key("k")];
    refused(&world, Code::InvalidArgument, || wallets.transfer_batch(&keyed, None));
    world.assert_sound_at_rest();
}

#[test]
fn refusals_come_in_the_documented_order() {
    let world = World::open();
    let wallet = world.funded_wallet(100);
    let wallets = world.engine().wallet();
    wallets.set_limit(wallet, &Limit::new(LimitWindow::Transaction).with_amount_max(1_000)).unwrap();
    wallets.set_status(wallet, WalletStatus::Frozen).unwrap();
    let nowhere = WalletId::from_bytes([9; 16]);
    let bill = |wallet, biller: &str, minor| {
        code(world.engine().bill().pay(&PayBill::new(wallet, biller, ITEM, "meter", ngn(minor))))
    };
    assert_eq!(bill(nowhere, "NOBODY", 0), Err(Code::InvalidAmount));
    assert_eq!(bill(nowhere, "NO BODY", 1), Err(Code::InvalidArgument));
    assert_eq!(bill(nowhere, "NOBODY", 1), Err(Code::NotFound));
    assert_eq!(bill(wallet, "NOBODY", 2_000_000_000), Err(Code::BillerUnavailable));
    assert_eq!(bill(wallet, BILLER, 2_000_000_000), Err(Code::AmountOutOfRange));
    assert_eq!(bill(wallet, BILLER, 2_000), Err(Code::WalletFrozen));
    wallets.set_status(wallet, WalletStatus::Active).unwrap();
    assert_eq!(bill(wallet, BILLER, 2_000), Err(Code::LimitExceeded));
    assert_eq!(bill(wallet, BILLER, 1_000), Err(Code::InsufficientFunds));
    assert_eq!(bill(wallet, BILLER, 0), Err(Code::InvalidAmount));
    let transfer = |from, to, minor| code(wallets.transfer(&TransferRequest::new(from, to, ngn(minor))));
    assert_eq!(transfer(nowhere, nowhere, 0), Err(Code::InvalidAmount));
    assert_eq!(transfer(nowhere, nowhere, 1), Err(Code::SameWallet));
    assert_eq!(transfer(nowhere, wallet, 1), Err(Code::NotFound));
    assert_eq!(transfer(wallet, nowhere, 1), Err(Code::NotFound));
    assert_eq!(transfer(wallet, world.wallet(), 2_000), Err(Code::LimitExceeded));
    assert_eq!(transfer(wallet, world.wallet(), 101), Err(Code::InsufficientFunds));
}

#[test]
fn bad_input_to_wallets_is_refused_by_name_and_writes_nothing() {
    let world = World::open();
    let (wallet, other, user) = (world.funded_wallet(1_000), world.wallet(), world.user());
    let wallets = world.engine().wallet();
    let hold = wallets.authorise(&HoldRequest::new(wallet, ngn(100), HOUR)).unwrap().id;
    let (nowhere, long) = (WalletId::from_bytes([9; 16]), "x".repeat(600));
    for minor in [0, -1, i64::MIN] {
        let money = MoneyRequest::new(wallet, ngn(minor));
        refused(&world, Code::InvalidAmount, || wallets.fund(&money));
        refused(&world, Code::InvalidAmount, || wallets.credit(&money));
        refused(&world, Code::InvalidAmount, || wallets.debit(&money));
        refused(&world, Code::InvalidAmount, || wallets.withdraw(&money));
        refused(&world, Code::InvalidAmount, || wallets.transfer(&TransferRequest::new(wallet, other, ngn(minor))));
        refused(&world, Code::InvalidAmount, || wallets.authorise(&HoldRequest::new(wallet, ngn(minor), HOUR)));
        refused(&world, Code::InvalidAmount, || wallets.capture(&CaptureRequest::new(hold, ngn(minor))));
    }
    let money = MoneyRequest::new(wallet, ngn(1));
    refused(&world, Code::TooLong, || wallets.fund(&money.clone().with_description(&long)));
    refused(&world, Code::TooLong, || wallets.fund(&money.clone().with_external_reference(&long)));
    refused(&world, Code::InvalidArgument, || wallets.fund(&money.clone().with_external_reference("a\0b")));
    refused(&world, Code::InvalidArgument, || wallets.fund(&money.clone().with_external_reference("  ")));
    refused(&world, Code::InvalidArgument, || wallets.fund(&money.clone().with_idempotency_key(&long)));
    refused(&world, Code::InvalidArgument, || wallets.fund(&money.clone().with_idempotency_key("")));
    refused(&world, Code::NotFound, || wallets.fund(&MoneyRequest::new(nowhere, ngn(1))));
    refused(&world, Code::NotFound, || wallets.find(nowhere));
    refused(&world, Code::NotFound, || wallets.set_status(nowhere, WalletStatus::Frozen));
    refused(&world, Code::NotFound, || wallets.set_credit_limit(nowhere, 1));
    refused(&world, Code::NotFound, || wallets.limits(nowhere));
    refused(&world, Code::NotFound, || wallets.release(HoldId::from_bytes([9; 16]), None));
    refused(&world, Code::NotFound, || wallets.find_hold(HoldId::from_bytes([9; 16])));
    refused(&world, Code::NotFound, || wallets.capture(&CaptureRequest::new(HoldId::from_bytes([9; 16]), ngn(1))));
    refused(&world, Code::NotFound, || wallets.capture(&CaptureRequest::new(hold, ngn(1)).with_destination(nowhere)));
    refused(&world, Code::SameWallet, || wallets.capture(&CaptureRequest::new(hold, ngn(1)).with_destination(wallet)));
    refused(&world, Code::CaptureAboveHold, || wallets.capture(&CaptureRequest::new(hold, ngn(101))));
    for life in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(401 * 86_400), Duration::MAX] {
        refused(&world, Code::InvalidArgument, || wallets.authorise(&HoldRequest::new(wallet, ngn(1), life)));
    }
    refused(&world, Code::InvalidArgument, || wallets.holds(wallet, HoldStatus::Active, 0));
    refused(&world, Code::InvalidArgument, || wallets.holds(wallet, HoldStatus::Active, 501));
    refused(&world, Code::InvalidArgument, || wallets.set_limit(wallet, &Limit::new(LimitWindow::Day)));
    refused(&world, Code::InvalidArgument, || {
        wallets.set_limit(wallet, &Limit::new(LimitWindow::Day).with_amount_max(0))
    });
    refused(&world, Code::TooLong, || wallets.create(user, Currency::NGN, &long));
    refused(&world, Code::NotFound, || wallets.create(UserId::from_bytes([9; 16]), Currency::NGN, ""));
    assert_eq!(wallets.list(UserId::from_bytes([9; 16])).unwrap(), []);
    world.assert_sound_at_rest();
}

#[test]
fn bad_input_to_bills_is_refused_by_name_and_writes_nothing() {
    let world = World::open();
    let (wallet, user) = (world.funded_wallet(1_000), world.user());
    let bill = world.engine().bill();
    let (nobody, long) = (PaymentId::from_bytes([9; 16]), "x".repeat(600));
    for minor in [0, -1, i64::MIN] {
        refused(&world, Code::InvalidAmount, || bill.pay(&world.bill(wallet, "meter", minor)));
        refused(&world, Code::InvalidAmount, || bill.quote(&QuoteRequest::new(user, BILLER, ITEM, "m", ngn(minor))));
        refused(&world, Code::InvalidAmount, || bill.top_up_float(PROVIDER, ngn(minor), "r"));
    }
    refused(&world, Code::AmountOutOfRange, || bill.pay(&world.bill(wallet, "meter", i64::MAX)));
    refused(&world, Code::TooLong, || bill.pay(&world.bill(wallet, &long, 1)));
    refused(&world, Code::InvalidArgument, || bill.pay(&world.bill(wallet, "", 1)));
    refused(&world, Code::InvalidArgument, || bill.pay(&world.bill(wallet, "a\nb", 1)));
    refused(&world, Code::InvalidArgument, || bill.pay(&world.bill(wallet, "m", 1).with_idempotency_key(&long)));
    refused(&world, Code::InvalidArgument, || bill.pay(&PayBill::new(wallet, "a b", ITEM, "m", ngn(1))));
    refused(&world, Code::InvalidArgument, || bill.pay(&PayBill::new(wallet, BILLER, "", "m", ngn(1))));
    refused(&world, Code::BillerUnavailable, || bill.pay(&PayBill::new(wallet, BILLER, "OTHER", "m", ngn(1))));
    refused(&world, Code::BillerUnavailable, || bill.pay(&PayBill::new(wallet, "OTHER", ITEM, "m", ngn(1))));
    refused(&world, Code::NotFound, || bill.pay(&world.bill(WalletId::from_bytes([9; 16]), "m", 1)));
    refused(&world, Code::NotFound, || bill.find(nobody));
    refused(&world, Code::NotFound, || bill.refresh(nobody, HOUR));
    refused(&world, Code::NotFound, || bill.explain(nobody));
    refused(&world, Code::NotFound, || bill.tokens(nobody));
    refused(&world, Code::NotFound, || bill.list(WalletId::from_bytes([9; 16]), None, 1));
    refused(&world, Code::InvalidArgument, || bill.list(wallet, None, 0));
    refused(&world, Code::InvalidArgument, || bill.list_by_status(PaymentStatus::Unknown, None, 501));
    refused(&world, Code::InvalidArgument, || bill.billers(None, None, 0));
    refused(&world, Code::NotFound, || bill.items("OTHER"));
    refused(&world, Code::TooLong, || bill.validate_customer(BILLER, ITEM, &long));
    refused(&world, Code::BillerUnavailable, || bill.validate_customer("OTHER", ITEM, "m"));
    refused(&world, Code::NotFound, || bill.receive_webhook("other", &Webhook::new(Vec::new(), "")));
    refused(&world, Code::NotFound, || bill.load_catalogue_of("other"));
    refused(&world, Code::UnsupportedByProvider, || bill.load_catalogue_of(PROVIDER));
    let tv = Category::new("TV").unwrap();
    let nameless = (Biller::new("B", " ", tv.clone(), PROVIDER), Vec::new());
    refused(&world, Code::InvalidArgument, || bill.load_catalogue(&[nameless]));
    let reversed_range = BillItem::new("I", "I", ngn(10), 9);
    let biller = (Biller::new("B", "B", tv, PROVIDER), vec![reversed_range]);
    refused(&world, Code::InvalidArgument, || bill.load_catalogue(&[biller]));
    world.assert_sound_at_rest();
}

#[test]
fn bad_input_to_reversals_and_the_queue_is_refused_and_writes_nothing() {
    let world = World::open();
    let wallet = world.funded_wallet(1_000);
    let id = world.pay(wallet, "meter", 100);
    world.drain();
    let (reversal, queue) = (world.engine().reversal(), world.engine().queue());
    let (nobody, long) = (PaymentId::from_bytes([9; 16]), "x".repeat(600));
    let refund = |id, minor, why: &str| reversal.refund(&RefundRequest::new(id, ngn(minor), RefundSource::Host, why));
    for minor in [0, -1, i64::MIN] {
        refused(&world, Code::InvalidAmount, || refund(id, minor, "why"));
    }
    refused(&world, Code::RefundAbovePaid, || refund(id, i64::MAX, "why"));
    refused(&world, Code::TooLong, || refund(id, 1, &long));
    refused(&world, Code::InvalidArgument, || refund(id, 1, ""));
    refused(&world, Code::NotFound, || refund(nobody, 1, "why"));
    refused(&world, Code::NotFound, || reversal.reverse(nobody));
    let verdict = ReviewVerdict::Paid(PaidReceipt::new("r"));
    refused(&world, Code::NotFound, || reversal.resolve_review(nobody, &verdict, "why"));
    refused(&world, Code::NotAllowed, || reversal.resolve_review(id, &verdict, "why"));
    refused(&world, Code::InvalidArgument, || reversal.resolve_review(id, &verdict, " "));
    refused(&world, Code::NotAllowed, || reversal.settle_claim(id, ClaimSettlement::WrittenOff, "why"));
    refused(&world, Code::NotFound, || reversal.settle_claim(nobody, ClaimSettlement::WrittenOff, "why"));
    refused(&world, Code::NotAllowed, || reversal.release_suspense(id, None));
    refused(&world, Code::NotFound, || reversal.release_suspense(nobody, None));
    for limit in [0, 501] {
        refused(&world, Code::InvalidArgument, || reversal.open_claims(limit));
        refused(&world, Code::InvalidArgument, || reversal.open_suspense(limit));
        refused(&world, Code::InvalidArgument, || queue.dead_letters(None, limit));
    }
    for job in [JobId(0), JobId(-1), JobId(i64::MAX)] {
        refused(&world, Code::NotFound, || queue.find(job));
        refused(&world, Code::NotFound, || queue.retry(job));
        refused(&world, Code::NotFound, || queue.resolve(job, "why"));
    }
    refused(&world, Code::InvalidArgument, || queue.resolve(JobId(1), ""));
    world.assert_sound_at_rest();
}

//! Wallets and money.

use super::{Operation, keyed, reads, show, writes};
use crate::stage::CATEGORY;
use fusepay_core::{
    CaptureRequest, Category, Currency, HoldRequest, HoldStatus, Limit, LimitWindow, MoneyRequest, TransferRequest,
    WalletId, WalletStatus,
};
use fusepay_testkit::ngn;
use std::time::Duration;

fn money(wallet: WalletId, key: &str) -> MoneyRequest {
    MoneyRequest::new(wallet, ngn(700)).with_external_reference(key).with_idempotency_key(key)
}

pub(super) fn transfer(from: WalletId, to: WalletId) -> TransferRequest {
    TransferRequest::new(from, to, ngn(300)).with_idempotency_key("there")
}

pub(super) fn operations() -> Vec<Operation> {
    [movements(), holds(), keeping()].concat()
}

fn movements() -> Vec<Operation> {
    vec![
        keyed("wallet.fund", |s| show(s.engine.wallet().fund(&money(s.cast.main, "in")))),
        keyed("wallet.withdraw", |s| show(s.engine.wallet().withdraw(&money(s.cast.main, "out")))),
        keyed("wallet.credit", |s| show(s.engine.wallet().credit(&money(s.cast.main, "up")))),
        keyed("wallet.debit", |s| show(s.engine.wallet().debit(&money(s.cast.main, "down")))),
        keyed("wallet.transfer", |s| show(s.engine.wallet().transfer(&transfer(s.cast.main, s.cast.second)))),
        keyed("wallet.transfer_batch", |s| {
            let there = || TransferRequest::new(s.cast.main, s.cast.second, ngn(10));
            show(s.engine.wallet().transfer_batch(&[there(), there(), there()], Some("batch")))
        }),
    ]
}

fn holds() -> Vec<Operation> {
    vec![
        keyed("wallet.authorise", |s| {
            let request = HoldRequest::new(s.cast.main, ngn(50), Duration::from_secs(60)).with_idempotency_key("hold");
            show(s.engine.wallet().authorise(&request))
        }),
        keyed("wallet.capture", |s| {
            let request = CaptureRequest::new(s.cast.hold, ngn(400)).with_destination(s.cast.second);
            show(s.engine.wallet().capture(&request.with_idempotency_key("capture")))
        }),
        keyed("wallet.release", |s| show(s.engine.wallet().release(s.cast.hold, Some("release")))),
        reads("wallet.find_hold", |s| show(s.engine.wallet().find_hold(s.cast.hold))),
        reads("wallet.holds", |s| show(s.engine.wallet().holds(s.cast.main, HoldStatus::Active, 10))),
    ]
}

fn keeping() -> Vec<Operation> {
    vec![
        writes("wallet.create", |s| show(s.engine.wallet().create(s.cast.ada, Currency::NGN, "third"))),
        reads("wallet.find", |s| show(s.engine.wallet().find(s.cast.main))),
        reads("wallet.list", |s| show(s.engine.wallet().list(s.cast.ada))),
        writes("wallet.set_status", |s| show(s.engine.wallet().set_status(s.cast.second, WalletStatus::Frozen))),
        writes("wallet.set_credit_limit", |s| show(s.engine.wallet().set_credit_limit(s.cast.second, 1_000))),
        writes("wallet.set_limit", |s| {
            let limit = Limit::new(LimitWindow::Month).with_category(Category::new(CATEGORY).unwrap());
            show(s.engine.wallet().set_limit(s.cast.main, &limit.with_count_max(1_000)))
        }),
        writes("wallet.remove_limit", |s| show(s.engine.wallet().remove_limit(s.cast.main, LimitWindow::Day, None))),
        reads("wallet.limits", |s| show(s.engine.wallet().limits(s.cast.main))),
    ]
}

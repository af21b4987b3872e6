//! Bills, and whatever gives money back.

use super::{Operation, keyed, reads, show, steps, writes};
use crate::stage::{BILLER, ITEM, PROVIDER, catalogue};
use fusepay_core::{
    BillItem, Biller, Category, ClaimSettlement, PaidReceipt, PayBill, PaymentStatus, QueryOutcome, QuoteRequest,
    RefundRequest, RefundSource, ReviewVerdict, UserId, WalletId,
};
use fusepay_testkit::ngn;
use std::time::Duration;

pub(super) fn bill(wallet: WalletId) -> PayBill {
    PayBill::new(wallet, BILLER, ITEM, "meter 1", ngn(1_500)).with_idempotency_key("bill")
}

pub(super) fn quote(user: UserId) -> QuoteRequest {
    QuoteRequest::new(user, BILLER, ITEM, "meter 1", ngn(1_500))
}

pub(super) fn operations() -> Vec<Operation> {
    [shelf(), payments(), news(), reversals()].concat()
}

fn shelf() -> Vec<Operation> {
    vec![
        writes("bill.load_catalogue", |s| {
            let tv = Biller::new("TV", "Television", Category::new("TV").unwrap(), PROVIDER);
            let item = BillItem::new("BASIC", "Basic", ngn(1), 10_000);
            show(s.engine.bill().load_catalogue(&[catalogue(), (tv, vec![item])]))
        }),
        writes("bill.load_catalogue_of", |s| show(s.engine.bill().load_catalogue_of("shelf")))
            .after_in_memory(|s| s.engine.register_provider("shelf", std::sync::Arc::new(Shelf)).unwrap()),
        reads("bill.billers", |s| show(s.engine.bill().billers(None, None, 10))),
        reads("bill.items", |s| show(s.engine.bill().items(BILLER))),
        reads("bill.validate_customer", |s| show(s.engine.bill().validate_customer(BILLER, ITEM, "meter 1"))),
        writes("bill.quote", |s| show(s.engine.bill().quote(&quote(s.cast.ada)))),
        reads("bill.float_balance", |s| show(s.engine.bill().float_balance(PROVIDER))),
    ]
}

/// A provider with a catalogue.
struct Shelf;

impl fusepay_core::Provider for Shelf {
    fn pay(&self, _: &fusepay_core::PayRequest) -> fusepay_core::Answer<fusepay_core::PayOutcome> {
        fusepay_core::PayOutcome::NotSent { cause: "it only has a catalogue".to_owned() }.into()
    }

    fn query(&self, _: &fusepay_core::QueryRequest) -> fusepay_core::Answer<QueryOutcome> {
        QueryOutcome::NotFound.into()
    }

    fn catalogue(&self) -> fusepay_core::Result<Vec<(Biller, Vec<BillItem>)>> {
        let water = Biller::new("WATER", "Water", Category::new("WATER").unwrap(), "shelf");
        Ok(vec![(water, vec![BillItem::new("TANK", "A tank", ngn(1), 10_000)])])
    }
}

fn payments() -> Vec<Operation> {
    vec![
        keyed("bill.pay", |s| show(s.engine.bill().pay(&bill(s.cast.main)))),
        reads("bill.find", |s| show(s.engine.bill().find(s.cast.completed))),
        // Looking at an unknown payment makes its requery due.
        steps("bill.find (unknown)", |s| show(s.engine.bill().find(s.cast.unknown))),
        steps("bill.refresh", |s| show(s.engine.bill().refresh(s.cast.unknown, Duration::from_secs(5)))),
        reads("bill.list", |s| show(s.engine.bill().list(s.cast.main, None, 10))),
        reads("bill.list_by_status", |s| show(s.engine.bill().list_by_status(PaymentStatus::Completed, None, 10))),
        reads("bill.tokens", |s| show(s.engine.bill().tokens(s.cast.completed))),
        reads("bill.explain", |s| show(s.engine.bill().explain(s.cast.completed))),
    ]
}

fn news() -> Vec<Operation> {
    vec![
        writes("bill.receive_webhook", |s| {
            let paid = QueryOutcome::Paid(PaidReceipt::new("told").with_amount_minor(10_000));
            let webhook = s.provider.webhook([(s.cast.unknown_request.as_str(), paid)]);
            show(s.engine.bill().receive_webhook(PROVIDER, &webhook))
        }),
        writes("bill.top_up_float", |s| show(s.engine.bill().top_up_float(PROVIDER, ngn(5_000), "bank-9"))),
    ]
}

fn reversals() -> Vec<Operation> {
    vec![
        writes("reversal.reverse", |s| show(s.engine.reversal().reverse(s.cast.failed))),
        keyed("reversal.refund", |s| {
            let request = RefundRequest::new(s.cast.completed, ngn(900), RefundSource::Biller, "asked for");
            show(s.engine.reversal().refund(&request.with_idempotency_key("refund")))
        }),
        writes("reversal.resolve_review", |s| {
            let verdict = ReviewVerdict::Paid(PaidReceipt::new("letter 7"));
            show(s.engine.reversal().resolve_review(s.cast.reviewed, &verdict, "the biller's letter"))
        }),
        reads("reversal.open_claims", |s| show(s.engine.reversal().open_claims(10))),
        writes("reversal.settle_claim", |s| {
            let settlement = ClaimSettlement::RecoveredFromProvider;
            show(s.engine.reversal().settle_claim(s.cast.claimed, settlement, "came back"))
        }),
        reads("reversal.open_suspense", |s| show(s.engine.reversal().open_suspense(10))),
        writes("reversal.release_suspense", |s| show(s.engine.reversal().release_suspense(s.cast.suspended, None))),
    ]
}

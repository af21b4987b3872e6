//! Goal: whatever a provider does, says or fails to say, a payment ends where
//! the truth is: paid once, given back once, or under review with the money kept.
//! Method: a scripted biller with its own book; every case ends with the queue
//! drained under virtual time and the oracle asked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use fusepay_core::{
    BillItem, Biller, Capabilities, Category, ClaimSettlement, Code, OutcomeKind, PaidReceipt, PayBill, PaymentStatus,
    QueryOutcome, QuoteRequest, RefundRequest, RefundSource, ReviewReason, ReviewVerdict, Webhook, WorkerMode,
};
use fusepay_testkit::{BILLER, Call, Gate, ITEM, PROVIDER, PayStep, QueryStep, ScriptedProvider, World, ngn};
use std::sync::Arc;
use std::time::Duration;

fn paid() -> QueryOutcome {
    QueryOutcome::Paid(PaidReceipt::new("told"))
}

fn failed() -> QueryOutcome {
    QueryOutcome::Failed { code: "X".to_owned(), reason: "told".to_owned() }
}

fn pending() -> QueryOutcome {
    QueryOutcome::Pending { poll_after_ms: None }
}

fn taken_back() -> QueryOutcome {
    QueryOutcome::ProviderReversed { reason: "told".to_owned() }
}

fn requests(world: &World) -> Vec<String> {
    let calls = world.provider().calls();
    let mut ids: Vec<String> = calls
        .into_iter()
        .map(|call| match call {
            Call::Pay { request_id, .. } | Call::Query { request_id } => request_id,
            _ => String::new(),
        })
        .collect();
    ids.dedup();
    ids
}

#[test]
fn a_paid_bill_is_completed_with_its_token() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", 10_000);
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Pending, 39_900));
    world.assert_sound_at_rest();
    let payment = world.payment(id);
    assert_eq!((payment.status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!(world.engine().bill().tokens(id).unwrap(), [ScriptedProvider::token(&payment.request_id)]);
    assert_eq!((world.provider().sends(), world.provider().queries()), (1, 0));
    assert!(payment.completed_at.is_some() && payment.receipt.is_some());
}

#[test]
fn an_answer_lost_after_paying_is_found_out_and_never_reversed() {
    for step in [PayStep::PaidThenTimeout, PayStep::PaidThenGarbage, PayStep::PaidThenPanic] {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("meter", [step], []);
        let id = world.pay(wallet, "meter", 10_000);
        world.run();
        assert_eq!(world.peek(id).status, PaymentStatus::Unknown);
        world.assert_sound();
        world.assert_sound_at_rest();
        let payment = world.payment(id);
        assert_eq!((payment.status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
        assert_eq!(world.engine().bill().tokens(id).unwrap(), [ScriptedProvider::token(&payment.request_id)]);
        assert_eq!((world.provider().sends(), world.provider().queries()), (1, 1));
    }
}

#[test]
fn not_found_once_and_paid_five_seconds_later_is_not_reversed_in_between() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], [QueryStep::NotFound, QueryStep::Paid]);
    let id = world.pay(wallet, "meter", 10_000);
    world.advance(6_000);
    assert_eq!(world.provider().queries(), 1);
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Unknown, 39_900));
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
}

#[test]
fn not_found_past_the_grace_fails_it_and_gives_amount_and_fee_back_once() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.advance(300_000);
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Unknown, 39_900));
    world.assert_sound_at_rest();
    let payment = world.payment(id);
    assert_eq!((payment.status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    assert_eq!(payment.failure_code.as_deref(), Some("NOT_FOUND"));
    let found = world.engine().bill().explain(id).unwrap();
    let past_grace = found.attempts.iter().filter(|a| a.started_at.since(payment.created_at) >= 300_000);
    assert_eq!(past_grace.filter(|a| a.outcome == OutcomeKind::NotFound).count(), 3, "three not-founds past the grace");
    assert_eq!(world.provider().sends(), 1);
}

#[test]
fn an_unknown_answer_between_not_founds_begins_the_count_again() {
    let world = World::builder()
        .provider(
            ScriptedProvider::new()
                .with_capabilities(Capabilities::default().with_not_found(Duration::from_secs(1), 3)),
        )
        .open();
    let wallet = world.funded_wallet(50_000);
    let queries =
        [QueryStep::NotFound, QueryStep::NotFound, QueryStep::Unknown, QueryStep::NotFound, QueryStep::NotFound];
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], queries.into_iter().chain([QueryStep::Paid]));
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
}

#[test]
fn a_refused_connection_is_tried_again_with_the_same_id_then_failed_and_reversed() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::NotSent, PayStep::NotSent, PayStep::NotSent], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::Pending, 1));
    world.advance(1_999);
    assert_eq!(world.provider().sends(), 1);
    world.advance(1);
    assert_eq!(world.provider().sends(), 2);
    world.advance(6_000);
    assert_eq!((world.peek(id).status, world.provider().sends()), (PaymentStatus::Failed, 3));
    assert_eq!(world.balance(wallet), 39_900);
    world.assert_sound_at_rest();
    let payment = world.payment(id);
    assert_eq!((payment.status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    assert_eq!(payment.failure_code.as_deref(), Some("NOT_SENT"));
    let attempts: Vec<u32> = world
        .provider()
        .calls()
        .into_iter()
        .map(|call| match call {
            Call::Pay { request_id, attempt } => {
                assert_eq!(request_id, payment.request_id);
                attempt
            }
            other @ (Call::Query { .. } | _) => panic!("an unexpected call: {other:?}"),
        })
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[test]
fn a_refused_connection_and_then_a_payment_is_one_payment() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::NotSent], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!(requests(&world), [world.payment(id).request_id]);
}

#[test]
fn garbage_is_asked_about_and_never_sent_again() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let queries = [QueryStep::Unknown, QueryStep::Panic, QueryStep::Unknown, QueryStep::Paid];
    world.provider().script("meter", [PayStep::Garbage], queries);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!((world.provider().sends(), world.provider().queries()), (1, 4));
}

#[test]
fn thirty_polls_of_pending_and_then_a_delivery_are_one_success() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let polls = vec![QueryStep::Pending { poll_after_ms: None }; 30];
    world.provider().script("meter", [PayStep::Pending { poll_after_ms: None }], polls);
    world.provider().script("meter", [], [QueryStep::Paid]);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    assert_eq!(world.peek(id).status, PaymentStatus::Processing);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!((world.provider().sends(), world.provider().queries()), (1, 31));
    let steps = world.engine().bill().explain(id).unwrap().steps;
    assert_eq!(steps.iter().filter(|step| step.after == PaymentStatus::Completed).count(), 1);
}

#[test]
fn a_provider_is_asked_when_it_wished_but_never_in_a_busy_loop() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let wishes = [QueryStep::Pending { poll_after_ms: Some(0) }, QueryStep::Paid];
    world.provider().script("meter", [PayStep::Pending { poll_after_ms: Some(60_000) }], wishes);
    let id = world.pay(wallet, "meter", 10_000);
    world.advance(59_999);
    assert_eq!(world.provider().queries(), 0);
    world.advance(1);
    assert_eq!(world.provider().queries(), 1);
    world.advance(999);
    assert_eq!(world.provider().queries(), 1, "at once means after a second");
    world.advance(1);
    assert_eq!((world.peek(id).status, world.provider().queries()), (PaymentStatus::Completed, 2));
    world.assert_sound_at_rest();
}

#[test]
fn another_amount_or_meter_goes_to_review_and_the_money_stays() {
    let cases = [
        (PayStep::WrongAmount(9_999), ReviewReason::AmountMismatch),
        (PayStep::WrongCustomer("other".to_owned()), ReviewReason::CustomerMismatch),
    ];
    for (step, reason) in cases {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("meter", [step], []);
        let id = world.pay(wallet, "meter", 10_000);
        world.assert_sound_at_rest();
        let payment = world.payment(id);
        assert_eq!((payment.status, payment.review_reason), (PaymentStatus::NeedsReview, Some(reason)));
        assert_eq!(world.balance(wallet), 39_900);
        world.tell(id, paid());
        assert_eq!(world.peek(id).status, PaymentStatus::NeedsReview, "only an operator ends this review");
        world.assert_sound_at_rest();
    }
}

#[test]
fn an_operator_ends_a_review_either_way_once() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("a", [PayStep::WrongCustomer("b".to_owned())], []);
    world.provider().script("c", [PayStep::Garbage], []);
    world.provider().script_for_ever("c", QueryStep::Unknown);
    let (confirmed, refuted) = (world.pay(wallet, "a", 1_000), world.pay(wallet, "c", 2_000));
    world.drain();
    let reversal = world.engine().reversal();
    let receipt = ReviewVerdict::Paid(PaidReceipt::new("by phone"));
    assert_eq!(reversal.resolve_review(confirmed, &receipt, "seen").unwrap().status, PaymentStatus::Completed);
    let settled = reversal.resolve_review(refuted, &ReviewVerdict::NotPaid, "asked them").unwrap();
    assert_eq!(settled.status, PaymentStatus::Failed);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(refuted).status, world.balance(wallet)), (PaymentStatus::Reversed, 48_900));
    for (id, verdict) in [(confirmed, ReviewVerdict::NotPaid), (refuted, receipt)] {
        let again = reversal.resolve_review(id, &verdict, "again").unwrap_err();
        assert_eq!(again.code(), Code::NotAllowed);
    }
    assert_eq!(world.balance(wallet), 48_900);
}

#[test]
fn a_success_after_the_reversal_is_one_claim_and_no_second_debit() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    world.provider().pay_now(&world.payment(id).request_id, ngn(10_000));
    for _ in 0..3 {
        world.tell(id, paid());
    }
    let payment = world.payment(id);
    assert_eq!((payment.status, payment.claim_minor), (PaymentStatus::Reversed, 10_000));
    assert_eq!(world.balance(wallet), 50_000);
    world.assert_sound_at_rest();
    let reversal = world.engine().reversal();
    assert_eq!(reversal.open_claims(10).unwrap().len(), 1);
    reversal.settle_claim(id, ClaimSettlement::WrittenOff, "our loss").unwrap();
    assert_eq!(reversal.open_claims(10).unwrap().len(), 0);
    let again = reversal.settle_claim(id, ClaimSettlement::RecoveredFromProvider, "again").unwrap_err();
    assert_eq!(again.code(), Code::NotAllowed);
    world.tell(id, paid());
    assert_eq!((world.balance(wallet), reversal.open_claims(10).unwrap().len()), (50_000, 0));
}

#[test]
fn a_late_success_that_is_taken_back_settles_its_own_claim() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.drain();
    let request_id = world.payment(id).request_id;
    world.provider().pay_now(&request_id, ngn(10_000));
    world.tell(id, paid());
    world.provider().take_back(&request_id);
    world.tell(id, taken_back());
    world.tell(id, taken_back());
    assert_eq!(world.engine().reversal().open_claims(10).unwrap().len(), 0);
    assert_eq!(world.balance(wallet), 50_000);
    world.assert_sound_at_rest();
}

#[test]
fn paid_between_failure_and_credit_cancels_the_reversal_and_goes_to_review() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Declined], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    assert_eq!(world.peek(id).status, PaymentStatus::Failed);
    world.provider().pay_now(&world.peek(id).request_id, ngn(10_000));
    world.tell(id, paid());
    world.advance(3_600_000);
    let payment = world.payment(id);
    assert_eq!(payment.status, PaymentStatus::NeedsReview);
    assert_eq!(payment.review_reason, Some(ReviewReason::PaidBeforeReversal));
    assert_eq!(world.balance(wallet), 39_900);
    let refused = world.engine().reversal().reverse(id).unwrap_err();
    assert_eq!(refused.code(), Code::NotReversible);
    world.assert_sound_at_rest();
    let receipt = ReviewVerdict::Paid(PaidReceipt::new("confirmed"));
    world.engine().reversal().resolve_review(id, &receipt, "the biller has it").unwrap();
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
}

#[test]
fn duplicate_means_ask_and_neither_paid_nor_declined() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("paid", [PayStep::Duplicate], [QueryStep::Paid]);
    world.provider().script("not", [PayStep::Duplicate], [QueryStep::Failed]);
    let (one, other) = (world.pay(wallet, "paid", 1_000), world.pay(wallet, "not", 2_000));
    world.assert_sound_at_rest();
    assert_eq!(world.payment(one).status, PaymentStatus::Completed);
    assert_eq!(world.payment(other).status, PaymentStatus::Reversed);
    assert_eq!(world.balance(wallet), 48_900);
    assert_eq!(world.provider().sends(), 2);
}

#[test]
fn a_refusal_of_a_later_send_counts_only_once_a_query_agrees() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::NotSent, PayStep::Declined], [QueryStep::Unknown]);
    let id = world.pay(wallet, "meter", 10_000);
    world.advance(2_000);
    assert_eq!((world.provider().sends(), world.peek(id).status), (2, PaymentStatus::Unknown));
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
}

#[test]
fn a_delivery_taken_back_the_next_day_is_credited_once() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", 10_000);
    world.drain();
    world.advance(86_400_000);
    world.provider().take_back(&world.payment(id).request_id);
    for _ in 0..3 {
        world.tell(id, taken_back());
    }
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    world.tell(id, paid());
    assert_eq!((world.payment(id).claim_minor, world.balance(wallet)), (0, 50_000), "an old success is no claim");
}

#[test]
fn a_delivery_taken_back_after_refunds_returns_what_they_left() {
    for source in [RefundSource::Biller, RefundSource::Host] {
        for refunded in [4_000, 10_000, 10_050, 10_100] {
            let world = World::open();
            let wallet = world.funded_wallet(50_000);
            let id = world.pay(wallet, "meter", 10_000);
            world.drain();
            let refund = RefundRequest::new(id, ngn(refunded), source, "half dark");
            world.engine().reversal().refund(&refund).unwrap();
            assert_eq!(world.balance(wallet), 39_900 + refunded);
            world.provider().take_back(&world.payment(id).request_id);
            world.tell(id, taken_back());
            world.tell(id, taken_back());
            world.assert_sound_at_rest();
            assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
        }
    }
}

#[test]
fn a_payment_the_biller_took_back_before_we_knew_of_it_is_reversed() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], [QueryStep::ProviderReversed]);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 50_000));
    world.tell(id, taken_back());
    assert_eq!(world.balance(wallet), 50_000);
}

#[test]
fn a_payment_told_as_paid_before_it_was_sent_is_not_sent() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", 10_000);
    world.provider().pay_now(&world.peek(id).request_id, ngn(10_000));
    world.tell(id, paid());
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!(world.provider().sends(), 0);
}

#[test]
fn webhooks_of_success_pending_and_success_again_have_one_effect() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    for outcome in [paid(), pending(), paid(), paid(), paid(), paid(), paid(), failed(), QueryOutcome::NotFound] {
        let receipt = world.tell(id, outcome);
        assert_eq!((receipt.matched, receipt.unknown), (1, 0));
        assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
        world.assert_sound();
    }
    world.assert_sound_at_rest();
    assert_eq!(world.provider().queries(), 0, "nothing is left to ask");
}

#[test]
fn several_notices_in_one_webhook_are_each_applied() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("a", [PayStep::PaidThenTimeout], []);
    world.provider().script("b", [PayStep::TimeoutBeforePaying], []);
    let (a, b) = (world.pay(wallet, "a", 1_000), world.pay(wallet, "b", 2_000));
    world.run();
    let (first, second) = (world.peek(a).request_id, world.peek(b).request_id);
    let webhook = world.provider().webhook([(first.as_str(), paid()), (second.as_str(), failed()), ("other", paid())]);
    let receipt = world.engine().bill().receive_webhook(PROVIDER, &webhook).unwrap();
    assert_eq!((receipt.matched, receipt.unknown), (2, 1));
    assert_eq!((world.peek(a).status, world.peek(b).status), (PaymentStatus::Completed, PaymentStatus::Failed));
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 48_900);
}

#[test]
fn forged_foreign_and_unknown_webhooks_have_no_effect() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    let before = world.peek(id);
    let bill = world.engine().bill();
    let refused = |webhook: &Webhook| bill.receive_webhook(PROVIDER, webhook).unwrap_err().code();
    assert_eq!(
        refused(&world.provider().forged_webhook([(before.request_id.as_str(), paid())])),
        Code::WebhookRejected
    );
    assert_eq!(refused(&Webhook::new(Vec::new(), "")), Code::WebhookRejected);
    assert_eq!(refused(&Webhook::new(Vec::new(), vec![0; (1 << 20) + 1])), Code::TooLong);
    let genuine = world.provider().webhook([("nobody's", paid())]);
    let receipt = bill.receive_webhook(PROVIDER, &genuine).unwrap();
    assert_eq!((receipt.matched, receipt.unknown), (0, 1));
    assert_eq!(bill.receive_webhook("stranger", &genuine).unwrap_err().code(), Code::NotFound);
    assert_eq!(world.peek(id), before);
    world.assert_sound_at_rest();
}

#[test]
fn a_webhook_for_a_payment_not_sent_yet_is_believed_when_it_says_paid_only() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let id = world.pay(wallet, "meter", 10_000);
    world.tell(id, failed());
    assert_eq!(world.peek(id).status, PaymentStatus::Pending, "nothing was sent that could have failed");
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.provider().sends()), (PaymentStatus::Completed, 1));
}

#[test]
fn a_webhook_that_overtakes_the_answer_is_applied_once() {
    let world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(50_000);
    let gate = Gate::new();
    let behind = gate.clone();
    world.provider().script("meter", [PayStep::Paid.then(move |_| behind.pass())], []);
    let id = world.pay(wallet, "meter", 10_000);
    gate.await_arrivals(1);
    world.tell(id, paid());
    assert_eq!(world.peek(id).status, PaymentStatus::Completed);
    gate.open();
    world.wait_until("the answer is recorded", |world| {
        let attempts = world.engine().bill().explain(id).unwrap().attempts;
        attempts.iter().all(|attempt| attempt.finished_at.is_some())
    });
    world.assert_sound();
    assert_eq!((world.peek(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!(world.provider().entry(&world.peek(id).request_id).paid_times, 1);
}

#[test]
fn a_failure_told_while_the_send_is_under_way_reverses_nothing() {
    let world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(50_000);
    let gate = Gate::new();
    world.provider().script("meter", [PayStep::Paid.behind(&gate)], []);
    let id = world.pay(wallet, "meter", 10_000);
    gate.await_arrivals(1);
    for outcome in [failed(), taken_back(), QueryOutcome::NotFound] {
        world.tell(id, outcome);
        assert!(!matches!(world.peek(id).status, PaymentStatus::Failed | PaymentStatus::Reversed));
        assert_eq!(world.engine().reversal().reverse(id).unwrap_err().code(), Code::NotReversible);
    }
    gate.open();
    world.wait_until("the payment is completed", |world| world.peek(id).status == PaymentStatus::Completed);
    world.assert_sound();
    assert_eq!(world.balance(wallet), 39_900);
}

#[test]
fn a_worker_paused_before_its_send_is_never_taken_for_one_that_will_not_send() {
    let world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(50_000);
    let gate = Gate::new();
    world.provider().script("meter", [PayStep::Paid.behind(&gate)], []);
    let id = world.pay(wallet, "meter", 10_000);
    gate.await_arrivals(1);
    // The biller has not seen it, again and again, long past its grace.
    world.wait_until("the requeries are spent", |world| {
        world.clock().advance(30_000);
        world.peek(id).status == PaymentStatus::NeedsReview
    });
    assert_eq!(world.peek(id).review_reason, Some(ReviewReason::AttemptMayStillSend));
    let refused = world.engine().reversal().resolve_review(id, &ReviewVerdict::NotPaid, "not found").unwrap_err();
    assert_eq!(refused.code(), Code::NotReversible, "it may still send");
    world.assert_sound();
    assert!(world.provider().queries() > 3);
    gate.open();
    world.wait_until("the late answer is booked", |world| world.peek(id).status == PaymentStatus::Completed);
    world.assert_sound();
    assert_eq!((world.balance(wallet), world.provider().sends()), (39_900, 1));
}

#[test]
fn closing_during_a_call_returns_in_time_and_the_next_engine_resolves_it() {
    let mut world = World::builder().worker(WorkerMode::Background).open();
    let wallet = world.funded_wallet(50_000);
    let gate = Gate::new();
    world.provider().script("meter", [PayStep::Paid.behind(&gate)], []);
    let id = world.pay(wallet, "meter", 10_000);
    gate.await_arrivals(1);
    world.engine().close(Duration::from_millis(20)).unwrap();
    assert_eq!(world.engine().bill().find(id).unwrap_err().code(), Code::Closed);
    world.reopen();
    assert_eq!(world.peek(id).status, PaymentStatus::Unknown);
    world.assert_sound();
    gate.open();
    world.wait_until("the payment is completed", |world| {
        world.clock().advance(1_000);
        world.peek(id).status == PaymentStatus::Completed
    });
    world.assert_sound();
    assert_eq!((world.balance(wallet), world.provider().sends()), (39_900, 1));
}

#[test]
fn a_provider_that_panics_costs_nobody_anything() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Panic], [QueryStep::Panic, QueryStep::Panic]);
    let id = world.pay(wallet, "meter", 10_000);
    let other = world.pay(wallet, "another", 5_000);
    world.run();
    assert_eq!(world.peek(other).status, PaymentStatus::Completed, "the engine goes on");
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Reversed, 44_900));
}

#[test]
fn a_provider_may_call_the_engine_back() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    let engine = Arc::downgrade(world.engine());
    let provider = Arc::downgrade(world.provider());
    let step = PayStep::Paid.then(move |request| {
        let (engine, provider) = (engine.upgrade().unwrap(), provider.upgrade().unwrap());
        engine.wallet().find(wallet).unwrap();
        let bill = PayBill::new(wallet, BILLER, ITEM, "second", ngn(1_000)).with_idempotency_key("from inside");
        engine.bill().pay(&bill).unwrap();
        let webhook = provider.webhook([(request.request_id.as_str(), paid())]);
        assert_eq!(engine.bill().receive_webhook(PROVIDER, &webhook).unwrap().matched, 1);
        engine.run_due().unwrap();
    });
    world.provider().script("meter", [step], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 38_800));
    assert_eq!(world.provider().sends(), 2);
}

#[test]
fn a_spent_requery_budget_means_review_and_never_failure() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], []);
    world.provider().script_for_ever("meter", QueryStep::Unknown);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    let payment = world.payment(id);
    assert_eq!(payment.status, PaymentStatus::NeedsReview);
    assert_eq!(payment.review_reason, Some(ReviewReason::RequeryBudgetSpent));
    assert_eq!((world.balance(wallet), world.provider().sends(), world.provider().queries()), (39_900, 1, 40));
    let steps = world.engine().bill().explain(id).unwrap().steps;
    assert!(steps.iter().all(|step| step.after != PaymentStatus::Failed));
    // Evidence that comes late ends it without an operator.
    world.provider().pay_now(&payment.request_id, ngn(10_000));
    world.tell(id, paid());
    assert_eq!(world.payment(id).status, PaymentStatus::Completed);
    world.assert_sound_at_rest();
}

#[test]
fn an_unknown_at_the_first_provider_never_reaches_the_second() {
    let second = Arc::new(ScriptedProvider::new());
    let registered = Arc::clone(&second);
    let item = BillItem::new("ANY", "Any", ngn(1), 1_000_000);
    let biller = Biller::new("DUAL", "Two ways", Category::new("TV").unwrap(), PROVIDER).with_provider("second");
    let world = World::builder()
        .biller(biller, vec![item])
        .configure(move |config| config.with_provider("second", Arc::clone(&registered) as Arc<_>))
        .open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::Garbage], [QueryStep::Unknown, QueryStep::Unknown, QueryStep::Paid]);
    let bill = PayBill::new(wallet, "DUAL", "ANY", "meter", ngn(1_000));
    let id = world.engine().bill().pay(&bill).unwrap().id;
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.payment(id).provider.as_str()), (PaymentStatus::Completed, PROVIDER));
    assert_eq!(second.calls(), []);
}

#[test]
fn a_provider_that_can_not_be_asked_is_not_sent_to_twice_unless_it_forgives_it() {
    let world = World::builder()
        .provider(ScriptedProvider::new().with_capabilities(Capabilities::default().with_can_query(false)))
        .open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.provider().sends()), (PaymentStatus::NeedsReview, 1));
    assert_eq!((world.provider().queries(), world.balance(wallet)), (0, 39_900));

    let forgiving = Capabilities::default().with_can_query(false).with_idempotent_submit(Duration::from_secs(86_400));
    let world = World::builder().provider(ScriptedProvider::new().with_capabilities(forgiving)).open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying, PayStep::TimeoutBeforePaying], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!((world.provider().queries(), requests(&world).len()), (0, 1));
}

#[test]
fn reading_an_unknown_payment_calls_nobody_but_hastens_its_requery_now_and_then() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::TimeoutBeforePaying], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    for _ in 0..100 {
        assert_eq!(world.payment(id).status, PaymentStatus::Unknown);
    }
    assert_eq!(world.provider().calls().len(), 1);
    world.run();
    assert_eq!(world.provider().queries(), 1, "due now, not in five seconds");
    for _ in 0..4 {
        world.advance(1_000);
        let _ = world.payment(id);
        world.run();
    }
    assert_eq!(world.provider().queries(), 1, "a page that polls is no flood at the provider");
    world.assert_sound_at_rest();
}

#[test]
fn refresh_waits_for_one_requery() {
    let world = World::open();
    let wallet = world.funded_wallet(50_000);
    world.provider().script("meter", [PayStep::PaidThenTimeout], []);
    let id = world.pay(wallet, "meter", 10_000);
    world.run();
    let refreshed = world.engine().bill().refresh(id, Duration::from_secs(5)).unwrap();
    assert_eq!(refreshed.status, PaymentStatus::Completed);
    assert_eq!(world.provider().queries(), 1);
    let again = world.engine().bill().refresh(id, Duration::from_secs(5)).unwrap();
    assert_eq!((again, world.provider().queries()), (refreshed, 1));
    world.assert_sound_at_rest();
}

#[test]
fn a_quote_pays_once_at_its_price_until_it_expires() {
    let world = World::open();
    let (user, stranger) = (world.user(), world.user());
    let (wallet, foreign) = (world.wallet_of(user), world.wallet_of(stranger));
    world.fund(wallet, 50_000);
    world.fund(foreign, 50_000);
    let bill = world.engine().bill();
    let ask = |minor| bill.quote(&QuoteRequest::new(user, BILLER, ITEM, "meter", ngn(minor))).unwrap();
    let quote = ask(10_000);
    assert_eq!((quote.amount, quote.fee), (ngn(10_000), ngn(100)));
    let pays = |request: &PayBill| bill.pay(request).map(|payment| payment.id).map_err(|error| error.code());
    assert_eq!(pays(&PayBill::from_quote(foreign, &quote)), Err(Code::NotFound));
    let mut altered = PayBill::from_quote(wallet, &quote);
    altered.amount = ngn(9_000);
    assert_eq!(pays(&altered), Err(Code::InvalidArgument));
    let id = pays(&PayBill::from_quote(wallet, &quote)).unwrap();
    assert_eq!(pays(&PayBill::from_quote(wallet, &quote)), Err(Code::QuoteUsed));
    let late = ask(20_000);
    world.assert_sound_at_rest();
    world.advance(15 * 60 * 1_000);
    assert_eq!(pays(&PayBill::from_quote(wallet, &late)), Err(Code::QuoteExpired));
    assert_eq!((world.payment(id).status, world.balance(wallet)), (PaymentStatus::Completed, 39_900));
    assert_eq!(world.balance(foreign), 50_000);
}

#[test]
fn a_customer_the_biller_does_not_know_costs_nothing() {
    let item = BillItem::new("CHECKED", "Checked", ngn(1), 1_000_000).with_customer_validation();
    let biller = Biller::new("CAREFUL", "Asks first", Category::new("TV").unwrap(), PROVIDER);
    let world = World::builder().biller(biller, vec![item]).open();
    let wallet = world.funded_wallet(50_000);
    world.provider().forget_customer("nobody");
    let bill = world.engine().bill();
    let pay = |customer: &str| bill.pay(&PayBill::new(wallet, "CAREFUL", "CHECKED", customer, ngn(1_000)));
    assert_eq!(pay("nobody").unwrap_err().code(), Code::CustomerRejected);
    assert_eq!((world.balance(wallet), world.provider().sends()), (50_000, 0));
    assert_eq!(bill.validate_customer("CAREFUL", "CHECKED", "somebody").unwrap().name, "Customer somebody");
    pay("somebody").unwrap();
    world.assert_sound_at_rest();
    assert_eq!(world.balance(wallet), 49_000);
}

#[test]
fn what_was_prepaid_at_the_biller_is_what_it_says_is_left() {
    let world = World::builder().provider(ScriptedProvider::new().with_prepaid(ngn(40_000))).open();
    let wallet = world.funded_wallet(50_000);
    let bill = world.engine().bill();
    bill.top_up_float(PROVIDER, ngn(40_000), "transfer 1").unwrap();
    let again = bill.top_up_float(PROVIDER, ngn(40_000), "transfer 1").unwrap_err();
    assert_eq!(again.code(), Code::ExternalReferenceUsed);
    world.pay(wallet, "meter", 10_000);
    world.assert_sound_at_rest();
    assert_eq!(bill.float_balance(PROVIDER).unwrap(), ngn(30_000));
    assert_eq!(bill.float_balance("stranger").unwrap_err().code(), Code::NotFound);
}

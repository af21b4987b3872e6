//! `engine.bill` and `engine.reversal`: catalogue, payments, and what gives
//! money back.

use crate::scenario::biller::webhook;
use crate::scenario::line::Words;
use crate::scenario::record::Record;
use crate::scenario::shown::{bind_explanation, single};
use crate::scenario::stage::Stage;
use crate::scenario::stop::{Answer, Stop};
use crate::scenario::verbs::Verb;
use crate::scenario::verbs::wallet::metadata;
use fusepay_core::{
    BillItem, Biller, Category, ClaimSettlement, FeePolicy, Money, PaidReceipt, PayBill, PaymentStatus, QuoteRequest,
    RefundRequest, RefundSource, ReviewVerdict,
};
use std::time::Duration;

pub(super) const PAY_WORDS: &str = "wallet biller? item? customer amount? minor? currency? quote? key? metadata? \
                                    requested_at_ms? expected_version? as?";
pub(super) const REFUND_WORDS: &str = "payment amount? minor? currency? source? reason? key?";

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "bill.load_catalogue",
        words: "biller? name? category? providers? item? currency? minimum_minor? maximum_minor? fee_minor? \
                fee_per_mille? validates_customer? biller_enabled? item_enabled?",
        prints: "done",
        run: load_catalogue,
    },
    Verb { name: "bill.billers", words: "category? limit?", prints: "list biller*", run: billers },
    Verb { name: "bill.items", words: "biller?", prints: "list item*", run: items },
    Verb {
        name: "bill.validate_customer",
        words: "biller? item? customer",
        prints: "customer",
        run: validate_customer,
    },
    Verb {
        name: "bill.quote",
        words: "user biller? item? customer amount? minor? currency? as?",
        prints: "quote",
        run: quote,
    },
    Verb { name: "bill.pay", words: PAY_WORDS, prints: "payment", run: pay },
    Verb { name: "bill.find", words: "payment as?", prints: "payment", run: find },
    Verb { name: "bill.refresh", words: "payment", prints: "payment", run: refresh },
    Verb { name: "bill.list", words: "wallet limit? as?", prints: "list payment*", run: list },
    Verb { name: "bill.list_by_status", words: "status limit? as?", prints: "list payment*", run: list_by_status },
    Verb { name: "bill.tokens", words: "payment", prints: "list token*", run: tokens },
    Verb {
        name: "bill.explain",
        words: "payment as?",
        prints: "payment list decision* list attempt* job?",
        run: explain,
    },
    Verb {
        name: "bill.receive_webhook",
        words: "provider? request outcome minor? signature?",
        prints: "webhook",
        run: receive_webhook,
    },
    Verb { name: "bill.float_balance", words: "provider?", prints: "money", run: float_balance },
    Verb {
        name: "bill.top_up_float",
        words: "provider? amount? minor? currency? external_reference",
        prints: "done",
        run: top_up_float,
    },
    Verb { name: "reversal.reverse", words: "payment", prints: "payment", run: reverse },
    Verb { name: "reversal.refund", words: REFUND_WORDS, prints: "payment", run: refund },
    Verb {
        name: "reversal.resolve_review",
        words: "payment verdict reference? reason",
        prints: "payment",
        run: resolve_review,
    },
    Verb { name: "reversal.open_claims", words: "limit?", prints: "list payment*", run: open_claims },
    Verb { name: "reversal.settle_claim", words: "payment settlement reason", prints: "payment", run: settle_claim },
    Verb { name: "reversal.open_suspense", words: "limit?", prints: "list payment*", run: open_suspense },
    Verb { name: "reversal.release_suspense", words: "payment to?", prints: "payment", run: release_suspense },
];

/// The biller and the item of a step.
fn offer(words: &Words) -> (&str, &str) {
    (words.text_or("biller", "POWER"), words.text_or("item", "PREPAID"))
}

fn load_catalogue(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (code, item) = offer(words);
    let category = Category::new(words.text_or("category", "ELECTRICITY"))?;
    let name = words.text_or("name", "The power company");
    let mut biller = Biller::new(code, name, category, "").with_enabled(words.flag_or("biller_enabled", true)?);
    biller.providers = words.text_or("providers", "scripted").split(',').map(str::to_owned).collect();
    let minimum = Money::new(words.optional_number("minimum_minor")?.unwrap_or(1), words.currency()?);
    let maximum_minor = words.optional_number("maximum_minor")?.unwrap_or(1_000_000_000);
    let fee = FeePolicy::per_mille(words.optional_number("fee_per_mille")?.unwrap_or(0))
        .plus_fixed(words.optional_number("fee_minor")?.unwrap_or(0));
    let mut item = BillItem::new(item, "An item", minimum, maximum_minor)
        .with_fee(fee)
        .with_enabled(words.flag_or("item_enabled", true)?);
    item.validates_customer = words.flag_or("validates_customer", false)?;
    stage.engine()?.bill().load_catalogue(&[(biller, vec![item])])?;
    stage.done();
    Ok(())
}

fn billers(stage: &mut Stage, words: &Words) -> Answer<()> {
    let billers = stage.engine()?.bill().billers(words.optional("category"), None, words.limit()?)?;
    stage.answer_list(words, &billers);
    Ok(())
}

fn items(stage: &mut Stage, words: &Words) -> Answer<()> {
    let items = stage.engine()?.bill().items(offer(words).0)?;
    stage.answer_list(words, &items);
    Ok(())
}

fn validate_customer(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (biller, item) = offer(words);
    let customer = stage.engine()?.bill().validate_customer(biller, item, words.text("customer")?)?;
    stage.show(&customer);
    Ok(())
}

fn quote(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (biller, item) = offer(words);
    let request = QuoteRequest::new(words.id("user")?, biller, item, words.text("customer")?, words.money()?);
    let quote = stage.engine()?.bill().quote(&request)?;
    stage.answer(words, &quote);
    Ok(())
}

/// The bill a step asks to pay.
pub(super) fn pay_request(stage: &Stage, words: &Words) -> Answer<PayBill> {
    let (biller, item) = offer(words);
    let mut request = PayBill::new(words.id("wallet")?, biller, item, words.text("customer")?, words.money()?)
        .with_metadata(metadata(words)?);
    request.quote_id = words.optional_id("quote")?;
    request.idempotency_key = words.optional("key").map(str::to_owned);
    request.requested_at = words.optional_number("requested_at_ms")?.map(|ms| stage.moment(ms));
    request.expected_version = words.optional_number("expected_version")?;
    Ok(request)
}

fn pay(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.bill().pay(&pay_request(stage, words)?)?;
    stage.answer(words, &payment);
    Ok(())
}

fn find(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.bill().find(words.id("payment")?)?;
    stage.answer(words, &payment);
    Ok(())
}

fn refresh(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.bill().refresh(words.id("payment")?, Duration::from_secs(1))?;
    stage.show(&payment);
    Ok(())
}

fn list(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payments = stage.engine()?.bill().list(words.id("wallet")?, None, words.limit()?)?;
    stage.answer_list(words, &payments);
    Ok(())
}

fn list_by_status(stage: &mut Stage, words: &Words) -> Answer<()> {
    let status = words.word("status", PaymentStatus::from_name)?;
    let payments = stage.engine()?.bill().list_by_status(status, None, words.limit()?)?;
    stage.answer_list(words, &payments);
    Ok(())
}

fn tokens(stage: &mut Stage, words: &Words) -> Answer<()> {
    let tokens = stage.engine()?.bill().tokens(words.id("payment")?)?;
    stage.print(single("list", "count", tokens.len()));
    tokens.iter().for_each(|token| stage.print(Record::new("token").text("text", token.as_str())));
    Ok(())
}

fn explain(stage: &mut Stage, words: &Words) -> Answer<()> {
    let found = stage.engine()?.bill().explain(words.id("payment")?)?;
    if let Some(name) = words.optional("as") {
        bind_explanation(&found, name, &mut stage.names);
    }
    stage.show(&found.payment);
    stage.print(single("list", "count", found.steps.len()));
    found.steps.iter().for_each(|step| stage.show(step));
    stage.print(single("list", "count", found.attempts.len()));
    found.attempts.iter().for_each(|attempt| stage.show(attempt));
    found.next_job.iter().for_each(|job| stage.show(job));
    Ok(())
}

fn receive_webhook(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (outcome, request) = (words.text("outcome")?, words.text("request")?);
    let body = match outcome {
        "PAID" => format!("PAID {request} {}", words.text_or("minor", "-")),
        other => format!("{other} {request}"),
    };
    let webhook = webhook(words.text_or("signature", "valid"), &body);
    let receipt = stage.engine()?.bill().receive_webhook(words.text_or("provider", "scripted"), &webhook)?;
    stage.show(&receipt);
    Ok(())
}

fn float_balance(stage: &mut Stage, words: &Words) -> Answer<()> {
    let money = stage.engine()?.bill().float_balance(words.text_or("provider", "scripted"))?;
    stage.show(&money);
    Ok(())
}

fn top_up_float(stage: &mut Stage, words: &Words) -> Answer<()> {
    let provider = words.text_or("provider", "scripted");
    stage.engine()?.bill().top_up_float(provider, words.money()?, words.text("external_reference")?)?;
    stage.done();
    Ok(())
}

fn reverse(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.reversal().reverse(words.id("payment")?)?;
    stage.show(&payment);
    Ok(())
}

/// The refund a step asks for.
pub(super) fn refund_request(words: &Words) -> Answer<RefundRequest> {
    let source = match words.text_or("source", "host") {
        "host" => RefundSource::Host,
        "biller" => RefundSource::Biller,
        other => return Err(Stop::Script(format!("`{other}` is no source"))),
    };
    let reason = words.text_or("reason", "scripted refund");
    let mut request = RefundRequest::new(words.id("payment")?, words.money()?, source, reason);
    request.idempotency_key = words.optional("key").map(str::to_owned);
    Ok(request)
}

fn refund(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.reversal().refund(&refund_request(words)?)?;
    stage.show(&payment);
    Ok(())
}

fn resolve_review(stage: &mut Stage, words: &Words) -> Answer<()> {
    let verdict = match words.text("verdict")? {
        "paid" => ReviewVerdict::Paid(PaidReceipt::new(words.text_or("reference", "REF-0"))),
        "not_paid" => ReviewVerdict::NotPaid,
        other => return Err(Stop::Script(format!("`{other}` is no verdict"))),
    };
    let reason = words.text("reason")?;
    let payment = stage.engine()?.reversal().resolve_review(words.id("payment")?, &verdict, reason)?;
    stage.show(&payment);
    Ok(())
}

fn open_claims(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payments = stage.engine()?.reversal().open_claims(words.limit()?)?;
    stage.answer_list(words, &payments);
    Ok(())
}

fn settle_claim(stage: &mut Stage, words: &Words) -> Answer<()> {
    let settlement = match words.text("settlement")? {
        "recovered" => ClaimSettlement::RecoveredFromProvider,
        "written_off" => ClaimSettlement::WrittenOff,
        other => return Err(Stop::Script(format!("`{other}` is no settlement"))),
    };
    let reason = words.text("reason")?;
    let payment = stage.engine()?.reversal().settle_claim(words.id("payment")?, settlement, reason)?;
    stage.show(&payment);
    Ok(())
}

fn open_suspense(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payments = stage.engine()?.reversal().open_suspense(words.limit()?)?;
    stage.answer_list(words, &payments);
    Ok(())
}

fn release_suspense(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.engine()?.reversal().release_suspense(words.id("payment")?, words.optional_id("to")?)?;
    stage.show(&payment);
    Ok(())
}

//! Paying and asking: what is done, what is written into the book, and what is
//! then said about it, which is not always the same.

use crate::answer;
use crate::biller::{Biller, Exchange, check_order, parse, text_at};
use crate::book::{Entry, Status};
use crate::fault::{Fault, number};
use crate::http::Reply;
use crate::kobo;
use crate::shelf::Service;
use crate::webhook::Delivery;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// A payment as it was asked for.
struct Order {
    request_id: String,
    service: String,
    customer: String,
    amount_minor: i64,
}

/// `POST /api/pay`.
pub(crate) fn pay(biller: &Biller, body: &[u8]) -> Exchange {
    let order = match read_order(body) {
        Ok(order) => order,
        Err(refusal) => return refusal.into(),
    };
    let faults = biller.faults();
    let mut fault = faults.pick(&order.customer, &order.request_id);
    let seed = faults.seed;
    drop(faults);
    let mut book = biller.book();
    let earlier = book.entry_mut(&order.request_id);
    let attempts = earlier.map_or(1, |entry| {
        entry.attempts += 1;
        entry.attempts
    });
    match book.entry(&order.request_id).map(|entry| entry.status) {
        // A request that was lost was never seen, so it is served now, and well.
        Some(Status::Lost) => fault = Fault::Deliver,
        Some(_) => return answer::refusal(200, "014", "REQUEST ID ALREADY EXIST").into(),
        None => {}
    }
    if book.balance_minor() < order.amount_minor {
        fault = Fault::LowBalance;
    }
    let request_id = order.request_id.clone();
    book.receive(new_entry(biller, order, fault, attempts, seed));
    match fault {
        Fault::Decline | Fault::LowBalance => book.fail(&request_id),
        Fault::Pending | Fault::PendingFailed | Fault::WebhookForged => {}
        Fault::ErrorUnpaid | Fault::Html | Fault::HangUnpaid | Fault::DropUnpaid | Fault::SystemError => {
            book.lose(&request_id);
        }
        Fault::Deliver
        | Fault::ErrorPaid
        | Fault::HangPaid
        | Fault::DropPaid
        | Fault::Late
        | Fault::OtherAmount
        | Fault::OtherCustomer
        | Fault::WebhooksFive
        | Fault::WebhookFirst
        | Fault::Truncated
        | Fault::Empty
        | Fault::UnknownCode
        | Fault::NotFoundOnce
        | Fault::RequeryError => book.pay(&request_id),
    }
    let entry = book.entry(&request_id).cloned();
    drop(book);
    entry.map_or_else(|| Reply::HangUp.into(), |entry| say(biller, &entry))
}

/// `POST /api/requery`: the truth, unless a fault still hides it.
pub(crate) fn requery(biller: &Biller, body: &[u8]) -> Exchange {
    let not_found = || Reply::json(200, &answer::standing_of_nobody());
    let Some(request_id) = text_at(&parse(body), "/request_id") else {
        return answer::refusal(200, "011", "INVALID ARGUMENTS").into();
    };
    let mut book = biller.book();
    let Some(entry) = book.entry_mut(&request_id) else { return not_found().into() };
    entry.requeries += 1;
    if let Some(left) = entry.errors_left.checked_sub(1) {
        entry.errors_left = left;
        return Reply::html(500, SERVER_ERROR).into();
    }
    if let Some(left) = entry.hidden_left.checked_sub(1) {
        entry.hidden_left = left;
        return not_found().into();
    }
    let was_pending = entry.status == Status::Pending;
    let is_due = entry.polls_left == 0;
    entry.polls_left = entry.polls_left.saturating_sub(1);
    let fails = entry.fault != Fault::Pending;
    match (was_pending && is_due, fails) {
        (true, true) => book.fail(&request_id),
        (true, false) => book.pay(&request_id),
        (false, _) => {}
    }
    let Some(entry) = book.entry(&request_id) else { return not_found().into() };
    let reply = Reply::json(200, &answer::standing(entry));
    let after = (was_pending && is_due).then(|| answer::webhook(entry, 1));
    Exchange { reply, after }
}

fn read_order(body: &[u8]) -> Result<Order, Reply> {
    let asked = parse(body);
    let invalid = || answer::refusal(200, "011", "INVALID ARGUMENTS");
    let field = |name: &str| text_at(&asked, name).ok_or_else(invalid);
    let amount_minor = kobo::parse(&field("/amount")?).filter(|minor| *minor > 0).ok_or_else(invalid)?;
    let (request_id, service, customer) = (field("/request_id")?, field("/serviceID")?, field("/billersCode")?);
    field("/phone")?;
    check_order(&service, text_at(&asked, "/variation_code").as_deref(), amount_minor)?;
    // VTpass refuses ids that do not begin with twelve digits of date and time.
    let date = request_id.get(..12).unwrap_or_default();
    if date.len() < 12 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(answer::refusal(200, "085", "IMPROPER REQUEST ID"));
    }
    Ok(Order { request_id, service, customer, amount_minor })
}

fn new_entry(biller: &Biller, order: Order, fault: Fault, attempts: u32, seed: u64) -> Entry {
    let request_id = order.request_id.as_str();
    let sells_tokens = Service::find(&order.service).is_some_and(|service| service.sells_tokens);
    let customer_served = if fault == Fault::OtherCustomer { "99999999999".to_owned() } else { order.customer.clone() };
    let waits = matches!(fault, Fault::Pending | Fault::PendingFailed | Fault::WebhookForged);
    Entry {
        transaction_id: format!("{:020}", number(seed, &["transaction", request_id])),
        token: sells_tokens.then(|| token(seed, request_id)),
        service: order.service,
        customer: order.customer,
        customer_served,
        amount_minor: order.amount_minor,
        paid_minor: 0,
        times_paid: 0,
        reversed: false,
        attempts,
        requeries: 0,
        status: Status::Pending,
        fault,
        polls_left: if waits { biller.pace.polls } else { 0 },
        hidden_left: u32::from(fault == Fault::NotFoundOnce),
        errors_left: if fault == Fault::RequeryError { biller.pace.requery_errors } else { 0 },
        request_id: order.request_id,
    }
}

/// Twenty digits in fives of four, as prepaid meters take them.
fn token(seed: u64, request_id: &str) -> String {
    let group = |n: u64| format!("{:04}", number(seed, &["token", &n.to_string(), request_id]) % 10_000);
    (0..5).map(group).collect::<Vec<_>>().join("-")
}

/// What the payer hears, and when.
fn say(biller: &Biller, entry: &Entry) -> Exchange {
    let plain = || Reply::json(200, &answer::standing(entry));
    let then_webhook = |reply, times| Exchange { reply, after: Some(answer::webhook(entry, times)) };
    match entry.fault {
        Fault::Deliver | Fault::Decline | Fault::OtherAmount | Fault::OtherCustomer => then_webhook(plain(), 1),
        Fault::WebhooksFive => then_webhook(plain(), 5),
        Fault::WebhookFirst => webhook_first(biller, entry, plain()),
        Fault::LowBalance => answer::refusal(200, "018", "LOW WALLET BALANCE").into(),
        Fault::Pending | Fault::PendingFailed => processing(entry).into(),
        Fault::WebhookForged => Exchange { reply: processing(entry), after: Some(forged(entry)) },
        Fault::ErrorUnpaid => Reply::html(500, SERVER_ERROR).into(),
        Fault::Html => Reply::html(502, "<html><body>502 Bad Gateway</body></html>").into(),
        Fault::SystemError => answer::refusal(200, "083", "SYSTEM ERROR").into(),
        Fault::ErrorPaid => then_webhook(Reply::html(500, SERVER_ERROR), 1),
        Fault::UnknownCode => then_webhook(Reply::json(200, &answer::transaction(entry, "777", "COMPUTER SAYS")), 1),
        Fault::Truncated => then_webhook(half(&plain()), 1),
        Fault::Empty => then_webhook(Reply::html(200, ""), 1),
        Fault::DropPaid => then_webhook(Reply::HangUp, 1),
        Fault::DropUnpaid | Fault::NotFoundOnce | Fault::RequeryError => Reply::HangUp.into(),
        Fault::HangUnpaid => silence(biller),
        Fault::HangPaid => {
            biller.notify(answer::webhook(entry, 1));
            silence(biller)
        }
        Fault::Late => {
            biller.closing.wait(biller.pace.late);
            then_webhook(plain(), 1)
        }
    }
}

fn processing(entry: &Entry) -> Reply {
    Reply::json(200, &answer::transaction(entry, "099", "TRANSACTION IS PROCESSING"))
}

fn silence(biller: &Biller) -> Exchange {
    biller.closing.wait(biller.pace.hang);
    Reply::HangUp.into()
}

fn half(reply: &Reply) -> Reply {
    match reply {
        Reply::Answer { status, content_type, body } => {
            let half = body.get(..body.len() / 2).unwrap_or_default().to_vec();
            Reply::Answer { status: *status, content_type, body: half }
        }
        Reply::HangUp => Reply::HangUp,
    }
}

/// A webhook that says delivered, which is a lie, signed with the wrong secret.
fn forged(entry: &Entry) -> Delivery {
    let lie = Entry { status: Status::Delivered, ..entry.clone() };
    Delivery { is_forged: true, ..answer::webhook(&lie, 1) }
}

fn webhook_first(biller: &Biller, entry: &Entry, reply: Reply) -> Exchange {
    let (sent, arrived) = sync_channel(1);
    biller.notify(Delivery { sent: Some(sent), ..answer::webhook(entry, 1) });
    // A host that does not take its webhook gets the answer all the same.
    arrived.recv_timeout(Duration::from_secs(5)).ok();
    reply.into()
}

const SERVER_ERROR: &str = "<html><body>500 Internal Server Error</body></html>";

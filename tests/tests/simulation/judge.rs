//! What must hold after every step, and at the end of a life.

use crate::biller::Entry;
use crate::life::{Life, Verdict};
use fusepay_core::{AttemptKind, Event, EventName, FusePay, JobStatus, Payment, PaymentId, PaymentStatus};
use fusepay_testkit::Oracle;
use fusepay_tests::numbers::Numbers;
use std::collections::BTreeMap;

/// How many steps lie between two looks at everything.
const WHOLE_EACH: u64 = 200;
/// How many steps lie at most between two looks at every balance; a step that
/// had any effect says so in an event, and is looked at at once.
const BALANCES_EACH: u64 = 8;
/// Acknowledged operations repeated after each death.
const REPEATED: u64 = 3;
/// How often the end of a life may move the clock before it is said not to come.
const ENDING_MAX: u32 = 3_000;

fn said<T>(what: &str, answer: fusepay_core::Result<T>) -> Verdict<T> {
    answer.map_err(|error| format!("{what}: {error:?}"))
}

/// After each step: what changed is judged, and every balance is what it must be.
pub(crate) fn look(life: &mut Life) -> Verdict {
    let engine = life.engine();
    let before = life.event_cursor;
    for id in changed(life, &engine)? {
        let payment = said("a payment of an event", engine.bill().explain(id))?.payment;
        judge_payment(life, &payment)?;
        life.note(|| format!("{} {}", payment.id, payment.status));
        life.model.payments.insert(id, payment);
    }
    if life.event_cursor == before && !life.tally.steps.is_multiple_of(BALANCES_EACH) {
        return Ok(());
    }
    for (wallet, _) in &life.model.wallets {
        let (found, expected) =
            (said("a wallet", engine.wallet().find(*wallet))?.balance_minor, life.model.balance(*wallet));
        if found != expected {
            return Err(format!("{wallet} has {found}, and must have {expected}"));
        }
    }
    if life.tally.steps.is_multiple_of(WHOLE_EACH) { look_at_everything(life, &engine) } else { Ok(()) }
}

/// The payments that events speak of, and that no event is missing.
fn changed(life: &mut Life, engine: &FusePay) -> Verdict<Vec<PaymentId>> {
    let mut payments = Vec::new();
    loop {
        let events: Vec<Event> = said("events", engine.events().read(life.event_cursor, 200))?;
        for event in &events {
            if event.sequence != life.event_cursor + 1 {
                return Err(format!("event {} follows {}", event.sequence, life.event_cursor));
            }
            life.event_cursor = event.sequence;
            if event.name == EventName::PaymentLateSuccess {
                life.tally.claims += 1;
            }
            payments.extend(event.payment.filter(|id| !payments.contains(id)));
        }
        if events.is_empty() {
            return Ok(payments);
        }
    }
}

/// A payment is somebody's, and one that was given back was not paid, with proof.
fn judge_payment(life: &mut Life, payment: &Payment) -> Verdict {
    let Some(op) = life.model.asked.get(&payment.id) else {
        return Err(format!("nobody asked for {payment:?}"));
    };
    if (op.wallet, op.minor, &op.customer) != (payment.wallet_id, payment.amount.minor(), &payment.customer_reference) {
        return Err(format!("asked as {op:?}, found as {payment:?}"));
    }
    let refunded = life.model.refunded(payment.id);
    if payment.refunded_minor != refunded {
        return Err(format!("{refunded} were refunded: {payment:?}"));
    }
    let is_given_back = matches!(payment.status, PaymentStatus::Failed | PaymentStatus::Reversed);
    if is_given_back && life.model.judged.insert(payment.id) {
        let entry = life.biller.entry(&payment.request_id).unwrap_or_default();
        if !entry.justifies_reversal() {
            return Err(format!("given back without proof; the biller: {entry:?}; the payment: {payment:?}"));
        }
    }
    if !is_given_back {
        life.model.judged.remove(&payment.id);
    }
    Ok(())
}

fn look_at_everything(life: &mut Life, engine: &FusePay) -> Verdict {
    let mut oracle = Oracle::new();
    for (wallet, _) in &life.model.wallets {
        oracle = oracle.with_wallet(*wallet);
    }
    let complaints = oracle.check(engine);
    if !complaints.is_empty() {
        return Err(complaints.join("; "));
    }
    let audit = said("the audit", engine.audit().verify(None))?;
    if !audit.is_sound {
        return Err(format!("the audit is not sound: {audit:?}"));
    }
    if let Some(missing) = life.model.asked.keys().find(|id| !life.model.payments.contains_key(id)) {
        return Err(format!("payment {missing} was acknowledged, and no event tells of it"));
    }
    for (hold, wallet) in life.holds() {
        let found = said("a hold", engine.wallet().find_hold(*hold))?;
        if found.wallet_id != *wallet {
            return Err(format!("{hold} is of {}, not of {wallet}", found.wallet_id));
        }
    }
    judge_book(life)
}

/// Who the biller was paid for is completed, in flight, under review or a claim.
fn judge_book(life: &Life) -> Verdict {
    let mut of_request: BTreeMap<&str, &Payment> = BTreeMap::new();
    for payment in life.model.payments.values() {
        if of_request.insert(&payment.request_id, payment).is_some() {
            return Err(format!("two payments have request id {}", payment.request_id));
        }
    }
    let mut customers = BTreeMap::new();
    for (request_id, entry) in life.biller.book() {
        if entry.sends == 0 && entry.paid_times == 0 {
            continue;
        }
        if let Some(other) = customers.insert(entry.customer.clone(), request_id.clone()) {
            return Err(format!("{} was sent as {other} and as {request_id}", entry.customer));
        }
        let Some(payment) = of_request.get(request_id.as_str()) else {
            return Err(format!("the biller was sent {request_id}, which is nobody's: {entry:?}"));
        };
        judge_entry(payment, &entry)?;
    }
    for payment in life.model.payments.values() {
        let entry = life.biller.entry(&payment.request_id).unwrap_or_default();
        if payment.status == PaymentStatus::Completed && entry.paid_times == 0 {
            return Err(format!("completed, and not paid: {payment:?}"));
        }
    }
    Ok(())
}

fn judge_entry(payment: &Payment, entry: &Entry) -> Verdict {
    let has_claim = payment.claim_minor > 0;
    let is_wrong = match payment.status {
        PaymentStatus::Pending => entry.has_money(),
        PaymentStatus::Failed | PaymentStatus::Reversed => entry.has_money() && !has_claim && !entry.is_late_payer(),
        _ => false,
    };
    if is_wrong || entry.paid_times > 1 {
        return Err(format!("the biller: {entry:?}; the payment: {payment:?}"));
    }
    Ok(())
}

/// After a death: what was acknowledged is there, and is the same when repeated.
pub(crate) fn kept(life: &mut Life, numbers: &mut Numbers) -> Verdict {
    let engine = life.engine();
    let count = life.model.acknowledged.len() as u64;
    for _ in 0..REPEATED.min(count) {
        let index = usize::try_from(numbers.below(count)).unwrap();
        let (op, id) = life.model.acknowledged[index].clone();
        if !op.has_key() || op.act == crate::step::Act::Quote {
            continue;
        }
        match op.perform(&engine) {
            Ok(again) if again == id => {}
            other => return Err(format!("acknowledged as {id}, repeated as {other:?}: {op:?}")),
        }
    }
    Ok(())
}

/// After a death, when everybody has been asked again who was not answered.
pub(crate) fn aftermath(life: &mut Life) -> Verdict {
    look(life)?;
    judge_book(life)?;
    let engine = life.engine();
    judge_attempts(life, &engine)
}

/// Whatever reached the biller had been written down before it was sent.
fn judge_attempts(life: &Life, engine: &FusePay) -> Verdict {
    for payment in life.model.payments.values() {
        let Some(entry) = life.biller.entry(&payment.request_id).filter(|entry| entry.sends > 0) else { continue };
        let attempts = said("attempts", engine.bill().explain(payment.id))?.attempts;
        let sends = attempts.iter().filter(|attempt| attempt.kind == AttemptKind::Submit).count();
        if sends < usize::try_from(entry.sends).unwrap() {
            return Err(format!("{sends} sends are written down, the biller has {entry:?}: {payment:?}"));
        }
    }
    Ok(())
}

/// No more troubles, and time goes on: everything comes to an end.
pub(crate) fn end(life: &mut Life) -> Verdict {
    let mut calm = 0;
    for _ in 0..ENDING_MAX {
        let engine = life.engine();
        let now = engine.due_now();
        let report = said("at the end", engine.run_due())?;
        look(life)?;
        let is_busy = said("counts", engine.queue().counts())?
            .iter()
            .any(|jobs| jobs.count > 0 && jobs.status != JobStatus::Dead);
        if !is_busy {
            calm += 1;
            if calm > 1 {
                break;
            }
        }
        let next = report.next_due.filter(|due| *due > now).map_or(1_000, |due| due.since(now));
        life.pass(next.clamp(1, 86_400_000).unsigned_abs());
    }
    life.biller.finish();
    let engine = life.engine();
    for request_id in life.biller.book().into_keys() {
        said("a last webhook", engine.bill().receive_webhook("sim", &life.biller.webhook(&request_id)))?;
    }
    look(life)?;
    for payment in life.model.payments.clone().into_values() {
        life.tally.payments += 1;
        match payment.status {
            PaymentStatus::Completed => life.tally.completed += 1,
            PaymentStatus::Reversed => life.tally.reversed += 1,
            PaymentStatus::NeedsReview => {
                life.tally.reviewed += 1;
                said("a review's end", life.resolve(payment.id, &payment.request_id))?;
            }
            PaymentStatus::Failed if has_dead_letter(&engine, payment.id)? => {}
            status => {
                return Err(format!("did not come to an end: {status}: {:#?}", engine.bill().explain(payment.id)));
            }
        }
    }
    look(life)?;
    look_at_everything(life, &engine)?;
    judge_float(life, &engine)
}

fn has_dead_letter(engine: &FusePay, id: PaymentId) -> Verdict<bool> {
    let dead = said("dead letters", engine.queue().dead_letters(None, 500))?;
    Ok(dead.iter().any(|job| job.subject == *id.as_bytes()))
}

/// What the biller has is what our float says it has.
fn judge_float(life: &Life, engine: &FusePay) -> Verdict {
    let recovered: i64 = life
        .model
        .settled
        .iter()
        .filter(|(_, is_recovered)| **is_recovered)
        .filter_map(|(id, _)| life.model.payments.get(id))
        .map(|payment| payment.claim_minor)
        .sum();
    // An operator who confirms another amount than was asked books what was
    // asked: the difference is for the host and the biller to settle.
    let as_booked = |payment: &Payment, entry: &Entry| match payment.status {
        PaymentStatus::Completed => payment.amount.minor(),
        _ => entry.paid_minor,
    };
    let booked = life.model.payments.values().filter_map(|payment| {
        let entry = life.biller.entry(&payment.request_id).filter(Entry::has_money)?;
        // What the biller gave back by request is not in its book.
        Some(as_booked(payment, &entry) - life.model.refunded_by_biller(payment.id))
    });
    let has: i64 = booked.sum();
    let stats = said("stats", engine.stats())?;
    let of_float = stats.balances.iter().filter(|balance| balance.account == "float");
    let float: i64 = of_float.map(|balance| balance.balance_minor).sum();
    let expected = has - recovered - life.model.top_ups_minor;
    if float != expected {
        return Err(format!("our float says {float}, the biller {expected}"));
    }
    Ok(())
}

/// What the end of a life is compared by.
pub(crate) fn digest(life: &Life) -> Verdict<String> {
    let ledger = said("the digest", life.engine().ledger_digest())?;
    Ok(format!("{ledger} {:016x}", life.trace))
}

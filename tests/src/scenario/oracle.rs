//! What must hold at the end of every scenario, with the billers' own books as
//! the judges of who was paid. `FORMAT.md` says it in words.

use crate::scenario::biller::Entry;
use crate::scenario::names::Kind;
use crate::scenario::record::Record;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use fusepay_core::{FusePay, JobStatus, Payment, PaymentStatus};

/// The size of a page when everything is listed.
const PAGE: u32 = 500;

/// Prints everything that does not hold, after its number. `lenient` lets a
/// biller have money of a payment that the engine has given back and was not
/// told about.
pub(crate) fn consult(stage: &mut Stage, is_lenient: bool) -> Answer<usize> {
    let engine = stage.engine()?;
    let mut complaints = Vec::new();
    let report = engine.verify()?;
    if !report.is_sound {
        complaints.push(format!("verify finds {} violations", report.violation_count));
    }
    let payments = all_payments(&engine)?;
    for payment in &payments {
        let entry = stage.billers().iter().find(|biller| biller.code() == payment.provider);
        let entry = entry.and_then(|biller| biller.book().into_iter().find(|e| e.request_id == payment.request_id));
        let name = stage.names.name(Kind::Payment, &payment.id.to_string());
        let mut complain = |what: &str| complaints.push(format!("payment {name} ({}): {what}", payment.status));
        check_truth(payment, &entry.unwrap_or_default(), is_lenient, &mut complain);
        check_job(&engine, payment, &mut complain)?;
    }
    for biller in stage.billers() {
        for entry in biller.book().iter().filter(|entry| entry.sends > 0) {
            let is_owner = |p: &&Payment| p.provider == biller.code() && p.request_id == entry.request_id;
            if payments.iter().filter(is_owner).count() != 1 {
                complaints.push(format!("{} was sent entry {} by nobody", biller.code(), entry.number));
            }
        }
    }
    stage.print(Record::new("oracle").plain("complaints", complaints.len()).plain("payments", payments.len()));
    for complaint in &complaints {
        stage.print(Record::new("complaint").text("text", complaint.as_str()));
    }
    Ok(complaints.len())
}

fn check_truth(payment: &Payment, entry: &Entry, is_lenient: bool, complain: &mut impl FnMut(&str)) {
    let holds = entry.holds_money();
    let whole_minor = payment.amount.minor().saturating_add(payment.fee.minor());
    if entry.paid_times > 1 {
        complain("the biller was paid more than once");
    }
    match payment.status {
        PaymentStatus::Completed if !holds => complain("the biller does not have the money"),
        PaymentStatus::Completed if entry.paid_minor != Some(payment.amount.minor()) => {
            complain("the biller has another amount");
        }
        PaymentStatus::Reversed if holds && payment.claim_minor == 0 && !is_lenient => {
            complain("the biller has the money, and there is no claim");
        }
        PaymentStatus::Failed if holds && !is_lenient => complain("the biller has the money of a failed payment"),
        PaymentStatus::Pending if holds => complain("the biller has money that was never sent"),
        PaymentStatus::Unknown | PaymentStatus::Processing | PaymentStatus::NeedsReview | _ => {}
    }
    if !(0..=whole_minor).contains(&payment.refunded_minor) || !(0..=whole_minor).contains(&payment.suspense_minor) {
        complain("more was given back than was taken");
    }
}

fn check_job(engine: &FusePay, payment: &Payment, complain: &mut impl FnMut(&str)) -> Answer<()> {
    let job = engine.bill().explain(payment.id)?.next_job;
    let has_job = job.is_some_and(|job| job.status != JobStatus::Dead);
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Processing | PaymentStatus::Unknown if !has_job => {
            complain("nothing will go on with it");
        }
        PaymentStatus::Completed | PaymentStatus::Reversed | PaymentStatus::NeedsReview if has_job => {
            complain("a job is left over");
        }
        PaymentStatus::Failed | _ => {}
    }
    Ok(())
}

fn all_payments(engine: &FusePay) -> Answer<Vec<Payment>> {
    let mut payments = Vec::new();
    for status in PaymentStatus::ALL {
        let mut after = None;
        loop {
            let page = engine.bill().list_by_status(*status, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            payments.extend(page);
        }
    }
    Ok(payments)
}

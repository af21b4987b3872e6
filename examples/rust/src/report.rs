//! Our book beside the biller's: every payment, every kobo.

use crate::biller::BookLine;
use fusepay_core::{Payment, PaymentStatus};
use std::collections::{BTreeMap, HashMap};

/// What does not agree, one sentence each.
pub(crate) fn disagreements(payments: &[Payment], book: &HashMap<String, BookLine>) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = 0;
    for payment in payments {
        let line = book.get(&payment.request_id);
        known += usize::from(line.is_some());
        let kept = line.map_or(0, |line| if line.is_reversed { 0 } else { line.paid_minor });
        let expected = if payment.status == PaymentStatus::Completed {
            payment.amount.minor()
        } else if payment.status == PaymentStatus::Reversed {
            payment.claim_minor
        } else {
            found.push(format!("{} is still {}", payment.reference(), payment.status));
            continue;
        };
        if kept != expected {
            let fault = line.map_or("never seen", |line| line.fault.as_str());
            found.push(format!(
                "{} is {} for {expected} kobo, but the biller kept {kept} ({fault})",
                payment.reference(),
                payment.status
            ));
        }
        if line.is_some_and(|line| line.times_paid > 1) {
            found.push(format!("{} was paid more than once", payment.reference()));
        }
    }
    if known != book.len() {
        found.push(format!("the biller knows {} requests, we know {known} of them", book.len()));
    }
    found
}

/// A table: what the biller played on us, and where the payments ended.
pub(crate) fn table(payments: &[Payment], book: &HashMap<String, BookLine>) -> String {
    let mut rows: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for payment in payments {
        let fault = book.get(&payment.request_id).map_or("connection-refused", |line| line.fault.as_str());
        let counts = rows.entry(fault.to_owned()).or_default();
        let ends = [PaymentStatus::Completed, PaymentStatus::Reversed];
        let column = ends.iter().position(|end| *end == payment.status).unwrap_or(ends.len());
        if let Some(count) = counts.get_mut(column) {
            *count += 1;
        }
    }
    let mut text = format!("  {:<20}{:>10}{:>10}{:>8}\n", "the biller", "COMPLETED", "REVERSED", "open");
    for (fault, [completed, reversed, open]) in rows {
        text.push_str(&format!("  {fault:<20}{completed:>10}{reversed:>10}{open:>8}\n"));
    }
    text
}

//! What a provider object answered, read. An answer that is not exactly one of
//! the outcomes of `python/fusepay/_provider.py` is an outcome nobody knows.

use fusepay_core::{
    Answer, BillItem, Biller, Code, Customer, Error, Evidence, Money, PaidReceipt, PayOutcome, QueryOutcome,
    WebhookNotice,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::{FromPy, read, read_optional};
use crate::error::{invalid, summary};
use crate::record::bill;

/// Whether an object is of a class of `fusepay._provider`.
pub(crate) fn is_a(object: &Bound<'_, PyAny>, class: &str) -> PyResult<bool> {
    object.is_instance(&object.py().import("fusepay._provider")?.getattr(class)?)
}

fn field<T: FromPy>(object: &Bound<'_, PyAny>, name: &'static str) -> PyResult<T> {
    read(&object.getattr(name)?, name)
}

fn optional<T: FromPy>(object: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<T>> {
    read_optional(Some(&object.getattr(name)?), name)
}

/// Takes the evidence off an answer that has some.
fn unwrap<'py>(answer: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Evidence)> {
    if !is_a(answer, "Answer")? {
        return Ok((answer.clone(), Evidence::default()));
    }
    let evidence = answer.getattr("evidence")?;
    if evidence.is_none() {
        return Ok((answer.getattr("outcome")?, Evidence::default()));
    }
    let text: String = field(&evidence, "text")?;
    let raw = evidence.getattr("raw")?;
    let raw = match raw.cast::<PyBytes>() {
        Ok(bytes) => bytes.as_bytes().to_vec(),
        Err(_) => read::<String>(&raw, "raw")?.into_bytes(),
    };
    Ok((answer.getattr("outcome")?, Evidence::new(raw, text)))
}

/// Reads an answer; what can't be read becomes `unknown` with the reason.
fn read_answer<T>(
    answer: &Bound<'_, PyAny>,
    outcome: fn(&Bound<'_, PyAny>) -> PyResult<Option<T>>,
    unknown: fn(String) -> T,
) -> Answer<T> {
    let class = answer.get_type().name().map_or_else(|_| "something".to_owned(), |name| name.to_string());
    let read = unwrap(answer).and_then(|(found, evidence)| Ok((outcome(&found)?, evidence)));
    match read {
        Ok((Some(outcome), evidence)) => Answer::new(outcome, evidence),
        Ok((None, evidence)) => {
            Answer::new(unknown(format!("the adapter answered {class}, which is no outcome of this call")), evidence)
        }
        Err(malformed) => {
            let why = summary(answer.py(), &malformed);
            Answer::new(unknown(format!("the adapter answered a malformed {class}: {why}")), Evidence::default())
        }
    }
}

/// The answer of `pay`.
pub(super) fn pay(answer: &Bound<'_, PyAny>) -> Answer<PayOutcome> {
    read_answer(answer, pay_outcome, |cause| PayOutcome::Unknown { cause })
}

/// The answer of `query`.
pub(super) fn query(answer: &Bound<'_, PyAny>) -> Answer<QueryOutcome> {
    read_answer(answer, query_outcome, |cause| QueryOutcome::Unknown { cause })
}

fn pay_outcome(outcome: &Bound<'_, PyAny>) -> PyResult<Option<PayOutcome>> {
    Ok(Some(if is_a(outcome, "Paid")? {
        PayOutcome::Paid(receipt(outcome)?)
    } else if is_a(outcome, "Declined")? {
        PayOutcome::Declined { code: field(outcome, "code")?, reason: field(outcome, "reason")? }
    } else if is_a(outcome, "NotSent")? {
        PayOutcome::NotSent { cause: field(outcome, "cause")? }
    } else if is_a(outcome, "Duplicate")? {
        PayOutcome::Duplicate
    } else if is_a(outcome, "Pending")? {
        PayOutcome::Pending { poll_after_ms: optional(outcome, "poll_after_ms")? }
    } else if is_a(outcome, "Unknown")? {
        PayOutcome::Unknown { cause: field(outcome, "cause")? }
    } else {
        return Ok(None);
    }))
}

fn query_outcome(outcome: &Bound<'_, PyAny>) -> PyResult<Option<QueryOutcome>> {
    Ok(Some(if is_a(outcome, "Paid")? {
        QueryOutcome::Paid(receipt(outcome)?)
    } else if is_a(outcome, "Failed")? {
        QueryOutcome::Failed { code: field(outcome, "code")?, reason: field(outcome, "reason")? }
    } else if is_a(outcome, "Pending")? {
        QueryOutcome::Pending { poll_after_ms: optional(outcome, "poll_after_ms")? }
    } else if is_a(outcome, "ProviderReversed")? {
        QueryOutcome::ProviderReversed { reason: field(outcome, "reason")? }
    } else if is_a(outcome, "NotFound")? {
        QueryOutcome::NotFound
    } else if is_a(outcome, "Unknown")? {
        QueryOutcome::Unknown { cause: field(outcome, "cause")? }
    } else {
        return Ok(None);
    }))
}

/// Reads a `Paid`.
pub(crate) fn receipt(paid: &Bound<'_, PyAny>) -> PyResult<PaidReceipt> {
    let mut receipt = PaidReceipt::new(field::<String>(paid, "provider_reference")?);
    receipt.amount_minor = optional(paid, "amount_minor")?;
    receipt.customer_reference = optional(paid, "customer_reference")?;
    receipt.tokens = field(paid, "tokens")?;
    receipt.receipt = optional(paid, "receipt")?;
    Ok(receipt)
}

/// A malformed answer as an error.
fn usable<T>(answer: &Bound<'_, PyAny>, code: Code, read: PyResult<T>) -> fusepay_core::Result<T> {
    read.map_err(|malformed| {
        Error::new(code, format!("the adapter answered what it may not: {}", summary(answer.py(), &malformed)))
    })
}

/// The answer of `validate_customer`.
pub(super) fn customer(answer: &Bound<'_, PyAny>) -> fusepay_core::Result<Customer> {
    let customer = read::<super::records::Customer>(answer, "customer").map(Customer::from);
    usable(answer, Code::ProviderUnavailable, customer)
}

/// The answer of `float_balance`.
pub(super) fn float_balance(answer: &Bound<'_, PyAny>) -> fusepay_core::Result<Money> {
    usable(answer, Code::ProviderUnavailable, read(answer, "float_balance"))
}

/// The answer of `catalogue`.
pub(super) fn catalogue(answer: &Bound<'_, PyAny>) -> fusepay_core::Result<Vec<(Biller, Vec<BillItem>)>> {
    usable(answer, Code::ProviderUnavailable, read_catalogue(answer))
}

/// Reads billers with their items.
pub(crate) fn read_catalogue(catalogue: &Bound<'_, PyAny>) -> PyResult<Vec<(Biller, Vec<BillItem>)>> {
    let shape = |_| invalid(catalogue.py(), "catalogue", "must be pairs of a Biller and its list of BillItem");
    let entry = |entry: Bound<'_, PyAny>| {
        let (biller, items): (Bound<'_, PyAny>, Bound<'_, PyAny>) = entry.extract().map_err(shape)?;
        let items: Vec<bill::BillItem> = read(&items, "items")?;
        Ok((read::<bill::Biller>(&biller, "biller")?.into(), items.into_iter().map(BillItem::from).collect()))
    };
    catalogue.try_iter().map_err(shape)?.map(|item| item.and_then(entry)).collect()
}

/// The answer of `verify_webhook`.
pub(super) fn notices(answer: &Bound<'_, PyAny>) -> fusepay_core::Result<Vec<WebhookNotice>> {
    let notice = |notice: Bound<'_, PyAny>| {
        let outcome = notice.getattr("outcome")?;
        let outcome =
            query_outcome(&outcome)?.ok_or_else(|| invalid(outcome.py(), "outcome", "must be an outcome of query"))?;
        let mut read = WebhookNotice::new(field::<String>(&notice, "request_id")?, outcome);
        read.occurred_at = optional(&notice, "occurred_at")?;
        PyResult::Ok(read)
    };
    let notices = answer.try_iter().and_then(|notices| notices.map(|item| item.and_then(notice)).collect());
    usable(answer, Code::WebhookRejected, notices)
}

//! What an answer proves. Everything that is not documented, or contradicts
//! itself, or is about something else, proves nothing: [`Said::Unclear`].
//!
//! Source: VTpass, "Response codes", whose own advice is to treat every other
//! answer as pending and to requery.

use fusepay_core::{Currency, Money, PaidReceipt, PayOutcome, QueryOutcome};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One answer, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The biller has the money.
    Delivered(PaidReceipt),
    /// The biller is still at it.
    Pending,
    /// The payment was tried and failed for good.
    Failed { code: String, reason: String },
    /// It was paid or pending, and is taken back.
    Reversed { reason: String },
    /// The request id was used before.
    Duplicate,
    /// The request id was never used.
    NotFound,
    /// This very call was refused before anything was tried.
    Refused { code: String, reason: String },
    /// Nobody can say.
    Unclear(String),
}

impl Said {
    /// What it means as an answer to a payment.
    pub(crate) fn of_pay(self) -> PayOutcome {
        match self {
            Said::Delivered(receipt) => PayOutcome::Paid(receipt),
            Said::Pending => PayOutcome::Pending { poll_after_ms: None },
            Said::Failed { code, reason } | Said::Refused { code, reason } => PayOutcome::Declined { code, reason },
            Said::Duplicate => PayOutcome::Duplicate,
            // A query says this better: there it is conclusive, here it is odd.
            Said::Reversed { reason } => PayOutcome::Unknown { cause: format!("reversed on payment: {reason}") },
            // Documented for requeries only; as an answer to a payment it is odd.
            Said::NotFound => PayOutcome::Unknown { cause: "a payment was answered with not found".to_owned() },
            Said::Unclear(cause) => PayOutcome::Unknown { cause },
        }
    }

    /// What it means as an answer to a requery.
    pub(crate) fn of_query(self) -> QueryOutcome {
        match self {
            Said::Delivered(receipt) => QueryOutcome::Paid(receipt),
            Said::Pending => QueryOutcome::Pending { poll_after_ms: None },
            Said::Failed { code, reason } => QueryOutcome::Failed { code, reason },
            Said::Reversed { reason } => QueryOutcome::ProviderReversed { reason },
            Said::NotFound => QueryOutcome::NotFound,
            // The question was refused (our key, our arguments); that says
            // nothing about the payment it was about.
            Said::Refused { code, reason } => {
                QueryOutcome::Unknown { cause: format!("the query was refused: {code} {reason}") }
            }
            Said::Duplicate => QueryOutcome::Unknown { cause: "a query was answered with duplicate".to_owned() },
            Said::Unclear(cause) => QueryOutcome::Unknown { cause },
        }
    }
}

/// Understands an HTTP answer about the payment with this request id.
pub(crate) fn read(status: u16, body: &[u8], request_id: &str) -> Said {
    // A gateway in front of the biller writes these; the payment behind it may
    // have gone through, whatever the page says.
    if !(200..300).contains(&status) && !(400..500).contains(&status) {
        return Said::Unclear(format!("HTTP status {status}"));
    }
    let Some(statement) = std::str::from_utf8(body).ok().and_then(object::<Statement<'_>>) else {
        return Said::Unclear(format!("HTTP status {status} with a body that is no JSON object"));
    };
    let said = statement.said(Some(request_id));
    // A status of 4xx may refuse; it can't report an outcome.
    if status < 300 || matches!(said, Said::Refused { .. } | Said::Unclear(_)) {
        return said;
    }
    Said::Unclear(format!("HTTP status {status} with a code that contradicts it"))
}

/// Understands the `data` of a webhook; the request id it is about comes first.
pub(crate) fn read_notice(text: &str) -> Option<(String, Said)> {
    let statement: Statement<'_> = object(text)?;
    let request_id = loose(statement.request_id)?;
    Some((request_id, statement.said(None)))
}

/// A JSON object, and only an object: serde would take an array for a struct.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    if text.trim_start().starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

/// A JSON text, or a JSON number digit by digit as it was written: no floats.
pub(crate) fn loose(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    match raw.bytes().next() {
        Some(b'"') => serde_json::from_str::<String>(raw).ok().filter(|text| !text.is_empty()),
        Some(b'-' | b'0'..=b'9') => Some(raw.to_owned()),
        _ => None,
    }
}

/// The part of an answer that is the same for payments, requeries and webhooks.
#[derive(Debug, Deserialize)]
struct Statement<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response_description: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "requestId")]
    request_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    purchased_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    transactions: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Transaction<'a> {
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    unique_element: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "transactionId")]
    transaction_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    amount: Option<&'a RawValue>,
    #[serde(borrow, default)]
    product_name: Option<&'a RawValue>,
}

impl<'a> Statement<'a> {
    /// With an expected request id, an answer about another one is unclear.
    fn said(&self, expected: Option<&str>) -> Said {
        let echoed = loose(self.request_id);
        if let (Some(expected), Some(echoed)) = (expected, &echoed)
            && expected != echoed
        {
            return Said::Unclear("the answer is about another request id".to_owned());
        }
        let Some(code) = loose(self.code) else { return Said::Unclear("the answer has no code".to_owned()) };
        let transaction = self.transaction();
        let status = loose(transaction.status).map(|status| status.to_ascii_lowercase());
        let reason = loose(self.response_description).unwrap_or_else(|| "no description".to_owned());
        // A code counts only while the transaction's own status agrees with it.
        let agrees = |word: &str| status.as_deref().is_none_or(|status| status == word);
        match code.as_str() {
            "000" | "001" => self.by_status(&transaction, status.as_deref(), code.clone(), reason, echoed.is_some()),
            // Pending is never wrong: it leads to a requery.
            "099" | "089" => Said::Pending,
            "016" | "091" if agrees("failed") => Said::Failed { code, reason },
            "040" if agrees("reversed") => Said::Reversed { reason },
            // 014: this id was used. 019: the same service and customer within
            // seconds, so an earlier send may have gone through. Both mean ask.
            "014" | "019" => Said::Duplicate,
            "015" if status.is_none() => Said::NotFound,
            known if REFUSALS.contains(&known) && agrees("failed") => Said::Refused { code, reason },
            _ => Said::Unclear(format!(
                "code {} with status {}",
                printable(&code),
                printable(&status.unwrap_or_default())
            )),
        }
    }

    /// 000 means only that the call worked; the status says how the payment stands.
    fn by_status(
        &self,
        of: &Transaction<'_>,
        status: Option<&str>,
        code: String,
        reason: String,
        is_named: bool,
    ) -> Said {
        match status {
            Some("delivered") if is_named => self.receipt(of),
            Some("delivered") => Said::Unclear("delivered, but the answer names no request id".to_owned()),
            Some("pending" | "initiated") => Said::Pending,
            Some("failed") => Said::Failed { code, reason },
            Some("reversed") => Said::Reversed { reason },
            // "resolved" means that VTpass wants to be asked by a person.
            other => Said::Unclear(format!("code {code} with status {}", printable(other.unwrap_or("none")))),
        }
    }

    fn receipt(&self, transaction: &Transaction<'_>) -> Said {
        let Some(reference) = loose(transaction.transaction_id) else {
            return Said::Unclear("delivered, but without a transaction id".to_owned());
        };
        let mut receipt = PaidReceipt::new(reference);
        if transaction.amount.is_some() {
            let amount = loose(transaction.amount).and_then(|text| Money::parse(&text, Currency::NGN).ok());
            // An amount we can't read can't be compared, and must not pass for "not given".
            let Some(amount) = amount else { return Said::Unclear("delivered, with an unreadable amount".to_owned()) };
            receipt = receipt.with_amount_minor(amount.minor());
        }
        if let Some(customer) = loose(transaction.unique_element) {
            receipt = receipt.with_customer_reference(customer);
        }
        if let Some(product) = loose(transaction.product_name) {
            receipt = receipt.with_receipt(product);
        }
        Said::Delivered(tokens(&loose(self.purchased_code).unwrap_or_default()).fold(receipt, PaidReceipt::with_token))
    }

    fn transaction(&self) -> Transaction<'a> {
        let content: Content<'a> = self.content.and_then(|raw| object(raw.get())).unwrap_or_default();
        content.transactions.and_then(|raw| object(raw.get())).unwrap_or_default()
    }
}

/// `Token : 1234-…`, or several pins with `||` between them.
fn tokens(purchased_code: &str) -> impl Iterator<Item = &str> {
    purchased_code
        .split("||")
        .map(|part| {
            let part = part.trim();
            let label = part.get(..5).filter(|label| label.eq_ignore_ascii_case("token"));
            let bare = label.and_then(|_| part.get(5..)).map(str::trim_start).and_then(|rest| rest.strip_prefix(':'));
            bare.map_or(part, str::trim)
        })
        .filter(|token| !token.is_empty())
}

/// A word of the biller's that is fit for a log line.
fn printable(word: &str) -> String {
    word.chars().filter(|letter| letter.is_ascii_graphic()).take(24).collect()
}

/// Codes that are documented as refusals of the call itself, before anything is
/// tried, whether for its arguments (010–013, 017, 025, 026, 031, 032, 085), for
/// our account (018, 021–024, 027, 028, 087) or for the service (030, 034, 035;
/// of 011, 012 and 030 the documentation says "treat as failed"). Not here, on
/// purpose: 083 (system error) and 044 (resolved), which conclude nothing.
const REFUSALS: &[&str] = &[
    "010", "011", "012", "013", "017", "018", "021", "022", "023", "024", "025", "026", "027", "028", "030", "031",
    "032", "034", "035", "085", "087",
];

#[cfg(test)]
mod tests;

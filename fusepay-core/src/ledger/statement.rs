//! Statements: a stretch of a wallet's history between two balances, and how
//! it is written for spreadsheets and programs.

use crate::clock::{UnixMillis, to_rfc3339};
use crate::error::{Error, Result};
use crate::id::WalletId;
use crate::ledger::transaction::Transaction;
use crate::money::amount::Money;
use crate::money::currency::Currency;
use crate::vocabulary::Code;
use serde::Serialize;
use std::borrow::Cow;

/// The first line of every CSV file.
const HEADER: &str = "sequence,created_at,id,reference,type,status,amount,currency,balance,counterparty,payment_id,\
    hold_id,reverses,reversed_by,external_reference,description,failure_reason,metadata\r\n";

/// A wallet's lines from one moment to another, oldest first, with the balance
/// before the first and after the last: `opening + sum of amounts = closing`.
///
/// The lines are cut out in the order they were booked. A line belongs to the
/// stretch that begins after the last line booked before `from` and ends with
/// the last line booked before `until`; so statements that follow each other
/// show every line exactly once, even if the wall clock went back in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Statement {
    /// Whose history.
    pub wallet_id: WalletId,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// The moment it begins with.
    pub from: UnixMillis,
    /// The moment it ends before.
    pub until: UnixMillis,
    /// The balance just before `from`, in minor units; below zero on credit.
    pub opening_minor: i64,
    /// The balance just before `until`, in minor units; below zero on credit.
    pub closing_minor: i64,
    /// The lines, oldest first; amounts positive for money in.
    pub lines: Vec<Transaction>,
}

impl Statement {
    /// The lines as CSV (RFC 4180): a header, one record per line, CRLF ends.
    ///
    /// Amounts and balances are exact decimals in major units (`-19.50`), times
    /// RFC 3339 in UTC, what is absent is empty. Opening and closing balances
    /// are not records: they are the statement's fields.
    ///
    /// Spreadsheets run cells that look like formulas. Texts that came from
    /// outside (external reference, description, failure reason, metadata) and
    /// begin with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line
    /// end therefore get an apostrophe in front (OWASP, CSV Injection).
    #[must_use]
    pub fn to_csv(&self) -> String {
        self.lines.iter().fold(HEADER.to_owned(), |mut out, line| {
            write_record(&mut out, line);
            out
        })
    }

    /// The statement as one JSON object: amounts in minor units as integers,
    /// times in milliseconds, metadata as the text of its JSON object.
    ///
    /// # Errors
    /// [`Code::Panicked`], which would be a bug.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|cause| Error::new(Code::Panicked, format!("a statement can't be written: {cause}")))
    }
}

fn write_record(out: &mut String, line: &Transaction) {
    let decimal = |minor| Money::new(minor, line.currency).to_decimal();
    let id = |id: Option<String>| id.unwrap_or_default();
    let own = [
        line.sequence.to_string(),
        to_rfc3339(line.created_at),
        line.id.to_string(),
        line.reference.clone(),
        line.kind.to_string(),
        line.status.to_string(),
        decimal(line.amount_minor),
        line.currency.to_string(),
        decimal(line.balance_minor),
        id(line.counterparty.map(|it| it.to_string())),
        id(line.payment_id.map(|it| it.to_string())),
        id(line.hold_id.map(|it| it.to_string())),
        id(line.reverses.map(|it| it.to_string())),
        id(line.reversed_by.map(|it| it.to_string())),
    ];
    // Nothing of ours needs quotes: words, numbers and ids.
    out.push_str(&own.join(","));
    for text in [&line.external_reference, &line.description, &line.failure_reason, &line.metadata] {
        out.push(',');
        out.push_str(&quoted(&defused(text.as_deref().unwrap_or(""))));
    }
    out.push_str("\r\n");
}

/// The text, which no spreadsheet takes for a formula.
fn defused(text: &str) -> Cow<'_, str> {
    let dangerous = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
    if text.starts_with(dangerous) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text as a field of RFC 4180, in quotes where it needs them.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\r', '\n']) {
        return Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TransactionId;
    use crate::vocabulary::{TransactionStatus, TransactionType};
    use proptest::prelude::*;

    fn statement(description: Option<&str>, code: &str) -> Statement {
        let currency = Currency::from_code(code).unwrap();
        let line = Transaction {
            id: TransactionId::from_bytes([1; 16]),
            reference: "DEBT_X".to_owned(),
            wallet_id: WalletId::from_bytes([2; 16]),
            sequence: 1,
            kind: TransactionType::Debit,
            status: TransactionStatus::Completed,
            amount_minor: -5,
            currency,
            balance_minor: -5,
            counterparty: None,
            payment_id: None,
            hold_id: None,
            reverses: None,
            reversed_by: None,
            external_reference: Some("=1+1".to_owned()),
            description: description.map(str::to_owned),
            failure_reason: None,
            metadata: Some(r#"{"a":"b, c"}"#.to_owned()),
            created_at: UnixMillis(0),
        };
        Statement {
            wallet_id: line.wallet_id,
            currency,
            from: UnixMillis(0),
            until: UnixMillis(1),
            opening_minor: 0,
            closing_minor: -5,
            lines: vec![line],
        }
    }

    /// A reader of RFC 4180 written independently of the writer.
    fn read_csv(text: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut rest = text.chars().peekable();
        let mut in_quotes = false;
        while let Some(character) = rest.next() {
            match character {
                '"' if in_quotes && rest.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => in_quotes = !in_quotes,
                ',' if !in_quotes => record.push(std::mem::take(&mut field)),
                '\r' if !in_quotes => {
                    assert_eq!(rest.next(), Some('\n'));
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                other => field.push(other),
            }
        }
        assert!(record.is_empty() && field.is_empty() && !in_quotes);
        records
    }

    #[test]
    fn a_record_is_written_as_documented() {
        let csv = statement(Some("say \"hi\", Ada"), "NGN").to_csv();
        let record = csv.lines().nth(1).unwrap();
        assert_eq!(
            record,
            "1,1970-01-01T00:00:00.000Z,01010101-0101-0101-0101-010101010101,DEBT_X,DEBIT,COMPLETED,-0.05,NGN,-0.05,\
             ,,,,,'=1+1,\"say \"\"hi\"\", Ada\",,\"{\"\"a\"\":\"\"b, c\"\"}\""
        );
        assert_eq!(statement(None, "JPY").to_csv().matches(",-5,JPY,-5,").count(), 1);
        assert_eq!(statement(None, "KWD").to_csv().matches(",-0.005,KWD,-0.005,").count(), 1);
    }

    #[test]
    fn json_keeps_amounts_as_integers() {
        let json: serde_json::Value = serde_json::from_str(&statement(None, "NGN").to_json().unwrap()).unwrap();
        assert_eq!((json["closing_minor"].as_i64(), json["lines"][0]["amount_minor"].as_i64()), (Some(-5), Some(-5)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_and_no_cell_is_a_formula(text in "[=+\\-@＝\t\r\n\",a-c ']{0,12}") {
            let records = read_csv(&statement(Some(&text), "NGN").to_csv());
            prop_assert_eq!(records.len(), 2);
            prop_assert_eq!(records[0].len(), records[1].len());
            let cell = &records[1][15];
            prop_assert_eq!(cell.strip_prefix('\'').filter(|rest| *rest == text).unwrap_or(cell), &text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\r', '\n']), "{cell:?}");
        }
    }
}

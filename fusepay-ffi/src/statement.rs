//! Statements: a stretch of a wallet's history between two balances, as a record
//! and as the texts that spreadsheets and programs read.

use std::ffi::c_char;

use fusepay_core::{Statement, UnixMillis};

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_wallet_id, id};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, fusepay_text, records};
use crate::money::letters;
use crate::transaction::fusepay_transaction;

/// A wallet's lines from one moment to another, oldest first, with the balance
/// before the first and after the last: opening + sum of amounts = closing.
///
/// The lines are cut out in the order they were booked. A line belongs to the
/// stretch that begins after the last line booked before `from_ms` and ends with
/// the last line booked before `until_ms`; so statements that follow each other
/// show every line exactly once, even if the wall clock went back in between.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_statement {
    /// `sizeof(fusepay_statement)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the lines; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Whose history.
    pub wallet_id: fusepay_wallet_id,
    /// The currency of every amount in it.
    pub currency: [c_char; 4],
    /// The moment it begins with, in milliseconds UTC.
    pub from_ms: i64,
    /// The moment it ends before, in milliseconds UTC.
    pub until_ms: i64,
    /// The balance just before `from_ms`, in minor units; below zero on credit.
    pub opening_minor: i64,
    /// The balance just before `until_ms`, in minor units; below zero on credit.
    pub closing_minor: i64,
    /// How many lines there are.
    pub length: usize,
    /// The lines, oldest first; NULL when there are none.
    pub items: *const *const fusepay_transaction,
}

records!(fusepay_statement);

impl Show<Statement> for fusepay_statement {
    fn show(statement: &Statement, memory: &mut Memory) -> Self {
        fusepay_statement {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            wallet_id: statement.wallet_id.into(),
            currency: letters(statement.currency),
            from_ms: statement.from.0,
            until_ms: statement.until.0,
            opening_minor: statement.opening_minor,
            closing_minor: statement.closing_minor,
            length: statement.lines.len(),
            items: memory.list(&statement.lines),
        }
    }
}

/// The lines of a statement as CSV (RFC 4180): a header, one record per line, CRLF
/// ends. Asked for and answered as `fusepay_history_statement`.
///
/// Amounts and balances are exact decimals in major units ("-19.50"), times RFC
/// 3339 in UTC, what is absent is empty. Texts that came from outside and that a
/// spreadsheet would run as a formula get an apostrophe in front.
///
/// Errors: as `fusepay_history_statement`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_statement_csv(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    csv: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(csv, error, || {
        let engine = engine_at(engine)?;
        let statement = engine.history().statement(id(wallet_id)?, UnixMillis(from_ms), UnixMillis(until_ms))?;
        Ok(statement.to_csv())
    })
}

/// A statement as one JSON object: amounts in minor units as integers, times in
/// milliseconds, metadata as the text of its JSON object. Asked for and answered
/// as `fusepay_history_statement`.
///
/// Errors: as `fusepay_history_statement`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_statement_json(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    json: *mut fusepay_text,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(json, error, || {
        let engine = engine_at(engine)?;
        engine.history().statement(id(wallet_id)?, UnixMillis(from_ms), UnixMillis(until_ms))?.to_json()
    })
}

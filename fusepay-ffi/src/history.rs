//! Histories: transactions, pages, statements.

use std::ffi::c_char;

use fusepay_core::{
    Error, HistoryFilter, HistoryPage, Money, Transaction, TransactionStatus, TransactionType, UnixMillis,
};

use crate::boundary::guard;
use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_hold_id, fusepay_payment_id, fusepay_transaction_id, fusepay_user_id, fusepay_wallet_id, id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::{fusepay_money, letters};
use crate::statement::fusepay_statement;

/// One money event as one wallet sees it: a line of its history. A transfer
/// between two wallets is one transaction with a line in each.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_transaction {
    /// `sizeof(fusepay_transaction)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its id.
    pub id: fusepay_transaction_id,
    /// The reference to show, such as "BILL_0198…".
    pub reference: *const c_char,
    /// The wallet this line belongs to.
    pub wallet_id: fusepay_wallet_id,
    /// The line's number in the wallet, from 1, without gaps.
    pub sequence: i64,
    /// What type of money event: one of `FUSEPAY_TRANSACTION_TYPE_*`.
    pub kind: u32,
    /// Where it stands: one of `FUSEPAY_TRANSACTION_STATUS_*`.
    pub status: u32,
    /// Positive for money in, negative for money out, in minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: [c_char; 4],
    /// The wallet's balance after it, in minor units.
    pub balance_minor: i64,
    /// The other wallet of a transfer or capture between wallets; or NULL.
    pub counterparty: *const fusepay_wallet_id,
    /// The payment it belongs to; or NULL.
    pub payment_id: *const fusepay_payment_id,
    /// The hold it captured; or NULL.
    pub hold_id: *const fusepay_hold_id,
    /// The transaction it gives back, for a reversal or refund; or NULL.
    pub reverses: *const fusepay_transaction_id,
    /// The transaction that gave it back; or NULL.
    pub reversed_by: *const fusepay_transaction_id,
    /// The host's own reference; or NULL. A provider's is the payment's
    /// `provider_reference`.
    pub external_reference: *const c_char,
    /// A text for people; or NULL.
    pub description: *const c_char,
    /// Why it failed, for the debits of a failed payment; or NULL.
    pub failure_reason: *const c_char,
    /// The host's own notes, a JSON object; or NULL.
    pub metadata: *const c_char,
    /// When it was booked, in milliseconds UTC.
    pub created_at_ms: i64,
}

/// Several lines.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_transaction_array {
    /// `sizeof(fusepay_transaction_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the lines; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The lines; NULL when there are none.
    pub items: *const *const fusepay_transaction,
}

/// Some lines, newest first, and how to ask for the next ones.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_transaction_page {
    /// `sizeof(fusepay_transaction_page)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the lines; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The lines, newest first; NULL when there are none.
    pub items: *const *const fusepay_transaction,
    /// What to give for the next page; NULL on the last one. To fill the same
    /// struct with the next page, pass it as it stands: it is read first.
    pub next_cursor: *const c_char,
}

records!(fusepay_transaction, fusepay_transaction_array, fusepay_transaction_page);

impl Show<HistoryPage> for fusepay_transaction_page {
    fn show(page: &HistoryPage, memory: &mut Memory) -> Self {
        fusepay_transaction_page {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: page.lines.len(),
            items: memory.list(&page.lines),
            next_cursor: memory.optional_text(page.next_cursor.as_deref()),
        }
    }
}

impl Show<Vec<Transaction>> for fusepay_transaction_array {
    fn show(lines: &Vec<Transaction>, memory: &mut Memory) -> Self {
        fusepay_transaction_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: lines.len(),
            items: memory.list(lines),
        }
    }
}

impl Show<Transaction> for fusepay_transaction {
    fn show(line: &Transaction, memory: &mut Memory) -> Self {
        fusepay_transaction {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: line.id.into(),
            reference: memory.text(&line.reference),
            wallet_id: line.wallet_id.into(),
            sequence: line.sequence,
            kind: u32::from(line.kind.number()),
            status: u32::from(line.status.number()),
            amount_minor: line.amount_minor,
            currency: letters(line.currency),
            balance_minor: line.balance_minor,
            counterparty: memory.optional(line.counterparty.map(Into::into)),
            payment_id: memory.optional(line.payment_id.map(Into::into)),
            hold_id: memory.optional(line.hold_id.map(Into::into)),
            reverses: memory.optional(line.reverses.map(Into::into)),
            reversed_by: memory.optional(line.reversed_by.map(Into::into)),
            external_reference: memory.optional_text(line.external_reference.as_deref()),
            description: memory.optional_text(line.description.as_deref()),
            failure_reason: memory.optional_text(line.failure_reason.as_deref()),
            metadata: memory.optional_text(line.metadata.as_deref()),
            created_at_ms: line.created_at.0,
        }
    }
}

/// Which lines of a history are wanted. Everything that is set must hold; what is
/// zero or NULL is not asked for. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_history_filter {
    /// `sizeof(fusepay_history_filter)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Booked at or after this moment, by the wall clock of the booking, in
    /// milliseconds UTC; NULL: from the first.
    pub from_ms: *const i64,
    /// Booked before this moment, in milliseconds UTC; NULL: to the last.
    pub until_ms: *const i64,
    /// Of this type: one of `FUSEPAY_TRANSACTION_TYPE_*`; 0: of every type.
    pub kind: u32,
    /// Standing there now: one of `FUSEPAY_TRANSACTION_STATUS_*`; 0: anywhere. A
    /// bill payment's lines move while one pages.
    pub status: u32,
    /// With exactly this text somewhere in the metadata's canonical JSON (keys
    /// sorted, no blanks), letter case included; 1 to 256 bytes, no wildcards;
    /// NULL: whatever the metadata.
    pub metadata_contains: *const c_char,
}

requests!(fusepay_history_filter);

impl fusepay_history_filter {
    fn read(&self) -> Result<HistoryFilter, Error> {
        let mut filter = HistoryFilter::new();
        filter.from = input::optional("from_ms", self.from_ms)?.map(UnixMillis);
        filter.until = input::optional("until_ms", self.until_ms)?.map(UnixMillis);
        filter.kind = input::optional_word("kind", self.kind, TransactionType::from_number)?;
        filter.status = input::optional_word("status", self.status, TransactionStatus::from_number)?;
        filter.metadata_contains = input::owned_text("metadata_contains", self.metadata_contains)?;
        Ok(filter)
    }
}

/// The filter behind a pointer; NULL for every line.
///
/// # Errors
/// [`fusepay_core::Code::InvalidArgument`].
pub(crate) fn read_filter(filter: *const fusepay_history_filter) -> Result<HistoryFilter, Error> {
    let given = input::optional_request("filter", filter)?;
    given.map_or(Ok(HistoryFilter::new()), |given| given.read())
}

/// The lines of one transaction: one, or two (the debit first) when it moved money
/// between two wallets.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`, also for movements that touch no wallet.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_find(
    engine: *const fusepay_engine,
    transaction_id: *const fusepay_transaction_id,
    lines: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(lines, error, || engine_at(engine)?.history().find(id(transaction_id)?))
}

/// The lines of the transaction with this reference, exactly as it is shown:
/// "BILL_" and 32 characters 0-9 A-F.
///
/// Errors: `FUSEPAY_ERR_INVALID_ID`, `FUSEPAY_ERR_NOT_FOUND`, also for the reference
/// of another type with the same id.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_find_by_reference(
    engine: *const fusepay_engine,
    reference: *const c_char,
    lines: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(lines, error, || engine_at(engine)?.history().find_by_reference(input::text("reference", reference)?))
}

/// The lines of the transaction of this type (one of `FUSEPAY_TRANSACTION_TYPE_*`)
/// that the host booked under its own reference, 1 to 128 bytes.
///
/// Errors: `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_find_by_external_reference(
    engine: *const fusepay_engine,
    kind: u32,
    external_reference: *const c_char,
    lines: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(lines, error, || {
        let kind = input::word("kind", kind, TransactionType::from_number)?;
        let reference = input::text("external_reference", external_reference)?;
        engine_at(engine)?.history().find_by_external_reference(kind, reference)
    })
}

/// A page of a wallet's lines, newest first; `limit` 1 to 500. `filter` may be NULL:
/// every line. With `cursor` NULL the newest; with the `next_cursor` of a page the
/// ones that follow it, with the same wallet and filter. What is booked while one
/// pages is newer than the first page: nothing comes twice, nothing is missed.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_INVALID_CURSOR` for a cursor of another
/// wallet or filter.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_page(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    filter: *const fusepay_history_filter,
    cursor: *const c_char,
    limit: u32,
    page: *mut fusepay_transaction_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let filter = read_filter(filter)?;
        let cursor = input::optional_text("cursor", cursor)?;
        engine_at(engine)?.history().page(id(wallet_id)?, &filter, cursor, limit)
    })
}

/// As `fusepay_history_page`, over all wallets of a user, merged in the order of
/// booking. A transfer between two of them shows both its lines. A user without
/// wallets, or no such user: an empty page.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_INVALID_CURSOR`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_page_of_user(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    filter: *const fusepay_history_filter,
    cursor: *const c_char,
    limit: u32,
    page: *mut fusepay_transaction_page,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(page, error, || {
        let filter = read_filter(filter)?;
        let cursor = input::optional_text("cursor", cursor)?;
        engine_at(engine)?.history().page_of_user(id(user_id)?, &filter, cursor, limit)
    })
}

/// The lines of a wallet from `from_ms` to just before `until_ms` (milliseconds
/// UTC), oldest first, with the balances around them; at most 100,000 lines.
/// `INT64_MIN` and `INT64_MAX` stand for everything.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` when the end is before the beginning,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_TOO_LONG` for too many lines,
/// `FUSEPAY_ERR_CORRUPT` when the lines do not add up.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_statement(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    from_ms: i64,
    until_ms: i64,
    statement: *mut fusepay_statement,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(statement, error, || {
        engine_at(engine)?.history().statement(id(wallet_id)?, UnixMillis(from_ms), UnixMillis(until_ms))
    })
}

/// The balance after the last line booked at or before a moment (milliseconds
/// UTC); zero before the first. Holds are not in it.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_history_balance_at(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    at_ms: i64,
    balance: *mut fusepay_money,
    error: *mut *mut fusepay_error,
) -> i32 {
    guard(error, || {
        let found: Money = engine_at(engine)?.history().balance_at(id(wallet_id)?, UnixMillis(at_ms))?;
        input::put("balance", balance, found.into())
    })
}

//! What a transaction looks like to its owner: a line of a wallet's history.

use std::ffi::c_char;

use fusepay_core::{HistoryPage, Transaction};

use crate::id::{fusepay_hold_id, fusepay_payment_id, fusepay_transaction_id, fusepay_wallet_id};
use crate::memory::{EMPTY, Memory, Show, fusepay_memory, records};
use crate::money::letters;

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

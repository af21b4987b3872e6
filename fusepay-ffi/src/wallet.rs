//! Wallets and the money in them, as the host sees them: all of them.

use std::ffi::c_char;

use fusepay_core::{Currency, Error, MoneyRequest, TransferRequest, Wallet, WalletStatus};

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::history::{fusepay_transaction, fusepay_transaction_array};
use crate::id::{fusepay_user_id, fusepay_wallet_id, id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, records};
use crate::money::{fusepay_money, letters};

/// One consistent snapshot of a wallet. Amounts in minor units.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_wallet {
    /// `sizeof(fusepay_wallet)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns what the record points to; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// Its id.
    pub id: fusepay_wallet_id,
    /// Whose it is.
    pub user_id: fusepay_user_id,
    /// Its currency; never changes.
    pub currency: [c_char; 4],
    /// Whether it may be used: one of `FUSEPAY_WALLET_STATUS_*`.
    pub status: u32,
    /// A name its owner gave it; may be empty.
    pub label: *const c_char,
    /// Credits − debits.
    pub balance_minor: i64,
    /// Reserved by active holds.
    pub held_minor: i64,
    /// What may be spent now: balance − held + credit limit.
    pub available_minor: i64,
    /// How far below zero the balance may go.
    pub credit_limit_minor: i64,
    /// Rises with every change of the money in it. Pass it as `expected_version`
    /// to have a change refused when it is no longer this.
    pub version: i64,
    /// When it came into being, in milliseconds UTC.
    pub created_at_ms: i64,
    /// When its label, status or limits last changed, in milliseconds UTC.
    pub updated_at_ms: i64,
}

/// Several wallets.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_wallet_array {
    /// `sizeof(fusepay_wallet_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the wallets; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The wallets; NULL when there are none.
    pub items: *const *const fusepay_wallet,
}

records!(fusepay_wallet, fusepay_wallet_array);

impl Show<Wallet> for fusepay_wallet {
    fn show(wallet: &Wallet, memory: &mut Memory) -> Self {
        fusepay_wallet {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            id: wallet.id.into(),
            user_id: wallet.user_id.into(),
            currency: letters(wallet.currency),
            status: u32::from(wallet.status.number()),
            label: memory.text(&wallet.label),
            balance_minor: wallet.balance_minor,
            held_minor: wallet.held_minor,
            available_minor: wallet.available_minor,
            credit_limit_minor: wallet.credit_limit_minor,
            version: wallet.version,
            created_at_ms: wallet.created_at.0,
            updated_at_ms: wallet.updated_at.0,
        }
    }
}

impl Show<Vec<Wallet>> for fusepay_wallet_array {
    fn show(wallets: &Vec<Wallet>, memory: &mut Memory) -> Self {
        fusepay_wallet_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: wallets.len(),
            items: memory.list(wallets),
        }
    }
}

/// Money into or out of one wallet. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_money_request {
    /// `sizeof(fusepay_money_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The wallet.
    pub wallet_id: fusepay_wallet_id,
    /// How much; more than zero, in the wallet's currency.
    pub amount: fusepay_money,
    /// The host's own reference, 1 to 128 bytes; NULL for none. For funding and
    /// withdrawal each one is booked once.
    pub external_reference: *const c_char,
    /// A text for people, at most 500 bytes; NULL for none.
    pub description: *const c_char,
    /// The host's own notes: a JSON object of at most 4,096 bytes; NULL for none.
    pub metadata: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
    /// Refuse with `FUSEPAY_ERR_CONFLICT` unless the wallet is at this version; NULL: any.
    pub expected_version: *const i64,
}

/// Money from one wallet to another. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_transfer_request {
    /// `sizeof(fusepay_transfer_request)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The wallet that is debited.
    pub from: fusepay_wallet_id,
    /// The wallet that is credited; another one, of the same currency.
    pub to: fusepay_wallet_id,
    /// How much; more than zero.
    pub amount: fusepay_money,
    /// A text for people, at most 500 bytes; NULL for none.
    pub description: *const c_char,
    /// The host's own notes: a JSON object; NULL for none.
    pub metadata: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
    /// Refuse with `FUSEPAY_ERR_CONFLICT` unless the debited wallet is at this
    /// version; NULL: any.
    pub expected_version: *const i64,
}

requests!(fusepay_money_request, fusepay_transfer_request);

impl fusepay_money_request {
    fn read(&self) -> Result<MoneyRequest, Error> {
        let mut request = MoneyRequest::new(self.wallet_id.into(), self.amount.read()?);
        request.external_reference = input::owned_text("external_reference", self.external_reference)?;
        request.description = input::owned_text("description", self.description)?;
        request.metadata = input::metadata(self.metadata)?;
        request.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        request.expected_version = input::optional("expected_version", self.expected_version)?;
        Ok(request)
    }
}

impl fusepay_transfer_request {
    pub(crate) fn read(&self) -> Result<TransferRequest, Error> {
        let mut request = TransferRequest::new(self.from.into(), self.to.into(), self.amount.read()?);
        request.description = input::owned_text("description", self.description)?;
        request.metadata = input::metadata(self.metadata)?;
        request.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        request.expected_version = input::optional("expected_version", self.expected_version)?;
        Ok(request)
    }
}

/// Gives a user a further wallet in a currency. `label` names it, up to 100
/// bytes; NULL for no name.
///
/// Errors: `FUSEPAY_ERR_INVALID_CURRENCY`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_NOT_ALLOWED` for one wallet too many.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_create(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    currency: *const c_char,
    label: *const c_char,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || {
        let currency = Currency::from_code(input::text("currency", currency)?)?;
        engine_at(engine)?.wallet().create(id(user_id)?, currency, input::text_or_empty("label", label)?)
    })
}

/// One wallet with balance, held and available as one consistent snapshot.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_find(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || engine_at(engine)?.wallet().find(id(wallet_id)?))
}

/// A user's wallets, oldest first.
///
/// Errors: the common ones.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_list(
    engine: *const fusepay_engine,
    user_id: *const fusepay_user_id,
    wallets: *mut fusepay_wallet_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallets, error, || engine_at(engine)?.wallet().list(id(user_id)?))
}

/// Books money that came in from outside: funding → wallet.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_METADATA`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`, `FUSEPAY_ERR_CURRENCY_MISMATCH`,
/// `FUSEPAY_ERR_WALLET_FROZEN`, `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_CONFLICT`,
/// `FUSEPAY_ERR_EXTERNAL_REFERENCE_USED`, `FUSEPAY_ERR_AMOUNT_OVERFLOW`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_fund(
    engine: *const fusepay_engine,
    request: *const fusepay_money_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().fund(&request)
    })
}

/// Books money that left to the outside: wallet → funding. The withdrawal fee and
/// the limits apply.
///
/// Errors: as `fusepay_wallet_fund`, and `FUSEPAY_ERR_LIMIT_EXCEEDED`,
/// `FUSEPAY_ERR_INSUFFICIENT_FUNDS`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_withdraw(
    engine: *const fusepay_engine,
    request: *const fusepay_money_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().withdraw(&request)
    })
}

/// Credits a wallet by the host's own decision: funding → wallet.
///
/// Errors: as `fusepay_wallet_fund`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_credit(
    engine: *const fusepay_engine,
    request: *const fusepay_money_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().credit(&request)
    })
}

/// Debits a wallet by the host's own decision: wallet → funding. No fee, no limits.
///
/// Errors: as `fusepay_wallet_fund`, and `FUSEPAY_ERR_INSUFFICIENT_FUNDS`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_debit(
    engine: *const fusepay_engine,
    request: *const fusepay_money_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().debit(&request)
    })
}

/// Moves money between two wallets of one currency; answers the sender's line.
/// The transfer fee and the sender's limits apply.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_SAME_WALLET`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`,
/// `FUSEPAY_ERR_CURRENCY_MISMATCH`, `FUSEPAY_ERR_WALLET_FROZEN`,
/// `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_CONFLICT`, `FUSEPAY_ERR_LIMIT_EXCEEDED`,
/// `FUSEPAY_ERR_INSUFFICIENT_FUNDS`, `FUSEPAY_ERR_AMOUNT_OVERFLOW`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_transfer(
    engine: *const fusepay_engine,
    request: *const fusepay_transfer_request,
    transaction: *mut fusepay_transaction,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transaction, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.wallet().transfer(&request)
    })
}

/// Books up to 10,000 transfers in one commit: all or none. The key covers the
/// whole batch (NULL: one is made); keys of the single requests are not read.
///
/// Errors: as `fusepay_wallet_transfer`; the first refusal refuses all.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_transfer_batch(
    engine: *const fusepay_engine,
    requests: *const fusepay_transfer_request,
    length: usize,
    idempotency_key: *const c_char,
    transactions: *mut fusepay_transaction_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(transactions, error, || {
        let requests = input::request_array("requests", requests, length)?;
        let requests = requests.iter().map(fusepay_transfer_request::read).collect::<Result<Vec<_>, _>>()?;
        let key = input::optional_text("idempotency_key", idempotency_key)?;
        engine_at(engine)?.wallet().transfer_batch(&requests, key)
    })
}

/// Freezes (debits or all), thaws or closes a wallet; `status` is one of
/// `FUSEPAY_WALLET_STATUS_*`. A closed wallet stays closed; only an empty one can be.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_NOT_ALLOWED`, `FUSEPAY_ERR_WALLET_NOT_EMPTY`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_set_status(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    status: u32,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || {
        let status = input::word("status", status, WalletStatus::from_number)?;
        engine_at(engine)?.wallet().set_status(id(wallet_id)?, status)
    })
}

/// Sets how far below zero the balance may go, in minor units.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_AMOUNT_OVERFLOW` when balance and limit together exceed 64 bits,
/// `FUSEPAY_ERR_INSUFFICIENT_FUNDS` when the wallet already owes more.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_wallet_set_credit_limit(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    limit_minor: i64,
    wallet: *mut fusepay_wallet,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(wallet, error, || engine_at(engine)?.wallet().set_credit_limit(id(wallet_id)?, limit_minor))
}

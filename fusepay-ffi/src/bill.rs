//! Bills: paying them, and finding out what became of them.

use std::ffi::c_char;

use fusepay_core::{Error, PayBill, PaymentStatus, UnixMillis, WebhookReceipt};
use zeroize::Zeroizing;

use crate::engine::{engine as engine_at, fusepay_engine};
use crate::error::fusepay_error;
use crate::id::{fusepay_payment_id, fusepay_quote_id, fusepay_wallet_id, id, optional_id};
use crate::input::{self, requests};
use crate::memory::{EMPTY, Memory, Show, fetch, fusepay_memory, fusepay_text_array, records};
use crate::money::fusepay_money;
use crate::payment::{fusepay_explanation, fusepay_payment, fusepay_payment_array};
use crate::provider::fusepay_webhook;

/// A bill to pay. Begin it with `FUSEPAY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_pay_bill {
    /// `sizeof(fusepay_pay_bill)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The wallet that pays.
    pub wallet_id: fusepay_wallet_id,
    /// The biller's code.
    pub biller: *const c_char,
    /// The item's code.
    pub item: *const c_char,
    /// For whom: a meter, a phone, a policy. 1 to 128 bytes.
    pub customer_reference: *const c_char,
    /// What the biller receives; the fee comes on top.
    pub amount: fusepay_money,
    /// A quote to pay at; its biller, item, customer and amount must be these.
    /// NULL for none.
    pub quote_id: *const fusepay_quote_id,
    /// The host's own notes, handed to the provider too: a JSON object of at most
    /// 4,096 bytes; NULL for none.
    pub metadata: *const c_char,
    /// Repeating the call with the same key moves money once and gives the same answer,
    /// as it was the first time, however things stand by now; NULL: a key is made.
    pub idempotency_key: *const c_char,
    /// When the user asked, in milliseconds UTC, for providers whose request ids
    /// carry a time (VTpass). Store it beside the key: with both, a repetition
    /// after a restore sends the same id. NULL for the wall clock.
    pub requested_at_ms: *const i64,
    /// Refuse with `FUSEPAY_ERR_CONFLICT` unless the wallet is at this version; NULL: any.
    pub expected_version: *const i64,
}

requests!(fusepay_pay_bill);

impl fusepay_pay_bill {
    /// The request of the core.
    ///
    /// # Errors
    /// What can't be read; the core checks the rest.
    pub(crate) fn read(&self) -> Result<PayBill, Error> {
        let biller = input::text("biller", self.biller)?;
        let item = input::text("item", self.item)?;
        let customer = input::text("customer_reference", self.customer_reference)?;
        let mut bill = PayBill::new(self.wallet_id.into(), biller, item, customer, self.amount.read()?);
        bill.quote_id = input::optional("quote_id", self.quote_id)?.map(Into::into);
        bill.metadata = input::metadata(self.metadata)?;
        bill.idempotency_key = input::owned_text("idempotency_key", self.idempotency_key)?;
        bill.requested_at = input::optional("requested_at_ms", self.requested_at_ms)?.map(UnixMillis);
        bill.expected_version = input::optional("expected_version", self.expected_version)?;
        Ok(bill)
    }
}

/// What became of a webhook.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_webhook_receipt {
    /// `sizeof(fusepay_webhook_receipt)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// NULL: the record points to nothing.
    pub memory: *mut fusepay_memory,
    /// Notices in it that name a payment of ours.
    pub matched: u32,
    /// Notices in it that name none.
    pub unknown: u32,
}

records!(fusepay_webhook_receipt);

impl Show<WebhookReceipt> for fusepay_webhook_receipt {
    fn show(receipt: &WebhookReceipt, _: &mut Memory) -> Self {
        let WebhookReceipt { matched, unknown, .. } = *receipt;
        fusepay_webhook_receipt { struct_size: EMPTY.struct_size, memory: EMPTY.memory, matched, unknown }
    }
}

/// What a customer bought, on its way to C: wiped here, and in the record's
/// memory when that is given back.
pub(crate) type Vouchers = Zeroizing<Vec<String>>;

impl Show<Vouchers> for fusepay_text_array {
    fn show(vouchers: &Vouchers, memory: &mut Memory) -> Self {
        let texts = vouchers.iter().map(|voucher| memory.secret_text(voucher)).collect();
        fusepay_text_array {
            struct_size: EMPTY.struct_size,
            memory: EMPTY.memory,
            length: vouchers.len(),
            items: memory.array(texts),
        }
    }
}

/// Pays a bill: idempotency record, debit of amount and fee into clearing,
/// payment, job, event and audit link in one commit. The provider is called
/// later, by the worker; only where the item demands that the customer is
/// validated and no quote has done it, it is asked for that on this thread.
///
/// Errors: `FUSEPAY_ERR_INVALID_AMOUNT`, `FUSEPAY_ERR_INVALID_ARGUMENT`,
/// `FUSEPAY_ERR_TOO_LONG`, `FUSEPAY_ERR_INVALID_METADATA`, `FUSEPAY_ERR_NOT_FOUND`,
/// `FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED`, `FUSEPAY_ERR_BILLER_UNAVAILABLE`,
/// `FUSEPAY_ERR_QUOTE_USED`, `FUSEPAY_ERR_QUOTE_EXPIRED`,
/// `FUSEPAY_ERR_CURRENCY_MISMATCH`, `FUSEPAY_ERR_AMOUNT_OUT_OF_RANGE`, those of
/// `fusepay_bill_validate_customer`, `FUSEPAY_ERR_WALLET_FROZEN`,
/// `FUSEPAY_ERR_WALLET_CLOSED`, `FUSEPAY_ERR_LIMIT_EXCEEDED`, `FUSEPAY_ERR_CONFLICT`,
/// `FUSEPAY_ERR_INSUFFICIENT_FUNDS`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_pay(
    engine: *const fusepay_engine,
    request: *const fusepay_pay_bill,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let request = input::request("request", request)?.read()?;
        engine_at(engine)?.bill().pay(&request)
    })
}

/// One payment as it stands. Never calls a provider; reading an unknown one makes
/// its requery due now.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_find(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || engine_at(engine)?.bill().find(id(payment_id)?))
}

/// Waits for one requery of an unknown payment, at most `deadline_ms`
/// milliseconds; answers the payment as it stands then. In the manual worker mode
/// it does what is due on this thread instead of waiting.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` for a negative deadline,
/// `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_refresh(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    deadline_ms: i64,
    payment: *mut fusepay_payment,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payment, error, || {
        let deadline = input::span("deadline_ms", deadline_ms)?;
        engine_at(engine)?.bill().refresh(id(payment_id)?, deadline)
    })
}

/// A wallet's payments, newest first, before one (NULL for the newest); `limit`
/// 1 to 500. Those made within one millisecond come in no particular order.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_list(
    engine: *const fusepay_engine,
    wallet_id: *const fusepay_wallet_id,
    before: *const fusepay_payment_id,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || engine_at(engine)?.bill().list(id(wallet_id)?, optional_id(before)?, limit))
}

/// Payments in one state (one of `FUSEPAY_PAYMENT_STATUS_*`), oldest first, after
/// one (NULL for the oldest); `limit` 1 to 500. Those made within one millisecond
/// come in no particular order.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_list_by_status(
    engine: *const fusepay_engine,
    status: u32,
    after: *const fusepay_payment_id,
    limit: u32,
    payments: *mut fusepay_payment_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(payments, error, || {
        let status = input::word("status", status, PaymentStatus::from_number)?;
        engine_at(engine)?.bill().list_by_status(status, optional_id(after)?, limit)
    })
}

/// What the customer bought: electricity tokens, pins; none until the payment is
/// completed. They are secrets: `fusepay_clear` wipes them, your own copies are
/// yours to wipe.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`; `FUSEPAY_ERR_NOT_ALLOWED` without the key they
/// were sealed with; `FUSEPAY_ERR_CORRUPT`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_tokens(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    tokens: *mut fusepay_text_array,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(tokens, error, || engine_at(engine)?.bill().tokens(id(payment_id)?).map(Vouchers::new))
}

/// Every state, attempt, evidence, timer and decision of a payment, in order.
///
/// Errors: `FUSEPAY_ERR_NOT_FOUND`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_explain(
    engine: *const fusepay_engine,
    payment_id: *const fusepay_payment_id,
    explanation: *mut fusepay_explanation,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(explanation, error, || engine_at(engine)?.bill().explain(id(payment_id)?))
}

/// Takes a webhook in as the host received it, headers and raw body: the adapter
/// of `provider`, a code, verifies it on this thread, the engine applies it as
/// evidence. Repeating it changes nothing. A body has at most 1 MiB, and there are
/// at most 256 headers.
///
/// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`,
/// `FUSEPAY_ERR_NOT_FOUND`, `FUSEPAY_ERR_WEBHOOK_REJECTED`,
/// `FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_bill_receive_webhook(
    engine: *const fusepay_engine,
    provider: *const c_char,
    webhook: *const fusepay_webhook,
    receipt: *mut fusepay_webhook_receipt,
    error: *mut *mut fusepay_error,
) -> i32 {
    fetch(receipt, error, || {
        let webhook = input::request("webhook", webhook)?.read()?;
        engine_at(engine)?.bill().receive_webhook(input::text("provider", provider)?, &webhook)
    })
}

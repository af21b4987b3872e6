//! A provider in C: a struct of callbacks.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use fusepay_core::{
    Answer, BillItem, Biller, Capabilities, Code, Customer, CustomerRequest, Error, Money, PayOutcome, PayRequest,
    Provider, QueryOutcome, QueryRequest, RequestIdFormat, Webhook, WebhookNotice,
};

use crate::callback::{UserData, fusepay_destroy};
use crate::input::{self, requests};
use crate::memory::Memory;
use crate::money::fusepay_money;
use crate::reply::{Draft, fusepay_reply, with_reply};

/// Request ids of 36 characters, hexadecimal with hyphens. The default.
pub const FUSEPAY_REQUEST_ID_UUID: u32 = 0;
/// Request ids of lower-case hexadecimal characters, as many as
/// `request_id_length` says.
pub const FUSEPAY_REQUEST_ID_HEX: u32 = 1;
/// VTpass: twelve digits of `YYYYMMDDHHII` in Africa/Lagos, then 20 hexadecimal
/// characters. The time is the payment's `requested_at_ms`.
pub const FUSEPAY_REQUEST_ID_VTPASS_TIMED: u32 = 2;

/// What a provider can do; 0 leaves a default alone. Copied when it is registered.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_capabilities {
    /// `sizeof(fusepay_capabilities)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// For how long sending the same request id again is safe, in milliseconds;
    /// 0: never, and the engine resends only after "not sent".
    pub idempotent_submit_ms: i64,
    /// How long after a send "not found" may still turn into "paid", in
    /// milliseconds; NULL for 5 minutes.
    pub not_found_grace_ms: *const i64,
    /// How many times in a row, past the grace, "not found" must be answered
    /// before it counts as conclusive; 3 by default.
    pub not_found_times: u32,
    /// 1 when `query` does not work: an unknown payment goes to review then.
    pub cannot_query: u32,
    /// How long one call may take, in milliseconds; a minute by default. Five seconds
    /// later the engine stops waiting and calls it unknown; until then a late answer
    /// still counts.
    pub call_deadline_ms: i64,
    /// How many calls may run at the same time, 1 to 64; 4 by default.
    pub concurrent_calls_max: u32,
    /// `FUSEPAY_REQUEST_ID_UUID`, `_HEX` or `_VTPASS_TIMED`.
    pub request_id_format: u32,
    /// For `FUSEPAY_REQUEST_ID_HEX`: 16 to 64.
    pub request_id_length: u32,
}

/// One payment to send. Its texts live during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_pay_request {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// Our id for it: never changes, and is all that a later query has.
    pub request_id: *const c_char,
    /// The biller's code in the catalogue.
    pub biller: *const c_char,
    /// The item's code in the catalogue.
    pub item: *const c_char,
    /// Whom to pay for: a meter, a phone, a policy.
    pub customer_reference: *const c_char,
    /// What the biller is to receive.
    pub amount: fusepay_money,
    /// The metadata given to `fusepay_bill_pay`: a JSON object, "{}" when there was none.
    pub metadata: *const c_char,
    /// Which send this is, from 1.
    pub attempt: u32,
    /// How long the answer is waited for, in milliseconds. Keep your own time
    /// limits at or below it.
    pub deadline_ms: i64,
}

/// One question about a payment sent earlier. Its texts live during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_query_request {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// The id that was sent.
    pub request_id: *const c_char,
    /// The provider's own number, where an earlier answer gave one; or NULL.
    pub provider_reference: *const c_char,
    /// What the biller was to receive.
    pub amount: fusepay_money,
    /// When it was first sent, in milliseconds UTC by the wall clock.
    pub sent_at_ms: i64,
    /// How long the answer is waited for, in milliseconds.
    pub deadline_ms: i64,
}

/// One customer to look up before paying. Its texts live during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_customer_request {
    /// The size of the struct in this version of the library.
    pub struct_size: usize,
    /// The biller's code in the catalogue.
    pub biller: *const c_char,
    /// The item's code in the catalogue.
    pub item: *const c_char,
    /// A meter, a phone, a policy.
    pub customer_reference: *const c_char,
    /// How long the answer is waited for, in milliseconds.
    pub deadline_ms: i64,
}

/// A header of a webhook.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_header {
    /// Its name, as received.
    pub name: *const c_char,
    /// Its value.
    pub value: *const c_char,
}

/// A webhook as the host received it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_webhook {
    /// `sizeof(fusepay_webhook)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Its headers, as received.
    pub headers: *const fusepay_header,
    /// How many headers there are.
    pub header_count: usize,
    /// The body, byte for byte: signatures are over this.
    pub body: *const u8,
    /// Its length in bytes.
    pub body_length: usize,
}

/// An outside biller or aggregator, as callbacks. Begin it with `FUSEPAY_INIT`;
/// it is copied when it is registered.
///
/// The callbacks are called by the engine's own threads (in the manual worker
/// mode by the thread that calls `fusepay_engine_run_due`), several at once, never
/// from inside a transaction. They may call the engine. They must not leave by an
/// exception or `longjmp`: that ends the process.
///
/// `pay` and `query` return what happened, one of `FUSEPAY_OUTCOME_KIND_*`, and
/// set the details on the reply. Whatever is not certain is
/// `FUSEPAY_OUTCOME_KIND_UNKNOWN`: a time-out, a 5xx, an answer that can't be
/// read. 0, a number that is no outcome and one that does not fit the question
/// are unknown, too.
///
/// The other callbacks may be NULL, where a provider does not offer them. They
/// return `FUSEPAY_OK`, `FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER`, or the code named
/// below; any other status counts as `FUSEPAY_ERR_PROVIDER_UNAVAILABLE`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_provider {
    /// `sizeof(fusepay_provider)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// The host's own pointer, handed to every function below.
    pub user_data: *mut c_void,
    /// Gives `user_data` back; may be NULL.
    pub destroy: fusepay_destroy,
    /// What it can do; NULL for the defaults.
    pub capabilities: *const fusepay_capabilities,
    /// Sends one payment. Answers paid, declined, not sent, duplicate, pending or unknown.
    pub pay: Option<
        extern "C-unwind" fn(
            user_data: *mut c_void,
            request: *const fusepay_pay_request,
            reply: *mut fusepay_reply,
        ) -> u32,
    >,
    /// Asks what became of a payment sent earlier. Answers paid, failed, pending,
    /// provider reversed, not found or unknown.
    pub query: Option<
        extern "C-unwind" fn(
            user_data: *mut c_void,
            request: *const fusepay_query_request,
            reply: *mut fusepay_reply,
        ) -> u32,
    >,
    /// Looks a customer up: `fusepay_reply_customer`, or `FUSEPAY_ERR_CUSTOMER_REJECTED`.
    pub validate_customer: Option<
        extern "C-unwind" fn(
            user_data: *mut c_void,
            request: *const fusepay_customer_request,
            reply: *mut fusepay_reply,
        ) -> i32,
    >,
    /// The billers and items it serves: `fusepay_reply_biller` for each.
    pub catalogue: Option<extern "C-unwind" fn(user_data: *mut c_void, reply: *mut fusepay_reply) -> i32>,
    /// What is left of the money prepaid there.
    pub float_balance: Option<extern "C-unwind" fn(user_data: *mut c_void, balance: *mut fusepay_money) -> i32>,
    /// Checks a webhook's signature over the raw body, and says what it means:
    /// `fusepay_reply_notice` for each payment in it. Must answer
    /// `FUSEPAY_ERR_WEBHOOK_REJECTED` for whatever it cannot verify.
    pub verify_webhook: Option<
        extern "C-unwind" fn(user_data: *mut c_void, webhook: *const fusepay_webhook, reply: *mut fusepay_reply) -> i32,
    >,
}

requests!(fusepay_capabilities, fusepay_webhook, fusepay_provider);

/// A host's provider.
pub(crate) struct HostProvider {
    data: UserData,
    capabilities: Capabilities,
    pay: extern "C-unwind" fn(*mut c_void, *const fusepay_pay_request, *mut fusepay_reply) -> u32,
    query: extern "C-unwind" fn(*mut c_void, *const fusepay_query_request, *mut fusepay_reply) -> u32,
    optional: fusepay_provider,
}

// SAFETY: the header demands that callbacks and user data may be used from any
// thread; the pointers of the struct itself are not read after registration.
unsafe impl Send for HostProvider {}
// SAFETY: as above.
unsafe impl Sync for HostProvider {}

impl HostProvider {
    /// Takes a provider over; its `destroy` is owed from here on, also when this fails.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for what can't be read, and without `pay` and `query`.
    pub(crate) fn read(provider: *const fusepay_provider) -> Result<Self, Error> {
        let given = input::request("provider", provider)?;
        let data = UserData::new(given.user_data, given.destroy);
        let capabilities = input::optional_request("capabilities", given.capabilities)?;
        let capabilities = capabilities.map_or(Ok(Capabilities::default()), |given| read_capabilities(&given))?;
        match (given.pay, given.query) {
            (Some(pay), Some(query)) => Ok(HostProvider { data, capabilities, pay, query, optional: given }),
            _ => Err(Error::field(Code::InvalidArgument, "provider", "needs pay and query")),
        }
    }
}

fn read_capabilities(given: &fusepay_capabilities) -> Result<Capabilities, Error> {
    let mut capabilities = Capabilities::default().with_can_query(!input::flag("cannot_query", given.cannot_query)?);
    if given.idempotent_submit_ms != 0 {
        let window = input::span("idempotent_submit_ms", given.idempotent_submit_ms)?;
        capabilities = capabilities.with_idempotent_submit(window);
    }
    if let Some(grace) = input::optional("not_found_grace_ms", given.not_found_grace_ms)? {
        capabilities.not_found_grace = input::span("not_found_grace_ms", grace)?;
    }
    if given.not_found_times != 0 {
        capabilities.not_found_times = given.not_found_times;
    }
    if given.call_deadline_ms != 0 {
        capabilities = capabilities.with_call_deadline(input::span("call_deadline_ms", given.call_deadline_ms)?);
    }
    if given.concurrent_calls_max != 0 {
        capabilities = capabilities.with_concurrent_calls_max(given.concurrent_calls_max);
    }
    let format = match given.request_id_format {
        FUSEPAY_REQUEST_ID_UUID => RequestIdFormat::Uuid,
        FUSEPAY_REQUEST_ID_HEX => RequestIdFormat::Hex(u8::try_from(given.request_id_length).unwrap_or(u8::MAX)),
        FUSEPAY_REQUEST_ID_VTPASS_TIMED => RequestIdFormat::VtpassTimed,
        _ => return Err(Error::field(Code::InvalidArgument, "request_id_format", "is not a constant of this version")),
    };
    Ok(capabilities.with_request_id_format(format))
}

/// A span in milliseconds, for C.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl HostProvider {
    /// Calls one of the callbacks a provider may do without.
    fn ask<F>(
        &self,
        what: &str,
        callback: Option<F>,
        call: impl FnOnce(F, *mut fusepay_reply) -> i32,
    ) -> Result<(i32, Draft), Error> {
        let unsupported = || Error::new(Code::UnsupportedByProvider, format!("this provider does not offer {what}"));
        let callback = callback.ok_or_else(unsupported)?;
        Ok(with_reply(crate::codes::FUSEPAY_ERR_PANICKED, |reply| call(callback, reply)))
    }
}

impl Provider for HostProvider {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let mut texts = Memory::default();
        let shown = fusepay_pay_request {
            struct_size: size_of::<fusepay_pay_request>(),
            request_id: texts.text(&request.request_id),
            biller: texts.text(&request.biller),
            item: texts.text(&request.item),
            customer_reference: texts.text(&request.customer_reference),
            amount: request.amount.into(),
            metadata: texts.text(&request.metadata),
            attempt: request.attempt,
            deadline_ms: millis(request.deadline),
        };
        let (returned, draft) = with_reply(0, |reply| (self.pay)(self.data.pointer(), &raw const shown, reply));
        draft.into_pay(returned)
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let mut texts = Memory::default();
        let shown = fusepay_query_request {
            struct_size: size_of::<fusepay_query_request>(),
            request_id: texts.text(&request.request_id),
            provider_reference: texts.optional_text(request.provider_reference.as_deref()),
            amount: request.amount.into(),
            sent_at_ms: request.sent_at.0,
            deadline_ms: millis(request.deadline),
        };
        let (returned, draft) = with_reply(0, |reply| (self.query)(self.data.pointer(), &raw const shown, reply));
        draft.into_query(returned)
    }

    fn validate_customer(&self, request: &CustomerRequest) -> Result<Customer, Error> {
        let mut texts = Memory::default();
        let shown = fusepay_customer_request {
            struct_size: size_of::<fusepay_customer_request>(),
            biller: texts.text(&request.biller),
            item: texts.text(&request.item),
            customer_reference: texts.text(&request.customer_reference),
            deadline_ms: millis(request.deadline),
        };
        let (returned, draft) =
            self.ask("customer validation", self.optional.validate_customer, |callback, reply| {
                callback(self.data.pointer(), &raw const shown, reply)
            })?;
        draft.into_customer(returned)
    }

    fn catalogue(&self) -> Result<Vec<(Biller, Vec<BillItem>)>, Error> {
        let (returned, draft) =
            self.ask("a catalogue", self.optional.catalogue, |callback, reply| callback(self.data.pointer(), reply))?;
        draft.into_catalogue(returned)
    }

    fn float_balance(&self) -> Result<Money, Error> {
        let mut balance = fusepay_money { minor: 0, currency: [0; 4] };
        let (returned, draft) = self.ask("a float balance", self.optional.float_balance, |callback, _| {
            callback(self.data.pointer(), &raw mut balance)
        })?;
        draft.check(returned)?;
        balance.read().map_err(|error| Error::new(Code::ProviderUnavailable, error.detail().to_owned()))
    }

    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>, Error> {
        let mut texts = Memory::default();
        let headers = webhook.headers.iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| fusepay_header { name: texts.text(name), value: texts.text(value) }).collect();
        let shown = fusepay_webhook {
            struct_size: size_of::<fusepay_webhook>(),
            headers: headers.as_ptr(),
            header_count: headers.len(),
            body: webhook.body.as_ptr(),
            body_length: webhook.body.len(),
        };
        let (returned, draft) = self.ask("webhooks", self.optional.verify_webhook, |callback, reply| {
            callback(self.data.pointer(), &raw const shown, reply)
        })?;
        draft.into_notices(returned)
    }
}

impl fusepay_webhook {
    /// The webhook of the core.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::TooLong`].
    pub(crate) fn read(&self) -> Result<Webhook, Error> {
        let headers = input::value_array("headers", self.headers, self.header_count)?.iter();
        let headers = headers.map(|header| {
            let (name, value) = (input::text("header name", header.name)?, input::text("header value", header.value)?);
            Ok((name.to_owned(), value.to_owned()))
        });
        let headers = headers.collect::<Result<Vec<_>, Error>>()?;
        Ok(Webhook::new(headers, input::bytes("body", self.body, self.body_length)?))
    }
}

//! What a provider's callback answers: it returns what happened, and sets the
//! details on the reply it was given.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fusepay_core::{
    Answer, BillItem, Biller, Code, Customer, Error, Evidence, OutcomeKind, PaidReceipt, PayOutcome, QueryOutcome,
    UnixMillis, WebhookNotice,
};

use crate::boundary::guard_or;
use crate::catalogue::fusepay_biller_entry;
use crate::input;

/// The details of an answer, set by a provider's callback while it runs. It is
/// the library's; after the callback returned it is stale, and setting anything
/// answers `FUSEPAY_ERR_INVALID_HANDLE`. Texts are copied at once.
///
/// A detail that can't be taken (bad UTF-8, too long) makes the whole answer
/// unknown: half of what a biller said is not what it said.
pub struct fusepay_reply {
    _private: (),
}

/// A reply being written.
#[derive(Default)]
pub(crate) struct Reply(Mutex<Draft>);

/// What has been set so far.
#[derive(Default)]
pub(crate) struct Draft {
    receipt: PaidReceipt,
    code: Option<String>,
    reason: Option<String>,
    poll_after_ms: Option<u64>,
    evidence: Option<Evidence>,
    customer: Option<Customer>,
    catalogue: Vec<(Biller, Vec<BillItem>)>,
    notices: Vec<WebhookNotice>,
    /// Why the answer can't be believed.
    spoiled: Option<String>,
}

impl Reply {
    fn lock(&self) -> MutexGuard<'_, Draft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was set.
    pub(crate) fn take(&self) -> Draft {
        std::mem::take(&mut *self.lock())
    }
}

impl Draft {
    /// The answer to a send, by the number the callback returned.
    pub(crate) fn into_pay(self, returned: u32) -> Answer<PayOutcome> {
        let evidence = self.evidence.clone().unwrap_or_default();
        let kind = self.kind(returned);
        let outcome = match kind {
            Ok(OutcomeKind::Paid) => PayOutcome::Paid(self.receipt),
            Ok(OutcomeKind::Declined | OutcomeKind::Failed) => {
                let (code, reason) = refusal(self.code, self.reason);
                PayOutcome::Declined { code, reason }
            }
            Ok(OutcomeKind::NotSent) => PayOutcome::NotSent { cause: cause(self.reason, "not sent") },
            Ok(OutcomeKind::Duplicate) => PayOutcome::Duplicate,
            Ok(OutcomeKind::Pending) => PayOutcome::Pending { poll_after_ms: self.poll_after_ms },
            Ok(OutcomeKind::Unknown) => PayOutcome::Unknown { cause: cause(self.reason, "the adapter does not know") },
            Ok(other) => PayOutcome::Unknown { cause: format!("the adapter answered {other} to a send") },
            Err(why) => PayOutcome::Unknown { cause: why },
        };
        Answer::new(outcome, evidence)
    }

    /// The answer to a query, by the number the callback returned.
    pub(crate) fn into_query(self, returned: u32) -> Answer<QueryOutcome> {
        let evidence = self.evidence.clone().unwrap_or_default();
        Answer::new(self.into_query_outcome(returned), evidence)
    }

    fn into_query_outcome(self, returned: u32) -> QueryOutcome {
        match self.kind(returned) {
            Ok(OutcomeKind::Paid) => QueryOutcome::Paid(self.receipt),
            Ok(OutcomeKind::Failed | OutcomeKind::Declined) => {
                let (code, reason) = refusal(self.code, self.reason);
                QueryOutcome::Failed { code, reason }
            }
            Ok(OutcomeKind::Pending) => QueryOutcome::Pending { poll_after_ms: self.poll_after_ms },
            Ok(OutcomeKind::ProviderReversed) => {
                QueryOutcome::ProviderReversed { reason: cause(self.reason, "taken back by the provider") }
            }
            Ok(OutcomeKind::NotFound) => QueryOutcome::NotFound,
            Ok(OutcomeKind::Unknown) => {
                QueryOutcome::Unknown { cause: cause(self.reason, "the adapter does not know") }
            }
            Ok(other) => QueryOutcome::Unknown { cause: format!("the adapter answered {other} to a query") },
            Err(why) => QueryOutcome::Unknown { cause: why },
        }
    }

    fn kind(&self, returned: u32) -> Result<OutcomeKind, String> {
        if let Some(why) = &self.spoiled {
            return Err(format!("the adapter gave a detail that can't be taken: {why}"));
        }
        let known = u16::try_from(returned).ok().and_then(OutcomeKind::from_number);
        known.ok_or_else(|| format!("the adapter answered {returned}, which is no outcome"))
    }

    /// The customer that was looked up, by the status the callback returned.
    pub(crate) fn into_customer(self, returned: i32) -> Result<Customer, Error> {
        self.check(returned)?;
        self.customer.ok_or_else(|| unusable("the adapter named no customer"))
    }

    /// The catalogue of the provider.
    pub(crate) fn into_catalogue(self, returned: i32) -> Result<Vec<(Biller, Vec<BillItem>)>, Error> {
        self.check(returned)?;
        Ok(self.catalogue)
    }

    /// What a webhook says.
    pub(crate) fn into_notices(self, returned: i32) -> Result<Vec<WebhookNotice>, Error> {
        // Whatever an adapter can't vouch for is refused.
        self.check(returned).map_err(|error| match error.code() == Code::UnsupportedByProvider {
            true => error,
            false => Error::new(Code::WebhookRejected, error.detail().to_owned()),
        })?;
        Ok(self.notices)
    }

    /// Whether the callback answered `FUSEPAY_OK` and set nothing that can't be taken.
    pub(crate) fn check(&self, returned: i32) -> Result<(), Error> {
        if let Some(why) = &self.spoiled {
            return Err(unusable(&format!("the adapter gave a detail that can't be taken: {why}")));
        }
        if returned == crate::codes::FUSEPAY_OK {
            return Ok(());
        }
        let said = u16::try_from(returned).ok().and_then(Code::from_number);
        let reason = self.reason.clone().unwrap_or_else(|| match said {
            Some(code) => format!("the adapter answered {}", code.name()),
            None => format!("the adapter answered {returned}, which is no status"),
        });
        Err(match said {
            Some(code @ (Code::CustomerRejected | Code::UnsupportedByProvider | Code::WebhookRejected)) => {
                Error::new(code, reason)
            }
            Some(_) | None => Error::new(Code::ProviderUnavailable, reason),
        })
    }
}

fn unusable(why: &str) -> Error {
    Error::new(Code::ProviderUnavailable, why)
}

fn refusal(code: Option<String>, reason: Option<String>) -> (String, String) {
    (cause(code, "UNSPECIFIED"), cause(reason, "the provider gave no reason"))
}

fn cause(given: Option<String>, otherwise: &str) -> String {
    given.unwrap_or_else(|| otherwise.to_owned())
}

/// Sets a detail. What can't be taken spoils the answer.
fn set(reply: *mut fusepay_reply, detail: impl FnOnce(&mut Draft) -> Result<(), Error>) -> i32 {
    crate::boundary::guard(std::ptr::null_mut(), || {
        let found = crate::handle::tables().replies.find(reply)?;
        let mut draft = found.lock();
        let result = detail(&mut draft);
        if let Err(error) = &result {
            draft.spoiled = Some(error.detail().to_owned());
        }
        result
    })
}

/// Sets the provider's own number for the payment. For an outcome of paid.
///
/// Errors, of this and the other `fusepay_reply_…`: `FUSEPAY_ERR_INVALID_HANDLE`;
/// `FUSEPAY_ERR_INVALID_ARGUMENT`, `FUSEPAY_ERR_TOO_LONG`, which also make the
/// answer unknown.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_provider_reference(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.receipt.provider_reference = input::text("provider_reference", text)?.to_owned();
        Ok(())
    })
}

/// Sets the amount the provider says it paid, in minor units. Compared with
/// ours: a difference means review.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_amount_minor(reply: *mut fusepay_reply, amount_minor: i64) -> i32 {
    set(reply, |draft| {
        draft.receipt.amount_minor = Some(amount_minor);
        Ok(())
    })
}

/// Sets the customer the provider says it paid for. Compared with ours: a
/// difference means review.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_customer_reference(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.receipt.customer_reference = Some(input::text("customer_reference", text)?.to_owned());
        Ok(())
    })
}

/// Adds what the customer bought: an electricity token, a pin. Stored encrypted
/// when the configuration has a `vault_key`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_token(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.receipt.tokens.push(input::text("token", text)?.to_owned());
        Ok(())
    })
}

/// Sets a receipt to show.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_receipt(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.receipt.receipt = Some(input::text("receipt", text)?.to_owned());
        Ok(())
    })
}

/// Sets the provider's code for a refusal. For an outcome of declined or failed.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_code(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.code = Some(input::text("code", text)?.to_owned());
        Ok(())
    })
}

/// Sets a sentence a person can read: why it was refused, not sent, taken back or
/// not known; for the callbacks that return a status, why it is not `FUSEPAY_OK`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_reason(reply: *mut fusepay_reply, text: *const c_char) -> i32 {
    set(reply, |draft| {
        draft.reason = Some(input::text("reason", text)?.to_owned());
        Ok(())
    })
}

/// Sets when to ask again, in milliseconds. For an outcome of pending.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_poll_after_ms(reply: *mut fusepay_reply, poll_after_ms: u64) -> i32 {
    set(reply, |draft| {
        draft.poll_after_ms = Some(poll_after_ms);
        Ok(())
    })
}

/// Sets how the adapter knows: the raw answer, of which a SHA-256 is kept, and a
/// text of it with secrets removed, kept cut to 4,096 bytes. NULL for no text.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_evidence(
    reply: *mut fusepay_reply,
    raw: *const u8,
    raw_length: usize,
    text: *const c_char,
) -> i32 {
    set(reply, |draft| {
        let raw = input::bytes("raw", raw, raw_length)?;
        draft.evidence = Some(Evidence::new(raw, input::text_or_empty("text", text)?));
        Ok(())
    })
}

/// Answers a look-up of a customer: the name the biller has, the address (NULL
/// for none), and the least they must pay in minor units (NULL for none).
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_customer(
    reply: *mut fusepay_reply,
    name: *const c_char,
    address: *const c_char,
    minimum_minor: *const i64,
) -> i32 {
    set(reply, |draft| {
        let mut customer = Customer::new(input::text("name", name)?);
        customer.address = input::optional_text("address", address)?.map(str::to_owned);
        customer.minimum_minor = input::optional("minimum_minor", minimum_minor)?;
        draft.customer = Some(customer);
        Ok(())
    })
}

/// Adds a biller with its items to the answer of `catalogue`.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_biller(reply: *mut fusepay_reply, biller: *const fusepay_biller_entry) -> i32 {
    set(reply, |draft| {
        draft.catalogue.push(input::request("biller", biller)?.read()?);
        Ok(())
    })
}

/// Adds what a webhook says of one payment: its request id, what happened (as a
/// query would answer it), and when, in milliseconds UTC (NULL when it does not
/// say). Uses up the details set before it, so set those of each notice first.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_reply_notice(
    reply: *mut fusepay_reply,
    request_id: *const c_char,
    outcome: u32,
    occurred_at_ms: *const i64,
) -> i32 {
    set(reply, |draft| {
        let request_id = input::text("request_id", request_id)?;
        let occurred_at = input::optional("occurred_at_ms", occurred_at_ms)?.map(UnixMillis);
        let notices = std::mem::take(&mut draft.notices);
        let details = std::mem::replace(draft, Draft { notices, ..Draft::default() });
        let mut notice = WebhookNotice::new(request_id, details.into_query_outcome(outcome));
        notice.occurred_at = occurred_at;
        draft.notices.push(notice);
        Ok(())
    })
}

/// Runs a callback with a reply of its own, and gives back what it returned and set.
pub(crate) fn with_reply<T>(otherwise: T, callback: impl FnOnce(*mut fusepay_reply) -> T) -> (T, Draft)
where
    T: Copy,
{
    let replies = &crate::handle::tables().replies;
    let reply = std::sync::Arc::new(Reply::default());
    let Ok(handle) = replies.insert(std::sync::Arc::clone(&reply)) else {
        return (otherwise, Draft { spoiled: Some("no room for a reply".to_owned()), ..Draft::default() });
    };
    let returned = guard_or(otherwise, || callback(handle));
    // Stale from here on: a detail that a thread of the host sets late is not taken.
    drop(replies.remove(handle));
    (returned, reply.take())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::*;

    fn pay(returned: u32, details: impl FnOnce(*mut fusepay_reply)) -> PayOutcome {
        let (returned, draft) = with_reply(0, |reply| {
            details(reply);
            returned
        });
        draft.into_pay(returned).outcome
    }

    #[test]
    fn an_outcome_comes_with_its_details() {
        let outcome = pay(FUSEPAY_OUTCOME_KIND_PAID, |reply| {
            assert_eq!(fusepay_reply_provider_reference(reply, c"PC-1".as_ptr()), FUSEPAY_OK);
            assert_eq!(fusepay_reply_token(reply, c"1234".as_ptr()), FUSEPAY_OK);
            assert_eq!(fusepay_reply_amount_minor(reply, 5), FUSEPAY_OK);
        });
        assert_eq!(outcome, PayOutcome::Paid(PaidReceipt::new("PC-1").with_token("1234").with_amount_minor(5)));
        let declined = pay(FUSEPAY_OUTCOME_KIND_DECLINED, |reply| {
            fusepay_reply_code(reply, c"E7".as_ptr());
            fusepay_reply_reason(reply, c"no such meter".as_ptr());
        });
        assert_eq!(declined, PayOutcome::Declined { code: "E7".to_owned(), reason: "no such meter".to_owned() });
    }

    #[test]
    fn whatever_is_not_certain_is_unknown() {
        let is_unknown = |outcome: PayOutcome| matches!(outcome, PayOutcome::Unknown { .. });
        for returned in [0, 7_777, u32::MAX, FUSEPAY_OUTCOME_KIND_NOT_FOUND, FUSEPAY_OUTCOME_KIND_PROVIDER_REVERSED] {
            assert!(is_unknown(pay(returned, |_| ())), "{returned}");
        }
        let spoiled = pay(FUSEPAY_OUTCOME_KIND_PAID, |reply| {
            assert_eq!(fusepay_reply_receipt(reply, c"\xff".as_ptr()), FUSEPAY_ERR_INVALID_ARGUMENT);
        });
        assert!(is_unknown(spoiled));
        assert!(is_unknown(pay(FUSEPAY_OUTCOME_KIND_PAID, |_| panic!("an adapter in Rust would"))));
    }

    #[test]
    fn a_reply_is_stale_after_its_call() {
        let mut kept = std::ptr::null_mut();
        pay(FUSEPAY_OUTCOME_KIND_PENDING, |reply| kept = reply);
        assert_eq!(fusepay_reply_token(kept, c"late".as_ptr()), FUSEPAY_ERR_INVALID_HANDLE);
    }

    #[test]
    fn a_notice_uses_up_the_details_before_it() {
        let (_, draft) = with_reply(0, |reply| {
            fusepay_reply_provider_reference(reply, c"PC-1".as_ptr());
            fusepay_reply_notice(reply, c"first".as_ptr(), FUSEPAY_OUTCOME_KIND_PAID, std::ptr::null());
            let occurred_at_ms = 7i64;
            fusepay_reply_notice(reply, c"second".as_ptr(), FUSEPAY_OUTCOME_KIND_NOT_FOUND, &raw const occurred_at_ms);
            0
        });
        let mut second = WebhookNotice::new("second", QueryOutcome::NotFound);
        second.occurred_at = Some(UnixMillis(7));
        let first = WebhookNotice::new("first", QueryOutcome::Paid(PaidReceipt::new("PC-1")));
        assert_eq!(draft.into_notices(FUSEPAY_OK).unwrap(), [first, second]);
    }

    #[test]
    fn a_webhook_that_is_not_vouched_for_is_rejected() {
        for returned in [-1, 7, FUSEPAY_ERR_PROVIDER_UNAVAILABLE, FUSEPAY_ERR_WEBHOOK_REJECTED] {
            let error = Draft::default().into_notices(returned).unwrap_err();
            assert_eq!(error.code(), Code::WebhookRejected);
        }
        let error = Draft::default().into_customer(FUSEPAY_ERR_CUSTOMER_REJECTED).unwrap_err();
        assert_eq!(error.code(), Code::CustomerRejected);
        assert_eq!(Draft::default().into_customer(FUSEPAY_OK).unwrap_err().code(), Code::ProviderUnavailable);
    }
}

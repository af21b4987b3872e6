//! Events: what others learn, in order and without gaps, written to the outbox
//! in the commit that they tell of.

use crate::clock::UnixMillis;
use crate::id::{HoldId, JobId, PaymentId, TransactionId, UserId, WalletId};
use crate::metadata::write_json_string;
use crate::vocabulary::EventName;
use std::collections::BTreeMap;

/// Something that happened. Delivered at least once, in the order of `sequence`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its place among all events of the database: from 1, without gaps.
    pub sequence: u64,
    /// What happened.
    pub name: EventName,
    /// When it was committed, by the wall clock.
    pub at: UnixMillis,
    /// The user it is about, if any.
    pub user: Option<UserId>,
    /// The wallet it is about, if any.
    pub wallet: Option<WalletId>,
    /// The payment it is about, if any.
    pub payment: Option<PaymentId>,
    /// The transaction it is about, if any.
    pub transaction: Option<TransactionId>,
    /// The hold it is about, if any.
    pub hold: Option<HoldId>,
    /// The job it is about, if any.
    pub job: Option<JobId>,
    /// Details: a JSON object of strings and integers, keys sorted. Never a secret.
    pub payload: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    Text(String),
    Number(i64),
}

/// An event before the store has given it its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[allow(dead_code, reason = "used by the engine")]
pub(crate) struct EventDraft {
    name: EventName,
    user: Option<UserId>,
    wallet: Option<WalletId>,
    payment: Option<PaymentId>,
    transaction: Option<TransactionId>,
    hold: Option<HoldId>,
    job: Option<JobId>,
    details: BTreeMap<&'static str, Detail>,
}

#[allow(dead_code, reason = "used by the engine")]
impl EventDraft {
    /// An event of this name, about nothing as yet.
    pub(crate) const fn new(name: EventName) -> Self {
        EventDraft {
            name,
            user: None,
            wallet: None,
            payment: None,
            transaction: None,
            hold: None,
            job: None,
            details: BTreeMap::new(),
        }
    }

    /// Says which user it is about.
    pub(crate) fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Says which wallet it is about.
    pub(crate) fn wallet(mut self, wallet: WalletId) -> Self {
        self.wallet = Some(wallet);
        self
    }

    /// Says which payment it is about.
    pub(crate) fn payment(mut self, payment: PaymentId) -> Self {
        self.payment = Some(payment);
        self
    }

    /// Says which transaction it is about.
    pub(crate) fn transaction(mut self, transaction: TransactionId) -> Self {
        self.transaction = Some(transaction);
        self
    }

    /// Says which hold it is about.
    pub(crate) fn hold(mut self, hold: HoldId) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Says which job it is about.
    pub(crate) fn job(mut self, job: JobId) -> Self {
        self.job = Some(job);
        self
    }

    /// Adds a detail. Never a secret: events leave the engine.
    pub(crate) fn text(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.details.insert(key, Detail::Text(text.into()));
        self
    }

    /// Adds a detail; the unit stands in the key.
    pub(crate) fn number(mut self, key: &'static str, number: i64) -> Self {
        self.details.insert(key, Detail::Number(number));
        self
    }

    /// What happened.
    pub(crate) const fn name(&self) -> EventName {
        self.name
    }

    /// The details as a JSON object, keys sorted.
    pub(crate) fn payload(&self) -> String {
        let mut out = "{".to_owned();
        for (key, detail) in &self.details {
            if out.len() > 1 {
                out.push(',');
            }
            write_json_string(&mut out, key);
            out.push(':');
            match detail {
                Detail::Text(text) => write_json_string(&mut out, text),
                Detail::Number(number) => out.push_str(&number.to_string()),
            }
        }
        out.push('}');
        out
    }

    /// The event in its place.
    pub(crate) fn into_event(self, sequence: u64, at: UnixMillis) -> Event {
        Event {
            sequence,
            name: self.name,
            at,
            user: self.user,
            wallet: self.wallet,
            payment: self.payment,
            transaction: self.transaction,
            hold: self.hold,
            job: self.job,
            payload: self.payload(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_draft_becomes_an_event_with_its_details_in_order() {
        let event = EventDraft::new(EventName::PaymentFailed)
            .payment(PaymentId::from_bytes([1; 16]))
            .job(JobId(7))
            .text("reason", "no \"such\"\nmeter")
            .number("amount_minor", -5)
            .into_event(3, UnixMillis(9));
        assert_eq!(event.payload, r#"{"amount_minor":-5,"reason":"no \"such\"\nmeter"}"#);
        assert_eq!((event.sequence, event.at, event.job), (3, UnixMillis(9), Some(JobId(7))));
        assert_eq!((event.payment, event.wallet), (Some(PaymentId::from_bytes([1; 16])), None));
        assert_eq!(EventDraft::new(EventName::UserLoggedOut).payload(), "{}");
    }

    proptest! {
        #[test]
        fn any_detail_is_read_back_by_a_json_reader(text: String, number: i64) {
            let payload = EventDraft::new(EventName::JobDead).text("t", text.clone()).number("n", number).payload();
            let read: serde_json::Value = serde_json::from_str(&payload).unwrap();
            prop_assert_eq!(read, serde_json::json!({ "n": number, "t": text }));
        }
    }
}

//! How each result of the engine becomes a record, and what a step's `as=`
//! binds of it. The order of the fields is the transcript's, and `FORMAT.md`'s.

use crate::scenario::names::{Kind, Names};
use crate::scenario::record::{Record, View};
use fusepay_core::{
    Attempt, BillItem, Biller, Customer, Event, Explanation, Hold, Job, JobCount, Limit, Money, Payment, PaymentCount,
    PaymentStep, Principal, Quote, RunReport, SessionRecord, SystemBalance, Tokens, Transaction, User, Wallet,
    WebhookReceipt,
};
use std::fmt::Display;

/// Something a step can print.
pub(crate) trait Shown {
    /// Binds the parts of it that other steps may name.
    fn bind(&self, _name: &str, _names: &mut Names) {}

    /// The line that shows it.
    fn record(&self, view: View<'_>) -> Record;
}

impl Shown for Transaction {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Transaction, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("transaction")
            .id("id", view, Kind::Transaction, self.id)
            .id("wallet", view, Kind::Wallet, self.wallet_id)
            .plain("sequence", self.sequence)
            .plain("type", self.kind)
            .plain("status", self.status)
            .plain("amount_minor", self.amount_minor)
            .plain("currency", self.currency)
            .plain("balance_minor", self.balance_minor)
            .maybe_id("counterparty", view, Kind::Wallet, self.counterparty)
            .maybe_id("payment", view, Kind::Payment, self.payment_id)
            .maybe_id("hold", view, Kind::Hold, self.hold_id)
            .maybe_id("reverses", view, Kind::Transaction, self.reverses)
            .maybe_id("reversed_by", view, Kind::Transaction, self.reversed_by)
            .text("external_reference", self.external_reference.as_deref())
            .text("description", self.description.as_deref())
            .text("failure_reason", self.failure_reason.as_deref())
            .moment("created_ms", view, self.created_at)
    }
}

impl Shown for Wallet {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Wallet, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("wallet")
            .id("id", view, Kind::Wallet, self.id)
            .id("user", view, Kind::User, self.user_id)
            .plain("currency", self.currency)
            .text("label", self.label.as_str())
            .plain("status", self.status)
            .plain("balance_minor", self.balance_minor)
            .plain("held_minor", self.held_minor)
            .plain("available_minor", self.available_minor)
            .plain("credit_limit_minor", self.credit_limit_minor)
            .plain("version", self.version)
    }
}

impl Shown for Hold {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Hold, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("hold")
            .id("id", view, Kind::Hold, self.id)
            .id("wallet", view, Kind::Wallet, self.wallet_id)
            .plain("currency", self.currency)
            .plain("amount_minor", self.amount_minor)
            .plain("captured_minor", self.captured_minor)
            .plain("status", self.status)
            .text("description", self.description.as_deref())
            .moment("expires_ms", view, self.expires_at)
            .moment("resolved_ms", view, self.resolved_at)
    }
}

impl Shown for Payment {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Payment, self.id);
        names.bind(&format!("{name}.request"), Kind::Request, &self.request_id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("payment")
            .id("id", view, Kind::Payment, self.id)
            .id("wallet", view, Kind::Wallet, self.wallet_id)
            .plain("biller", &self.biller)
            .plain("item", &self.item)
            .plain("provider", &self.provider)
            .text("customer", self.customer_reference.as_str())
            .plain("amount_minor", self.amount.minor())
            .plain("currency", self.amount.currency())
            .plain("fee_minor", self.fee.minor())
            .plain("status", self.status)
            .plain("version", self.version)
            .id("request", view, Kind::Request, self.request_id.as_str())
            .plain("refunded_minor", self.refunded_minor)
            .text("provider_reference", self.provider_reference.as_deref())
            .text("receipt", self.receipt.as_deref())
            .text("failure_code", self.failure_code.as_deref())
            .text("failure_reason", self.failure_reason.as_deref())
            .maybe("review_reason", self.review_reason)
            .plain("claim_minor", self.claim_minor)
            .plain("suspense_minor", self.suspense_minor)
            .moment("completed_ms", view, self.completed_at)
    }
}

impl Shown for User {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::User, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("user")
            .id("id", view, Kind::User, self.id)
            .text("email", self.email.as_str())
            .text("first_name", self.first_name.as_str())
            .text("last_name", self.last_name.as_str())
            .plain("role", self.role)
            .plain("status", self.status)
            .plain("version", self.version)
    }
}

impl Shown for Tokens {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(&format!("{name}.session"), Kind::Session, self.session_id);
        names.bind(&format!("{name}.access"), Kind::Token, &self.access);
        names.bind(&format!("{name}.refresh"), Kind::Token, &self.refresh);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("tokens")
            .id("user", view, Kind::User, self.user_id)
            .id("session", view, Kind::Session, self.session_id)
            .id("access", view, Kind::Token, self.access.as_str())
            .id("refresh", view, Kind::Token, self.refresh.as_str())
            .moment("access_expires_ms", view, self.access_expires_at)
    }
}

impl Shown for Principal {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("principal")
            .id("user", view, Kind::User, self.user_id)
            .id("session", view, Kind::Session, self.session_id)
            .plain("role", self.role)
    }
}

impl Shown for SessionRecord {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Session, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("session")
            .id("id", view, Kind::Session, self.id)
            .id("user", view, Kind::User, self.user_id)
            .text("device", self.device.as_str())
            .moment("created_ms", view, self.created_at)
            .moment("refreshed_ms", view, self.refreshed_at)
    }
}

impl Shown for Quote {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Quote, self.id);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("quote")
            .id("id", view, Kind::Quote, self.id)
            .id("user", view, Kind::User, self.user_id)
            .plain("biller", &self.biller)
            .plain("item", &self.item)
            .text("customer", self.customer_reference.as_str())
            .text("customer_name", self.customer_name.as_deref())
            .plain("amount_minor", self.amount.minor())
            .plain("currency", self.amount.currency())
            .plain("fee_minor", self.fee.minor())
            .moment("expires_ms", view, self.expires_at)
            .maybe_id("payment", view, Kind::Payment, self.payment_id)
    }
}

impl Shown for Job {
    fn bind(&self, name: &str, names: &mut Names) {
        names.bind(name, Kind::Job, self.id.0);
    }

    fn record(&self, view: View<'_>) -> Record {
        Record::new("job")
            .id("id", view, Kind::Job, self.id.0)
            .plain("kind", self.kind)
            .plain("status", self.status)
            .maybe("provider", self.provider.as_deref())
            .plain("runs", self.runs)
            .plain("crashes", self.crashes)
            .moment("due_ms", view, self.due_at)
    }
}

impl Shown for JobCount {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("jobs").plain("kind", self.kind).plain("status", self.status).plain("count", self.count).moment(
            "oldest_due_ms",
            view,
            self.oldest_due,
        )
    }
}

impl Shown for Event {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("event")
            .plain("sequence", self.sequence)
            .plain("name", self.name)
            .maybe_id("user", view, Kind::User, self.user)
            .maybe_id("wallet", view, Kind::Wallet, self.wallet)
            .maybe_id("payment", view, Kind::Payment, self.payment)
            .maybe_id("transaction", view, Kind::Transaction, self.transaction)
            .maybe_id("hold", view, Kind::Hold, self.hold)
            .moment("at_ms", view, self.at)
    }
}

impl Shown for Limit {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("limit")
            .plain("window", self.window)
            .maybe("category", self.category.as_ref().map(fusepay_core::Category::code))
            .maybe("amount_max_minor", self.amount_max_minor)
            .maybe("count_max", self.count_max)
    }
}

impl Shown for Biller {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("biller")
            .plain("code", &self.code)
            .text("name", self.name.as_str())
            .plain("category", self.category.code())
            .plain("providers", self.providers.join(","))
            .flag("enabled", self.enabled)
    }
}

impl Shown for BillItem {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("item")
            .plain("code", &self.code)
            .text("name", self.name.as_str())
            .plain("currency", self.currency)
            .plain("minimum_minor", self.minimum_minor)
            .plain("maximum_minor", self.maximum_minor)
            .plain("fee_fixed_minor", self.fee.fixed_minor)
            .plain("fee_per_mille", self.fee.per_mille)
            .flag("validates_customer", self.validates_customer)
            .flag("enabled", self.enabled)
    }
}

impl Shown for Customer {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("customer").text("name", self.name.as_str())
    }
}

impl Shown for Attempt {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("attempt")
            .plain("kind", self.kind)
            .plain("outcome", self.outcome)
            .moment("started_ms", view, self.started_at)
            .moment("finished_ms", view, self.finished_at)
    }
}

impl Shown for PaymentStep {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("decision").plain("before", self.before).plain("after", self.after).moment("at_ms", view, self.at)
    }
}

impl Shown for Money {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("money").plain("minor", self.minor()).plain("currency", self.currency())
    }
}

impl Shown for WebhookReceipt {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("webhook").plain("matched", self.matched).plain("unknown", self.unknown)
    }
}

impl Shown for RunReport {
    fn record(&self, view: View<'_>) -> Record {
        Record::new("ran").plain("claimed", self.claimed).plain("calls", self.calls).moment(
            "next_due_ms",
            view,
            self.next_due,
        )
    }
}

impl Shown for PaymentCount {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("payments").plain("status", self.status).plain("count", self.count)
    }
}

impl Shown for SystemBalance {
    fn record(&self, _: View<'_>) -> Record {
        Record::new("balance")
            .plain("account", self.account)
            .maybe("provider", self.provider.as_deref())
            .plain("currency", self.currency)
            .plain("balance_minor", self.balance_minor)
    }
}

/// Binds what belongs to an explanation beside its payment.
pub(crate) fn bind_explanation(found: &Explanation, name: &str, names: &mut Names) {
    found.payment.bind(name, names);
    if let Some(job) = &found.next_job {
        job.bind(&format!("{name}.job"), names);
    }
}

/// A record of one number or word.
pub(crate) fn single(word: &'static str, key: &'static str, value: impl Display) -> Record {
    Record::new(word).plain(key, value)
}

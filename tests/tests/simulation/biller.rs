//! The biller of a simulated life. What it does to a payment follows from the
//! first word of the customer's reference; its book is the truth.

use fusepay_core::{
    Answer, Capabilities, Code, Customer, CustomerRequest, Error, FusePay, Money, PaidReceipt, PayOutcome, PayRequest,
    Provider, QueryOutcome, QueryRequest, Result, Webhook, WebhookNotice,
};
use fusepay_tests::disk::Disk;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// What can become of a payment.
pub(crate) const CUSTOMERS: &[&str] = &[
    "paid",     // pays, and says so
    "declined", // refuses
    "unsent",   // is not reached, a few times or always
    "pending",  // says pending, and pays in the end
    "pendfail", // says pending, and fails in the end
    "lost",     // pays, and the answer is lost
    "never",    // the request is lost
    "slow",     // times out, and pays within its grace
    "blink",    // pays, times out, and overlooks it when asked, one time less than is proof
    "liar",     // times out, denies it with proof, and pays after all
    "flaky",    // pays, times out, and can't be asked for a while
    "less",     // pays another amount
    "stranger", // pays for another customer
    "hooked",   // tells by webhook before it answers
    "dup",      // pays, and says that it has seen this before
    "panic",    // pays or not, and panics
    "back",     // pays, and takes it back when told to
];

/// After this "not found" is evidence, when it is said this often.
pub(crate) const GRACE: i64 = 60_000;
pub(crate) const NOT_FOUND_TIMES: u32 = 3;
const SECRET: &str = "the biller's own";
const HEADER: &str = "x-biller";

/// What the biller knows of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) customer: String,
    pub(crate) minor: i64,
    /// How often the request arrived.
    pub(crate) sends: u32,
    last_send: i64,
    pub(crate) paid_times: u32,
    pub(crate) paid_minor: i64,
    pub(crate) is_taken_back: bool,
    /// When it will pay.
    pub(crate) pays_at: Option<i64>,
    /// What it has told that proves no payment.
    pub(crate) is_declined: bool,
    not_found_past_grace: u32,
    polls: u32,
    unsent: u32,
    /// The operator was told that it has not paid and will not.
    pub(crate) is_denied_to_operator: bool,
}

impl Entry {
    pub(crate) fn has_money(&self) -> bool {
        self.paid_times > 0 && !self.is_taken_back
    }

    fn kind(&self) -> &str {
        self.customer.split('-').next().unwrap_or_default()
    }

    /// The number that is part of the reference.
    fn number(&self) -> u32 {
        self.customer.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    fn pay(&mut self) {
        self.paid_times += 1;
        self.paid_minor = if self.kind() == "less" { self.minor - 1 } else { self.minor };
        self.pays_at = None;
    }

    pub(crate) fn receipt(&self) -> PaidReceipt {
        let customer = if self.kind() == "stranger" { "somebody else" } else { &self.customer };
        PaidReceipt::new(format!("ref-{}", self.customer))
            .with_amount_minor(self.paid_minor)
            .with_customer_reference(customer)
            .with_token(format!("token-{}", self.customer))
    }

    /// Whether it can't have the money, now or later, and has said so with
    /// proof: what a reversal demands. Never reached is proof, too.
    pub(crate) fn justifies_reversal(&self) -> bool {
        let is_proven = self.is_declined
            || self.sends == 0
            || self.not_found_past_grace >= NOT_FOUND_TIMES
            || self.is_taken_back
            || self.is_denied_to_operator;
        is_proven && (self.is_late_payer() || (!self.has_money() && self.pays_at.is_none()))
    }

    /// Whether it may still pay without being sent anything.
    pub(crate) fn may_pay_unasked(&self) -> bool {
        self.paid_times == 0 && self.sends > 0 && matches!(self.kind(), "slow" | "liar" | "pending")
    }

    /// It denied with proof and paid after all: its own fault, and a claim.
    pub(crate) fn is_late_payer(&self) -> bool {
        self.kind() == "liar" && self.not_found_past_grace >= NOT_FOUND_TIMES
    }
}

#[derive(Default)]
struct State {
    now: i64,
    book: BTreeMap<String, Entry>,
    engine: Weak<FusePay>,
    /// Whether the process ends in the next call, and whether after its work.
    death: Option<bool>,
}

pub(crate) struct SimBiller {
    state: Mutex<State>,
    disk: Arc<Disk>,
}

impl SimBiller {
    pub(crate) fn new(disk: Arc<Disk>) -> Self {
        SimBiller { state: Mutex::default(), disk }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the biller's time reach this moment; what is due is paid.
    pub(crate) fn wake(&self, now: i64) {
        let mut state = self.state();
        state.now = state.now.max(now);
        let now = state.now;
        for entry in state.book.values_mut() {
            if entry.pays_at.is_some_and(|at| at <= now) {
                entry.pay();
            }
        }
    }

    /// Lets everything that it will pay be paid.
    pub(crate) fn finish(&self) {
        self.wake(i64::MAX / 2);
    }

    pub(crate) fn serve(&self, engine: &Arc<FusePay>) {
        self.state().engine = Arc::downgrade(engine);
    }

    pub(crate) fn die_in_call(&self, death: Option<bool>) {
        self.state().death = death;
    }

    pub(crate) fn entry(&self, request_id: &str) -> Option<Entry> {
        self.state().book.get(request_id).cloned()
    }

    pub(crate) fn change<R>(&self, request_id: &str, work: impl FnOnce(&mut Entry) -> R) -> R {
        work(self.state().book.entry(request_id.to_owned()).or_default())
    }

    pub(crate) fn book(&self) -> BTreeMap<String, Entry> {
        self.state().book.clone()
    }

    pub(crate) fn nth(&self, number: u64) -> Option<(String, Entry)> {
        let state = self.state();
        let index = usize::try_from(number % (state.book.len() as u64).max(1)).unwrap_or(0);
        state.book.iter().nth(index).map(|(id, entry)| (id.clone(), entry.clone()))
    }

    /// What the biller would say of a request now, as a webhook.
    pub(crate) fn webhook(&self, request_id: &str) -> Webhook {
        let entry = self.entry(request_id).unwrap_or_default();
        let word = match () {
            () if entry.is_taken_back => "REVERSED",
            () if entry.has_money() => "PAID",
            () if entry.is_declined => "FAILED",
            () => "PENDING",
        };
        Webhook::new(vec![(HEADER.to_owned(), SECRET.to_owned())], format!("{word} {request_id}"))
    }

    /// A lie from somebody who does not know the secret.
    pub(crate) fn forgery(&self, request_id: &str) -> Webhook {
        let word = if self.entry(request_id).is_some_and(|entry| entry.has_money()) { "FAILED" } else { "PAID" };
        Webhook::new(vec![(HEADER.to_owned(), "a guess".to_owned())], format!("{word} {request_id}"))
    }

    fn answer_pay(&self, request: &PayRequest) -> PayOutcome {
        let mut state = self.state();
        let now = state.now;
        let entry = state.book.entry(request.request_id.clone()).or_default();
        entry.customer.clone_from(&request.customer_reference);
        entry.minor = request.amount.minor();
        let (kind, number) = (entry.kind().to_owned(), entry.number());
        if kind == "unsent" && (number.is_multiple_of(2) || entry.unsent < number % 4) {
            entry.unsent += 1;
            return PayOutcome::NotSent { cause: "connection refused".to_owned() };
        }
        let has_seen_it = entry.sends > 0;
        entry.sends += 1;
        entry.last_send = now;
        if has_seen_it {
            return PayOutcome::Duplicate;
        }
        let lost = || PayOutcome::Unknown { cause: "timed out".to_owned() };
        match kind.as_str() {
            "declined" => {
                entry.is_declined = true;
                PayOutcome::Declined { code: "NO".to_owned(), reason: "declined".to_owned() }
            }
            "pending" | "pendfail" => PayOutcome::Pending { poll_after_ms: Some(u64::from(number % 5) * 1_000) },
            "never" | "liar" => lost(),
            "slow" => {
                entry.pays_at = Some(now + 1 + i64::from(number) * 977 % (GRACE - 1));
                lost()
            }
            "lost" | "blink" | "flaky" => {
                entry.pay();
                lost()
            }
            "dup" => {
                entry.pay();
                PayOutcome::Duplicate
            }
            "panic" => {
                if number.is_multiple_of(2) {
                    entry.pay();
                }
                drop(state);
                panic!("simulated: the adapter panics");
            }
            "hooked" => {
                entry.pay();
                let engine = state.engine.upgrade();
                let receipt = state.book[&request.request_id].receipt();
                drop(state);
                if let Some(engine) = engine {
                    // Whatever it answers: the call's own answer follows.
                    drop(engine.bill().receive_webhook("sim", &self.webhook(&request.request_id)));
                }
                PayOutcome::Paid(receipt)
            }
            _ => {
                entry.pay();
                PayOutcome::Paid(entry.receipt())
            }
        }
    }

    fn answer_query(&self, request_id: &str) -> QueryOutcome {
        let mut state = self.state();
        let now = state.now;
        let Some(entry) = state.book.get_mut(request_id) else { return QueryOutcome::NotFound };
        entry.polls += 1;
        let is_past_grace = now - entry.last_send >= GRACE;
        let kind = entry.kind().to_owned();
        if entry.is_taken_back {
            return QueryOutcome::ProviderReversed { reason: "taken back".to_owned() };
        }
        if kind == "flaky" && entry.polls < 1 + entry.number() % 4 {
            return QueryOutcome::Unknown { cause: "<html>502</html>".to_owned() };
        }
        if kind == "pending" || kind == "pendfail" {
            if entry.paid_times == 0 && entry.polls <= entry.number() % 6 {
                return QueryOutcome::Pending { poll_after_ms: None };
            }
            if kind == "pendfail" {
                entry.is_declined = true;
            } else if entry.paid_times == 0 && entry.sends > 0 {
                entry.pay();
            }
        }
        let overlooks = kind == "blink" && (!is_past_grace || entry.not_found_past_grace + 1 < NOT_FOUND_TIMES);
        if entry.paid_times > 0 && !overlooks {
            return QueryOutcome::Paid(entry.receipt());
        }
        if entry.is_declined {
            return QueryOutcome::Failed { code: "NO".to_owned(), reason: "declined".to_owned() };
        }
        entry.not_found_past_grace += u32::from(is_past_grace);
        if kind == "liar" && entry.not_found_past_grace == NOT_FOUND_TIMES && entry.sends > 0 {
            entry.pays_at = Some(now + 1 + i64::from(entry.number()) * 7_919 % (4 * GRACE));
        }
        QueryOutcome::NotFound
    }

    /// Ends the process here, when it is to end at this point of a call.
    fn may_die(&self, is_done: bool) -> bool {
        let mut state = self.state();
        if state.death != Some(is_done) {
            return false;
        }
        state.death = None;
        drop(state);
        self.disk.kill();
        true
    }
}

impl Provider for SimBiller {
    fn capabilities(&self) -> Capabilities {
        let grace = Duration::from_millis(GRACE.unsigned_abs());
        Capabilities::default().with_not_found(grace, NOT_FOUND_TIMES).with_concurrent_calls_max(8)
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        if self.may_die(false) {
            return PayOutcome::Unknown { cause: "nobody hears this".to_owned() }.into();
        }
        let outcome = self.answer_pay(request);
        self.may_die(true);
        outcome.into()
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        self.may_die(false);
        let outcome = self.answer_query(&request.request_id);
        self.may_die(true);
        outcome.into()
    }

    fn validate_customer(&self, request: &CustomerRequest) -> Result<Customer> {
        Ok(Customer::new(request.customer_reference.clone()))
    }

    fn float_balance(&self) -> Result<Money> {
        Err(Error::new(Code::UnsupportedByProvider, "it does not say"))
    }

    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        let rejected = || Error::new(Code::WebhookRejected, "not from the biller");
        if webhook.header(HEADER) != Some(SECRET) {
            return Err(rejected());
        }
        let body = std::str::from_utf8(&webhook.body).map_err(|_| rejected())?;
        let (word, request_id) = body.split_once(' ').ok_or_else(rejected)?;
        let entry = self.entry(request_id).unwrap_or_default();
        let outcome = match word {
            "REVERSED" => QueryOutcome::ProviderReversed { reason: "taken back".to_owned() },
            "PAID" => QueryOutcome::Paid(entry.receipt()),
            "FAILED" => QueryOutcome::Failed { code: "NO".to_owned(), reason: "declined".to_owned() },
            _ => QueryOutcome::Pending { poll_after_ms: None },
        };
        Ok(vec![WebhookNotice::new(request_id, outcome)])
    }
}

#[test]
fn only_proof_justifies_a_reversal() {
    let asked = |kind: &str, not_found_past_grace| Entry {
        customer: format!("{kind}-1-1"),
        sends: 1,
        not_found_past_grace,
        ..Entry::default()
    };
    assert!(!asked("never", 0).justifies_reversal(), "a lost answer proves nothing");
    assert!(!asked("never", NOT_FOUND_TIMES - 1).justifies_reversal(), "not found too few times");
    assert!(asked("never", NOT_FOUND_TIMES).justifies_reversal());
    let due = Entry { pays_at: Some(1), ..asked("slow", NOT_FOUND_TIMES) };
    assert!(!due.justifies_reversal(), "it will still pay");
    let paid = Entry { paid_times: 1, is_declined: true, ..asked("lost", 0) };
    assert!(!paid.justifies_reversal(), "it has the money, whatever it said");
    let lied = Entry { pays_at: Some(1), ..asked("liar", NOT_FOUND_TIMES) };
    assert!(lied.justifies_reversal(), "its own false proof, which ends as a claim");
    assert!(!asked("liar", NOT_FOUND_TIMES - 1).justifies_reversal(), "it has not lied often enough yet");
}

//! The scripted biller of the scenarios: does as it is told, and keeps a book of
//! what it truly did. `FORMAT.md` specifies it for all three runners.

use crate::scenario::names::Kind;
use crate::scenario::record::{Record, View};
use fusepay_core::{
    Answer, Capabilities, Code, Currency, Customer, CustomerRequest, Error, Evidence, FusePay, Money, PaidReceipt,
    PayOutcome, PayRequest, PaymentStatus, Provider, QueryOutcome, QueryRequest, Result, Webhook, WebhookNotice,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The header that carries a webhook's signature, and the one value that is valid.
pub(crate) const SIGNATURE_HEADER: &str = "x-signature";
/// See [`SIGNATURE_HEADER`].
pub(crate) const SIGNATURE_VALID: &str = "valid";

/// What a script may say about a send. Those marked with a colon take an argument.
pub(crate) const PAY_STEPS: &[&str] = &[
    "paid",
    "paid_then_timeout",
    "paid_then_raise",
    "declined",
    "not_sent",
    "duplicate",
    "pending",
    "pending:",
    "timeout",
    "garbage",
    "raise",
    "wrong_amount:",
    "wrong_customer:",
    "reenter",
    "told",
];
/// What a script may say about a query.
pub(crate) const QUERY_STEPS: &[&str] =
    &["truth", "paid", "not_found", "pending", "pending:", "failed", "unknown", "reversed", "raise"];

/// Whether a step, with its argument, is one of these.
pub(crate) fn is_step(known: &[&str], step: &str) -> bool {
    let end = step.find(':').map_or(step.len(), |colon| colon + 1);
    step.get(..end).is_some_and(|name| known.contains(&name))
}

/// Where a biller that calls back finds the engine; empty while it is closed.
pub(crate) type EngineSlot = Arc<Mutex<Option<Arc<FusePay>>>>;

/// One request id in the book.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// The id it is about.
    pub(crate) request_id: String,
    /// Its place in the book, from 1; makes references and tokens.
    pub(crate) number: usize,
    /// For whom it was last sent; empty when it never was.
    pub(crate) customer: String,
    /// How often it was sent.
    pub(crate) sends: u32,
    /// How often it was asked about.
    pub(crate) queries: u32,
    /// How often money was taken for it.
    pub(crate) paid_times: u32,
    /// How often that money was taken back.
    pub(crate) reversed_times: u32,
    /// What was taken last, in minor units.
    pub(crate) paid_minor: Option<i64>,
    is_refused: bool,
    is_pending: bool,
}

impl Entry {
    /// Whether the biller has the payer's money.
    #[must_use]
    pub(crate) fn holds_money(&self) -> bool {
        self.paid_times > self.reversed_times
    }

    fn take(&mut self, minor: i64) {
        self.paid_times += 1;
        self.paid_minor = Some(minor);
        self.is_pending = false;
    }

    fn receipt(&self) -> PaidReceipt {
        let receipt = PaidReceipt::new(format!("REF-{}", self.number))
            .with_token(format!("TOKEN-{}", self.number))
            .with_receipt(format!("receipt {}", self.number));
        self.paid_minor.map_or(receipt.clone(), |minor| receipt.with_amount_minor(minor))
    }

    /// The entry as the transcript shows it.
    pub(crate) fn record(&self, view: View<'_>) -> Record {
        Record::new("book")
            .id("request", view, Kind::Request, self.request_id.as_str())
            .plain("number", self.number)
            .text("customer", self.customer.as_str())
            .plain("sends", self.sends)
            .plain("queries", self.queries)
            .plain("paid_times", self.paid_times)
            .plain("reversed_times", self.reversed_times)
            .maybe("paid_minor", self.paid_minor)
            .flag("holds_money", self.holds_money())
    }
}

/// What the biller does for one customer.
#[derive(Debug, Clone, Default)]
struct Script {
    customer: String,
    pay: VecDeque<String>,
    query: VecDeque<String>,
    always: Option<String>,
    validate: Option<String>,
}

/// What a biller is, as the header of a scenario says.
#[derive(Debug, Clone, Default)]
pub(crate) struct BillerTraits {
    /// Its code.
    pub(crate) code: String,
    /// What it declares it can do.
    pub(crate) capabilities: Capabilities,
    /// Whether it answers "duplicate" to an id whose money it has.
    pub(crate) refuses_repetition: bool,
    /// What was prepaid, in kobo.
    pub(crate) prepaid_minor: Option<i64>,
}

#[derive(Default)]
struct State {
    book: Vec<Entry>,
    scripts: Vec<Script>,
}

impl State {
    fn entry(&mut self, request_id: &str) -> &mut Entry {
        let place = self.book.iter().position(|entry| entry.request_id == request_id).unwrap_or(self.book.len());
        if place == self.book.len() {
            self.book.push(Entry { request_id: request_id.to_owned(), number: place + 1, ..Entry::default() });
        }
        #[allow(clippy::indexing_slicing, reason = "the place was found or made just before")]
        &mut self.book[place]
    }

    fn script(&mut self, customer: &str) -> Option<&mut Script> {
        self.scripts.iter_mut().find(|script| script.customer == customer)
    }
}

/// One biller of a scenario.
pub(crate) struct Biller {
    traits: BillerTraits,
    engine: EngineSlot,
    state: Mutex<State>,
}

impl Biller {
    /// A biller with an empty book.
    #[must_use]
    pub(crate) fn new(traits: BillerTraits, engine: EngineSlot) -> Self {
        Biller { traits, engine, state: Mutex::default() }
    }

    /// Its code.
    #[must_use]
    pub(crate) fn code(&self) -> &str {
        &self.traits.code
    }

    /// What it has about this id, made empty when there is nothing.
    #[must_use]
    pub(crate) fn entry(&self, request_id: &str) -> Entry {
        self.state().entry(request_id).clone()
    }

    /// Its whole book, in order.
    #[must_use]
    pub(crate) fn book(&self) -> Vec<Entry> {
        self.state().book.clone()
    }

    /// Adds steps for a customer; lists are divided by commas, empty for none.
    pub(crate) fn script(&self, customer: &str, pay: &str, query: &str, always: Option<&str>, validate: Option<&str>) {
        let mut state = self.state();
        if state.script(customer).is_none() {
            state.scripts.push(Script { customer: customer.to_owned(), ..Script::default() });
        }
        let Some(script) = state.script(customer) else { return };
        script.pay.extend(steps(pay));
        script.query.extend(steps(query));
        script.always = always.map(str::to_owned).or(script.always.take());
        script.validate = validate.map(str::to_owned).or(script.validate.take());
    }

    /// Takes the money for this id, unasked.
    pub(crate) fn pay_now(&self, request_id: &str, minor: i64) {
        self.state().entry(request_id).take(minor);
    }

    /// Gives the money for this id back, unasked.
    pub(crate) fn take_back(&self, request_id: &str) {
        self.state().entry(request_id).reversed_times += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn engine(&self) -> Option<Arc<FusePay>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, request: &PayRequest, minor: i64, customer: &str) -> PayOutcome {
        let mut state = self.state();
        let entry = state.entry(&request.request_id);
        if self.traits.refuses_repetition && entry.holds_money() {
            return PayOutcome::Duplicate;
        }
        entry.take(minor);
        PayOutcome::Paid(entry.receipt().with_customer_reference(customer))
    }

    fn do_pay(&self, request: &PayRequest, step: &str) -> PayOutcome {
        let (step, argument) = step.split_once(':').map_or((step, None), |(step, argument)| (step, Some(argument)));
        let unknown = |cause: &str| PayOutcome::Unknown { cause: cause.to_owned() };
        let amount_minor = request.amount.minor();
        let pay = || self.take(request, amount_minor, &request.customer_reference);
        match step {
            "paid" => pay(),
            "paid_then_timeout" => {
                let _ = pay();
                unknown("timed out")
            }
            "paid_then_raise" => {
                let _ = pay();
                raise()
            }
            "declined" => {
                self.state().entry(&request.request_id).is_refused = true;
                PayOutcome::Declined { code: "DECLINED".to_owned(), reason: "scripted refusal".to_owned() }
            }
            "not_sent" => PayOutcome::NotSent { cause: "connection refused".to_owned() },
            "duplicate" => PayOutcome::Duplicate,
            "pending" => {
                self.state().entry(&request.request_id).is_pending = true;
                PayOutcome::Pending { poll_after_ms: argument.and_then(|ms| ms.parse().ok()) }
            }
            "timeout" => unknown("timed out"),
            // Rust's compiler admits no answer outside the contract.
            "garbage" => unknown("not an answer"),
            "wrong_amount" => {
                let minor = argument.and_then(|minor| minor.parse().ok()).unwrap_or(amount_minor);
                self.take(request, minor, &request.customer_reference)
            }
            "wrong_customer" => self.take(request, amount_minor, argument.unwrap_or_default()),
            "reenter" if self.sees_it_processing() => pay(),
            "told" => {
                let outcome = pay();
                if self.tells(&request.request_id) { outcome } else { raise() }
            }
            _ => raise(),
        }
    }

    /// Calls the engine from inside a call of the engine.
    fn sees_it_processing(&self) -> bool {
        let Some(engine) = self.engine() else { return false };
        let listed = engine.bill().list_by_status(PaymentStatus::Processing, None, 1).unwrap_or_default();
        let Some(payment) = listed.first() else { return false };
        engine.bill().find(payment.id).is_ok_and(|found| found.status == PaymentStatus::Processing)
    }

    /// Delivers its own webhook before it answers.
    fn tells(&self, request_id: &str) -> bool {
        let Some(engine) = self.engine() else { return false };
        let webhook = webhook(SIGNATURE_VALID, &format!("PAID {request_id} -"));
        engine.bill().receive_webhook(self.code(), &webhook).is_ok_and(|receipt| receipt.matched == 1)
    }

    fn do_query(&self, request: &QueryRequest, step: &str) -> QueryOutcome {
        let (step, argument) = step.split_once(':').map_or((step, None), |(step, argument)| (step, Some(argument)));
        let mut state = self.state();
        let entry = state.entry(&request.request_id);
        match step {
            "truth" => truth(entry),
            "paid" => {
                if !entry.holds_money() {
                    entry.take(request.amount.minor());
                }
                QueryOutcome::Paid(entry.receipt())
            }
            "not_found" => QueryOutcome::NotFound,
            "pending" => QueryOutcome::Pending { poll_after_ms: argument.and_then(|ms| ms.parse().ok()) },
            "failed" => {
                (entry.is_refused, entry.is_pending) = (true, false);
                failed()
            }
            "unknown" => QueryOutcome::Unknown { cause: "no usable answer".to_owned() },
            "reversed" => {
                if entry.holds_money() {
                    entry.reversed_times += 1;
                }
                reversed()
            }
            _ => {
                drop(state);
                raise()
            }
        }
    }

    fn notice(&self, line: &str) -> Option<WebhookNotice> {
        let mut words = line.split(' ');
        let (word, request_id) = (words.next()?, words.next()?);
        let outcome = match word {
            "PAID" => {
                let amount = words.next()?;
                let receipt = self.entry(request_id).receipt();
                QueryOutcome::Paid(if amount == "-" {
                    receipt
                } else {
                    receipt.with_amount_minor(amount.parse().ok()?)
                })
            }
            "FAILED" => failed(),
            "PENDING" => QueryOutcome::Pending { poll_after_ms: None },
            "REVERSED" => reversed(),
            _ => return None,
        };
        Some(WebhookNotice::new(request_id, outcome))
    }
}

impl Provider for Biller {
    fn capabilities(&self) -> Capabilities {
        self.traits.capabilities.clone()
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let step = {
            let mut state = self.state();
            let entry = state.entry(&request.request_id);
            entry.customer.clone_from(&request.customer_reference);
            entry.sends += 1;
            let script = state.script(&request.customer_reference);
            script.and_then(|script| script.pay.pop_front()).unwrap_or_else(|| "paid".to_owned())
        };
        Answer::new(self.do_pay(request, &step), Evidence::from_text("scripted"))
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let step = {
            let mut state = self.state();
            let entry = state.entry(&request.request_id);
            entry.queries += 1;
            let customer = entry.customer.clone();
            let script = state.script(&customer);
            script
                .and_then(|script| script.query.pop_front().or_else(|| script.always.clone()))
                .unwrap_or_else(|| "truth".to_owned())
        };
        Answer::new(self.do_query(request, &step), Evidence::from_text("scripted"))
    }

    fn validate_customer(&self, request: &CustomerRequest) -> Result<Customer> {
        let customer = request.customer_reference.as_str();
        let script = self.state().script(customer).and_then(|script| script.validate.clone());
        match script.as_deref() {
            None => Ok(Customer::new(format!("Customer {customer}"))),
            Some("rejected") => Err(Error::new(Code::CustomerRejected, "the biller does not know this customer")),
            Some(_) => raise(),
        }
    }

    fn float_balance(&self) -> Result<Money> {
        let Some(prepaid) = self.traits.prepaid_minor else {
            return Err(Error::new(Code::UnsupportedByProvider, "nothing was prepaid"));
        };
        let book = self.book();
        let held = book.iter().filter(|entry| entry.holds_money()).filter_map(|entry| entry.paid_minor);
        Ok(Money::new(prepaid - held.sum::<i64>(), Currency::NGN))
    }

    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        let rejected = || Error::new(Code::WebhookRejected, "not signed, or nothing this biller says");
        if webhook.header(SIGNATURE_HEADER) != Some(SIGNATURE_VALID) {
            return Err(rejected());
        }
        let text = std::str::from_utf8(&webhook.body).map_err(|_| rejected())?;
        text.split('\n').map(|line| self.notice(line).ok_or_else(rejected)).collect()
    }
}

/// A webhook with this signature and this body.
pub(crate) fn webhook(signature: &str, body: &str) -> Webhook {
    Webhook::new(vec![(SIGNATURE_HEADER.to_owned(), signature.to_owned())], body)
}

fn steps(list: &str) -> impl Iterator<Item = String> + '_ {
    list.split(',').filter(|step| !step.is_empty()).map(str::to_owned)
}

fn truth(entry: &Entry) -> QueryOutcome {
    if entry.holds_money() {
        QueryOutcome::Paid(entry.receipt())
    } else if entry.reversed_times > 0 {
        reversed()
    } else if entry.is_refused {
        failed()
    } else if entry.is_pending {
        QueryOutcome::Pending { poll_after_ms: None }
    } else {
        QueryOutcome::NotFound
    }
}

fn failed() -> QueryOutcome {
    QueryOutcome::Failed { code: "FAILED".to_owned(), reason: "scripted failure".to_owned() }
}

fn reversed() -> QueryOutcome {
    QueryOutcome::ProviderReversed { reason: "scripted provider reversal".to_owned() }
}

/// Leaves the adapter as a bug would: a panic, without a word on standard error.
fn raise() -> ! {
    std::panic::resume_unwind(Box::new("scripted panic"))
}

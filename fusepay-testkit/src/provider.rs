//! A biller that does as it is told and keeps its own book.

use crate::book::{BookEntry, Call};
use crate::script::{PayStep, QueryStep};
use fusepay_core::{
    Answer, Capabilities, Code, Customer, CustomerRequest, Error, Evidence, Money, PaidReceipt, PayOutcome, PayRequest,
    Provider, QueryOutcome, QueryRequest, Result, Webhook, WebhookNotice,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The header a scripted biller's webhooks carry their secret in.
const SECRET_HEADER: &str = "x-scripted-secret";

/// A [`Provider`] for tests.
///
/// Without a script it pays everything and answers every query with the truth.
/// [`ScriptedProvider::script`] tells it what to do for one customer instead:
/// one step per call; once the steps are used up, the truth again.
pub struct ScriptedProvider {
    capabilities: Capabilities,
    secret: String,
    refuses_repetition: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    scripts: BTreeMap<String, Script>,
    book: BTreeMap<String, BookEntry>,
    calls: Vec<Call>,
    strangers: BTreeSet<String>,
    prepaid: Option<Money>,
}

#[derive(Default)]
struct Script {
    pay: VecDeque<PayStep>,
    query: VecDeque<QueryStep>,
    /// What the last query step is repeated as, if it is.
    then: Option<QueryStep>,
}

impl Default for ScriptedProvider {
    fn default() -> Self {
        ScriptedProvider::new()
    }
}

impl std::fmt::Debug for ScriptedProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptedProvider").field("book", &self.state().book).finish_non_exhaustive()
    }
}

impl ScriptedProvider {
    /// A biller that pays everything, with the default capabilities: no
    /// idempotent submit, queries work, "not found" counts three times after
    /// five minutes.
    #[must_use]
    pub fn new() -> Self {
        ScriptedProvider {
            capabilities: Capabilities::default(),
            secret: "shared with the biller".to_owned(),
            refuses_repetition: false,
            state: Mutex::new(State::default()),
        }
    }

    /// Sets what it declares it can do.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Makes it answer `Duplicate` to a request id it has paid, as a biller
    /// with idempotent submit does. Otherwise it pays again.
    #[must_use]
    pub fn with_refused_repetition(mut self) -> Self {
        self.refuses_repetition = true;
        self
    }

    /// Sets what was prepaid here; [`Provider::float_balance`] answers what is left.
    #[must_use]
    pub fn with_prepaid(self, prepaid: Money) -> Self {
        self.state().prepaid = Some(prepaid);
        self
    }

    /// Makes it not know a customer.
    pub fn forget_customer(&self, customer_reference: &str) {
        self.state().strangers.insert(customer_reference.to_owned());
    }

    /// Tells it what to do at the next sends and queries for a customer, after
    /// what it was told before.
    pub fn script(
        &self,
        customer_reference: &str,
        pay: impl IntoIterator<Item = PayStep>,
        query: impl IntoIterator<Item = QueryStep>,
    ) {
        let mut state = self.state();
        let script = state.scripts.entry(customer_reference.to_owned()).or_default();
        script.pay.extend(pay);
        script.query.extend(query);
    }

    /// Tells it what to do at every query for a customer once its other steps
    /// are used up.
    pub fn script_for_ever(&self, customer_reference: &str, query: QueryStep) {
        self.state().scripts.entry(customer_reference.to_owned()).or_default().then = Some(query);
    }

    /// What it truly did under a request id; an empty entry for an unknown one.
    #[must_use]
    pub fn entry(&self, request_id: &str) -> BookEntry {
        self.state().book.get(request_id).cloned().unwrap_or_default()
    }

    /// The whole book, by request id.
    #[must_use]
    pub fn book(&self) -> BTreeMap<String, BookEntry> {
        self.state().book.clone()
    }

    /// Every call so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How many sends it got.
    #[must_use]
    pub fn sends(&self) -> usize {
        self.state().calls.iter().filter(|call| matches!(call, Call::Pay { .. })).count()
    }

    /// How many queries it got.
    #[must_use]
    pub fn queries(&self) -> usize {
        self.state().calls.iter().filter(|call| matches!(call, Call::Query { .. })).count()
    }

    /// Pays what it took on earlier, without being asked.
    pub fn pay_now(&self, request_id: &str, amount: Money) {
        record_paid(self.state().book.entry(request_id.to_owned()).or_default(), amount);
    }

    /// Takes a payment back, without being asked.
    pub fn take_back(&self, request_id: &str) {
        self.state().book.entry(request_id.to_owned()).or_default().reversed_times += 1;
    }

    /// The token it sells under a request id.
    #[must_use]
    pub fn token(request_id: &str) -> String {
        format!("TOKEN-{request_id}")
    }

    /// A webhook of this biller that tells these outcomes, each with the request
    /// id it is about, in this order. A paid one carries its receipt's amount and
    /// reference. Outcomes without news (`NotFound`, `Unknown`) are told as such.
    #[must_use]
    pub fn webhook<'n>(&self, notices: impl IntoIterator<Item = (&'n str, QueryOutcome)>) -> Webhook {
        let lines: Vec<String> = notices.into_iter().map(|(id, outcome)| line(id, &outcome)).collect();
        Webhook::new(vec![(SECRET_HEADER.to_owned(), self.secret.clone())], lines.join("\n"))
    }

    /// The same from somebody who does not know the secret.
    #[must_use]
    pub fn forged_webhook<'n>(&self, notices: impl IntoIterator<Item = (&'n str, QueryOutcome)>) -> Webhook {
        let body = self.webhook(notices).body;
        Webhook::new(vec![(SECRET_HEADER.to_owned(), "guessed".to_owned())], body)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn do_pay(&self, request: &PayRequest, step: PayStep) -> PayOutcome {
        let unknown = |cause: &str| PayOutcome::Unknown { cause: cause.to_owned() };
        match step {
            PayStep::Block(gate, step) => {
                gate.pass();
                self.do_pay(request, *step)
            }
            PayStep::Meanwhile(work, step) => {
                work(request);
                self.do_pay(request, *step)
            }
            PayStep::Afterwards(step, work) => {
                let outcome = self.do_pay(request, *step);
                work(request);
                outcome
            }
            PayStep::Paid => self.take_money(request, request.amount, &request.customer_reference),
            PayStep::PaidThenTimeout => {
                let _ = self.take_money(request, request.amount, &request.customer_reference);
                unknown("timed out")
            }
            PayStep::PaidThenGarbage => {
                let _ = self.take_money(request, request.amount, &request.customer_reference);
                unknown("<html>502</html>")
            }
            PayStep::PaidThenPanic => {
                let _ = self.take_money(request, request.amount, &request.customer_reference);
                panic!("scripted panic after paying")
            }
            PayStep::WrongAmount(minor) => {
                let amount = Money::new(minor, request.amount.currency());
                self.take_money(request, amount, &request.customer_reference)
            }
            PayStep::WrongCustomer(other) => self.take_money(request, request.amount, &other),
            PayStep::Declined => {
                self.entry_mut(request, |entry| entry.is_refused = true);
                PayOutcome::Declined { code: "DECLINED".to_owned(), reason: "scripted refusal".to_owned() }
            }
            PayStep::NotSent => PayOutcome::NotSent { cause: "connection refused".to_owned() },
            PayStep::Duplicate => PayOutcome::Duplicate,
            PayStep::Pending { poll_after_ms } => {
                self.entry_mut(request, |entry| entry.is_pending = true);
                PayOutcome::Pending { poll_after_ms }
            }
            PayStep::TimeoutBeforePaying => unknown("timed out"),
            PayStep::Garbage => unknown("<html>502</html>"),
            PayStep::Panic => panic!("scripted panic before paying"),
        }
    }

    fn take_money(&self, request: &PayRequest, amount: Money, customer: &str) -> PayOutcome {
        let mut state = self.state();
        let entry = state.book.entry(request.request_id.clone()).or_default();
        if self.refuses_repetition && entry.holds_money() {
            return PayOutcome::Duplicate;
        }
        record_paid(entry, amount);
        PayOutcome::Paid(receipt(&request.request_id, amount).with_customer_reference(customer))
    }

    fn entry_mut(&self, request: &PayRequest, change: impl FnOnce(&mut BookEntry)) {
        change(self.state().book.entry(request.request_id.clone()).or_default());
    }

    fn do_query(&self, request: &QueryRequest, step: QueryStep) -> QueryOutcome {
        match step {
            QueryStep::Block(gate, step) => {
                gate.pass();
                self.do_query(request, *step)
            }
            QueryStep::Meanwhile(work, step) => {
                work(request);
                self.do_query(request, *step)
            }
            QueryStep::Truth => self.truth(&request.request_id),
            QueryStep::Paid => {
                let mut state = self.state();
                let entry = state.book.entry(request.request_id.clone()).or_default();
                if !entry.holds_money() {
                    record_paid(entry, request.amount);
                }
                let paid = entry.paid.unwrap_or(request.amount);
                QueryOutcome::Paid(receipt(&request.request_id, paid))
            }
            QueryStep::NotFound => QueryOutcome::NotFound,
            QueryStep::Pending { poll_after_ms } => QueryOutcome::Pending { poll_after_ms },
            QueryStep::Failed => {
                let mut state = self.state();
                let entry = state.book.entry(request.request_id.clone()).or_default();
                (entry.is_refused, entry.is_pending) = (true, false);
                failed()
            }
            QueryStep::Unknown => QueryOutcome::Unknown { cause: "<html>504</html>".to_owned() },
            QueryStep::Panic => panic!("scripted panic in a query"),
            QueryStep::ProviderReversed => {
                let mut state = self.state();
                let entry = state.book.entry(request.request_id.clone()).or_default();
                if entry.holds_money() {
                    entry.reversed_times += 1;
                }
                reversed()
            }
        }
    }

    fn truth(&self, request_id: &str) -> QueryOutcome {
        match self.state().book.get(request_id) {
            Some(entry) if entry.holds_money() => {
                QueryOutcome::Paid(entry.paid.map_or_else(|| PaidReceipt::new("SCR"), |paid| receipt(request_id, paid)))
            }
            Some(entry) if entry.reversed_times > 0 => reversed(),
            Some(entry) if entry.is_refused => failed(),
            Some(entry) if entry.is_pending => QueryOutcome::Pending { poll_after_ms: None },
            Some(_) | None => QueryOutcome::NotFound,
        }
    }
}

impl Provider for ScriptedProvider {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let step = {
            let mut state = self.state();
            let entry = state.book.entry(request.request_id.clone()).or_default();
            entry.customer_reference.clone_from(&request.customer_reference);
            entry.sends += 1;
            state.calls.push(Call::Pay { request_id: request.request_id.clone(), attempt: request.attempt });
            let script = state.scripts.get_mut(&request.customer_reference);
            script.and_then(|script| script.pay.pop_front()).unwrap_or(PayStep::Paid)
        };
        let outcome = self.do_pay(request, step);
        let evidence = Evidence::from_text(format!("scripted: {outcome:?}"));
        Answer::new(outcome, evidence)
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let step = {
            let mut state = self.state();
            let entry = state.book.entry(request.request_id.clone()).or_default();
            entry.queries += 1;
            let customer = entry.customer_reference.clone();
            state.calls.push(Call::Query { request_id: request.request_id.clone() });
            let script = state.scripts.get_mut(&customer);
            script
                .and_then(|script| script.query.pop_front().or_else(|| script.then.clone()))
                .unwrap_or(QueryStep::Truth)
        };
        let outcome = self.do_query(request, step);
        let evidence = Evidence::from_text(format!("scripted: {outcome:?}"));
        Answer::new(outcome, evidence)
    }

    fn validate_customer(&self, request: &CustomerRequest) -> Result<Customer> {
        if self.state().strangers.contains(&request.customer_reference) {
            return Err(Error::new(Code::CustomerRejected, "the biller does not know this customer"));
        }
        Ok(Customer::new(format!("Customer {}", request.customer_reference)))
    }

    fn float_balance(&self) -> Result<Money> {
        let state = self.state();
        let Some(prepaid) = state.prepaid else {
            return Err(Error::new(Code::UnsupportedByProvider, "nothing was prepaid"));
        };
        let held = state.book.values().filter(|entry| entry.holds_money()).filter_map(|entry| entry.paid);
        held.into_iter().try_fold(prepaid, Money::checked_sub)
    }

    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        let rejected = |why: &str| Error::new(Code::WebhookRejected, why.to_owned());
        if webhook.header(SECRET_HEADER) != Some(self.secret.as_str()) {
            return Err(rejected("the webhook does not carry the shared secret"));
        }
        let text = std::str::from_utf8(&webhook.body).map_err(|_| rejected("the body is not text"))?;
        text.lines().map(|line| notice(line).ok_or_else(|| rejected("a line says nothing known"))).collect()
    }
}

fn record_paid(entry: &mut BookEntry, amount: Money) {
    entry.paid_times += 1;
    entry.paid = Some(amount);
    entry.is_pending = false;
}

fn receipt(request_id: &str, amount: Money) -> PaidReceipt {
    PaidReceipt::new(format!("SCR-{request_id}"))
        .with_amount_minor(amount.minor())
        .with_token(ScriptedProvider::token(request_id))
        .with_receipt(format!("receipt of {request_id}"))
}

fn failed() -> QueryOutcome {
    QueryOutcome::Failed { code: "FAILED".to_owned(), reason: "scripted failure".to_owned() }
}

fn reversed() -> QueryOutcome {
    QueryOutcome::ProviderReversed { reason: "scripted provider reversal".to_owned() }
}

/// One notice as a line: a word, the request id, and for a payment its amount
/// and the biller's reference.
fn line(request_id: &str, outcome: &QueryOutcome) -> String {
    match outcome {
        QueryOutcome::Paid(receipt) => {
            let amount = receipt.amount_minor.map_or_else(|| "-".to_owned(), |minor| minor.to_string());
            format!("PAID {request_id} {amount} {}", receipt.provider_reference)
        }
        QueryOutcome::Failed { .. } => format!("FAILED {request_id}"),
        QueryOutcome::Pending { .. } => format!("PENDING {request_id}"),
        QueryOutcome::ProviderReversed { .. } => format!("REVERSED {request_id}"),
        QueryOutcome::NotFound => format!("NOT_FOUND {request_id}"),
        QueryOutcome::Unknown { .. } | _ => format!("UNKNOWN {request_id}"),
    }
}

fn notice(line: &str) -> Option<WebhookNotice> {
    let mut words = line.split(' ');
    let (word, request_id) = (words.next()?, words.next()?);
    let outcome = match word {
        "PAID" => {
            let (amount, reference) = (words.next()?, words.next()?);
            let receipt = PaidReceipt::new(reference).with_token(ScriptedProvider::token(request_id));
            QueryOutcome::Paid(match amount {
                "-" => receipt,
                amount => receipt.with_amount_minor(amount.parse().ok()?),
            })
        }
        "FAILED" => failed(),
        "PENDING" => QueryOutcome::Pending { poll_after_ms: None },
        "REVERSED" => reversed(),
        "NOT_FOUND" => QueryOutcome::NotFound,
        "UNKNOWN" => QueryOutcome::Unknown { cause: "told by webhook".to_owned() },
        _ => return None,
    };
    Some(WebhookNotice::new(request_id, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fusepay_core::{Currency, UnixMillis};

    fn naira(minor: i64) -> Money {
        Money::new(minor, Currency::NGN)
    }

    #[test]
    fn the_book_tells_the_truth_whatever_the_answer_was() {
        let provider = ScriptedProvider::new();
        provider.script("m", [PayStep::PaidThenTimeout, PayStep::NotSent], [QueryStep::NotFound]);
        let request = PayRequest::new("r-1", naira(500)).with_bill("B", "I", "m");
        assert!(matches!(provider.pay(&request).outcome, PayOutcome::Unknown { .. }));
        let query = QueryRequest::new("r-1", naira(500), UnixMillis(0));
        assert_eq!(provider.query(&query).outcome, QueryOutcome::NotFound);
        assert!(matches!(provider.query(&query).outcome, QueryOutcome::Paid(_)));
        assert!(matches!(provider.pay(&request).outcome, PayOutcome::NotSent { .. }));
        let entry = provider.entry("r-1");
        assert_eq!((entry.paid_times, entry.sends, entry.queries), (1, 2, 2));
        assert!(entry.holds_money());
    }

    #[test]
    fn a_webhook_is_read_back_as_it_was_written_and_a_forged_one_refused() {
        let provider = ScriptedProvider::new();
        let outcomes = [
            ("a", QueryOutcome::Paid(PaidReceipt::new("x").with_amount_minor(7).with_token("TOKEN-a"))),
            ("b", failed()),
            ("c", reversed()),
            ("d", QueryOutcome::NotFound),
        ];
        let read = provider.verify_webhook(&provider.webhook(outcomes.clone())).unwrap();
        let expected: Vec<_> = outcomes.iter().map(|(id, outcome)| WebhookNotice::new(*id, outcome.clone())).collect();
        assert_eq!(read, expected);
        let forged = provider.verify_webhook(&provider.forged_webhook(outcomes));
        assert_eq!(forged.map_err(|error| error.code()), Err(Code::WebhookRejected));
    }
}

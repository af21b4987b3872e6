//! Providers written in Python: any object with `pay` and `query`, each a
//! function or a coroutine function. Whatever such an object does wrong is an
//! outcome nobody knows; none of it reaches the engine as an error or a panic.

pub(crate) mod answer;
pub(crate) mod event_loop;
pub(crate) mod records;
pub(crate) mod visit;

use std::sync::Arc;
use std::time::Duration;

use fusepay_core::{
    Answer, BillItem, Biller, Capabilities, Code, Customer, CustomerRequest, Error, Evidence, Money, PayOutcome,
    PayRequest, Provider, QueryOutcome, QueryRequest, Webhook, WebhookNotice,
};
use pyo3::prelude::*;

use crate::convert::{ToPy, read};
use crate::error::{exception, from_adapter, summary, traceback};
pub(crate) use event_loop::EventLoop;
use event_loop::Waiting;
use visit::Visit;

/// How long a call without a deadline of its own may take: the core's default.
const DEADLINE: Duration = Duration::from_secs(60);

/// A provider object, with what it can do, read once.
pub(crate) struct PyProvider {
    code: String,
    object: Py<PyAny>,
    capabilities: Capabilities,
    event_loop: Arc<EventLoop>,
}

/// What calling a method of the object came to.
enum Called<T> {
    /// It answered.
    Answered(T),
    /// It is a coroutine that runs on the event loop now.
    Running(Waiting<T>),
}

impl PyProvider {
    /// Takes an object for the provider of this code.
    pub(crate) fn new(code: &str, object: &Bound<'_, PyAny>, event_loop: &Arc<EventLoop>) -> PyResult<Self> {
        let py = object.py();
        let invalid = |why: String| exception(py, &Error::field(Code::InvalidConfig, "provider", why));
        for method in ["pay", "query"] {
            if !object.getattr(method).is_ok_and(|found| found.is_callable()) {
                return Err(invalid(format!("needs a method {method}(request)")));
            }
        }
        let capabilities = match object.getattr_opt("capabilities")?.filter(|found| !found.is_none()) {
            None => Capabilities::default(),
            Some(found) => {
                let found = if found.is_callable() { found.call0()? } else { found };
                if event_loop::is_awaitable(&found) {
                    // Never begun, it would warn as well.
                    let _ = found.call_method0("close");
                    return Err(invalid("capabilities must be an attribute or a plain function, not async".to_owned()));
                }
                read::<records::Capabilities>(&found, "capabilities")?.into()
            }
        };
        let (code, object, event_loop) = (code.to_owned(), object.clone().unbind(), Arc::clone(event_loop));
        Ok(PyProvider { code, object, capabilities, event_loop })
    }

    /// What an exception about a payment comes to: a line in the log, and `answer`.
    fn logging<T: 'static>(
        &self,
        method: &'static str,
        request_id: &str,
        answer: fn(Python<'_>, &PyErr) -> T,
    ) -> impl Fn(Python<'_>, &PyErr) -> T + Clone + Send + Sync + 'static {
        let (provider, request_id) = (self.code.clone(), request_id.to_owned());
        move |py, raised| {
            log_raised(py, &provider, method, &request_id, raised);
            answer(py, raised)
        }
    }

    /// Calls one method and reads its answer; waits for it without the
    /// interpreter where it is a coroutine. `None`: Python is ending.
    fn ask<T: Send + 'static>(
        &self,
        method: &'static str,
        deadline: Duration,
        request: Option<&dyn ToPy>,
        convert: fn(&Bound<'_, PyAny>) -> T,
        raised: impl Fn(Python<'_>, &PyErr) -> T + Clone + Send + Sync + 'static,
    ) -> Option<Result<T, &'static str>> {
        let called = Python::try_attach(|py| {
            let _inside = Visit::begin(py);
            let request = request.map(|request| request.to_py(py)).transpose();
            let called = request.and_then(|request| event_loop::call(self.object.bind(py), method, request));
            match called {
                Err(error) => Called::Answered(raised(py, &error)),
                Ok(answer) if event_loop::is_awaitable(&answer) => {
                    match self.event_loop.run(&answer, convert, raised.clone()) {
                        Ok(waiting) => Called::Running(waiting),
                        Err(error) => Called::Answered(raised(py, &error)),
                    }
                }
                Ok(answer) => Called::Answered(convert(&answer)),
            }
        })?;
        match called {
            Called::Answered(answer) => Some(Ok(answer)),
            Called::Running(waiting) => Some(waiting.wait(deadline)),
        }
    }

    /// As `ask`, for what a provider may leave out.
    fn ask_optional<T: Send + 'static>(
        &self,
        method: &'static str,
        what: &str,
        deadline: Duration,
        request: Option<&dyn ToPy>,
        convert: fn(&Bound<'_, PyAny>) -> fusepay_core::Result<T>,
        raised: fn(Python<'_>, &PyErr) -> fusepay_core::Result<T>,
    ) -> fusepay_core::Result<T> {
        let offers = Python::try_attach(|py| {
            self.object.bind(py).getattr_opt(method).is_ok_and(|found| found.is_some_and(|found| !found.is_none()))
        });
        if offers == Some(false) {
            return Err(Error::new(Code::UnsupportedByProvider, format!("this provider does not offer {what}")));
        }
        match self.ask(method, deadline, request, convert, raised) {
            Some(Ok(answer)) => answer,
            Some(Err(cause)) => Err(Error::new(Code::ProviderUnavailable, cause)),
            None => Err(Error::new(Code::ProviderUnavailable, ENDING)),
        }
    }
}

/// Why nothing was asked.
const ENDING: &str = "Python is ending; the adapter was not asked";

/// What an exception of an adapter shows of itself.
fn evidence(py: Python<'_>, raised: &PyErr) -> (String, Evidence) {
    (format!("the adapter raised {}", summary(py, raised)), Evidence::from_text(traceback(py, raised)))
}

/// Says in the log that an adapter raised something about a payment. Without its
/// traceback, whose frames hold keys and customers; that is kept with the attempt.
fn log_raised(py: Python<'_>, provider: &str, method: &str, request_id: &str, raised: &PyErr) {
    let line = (provider, method, request_id, summary(py, raised));
    let logged = py.import("fusepay._logging").and_then(|module| module.call_method1("provider_raised", line));
    if let Err(broken) = logged {
        broken.write_unraisable(py, None);
    }
}

fn pay_raised(py: Python<'_>, raised: &PyErr) -> Answer<PayOutcome> {
    let (cause, evidence) = evidence(py, raised);
    Answer::new(PayOutcome::Unknown { cause }, evidence)
}

fn query_raised(py: Python<'_>, raised: &PyErr) -> Answer<QueryOutcome> {
    let (cause, evidence) = evidence(py, raised);
    Answer::new(QueryOutcome::Unknown { cause }, evidence)
}

fn unavailable<T>(py: Python<'_>, raised: &PyErr) -> fusepay_core::Result<T> {
    let allowed = [Code::CustomerRejected, Code::UnsupportedByProvider, Code::ProviderUnavailable];
    Err(from_adapter(py, raised, &allowed, Code::ProviderUnavailable))
}

fn webhook_rejected(py: Python<'_>, raised: &PyErr) -> fusepay_core::Result<Vec<WebhookNotice>> {
    Err(from_adapter(py, raised, &[Code::WebhookRejected, Code::UnsupportedByProvider], Code::WebhookRejected))
}

impl Provider for PyProvider {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let record = records::PayRequest::from(request.clone());
        let unknown = |cause: &str| PayOutcome::Unknown { cause: cause.to_owned() }.into();
        let raised = self.logging("pay", &request.request_id, pay_raised);
        match self.ask("pay", request.deadline, Some(&record), answer::pay, raised) {
            Some(answer) => answer.unwrap_or_else(unknown),
            None => unknown(ENDING),
        }
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let record = records::QueryRequest::from(request.clone());
        let unknown = |cause: &str| QueryOutcome::Unknown { cause: cause.to_owned() }.into();
        let raised = self.logging("query", &request.request_id, query_raised);
        match self.ask("query", request.deadline, Some(&record), answer::query, raised) {
            Some(answer) => answer.unwrap_or_else(unknown),
            None => unknown(ENDING),
        }
    }

    fn validate_customer(&self, request: &CustomerRequest) -> fusepay_core::Result<Customer> {
        let record = records::CustomerRequest::from(request.clone());
        let what = "customer validation";
        self.ask_optional("validate_customer", what, request.deadline, Some(&record), answer::customer, unavailable)
    }

    fn catalogue(&self) -> fusepay_core::Result<Vec<(Biller, Vec<BillItem>)>> {
        self.ask_optional("catalogue", "a catalogue", DEADLINE, None, answer::catalogue, unavailable)
    }

    fn float_balance(&self) -> fusepay_core::Result<Money> {
        self.ask_optional("float_balance", "a float balance", DEADLINE, None, answer::float_balance, unavailable)
    }

    fn verify_webhook(&self, webhook: &Webhook) -> fusepay_core::Result<Vec<WebhookNotice>> {
        let record = records::Webhook::from(webhook.clone());
        self.ask_optional("verify_webhook", "webhooks", DEADLINE, Some(&record), answer::notices, webhook_rejected)
    }
}

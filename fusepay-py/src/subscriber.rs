//! Subscribers written in Python, and their subscriptions. Whatever a subscriber
//! raises, up to `KeyboardInterrupt`, means that the event was not taken: it is
//! logged, and the same event comes again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusepay_core::{Code, Error, Event};
use pyo3::prelude::*;

use crate::convert::ToPy;
use crate::engine::Shell;
use crate::error::{from_adapter, invalid, summary};
use crate::provider::event_loop::{EventLoop, Waiting, call, is_awaitable};
use crate::provider::visit::Visit;
use crate::record::event;

/// Somebody who is told of events: a callable, or an object with `notify`.
pub(crate) struct PySubscriber {
    name: String,
    object: Py<PyAny>,
    method: &'static str,
    event_loop: Arc<EventLoop>,
}

/// How a subscriber took an event: what it raised, if it raised something.
type Taken = Result<(), PyErr>;

/// What calling it came to.
enum Called {
    Ended(Taken),
    Running(Waiting<Taken>),
}

impl PySubscriber {
    /// Takes an object for a subscriber.
    pub(crate) fn new(name: &str, object: &Bound<'_, PyAny>, event_loop: &Arc<EventLoop>) -> PyResult<Self> {
        let has_notify = object.getattr_opt("notify")?.is_some_and(|notify| notify.is_callable());
        let method = match (has_notify, object.is_callable()) {
            (true, _) => "notify",
            (false, true) => "__call__",
            (false, false) => {
                return Err(invalid(object.py(), "subscriber", "must be callable, or have a method notify(event)"));
            }
        };
        let event_loop = Arc::clone(event_loop);
        Ok(PySubscriber { name: name.to_owned(), object: object.clone().unbind(), method, event_loop })
    }

    fn tell(&self, py: Python<'_>, event: &Event) -> PyResult<Called> {
        let _inside = Visit::begin(py);
        let record = event::Event::from(event.clone()).to_py(py)?;
        let answer = call(self.object.bind(py), self.method, Some(record))?;
        if is_awaitable(&answer) {
            let raised = |py: Python<'_>, raised: &PyErr| Err(raised.clone_ref(py));
            return self.event_loop.run(&answer, |_| Ok(()), raised).map(Called::Running);
        }
        Ok(Called::Ended(Ok(())))
    }

    /// Logs what it raised, and makes the core's error of it.
    fn refusal(&self, event: &Event, raised: &PyErr) -> Error {
        let said = Python::try_attach(|py| {
            let line = (&self.name, event.sequence, event.name.name(), raised.value(py));
            let logged =
                py.import("fusepay._logging").and_then(|module| module.call_method1("subscriber_raised", line));
            if let Err(broken) = logged {
                broken.write_unraisable(py, None);
            }
            // Only `ClosedError` tells the engine something: that there is nobody to tell any more.
            match from_adapter(py, raised, &[Code::Closed], Code::NotAllowed) {
                closed if closed.code() == Code::Closed => closed,
                _ => Error::new(Code::NotAllowed, format!("the subscriber raised {}", summary(py, raised))),
            }
        });
        said.unwrap_or_else(ending)
    }
}

fn ending() -> Error {
    Error::new(Code::Closed, "Python is ending; the subscriber was not told")
}

impl fusepay_core::Subscriber for PySubscriber {
    fn notify(&self, event: &Event) -> fusepay_core::Result<()> {
        let called = Python::try_attach(|py| self.tell(py, event).unwrap_or_else(|raised| Called::Ended(Err(raised))));
        let taken = match called.ok_or_else(ending)? {
            Called::Ended(taken) => taken,
            // A subscriber may sleep as long as it likes; the end of the engine ends it.
            Called::Running(waiting) => waiting.wait(Duration::MAX).map_err(|why| Error::new(Code::Closed, why))?,
        };
        taken.map_err(|raised| self.refusal(event, &raised))
    }
}

/// A subscriber being served: what `engine.events.subscribe` answers. Closing it, leaving
/// its `with` block or freeing it ends that: no further event is handed over, one
/// that is under way is not waited for, and the cursor stays.
#[pyclass(frozen, name = "Subscription", module = "fusepay")]
pub(crate) struct PySubscription {
    name: String,
    held: Mutex<Option<fusepay_core::Subscription>>,
    shell: Arc<Shell>,
}

#[pymethods]
impl PySubscription {
    /// The subscriber's name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Ends it. A second time does nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.end());
    }

    /// Lets it last as long as the engine, whatever becomes of this object.
    fn keep(&self, py: Python<'_>) {
        let held = self.take();
        py.detach(|| held.map(fusepay_core::Subscription::keep));
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*exc_info))]
    fn __exit__(&self, py: Python<'_>, exc_info: &Bound<'_, PyAny>) {
        let _ = exc_info;
        self.close(py);
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Subscription {}>", self.name.show(py)?))
    }
}

impl PySubscription {
    /// Wraps a subscription of the core.
    pub(crate) fn new(name: String, held: fusepay_core::Subscription, shell: &Arc<Shell>) -> Self {
        PySubscription { name, held: Mutex::new(Some(held)), shell: Arc::clone(shell) }
    }

    fn take(&self) -> Option<fusepay_core::Subscription> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn end(&self) {
        let held = self.take();
        if !self.shell.is_ours() {
            // A forked child touches nothing: a lock in it may be held for ever.
            std::mem::forget(held);
        }
    }
}

impl Drop for PySubscription {
    fn drop(&mut self) {
        // The core locks its list of subscribers, which others may hold while they
        // wait for the interpreter.
        let this = &*self;
        if Python::try_attach(|py| py.detach(|| this.end())).is_none() {
            this.end();
        }
    }
}

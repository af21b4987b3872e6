//! `engine.events`: each operation reads its arguments, calls the core once and
//! hands the answer over. Who is told is in `subscriber.rs`.

use std::sync::Arc;

use fusepay_core::{EventName, StartAt};
use pyo3::prelude::*;

use crate::convert::{ToPy, read, read_optional};
use crate::record::answer_all;
use crate::record::event::Event;
use crate::shell::Shell;
use crate::subscriber::{PySubscriber, PySubscription};

/// What happened, in order and without gaps, and who in this process is told of it:
/// `engine.events`. Each event is written in the commit it tells of, and stays.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Events {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Events {
    /// The events after one, in order; `limit` 1 to 500. From the first with 0. The same
    /// question gives the same events for ever.
    ///
    /// Raises `InvalidArgumentError`.
    #[pyo3(signature = (after=None, limit=None), text_signature = "($self, after=None, limit=100)")]
    fn read<'py>(
        &self,
        py: Python<'py>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let after: Option<u64> = read_optional(after, "after")?;
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Event>(py, self.shell.call(py, |engine| engine.events().read(after.unwrap_or(0), limit))?)
    }

    /// The number of the last event; 0 when there is none.
    fn head(&self, py: Python<'_>) -> PyResult<u64> {
        self.shell.call(py, |engine| engine.events().head())
    }

    /// The last event a subscriber has taken, of all names; `None` when the name was
    /// never used. Names have 1 to 100 bytes, no control characters.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`.
    fn cursor<'py>(&self, py: Python<'py>, subscriber: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let subscriber: String = read(subscriber, "subscriber")?;
        self.shell.call(py, |engine| engine.events().cursor(&subscriber))?.to_py(py)
    }

    /// Remembers, durably, that everything up to `sequence` was taken. A cursor that is
    /// further already stays: acknowledging twice is no change.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, also for a number that no event has
    /// yet.
    fn acknowledge(&self, py: Python<'_>, subscriber: &Bound<'_, PyAny>, sequence: &Bound<'_, PyAny>) -> PyResult<()> {
        let subscriber: String = read(subscriber, "subscriber")?;
        let sequence = read(sequence, "sequence")?;
        self.shell.call(py, |engine| engine.events().acknowledge(&subscriber, sequence))
    }

    /// Moves a cursor back, so that what comes after `sequence` is told again. A cursor
    /// that is further back already stays.
    ///
    /// Raises what `acknowledge` raises.
    fn rewind(&self, py: Python<'_>, subscriber: &Bound<'_, PyAny>, sequence: &Bound<'_, PyAny>) -> PyResult<()> {
        let subscriber: String = read(subscriber, "subscriber")?;
        let sequence = read(sequence, "sequence")?;
        self.shell.call(py, |engine| engine.events().rewind(&subscriber, sequence))
    }

    /// Tells a subscriber of every event, or of the names in `only`: after the commit, in
    /// order, at least once. Its cursor is kept under its name, so that it goes on where
    /// it was after a restart; `start` (`NOW` by default, or `BEGINNING`) counts for a
    /// name that is new to the database.
    ///
    /// The subscriber is a callable, or an object with `notify(event)`; either may be a
    /// coroutine function, which runs on the engine's event loop thread. In the background
    /// mode it is called on a thread of its own; in the manual mode by `run_due`. The next
    /// event comes after it returned; after an exception (logged with its traceback under
    /// `fusepay.events`) the same one comes again, 1, 2, 4 ... 60 s later. It may come again
    /// after a crash too: keep `event.sequence` with the effect. It may call the engine, but
    /// should hold it by a `weakref`, or neither is ever freed.
    ///
    /// Keep the answer: the subscription ends when it is closed or freed.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `NotAllowedError` while this engine
    /// has a subscription of this name.
    #[pyo3(signature = (name, subscriber, *, start=None, only=None))]
    fn subscribe(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        subscriber: &Bound<'_, PyAny>,
        start: Option<&Bound<'_, PyAny>>,
        only: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PySubscription> {
        let name: String = read(name, "name")?;
        let start: StartAt = read_optional(start, "start")?.unwrap_or_default();
        let only: Vec<EventName> = read_optional(only, "only")?.unwrap_or_default();
        let subscriber = Arc::new(PySubscriber::new(&name, subscriber, self.shell.event_loop())?);
        let held = self.shell.call(py, |engine| engine.events().subscribe_to(&name, start, &only, subscriber))?;
        Ok(PySubscription::new(name, held, &self.shell))
    }

    /// As `subscribe`, for the events of these names alone; for all when there are none.
    #[pyo3(signature = (name, only, subscriber, *, start=None))]
    fn subscribe_to(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        only: &Bound<'_, PyAny>,
        subscriber: &Bound<'_, PyAny>,
        start: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PySubscription> {
        self.subscribe(py, name, subscriber, start, Some(only))
    }
}

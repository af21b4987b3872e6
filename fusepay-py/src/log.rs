//! The engine's log lines, handed to Python's `logging` (`python/fusepay/_logging.py`):
//! `fusepay_core::engine::worker` logs under `fusepay.engine.worker`.
//!
//! Lines come from any thread, most of which Python does not know. A level that is
//! off costs a look into a table and no interpreter. No lock is held while Python
//! runs, a line logged while a line is logged is dropped, and so is every line once
//! the interpreter is ending.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::convert::ToPy;
use crate::provider::event_loop::call;

/// How often `logging` has said that a level changed.
static CHANGES: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Whether this thread is logging now.
    static IS_LOGGING: Cell<bool> = const { Cell::new(false) };
}

/// Begins to hand log lines over. Where the process has a `tracing` subscriber
/// already, which would be another copy of this module, that one keeps them.
#[pyfunction]
pub(crate) fn install_logging() {
    let _ = tracing::subscriber::set_global_default(PythonLogging::default());
}

/// Asks `logging` anew which levels are on. `fusepay` calls it when one changes.
#[pyfunction]
pub(crate) fn forget_log_levels() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// The lowest level that a logger takes, and after how many changes that was asked.
#[derive(Clone, Copy)]
struct Asked {
    changes: u32,
    level: i64,
}

/// Hands events over to `logging`.
#[derive(Default)]
struct PythonLogging {
    /// By target, of which there is one for each module of the engine.
    levels: RwLock<HashMap<String, Asked>>,
}

impl PythonLogging {
    /// What is in the table. Never waits: a forked child may find the table locked for ever.
    fn known(&self, target: &str, changes: u32) -> Option<i64> {
        let levels = self.levels.try_read().ok()?;
        levels.get(target).filter(|asked| asked.changes == changes).map(|asked| asked.level)
    }

    /// What `logging` says, for the table.
    fn ask(&self, target: &str, changes: u32) -> Option<i64> {
        let level = in_python(|_, module| module.call_method1("lowest_level", (logger_of(target),))?.extract())?;
        if let Ok(mut levels) = self.levels.try_write() {
            levels.insert(target.to_owned(), Asked { changes, level });
        }
        Some(level)
    }
}

impl Subscriber for PythonLogging {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Other libraries' lines are not ours to show.
        let is_ours = metadata.is_event() && metadata.target().starts_with("fusepay");
        if is_ours { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if IS_LOGGING.get() {
            return false;
        }
        let (target, changes) = (metadata.target(), CHANGES.load(Ordering::Acquire));
        let lowest = self.known(target, changes).or_else(|| self.ask(target, changes));
        lowest.is_some_and(|lowest| level_of(*metadata.level()) >= lowest)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line::default();
        event.record(&mut line);
        in_python(|py, module| {
            let fields = PyDict::new(py);
            for (name, value) in &line.fields {
                fields.set_item(name, value.to_py(py)?)?;
            }
            let (name, level) = (logger_of(metadata.target()), level_of(*metadata.level()));
            let (file, number) = (metadata.file().unwrap_or("fusepay"), metadata.line().unwrap_or(0));
            let whole = (name, level, line.message.as_str(), fields, file, number).into_pyobject(py)?;
            call(module.as_any(), "log", Some(whole.into_any())).map(|_| ())
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What a log line says.
#[derive(Default)]
struct Line {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

/// What a field of a line is.
enum Value {
    Number(i64),
    Count(u64),
    Flag(bool),
    Text(String),
}

impl ToPy for Value {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Value::Number(number) => number.to_py(py),
            Value::Count(count) => count.to_py(py),
            Value::Flag(flag) => flag.to_py(py),
            Value::Text(text) => text.to_py(py),
        }
    }
}

impl Visit for Line {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.push((field.name(), Value::Number(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.push((field.name(), Value::Count(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.push((field.name(), Value::Flag(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), Value::Text(value.to_owned())));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.push((field.name(), Value::Text(text)));
        }
    }
}

/// The logger for the lines of a module.
fn logger_of(target: &str) -> String {
    target.replacen("fusepay_core", "fusepay", 1).replace("::", ".")
}

/// The level as `logging` counts; TRACE is below its DEBUG.
fn level_of(level: Level) -> i64 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

/// Runs something of `fusepay._logging`; nothing when this thread is logging
/// already, or when Python is ending. What it raises goes to `sys.unraisablehook`.
fn in_python<T>(work: impl FnOnce(Python<'_>, &Bound<'_, PyModule>) -> PyResult<T>) -> Option<T> {
    if IS_LOGGING.replace(true) {
        return None;
    }
    let answer = Python::try_attach(|py| {
        // A line may be logged while an exception is on its way: by an engine that is
        // freed with the frame the exception leaves.
        let pending = PyErr::take(py);
        let answer = py.import("fusepay._logging").and_then(|module| work(py, &module));
        let answer = answer.map_err(|raised| raised.write_unraisable(py, None)).ok();
        if let Some(pending) = pending {
            pending.restore(py);
        }
        answer
    });
    IS_LOGGING.set(false);
    answer.flatten()
}

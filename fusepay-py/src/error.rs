//! Errors at the boundary: a core error becomes the Python exception of its
//! code (`python/fusepay/_errors.py`), an exception of an adapter becomes a
//! core error, and a panic becomes `PANICKED`. No rule lives here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fusepay_core::{Code, Error};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTraceback;

/// The function of `fusepay._errors` that makes an exception.
static FROM_ENGINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// `fusepay.FusePayError`.
static BASE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Longest text of a traceback that is kept, in bytes; the engine cuts evidence at 4,096.
const TRACEBACK_BYTES_MAX: usize = 4_000;

/// The exception for a core error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = FROM_ENGINE.import(py, "fusepay._errors", "from_engine").and_then(|make| {
        make.call1((
            error.code().number(),
            error.detail(),
            error.field_name(),
            error.retry_after_ms(),
            error.idempotency_key(),
        ))
    });
    made.map_or_else(|broken| broken, PyErr::from_value)
}

/// The exception that refuses one argument.
pub(crate) fn refused(py: Python<'_>, code: Code, field: &'static str, why: impl std::fmt::Display) -> PyErr {
    exception(py, &Error::field(code, field, why))
}

/// The exception for an argument that is malformed or out of range.
pub(crate) fn invalid(py: Python<'_>, field: &'static str, why: impl std::fmt::Display) -> PyErr {
    refused(py, Code::InvalidArgument, field, why)
}

/// Runs core code so that a panic in it is an error like any other: Python
/// must never see the panic itself.
pub(crate) fn guarded<R>(work: impl FnOnce() -> fusepay_core::Result<R>) -> fusepay_core::Result<R> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(Code::Panicked, "a bug was caught; please report it")))
}

/// Runs core code without the interpreter, so that other Python threads go on.
pub(crate) fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> fusepay_core::Result<R> + Send) -> PyResult<R> {
    py.detach(|| guarded(work)).map_err(|error| exception(py, &error))
}

/// One line about an exception: its class and its text.
pub(crate) fn summary(py: Python<'_>, error: &PyErr) -> String {
    let class = error.get_type(py).name().map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
    match error.value(py).str() {
        Ok(text) if text.len().is_ok_and(|length| length > 0) => format!("{class}: {text}"),
        Ok(_) | Err(_) => class,
    }
}

/// The traceback of an exception as Python prints it; its end where it is long,
/// because the exception itself stands there.
pub(crate) fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let trace = error.traceback(py).and_then(|trace: Bound<'_, PyTraceback>| trace.format().ok()).unwrap_or_default();
    let whole = format!("{trace}{}", summary(py, error));
    let from = whole.len().saturating_sub(TRACEBACK_BYTES_MAX);
    let from = (from..whole.len()).find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
    whole.get(from..).unwrap_or_default().to_owned()
}

/// The core error that an adapter means by an exception: its own code where it
/// raised one of `allowed`, `otherwise` for everything else.
pub(crate) fn from_adapter(py: Python<'_>, raised: &PyErr, allowed: &[Code], otherwise: Code) -> Error {
    let value = raised.value(py);
    // Only ours: `SystemExit` has a code too.
    let is_ours = BASE.import(py, "fusepay._errors", "FusePayError").and_then(|base| value.is_instance(base));
    let number = value.getattr("code").and_then(|code| code.extract::<u16>()).ok();
    match number.filter(|_| is_ours.unwrap_or(false)).and_then(Code::from_number).filter(|code| allowed.contains(code))
    {
        Some(code) => Error::new(code, value.str().map_or_else(|_| String::new(), |text| text.to_string())),
        None => Error::new(otherwise, format!("the adapter raised {}", summary(py, raised))),
    }
}

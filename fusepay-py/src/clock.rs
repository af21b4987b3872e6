//! Time and randomness that a host injects: `ManualClock`, a clock written in
//! Python, and seeded randomness. What they break is the simulation's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use fusepay_core::{Clock, Code, Entropy, Error, UnixMillis};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::{FromPy, ToPy, read};
use crate::error::{invalid, summary};

/// A clock that stands still until it is told to move. For tests and simulation.
///
/// `ManualClock(datetime(2026, 3, 1, tzinfo=timezone.utc))`; give it to
/// `Config(clock=...)`. A file that was opened with one is marked as simulated.
#[pyclass(frozen, name = "ManualClock", module = "fusepay")]
pub(crate) struct PyManualClock(Arc<fusepay_core::ManualClock>);

#[pymethods]
impl PyManualClock {
    #[new]
    fn new(now: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(PyManualClock(Arc::new(fusepay_core::ManualClock::new(read(now, "now")?))))
    }

    /// Lets time pass: a `timedelta`, or an `int` of milliseconds.
    fn advance(&self, span: &Bound<'_, PyAny>) -> PyResult<()> {
        let passed: Duration = read(span, "span")?;
        // A span of more milliseconds than 64 bits count has no Python form.
        self.0.advance(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    fn set_wall(&self, now: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_wall(read(now, "now")?);
        Ok(())
    }

    /// What the wall clock shows: a `datetime` in UTC.
    fn wall<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.wall().to_py(py)
    }

    /// Milliseconds since the clock was made; never goes back.
    fn monotonic_ms(&self) -> u64 {
        self.0.monotonic_ms()
    }
}

/// A clock written in Python: any object with `wall()` and `monotonic_ms()`.
/// When it raises, it shows what it showed before.
struct PythonClock {
    object: Py<PyAny>,
    wall: AtomicI64,
    monotonic: AtomicU64,
}

impl PythonClock {
    fn ask<T: FromPy>(&self, method: &'static str) -> Option<T> {
        Python::try_attach(|py| {
            let answer = self.object.bind(py).call_method0(method);
            answer.and_then(|answer| read(&answer, method)).ok()
        })?
    }
}

impl Clock for PythonClock {
    fn wall(&self) -> UnixMillis {
        if let Some(UnixMillis(now)) = self.ask("wall") {
            self.wall.store(now, Ordering::SeqCst);
        }
        UnixMillis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        let now = self.ask("monotonic_ms").unwrap_or(0);
        self.monotonic.fetch_max(now, Ordering::SeqCst).max(now)
    }
}

impl FromPy for Arc<dyn Clock> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        if let Ok(clock) = object.cast::<PyManualClock>() {
            return Ok(Arc::clone(&clock.get().0) as Arc<dyn Clock>);
        }
        // Asked once, here, where its exceptions can still be seen.
        let first = |method: &str| {
            object.call_method0(method).map_err(|raised| {
                let why =
                    format_args!("needs wall() and monotonic_ms(): {}", summary(object.py(), &raised)).to_string();
                invalid(object.py(), field, why)
            })
        };
        let UnixMillis(wall) = read(&first("wall")?, "wall")?;
        let monotonic: u64 = read(&first("monotonic_ms")?, "monotonic_ms")?;
        let (wall, monotonic) = (AtomicI64::new(wall), AtomicU64::new(monotonic));
        Ok(Arc::new(PythonClock { object: object.clone().unbind(), wall, monotonic }))
    }
}

/// Randomness that is the same every time, from a seed of 64 bits. For tests and
/// simulation: `Config(entropy=...)`.
///
/// Several configurations may share one: each engine goes on where the last one
/// stopped, as after a restart. `Config(seed=...)` begins anew with every engine.
#[pyclass(frozen, name = "SeededEntropy", module = "fusepay")]
pub(crate) struct PySeededEntropy(Arc<fusepay_core::SeededEntropy>);

#[pymethods]
impl PySeededEntropy {
    #[new]
    fn new(seed: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(PySeededEntropy(Arc::new(fusepay_core::SeededEntropy::new(read(seed, "seed")?))))
    }
}

/// Randomness written in Python: any object with `fill(length) -> bytes`.
struct PythonEntropy(Py<PyAny>);

impl Entropy for PythonEntropy {
    fn fill(&self, buffer: &mut [u8]) -> fusepay_core::Result<()> {
        let no_entropy = |why: &str| Error::new(Code::NoEntropy, format!("the configured entropy {why}"));
        let filled = Python::try_attach(|py| {
            let answer = self.0.bind(py).call_method1("fill", (buffer.len(),));
            let answer = answer.map_err(|raised| no_entropy(&format!("raised {}", summary(py, &raised))))?;
            let bytes = answer.cast::<PyBytes>().ok().map(|bytes| bytes.as_bytes());
            match bytes.filter(|bytes| bytes.len() == buffer.len()) {
                Some(bytes) => {
                    buffer.copy_from_slice(bytes);
                    Ok(())
                }
                None => Err(no_entropy("did not answer that many bytes")),
            }
        });
        filled.unwrap_or_else(|| Err(no_entropy("cannot be asked while Python ends")))
    }
}

impl FromPy for Arc<dyn Entropy> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        if let Ok(seeded) = object.cast::<PySeededEntropy>() {
            return Ok(Arc::clone(&seeded.get().0) as Arc<dyn Entropy>);
        }
        if !object.getattr("fill").is_ok_and(|fill| fill.is_callable()) {
            return Err(invalid(object.py(), field, "needs fill(length) -> bytes"));
        }
        Ok(Arc::new(PythonEntropy(object.clone().unbind())))
    }
}

//! Calling into Python from a thread of the engine, and coroutines on the
//! engine's event loop. A thread that waits for a coroutine is not attached to
//! the interpreter, so that the end of Python can't catch it there.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyTuple};

/// The event loop of one engine, made when the first coroutine comes.
pub(crate) struct EventLoop(PyOnceLock<Py<PyAny>>);

/// An answer that a coroutine has yet to give.
pub(crate) struct Waiting<T> {
    answer: Receiver<T>,
    future: Py<PyAny>,
}

impl EventLoop {
    /// A loop without a thread.
    pub(crate) const fn new() -> Self {
        EventLoop(PyOnceLock::new())
    }

    /// Starts a coroutine; its answer is converted on the loop's thread.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        awaitable: &Bound<'_, PyAny>,
        convert: fn(&Bound<'_, PyAny>) -> T,
        raised: impl Fn(Python<'_>, &PyErr) -> T + Send + Sync + 'static,
    ) -> PyResult<Waiting<T>> {
        let py = awaitable.py();
        let thread = self.0.get_or_try_init(py, || {
            PyResult::Ok(py.import("fusepay._loop")?.getattr("EventLoopThread")?.call0()?.unbind())
        })?;
        let (sender, answer): (SyncSender<T>, _) = sync_channel(1);
        let deliver = PyCFunction::new_closure(py, None, None, move |arguments: &Bound<'_, PyTuple>, _| {
            let future = arguments.get_item(0)?;
            let ended = match outcome(&future) {
                Ok(result) => convert(&result),
                Err(error) => raised(future.py(), &error),
            };
            // Nobody waits any more when the deadline was faster.
            let _ = sender.try_send(ended);
            PyResult::Ok(())
        })?;
        let future = thread.bind(py).call_method1("submit", (awaitable, deliver))?.unbind();
        Ok(Waiting { answer, future })
    }

    /// Ends the loop's thread, if there is one. Never blocks on the interpreter
    /// when Python is ending.
    pub(crate) fn stop(&self) {
        let _ = Python::try_attach(|py| self.0.get(py).map(|thread| thread.call_method0(py, "stop")));
    }
}

/// What a coroutine answered, or the exception it raised.
fn outcome<'py>(future: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let (answer, raised): (Bound<'py, PyAny>, Bound<'py, PyAny>) = future.call_method0("result")?.extract()?;
    if raised.is_none() { Ok(answer) } else { Err(PyErr::from_value(raised)) }
}

impl<T> Waiting<T> {
    /// The answer, or why there is none. Not attached to the interpreter meanwhile.
    pub(crate) fn wait(self, deadline: Duration) -> Result<T, &'static str> {
        let answered = self.answer.recv_timeout(deadline);
        answered.map_err(|ended| {
            let _ = Python::try_attach(|py| self.future.call_method0(py, "cancel"));
            match ended {
                RecvTimeoutError::Timeout => "the coroutine did not end within the deadline",
                RecvTimeoutError::Disconnected => "the event loop ended before the coroutine",
            }
        })
    }
}

/// Whether an answer is a coroutine, or something else to be awaited.
pub(crate) fn is_awaitable(answer: &Bound<'_, PyAny>) -> bool {
    answer.hasattr(pyo3::intern!(answer.py(), "__await__")).unwrap_or(false)
}

/// Calls a method of an adapter, from any thread.
///
/// When Python ends while the adapter is in the middle of something (asleep, or
/// reading a socket), CPython before 3.14 ends the thread as it wakes, by a forced
/// unwinding. Rust code must not be unwound that way: the guard right under the
/// call stops it, and the thread rests until the process is gone.
pub(crate) fn call<'py>(
    object: &Bound<'py, PyAny>,
    method: &'static str,
    request: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let function = object.getattr(method)?;
    let arguments = PyTuple::new(py, request)?;
    let rest = Rest;
    // SAFETY: the interpreter is attached (`py`), both pointers are live objects,
    // and the result is a new reference or NULL with an exception set.
    let answer = unsafe {
        let answer = call_object(function.as_ptr(), arguments.as_ptr());
        Bound::from_owned_ptr_or_err(py, answer)
    };
    std::mem::forget(rest);
    answer
}

/// Never lets a thread past it.
struct Rest;

impl Drop for Rest {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

unsafe extern "C-unwind" {
    /// `PyObject_CallObject`, declared as what it is: something that may unwind.
    #[link_name = "PyObject_CallObject"]
    fn call_object(callable: *mut ffi::PyObject, arguments: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

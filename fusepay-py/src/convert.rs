//! Values that cross the boundary: ids, times, spans, counts, texts, secrets,
//! notes and words. Two traits, one for each direction; nothing is rounded, and
//! a float is nowhere taken for a number.

use std::time::Duration;

use fusepay_core::{
    Category, Code, Currency, HoldId, InstanceId, JobId, Metadata, PaymentId, QuoteId, Secret, SessionId,
    TransactionId, UnixMillis, UserId, WalletId,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyInt, PyString, PyTuple};

use crate::error::{exception, invalid, refused};

/// A Rust value that has a Python form.
pub(crate) trait ToPy {
    /// The Python object for it.
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// What `repr` shows of it.
    fn show(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.to_py(py)?.repr()?.to_string())
    }

    /// What a pickle holds of it: an object that [`FromPy`] reads back to the same value.
    fn to_pickle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.to_py(py)
    }
}

/// A Rust value that can be read from a Python object.
pub(crate) trait FromPy: Sized {
    /// Reads it; `field` names the argument in the error.
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self>;

    /// What `None` stands for: an error, except where a value may be absent.
    fn from_none(py: Python<'_>, field: &'static str) -> PyResult<Self> {
        Err(invalid(py, field, "must not be None"))
    }
}

/// Reads one argument.
pub(crate) fn read<T: FromPy>(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<T> {
    if object.is_none() { T::from_none(object.py(), field) } else { T::from_py(object, field) }
}

/// Reads an argument that may be left out; `None` then.
pub(crate) fn read_optional<T: FromPy>(object: Option<&Bound<'_, PyAny>>, field: &'static str) -> PyResult<Option<T>> {
    object.filter(|object| !object.is_none()).map(|object| T::from_py(object, field)).transpose()
}

/// The name of an object's class, for errors.
fn class_of(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string())
}

impl<T: ToPy> ToPy for Option<T> {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None().into_bound(py)), |value| value.to_py(py))
    }

    fn show(&self, py: Python<'_>) -> PyResult<String> {
        self.as_ref().map_or_else(|| Ok("None".to_owned()), |value| value.show(py))
    }

    fn to_pickle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None().into_bound(py)), |value| value.to_pickle(py))
    }
}

impl<T: FromPy> FromPy for Option<T> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        T::from_py(object, field).map(Some)
    }

    fn from_none(_: Python<'_>, _: &'static str) -> PyResult<Self> {
        Ok(None)
    }
}

/// Lists are tuples in Python, so that what holds them can be hashed.
impl<T: ToPy> ToPy for Vec<T> {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items: Vec<_> = self.iter().map(|item| item.to_py(py)).collect::<PyResult<_>>()?;
        Ok(PyTuple::new(py, items)?.into_any())
    }

    fn to_pickle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items: Vec<_> = self.iter().map(|item| item.to_pickle(py)).collect::<PyResult<_>>()?;
        Ok(PyTuple::new(py, items)?.into_any())
    }
}

impl<T: FromPy> FromPy for Vec<T> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>() {
            return Err(invalid(object.py(), field, "must be a list, not a text"));
        }
        let items = object
            .try_iter()
            .map_err(|_| invalid(object.py(), field, format_args!("must be a list, not {}", class_of(object))))?;
        items.map(|item| read(&item?, field)).collect()
    }
}

impl ToPy for String {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyString::new(py, self).into_any())
    }
}

impl FromPy for String {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let text = object
            .cast::<PyString>()
            .map_err(|_| invalid(object.py(), field, format_args!("must be str, not {}", class_of(object))))?;
        Ok(text.to_str().map_err(|_| invalid(object.py(), field, "must be text that UTF-8 can hold"))?.to_owned())
    }
}

/// Text that `repr` must not show: a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Veiled(pub(crate) String);

impl From<String> for Veiled {
    fn from(text: String) -> Self {
        Veiled(text)
    }
}

impl ToPy for Veiled {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }

    fn show(&self, _: Python<'_>) -> PyResult<String> {
        Ok("<hidden>".to_owned())
    }
}

impl FromPy for Veiled {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        String::from_py(object, field).map(Veiled)
    }
}

impl ToPy for bool {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyBool::new(py, *self).to_owned().into_any())
    }
}

impl FromPy for bool {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let flag = object.cast::<PyBool>();
        let flag =
            flag.map_err(|_| invalid(object.py(), field, format_args!("must be bool, not {}", class_of(object))))?;
        Ok(flag.is_true())
    }
}

/// Whole numbers: an `int`, and no `bool` or `float` in its place.
macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl ToPy for $number {
            fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(self.into_pyobject(py)?.into_any())
            }
        }

        impl FromPy for $number {
            fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
                require_int(object, field)?;
                object.extract().map_err(|_| {
                    let why = format_args!("must be {} to {}", <$number>::MIN, <$number>::MAX);
                    invalid(object.py(), field, why)
                })
            }
        }
    )+};
}

numbers!(i64, u64, u32, u8, usize);

/// Refuses whatever is not exactly a whole number.
pub(crate) fn require_int(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<()> {
    if object.is_instance_of::<PyInt>() && !object.is_instance_of::<PyBool>() {
        return Ok(());
    }
    Err(invalid(object.py(), field, format_args!("must be int, not {}", class_of(object))))
}

/// `uuid.UUID`.
static UUID: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// A `UUID` of these bytes.
pub(crate) fn uuid<'py>(py: Python<'py>, bytes: &[u8; 16]) -> PyResult<Bound<'py, PyAny>> {
    let keywords = PyDict::new(py);
    keywords.set_item("bytes", PyBytes::new(py, bytes))?;
    UUID.import(py, "uuid", "UUID")?.call((), Some(&keywords))
}

/// The bytes of a `UUID`, or of one as text.
pub(crate) fn uuid_bytes(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<[u8; 16]> {
    let py = object.py();
    if object.is_instance(UUID.import(py, "uuid", "UUID")?)? {
        return object.getattr(pyo3::intern!(py, "bytes"))?.extract();
    }
    match object.cast::<PyString>() {
        Ok(text) => {
            let id = text.to_str().ok().and_then(|text| text.parse::<TransactionId>().ok());
            id.map(|id| *id.as_bytes()).ok_or_else(|| {
                let why = "an id is 36 lower-case hexadecimal characters with hyphens";
                refused(py, Code::InvalidId, field, why)
            })
        }
        Err(_) => {
            Err(refused(py, Code::InvalidId, field, format_args!("must be UUID or str, not {}", class_of(object))))
        }
    }
}

/// Identifiers: `uuid.UUID` out, `UUID` or its text in.
macro_rules! ids {
    ($($id:ty),+) => {$(
        impl ToPy for $id {
            fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                uuid(py, self.as_bytes())
            }
        }

        impl FromPy for $id {
            fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
                uuid_bytes(object, field).map(<$id>::from_bytes)
            }
        }
    )+};
}

ids!(UserId, SessionId, WalletId, HoldId, TransactionId, PaymentId, QuoteId, InstanceId);

/// The number of a job.
impl ToPy for JobId {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }
}

impl FromPy for JobId {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        i64::from_py(object, field).map(JobId)
    }
}

/// The bytes of what a job is about, which are an id.
impl ToPy for [u8; 16] {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        uuid(py, self)
    }
}

impl FromPy for [u8; 16] {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        uuid_bytes(object, field)
    }
}

/// A hash.
impl ToPy for [u8; 32] {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyBytes::new(py, self).into_any())
    }
}

impl FromPy for [u8; 32] {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let bytes = object.cast::<PyBytes>().ok().and_then(|bytes| bytes.as_bytes().try_into().ok());
        bytes.ok_or_else(|| invalid(object.py(), field, "must be 32 bytes"))
    }
}

impl ToPy for Currency {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyString::intern(py, self.code()).into_any())
    }
}

impl FromPy for Currency {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        Currency::from_code(&String::from_py(object, field)?).map_err(|error| exception(object.py(), &error))
    }
}

impl ToPy for Category {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyString::new(py, self.code()).into_any())
    }
}

impl FromPy for Category {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        Category::new(String::from_py(object, field)?).map_err(|error| exception(object.py(), &error))
    }
}

impl FromPy for Secret {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Secret::new(bytes.as_bytes()));
        }
        if let Ok(bytes) = object.cast::<PyByteArray>() {
            return Ok(Secret::new(bytes.to_vec()));
        }
        if object.is_instance_of::<PyString>() {
            return String::from_py(object, field).map(Secret::from);
        }
        // The object itself is not shown: whatever it is, it was meant to be secret.
        Err(invalid(object.py(), field, format_args!("must be str or bytes, not {}", class_of(object))))
    }
}

/// A JSON object: a `dict` in Python, its text in the engine.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Notes(pub(crate) String);

impl From<String> for Notes {
    fn from(text: String) -> Self {
        Notes(text)
    }
}

/// As [`Notes`], where there may be none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct OptionalNotes(pub(crate) Option<Notes>);

impl From<Option<String>> for OptionalNotes {
    fn from(text: Option<String>) -> Self {
        OptionalNotes(text.map(Notes))
    }
}

impl ToPy for OptionalNotes {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }

    fn to_pickle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_pickle(py)
    }
}

impl FromPy for OptionalNotes {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        Notes::from_py(object, field).map(|notes| OptionalNotes(Some(notes)))
    }

    fn from_none(_: Python<'_>, _: &'static str) -> PyResult<Self> {
        Ok(OptionalNotes(None))
    }
}

static JSON_LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static JSON_DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

impl ToPy for Notes {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        JSON_LOADS.import(py, "json", "loads")?.call1((&self.0,))
    }

    fn to_pickle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }
}

impl FromPy for Notes {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        notes_text(object, field).map(Notes)
    }
}

/// The JSON text of a `dict`, or the text that was given.
fn notes_text(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<String> {
    let py = object.py();
    if object.is_instance_of::<PyString>() {
        return String::from_py(object, field);
    }
    let keywords = PyDict::new(py);
    keywords.set_item("allow_nan", false)?;
    keywords.set_item("ensure_ascii", false)?;
    let text = JSON_DUMPS.import(py, "json", "dumps")?.call((object,), Some(&keywords)).map_err(|raised| {
        refused(py, Code::InvalidMetadata, field, format_args!("is not JSON: {}", raised.value(py)))
    })?;
    String::from_py(&text, field)
}

impl FromPy for Metadata {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        Metadata::parse(&notes_text(object, field)?).map_err(|error| exception(object.py(), &error))
    }
}

/// `datetime.datetime`, `datetime.timedelta`, and 1970-01-01 in UTC.
static DATETIME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static TIMEDELTA: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn epoch(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let made = EPOCH.get_or_try_init(py, || {
        let utc = py.import("datetime")?.getattr("timezone")?.getattr("utc")?;
        let datetime = DATETIME.import(py, "datetime", "datetime")?;
        PyResult::Ok(datetime.call1((1970, 1, 1, 0, 0, 0, 0, utc))?.unbind())
    });
    made.map(|epoch| epoch.bind(py))
}

/// A span as `timedelta`, exact.
fn timedelta<'py>(py: Python<'py>, unit: &str, count: i64) -> PyResult<Bound<'py, PyAny>> {
    let keywords = PyDict::new(py);
    keywords.set_item(unit, count)?;
    TIMEDELTA.import(py, "datetime", "timedelta")?.call((), Some(&keywords))
}

/// The microseconds of a `timedelta`.
fn microseconds(span: &Bound<'_, PyAny>) -> PyResult<i128> {
    let part = |name: &str| span.getattr(name)?.extract::<i64>();
    let seconds = i128::from(part("days")?) * 86_400 + i128::from(part("seconds")?);
    Ok(seconds * 1_000_000 + i128::from(part("microseconds")?))
}

impl ToPy for UnixMillis {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let moment = timedelta(py, "milliseconds", self.0).and_then(|since| epoch(py)?.add(since));
        moment.map_err(|_| invalid(py, "time", "lies outside the years 1 to 9999, which is all that datetime knows"))
    }
}

impl FromPy for UnixMillis {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let py = object.py();
        if !object.is_instance(DATETIME.import(py, "datetime", "datetime")?)? {
            return Err(invalid(py, field, format_args!("must be datetime, not {}", class_of(object))));
        }
        if object.call_method0("utcoffset")?.is_none() {
            return Err(invalid(py, field, "must be a datetime with a time zone, such as datetime.now(timezone.utc)"));
        }
        let since = microseconds(&object.sub(epoch(py)?)?)?;
        let millis = i64::try_from(since.div_euclid(1_000));
        millis.map(UnixMillis).map_err(|_| invalid(py, field, "is out of range"))
    }
}

impl ToPy for Duration {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        timedelta(py, "microseconds", i64::try_from(self.as_micros()).unwrap_or(i64::MAX))
    }
}

impl FromPy for Duration {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let py = object.py();
        if object.is_instance(TIMEDELTA.import(py, "datetime", "timedelta")?)? {
            let span = u128::try_from(microseconds(object)?);
            let span = span.map_err(|_| invalid(py, field, "must not be negative"))?;
            return Ok(Duration::from_micros(u64::try_from(span).unwrap_or(u64::MAX)));
        }
        require_int(object, field).map_err(|_| {
            let why = format_args!("must be timedelta or int (milliseconds), not {}", class_of(object));
            invalid(py, field, why)
        })?;
        u64::from_py(object, field).map(Duration::from_millis)
    }
}

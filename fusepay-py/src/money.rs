//! `fusepay.Money`: the core's money as a Python object. `int` is minor units,
//! `str` and `Decimal` are major units and exact; a float is refused.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use fusepay_core::{Code, Currency, Money};
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyNotImplemented, PyString, PyTuple, PyType};

use crate::convert::{FromPy, ToPy, read};
use crate::error::{exception, refused};

static DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Major units as `Decimal`, exact.
pub(crate) fn decimal<'py>(py: Python<'py>, minor: i64, currency: Currency) -> PyResult<Bound<'py, PyAny>> {
    DECIMAL.import(py, "decimal", "Decimal")?.call1((Money::new(minor, currency).to_decimal(),))
}

/// An amount of money: a whole number of minor units (kobo, cents) of one currency.
///
/// `Money(250000, "NGN")` takes an `int` as minor units; `Money("2500.00", "NGN")`
/// and `Money(Decimal("2500.00"), "NGN")` take major units, exactly: both of these
/// are the same 2,500 naira. Never a `float`.
///
/// Immutable, hashable, picklable; amounts of one currency are ordered, added and
/// subtracted, negated, and summed by `sum`. Mixing currencies raises `CurrencyMismatchError`.
#[pyclass(frozen, name = "Money", module = "fusepay")]
pub(crate) struct PyMoney(pub(crate) Money);

#[pymethods]
impl PyMoney {
    #[new]
    fn new(amount: &Bound<'_, PyAny>, currency: &Bound<'_, PyAny>) -> PyResult<Self> {
        let currency: Currency = read(currency, "currency")?;
        money_from(amount, currency).map(PyMoney)
    }

    /// The amount in minor units (kobo, cents): an `int`.
    #[getter]
    fn minor(&self) -> i64 {
        self.0.minor()
    }

    /// The currency: three letters of ISO 4217.
    #[getter]
    fn currency<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.currency().to_py(py)
    }

    /// The amount in major units: a `Decimal` with the currency's decimal places.
    #[getter]
    fn amount<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decimal(py, self.0.minor(), self.0.currency())
    }

    /// Splits into `parts` amounts (1 to 10,000) that differ by at most one minor
    /// unit and add up to the whole; the larger ones come first.
    fn split<'py>(&self, py: Python<'py>, parts: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let parts = read(parts, "parts")?;
        self.0.split(parts).map_err(|error| exception(py, &error))?.to_py(py)
    }

    /// This times `per_mille / 1000`, rounded half up to a whole minor unit: 15 is 1.5 %.
    fn per_mille(&self, py: Python<'_>, per_mille: &Bound<'_, PyAny>) -> PyResult<Self> {
        let per_mille = read(per_mille, "per_mille")?;
        self.0.per_mille(per_mille).map(PyMoney).map_err(|error| exception(py, &error))
    }

    fn __add__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        combine(py, other, |other| self.0.checked_add(other))
    }

    // `sum` begins with 0.
    fn __radd__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let is_zero = other.is_exact_instance_of::<PyInt>() && other.eq(0).unwrap_or(false);
        if is_zero { slf.clone().into_any() } else { PyNotImplemented::get(slf.py()).to_owned().into_any() }
    }

    fn __neg__(&self, py: Python<'_>) -> PyResult<Self> {
        let negated = Money::zero(self.0.currency()).checked_sub(self.0);
        negated.map(PyMoney).map_err(|error| exception(py, &error))
    }

    fn __sub__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        combine(py, other, |other| self.0.checked_sub(other))
    }

    fn __bool__(&self) -> bool {
        self.0.minor() != 0
    }

    fn __richcmp__<'py>(
        &self,
        py: Python<'py>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(other) = other.cast::<PyMoney>() else { return Ok(PyNotImplemented::get(py).to_owned().into_any()) };
        let other = other.get().0;
        let answer = match op {
            CompareOp::Eq => self.0 == other,
            CompareOp::Ne => self.0 != other,
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => op.matches(self.compare(py, other)?),
        };
        answer.to_py(py)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Money('{}', '{}')", self.0.to_decimal(), self.0.currency())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, money) = (slf.py(), slf.get().0);
        let parts = [money.minor().to_py(py)?, money.currency().to_py(py)?];
        Ok((slf.get_type(), PyTuple::new(py, parts)?))
    }
}

impl PyMoney {
    fn compare(&self, py: Python<'_>, other: Money) -> PyResult<Ordering> {
        // The core refuses two currencies in a sum; an order of them has as little sense.
        match self.0.checked_sub(other) {
            Err(error) if error.code() == Code::CurrencyMismatch => Err(exception(py, &error)),
            Ok(_) | Err(_) => Ok(self.0.minor().cmp(&other.minor())),
        }
    }
}

/// A sum or difference, or `NotImplemented` where the other is no money.
fn combine<'py>(
    py: Python<'py>,
    other: &Bound<'py, PyAny>,
    work: impl FnOnce(Money) -> fusepay_core::Result<Money>,
) -> PyResult<Bound<'py, PyAny>> {
    match other.cast::<PyMoney>() {
        Ok(other) => work(other.get().0).map_err(|error| exception(py, &error))?.to_py(py),
        Err(_) => Ok(PyNotImplemented::get(py).to_owned().into_any()),
    }
}

/// Reads an amount: `int` minor units, `str` or `Decimal` major units.
fn money_from(amount: &Bound<'_, PyAny>, currency: Currency) -> PyResult<Money> {
    let py = amount.py();
    let invalid = |why: &str| refused(py, Code::InvalidAmount, "amount", why);
    if amount.is_instance_of::<PyInt>() && !amount.is_instance_of::<PyBool>() {
        let minor = amount.extract().map_err(|_| invalid("does not fit 64-bit minor units"))?;
        return Ok(Money::new(minor, currency));
    }
    let text = if amount.is_instance_of::<PyString>() {
        String::from_py(amount, "amount")?
    } else if amount.is_instance(DECIMAL.import(py, "decimal", "Decimal")?)? {
        plain_digits(amount)?
    } else {
        return Err(invalid("must be int (minor units), or str or Decimal (major units); never float or bool"));
    };
    Money::parse(&text, currency).map_err(|error| exception(py, &error))
}

/// A `Decimal` without an exponent: `1E+3` is 1000, `2.50` stays `2.50`.
fn plain_digits(decimal: &Bound<'_, PyAny>) -> PyResult<String> {
    decimal.call_method1("__format__", ("f",))?.extract()
}

impl ToPy for Money {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, PyMoney(*self))?.into_any())
    }
}

impl FromPy for Money {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        object.cast::<PyMoney>().map(|money| money.get().0).map_err(|_| {
            refused(object.py(), Code::InvalidAmount, field, "must be Money, such as Money(\"19.50\", \"NGN\")")
        })
    }
}

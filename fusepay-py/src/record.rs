//! Records: frozen Python classes over plain Rust values, converted when a field
//! is read and not before. The macro makes the class; the files below say which
//! there are, with the core's own field names.

pub(crate) mod auth;
pub(crate) mod bill;
pub(crate) mod engine;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod wallet;

use pyo3::prelude::*;

use crate::convert::{FromPy, ToPy};

/// Records that lie in a record.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Nested<T>(pub(crate) Vec<T>);

impl<C, T: From<C>> From<Vec<C>> for Nested<T> {
    fn from(records: Vec<C>) -> Self {
        Nested(records.into_iter().map(T::from).collect())
    }
}

impl<T: ToPy> ToPy for Nested<T> {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }
}

impl<T: FromPy> FromPy for Nested<T> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        Vec::from_py(object, field).map(Nested)
    }
}

/// A record that a record may have.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<C, T: From<C>> From<Option<C>> for Maybe<T> {
    fn from(record: Option<C>) -> Self {
        Maybe(record.map(T::from))
    }
}

impl<T: ToPy> ToPy for Maybe<T> {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_py(py)
    }
}

impl<T: FromPy> FromPy for Maybe<T> {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        T::from_py(object, field).map(|record| Maybe(Some(record)))
    }

    fn from_none(_: Python<'_>, _: &'static str) -> PyResult<Self> {
        Ok(Maybe(None))
    }
}

/// The Python object of a record, or of whatever else an operation answers.
pub(crate) fn answer<C, T: From<C> + ToPy>(py: Python<'_>, record: C) -> PyResult<Bound<'_, PyAny>> {
    T::from(record).to_py(py)
}

/// A tuple of records.
pub(crate) fn answer_all<C, T: From<C> + ToPy>(py: Python<'_>, records: Vec<C>) -> PyResult<Bound<'_, PyAny>> {
    Nested::<T>::from(records).to_py(py)
}

/// Declares a record.
///
/// ```text
/// record! {
///     /// What it is.
///     Wallet from fusepay_core::Wallet {
///         /// What the field is.
///         id: WalletId,
///         /// A field that a host may leave out: then, or with None, it is 0.
///         held_minor: i64 = None => 0,
///     }
///     methods { /* further #[pymethods] */ }
/// }
/// ```
/// `from` makes the conversion from the core's record of the same fields; leave
/// it out where the names differ, and write the conversion by hand.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident from $core:ty { $($fields:tt)* }
        $(methods { $($methods:tt)* })?
    ) => {
        $crate::record::record! { $(#[$meta])* $name { $($fields)* } $(methods { $($methods)* })? }
        $crate::record::mirror! { $name, $core, $($fields)* }
    };
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$field_meta:meta])* $field:ident : $kind:ty $(= $none:ident => $default:expr)?,)+
        }
        $(methods { $($methods:tt)* })?
    ) => {
        $(#[$meta])*
        #[pyo3::pyclass(frozen, eq, hash, module = "fusepay")]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $kind,)+
        }

        #[pyo3::pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = ($($field $(= $none)?),+))]
            #[allow(clippy::too_many_arguments, unused_variables, reason = "one for each field; defaults need no `py`")]
            fn new(
                py: pyo3::Python<'_>,
                $($field: Option<pyo3::Bound<'_, pyo3::PyAny>>,)+
            ) -> pyo3::PyResult<Self> {
                Ok($name {
                    $($field: match $field {
                        Some(given) => $crate::convert::FromPy::from_py(&given, stringify!($field))?,
                        None => $crate::record::absent!(py, $field $(, $default)?),
                    },)+
                })
            }

            $(
                $(#[$field_meta])*
                #[getter]
                fn $field<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                    $crate::convert::ToPy::to_py(&self.$field, py)
                }
            )+

            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                let fields = [$(format!(
                    "{}={}",
                    stringify!($field),
                    $crate::convert::ToPy::show(&self.$field, py)?
                )),+];
                Ok(format!("{}({})", stringify!($name), fields.join(", ")))
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::types::PyType>, pyo3::Bound<'py, pyo3::types::PyTuple>)> {
                let (py, this) = (slf.py(), slf.get());
                let fields = [$($crate::convert::ToPy::to_pickle(&this.$field, py)?),+];
                Ok((pyo3::types::PyAnyMethods::get_type(slf.as_any()), pyo3::types::PyTuple::new(py, fields)?))
            }

            #[classattr]
            fn __match_args__(py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::types::PyTuple>> {
                pyo3::types::PyTuple::new(py, [$(stringify!($field)),+])
            }

            $($($methods)*)?
        }

        impl $crate::convert::ToPy for $name {
            fn to_py<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                Ok(pyo3::Bound::new(py, self.clone())?.into_any())
            }
        }

        impl $crate::convert::FromPy for $name {
            fn from_py(object: &pyo3::Bound<'_, pyo3::PyAny>, field: &'static str) -> pyo3::PyResult<Self> {
                match object.cast::<$name>() {
                    Ok(record) => Ok(record.get().clone()),
                    Err(_) => Err($crate::error::invalid(object.py(), field, concat!("must be ", stringify!($name)))),
                }
            }
        }
    };
}

/// What a field is when it was not given.
macro_rules! absent {
    ($py:ident, $field:ident) => {
        $crate::convert::FromPy::from_none($py, stringify!($field))?
    };
    ($py:ident, $field:ident, $default:expr) => {
        $default
    };
}

/// The conversion from the core's record of the same fields.
macro_rules! mirror {
    ($name:ident, $core:ty, $($(#[$meta:meta])* $field:ident : $kind:ty $(= $none:ident => $default:expr)?,)+) => {
        impl From<$core> for $name {
            #[allow(clippy::useless_conversion, reason = "most fields are the same on both sides")]
            fn from(core: $core) -> Self {
                $name { $($field: core.$field.into(),)+ }
            }
        }
    };
}

pub(crate) use {absent, mirror, record};

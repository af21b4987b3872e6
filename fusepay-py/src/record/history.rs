//! Records of histories: pages and statements.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fusepay_core::{Currency, UnixMillis, WalletId};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::convert::{FromPy, ToPy, read};
use crate::error::exception;
use crate::money::decimal;
use crate::record::wallet::Transaction;
use crate::record::{Nested, record};

record! {
    /// Some lines of a history, newest first, and how to ask for the next ones.
    HistoryPage from fusepay_core::HistoryPage {
        /// The lines, newest first; amounts positive for money in.
        lines: Nested<Transaction>,
        /// What to give for the next page; `None` on the last one.
        next_cursor: Option<String>,
    }
}

/// A wallet's lines from one moment to another, oldest first, with the balance
/// before the first and after the last: `opening + sum of amounts = closing`.
///
/// Statements that follow each other show every line exactly once, even if the
/// wall clock went back in between.
#[pyclass(frozen, eq, hash, module = "fusepay")]
#[derive(Clone)]
pub(crate) struct Statement {
    wallet_id: WalletId,
    currency: Currency,
    from: UnixMillis,
    until: UnixMillis,
    opening_minor: i64,
    closing_minor: i64,
    lines: Nested<Transaction>,
    texts: Texts,
}

/// What a statement writes itself as. Only the core writes; a pickle, which can't
/// hold what the core writes from, holds what it wrote.
#[derive(Clone)]
enum Texts {
    Unwritten(Arc<fusepay_core::Statement>),
    Written { csv: String, json: String },
}

impl Texts {
    fn csv(&self) -> String {
        match self {
            Texts::Unwritten(statement) => statement.to_csv(),
            Texts::Written { csv, .. } => csv.clone(),
        }
    }

    fn json(&self) -> fusepay_core::Result<String> {
        match self {
            Texts::Unwritten(statement) => statement.to_json(),
            Texts::Written { json, .. } => Ok(json.clone()),
        }
    }
}

#[pymethods]
impl Statement {
    /// Whose history.
    #[getter]
    fn wallet_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.wallet_id.to_py(py)
    }

    /// The currency of every amount in it.
    #[getter]
    fn currency<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.currency.to_py(py)
    }

    /// The moment it begins with.
    #[getter]
    fn from_<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.from.to_py(py)
    }

    /// The moment it ends before.
    #[getter]
    fn until<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.until.to_py(py)
    }

    /// The balance just before `from_`, in minor units; below zero on credit.
    #[getter]
    fn opening_minor(&self) -> i64 {
        self.opening_minor
    }

    /// The balance just before `until`, in minor units; below zero on credit.
    #[getter]
    fn closing_minor(&self) -> i64 {
        self.closing_minor
    }

    /// The lines, oldest first; amounts positive for money in.
    #[getter]
    fn lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.lines.to_py(py)
    }

    /// `opening_minor` in major units.
    #[getter]
    fn opening<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decimal(py, self.opening_minor, self.currency)
    }

    /// `closing_minor` in major units.
    #[getter]
    fn closing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decimal(py, self.closing_minor, self.currency)
    }

    /// The lines as CSV (RFC 4180): a header, one record per line, CRLF ends. Amounts
    /// are exact decimals in major units, times RFC 3339 in UTC, what is absent is
    /// empty. Texts from outside that a spreadsheet would run get an apostrophe in
    /// front.
    fn to_csv(&self, py: Python<'_>) -> String {
        py.detach(|| self.texts.csv())
    }

    /// The statement as one JSON object: amounts in minor units as integers, times in
    /// milliseconds, metadata as the text of its JSON object.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.texts.json()).map_err(|error| exception(py, &error))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "Statement(wallet_id={}, currency={}, from_={}, until={}, opening_minor={}, closing_minor={}, lines={})",
            self.wallet_id.show(py)?,
            self.currency.show(py)?,
            self.from.show(py)?,
            self.until.show(py)?,
            self.opening_minor,
            self.closing_minor,
            self.lines.show(py)?,
        ))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let fields = [
            this.wallet_id.to_py(py)?,
            this.currency.to_py(py)?,
            this.from.to_py(py)?,
            this.until.to_py(py)?,
            this.opening_minor.to_py(py)?,
            this.closing_minor.to_py(py)?,
            this.lines.to_pickle(py)?,
            this.to_csv(py).to_py(py)?,
            this.to_json(py)?.to_py(py)?,
        ];
        Ok((slf.get_type().getattr("_restore")?, PyTuple::new(py, fields)?))
    }

    /// The statement that a pickle holds.
    #[classmethod]
    #[allow(clippy::too_many_arguments, reason = "one for each field")]
    fn _restore(
        class: &Bound<'_, PyType>,
        wallet_id: &Bound<'_, PyAny>,
        currency: &Bound<'_, PyAny>,
        from_: &Bound<'_, PyAny>,
        until: &Bound<'_, PyAny>,
        opening_minor: i64,
        closing_minor: i64,
        lines: &Bound<'_, PyAny>,
        csv: String,
        json: String,
    ) -> PyResult<Self> {
        let _ = class;
        Ok(Statement {
            wallet_id: read(wallet_id, "wallet_id")?,
            currency: read(currency, "currency")?,
            from: read(from_, "from_")?,
            until: read(until, "until")?,
            opening_minor,
            closing_minor,
            lines: Nested::from_py(lines, "lines")?,
            texts: Texts::Written { csv, json },
        })
    }
}

impl From<fusepay_core::Statement> for Statement {
    fn from(core: fusepay_core::Statement) -> Self {
        Statement {
            wallet_id: core.wallet_id,
            currency: core.currency,
            from: core.from,
            until: core.until,
            opening_minor: core.opening_minor,
            closing_minor: core.closing_minor,
            lines: core.lines.clone().into(),
            texts: Texts::Unwritten(Arc::new(core)),
        }
    }
}

impl ToPy for Statement {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, self.clone())?.into_any())
    }
}

impl Statement {
    /// What two equal statements have in common; what they are written as follows from it.
    fn facts(&self) -> (WalletId, Currency, UnixMillis, UnixMillis, i64, i64, &Nested<Transaction>) {
        let (opening, closing) = (self.opening_minor, self.closing_minor);
        (self.wallet_id, self.currency, self.from, self.until, opening, closing, &self.lines)
    }
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.facts() == other.facts()
    }
}

impl Eq for Statement {}

impl Hash for Statement {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.facts().hash(state);
    }
}

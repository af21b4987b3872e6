//! Words of the vocabulary: members of the enumerations of `_vocabulary.py` in
//! Python, the core's own types in Rust.

use fusepay_core::{
    AttemptKind, BreakerState, EventName, HoldStatus, JobKind, JobStatus, LimitWindow, LogLevel, LogRotation,
    Operation, OutcomeKind, PaymentStatus, ReviewReason, Role, TransactionStatus, TransactionType, UserStatus,
    WalletStatus,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::convert::{FromPy, ToPy};
use crate::error::invalid;

/// The members of one enumeration, by number.
type Members = Vec<(u16, Py<PyAny>)>;

/// The most choices that an error lists.
const LISTED_MAX: usize = 12;

/// What is wrong with an argument that is no word of a list.
pub(crate) fn must_be(list: &str, names: &[&str]) -> String {
    let listed = if names.len() <= LISTED_MAX { format!(": {}", names.join(", ")) } else { String::new() };
    format!("must be a member of {list} or its name{listed}")
}

/// The name of a word's member in Python: `WALLET_FUNDED` for `wallet.funded`. The
/// generator of `_vocabulary.py` names them so, and a test compares the two.
fn screaming(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}

macro_rules! words {
    ($($word:ident),+ $(,)?) => {$(
        impl ToPy for $word {
            fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                static MEMBERS: PyOnceLock<Members> = PyOnceLock::new();
                let members = MEMBERS.get_or_try_init(py, || {
                    let class = py.import("fusepay._vocabulary")?.getattr(stringify!($word))?;
                    let member = |word: &$word| Ok((word.number(), class.call1((word.name(),))?.unbind()));
                    $word::ALL.iter().map(member).collect::<PyResult<Members>>()
                })?;
                let found = members.iter().find(|(number, _)| *number == self.number());
                Ok(found.map_or_else(|| py.None(), |(_, member)| member.clone_ref(py)).into_bound(py))
            }
        }

        impl FromPy for $word {
            fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
                static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
                let py = object.py();
                // A member of another list may have the same name, and is a mistake.
                let is_ours = object.is_exact_instance_of::<PyString>()
                    || object.is_instance(CLASS.import(py, "fusepay._vocabulary", stringify!($word))?)?;
                let name = object.cast::<PyString>().ok().filter(|_| is_ours).and_then(|text| text.to_str().ok());
                let found = name.and_then(|name| {
                    $word::ALL.iter().copied().find(|word| word.name() == name || screaming(word.name()) == name)
                });
                found.ok_or_else(|| {
                    let names: Vec<&str> = $word::ALL.iter().map(|word| word.name()).collect();
                    invalid(py, field, must_be(stringify!($word), &names))
                })
            }
        }
    )+};
}

words!(
    AttemptKind,
    BreakerState,
    EventName,
    HoldStatus,
    JobKind,
    JobStatus,
    LimitWindow,
    LogLevel,
    LogRotation,
    Operation,
    OutcomeKind,
    PaymentStatus,
    ReviewReason,
    Role,
    TransactionStatus,
    TransactionType,
    UserStatus,
    WalletStatus,
);

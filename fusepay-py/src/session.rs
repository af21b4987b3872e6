//! `engine.session(token)`: what one logged-in user may do, and nothing else. Each
//! operation reads its arguments, calls the core once and hands the answer over.

pub(crate) mod bill;
pub(crate) mod history;
pub(crate) mod operator;
pub(crate) mod wallet;

use std::sync::Arc;

use fusepay_core::Secret;
use pyo3::prelude::*;

use crate::auth::profile_update;
use crate::convert::{read, read_optional};
use crate::error::detached;
use crate::record::auth::{Principal, SessionRecord, Tokens, User};
use crate::record::{answer, answer_all};
use crate::shell::Shell;
use bill::SessionBills;
use history::SessionHistory;
use operator::Operator;
use wallet::SessionWallets;

/// A session of the core, which its views share. Dropped before the engine it
/// belongs to, so that nothing of the engine outlives its closing.
pub(crate) struct Ticket {
    session: fusepay_core::Session,
    _shell: Arc<Shell>,
}

impl Ticket {
    /// One call into the core, without the interpreter.
    pub(crate) fn call<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&fusepay_core::Session) -> fusepay_core::Result<R> + Send,
    ) -> PyResult<R> {
        detached(py, || work(&self.session))
    }
}

/// What one logged-in user may do: `engine.session(access_token)`. Ids of other users
/// answer `NotFoundError`, like ids of nobody.
///
/// The token is verified again at every call. Every method raises `InvalidTokenError`,
/// in the same words, once the token has expired or its session has ended: by log-out,
/// another password, deactivation, another role, a refresh token used twice, or a
/// retired key. Make a new session from the refreshed token.
#[pyclass(frozen, name = "Session", module = "fusepay")]
pub(crate) struct PySession {
    ticket: Arc<Ticket>,
}

#[pymethods]
impl PySession {
    /// Whom the session stands for, now.
    ///
    /// Raises `InvalidTokenError`.
    fn principal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer::<_, Principal>(py, self.ticket.call(py, |session| session.principal())?)
    }

    /// The user.
    ///
    /// Raises `InvalidTokenError`.
    fn profile<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer::<_, User>(py, self.ticket.call(py, |session| session.profile())?)
    }

    /// Changes the user's names; what is left out stays. With `expected_version` only
    /// while the user is at it.
    ///
    /// Raises `InvalidTokenError`, `InvalidArgumentError`, `TooLongError`, `ConflictError`.
    #[pyo3(signature = (*, first_name=None, last_name=None, expected_version=None))]
    fn update_profile<'py>(
        &self,
        py: Python<'py>,
        first_name: Option<&Bound<'py, PyAny>>,
        last_name: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let expected_version = read_optional(expected_version, "expected_version")?;
        let change = profile_update(py, first_name, last_name)?;
        answer::<_, User>(py, self.ticket.call(py, |session| session.update_profile(&change, expected_version))?)
    }

    /// Replaces the password. A wrong current one counts as a failed log-in. All sessions
    /// end, this one too; the answer belongs to a new one on the same device.
    ///
    /// Raises `InvalidTokenError`, `InvalidArgumentError`, `WeakPasswordError`,
    /// `InvalidCredentialsError`, `HashingBusyError`.
    fn change_password<'py>(
        &self,
        py: Python<'py>,
        current: &Bound<'py, PyAny>,
        new: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let current: Secret = read(current, "current")?;
        let new: Secret = read(new, "new")?;
        answer::<_, Tokens>(py, self.ticket.call(py, |session| session.change_password(&current, &new))?)
    }

    /// The user's sessions that are alive, newest first.
    ///
    /// Raises `InvalidTokenError`.
    fn sessions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer_all::<_, SessionRecord>(py, self.ticket.call(py, |session| session.sessions())?)
    }

    /// Ends one of the user's sessions.
    ///
    /// Raises `InvalidTokenError`, `NotFoundError`.
    fn revoke_session(&self, py: Python<'_>, session_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let session_id = read(session_id, "session_id")?;
        self.ticket.call(py, |session| session.revoke_session(session_id))
    }

    /// Ends this session.
    ///
    /// Raises `InvalidTokenError`.
    fn logout(&self, py: Python<'_>) -> PyResult<()> {
        self.ticket.call(py, |session| session.logout())
    }

    /// Ends all sessions of the user, this one too.
    ///
    /// Raises `InvalidTokenError`.
    fn logout_everywhere(&self, py: Python<'_>) -> PyResult<()> {
        self.ticket.call(py, |session| session.logout_everywhere())
    }

    /// The user's wallets.
    #[getter]
    fn wallet(&self) -> SessionWallets {
        SessionWallets { ticket: Arc::clone(&self.ticket) }
    }

    /// Bills, paid from the user's wallets.
    #[getter]
    fn bill(&self) -> SessionBills {
        SessionBills { ticket: Arc::clone(&self.ticket) }
    }

    /// The histories of the user's wallets.
    #[getter]
    fn history(&self) -> SessionHistory {
        SessionHistory { ticket: Arc::clone(&self.ticket) }
    }

    /// What the user may do with everybody's, by role. The role is read again at every
    /// call: a demotion takes effect at the next one.
    #[getter]
    fn operator(&self) -> Operator {
        Operator { ticket: Arc::clone(&self.ticket) }
    }
}

impl PySession {
    /// Wraps a session that the core opened.
    pub(crate) fn new(session: fusepay_core::Session, shell: &Arc<Shell>) -> Self {
        PySession { ticket: Arc::new(Ticket { session, _shell: Arc::clone(shell) }) }
    }
}

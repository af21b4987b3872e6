//! `engine.auth`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::{Login, ProfileUpdate, Registration, Secret, UnixMillis};
use pyo3::prelude::*;

use crate::convert::{read, read_optional};
use crate::error::exception;
use crate::record::auth::{Principal, Registered, SessionRecord, Tokens, User, UserPage};
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// Users and sessions: `engine.auth`. Passwords and keys are `str` or `bytes`.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Auth {
    pub(crate) shell: Arc<Shell>,
}

#[pymethods]
impl Auth {
    /// Makes a user with a first wallet in the configured currency, logged in: one
    /// commit, all or nothing.
    ///
    /// It takes no idempotency key: after an `InDoubtError`, open again and log in;
    /// when that is refused, register again.
    ///
    /// Raises `InvalidEmailError`, `InvalidArgumentError`, `TooLongError`,
    /// `WeakPasswordError`, `EmailTakenError`, `HashingBusyError`.
    #[pyo3(
        signature = (email, first_name, last_name, password, *, wallet_label=None, device=None),
        text_signature = "($self, email, first_name, last_name, password, *, wallet_label='', device='')"
    )]
    #[allow(clippy::too_many_arguments, reason = "names in Python")]
    fn register<'py>(
        &self,
        py: Python<'py>,
        email: &Bound<'py, PyAny>,
        first_name: &Bound<'py, PyAny>,
        last_name: &Bound<'py, PyAny>,
        password: &Bound<'py, PyAny>,
        wallet_label: Option<&Bound<'py, PyAny>>,
        device: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (first, last): (String, String) = (read(first_name, "first_name")?, read(last_name, "last_name")?);
        let password: Secret = read(password, "password")?;
        let label: String = read_optional(wallet_label, "wallet_label")?.unwrap_or_default();
        let device: String = read_optional(device, "device")?.unwrap_or_default();
        let request = Registration::new(read::<String>(email, "email")?, first, last, password)
            .with_wallet_label(label)
            .with_device(device);
        answer::<_, Registered>(py, self.shell.call(py, |engine| engine.auth().register(&request))?)
    }

    /// Begins a session. Every refusal is the same, whether the account is unknown,
    /// locked or deactivated, or the password is wrong; `retry_after_ms` says when to
    /// try again. Costs one password hash.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `InvalidCredentialsError`,
    /// `HashingBusyError`.
    #[pyo3(
        signature = (email, password, *, device=None),
        text_signature = "($self, email, password, *, device='')"
    )]
    fn login<'py>(
        &self,
        py: Python<'py>,
        email: &Bound<'py, PyAny>,
        password: &Bound<'py, PyAny>,
        device: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let password: Secret = read(password, "password")?;
        let device: String = read_optional(device, "device")?.unwrap_or_default();
        let request = Login::new(read::<String>(email, "email")?, password).with_device(device);
        answer::<_, Tokens>(py, self.shell.call(py, |engine| engine.auth().login(&request))?)
    }

    /// The next tokens of a session. The same token again within the grace (10 s by
    /// default) gets the same refresh token; later the session is ended, for two
    /// parties hold its tokens.
    ///
    /// Raises `InvalidTokenError`.
    fn refresh<'py>(&self, py: Python<'py>, refresh_token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let token: String = read(refresh_token, "refresh_token")?;
        answer::<_, Tokens>(py, self.shell.call(py, |engine| engine.auth().refresh(&token))?)
    }

    /// Whom an access token stands for, now: whatever ended the session ends its
    /// token at once.
    ///
    /// Raises `InvalidTokenError`, for every reason the same.
    fn verify<'py>(&self, py: Python<'py>, access_token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let token: String = read(access_token, "access_token")?;
        answer::<_, Principal>(py, self.shell.call(py, |engine| engine.auth().verify(&token))?)
    }

    /// Ends the session of an access token.
    ///
    /// Raises `InvalidTokenError`.
    fn logout(&self, py: Python<'_>, access_token: &Bound<'_, PyAny>) -> PyResult<()> {
        let token: String = read(access_token, "access_token")?;
        self.shell.call(py, |engine| engine.auth().logout(&token))
    }

    /// Ends all sessions of the user an access token stands for.
    ///
    /// Raises `InvalidTokenError`.
    fn logout_everywhere(&self, py: Python<'_>, access_token: &Bound<'_, PyAny>) -> PyResult<()> {
        let token: String = read(access_token, "access_token")?;
        self.shell.call(py, |engine| engine.auth().logout_everywhere(&token))
    }

    /// Replaces the password of the user an access token stands for. A wrong current
    /// one counts as a failed log-in. All sessions end; the answer belongs to a new
    /// one on the same device.
    ///
    /// Raises `InvalidTokenError`, `InvalidArgumentError`, `WeakPasswordError`,
    /// `InvalidCredentialsError`, `HashingBusyError`.
    fn change_password<'py>(
        &self,
        py: Python<'py>,
        access_token: &Bound<'py, PyAny>,
        current: &Bound<'py, PyAny>,
        new: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let token: String = read(access_token, "access_token")?;
        let (current, new): (Secret, Secret) = (read(current, "current")?, read(new, "new")?);
        let tokens = self.shell.call(py, |engine| engine.auth().change_password(&token, &current, &new))?;
        answer::<_, Tokens>(py, tokens)
    }

    /// One user.
    ///
    /// Raises `NotFoundError`.
    fn find_user<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        answer::<_, User>(py, self.shell.call(py, |engine| engine.auth().find_user(user))?)
    }

    /// Changes a user's names; what is left out stays. With `expected_version` only
    /// while the user is at it.
    ///
    /// Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`, `ConflictError`.
    #[pyo3(signature = (user_id, *, first_name=None, last_name=None, expected_version=None))]
    fn update_profile<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        first_name: Option<&Bound<'py, PyAny>>,
        last_name: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        let change = profile_update(py, first_name, last_name)?;
        let version = read_optional(expected_version, "expected_version")?;
        answer::<_, User>(py, self.shell.call(py, |engine| engine.auth().update_profile(user, &change, version))?)
    }

    /// Users in the order in which they registered, after one; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`, `InvalidCursorError`.
    #[pyo3(signature = (after=None, limit=None), text_signature = "($self, after=None, limit=100)")]
    fn list_users<'py>(
        &self,
        py: Python<'py>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (after, limit) = (read_optional(after, "after")?, read_optional(limit, "limit")?.unwrap_or(crate::PAGE));
        answer::<_, UserPage>(py, self.shell.call(py, |engine| engine.auth().list_users(after, limit))?)
    }

    /// Users whose address or one of whose names begins with `text` (up to 256
    /// bytes), whatever its case. Order and pages as `list_users`. Looks at every
    /// user on the way.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `InvalidCursorError`.
    #[pyo3(signature = (text, after=None, limit=None), text_signature = "($self, text, after=None, limit=100)")]
    fn search_users<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let text: String = read(text, "text")?;
        let (after, limit) = (read_optional(after, "after")?, read_optional(limit, "limit")?.unwrap_or(crate::PAGE));
        answer::<_, UserPage>(py, self.shell.call(py, |engine| engine.auth().search_users(&text, after, limit))?)
    }

    /// Gives a user another role, and ends their sessions. The host makes the first
    /// admin this way.
    ///
    /// Raises `NotFoundError`, `InvalidArgumentError` (`system`), `LastAdminError`.
    fn set_role<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        role: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (user, role) = (read(user_id, "user_id")?, read(role, "role")?);
        answer::<_, User>(py, self.shell.call(py, |engine| engine.auth().set_role(user, role))?)
    }

    /// Forbids a user to log in, and ends their sessions. Wallets and history stay.
    ///
    /// Raises `NotFoundError`, `LastAdminError`.
    fn deactivate<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        answer::<_, User>(py, self.shell.call(py, |engine| engine.auth().deactivate(user))?)
    }

    /// Lets a deactivated user log in again.
    ///
    /// Raises `NotFoundError`.
    fn reactivate<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        answer::<_, User>(py, self.shell.call(py, |engine| engine.auth().reactivate(user))?)
    }

    /// The sessions of a user that are alive, newest first.
    ///
    /// Raises `NotFoundError`.
    fn sessions<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        answer_all::<_, SessionRecord>(py, self.shell.call(py, |engine| engine.auth().sessions(user))?)
    }

    /// Ends one session. One that has ended stays ended.
    ///
    /// Raises `NotFoundError`.
    fn revoke_session(&self, py: Python<'_>, session_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let session = read(session_id, "session_id")?;
        self.shell.call(py, |engine| engine.auth().revoke_session(session))
    }

    /// Ends all sessions of a user.
    ///
    /// Raises `NotFoundError`.
    fn end_sessions(&self, py: Python<'_>, user_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let user = read(user_id, "user_id")?;
        self.shell.call(py, |engine| engine.auth().end_sessions(user))
    }

    /// Signs tokens with a new key from now on; the old one verifies until
    /// `old_not_after`. Keys live in memory: give the next open, and every other
    /// process on the file, the same ring.
    ///
    /// Raises `InvalidConfigError`: a malformed id, a weak key, an id or a key that is
    /// in the ring.
    fn rotate_signing_key(
        &self,
        py: Python<'_>,
        kid: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        old_not_after: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (kid, key): (String, Secret) = (read(kid, "kid")?, read(key, "key")?);
        let old_not_after: UnixMillis = read(old_not_after, "old_not_after")?;
        self.shell.call(py, |engine| engine.auth().rotate_signing_key(&kid, &key, old_not_after))
    }

    /// Forgets a key that no longer signs: all its tokens, access and refresh, are
    /// dead at once.
    ///
    /// Raises `NotAllowedError`: it signs; rotate first. `NotFoundError`.
    fn retire_key(&self, py: Python<'_>, kid: &Bound<'_, PyAny>) -> PyResult<()> {
        let kid: String = read(kid, "kid")?;
        self.shell.call(py, |engine| engine.auth().retire_key(&kid))
    }
}

/// Reads a change of names.
pub(crate) fn profile_update(
    py: Python<'_>,
    first_name: Option<&Bound<'_, PyAny>>,
    last_name: Option<&Bound<'_, PyAny>>,
) -> PyResult<ProfileUpdate> {
    let first: Option<String> = read_optional(first_name, "first_name")?;
    let last: Option<String> = read_optional(last_name, "last_name")?;
    ProfileUpdate::parse(first.as_deref(), last.as_deref()).map_err(|error| exception(py, &error))
}

//! `engine.wallet`: each operation reads its arguments, calls the core once and
//! hands the answer over.

use std::sync::Arc;

use fusepay_core::{CaptureRequest, HoldRequest, MoneyRequest, TransferRequest};
use pyo3::prelude::*;

use crate::convert::{read, read_optional};
use crate::error::exception;
use crate::record::wallet::{Hold, Limit, Transaction, Wallet};
use crate::record::{answer, answer_all};
use crate::shell::Shell;

/// Wallets and the money in them: `engine.wallet`.
///
/// Amounts are `Money`, ids `UUID` or their text, `metadata` a `dict` or a JSON
/// object as text. The same `idempotency_key` again gives the same answer again,
/// and does nothing twice; after an `InDoubtError` repeat with its key.
#[pyclass(frozen, module = "fusepay")]
pub(crate) struct Wallets {
    pub(crate) shell: Arc<Shell>,
}

type Argument<'a, 'py> = &'a Bound<'py, PyAny>;
type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// What `fund`, `withdraw`, `credit` and `debit` share.
struct MoneyArguments<'a, 'py> {
    wallet_id: Argument<'a, 'py>,
    amount: Argument<'a, 'py>,
    external_reference: Given<'a, 'py>,
    description: Given<'a, 'py>,
    metadata: Given<'a, 'py>,
    idempotency_key: Given<'a, 'py>,
    expected_version: Given<'a, 'py>,
}

impl MoneyArguments<'_, '_> {
    fn read(&self) -> PyResult<MoneyRequest> {
        let mut request = MoneyRequest::new(read(self.wallet_id, "wallet_id")?, read(self.amount, "amount")?);
        request.external_reference = read_optional(self.external_reference, "external_reference")?;
        request.description = read_optional(self.description, "description")?;
        request.metadata = read_optional(self.metadata, "metadata")?.unwrap_or_default();
        request.idempotency_key = read_optional(self.idempotency_key, "idempotency_key")?;
        request.expected_version = read_optional(self.expected_version, "expected_version")?;
        Ok(request)
    }
}

/// The four ways money comes into or leaves one wallet.
type MoneyMove =
    for<'e> fn(&fusepay_core::Wallets<'e>, &MoneyRequest) -> fusepay_core::Result<fusepay_core::Transaction>;

impl Wallets {
    fn move_money<'py>(
        &self,
        py: Python<'py>,
        work: MoneyMove,
        arguments: &MoneyArguments<'_, '_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = arguments.read()?;
        answer::<_, Transaction>(py, self.shell.call(py, |engine| work(&engine.wallet(), &request))?)
    }
}

#[pymethods]
impl Wallets {
    /// Gives a user a further wallet; at most 100.
    ///
    /// Raises `TooLongError`, `InvalidArgumentError`, `NotFoundError`,
    /// `NotAllowedError` for a deactivated user or one wallet too many.
    #[pyo3(signature = (user_id, currency, label=None), text_signature = "($self, user_id, currency, label='')")]
    fn create<'py>(
        &self,
        py: Python<'py>,
        user_id: &Bound<'py, PyAny>,
        currency: &Bound<'py, PyAny>,
        label: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (user, currency) = (read(user_id, "user_id")?, read(currency, "currency")?);
        let label: String = read_optional(label, "label")?.unwrap_or_default();
        answer::<_, Wallet>(py, self.shell.call(py, |engine| engine.wallet().create(user, currency, &label))?)
    }

    /// One wallet with balance, held and available as one consistent snapshot.
    ///
    /// Raises `NotFoundError`.
    fn find<'py>(&self, py: Python<'py>, wallet_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(wallet_id, "wallet_id")?;
        answer::<_, Wallet>(py, self.shell.call(py, |engine| engine.wallet().find(id))?)
    }

    /// A user's wallets, oldest first. A user without wallets, or no such user: none.
    fn list<'py>(&self, py: Python<'py>, user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let user = read(user_id, "user_id")?;
        answer_all::<_, Wallet>(py, self.shell.call(py, |engine| engine.wallet().list(user))?)
    }

    /// Books money that came in from outside. Each external reference (1 to 128
    /// bytes) is booked once.
    ///
    /// Raises `InvalidAmountError`, `TooLongError`, `InvalidArgumentError`,
    /// `NotFoundError`, `IdempotencyKeyReusedError`, `CurrencyMismatchError`,
    /// `WalletFrozenError`, `WalletClosedError`, `ExternalReferenceUsedError`,
    /// `ConflictError`, `AmountOverflowError`.
    #[pyo3(signature = (
        wallet_id, amount, *, external_reference=None, description=None, metadata=None, idempotency_key=None,
        expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn fund<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        external_reference: Option<&Bound<'py, PyAny>>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.move_money(
            py,
            |wallets, request| wallets.fund(request),
            &MoneyArguments {
                wallet_id,
                amount,
                external_reference,
                description,
                metadata,
                idempotency_key,
                expected_version,
            },
        )
    }

    /// Books money that left to the outside, and the withdrawal fee. Limits apply.
    /// Each external reference is booked once.
    ///
    /// Raises what `fund` raises, and `LimitExceededError`, `InsufficientFundsError`.
    #[pyo3(signature = (
        wallet_id, amount, *, external_reference=None, description=None, metadata=None, idempotency_key=None,
        expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn withdraw<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        external_reference: Option<&Bound<'py, PyAny>>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.move_money(
            py,
            |wallets, request| wallets.withdraw(request),
            &MoneyArguments {
                wallet_id,
                amount,
                external_reference,
                description,
                metadata,
                idempotency_key,
                expected_version,
            },
        )
    }

    /// Credits a wallet by the host's own decision.
    ///
    /// Raises what `fund` raises.
    #[pyo3(signature = (
        wallet_id, amount, *, external_reference=None, description=None, metadata=None, idempotency_key=None,
        expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn credit<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        external_reference: Option<&Bound<'py, PyAny>>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.move_money(
            py,
            |wallets, request| wallets.credit(request),
            &MoneyArguments {
                wallet_id,
                amount,
                external_reference,
                description,
                metadata,
                idempotency_key,
                expected_version,
            },
        )
    }

    /// Debits a wallet by the host's own decision. No fee, no limits.
    ///
    /// Raises what `fund` raises, and `InsufficientFundsError`.
    #[pyo3(signature = (
        wallet_id, amount, *, external_reference=None, description=None, metadata=None, idempotency_key=None,
        expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn debit<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        external_reference: Option<&Bound<'py, PyAny>>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.move_money(
            py,
            |wallets, request| wallets.debit(request),
            &MoneyArguments {
                wallet_id,
                amount,
                external_reference,
                description,
                metadata,
                idempotency_key,
                expected_version,
            },
        )
    }

    /// Moves money between two wallets of one currency; answers the sender's line.
    /// The transfer fee and the sender's limits apply.
    ///
    /// Raises `InvalidAmountError`, `SameWalletError`, `NotFoundError`,
    /// `IdempotencyKeyReusedError`, `CurrencyMismatchError`, `WalletFrozenError`,
    /// `WalletClosedError`, `ConflictError`, `LimitExceededError`,
    /// `InsufficientFundsError`, `AmountOverflowError`.
    #[pyo3(signature = (
        from_, to, amount, *, description=None, metadata=None, idempotency_key=None, expected_version=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        from_: &Bound<'py, PyAny>,
        to: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        description: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
        expected_version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut request = TransferRequest::new(read(from_, "from_")?, read(to, "to")?, read(amount, "amount")?);
        request.description = read_optional(description, "description")?;
        request.metadata = read_optional(metadata, "metadata")?.unwrap_or_default();
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        request.expected_version = read_optional(expected_version, "expected_version")?;
        answer::<_, Transaction>(py, self.shell.call(py, |engine| engine.wallet().transfer(&request))?)
    }

    /// Books up to 10,000 transfers (`TransferRequest`) in one commit: all or none.
    /// The key covers the whole batch.
    ///
    /// Raises what `transfer` raises; the first refusal refuses all.
    #[pyo3(signature = (requests, *, idempotency_key=None))]
    fn transfer_batch<'py>(
        &self,
        py: Python<'py>,
        requests: &Bound<'py, PyAny>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let requests: Vec<crate::record::wallet::TransferRequest> = read(requests, "requests")?;
        let requests = requests.iter().map(|request| request.to_core()).collect::<fusepay_core::Result<Vec<_>>>();
        let requests = requests.map_err(|error| exception(py, &error))?;
        let key: Option<String> = read_optional(idempotency_key, "idempotency_key")?;
        let booked = self.shell.call(py, |engine| engine.wallet().transfer_batch(&requests, key.as_deref()))?;
        answer_all::<_, Transaction>(py, booked)
    }

    /// Reserves part of a balance until it is captured, released or expires. `life`,
    /// a `timedelta` or `int` milliseconds, is a second to 400 days.
    ///
    /// Raises `InvalidAmountError`, `InvalidArgumentError`, `NotFoundError`,
    /// `IdempotencyKeyReusedError`, `CurrencyMismatchError`, `WalletFrozenError`,
    /// `WalletClosedError`, `InsufficientFundsError`.
    #[pyo3(signature = (wallet_id, amount, life, *, description=None, idempotency_key=None))]
    fn authorise<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        life: &Bound<'py, PyAny>,
        description: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut request = HoldRequest::new(read(wallet_id, "wallet_id")?, read(amount, "amount")?, read(life, "life")?);
        request.description = read_optional(description, "description")?;
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        answer::<_, Hold>(py, self.shell.call(py, |engine| engine.wallet().authorise(&request))?)
    }

    /// Takes held money, in whole or in part, to another wallet (`to`) or the
    /// outside. `remainder` says what happens to the rest of the hold: `RELEASE`, the
    /// default, or `KEEP`.
    ///
    /// Raises `InvalidAmountError`, `NotFoundError`, `IdempotencyKeyReusedError`,
    /// `CurrencyMismatchError`, `HoldResolvedError`, `CaptureAboveHoldError`,
    /// `WalletFrozenError`, `WalletClosedError`, `LimitExceededError`.
    #[pyo3(signature = (hold_id, amount, *, to=None, remainder=None, description=None, idempotency_key=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn capture<'py>(
        &self,
        py: Python<'py>,
        hold_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        to: Option<&Bound<'py, PyAny>>,
        remainder: Option<&Bound<'py, PyAny>>,
        description: Option<&Bound<'py, PyAny>>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut request = CaptureRequest::new(read(hold_id, "hold_id")?, read(amount, "amount")?);
        request.to = read_optional(to, "to")?;
        request.remainder = read_optional(remainder, "remainder")?.unwrap_or_default();
        request.description = read_optional(description, "description")?;
        request.idempotency_key = read_optional(idempotency_key, "idempotency_key")?;
        answer::<_, Transaction>(py, self.shell.call(py, |engine| engine.wallet().capture(&request))?)
    }

    /// Gives held money back.
    ///
    /// Raises `NotFoundError`, `IdempotencyKeyReusedError`, `HoldResolvedError`.
    #[pyo3(signature = (hold_id, *, idempotency_key=None))]
    fn release<'py>(
        &self,
        py: Python<'py>,
        hold_id: &Bound<'py, PyAny>,
        idempotency_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let id = read(hold_id, "hold_id")?;
        let key: Option<String> = read_optional(idempotency_key, "idempotency_key")?;
        answer::<_, Hold>(py, self.shell.call(py, |engine| engine.wallet().release(id, key.as_deref()))?)
    }

    /// One hold.
    ///
    /// Raises `NotFoundError`.
    fn find_hold<'py>(&self, py: Python<'py>, hold_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(hold_id, "hold_id")?;
        answer::<_, Hold>(py, self.shell.call(py, |engine| engine.wallet().find_hold(id))?)
    }

    /// The holds of a wallet in one state, oldest first; `limit` 1 to 500.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`.
    #[pyo3(signature = (wallet_id, status, limit=None), text_signature = "($self, wallet_id, status, limit=100)")]
    fn holds<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        status: &Bound<'py, PyAny>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (id, status) = (read(wallet_id, "wallet_id")?, read(status, "status")?);
        let limit = read_optional(limit, "limit")?.unwrap_or(crate::PAGE);
        answer_all::<_, Hold>(py, self.shell.call(py, |engine| engine.wallet().holds(id, status, limit))?)
    }

    /// Freezes (debits or all), thaws or closes a wallet. A closed wallet stays
    /// closed; only an empty one can be.
    ///
    /// Raises `NotFoundError`, `WalletClosedError`, `NotAllowedError`,
    /// `WalletNotEmptyError`.
    fn set_status<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        status: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (id, status) = (read(wallet_id, "wallet_id")?, read(status, "status")?);
        answer::<_, Wallet>(py, self.shell.call(py, |engine| engine.wallet().set_status(id, status))?)
    }

    /// Sets how far below zero the balance may go, in minor units.
    ///
    /// Raises `InvalidAmountError`, `NotFoundError`, `AmountOverflowError`,
    /// `InsufficientFundsError` when the wallet already owes more.
    fn set_credit_limit<'py>(
        &self,
        py: Python<'py>,
        wallet_id: &Bound<'py, PyAny>,
        limit_minor: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (id, limit) = (read(wallet_id, "wallet_id")?, read(limit_minor, "limit_minor")?);
        answer::<_, Wallet>(py, self.shell.call(py, |engine| engine.wallet().set_credit_limit(id, limit))?)
    }

    /// Sets one `Limit`, replacing the one for the same window and category. What was
    /// spent in the window already counts.
    ///
    /// Raises `InvalidArgumentError`, `NotFoundError`.
    fn set_limit(&self, py: Python<'_>, wallet_id: &Bound<'_, PyAny>, limit: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = read(wallet_id, "wallet_id")?;
        let limit = fusepay_core::Limit::from(read::<Limit>(limit, "limit")?);
        self.shell.call(py, |engine| engine.wallet().set_limit(id, &limit))
    }

    /// Removes one limit; False when there was none.
    ///
    /// Raises `InvalidArgumentError` for what is no category; `NotFoundError`.
    #[pyo3(signature = (wallet_id, window, category=None))]
    fn remove_limit(
        &self,
        py: Python<'_>,
        wallet_id: &Bound<'_, PyAny>,
        window: &Bound<'_, PyAny>,
        category: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let (id, window) = (read(wallet_id, "wallet_id")?, read(window, "window")?);
        let category: Option<String> = read_optional(category, "category")?;
        self.shell.call(py, |engine| engine.wallet().remove_limit(id, window, category.as_deref()))
    }

    /// The limits of a wallet.
    ///
    /// Raises `NotFoundError`.
    fn limits<'py>(&self, py: Python<'py>, wallet_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let id = read(wallet_id, "wallet_id")?;
        answer_all::<_, Limit>(py, self.shell.call(py, |engine| engine.wallet().limits(id))?)
    }
}

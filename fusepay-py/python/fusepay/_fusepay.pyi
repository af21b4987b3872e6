"""The compiled half of the package: import its names from `fusepay`."""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, final
from uuid import UUID

from typing_extensions import Self

from fusepay._provider import Paid, Provider
from fusepay._settings import (
    ClaimSettlement,
    Clock,
    Entropy,
    FilePermissions,
    NotPaid,
    RefundSource,
    Remainder,
    StartAt,
    Subscriber,
    WorkerMode,
)
from fusepay._vocabulary import (
    AttemptKind,
    BreakerState,
    EventName,
    HoldStatus,
    JobKind,
    JobStatus,
    LimitWindow,
    OutcomeKind,
    PaymentStatus,
    ReviewReason,
    Role,
    TransactionStatus,
    TransactionType,
    UserStatus,
    WalletStatus,
)

__all__ = [
    "Attempt",
    "Audit",
    "AuditHead",
    "AuditRecord",
    "AuditReport",
    "Auth",
    "Backoff",
    "BillItem",
    "Biller",
    "Bills",
    "BreakerPolicy",
    "Capabilities",
    "Config",
    "Customer",
    "CustomerRequest",
    "Event",
    "Events",
    "Explanation",
    "FeePolicy",
    "FusePay",
    "HashCost",
    "History",
    "HistoryPage",
    "Hold",
    "Job",
    "JobCount",
    "KeyRing",
    "Limit",
    "LockoutPolicy",
    "ManualClock",
    "Money",
    "Operator",
    "PasswordPolicy",
    "PayRequest",
    "Payment",
    "PaymentCount",
    "PaymentStep",
    "Pepper",
    "Principal",
    "ProviderStats",
    "QueryRequest",
    "Queue",
    "Quote",
    "RatePolicy",
    "Registered",
    "RequestIdFormat",
    "Reversals",
    "RunReport",
    "SeededEntropy",
    "Session",
    "SessionBills",
    "SessionHistory",
    "SessionRecord",
    "SessionWallets",
    "Statement",
    "Stats",
    "Subscription",
    "SystemBalance",
    "TokenPolicy",
    "Tokens",
    "Transaction",
    "TransferRequest",
    "User",
    "UserPage",
    "VerifyReport",
    "Violation",
    "Wallet",
    "Wallets",
    "Webhook",
    "WebhookReceipt",
    "__version__",
    "close_all",
    "forget_log_levels",
    "install_logging",
    "interrupt_thread",
    "vocabulary",
]

__version__: str
"""The version of the engine, such as "0.1.0"."""

def vocabulary() -> list[tuple[str, int, str]]:
    """Every word of the vocabulary."""

def install_logging() -> None:
    """Begins to hand log lines over to `fusepay._logging`."""

def forget_log_levels() -> None:
    """Asks `logging` anew which levels are on."""

def close_all() -> None:
    """Closes every engine of this process that is still open; registered with `atexit`."""

def interrupt_thread(thread: int) -> None:
    """Raises `SystemExit` in another thread; for the event loop of an engine that has closed."""

@final
class Auth:
    """Users and sessions: `engine.auth`. Passwords and keys are `str` or `bytes`."""

    def register(
        self,
        email: str,
        first_name: str,
        last_name: str,
        password: str | bytes,
        *,
        wallet_label: str = "",
        device: str = "",
    ) -> Registered:
        """Makes a user with a first wallet in the configured currency, logged in: one
        commit, all or nothing.

        It takes no idempotency key: after an `InDoubtError`, open again and log in;
        when that is refused, register again.

        Raises `InvalidEmailError`, `InvalidArgumentError`, `TooLongError`,
        `WeakPasswordError`, `EmailTakenError`, `HashingBusyError`.
        """
    def login(self, email: str, password: str | bytes, *, device: str = "") -> Tokens:
        """Begins a session. Every refusal is the same, whether the account is unknown,
        locked or deactivated, or the password is wrong; `retry_after_ms` says when to
        try again. Costs one password hash.

        Raises `InvalidArgumentError`, `TooLongError`, `InvalidCredentialsError`,
        `HashingBusyError`.
        """
    def refresh(self, refresh_token: str) -> Tokens:
        """The next tokens of a session. The same token again within the grace (10 s by
        default) gets the same refresh token; later the session is ended, for two
        parties hold its tokens.

        Raises `InvalidTokenError`.
        """
    def verify(self, access_token: str) -> Principal:
        """Whom an access token stands for, now: whatever ended the session ends its
        token at once.

        Raises `InvalidTokenError`, for every reason the same.
        """
    def logout(self, access_token: str) -> None:
        """Ends the session of an access token.

        Raises `InvalidTokenError`.
        """
    def logout_everywhere(self, access_token: str) -> None:
        """Ends all sessions of the user an access token stands for.

        Raises `InvalidTokenError`.
        """
    def change_password(self, access_token: str, current: str | bytes, new: str | bytes) -> Tokens:
        """Replaces the password of the user an access token stands for. A wrong current
        one counts as a failed log-in. All sessions end; the answer belongs to a new
        one on the same device.

        Raises `InvalidTokenError`, `InvalidArgumentError`, `WeakPasswordError`,
        `InvalidCredentialsError`, `HashingBusyError`.
        """
    def find_user(self, user_id: UUID | str) -> User:
        """One user.

        Raises `NotFoundError`.
        """
    def update_profile(
        self,
        user_id: UUID | str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        expected_version: int | None = None,
    ) -> User:
        """Changes a user's names; what is left out stays. With `expected_version` only
        while the user is at it.

        Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`, `ConflictError`.
        """
    def list_users(self, after: UUID | str | None = None, limit: int = 100) -> UserPage:
        """Users in the order in which they registered, after one; `limit` 1 to 500.

        Raises `InvalidArgumentError`, `InvalidCursorError`.
        """
    def search_users(self, text: str, after: UUID | str | None = None, limit: int = 100) -> UserPage:
        """Users whose address or one of whose names begins with `text` (up to 256
        bytes), whatever its case. Order and pages as `list_users`. Looks at every
        user on the way.

        Raises `TooLongError`, `InvalidArgumentError`, `InvalidCursorError`.
        """
    def set_role(self, user_id: UUID | str, role: Role | str) -> User:
        """Gives a user another role, and ends their sessions. The host makes the first
        admin this way.

        Raises `NotFoundError`, `InvalidArgumentError` (`system`), `LastAdminError`.
        """
    def deactivate(self, user_id: UUID | str) -> User:
        """Forbids a user to log in, and ends their sessions. Wallets and history stay.

        Raises `NotFoundError`, `LastAdminError`.
        """
    def reactivate(self, user_id: UUID | str) -> User:
        """Lets a deactivated user log in again.

        Raises `NotFoundError`.
        """
    def sessions(self, user_id: UUID | str) -> tuple[SessionRecord, ...]:
        """The sessions of a user that are alive, newest first.

        Raises `NotFoundError`.
        """
    def revoke_session(self, session_id: UUID | str) -> None:
        """Ends one session. One that has ended stays ended.

        Raises `NotFoundError`.
        """
    def end_sessions(self, user_id: UUID | str) -> None:
        """Ends all sessions of a user.

        Raises `NotFoundError`.
        """
    def rotate_signing_key(self, kid: str, key: str | bytes, old_not_after: datetime) -> None:
        """Signs tokens with a new key from now on; the old one verifies until
        `old_not_after`. Keys live in memory: give the next open, and every other
        process on the file, the same ring.

        Raises `InvalidConfigError`: a malformed id, a weak key, an id or a key that is
        in the ring.
        """
    def retire_key(self, kid: str) -> None:
        """Forgets a key that no longer signs: all its tokens, access and refresh, are
        dead at once.

        Raises `NotAllowedError`: it signs; rotate first. `NotFoundError`.
        """

@final
class Bills:
    """Bills: catalogue, quotes, payments: `engine.bill`."""

    def load_catalogue(self, catalogue: Iterable[tuple[Biller, Iterable[BillItem]]]) -> None:
        """Loads billers with their items, `[(Biller, [BillItem, ...]), ...]`, replacing
        those of the same codes, in one commit. Items not named stay as they are.

        Raises `InvalidArgumentError`, `TooLongError`.
        """
    def load_catalogue_of(self, provider: str) -> int:
        """Loads what a provider says it serves. Answers how many billers that were.

        Raises `NotFoundError`, `UnsupportedByProviderError`,
        `ProviderUnavailableError`, and what `load_catalogue` raises.
        """
    def billers(
        self, category: str | None = None, after: str | None = None, limit: int = 100
    ) -> tuple[Biller, ...]:
        """Billers in the order of their codes, after one; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def items(self, biller: str) -> tuple[BillItem, ...]:
        """The items of a biller.

        Raises `NotFoundError`.
        """
    def validate_customer(self, biller: str, item: str, customer_reference: str) -> Customer:
        """Asks the biller about a customer. Calls the provider on this thread.

        Raises `BillerUnavailableError`, `CustomerRejectedError`,
        `UnsupportedByProviderError`, `ProviderUnavailableError`.
        """
    def quote(
        self, user_id: UUID | str, biller: str, item: str, customer_reference: str, amount: Money
    ) -> Quote:
        """Prices a bill. Where the item demands it, the customer is validated with the
        provider first, on this thread.

        Raises `InvalidAmountError`, `InvalidArgumentError`, `NotFoundError`,
        `BillerUnavailableError`, `CurrencyMismatchError`, `AmountOutOfRangeError`, and
        what `validate_customer` raises.
        """
    def pay(
        self,
        wallet_id: UUID | str,
        biller: str,
        item: str,
        customer_reference: str,
        amount: Money,
        *,
        quote_id: UUID | str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        requested_at: datetime | None = None,
        expected_version: int | None = None,
    ) -> Payment:
        """Pays a bill: debits amount and fee and queues the payment, in one commit. The
        provider is called later, by the worker (or `run_due`); `find` says what became
        of it. `customer_reference` (a meter, a phone, a policy) has at most 128 bytes.

        `quote_id`: a quote to pay at. `requested_at`: when the user asked, for
        providers whose request ids carry a time (VTpass); keep it with the key: the same
        value on every repeat.

        Raises `InvalidAmountError`, `InvalidArgumentError`, `TooLongError`,
        `NotFoundError`, `IdempotencyKeyReusedError`, `BillerUnavailableError`,
        `QuoteUsedError`, `QuoteExpiredError`, `CurrencyMismatchError`,
        `AmountOutOfRangeError`, `WalletFrozenError`, `WalletClosedError`,
        `LimitExceededError`, `ConflictError`, `InsufficientFundsError`.
        """
    def find(self, payment_id: UUID | str) -> Payment:
        """One payment as it stands. Never calls a provider; reading an unknown one makes
        its requery due now.

        Raises `InvalidIdError`, `NotFoundError`.
        """
    def refresh(self, payment_id: UUID | str, deadline: timedelta | int) -> Payment:
        """Waits for one requery of an unknown payment, at most `deadline` (a `timedelta`
        or `int` milliseconds); answers the payment as it stands then.

        Raises `NotFoundError`.
        """
    def list(
        self, wallet_id: UUID | str, before: UUID | str | None = None, limit: int = 100
    ) -> tuple[Payment, ...]:
        """A wallet's payments, newest first, before one; `limit` 1 to 500.

        Raises `InvalidArgumentError`, `NotFoundError`.
        """
    def list_by_status(
        self, status: PaymentStatus | str, after: UUID | str | None = None, limit: int = 100
    ) -> tuple[Payment, ...]:
        """Payments in one state, oldest first, after one; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def tokens(self, payment_id: UUID | str) -> tuple[str, ...]:
        """What the customer bought: electricity tokens, pins.

        Raises `NotFoundError`; `NotAllowedError` without the key they were sealed with;
        `CorruptError`.
        """
    def explain(self, payment_id: UUID | str) -> Explanation:
        """Every state, attempt, evidence, timer and decision of a payment, in order.

        Raises `NotFoundError`.
        """
    def receive_webhook(
        self, provider: str, headers: Mapping[str, str] | Iterable[tuple[str, str]], body: bytes
    ) -> WebhookReceipt:
        """Takes a webhook in as the host received it, headers as a mapping or pairs and
        the body as `bytes`: the provider verifies it, the engine applies it as
        evidence. Repeating it changes nothing.

        Raises `NotFoundError`, `TooLongError`, `WebhookRejectedError`,
        `UnsupportedByProviderError`.
        """
    def float_balance(self, provider: str) -> Money:
        """What the provider says is left of the money prepaid there. Calls the provider
        on this thread.

        Raises `NotFoundError`, `UnsupportedByProviderError`, `ProviderUnavailableError`.
        """
    def top_up_float(self, provider: str, amount: Money, external_reference: str) -> None:
        """Books prepaid money sent to a provider. Each external reference is booked once.

        Raises `InvalidArgumentError`, `InvalidAmountError`, `TooLongError`,
        `ExternalReferenceUsedError`, `NotAllowedError` when more would be prepaid than
        ever came in.
        """

@final
class ManualClock:
    """A clock that stands still until it is told to move. For tests and simulation.

    `ManualClock(datetime(2026, 3, 1, tzinfo=timezone.utc))`; give it to
    `Config(clock=...)`. A file that was opened with one is marked as simulated.
    """

    def __new__(cls, now: datetime) -> Self: ...
    def advance(self, span: timedelta | int) -> None:
        """Lets time pass: a `timedelta`, or an `int` of milliseconds."""
    def set_wall(self, now: datetime) -> None:
        """Sets the wall clock alone, as an administrator or NTP would."""
    def wall(self) -> datetime:
        """What the wall clock shows: a `datetime` in UTC."""
    def monotonic_ms(self) -> int:
        """Milliseconds since the clock was made; never goes back."""

@final
class SeededEntropy:
    """Randomness that is the same every time, from a seed of 64 bits. For tests and
    simulation: `Config(entropy=...)`.

    Several configurations may share one: each engine goes on where the last one
    stopped, as after a restart. `Config(seed=...)` begins anew with every engine.
    """

    def __new__(cls, seed: int) -> Self: ...

@final
class Config:
    """Everything an engine needs to open. `path` is the database file, created when
    missing; `keys` signs the users' tokens, and has no default. Everything else is
    a keyword and may be left out:

    - `providers`: a mapping of code to provider object.
    - `worker` (`WorkerMode`): `BACKGROUND` threads by default; `MANUAL`: nothing
      runs but in `run_due()`.
    - `file_permissions` (`FilePermissions`): `STRICT` by default: files readable by
      others and directories writable by others are refused.
    - `call_deadline` (30 s): how long a call may wait before it raises `BusyError`.
    - `close_deadline` (5 s): how long `close()`, the end of a `with` block and the
      interpreter's exit wait for provider calls.
    - `currency` ("NGN"): of the wallet that `register` makes.
    - `tokens`, `passwords`, `hash_cost`, `hash_concurrency`, `pepper`, `lockout`:
      how users log in.
    - `audit_key` (32 bytes or more): keys the audit chain.
    - `vault_key` (32 bytes) under `vault_key_id` (1): encrypts what customers bought.
    - `bill_backoff`, `reversal_backoff`, `requery_backoff`, `breaker`, `rate`,
      `drain_max` (64), `refresh_interval` (5 s): how the queue works.
    - `transfer_fee`, `withdrawal_fee` (none), `quote_life` (15 minutes).
    - `restored` (False): the file was put back from a byte-for-byte copy.
    - `clock` (`ManualClock`, or an object with `wall()` and `monotonic_ms()`) and
      `seed` (an int) or `entropy` (`SeededEntropy`, or an object with `fill(length)`):
      simulation. The file is marked as simulated for good.

    Spans are `timedelta`, or `int` milliseconds. Malformed values raise here,
    contradictions in `FusePay.open`.
    """

    def __new__(
        cls,
        path: str | os.PathLike[str],
        keys: KeyRing,
        *,
        providers: Mapping[str, Provider] | None = None,
        worker: WorkerMode | str | None = None,
        file_permissions: FilePermissions | str | None = None,
        call_deadline: timedelta | int | None = None,
        close_deadline: timedelta | int | None = None,
        currency: str | None = None,
        tokens: TokenPolicy | None = None,
        passwords: PasswordPolicy | None = None,
        hash_cost: HashCost | None = None,
        hash_concurrency: int | None = None,
        pepper: Pepper | None = None,
        lockout: LockoutPolicy | None = None,
        audit_key: str | bytes | None = None,
        vault_key: str | bytes | None = None,
        vault_key_id: int | None = None,
        bill_backoff: Backoff | None = None,
        reversal_backoff: Backoff | None = None,
        requery_backoff: Backoff | None = None,
        breaker: BreakerPolicy | None = None,
        rate: RatePolicy | None = None,
        transfer_fee: FeePolicy | None = None,
        withdrawal_fee: FeePolicy | None = None,
        drain_max: int | None = None,
        quote_life: timedelta | int | None = None,
        refresh_interval: timedelta | int | None = None,
        restored: bool | None = None,
        clock: ManualClock | Clock | None = None,
        seed: int | None = None,
        entropy: Entropy | SeededEntropy | None = None,
    ) -> Self: ...

@final
class FusePay:
    """An engine over one database: wallets, bill payments and reversals.

    `FusePay.open(config)` opens it; use it as a context manager, or call `close()`.
    Every method may be called from any thread and lets other threads run while it
    waits. A process opens a file once; several processes may open the same file.

    In a forked child every call raises `ForkedError`, and so does opening a file
    that the parent had open at the fork: open engines after forking (in the worker,
    not before `gunicorn --preload`), or start children by `spawn`.
    """

    @staticmethod
    def open(config: Config) -> FusePay:
        """Opens an engine on a file, which is created when missing and migrated when
        older.

        Raises `InvalidConfigError`, `UnsafeFileError`, `UnsupportedFileSystemError`,
        `AlreadyOpenError`, `SchemaTooNewError`, `CorruptError`, `BusyError` when
        another process is opening it, and the storage faults.
        """
    def close(self, timeout: timedelta | int | None = None) -> None:
        """Closes the engine: waits until `timeout` (a `timedelta` or `int`
        milliseconds; the configuration's `close_deadline` by default) for provider
        calls to end, makes the ones that did not unknown, and lets go of the file.
        Later calls raise `ClosedError`; a second close does nothing.
        """
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: Any) -> None: ...
    def run_due(self) -> RunReport:
        """Runs everything that is due now, once: in the manual worker mode on this
        thread, provider calls included. In the background mode it only helps the
        worker along.
        """
    def due_now(self) -> datetime:
        """The moment on the engine's own timeline, on which jobs, holds and quotes
        fall due: the wall clock at open, moved on by the monotonic clock.
        """
    def register_provider(self, code: str, provider: Provider) -> None:
        """Registers a further provider, or replaces the adapter of a known one. Calls
        under way stay with the adapter they began with.

        Raises `InvalidArgumentError`, `InvalidConfigError`.
        """
    def verify(self) -> VerifyReport:
        """Checks the whole file on one snapshot: money, balances, payments, holds,
        jobs, events, audit chain, SQLite's own integrity, and the schema. Reads
        every row; other calls go on meanwhile. What is wrong is in the report.
        """
    def ledger_digest(self) -> str:
        """The SHA-256 of what the ledger says, as 64 hexadecimal digits. The same
        scenario gives the same digest, whatever ids and times it ran with.
        """
    def stats(self) -> Stats:
        """Where payments, jobs, money, providers and files stand. Counts payments row
        by row: meant for a dashboard's minute, not for every request.
        """
    def backup(self, destination: str | os.PathLike[str]) -> None:
        """Copies the live database, as of now, to a new file (0600), while other calls
        go on. The copy appears whole or not at all, and is marked as a copy.

        Raises `InvalidArgumentError` for a path that names no file,
        `UnsafeFileError`, `UnsupportedFileSystemError`, `NotAllowedError` when there
        is a file already, `StorageFullError`.
        """
    def declare_restored(self) -> int:
        """Tells the engine that its file was restored byte for byte in its old place:
        payments that wait to be sent are queried first. Answers how many. Call it
        right after opening, before the queue runs.
        """
    @property
    def auth(self) -> Auth:
        """Users and sessions, as the host sees them: everybody's."""
    @property
    def wallet(self) -> Wallets:
        """Wallets, as the host sees them: all of them."""
    @property
    def bill(self) -> Bills:
        """Bills, as the host sees them: everybody's."""
    @property
    def reversal(self) -> Reversals:
        """Whatever gives money back: reversals, refunds, reviews, claims, suspense."""
    @property
    def history(self) -> History:
        """Histories: transactions, pages, statements; everybody's."""
    @property
    def events(self) -> Events:
        """What happened, in order, and who in this process is told of it."""
    @property
    def queue(self) -> Queue:
        """The queue: dead letters and counts."""
    @property
    def audit(self) -> Audit:
        """The audit trail, for auditors."""
    def session(self, access_token: str) -> Session:
        """What the user an access token stands for may do, and nothing else.

        Raises `InvalidTokenError`.
        """

@final
class Money:
    """An amount of money: a whole number of minor units (kobo, cents) of one currency.

    `Money(250000, "NGN")` takes an `int` as minor units; `Money("2500.00", "NGN")`
    and `Money(Decimal("2500.00"), "NGN")` take major units, exactly: both of these
    are the same 2,500 naira. Never a `float`.

    Immutable, hashable, picklable; amounts of one currency are ordered, added and
    subtracted, negated, and summed by `sum`. Mixing currencies raises `CurrencyMismatchError`.
    """

    def __new__(cls, amount: int | str | Decimal, currency: str) -> Self: ...
    @property
    def minor(self) -> int:
        """The amount in minor units (kobo, cents): an `int`."""
    @property
    def currency(self) -> str:
        """The currency: three letters of ISO 4217."""
    @property
    def amount(self) -> Decimal:
        """The amount in major units: a `Decimal` with the currency's decimal places."""
    def split(self, parts: int) -> tuple[Money, ...]:
        """Splits into `parts` amounts (1 to 10,000) that differ by at most one minor
        unit and add up to the whole; the larger ones come first.
        """
    def per_mille(self, per_mille: int) -> Money:
        """This times `per_mille / 1000`, rounded half up to a whole minor unit: 15 is 1.5 %."""
    def __add__(self, other: Money, /) -> Money: ...
    def __radd__(self, other: int, /) -> Money: ...
    def __neg__(self) -> Money: ...
    def __sub__(self, other: Money, /) -> Money: ...
    def __rsub__(self, other: Money, /) -> Money: ...
    def __bool__(self) -> bool: ...
    def __lt__(self, other: Money, /) -> bool: ...
    def __le__(self, other: Money, /) -> bool: ...
    def __gt__(self, other: Money, /) -> bool: ...
    def __ge__(self, other: Money, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class FeePolicy:
    """What an operation costs on top of its amount: a fixed part and a share,
    kept between a minimum and a maximum, rounded half up to a minor unit.
    `FeePolicy()` is free.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        fixed_minor: int | None = None,
        per_mille: int | None = None,
        minimum_minor: int | None = None,
        maximum_minor: int | None = None,
    ) -> Self: ...
    @property
    def fixed_minor(self) -> int:
        """Charged whatever the amount, in minor units. 0 by default."""
    @property
    def per_mille(self) -> int:
        """Charged per thousand of the amount: 15 is 1.5 %. 0 by default."""
    @property
    def minimum_minor(self) -> int:
        """The least charged, in minor units. 0 by default."""
    @property
    def maximum_minor(self) -> int | None:
        """The most charged, in minor units; `None` for no cap."""
    def for_amount(self, amount: Money) -> Money:
        """The fee for this amount."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Backoff:
    """How often a job runs, and how long it waits before each run. Delays in
    milliseconds. What is left out is as in `Backoff.bill()`, whatever it is for: to
    change a little of another schedule, write `Backoff.requery().replace(runs_max=10)`.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        initial_delay_ms: int | None = None,
        base_ms: int | None = None,
        runs_max: int | None = None,
        cap_ms: int | None = None,
        jitter_per_mille: int | None = None,
    ) -> Self: ...
    @property
    def initial_delay_ms(self) -> int:
        """The delay before the first run. 0 by default."""
    @property
    def base_ms(self) -> int:
        """What the delays between runs are multiples of: they are 1, 3, 7... times this. 2,000 by default."""
    @property
    def runs_max(self) -> int:
        """How many runs there are in all, 1 to 10,000. 3 by default."""
    @property
    def cap_ms(self) -> int:
        """The longest delay between two runs, before jitter. An hour by default."""
    @property
    def jitter_per_mille(self) -> int:
        """By how much of itself a delay may be longer, per thousand. 0 by default."""
    def replace(
        self,
        *,
        initial_delay_ms: int | None = None,
        base_ms: int | None = None,
        runs_max: int | None = None,
        cap_ms: int | None = None,
        jitter_per_mille: int | None = None,
    ) -> Backoff:
        """A copy in which only this is different."""
    @staticmethod
    def bill() -> Backoff:
        """For sending a payment: at once, then after 2 and 6 seconds."""
    @staticmethod
    def reversal() -> Backoff:
        """For giving money back: 5, 8, 17, 38 and 83 seconds after the failure."""
    @staticmethod
    def requery() -> Backoff:
        """For asking what became of a payment: after 5 seconds, then ever more
        slowly; 40 times, over five and a half hours, with a tenth of jitter.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BreakerPolicy:
    """When a provider that keeps failing is left alone for a while."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        failures_to_open: int | None = None,
        open_for_ms: int | None = None,
        half_open_calls: int | None = None,
    ) -> Self: ...
    @property
    def failures_to_open(self) -> int:
        """Failures in a row after which nothing is sent any more."""
    @property
    def open_for_ms(self) -> int:
        """How long it is left alone then, in milliseconds."""
    @property
    def half_open_calls(self) -> int:
        """How many calls must succeed after that before all are let through again."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class RatePolicy:
    """How often a provider may be called. `RatePolicy()` is without a limit."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, per_second: int | None = None, burst: int | None = None) -> Self: ...
    @property
    def per_second(self) -> int | None:
        """Calls per second on average; `None` for no limit."""
    @property
    def burst(self) -> int:
        """Calls at once after a pause. 1 by default."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class LockoutPolicy:
    """How failed log-ins slow down the next ones."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, free_failures: int | None = None, lock_at: int | None = None, lock_for_ms: int | None = None
    ) -> Self: ...
    @property
    def free_failures(self) -> int:
        """Failures without a wait; after each further one, 2^n seconds, n from 0. 5 by default."""
    @property
    def lock_at(self) -> int:
        """The failure from which on the account is locked. 10 by default."""
    @property
    def lock_for_ms(self) -> int:
        """How long a lock lasts, in milliseconds. 30 minutes by default."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class TokenPolicy:
    """Who issues tokens, for whom, and for how long. Times are in seconds."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        issuer: str | None = None,
        audience: str | None = None,
        access_lifetime_s: int | None = None,
        leeway_s: int | None = None,
        refresh_idle_s: int | None = None,
        refresh_absolute_s: int | None = None,
        refresh_grace_s: int | None = None,
    ) -> Self: ...
    @property
    def issuer(self) -> str:
        """`iss`: this engine, as its host names it. 1 to 255 bytes. "fusepay" by default."""
    @property
    def audience(self) -> str:
        """`aud`: who accepts the tokens. 1 to 255 bytes. "fusepay" by default."""
    @property
    def access_lifetime_s(self) -> int:
        """How long an access token lives. 15 minutes by default, at most a day."""
    @property
    def leeway_s(self) -> int:
        """How far clocks may differ. 0 by default, at most 60."""
    @property
    def refresh_idle_s(self) -> int:
        """How long a session may go without a refresh. 30 days by default."""
    @property
    def refresh_absolute_s(self) -> int:
        """How long a session may last in all. 90 days by default."""
    @property
    def refresh_grace_s(self) -> int:
        """How long after a rotation the previous refresh token still gets the
        same successor. 10 by default, at most 60.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class PasswordPolicy:
    """What a new password must be. Passwords already set are not judged again."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, minimum: int | None = None, with_second_factor: bool | None = None) -> Self: ...
    @property
    def minimum(self) -> int | None:
        """The least number of code points: 15 (8 with a second factor) to 64. The
        least by default.
        """
    @property
    def with_second_factor(self) -> bool:
        """Whether every log-in needs a second factor as well, which lets shorter
        passwords do. `False` by default.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class HashCost:
    """What one password hash (argon2id) costs whoever computes it. The defaults
    are OWASP's: 19 MiB, 2 passes, 1 lane.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, memory_kib: int | None = None, passes: int | None = None, lanes: int | None = None
    ) -> Self: ...
    @property
    def memory_kib(self) -> int:
        """Memory, in KiB. 19,456 by default."""
    @property
    def passes(self) -> int:
        """Passes over the memory. 2 by default."""
    @property
    def lanes(self) -> int:
        """Lanes. 1 by default."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Pepper:
    """A key outside the database that goes into every password hash, so that the
    file alone gives nothing to guess against. At least 32 bytes, under an id of 1
    to 8 letters, digits, `_`, `-`. Losing it loses every password made with it.
    """

    def __new__(cls, id: str, key: str | bytes) -> Self: ...
    def with_former(self, id: str, key: str | bytes) -> Pepper:
        """This pepper, with one that was used before: that one verifies, and is
        replaced at the next log-in.
        """

@final
class KeyRing:
    """The keys that sign and verify users' tokens: one that signs, any number that
    only verify. In memory alone; never stored, never shown.

    `KeyRing.hs256("2026-03", key)` with a random key of 32 bytes or more from your
    secret store; the engine refuses weak keys and placeholders.
    """

    @staticmethod
    def hs256(kid: str, key: str | bytes) -> KeyRing:
        """A ring that signs with HMAC-SHA-256 under this key id, the default choice.
        The key, `bytes` or `str`, has 32 bytes or more.
        """
    @staticmethod
    def eddsa(kid: str, seed: str | bytes) -> KeyRing:
        """A ring that signs with Ed25519, from a seed of exactly 32 bytes."""
    def with_verify_only(self, kid: str, key: str | bytes, not_after: datetime) -> KeyRing:
        """This ring, with a key that verifies until `not_after` (inclusive) and signs
        nothing. For Ed25519 its seed.
        """
    @property
    def signing_kid(self) -> str:
        """The id of the key that signs."""

@final
class PayRequest:
    """One payment to send."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        request_id: str,
        biller: str,
        item: str,
        customer_reference: str,
        amount: Money,
        metadata: dict[str, Any] | str,
        attempt: int,
        deadline: timedelta | int,
    ) -> Self: ...
    @property
    def request_id(self) -> str:
        """Our id for it: never changes, and is all that a later query has."""
    @property
    def biller(self) -> str:
        """The biller's code in the catalogue."""
    @property
    def item(self) -> str:
        """The item's code in the catalogue."""
    @property
    def customer_reference(self) -> str:
        """Whom to pay for: a meter, a phone, a policy."""
    @property
    def amount(self) -> Money:
        """What the biller is to receive."""
    @property
    def metadata(self) -> dict[str, Any]:
        """The notes given to `pay`."""
    @property
    def attempt(self) -> int:
        """Which send this is, from 1."""
    @property
    def deadline(self) -> timedelta:
        """How long from now the answer is waited for."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class QueryRequest:
    """One question about a payment sent earlier."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        request_id: str,
        provider_reference: str | None,
        amount: Money,
        sent_at: datetime,
        deadline: timedelta | int,
    ) -> Self: ...
    @property
    def request_id(self) -> str:
        """The id that was sent."""
    @property
    def provider_reference(self) -> str | None:
        """The provider's own number, where an earlier answer gave one."""
    @property
    def amount(self) -> Money:
        """What the biller was to receive."""
    @property
    def sent_at(self) -> datetime:
        """When it was first sent, by the wall clock."""
    @property
    def deadline(self) -> timedelta:
        """How long from now the answer is waited for."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class CustomerRequest:
    """One customer to look up before paying."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, biller: str, item: str, customer_reference: str, deadline: timedelta | int) -> Self: ...
    @property
    def biller(self) -> str:
        """The biller's code in the catalogue."""
    @property
    def item(self) -> str:
        """The item's code in the catalogue."""
    @property
    def customer_reference(self) -> str:
        """A meter, a phone, a policy."""
    @property
    def deadline(self) -> timedelta:
        """How long from now the answer is waited for."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Customer:
    """What the provider knows about a customer."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, name: str, address: str | None = None, minimum_minor: int | None = None) -> Self: ...
    @property
    def name(self) -> str:
        """The name the biller has."""
    @property
    def address(self) -> str | None:
        """The address the biller has, if any."""
    @property
    def minimum_minor(self) -> int | None:
        """The least the customer must pay, in minor units, if the biller says so."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Webhook:
    """A webhook as the host received it."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, headers: Mapping[str, str] | Iterable[tuple[str, str]], body: bytes) -> Self: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Header names, as received, and their values: pairs, or a mapping."""
    @property
    def body(self) -> bytes:
        """The body, byte for byte: signatures are over this."""
    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Capabilities:
    """What a provider can do; read once, when it is registered."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        idempotent_submit: timedelta | int | None = None,
        can_query: bool | None = None,
        not_found_grace: timedelta | int | None = None,
        not_found_times: int | None = None,
        request_id_format: RequestIdFormat | None = None,
        call_deadline: timedelta | int | None = None,
        concurrent_calls_max: int | None = None,
    ) -> Self: ...
    @property
    def idempotent_submit(self) -> timedelta | None:
        """For how long sending the same request id again is safe. `None`, the
        default: it is never safe, and the engine resends only after `NotSent`.
        """
    @property
    def can_query(self) -> bool:
        """Whether `query` works. `True` by default; without it an unknown payment
        goes to review.
        """
    @property
    def not_found_grace(self) -> timedelta:
        """How long after a send "not found" may still turn into "paid". 5 minutes by default."""
    @property
    def not_found_times(self) -> int:
        """How many times in a row, past the grace, "not found" must be answered
        before it counts as conclusive. 3 by default, at least 1.
        """
    @property
    def request_id_format(self) -> RequestIdFormat:
        """How the provider wants its request ids. UUIDs by default."""
    @property
    def call_deadline(self) -> timedelta:
        """How long one call may take before the engine calls it unknown. A minute by default."""
    @property
    def concurrent_calls_max(self) -> int:
        """How many calls may run at the same time, 1 to 64. 4 by default."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class RequestIdFormat:
    """How a provider wants its request ids."""

    @staticmethod
    def uuid() -> RequestIdFormat:
        """36 characters, hexadecimal with hyphens. The default."""
    @staticmethod
    def hex(characters: int) -> RequestIdFormat:
        """This many lower-case hexadecimal characters, 16 to 64."""
    @staticmethod
    def vtpass_timed() -> RequestIdFormat:
        """VTpass: twelve digits of `YYYYMMDDHHII` in Africa/Lagos, then 20 hexadecimal
        characters. The time is the `requested_at` of `pay`.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class User:
    """One consistent snapshot of a user."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        email: str,
        first_name: str,
        last_name: str,
        role: Role | str,
        status: UserStatus | str,
        version: int,
        created_at: datetime,
        updated_at: datetime,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Their id."""
    @property
    def email(self) -> str:
        """Their address, in lower case; no two users have the same."""
    @property
    def first_name(self) -> str:
        """Their first name."""
    @property
    def last_name(self) -> str:
        """Their last name."""
    @property
    def role(self) -> Role:
        """What they may do beyond their own wallets."""
    @property
    def status(self) -> UserStatus:
        """Whether they may log in."""
    @property
    def version(self) -> int:
        """Rises with every change of the user, also of the password and when all
        sessions end. Pass it as `expected_version` to have a change refused
        when it is no longer this.
        """
    @property
    def created_at(self) -> datetime:
        """When they registered."""
    @property
    def updated_at(self) -> datetime:
        """When something of this last changed."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class SessionRecord:
    """A session of a user that is alive."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, id: UUID | str, user_id: UUID | str, device: str, created_at: datetime, refreshed_at: datetime
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id: the `sid` of its tokens."""
    @property
    def user_id(self) -> UUID:
        """Whose it is."""
    @property
    def device(self) -> str:
        """What the host called the device at log-in; may be empty."""
    @property
    def created_at(self) -> datetime:
        """When it began."""
    @property
    def refreshed_at(self) -> datetime:
        """When its tokens were last refreshed."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Tokens:
    """The tokens of a session. `repr` shows neither of them; a pickle holds both."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        user_id: UUID | str,
        session_id: UUID | str,
        access: str,
        access_expires_at: datetime,
        refresh: str,
    ) -> Self: ...
    @property
    def user_id(self) -> UUID:
        """Whose they are."""
    @property
    def session_id(self) -> UUID:
        """The session they belong to."""
    @property
    def access(self) -> str:
        """The access token: opens a session, for a short time."""
    @property
    def access_expires_at(self) -> datetime:
        """From when on the access token is refused."""
    @property
    def refresh(self) -> str:
        """The refresh token: gets the next pair, once."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Principal:
    """Whom a valid access token stands for, as of this call."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, user_id: UUID | str, session_id: UUID | str, role: Role | str) -> Self: ...
    @property
    def user_id(self) -> UUID:
        """The user."""
    @property
    def session_id(self) -> UUID:
        """The session."""
    @property
    def role(self) -> Role:
        """The user's role now, whatever it was when the token was made."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class UserPage:
    """Some users, in the order in which they registered."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, users: Iterable[User], next: UUID | str | None) -> Self: ...
    @property
    def users(self) -> tuple[User, ...]:
        """The users."""
    @property
    def next(self) -> UUID | None:
        """Pass it as `after` for the next page; `None` when this was the last."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Registered:
    """A new user with the first wallet, logged in."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, user: User, wallet: Wallet, tokens: Tokens) -> Self: ...
    @property
    def user(self) -> User:
        """The user."""
    @property
    def wallet(self) -> Wallet:
        """Their first wallet, in the configured currency."""
    @property
    def tokens(self) -> Tokens:
        """The tokens of their first session."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Biller:
    """A company that bills are paid to."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, code: str, name: str, category: str, providers: Iterable[str], enabled: bool | None = None
    ) -> Self: ...
    @property
    def code(self) -> str:
        """Its code, unique in the catalogue: 1 to 64 letters, digits, `-`, `_`, `.`."""
    @property
    def name(self) -> str:
        """Its name for people."""
    @property
    def category(self) -> str:
        """What its bills are for, in capitals: `ELECTRICITY`, `DATA`, `AIRTIME`, `TV`..."""
    @property
    def providers(self) -> tuple[str, ...]:
        """The codes of the providers that serve it, the preferred first; 1 to 8. A
        payment goes to one of them, chosen when it is made, and never to a second.
        """
    @property
    def enabled(self) -> bool:
        """Whether it can be paid now. `True` by default."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BillItem:
    """Something a biller sells: prepaid units, a data bundle, a policy."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        code: str,
        name: str,
        currency: str,
        minimum_minor: int,
        maximum_minor: int,
        fee: FeePolicy | None = None,
        validates_customer: bool | None = None,
        enabled: bool | None = None,
    ) -> Self: ...
    @property
    def code(self) -> str:
        """Its code, unique for its biller: 1 to 64 letters, digits, `-`, `_`, `.`."""
    @property
    def name(self) -> str:
        """Its name for people."""
    @property
    def currency(self) -> str:
        """The currency it is paid in."""
    @property
    def minimum_minor(self) -> int:
        """The least that can be paid, in minor units. At least 1."""
    @property
    def maximum_minor(self) -> int:
        """The most that can be paid, in minor units. Equal to the minimum for a fixed price."""
    @property
    def fee(self) -> FeePolicy:
        """What the payer is charged on top. Nothing by default."""
    @property
    def validates_customer(self) -> bool:
        """Whether the customer must be validated with the provider before paying.
        `False` by default.
        """
    @property
    def enabled(self) -> bool:
        """Whether it can be bought now. `True` by default."""
    @property
    def minimum(self) -> Decimal:
        """`minimum_minor` in major units."""
    @property
    def maximum(self) -> Decimal:
        """`maximum_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Quote:
    """A price for a bill, good until it expires, used once."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        user_id: UUID | str,
        biller: str,
        item: str,
        customer_reference: str,
        customer_name: str | None,
        amount: Money,
        fee: Money,
        created_at: datetime,
        expires_at: datetime,
        payment_id: UUID | str | None,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id."""
    @property
    def user_id(self) -> UUID:
        """Who asked for it; nobody else can use it."""
    @property
    def biller(self) -> str:
        """The biller's code."""
    @property
    def item(self) -> str:
        """The item's code."""
    @property
    def customer_reference(self) -> str:
        """For whom it would be paid."""
    @property
    def customer_name(self) -> str | None:
        """The name the biller has for the customer, if it was looked up."""
    @property
    def amount(self) -> Money:
        """What the biller would receive."""
    @property
    def fee(self) -> Money:
        """What the payer would be charged on top."""
    @property
    def created_at(self) -> datetime:
        """When it was given."""
    @property
    def expires_at(self) -> datetime:
        """Until when it is good, on the engine's timeline."""
    @property
    def payment_id(self) -> UUID | None:
        """The payment it was used for."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Payment:
    """A bill payment as it stands."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        user_id: UUID | str,
        wallet_id: UUID | str,
        biller: str,
        item: str,
        category: str,
        provider: str,
        customer_reference: str,
        amount: Money,
        fee: Money,
        status: PaymentStatus | str,
        version: int,
        request_id: str,
        refunded_minor: int,
        provider_reference: str | None,
        receipt: str | None,
        failure_code: str | None,
        failure_reason: str | None,
        review_reason: ReviewReason | str | None,
        claim_minor: int,
        suspense_minor: int,
        metadata: dict[str, Any] | str,
        created_at: datetime,
        updated_at: datetime,
        completed_at: datetime | None,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id; also the id of its `BILL_PAYMENT` transaction."""
    @property
    def user_id(self) -> UUID:
        """Who pays."""
    @property
    def wallet_id(self) -> UUID:
        """From which wallet."""
    @property
    def biller(self) -> str:
        """The biller's code."""
    @property
    def item(self) -> str:
        """The item's code."""
    @property
    def category(self) -> str:
        """What the bill is for."""
    @property
    def provider(self) -> str:
        """The provider it goes to; chosen when it was made, never another."""
    @property
    def customer_reference(self) -> str:
        """For whom it is paid."""
    @property
    def amount(self) -> Money:
        """What the biller receives."""
    @property
    def fee(self) -> Money:
        """What the payer is charged on top."""
    @property
    def status(self) -> PaymentStatus:
        """Where it stands."""
    @property
    def version(self) -> int:
        """Rises with every change."""
    @property
    def request_id(self) -> str:
        """Our id at the provider; sent with every attempt, never changes."""
    @property
    def refunded_minor(self) -> int:
        """What has been returned by request, in minor units."""
    @property
    def provider_reference(self) -> str | None:
        """The provider's own number, once known."""
    @property
    def receipt(self) -> str | None:
        """A receipt to show, if the provider gave one."""
    @property
    def failure_code(self) -> str | None:
        """Why it failed, by the provider's code or ours."""
    @property
    def failure_reason(self) -> str | None:
        """Why it failed, for people."""
    @property
    def review_reason(self) -> ReviewReason | None:
        """Why an operator has to look at it."""
    @property
    def claim_minor(self) -> int:
        """What the provider was paid after the reversal, in minor units: a claim."""
    @property
    def suspense_minor(self) -> int:
        """What waits in suspense for the owner, in minor units."""
    @property
    def metadata(self) -> dict[str, Any]:
        """The notes given to `pay`."""
    @property
    def created_at(self) -> datetime:
        """When it was made."""
    @property
    def updated_at(self) -> datetime:
        """When it last changed."""
    @property
    def completed_at(self) -> datetime | None:
        """When the provider's confirmation was booked."""
    @property
    def reference(self) -> str:
        """The reference to show: `BILL_` and 32 hexadecimal characters."""
    @property
    def transaction_status(self) -> TransactionStatus:
        """Its status in the words of the transaction its owner sees."""
    @property
    def refunded(self) -> Decimal:
        """`refunded_minor` in major units."""
    @property
    def claim(self) -> Decimal:
        """`claim_minor` in major units."""
    @property
    def suspense(self) -> Decimal:
        """`suspense_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Attempt:
    """One contact with a provider about a payment."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: int,
        kind: AttemptKind | str,
        outcome: OutcomeKind | str,
        detail: str | None,
        evidence_hash: str | None,
        evidence_text: str | None,
        started_at: datetime,
        finished_at: datetime | None,
    ) -> Self: ...
    @property
    def id(self) -> int:
        """Its number, from 1 in this database."""
    @property
    def kind(self) -> AttemptKind:
        """What kind of contact."""
    @property
    def outcome(self) -> OutcomeKind:
        """What it found out."""
    @property
    def detail(self) -> str | None:
        """A sentence about it."""
    @property
    def evidence_hash(self) -> str | None:
        """SHA-256 of the raw answer, in hexadecimal."""
    @property
    def evidence_text(self) -> str | None:
        """The answer, secrets removed; an adapter's traceback where it raised."""
    @property
    def started_at(self) -> datetime:
        """When it began."""
    @property
    def finished_at(self) -> datetime | None:
        """When its outcome was recorded."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class PaymentStep:
    """One decision about a payment."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        at: datetime,
        before: PaymentStatus | str,
        after: PaymentStatus | str,
        attempt_id: int | None,
        decision: str,
    ) -> Self: ...
    @property
    def at(self) -> datetime:
        """When."""
    @property
    def before(self) -> PaymentStatus:
        """The status before."""
    @property
    def after(self) -> PaymentStatus:
        """The status after; the same where the decision was to go on."""
    @property
    def attempt_id(self) -> int | None:
        """The attempt it rests on."""
    @property
    def decision(self) -> str:
        """What was decided and why."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Explanation:
    """Everything known about a payment, in order."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, payment: Payment, steps: Iterable[PaymentStep], attempts: Iterable[Attempt], next_job: Job | None
    ) -> Self: ...
    @property
    def payment(self) -> Payment:
        """The payment as it stands."""
    @property
    def steps(self) -> tuple[PaymentStep, ...]:
        """Every decision, oldest first."""
    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every contact with the provider, oldest first, with its evidence."""
    @property
    def next_job(self) -> Job | None:
        """The timer that will act next, if there is one."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class WebhookReceipt:
    """What became of a webhook."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, matched: int, unknown: int) -> Self: ...
    @property
    def matched(self) -> int:
        """Notices in it that name a payment of ours."""
    @property
    def unknown(self) -> int:
        """Notices in it that name none."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class RunReport:
    """What one step of the queue did."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, claimed: int, calls: int, next_due: datetime | None) -> Self: ...
    @property
    def claimed(self) -> int:
        """Jobs claimed."""
    @property
    def calls(self) -> int:
        """Provider calls begun (and, in the manual mode, ended)."""
    @property
    def next_due(self) -> datetime | None:
        """When the next job is due, on the engine's timeline."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Violation:
    """Something in the file that must not be."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, invariant: str, subject: str, detail: str) -> Self: ...
    @property
    def invariant(self) -> str:
        """`I1` to `I9`, `FILE` for damage that SQLite itself finds, `SCHEMA`
        for tables, indexes and triggers that are not FusePay's, or `ROWS` for a
        table with a row that is not as the engine wrote it.
        """
    @property
    def subject(self) -> str:
        """What it is about: an account's name, `payment ...`, `posting ...`, `audit ...`."""
    @property
    def detail(self) -> str:
        """What is wrong, with the numbers."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class VerifyReport:
    """What verification found."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        is_sound: bool,
        violations: Iterable[Violation],
        violation_count: int,
        accounts: int,
        postings: int,
        payments: int,
        holds: int,
        jobs: int,
        events: int,
        audit_entries: int,
        audit_head: AuditHead,
    ) -> Self: ...
    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
    @property
    def violations(self) -> tuple[Violation, ...]:
        """What is wrong: the first 100."""
    @property
    def violation_count(self) -> int:
        """How much is wrong, the unlisted included."""
    @property
    def accounts(self) -> int:
        """Accounts read."""
    @property
    def postings(self) -> int:
        """Postings read."""
    @property
    def payments(self) -> int:
        """Payments read."""
    @property
    def holds(self) -> int:
        """Holds read."""
    @property
    def jobs(self) -> int:
        """Jobs there are."""
    @property
    def events(self) -> int:
        """Events read."""
    @property
    def audit_entries(self) -> int:
        """Audit entries read and followed, up to the first bad one."""
    @property
    def audit_head(self) -> AuditHead:
        """The end of the audit chain as far as it is sound: worth keeping elsewhere."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class AuditHead:
    """The end of the audit chain at some moment. Kept outside the database, it
    proves later that nothing up to it was changed, and nothing cut off.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, sequence: int, hash: bytes) -> Self: ...
    @property
    def sequence(self) -> int:
        """The sequence of the last entry; 0 when there is none."""
    @property
    def hash(self) -> bytes:
        """Its hash, 32 bytes; zeros when there is none."""
    @staticmethod
    def parse(text: str) -> AuditHead:
        """Reads exactly what `str` writes: the sequence in decimal, a colon, 64
        lower-case hexadecimal digits.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Job:
    """A job as an operator sees it."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: int,
        kind: JobKind | str,
        status: JobStatus | str,
        subject: UUID | str,
        provider: str | None,
        runs: int,
        crashes: int,
        due_at: datetime,
        last_error: str | None,
        created_at: datetime,
        died_at: datetime | None,
    ) -> Self: ...
    @property
    def id(self) -> int:
        """Its number."""
    @property
    def kind(self) -> JobKind:
        """What it does."""
    @property
    def status(self) -> JobStatus:
        """Where it stands."""
    @property
    def subject(self) -> UUID:
        """What it is about: a payment's or a hold's id."""
    @property
    def provider(self) -> str | None:
        """The provider it calls, if it calls one."""
    @property
    def runs(self) -> int:
        """Runs that counted."""
    @property
    def crashes(self) -> int:
        """Times its process died under it."""
    @property
    def due_at(self) -> datetime:
        """When it runs next, on the engine's timeline."""
    @property
    def last_error(self) -> str | None:
        """Why the last run failed."""
    @property
    def created_at(self) -> datetime:
        """When it was queued."""
    @property
    def died_at(self) -> datetime | None:
        """When it became a dead letter."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class JobCount:
    """How many jobs of one kind are in one state."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, kind: JobKind | str, status: JobStatus | str, count: int, oldest_due: datetime | None
    ) -> Self: ...
    @property
    def kind(self) -> JobKind:
        """What they do."""
    @property
    def status(self) -> JobStatus:
        """Where they stand."""
    @property
    def count(self) -> int:
        """How many."""
    @property
    def oldest_due(self) -> datetime | None:
        """When the first of them is due, on the engine's timeline."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class PaymentCount:
    """How many payments are in one state."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, status: PaymentStatus | str, count: int) -> Self: ...
    @property
    def status(self) -> PaymentStatus:
        """The state."""
    @property
    def count(self) -> int:
        """How many."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class SystemBalance:
    """The balance of one system account."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(cls, account: str, provider: str | None, currency: str, balance_minor: int) -> Self: ...
    @property
    def account(self) -> str:
        """`funding`, `clearing`, `float`, `fees`, `suspense` or `claims`."""
    @property
    def provider(self) -> str | None:
        """The provider, for clearing and float."""
    @property
    def currency(self) -> str:
        """The currency."""
    @property
    def balance_minor(self) -> int:
        """Credits minus debits, in minor units. Prepaid money left at a provider
        is the negative of its float.
        """
    @property
    def balance(self) -> Decimal:
        """`balance_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ProviderStats:
    """One provider as the engine sees it now."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls, provider: str, breaker: BreakerState | str, submits_in_flight: int, queries_in_flight: int
    ) -> Self: ...
    @property
    def provider(self) -> str:
        """Its code."""
    @property
    def breaker(self) -> BreakerState:
        """Its circuit breaker."""
    @property
    def submits_in_flight(self) -> int:
        """Sends under way."""
    @property
    def queries_in_flight(self) -> int:
        """Queries under way."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Stats:
    """Where everything stands. Counts and balances are of one snapshot."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        payments: Iterable[PaymentCount],
        jobs: Iterable[JobCount],
        dead_letters: int,
        balances: Iterable[SystemBalance],
        providers: Iterable[ProviderStats],
        commits: int,
        commit_members: int,
        event_head: int,
        audit_head: AuditHead,
        database_bytes: int,
        wal_bytes: int,
    ) -> Self: ...
    @property
    def payments(self) -> tuple[PaymentCount, ...]:
        """Payments by state; states without payments are left out."""
    @property
    def jobs(self) -> tuple[JobCount, ...]:
        """Jobs by kind and state, each with the due time of its first."""
    @property
    def dead_letters(self) -> int:
        """Dead letters: jobs that wait for an operator."""
    @property
    def balances(self) -> tuple[SystemBalance, ...]:
        """Balances of the system accounts that have been used, by name."""
    @property
    def providers(self) -> tuple[ProviderStats, ...]:
        """Providers, by code."""
    @property
    def commits(self) -> int:
        """Commits of this engine since it opened."""
    @property
    def commit_members(self) -> int:
        """Transactions in them; more than `commits` is what group commit saved."""
    @property
    def event_head(self) -> int:
        """The number of the last event; 0 when there is none."""
    @property
    def audit_head(self) -> AuditHead:
        """The end of the audit chain."""
    @property
    def database_bytes(self) -> int:
        """Size of the database file, in bytes."""
    @property
    def wal_bytes(self) -> int:
        """Size of its write-ahead log, in bytes."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Wallet:
    """One consistent snapshot of a wallet."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        user_id: UUID | str,
        currency: str,
        label: str,
        status: WalletStatus | str,
        balance_minor: int,
        held_minor: int,
        available_minor: int,
        credit_limit_minor: int,
        version: int,
        created_at: datetime,
        updated_at: datetime,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id."""
    @property
    def user_id(self) -> UUID:
        """Whose it is."""
    @property
    def currency(self) -> str:
        """Its currency; never changes."""
    @property
    def label(self) -> str:
        """A name its owner gave it; may be empty."""
    @property
    def status(self) -> WalletStatus:
        """Whether it may be used."""
    @property
    def balance_minor(self) -> int:
        """Credits minus debits, in minor units."""
    @property
    def held_minor(self) -> int:
        """Reserved by active holds, in minor units."""
    @property
    def available_minor(self) -> int:
        """What may be spent now: balance - held + credit limit, in minor units."""
    @property
    def credit_limit_minor(self) -> int:
        """How far below zero the balance may go, in minor units."""
    @property
    def version(self) -> int:
        """Rises with every change of the money in it. Pass it as
        `expected_version` to have a change refused when it is no longer this.
        """
    @property
    def created_at(self) -> datetime:
        """When it came into being."""
    @property
    def updated_at(self) -> datetime:
        """When its label, status or limits last changed."""
    @property
    def balance(self) -> Decimal:
        """`balance_minor` in major units."""
    @property
    def held(self) -> Decimal:
        """`held_minor` in major units."""
    @property
    def available(self) -> Decimal:
        """`available_minor` in major units."""
    @property
    def credit_limit(self) -> Decimal:
        """`credit_limit_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Hold:
    """A reservation of part of a wallet's balance."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        wallet_id: UUID | str,
        currency: str,
        amount_minor: int,
        captured_minor: int,
        status: HoldStatus | str,
        description: str | None,
        created_at: datetime,
        expires_at: datetime,
        resolved_at: datetime | None,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id."""
    @property
    def wallet_id(self) -> UUID:
        """The wallet whose balance is reserved."""
    @property
    def currency(self) -> str:
        """Its currency."""
    @property
    def amount_minor(self) -> int:
        """What was reserved, in minor units."""
    @property
    def captured_minor(self) -> int:
        """What has been captured of it, in minor units."""
    @property
    def status(self) -> HoldStatus:
        """Its state."""
    @property
    def description(self) -> str | None:
        """A text for people, if one was given."""
    @property
    def created_at(self) -> datetime:
        """When it was authorised."""
    @property
    def expires_at(self) -> datetime:
        """When it is given back by itself."""
    @property
    def resolved_at(self) -> datetime | None:
        """When it was resolved, once it is."""
    @property
    def remaining_minor(self) -> int:
        """What is still reserved, in minor units."""
    @property
    def amount(self) -> Decimal:
        """`amount_minor` in major units."""
    @property
    def captured(self) -> Decimal:
        """`captured_minor` in major units."""
    @property
    def remaining(self) -> Decimal:
        """`remaining_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Limit:
    """A bound on what leaves a wallet within one window. At least one of
    `amount_max_minor` and `count_max` is given.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        window: LimitWindow | str,
        category: str | None = None,
        amount_max_minor: int | None = None,
        count_max: int | None = None,
    ) -> Self: ...
    @property
    def window(self) -> LimitWindow:
        """Over which span it counts: a calendar day or month in UTC, or one transaction."""
    @property
    def category(self) -> str | None:
        """Only bills of this category count; `None`: everything that leaves."""
    @property
    def amount_max_minor(self) -> int | None:
        """The most that may leave within the window, in minor units."""
    @property
    def count_max(self) -> int | None:
        """The most movements within the window. Not for a window of one transaction."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Transaction:
    """One money event as one wallet sees it. A transfer between two wallets is
    one transaction with a line in each history.
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        id: UUID | str,
        reference: str,
        wallet_id: UUID | str,
        sequence: int,
        kind: TransactionType | str,
        status: TransactionStatus | str,
        amount_minor: int,
        currency: str,
        balance_minor: int,
        counterparty: UUID | str | None,
        payment_id: UUID | str | None,
        hold_id: UUID | str | None,
        reverses: UUID | str | None,
        reversed_by: UUID | str | None,
        external_reference: str | None,
        description: str | None,
        failure_reason: str | None,
        metadata: dict[str, Any] | str | None,
        created_at: datetime,
    ) -> Self: ...
    @property
    def id(self) -> UUID:
        """Its id."""
    @property
    def reference(self) -> str:
        """The reference to show, such as `BILL_0198...`."""
    @property
    def wallet_id(self) -> UUID:
        """The wallet this line belongs to."""
    @property
    def sequence(self) -> int:
        """The line's number in the wallet, from 1, without gaps."""
    @property
    def kind(self) -> TransactionType:
        """What kind of money event."""
    @property
    def status(self) -> TransactionStatus:
        """Where it stands; moves for the debits of a bill payment."""
    @property
    def amount_minor(self) -> int:
        """Positive for money in, negative for money out, in minor units."""
    @property
    def currency(self) -> str:
        """Its currency."""
    @property
    def balance_minor(self) -> int:
        """The wallet's balance after it, in minor units."""
    @property
    def counterparty(self) -> UUID | None:
        """The other wallet of a transfer or capture between wallets."""
    @property
    def payment_id(self) -> UUID | None:
        """The payment it belongs to."""
    @property
    def hold_id(self) -> UUID | None:
        """The hold it captured."""
    @property
    def reverses(self) -> UUID | None:
        """The transaction it gives back, for a reversal or refund."""
    @property
    def reversed_by(self) -> UUID | None:
        """The transaction that gave it back, if one did."""
    @property
    def external_reference(self) -> str | None:
        """The host's own reference, or the provider's."""
    @property
    def description(self) -> str | None:
        """A text for people."""
    @property
    def failure_reason(self) -> str | None:
        """Why it failed, for the debits of a failed payment."""
    @property
    def metadata(self) -> dict[str, Any] | None:
        """The host's own notes."""
    @property
    def created_at(self) -> datetime:
        """When it was booked."""
    @property
    def amount(self) -> Decimal:
        """`amount_minor` in major units."""
    @property
    def balance(self) -> Decimal:
        """`balance_minor` in major units."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class TransferRequest:
    """Money from one wallet to another, for `Wallets.transfer_batch`. (`from` is a
    keyword of Python, hence `from_`.)
    """

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        from_: UUID | str,
        to: UUID | str,
        amount: Money,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Self: ...
    @property
    def from_(self) -> UUID:
        """The wallet that is debited."""
    @property
    def to(self) -> UUID:
        """The wallet that is credited; another one, of the same currency."""
    @property
    def amount(self) -> Money:
        """How much; more than zero."""
    @property
    def description(self) -> str | None:
        """A text for people, at most 500 bytes."""
    @property
    def metadata(self) -> dict[str, Any]:
        """The host's own notes: a `dict`, or a JSON object as text."""
    @property
    def idempotency_key(self) -> str | None:
        """Not for a batch, whose key is its own."""
    @property
    def expected_version(self) -> int | None:
        """Refuse with `ConflictError` unless the debited wallet is at this version."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Wallets:
    """Wallets and the money in them: `engine.wallet`.

    Amounts are `Money`, ids `UUID` or their text, `metadata` a `dict` or a JSON
    object as text. The same `idempotency_key` again gives the same answer again,
    and does nothing twice; after an `InDoubtError` repeat with its key.
    """

    def create(self, user_id: UUID | str, currency: str, label: str = "") -> Wallet:
        """Gives a user a further wallet; at most 100.

        Raises `TooLongError`, `InvalidArgumentError`, `NotFoundError`,
        `NotAllowedError` for a deactivated user or one wallet too many.
        """
    def find(self, wallet_id: UUID | str) -> Wallet:
        """One wallet with balance, held and available as one consistent snapshot.

        Raises `NotFoundError`.
        """
    def list(self, user_id: UUID | str) -> tuple[Wallet, ...]:
        """A user's wallets, oldest first. A user without wallets, or no such user: none."""
    def fund(
        self,
        wallet_id: UUID | str,
        amount: Money,
        *,
        external_reference: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Books money that came in from outside. Each external reference (1 to 128
        bytes) is booked once.

        Raises `InvalidAmountError`, `TooLongError`, `InvalidArgumentError`,
        `NotFoundError`, `IdempotencyKeyReusedError`, `CurrencyMismatchError`,
        `WalletFrozenError`, `WalletClosedError`, `ExternalReferenceUsedError`,
        `ConflictError`, `AmountOverflowError`.
        """
    def withdraw(
        self,
        wallet_id: UUID | str,
        amount: Money,
        *,
        external_reference: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Books money that left to the outside, and the withdrawal fee. Limits apply.
        Each external reference is booked once.

        Raises what `fund` raises, and `LimitExceededError`, `InsufficientFundsError`.
        """
    def credit(
        self,
        wallet_id: UUID | str,
        amount: Money,
        *,
        external_reference: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Credits a wallet by the host's own decision.

        Raises what `fund` raises.
        """
    def debit(
        self,
        wallet_id: UUID | str,
        amount: Money,
        *,
        external_reference: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Debits a wallet by the host's own decision. No fee, no limits.

        Raises what `fund` raises, and `InsufficientFundsError`.
        """
    def transfer(
        self,
        from_: UUID | str,
        to: UUID | str,
        amount: Money,
        *,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Moves money between two wallets of one currency; answers the sender's line.
        The transfer fee and the sender's limits apply.

        Raises `InvalidAmountError`, `SameWalletError`, `NotFoundError`,
        `IdempotencyKeyReusedError`, `CurrencyMismatchError`, `WalletFrozenError`,
        `WalletClosedError`, `ConflictError`, `LimitExceededError`,
        `InsufficientFundsError`, `AmountOverflowError`.
        """
    def transfer_batch(
        self, requests: Iterable[TransferRequest], *, idempotency_key: str | None = None
    ) -> tuple[Transaction, ...]:
        """Books up to 10,000 transfers (`TransferRequest`) in one commit: all or none.
        The key covers the whole batch.

        Raises what `transfer` raises; the first refusal refuses all.
        """
    def authorise(
        self,
        wallet_id: UUID | str,
        amount: Money,
        life: timedelta | int,
        *,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Hold:
        """Reserves part of a balance until it is captured, released or expires. `life`,
        a `timedelta` or `int` milliseconds, is a second to 400 days.

        Raises `InvalidAmountError`, `InvalidArgumentError`, `NotFoundError`,
        `IdempotencyKeyReusedError`, `CurrencyMismatchError`, `WalletFrozenError`,
        `WalletClosedError`, `InsufficientFundsError`.
        """
    def capture(
        self,
        hold_id: UUID | str,
        amount: Money,
        *,
        to: UUID | str | None = None,
        remainder: Remainder | str | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Transaction:
        """Takes held money, in whole or in part, to another wallet (`to`) or the
        outside. `remainder` says what happens to the rest of the hold: `RELEASE`, the
        default, or `KEEP`.

        Raises `InvalidAmountError`, `NotFoundError`, `IdempotencyKeyReusedError`,
        `CurrencyMismatchError`, `HoldResolvedError`, `CaptureAboveHoldError`,
        `WalletFrozenError`, `WalletClosedError`, `LimitExceededError`.
        """
    def release(self, hold_id: UUID | str, *, idempotency_key: str | None = None) -> Hold:
        """Gives held money back.

        Raises `NotFoundError`, `IdempotencyKeyReusedError`, `HoldResolvedError`.
        """
    def find_hold(self, hold_id: UUID | str) -> Hold:
        """One hold.

        Raises `NotFoundError`.
        """
    def holds(self, wallet_id: UUID | str, status: HoldStatus | str, limit: int = 100) -> tuple[Hold, ...]:
        """The holds of a wallet in one state, oldest first; `limit` 1 to 500.

        Raises `InvalidArgumentError`, `NotFoundError`.
        """
    def set_status(self, wallet_id: UUID | str, status: WalletStatus | str) -> Wallet:
        """Freezes (debits or all), thaws or closes a wallet. A closed wallet stays
        closed; only an empty one can be.

        Raises `NotFoundError`, `WalletClosedError`, `NotAllowedError`,
        `WalletNotEmptyError`.
        """
    def set_credit_limit(self, wallet_id: UUID | str, limit_minor: int) -> Wallet:
        """Sets how far below zero the balance may go, in minor units.

        Raises `InvalidAmountError`, `NotFoundError`, `AmountOverflowError`,
        `InsufficientFundsError` when the wallet already owes more.
        """
    def set_limit(self, wallet_id: UUID | str, limit: Limit) -> None:
        """Sets one `Limit`, replacing the one for the same window and category. What was
        spent in the window already counts.

        Raises `InvalidArgumentError`, `NotFoundError`.
        """
    def remove_limit(
        self, wallet_id: UUID | str, window: LimitWindow | str, category: str | None = None
    ) -> bool:
        """Removes one limit; False when there was none.

        Raises `InvalidArgumentError` for what is no category; `NotFoundError`.
        """
    def limits(self, wallet_id: UUID | str) -> tuple[Limit, ...]:
        """The limits of a wallet.

        Raises `NotFoundError`.
        """

@final
class Reversals:
    """Whatever gives money back: reversals, refunds, reviews, claims, suspense:
    `engine.reversal`.
    """

    def reverse(self, payment_id: UUID | str) -> Payment:
        """Reverses a failed payment now instead of when its job is due. One that is
        reversed already answers as it is.

        Raises `NotFoundError`, `NotReversibleError` without conclusive evidence.
        """
    def refund(
        self,
        payment_id: UUID | str,
        amount: Money,
        source: RefundSource | str,
        reason: str,
        *,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Returns part or all of a completed payment; refunds add up to at most amount and
        fee. `source` says who bears it: `BILLER` or `HOST`. `reason` (at most 500 bytes)
        is kept in the audit and shown in the history.

        Raises `InvalidAmountError`, `TooLongError`, `NotFoundError`,
        `IdempotencyKeyReusedError`, `NotReversibleError`, `CurrencyMismatchError`,
        `RefundAbovePaidError`, `WalletFrozenError`, `WalletClosedError`.
        """
    def resolve_review(self, payment_id: UUID | str, verdict: Paid | NotPaid, reason: str) -> Payment:
        """Ends a review with an operator's evidence, which the audit keeps: `Paid` with what
        the biller confirmed, or `NotPaid`, and the money goes back. `reason` has at most
        500 bytes.

        Raises `NotFoundError`, `NotAllowedError` when it is not under review,
        `NotReversibleError` while a send may still be under way.
        """
    def open_claims(self, limit: int = 100) -> tuple[Payment, ...]:
        """Late successes that wait to be settled, oldest first; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def settle_claim(self, payment_id: UUID | str, settlement: ClaimSettlement | str, reason: str) -> Payment:
        """Ends the claim of a late success: `RECOVERED_FROM_PROVIDER` or `WRITTEN_OFF`.
        `reason` has at most 500 bytes.

        Raises `NotFoundError`, `NotAllowedError`.
        """
    def open_suspense(self, limit: int = 100) -> tuple[Payment, ...]:
        """Payments whose money waits in suspense, oldest first; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def release_suspense(self, payment_id: UUID | str, to: UUID | str | None = None) -> Payment:
        """Moves a payment's money from suspense to its wallet, or `to` another wallet of the
        same user.

        Raises `NotFoundError`, `NotAllowedError`, `ForbiddenError`,
        `CurrencyMismatchError`, `WalletFrozenError`, `WalletClosedError`,
        `AmountOverflowError`.
        """

@final
class History:
    """Histories: transactions, pages, statements; everybody's: `engine.history`.

    Amounts are positive for money in and negative for money out; a line's balance is
    the wallet's after it, below zero only on credit.
    """

    def find(self, transaction_id: UUID | str) -> tuple[Transaction, ...]:
        """The lines of one transaction: one, or two (the debit first) when it moved money
        between two wallets.

        Raises `NotFoundError`, also for movements that touch no wallet.
        """
    def find_by_reference(self, reference: str) -> tuple[Transaction, ...]:
        """The lines of the transaction with this reference, exactly as it is shown: `BILL_`
        and 32 characters `0-9 A-F`.

        Raises `InvalidIdError`, `NotFoundError`, also for the reference of another type
        with the same id.
        """
    def find_by_external_reference(
        self, kind: TransactionType | str, reference: str
    ) -> tuple[Transaction, ...]:
        """The lines of the transaction of this type that the host booked under its own
        reference, 1 to 128 bytes.

        Raises `TooLongError`, `InvalidArgumentError`, `NotFoundError`.
        """
    def page(
        self,
        wallet_id: UUID | str,
        *,
        from_: datetime | None = None,
        until: datetime | None = None,
        kind: TransactionType | str | None = None,
        status: TransactionStatus | str | None = None,
        metadata_contains: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> HistoryPage:
        """A page of a wallet's lines, newest first; `limit` 1 to 500. Without a cursor the
        newest; with the `next_cursor` of a page the ones that follow it, with the same
        wallet and filter. What is booked while one pages is newer than the first page:
        nothing comes twice, nothing is missed.

        Everything given must hold: booked at or after `from_`, before `until`, of this
        `kind`, standing at this `status` now, with exactly this text in the metadata's
        canonical JSON (keys sorted, no blanks; 1 to 256 bytes).

        Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`,
        `InvalidCursorError` for a cursor of another wallet or filter.
        """
    def page_of_user(
        self,
        user_id: UUID | str,
        *,
        from_: datetime | None = None,
        until: datetime | None = None,
        kind: TransactionType | str | None = None,
        status: TransactionStatus | str | None = None,
        metadata_contains: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> HistoryPage:
        """As `page`, over all wallets of a user, merged in the order of booking. A transfer
        between two of them shows both its lines. A user without wallets, or no such user:
        an empty page.

        Raises `InvalidArgumentError`, `TooLongError`, `InvalidCursorError`.
        """
    def statement(self, wallet_id: UUID | str, from_: datetime, until: datetime) -> Statement:
        """The lines of a wallet from `from_` to just before `until`, oldest first, with the
        balances around them; at most 100,000 lines.

        Raises `InvalidArgumentError` when `until` is before `from_`, `NotFoundError`,
        `TooLongError`, `CorruptError` when the lines do not add up.
        """
    def balance_at(self, wallet_id: UUID | str, at: datetime) -> Money:
        """The balance after the last line booked at or before a moment; zero before the
        first. Holds are not in it.

        Raises `NotFoundError`.
        """

@final
class Queue:
    """The queue, for operators: dead letters and counts: `engine.queue`."""

    def find(self, job_id: int) -> Job:
        """One job that is not finished.

        Raises `NotFoundError`.
        """
    def dead_letters(self, after: int | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Dead letters, oldest first, after one; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def counts(self) -> tuple[JobCount, ...]:
        """How many jobs there are, by kind and state."""
    def retry(self, job_id: int) -> Job:
        """Puts a dead letter back in the queue, due now, with fresh runs.

        Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError` when its payment is
        under review.
        """
    def resolve(self, job_id: int, reason: str) -> None:
        """Closes a dead letter with a reason.

        Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError` while its payment
        still waits for its money.
        """

@final
class Audit:
    """The audit trail, read only, for auditors: `engine.audit`."""

    def read(self, after: int | None = None, limit: int = 100) -> tuple[AuditRecord, ...]:
        """Entries after a sequence (0: from the first), in order; `limit` 1 to 500.

        Raises `InvalidArgumentError`, `CorruptError` when an entry can't be read.
        """
    def head(self) -> AuditHead:
        """The end of the chain now. Kept outside the database, it later proves by `verify`
        that nothing was changed or cut off up to it.
        """
    def verify(self, head: AuditHead | None = None) -> AuditReport:
        """Follows the chain from its first entry to its last, and holds it against a head
        taken earlier when one is given; names the first bad entry. Reads every entry;
        other calls go on meanwhile. What is wrong with the chain is in the report.
        """

@final
class Events:
    """What happened, in order and without gaps, and who in this process is told of it:
    `engine.events`. Each event is written in the commit it tells of, and stays.
    """

    def read(self, after: int | None = None, limit: int = 100) -> tuple[Event, ...]:
        """The events after one, in order; `limit` 1 to 500. From the first with 0. The same
        question gives the same events for ever.

        Raises `InvalidArgumentError`.
        """
    def head(self) -> int:
        """The number of the last event; 0 when there is none."""
    def cursor(self, subscriber: str) -> int | None:
        """The last event a subscriber has taken, of all names; `None` when the name was
        never used. Names have 1 to 100 bytes, no control characters.

        Raises `TooLongError`, `InvalidArgumentError`.
        """
    def acknowledge(self, subscriber: str, sequence: int) -> None:
        """Remembers, durably, that everything up to `sequence` was taken. A cursor that is
        further already stays: acknowledging twice is no change.

        Raises `TooLongError`, `InvalidArgumentError`, also for a number that no event has
        yet.
        """
    def rewind(self, subscriber: str, sequence: int) -> None:
        """Moves a cursor back, so that what comes after `sequence` is told again. A cursor
        that is further back already stays.

        Raises what `acknowledge` raises.
        """
    def subscribe(
        self,
        name: str,
        subscriber: Subscriber,
        *,
        start: StartAt | str | None = None,
        only: Iterable[EventName | str] | None = None,
    ) -> Subscription:
        """Tells a subscriber of every event, or of the names in `only`: after the commit, in
        order, at least once. Its cursor is kept under its name, so that it goes on where
        it was after a restart; `start` (`NOW` by default, or `BEGINNING`) counts for a
        name that is new to the database.

        The subscriber is a callable, or an object with `notify(event)`; either may be a
        coroutine function, which runs on the engine's event loop thread. In the background
        mode it is called on a thread of its own; in the manual mode by `run_due`. The next
        event comes after it returned; after an exception (logged with its traceback under
        `fusepay.events`) the same one comes again, 1, 2, 4 ... 60 s later. It may come again
        after a crash too: keep `event.sequence` with the effect. It may call the engine, but
        should hold it by a `weakref`, or neither is ever freed.

        Keep the answer: the subscription ends when it is closed or freed.

        Raises `TooLongError`, `InvalidArgumentError`, `NotAllowedError` while this engine
        has a subscription of this name.
        """
    def subscribe_to(
        self,
        name: str,
        only: Iterable[EventName | str],
        subscriber: Subscriber,
        *,
        start: StartAt | str | None = None,
    ) -> Subscription:
        """As `subscribe`, for the events of these names alone; for all when there are none."""

@final
class Session:
    """What one logged-in user may do: `engine.session(access_token)`. Ids of other users
    answer `NotFoundError`, like ids of nobody.

    The token is verified again at every call. Every method raises `InvalidTokenError`,
    in the same words, once the token has expired or its session has ended: by log-out,
    another password, deactivation, another role, a refresh token used twice, or a
    retired key. Make a new session from the refreshed token.
    """

    def principal(self) -> Principal:
        """Whom the session stands for, now.

        Raises `InvalidTokenError`.
        """
    def profile(self) -> User:
        """The user.

        Raises `InvalidTokenError`.
        """
    def update_profile(
        self,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        expected_version: int | None = None,
    ) -> User:
        """Changes the user's names; what is left out stays. With `expected_version` only
        while the user is at it.

        Raises `InvalidTokenError`, `InvalidArgumentError`, `TooLongError`, `ConflictError`.
        """
    def change_password(self, current: str | bytes, new: str | bytes) -> Tokens:
        """Replaces the password. A wrong current one counts as a failed log-in. All sessions
        end, this one too; the answer belongs to a new one on the same device.

        Raises `InvalidTokenError`, `InvalidArgumentError`, `WeakPasswordError`,
        `InvalidCredentialsError`, `HashingBusyError`.
        """
    def sessions(self) -> tuple[SessionRecord, ...]:
        """The user's sessions that are alive, newest first.

        Raises `InvalidTokenError`.
        """
    def revoke_session(self, session_id: UUID | str) -> None:
        """Ends one of the user's sessions.

        Raises `InvalidTokenError`, `NotFoundError`.
        """
    def logout(self) -> None:
        """Ends this session.

        Raises `InvalidTokenError`.
        """
    def logout_everywhere(self) -> None:
        """Ends all sessions of the user, this one too.

        Raises `InvalidTokenError`.
        """
    @property
    def wallet(self) -> SessionWallets:
        """The user's wallets."""
    @property
    def bill(self) -> SessionBills:
        """Bills, paid from the user's wallets."""
    @property
    def history(self) -> SessionHistory:
        """The histories of the user's wallets."""
    @property
    def operator(self) -> Operator:
        """What the user may do with everybody's, by role. The role is read again at every
        call: a demotion takes effect at the next one.
        """

@final
class SessionWallets:
    """A user's wallets: `session.wallet`. Every method first raises `InvalidTokenError`
    when the session has ended.
    """

    def list(self) -> tuple[Wallet, ...]:
        """The user's wallets, oldest first."""
    def create(self, currency: str, label: str = "") -> Wallet:
        """Gives the user a further wallet.

        Raises `TooLongError`, `InvalidArgumentError`, `NotAllowedError` for one wallet too
        many.
        """
    def find(self, wallet_id: UUID | str) -> Wallet:
        """One of the user's wallets with its money, as one snapshot.

        Raises `NotFoundError`.
        """
    def transfer(
        self,
        from_: UUID | str,
        to: UUID | str,
        amount: Money,
        *,
        description: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> Transaction:
        """Moves money out of one of the user's wallets into any wallet of the same currency;
        answers the user's line. The transfer fee and the wallet's limits apply.

        Raises what `engine.wallet.transfer` raises; `NotFoundError` when the source is not
        the user's.
        """
    def find_hold(self, hold_id: UUID | str) -> Hold:
        """One hold on one of the user's wallets.

        Raises `NotFoundError`.
        """
    def holds(self, wallet_id: UUID | str, status: HoldStatus | str, limit: int = 100) -> tuple[Hold, ...]:
        """The holds of one of the user's wallets in one state, oldest first; `limit` 1 to 500.

        Raises `InvalidArgumentError`, `NotFoundError`.
        """
    def limits(self, wallet_id: UUID | str) -> tuple[Limit, ...]:
        """The limits of one of the user's wallets.

        Raises `NotFoundError`.
        """

@final
class SessionBills:
    """A user's bills: `session.bill`. Every method first raises `InvalidTokenError` when
    the session has ended.
    """

    def billers(
        self, category: str | None = None, after: str | None = None, limit: int = 100
    ) -> tuple[Biller, ...]:
        """Billers in the order of their codes, after one; `limit` 1 to 500.

        Raises `InvalidArgumentError`.
        """
    def items(self, biller: str) -> tuple[BillItem, ...]:
        """The items of a biller.

        Raises `NotFoundError`.
        """
    def validate_customer(self, biller: str, item: str, customer_reference: str) -> Customer:
        """Asks the biller about a customer. Calls the provider on this thread.

        Raises `BillerUnavailableError`, `CustomerRejectedError`,
        `UnsupportedByProviderError`, `ProviderUnavailableError`.
        """
    def quote(self, biller: str, item: str, customer_reference: str, amount: Money) -> Quote:
        """Prices a bill for the user. Where the item demands it, the customer is validated
        with the provider first, on this thread.

        Raises what `engine.bill.quote` raises.
        """
    def pay(
        self,
        wallet_id: UUID | str,
        biller: str,
        item: str,
        customer_reference: str,
        amount: Money,
        *,
        quote_id: UUID | str | None = None,
        metadata: dict[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        requested_at: datetime | None = None,
        expected_version: int | None = None,
    ) -> Payment:
        """Pays a bill from one of the user's wallets: as `engine.bill.pay`.

        Raises what `engine.bill.pay` raises; `NotFoundError` when the wallet is not the
        user's.
        """
    def find(self, payment_id: UUID | str) -> Payment:
        """One of the user's payments as it stands. Never calls a provider.

        Raises `NotFoundError`.
        """
    def refresh(self, payment_id: UUID | str, deadline: timedelta | int) -> Payment:
        """Waits for one requery of an unknown payment, at most `deadline` (a `timedelta` or
        `int` milliseconds); answers the payment as it stands then.

        Raises `NotFoundError`.
        """
    def list(
        self, wallet_id: UUID | str, before: UUID | str | None = None, limit: int = 100
    ) -> tuple[Payment, ...]:
        """The payments of one of the user's wallets, newest first, before one; `limit` 1 to
        500.

        Raises `InvalidArgumentError`, `NotFoundError`.
        """
    def tokens(self, payment_id: UUID | str) -> tuple[str, ...]:
        """What the user bought: electricity tokens, pins.

        Raises `NotFoundError`; `NotAllowedError` without the key they were sealed with;
        `CorruptError`.
        """

@final
class SessionHistory:
    """The histories of a user's wallets: `session.history`. Every method first raises
    `InvalidTokenError` when the session has ended.
    """

    def find(self, transaction_id: UUID | str) -> tuple[Transaction, ...]:
        """The user's lines of one transaction.

        Raises `NotFoundError`.
        """
    def find_by_reference(self, reference: str) -> tuple[Transaction, ...]:
        """The user's lines of the transaction with this reference, exactly as it is shown.

        Raises `InvalidIdError`, `NotFoundError`.
        """
    def page(
        self,
        wallet_id: UUID | str,
        *,
        from_: datetime | None = None,
        until: datetime | None = None,
        kind: TransactionType | str | None = None,
        status: TransactionStatus | str | None = None,
        metadata_contains: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> HistoryPage:
        """A page of one of the user's wallets, newest first: as `engine.history.page`.

        Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`,
        `InvalidCursorError`.
        """
    def page_of_all(
        self,
        *,
        from_: datetime | None = None,
        until: datetime | None = None,
        kind: TransactionType | str | None = None,
        status: TransactionStatus | str | None = None,
        metadata_contains: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> HistoryPage:
        """As `page`, over all of the user's wallets, merged in the order of booking.

        Raises `InvalidArgumentError`, `TooLongError`, `InvalidCursorError`.
        """
    def statement(self, wallet_id: UUID | str, from_: datetime, until: datetime) -> Statement:
        """The lines of one of the user's wallets from `from_` to just before `until`, oldest
        first, with the balances around them; at most 100,000 lines.

        Raises `InvalidArgumentError`, `NotFoundError`, `TooLongError`, `CorruptError`.
        """
    def balance_at(self, wallet_id: UUID | str, at: datetime) -> Money:
        """The balance of one of the user's wallets after the last line booked at or before a
        moment.

        Raises `NotFoundError`.
        """

@final
class Operator:
    """What a role opens beyond the user's own: `session.operator`. Every method first
    raises `InvalidTokenError` when the session has ended, then `ForbiddenError`, in the
    same words, when the role does not allow it.
    """

    def list_users(self, after: UUID | str | None = None, limit: int = 100) -> UserPage:
        """Users in the order in which they registered, after one; `limit` 1 to 500.
        Operators, auditors, admins.

        Raises `InvalidArgumentError`, `InvalidCursorError`.
        """
    def search_users(self, text: str, after: UUID | str | None = None, limit: int = 100) -> UserPage:
        """Users whose address or one of whose names begins with `text`: as
        `engine.auth.search_users`. Operators, auditors, admins.

        Raises `TooLongError`, `InvalidArgumentError`, `InvalidCursorError`.
        """
    def find_user(self, user_id: UUID | str) -> User:
        """One user. Operators, auditors, admins.

        Raises `NotFoundError`.
        """
    def sessions(self, user_id: UUID | str) -> tuple[SessionRecord, ...]:
        """The sessions of a user that are alive. Operators, auditors, admins.

        Raises `NotFoundError`.
        """
    def end_sessions(self, user_id: UUID | str) -> None:
        """Ends all sessions of a user. Operators, admins.

        Raises `NotFoundError`.
        """
    def deactivate(self, user_id: UUID | str) -> User:
        """Forbids a user to log in, and ends their sessions. Admins.

        Raises `NotFoundError`, `LastAdminError`.
        """
    def reactivate(self, user_id: UUID | str) -> User:
        """Lets a deactivated user log in again. Admins.

        Raises `NotFoundError`.
        """
    def set_role(self, user_id: UUID | str, role: Role | str) -> User:
        """Gives a user another role, and ends their sessions. Admins.

        Raises `NotFoundError`, `InvalidArgumentError` (`system`), `LastAdminError`.
        """
    def find_wallet(self, wallet_id: UUID | str) -> Wallet:
        """Anybody's wallet with its money. Operators, auditors, admins.

        Raises `NotFoundError`.
        """
    def list_wallets(self, user_id: UUID | str) -> tuple[Wallet, ...]:
        """Anybody's wallets, oldest first. Operators, auditors, admins."""
    def history(
        self,
        wallet_id: UUID | str,
        *,
        from_: datetime | None = None,
        until: datetime | None = None,
        kind: TransactionType | str | None = None,
        status: TransactionStatus | str | None = None,
        metadata_contains: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> HistoryPage:
        """A page of anybody's history, as `engine.history.page`. Operators, auditors, admins.

        Raises `InvalidArgumentError`, `TooLongError`, `NotFoundError`,
        `InvalidCursorError`.
        """
    def set_wallet_status(self, wallet_id: UUID | str, status: WalletStatus | str) -> Wallet:
        """Freezes or thaws a wallet; the host closes them. Operators, admins.

        Raises `InvalidArgumentError`, `NotFoundError`, `WalletClosedError`.
        """
    def find_payment(self, payment_id: UUID | str) -> Payment:
        """Anybody's payment as it stands. Operators, auditors, admins.

        Raises `NotFoundError`.
        """
    def explain_payment(self, payment_id: UUID | str) -> Explanation:
        """Everything known about a payment. Operators, auditors, admins.

        Raises `NotFoundError`.
        """
    def list_payments(
        self, status: PaymentStatus | str, after: UUID | str | None = None, limit: int = 100
    ) -> tuple[Payment, ...]:
        """Payments in one state, oldest first, after one; `limit` 1 to 500. Operators,
        auditors, admins.

        Raises `InvalidArgumentError`.
        """
    def refund(
        self,
        payment_id: UUID | str,
        amount: Money,
        source: RefundSource | str,
        reason: str,
        *,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Returns part or all of a completed payment: as `engine.reversal.refund`.
        Operators, admins.

        Raises what `engine.reversal.refund` raises.
        """
    def reverse(self, payment_id: UUID | str) -> Payment:
        """Reverses a failed payment now. Operators, admins.

        Raises `NotFoundError`, `NotReversibleError`.
        """
    def resolve_review(self, payment_id: UUID | str, verdict: Paid | NotPaid, reason: str) -> Payment:
        """Ends a review with evidence: as `engine.reversal.resolve_review`. Operators, admins.

        Raises what `engine.reversal.resolve_review` raises.
        """
    def open_suspense(self, limit: int = 100) -> tuple[Payment, ...]:
        """Payments whose money waits in suspense, oldest first; `limit` 1 to 500. Operators,
        auditors, admins.

        Raises `InvalidArgumentError`.
        """
    def release_suspense(self, payment_id: UUID | str, to: UUID | str | None = None) -> Payment:
        """Moves a payment's money from suspense to its owner. Operators, admins.

        Raises what `engine.reversal.release_suspense` raises.
        """
    def open_claims(self, limit: int = 100) -> tuple[Payment, ...]:
        """Late successes that wait to be settled, oldest first; `limit` 1 to 500. Operators,
        auditors, admins.

        Raises `InvalidArgumentError`.
        """
    def settle_claim(self, payment_id: UUID | str, settlement: ClaimSettlement | str, reason: str) -> Payment:
        """Ends the claim of a late success. Operators, admins.

        Raises `NotFoundError`, `NotAllowedError`.
        """
    def dead_letters(self, after: int | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Dead letters, oldest first, after one; `limit` 1 to 500. Operators, auditors, admins.

        Raises `InvalidArgumentError`.
        """
    def job_counts(self) -> tuple[JobCount, ...]:
        """How many jobs there are, by kind and state. Operators, auditors, admins."""
    def retry_job(self, job_id: int) -> Job:
        """Puts a dead letter back in the queue. Operators, admins.

        Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError`.
        """
    def resolve_job(self, job_id: int, reason: str) -> None:
        """Closes a dead letter with a reason. Operators, admins.

        Raises `NotFoundError`, `JobNotDeadError`, `NotAllowedError`.
        """

@final
class Event:
    """Something that happened. Delivered at least once, in the order of `sequence`."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        sequence: int,
        name: EventName | str,
        at: datetime,
        user: UUID | str | None,
        wallet: UUID | str | None,
        payment: UUID | str | None,
        transaction: UUID | str | None,
        hold: UUID | str | None,
        job: int | None,
        payload: dict[str, Any] | str,
    ) -> Self: ...
    @property
    def sequence(self) -> int:
        """Its place among all events of the database: from 1, without gaps."""
    @property
    def name(self) -> EventName:
        """What happened."""
    @property
    def at(self) -> datetime:
        """When it was committed, by the wall clock."""
    @property
    def user(self) -> UUID | None:
        """The user it is about, if any."""
    @property
    def wallet(self) -> UUID | None:
        """The wallet it is about, if any."""
    @property
    def payment(self) -> UUID | None:
        """The payment it is about, if any."""
    @property
    def transaction(self) -> UUID | None:
        """The transaction it is about, if any."""
    @property
    def hold(self) -> UUID | None:
        """The hold it is about, if any."""
    @property
    def job(self) -> int | None:
        """The job it is about, if any."""
    @property
    def payload(self) -> dict[str, Any]:
        """Details: strings and integers. Never a secret."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class AuditRecord:
    """One entry of the audit trail."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        sequence: int,
        at: datetime,
        actor: str,
        action: str,
        subject: str,
        success: bool,
        origin: str,
        payload: dict[str, Any] | str,
    ) -> Self: ...
    @property
    def sequence(self) -> int:
        """Its place: from 1, without gaps."""
    @property
    def at(self) -> datetime:
        """When it was committed, by the wall clock."""
    @property
    def actor(self) -> str:
        """Who did it: `host`, `system`, or a user's id."""
    @property
    def action(self) -> str:
        """What was done: the name of an event or of an operation."""
    @property
    def subject(self) -> str:
        """To what: an id, or the hash of a name that must not be shown."""
    @property
    def success(self) -> bool:
        """Whether it was done; `False` when it was refused or failed."""
    @property
    def origin(self) -> str:
        """From where it was asked."""
    @property
    def payload(self) -> dict[str, Any]:
        """Details. Never a secret."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class AuditReport:
    """What following the audit chain found."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        is_sound: bool,
        entries: int,
        head: AuditHead,
        first_bad: int | None,
        detail: str | None,
    ) -> Self: ...
    @property
    def is_sound(self) -> bool:
        """Whether every entry is as it was written and none is missing."""
    @property
    def entries(self) -> int:
        """Entries that are sound, counted from the first."""
    @property
    def head(self) -> AuditHead:
        """The end of the chain, as far as it is sound."""
    @property
    def first_bad(self) -> int | None:
        """The first entry that is changed, missing, or cut off."""
    @property
    def detail(self) -> str | None:
        """What is wrong with it."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class HistoryPage:
    """Some lines of a history, newest first, and how to ask for the next ones."""

    __match_args__: ClassVar[tuple[str, ...]]
    def __new__(
        cls,
        lines: Iterable[Transaction],
        next_cursor: str | None,
    ) -> Self: ...
    @property
    def lines(self) -> tuple[Transaction, ...]:
        """The lines, newest first; amounts positive for money in."""
    @property
    def next_cursor(self) -> str | None:
        """What to give for the next page; `None` on the last one."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Statement:
    """A wallet's lines from one moment to another, oldest first, with the balance
    before the first and after the last: `opening + sum of amounts = closing`.

    Statements that follow each other show every line exactly once, even if the
    wall clock went back in between.
    """

    @property
    def wallet_id(self) -> UUID:
        """Whose history."""
    @property
    def currency(self) -> str:
        """The currency of every amount in it."""
    @property
    def from_(self) -> datetime:
        """The moment it begins with."""
    @property
    def until(self) -> datetime:
        """The moment it ends before."""
    @property
    def opening_minor(self) -> int:
        """The balance just before `from_`, in minor units; below zero on credit."""
    @property
    def closing_minor(self) -> int:
        """The balance just before `until`, in minor units; below zero on credit."""
    @property
    def lines(self) -> tuple[Transaction, ...]:
        """The lines, oldest first; amounts positive for money in."""
    @property
    def opening(self) -> Decimal:
        """`opening_minor` in major units."""
    @property
    def closing(self) -> Decimal:
        """`closing_minor` in major units."""
    def to_csv(self) -> str:
        """The lines as CSV (RFC 4180): a header, one record per line, CRLF ends. Amounts
        are exact decimals in major units, times RFC 3339 in UTC, what is absent is
        empty. Texts from outside that a spreadsheet would run get an apostrophe in
        front.
        """
    def to_json(self) -> str:
        """The statement as one JSON object: amounts in minor units as integers, times in
        milliseconds, metadata as the text of its JSON object.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Subscription:
    """A subscriber being served: what `engine.events.subscribe` answers. Closing it, leaving
    its `with` block or freeing it ends that: no further event is handed over, one
    that is under way is not waited for, and the cursor stays.
    """

    @property
    def name(self) -> str:
        """The subscriber's name."""
    def close(self) -> None:
        """Ends it. A second time does nothing."""
    def keep(self) -> None:
        """Lets it last as long as the engine, whatever becomes of this object."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: object) -> None: ...

"""What a provider is, and what it may answer.

A provider is any object with `pay` and `query`; the rest is optional. Each method may be a plain
function, called on a thread of the engine (or, in the manual worker mode, on the thread that calls
`run_due`), or a coroutine function, run on the engine's event loop thread. Answer what you can prove,
`Unknown` for everything else: the engine asks again until it knows. An exception, a wrong type and
`None` count as `Unknown`, and `engine.bill.explain` shows the traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from fusepay._fusepay import PayRequest, QueryRequest


@dataclass(frozen=True)
class Paid:
    """The biller has the money."""

    provider_reference: str
    """The provider's own number for the payment."""
    amount_minor: int | None = None
    """The amount the provider says it paid, in minor units; a difference to ours means review."""
    customer_reference: str | None = None
    """The customer the provider says it paid for; a difference to ours means review."""
    tokens: tuple[str, ...] = field(default=(), repr=False)
    """What the customer bought: electricity tokens, pins. Never shown by `repr`."""
    receipt: str | None = field(default=None, repr=False)
    """A receipt to show."""


@dataclass(frozen=True)
class Declined:
    """For `pay`: it reached the biller, which refused; the customer was not served."""

    code: str
    """The provider's code for it."""
    reason: str
    """A sentence a person can read."""


@dataclass(frozen=True)
class NotSent:
    """For `pay`: it provably never reached the biller. A time-out is never this."""

    cause: str
    """Why."""


@dataclass(frozen=True)
class Duplicate:
    """For `pay`: the biller has this request id already. The engine will query."""


@dataclass(frozen=True)
class Pending:
    """The biller is still at it."""

    poll_after_ms: int | None = None
    """When to ask again, in milliseconds, if the biller said so."""


@dataclass(frozen=True)
class Unknown:
    """Nobody can say: a time-out, a 5xx, an answer that can't be read, an unknown code."""

    cause: str
    """What went wrong."""


@dataclass(frozen=True)
class Failed:
    """For `query`: conclusively not paid, and it will not be."""

    code: str
    """The provider's code for it."""
    reason: str
    """A sentence a person can read."""


@dataclass(frozen=True)
class ProviderReversed:
    """For `query`: it was paid, and the biller took it back and returned the money."""

    reason: str
    """A sentence a person can read."""


@dataclass(frozen=True)
class NotFound:
    """For `query`: the biller has never seen this request id."""


@dataclass(frozen=True)
class Evidence:
    """How an adapter heard something: kept with the attempt, for `engine.bill.explain`."""

    raw: bytes | str
    """The answer as it came; its SHA-256 is kept."""
    text: str
    """The answer with keys, tokens and pins removed; up to 4,096 bytes are kept."""


PayOutcome: TypeAlias = Paid | Declined | NotSent | Duplicate | Pending | Unknown
"""What may have come of sending a payment."""

QueryOutcome: TypeAlias = Paid | Failed | Pending | ProviderReversed | NotFound | Unknown
"""What a provider may answer when asked what became of a payment."""


@dataclass(frozen=True)
class Answer:
    """An outcome with the evidence it rests on. A bare outcome is an answer too."""

    outcome: PayOutcome | QueryOutcome
    """What it means."""
    evidence: Evidence | None = None
    """How the adapter knows."""


@dataclass(frozen=True)
class WebhookNotice:
    """What a verified webhook says about one payment."""

    request_id: str
    """Which payment, by the request id that we sent."""
    outcome: QueryOutcome
    """What became of it."""
    occurred_at: datetime | None = None
    """When the provider says it happened, if it does."""


class Provider(Protocol):
    """An outside biller or aggregator. Any object with these two methods will do.

    It may also have `capabilities`: a `Capabilities`, or a plain function (no coroutine function) that
    answers one; read once, when it is registered. Without it, `Capabilities()`. And, each as a plain
    or a coroutine function:

    - `validate_customer(request: CustomerRequest) -> Customer`; raises `CustomerRejectedError` when
      the biller says there is no such customer.
    - `catalogue() -> list[tuple[Biller, list[BillItem]]]`: what it serves.
    - `float_balance() -> Money`: what is left of the money prepaid there.
    - `verify_webhook(webhook: Webhook) -> list[WebhookNotice]`: checks the signature over the raw
      body, in constant time; raises `WebhookRejectedError` for whatever it can't verify.

    Several calls may run at once (`Capabilities.concurrent_calls_max`), each within
    `request.deadline`: the engine stops waiting then, but can't stop the call. A method may call
    the engine; an object that keeps its engine keeps it open until somebody calls `close()`.
    """

    def pay(self, request: PayRequest) -> PayOutcome | Answer | Awaitable[PayOutcome | Answer]:
        """Sends one payment, with `request.request_id` as its id at the provider."""
        ...

    def query(self, request: QueryRequest) -> QueryOutcome | Answer | Awaitable[QueryOutcome | Answer]:
        """Asks what became of a payment sent earlier under `request.request_id`."""
        ...

"""Choices of the configuration and of requests, and the seams of time and randomness."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from fusepay._fusepay import Event


class WorkerMode(str, enum.Enum):
    """Who drives the queue."""

    BACKGROUND = "BACKGROUND"
    """A background thread of the engine, and bounded pools for provider calls."""
    MANUAL = "MANUAL"
    """Nobody but the host, by `run_due`, on the host's own thread, provider calls included."""


class FilePermissions(str, enum.Enum):
    """How strict the engine is about who else can reach its files."""

    STRICT = "STRICT"
    """Refuses files that others can read and directories that others can write."""
    RELAXED = "RELAXED"
    """Takes files and directories as they are."""


class Remainder(str, enum.Enum):
    """What becomes of the part of a hold that a capture leaves."""

    RELEASE = "RELEASE"
    """It is given back; the hold is resolved."""
    KEEP = "KEEP"
    """It stays held, for a later capture."""


class RefundSource(str, enum.Enum):
    """Who bears a refund."""

    BILLER = "BILLER"
    """The biller returned the money to the provider float."""
    HOST = "HOST"
    """The host pays it out of its own pocket."""


class ClaimSettlement(str, enum.Enum):
    """How the claim of a late success ended."""

    RECOVERED_FROM_PROVIDER = "RECOVERED_FROM_PROVIDER"
    """The provider returned the money."""
    WRITTEN_OFF = "WRITTEN_OFF"
    """The host bears it."""


class StartAt(str, enum.Enum):
    """Where a subscriber begins that the database does not know yet."""

    BEGINNING = "BEGINNING"
    """With the first event of the database."""
    NOW = "NOW"
    """With what happens from now on."""


@dataclass(frozen=True)
class NotPaid:
    """For `resolve_review`: the biller does not have the money and will not; it goes back."""


class Notified(Protocol):
    """A subscriber that is an object."""

    def notify(self, event: Event, /) -> object | Awaitable[object]:
        """Learns of one event; an exception means that the same one comes again."""
        ...


Subscriber: TypeAlias = Notified | Callable[[Event], object]
"""Who is told of events: a callable or an object with `notify`; either may be a coroutine function."""


class Clock(Protocol):
    """A clock written in Python, for `Config(clock=...)`.

    Called from any thread; must not call the engine. When it raises, it shows what it showed before.
    """

    def wall(self) -> datetime:
        """The wall clock: an aware `datetime`. May jump either way."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since some fixed moment; never goes back."""
        ...


class Entropy(Protocol):
    """Randomness written in Python, for `Config(entropy=...)`.

    Called from any thread; must not call the engine.
    """

    def fill(self, length: int, /) -> bytes:
        """This many random bytes."""
        ...

"""Choices of the configuration and of requests, and the seams of time and randomness."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Protocol


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

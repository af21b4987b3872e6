"""The stage a scenario is played on: engine, virtual clock, billers, names, and the transcript so far."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fusepay import (
    Config,
    FeePolicy,
    FusePay,
    FusePayError,
    HashCost,
    JobKind,
    JobStatus,
    KeyRing,
    ManualClock,
    WorkerMode,
)

from scenarios.answer import bind, parts
from scenarios.biller import ScriptedBiller
from scenarios.line import ScriptError, Words
from scenarios.names import Names
from scenarios.record import EPOCH, Printer, Record, Shown

SIGNING_KEY = "Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6"
ROUNDS_MAX = 10_000
NAMES_MAX = 256
RECORDS_MAX = 256


class SeededEntropy:
    """Randomness that a seed repeats. With `Config(seed=…)` it would begin anew at each opening."""

    def __init__(self, seed: int) -> None:
        """Begins the stream of this seed."""
        self._random = random.Random(seed)

    def fill(self, length: int, /) -> bytes:
        """The next bytes of it."""
        return self._random.randbytes(length)


@dataclass
class Settings:
    """What the header of a scenario fixes."""

    clock: ManualClock
    entropy: SeededEntropy
    currency: str
    transfer_fee: FeePolicy
    withdrawal_fee: FeePolicy


class Stage:
    """Everything a step can see and change."""

    def __init__(self, directory: Path) -> None:
        """An empty stage; the database will lie in this directory, which is nobody else's."""
        self.path = directory / "scenario.db"
        self.names = Names()
        self.printer = Printer(self.names)
        self.billers: dict[str, ScriptedBiller] = {}
        self.transcript: list[str] = []
        self.printed: list[Record] = []
        self._settings: Settings | None = None
        self._engine: FusePay | None = None

    # Engine and clock.

    def simulate(self, words: Words) -> None:
        """Takes the first line of the header in."""
        if self._settings is not None:
            raise ScriptError("`simulated` stands once, at the beginning")

        def fee(kind: str) -> FeePolicy:
            return FeePolicy(words.number(f"{kind}_fee_minor", 0), words.number(f"{kind}_fee_per_mille", 0))

        self.printer.start = EPOCH + timedelta(milliseconds=words.number("start_ms"))
        clock, entropy = ManualClock(self.printer.start), SeededEntropy(words.number("seed"))
        self._settings = Settings(clock, entropy, words.currency, fee("transfer"), fee("withdrawal"))

    @property
    def settings(self) -> Settings:
        """What the header has fixed."""
        if self._settings is None:
            raise ScriptError("a scenario begins with `simulated`")
        return self._settings

    @property
    def engine(self) -> FusePay:
        """The engine, which must be open."""
        if self._engine is None:
            raise ScriptError("the engine is not open")
        return self._engine

    def open(self, *, restored: bool = False) -> None:
        """Opens the engine with the header's configuration."""
        settings = self.settings
        config = Config(
            self.path,
            KeyRing.hs256("scenario", SIGNING_KEY),
            providers=self.billers,
            worker=WorkerMode.MANUAL,
            clock=settings.clock,
            entropy=settings.entropy,
            hash_cost=HashCost(memory_kib=7_168, passes=5, lanes=1),
            currency=settings.currency,
            transfer_fee=settings.transfer_fee,
            withdrawal_fee=settings.withdrawal_fee,
            restored=restored,
        )
        self._engine = FusePay.open(config)

    def close(self) -> None:
        """Closes the engine, if it is open."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close(timeout=timedelta(seconds=5))

    def moment(self, ms: int) -> datetime:
        """A moment that a scenario gives in milliseconds since its start."""
        return self.printer.start + timedelta(milliseconds=ms)

    def maybe_moment(self, ms: int | None) -> datetime | None:
        """A moment that may be missing."""
        return None if ms is None else self.moment(ms)

    def biller(self, words: Words) -> ScriptedBiller:
        """The biller a step is about: `scripted` unless it says another."""
        code = words.text("provider", "scripted")
        if code not in self.billers:
            raise ScriptError(f"there is no biller {code}")
        return self.billers[code]

    def drain(self) -> Shown:
        """Runs the queue, letting time pass, until no job waits but the expiry of holds."""
        engine = self.engine
        for _ in range(ROUNDS_MAX):
            if engine.run_due().claimed > 0:
                continue
            live = [
                row
                for row in engine.queue.counts()
                if row.count > 0 and row.status is not JobStatus.DEAD and row.kind is not JobKind.HOLD_EXPIRY
            ]
            now = engine.due_now()
            if not live:
                return Shown("drained", at_ms=now)
            wait = min(row.oldest_due or now for row in live) - now
            # What is due and does not run waits for a circuit breaker.
            self.settings.clock.advance(wait if wait > timedelta(0) else timedelta(seconds=1))
        raise ScriptError("the queue does not come to rest")

    # The transcript.

    def begin(self, text: str) -> None:
        """Begins a step: repeats its line."""
        self.transcript.append(f"> {text}")

    def print_answer(self, answer: object, name: str | None) -> None:
        """Lets `name` stand for an answer, and prints its records."""
        self.printed = []
        if name is not None:
            bind(self.names, name, answer)
        for part in parts(answer):
            record = self.printer.record(part)
            self.printed.append(record)
            self.transcript.append(record.line)
        if len(self.names) > NAMES_MAX or len(self.printed) > RECORDS_MAX:
            raise ScriptError(f"there are at most {NAMES_MAX} names, and {RECORDS_MAX} records of a step")

    def print_error(self, error: FusePayError) -> None:
        """Prints what the engine refused."""
        self.print_answer(Shown("error", **{key: getattr(error, key) for key in _ERROR_FIELDS}), None)


_ERROR_FIELDS = ("code", "field", "retryable", "retry_after_ms")

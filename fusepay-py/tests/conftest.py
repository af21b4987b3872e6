"""What tests share: an engine on a fresh file, with a clock that stands still and seeded randomness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fusepay
import pytest
from fusepay import Biller, BillItem, Config, FusePay, KeyRing, ManualClock, Money, Registered, WorkerMode

KEY = b"K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ"
PASSWORD = "seven blue lamps by the river"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def ngn(minor: int) -> Money:
    """This many kobo."""
    return Money(minor, "NGN")


def keys() -> KeyRing:
    """A ring with one key."""
    return KeyRing.hs256("2026-03", KEY)


class Scripted:
    """A provider that answers `pay` and `query` from a list each, and remembers what it was asked."""

    def __init__(self, pays: list[Any] | None = None, queries: list[Any] | None = None) -> None:
        self.pays = pays if pays is not None else []
        self.queries = queries if queries is not None else []
        self.asked: list[fusepay.PayRequest | fusepay.QueryRequest] = []

    def pay(self, request: fusepay.PayRequest) -> Any:
        self.asked.append(request)
        return self._next(self.pays, fusepay.Paid(f"PC-{request.request_id}"))

    def query(self, request: fusepay.QueryRequest) -> Any:
        self.asked.append(request)
        return self._next(self.queries, fusepay.Unknown("nothing scripted"))

    @staticmethod
    def _next(script: list[Any], otherwise: Any) -> Any:
        answer = script.pop(0) if script else otherwise
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer


class World:
    """A directory, a clock, and the engines opened there."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "pay.db"
        self.clock = ManualClock(NOON)
        self.engines: list[FusePay] = []
        self.users = 0

    def open(self, provider: Any = None, **settings: Any) -> FusePay:
        """Opens an engine in the manual mode, with the scripted provider `power` unless told otherwise."""
        chosen: dict[str, Any] = {"worker": WorkerMode.MANUAL, "clock": self.clock, "seed": 7}
        chosen["close_deadline"] = 1_000
        chosen["providers"] = {"power": provider if provider is not None else Scripted()}
        chosen |= settings
        engine = FusePay.open(Config(self.path, keys(), **chosen))
        self.engines.append(engine)
        return engine

    def user(self, engine: FusePay, minor: int = 0) -> Registered:
        """A new user with this much in the first wallet."""
        self.users += 1
        made = engine.auth.register(f"user{self.users}@example.com", "Ada", "Obi", PASSWORD)
        if minor:
            engine.wallet.fund(made.wallet.id, ngn(minor), external_reference=f"bank-{self.users}")
        return made

    def shop(self, engine: FusePay, **item: Any) -> None:
        """A catalogue of one biller `IKEJA` with one item `PREPAID`, 1 to 5,000,000 kobo."""
        fields: dict[str, Any] = {"minimum_minor": 1, "maximum_minor": 5_000_000} | item
        goods = BillItem("PREPAID", "Prepaid units", "NGN", **fields)
        engine.bill.load_catalogue([(Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", ["power"]), [goods])])

    def run_until_idle(self, engine: FusePay, is_over: Callable[[], bool] = lambda: False) -> None:
        """Runs what is due, moving the clock to what falls due next, until nothing is left."""
        while not is_over():
            report = engine.run_due()
            if report.next_due is None:
                return
            self.clock.advance(max(report.next_due - engine.due_now(), report.next_due - report.next_due))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh directory, private to this user; its engines are closed afterwards."""
    tmp_path.chmod(0o700)
    made = World(tmp_path)
    yield made
    for engine in made.engines:
        engine.close()


@pytest.fixture
def engine(world: World) -> FusePay:
    """An engine in the manual mode."""
    return world.open()

"""Goal: an engine lives and ends well in a Python process: threads, forks, exits, and a second SQLite.

Method: real threads, real forks and real interpreters that end in the middle of a payment.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import sqlite3
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import fusepay
import pytest
from conftest import KEY, NOON, Scripted, World, keys, ngn
from fusepay import Config, FusePay, ManualClock, Paid, PaymentStatus, WorkerMode
from fusepay._fusepay import close_all


def test_close_is_idempotent_and_lets_the_file_go(world: World) -> None:
    engine = world.open()
    with pytest.raises(fusepay.AlreadyOpenError):
        world.open()
    engine.close(timedelta(seconds=1))
    engine.close(timeout=0)
    assert fusepay.open(Config(world.path, keys(), worker="MANUAL")).verify().is_sound


def test_spans_have_no_end(world: World) -> None:
    engine = world.open()
    wallet = world.user(engine, 100).wallet.id
    endless: list[timedelta | int] = [timedelta.max, 2**63]
    for life in endless:
        with pytest.raises(fusepay.InvalidArgumentError, match="a second to 400 days"):
            engine.wallet.authorise(wallet, ngn(1), life)
    before: list[timedelta | int] = [timedelta(microseconds=-1), -1]
    for negative in before:
        with pytest.raises(fusepay.InvalidArgumentError):
            engine.close(negative)
    engine.close(timedelta.max)


def test_an_engine_that_nobody_keeps_closes_itself(world: World) -> None:
    engine = FusePay.open(Config(world.path, keys()))
    seen = weakref.ref(engine)
    del engine
    gc.collect()
    assert seen() is None
    world.open()


def test_a_view_keeps_its_engine(world: World) -> None:
    wallets = world.open().wallet
    world.engines.clear()
    gc.collect()
    with pytest.raises(fusepay.NotFoundError):
        wallets.find("00000000-0000-7000-8000-000000000000")


def test_the_engine_level_calls(world: World, tmp_path: Path) -> None:
    engine = world.open()
    payer = world.user(engine, 10_000)
    world.shop(engine)
    engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(500))
    assert engine.due_now() == NOON
    stats = engine.stats()
    assert [(count.status, count.count) for count in stats.payments] == [(PaymentStatus.PENDING, 1)]
    assert stats.providers[0].provider == "power"
    assert {balance.account for balance in stats.balances} >= {"funding", "clearing"}
    report = engine.verify()
    assert report.is_sound
    assert report.audit_head == stats.audit_head
    assert len(engine.ledger_digest()) == 64
    assert pickle.loads(pickle.dumps(stats)) == stats
    engine.backup(tmp_path / "copy.db")
    with pytest.raises(fusepay.NotAllowedError):
        engine.backup(str(tmp_path / "copy.db"))
    with FusePay.open(Config(tmp_path / "copy.db", keys(), worker="MANUAL")) as copy:
        assert [count.status for count in copy.stats().payments] == [PaymentStatus.UNKNOWN]
    assert engine.declare_restored() == 1
    assert [count.status for count in engine.stats().payments] == [PaymentStatus.UNKNOWN]


def test_the_same_seed_and_clock_give_the_same_engine(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    users = []
    for name in ["a.db", "b.db"]:
        config = Config(tmp_path / name, keys(), worker="MANUAL", clock=ManualClock(NOON), seed=3)
        with FusePay.open(config) as engine:
            users.append(
                engine.auth.register("ada@example.com", "Ada", "Obi", "seven blue lamps by the river")
            )
    assert users[0] == users[1]


def test_clock_and_entropy_may_be_python_objects(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    class Clock:
        now = NOON
        ticks = 0

        def wall(self) -> datetime:
            return self.now

        def monotonic_ms(self) -> int:
            return self.ticks

    class Entropy:
        asked = 0

        def fill(self, length: int, /) -> bytes:
            self.asked += 1
            return os.urandom(length)

    clock, entropy = Clock(), Entropy()
    with FusePay.open(
        Config(tmp_path / "pay.db", keys(), worker="MANUAL", clock=clock, entropy=entropy)
    ) as engine:
        clock.ticks = 5_000
        assert engine.due_now() == NOON + timedelta(seconds=5)
        assert entropy.asked > 0
        del Clock.monotonic_ms
        assert engine.due_now() == NOON + timedelta(seconds=5)
    for wrong in [{"clock": object()}, {"entropy": object()}, {"seed": 1, "entropy": entropy}, {"seed": 1.5}]:
        with pytest.raises(fusepay.MisuseError):
            Config(tmp_path / "pay.db", keys(), **wrong)  # type: ignore[arg-type]


def test_times_are_aware_and_in_utc(world: World) -> None:
    engine = world.open()
    with pytest.raises(fusepay.InvalidArgumentError) as naive:
        world.clock.set_wall(datetime(2026, 1, 1))
    assert naive.value.field == "now"
    lagos = timezone(timedelta(hours=1))
    world.clock.set_wall(datetime(2027, 1, 1, 1, tzinfo=lagos))
    assert world.clock.wall() == datetime(2027, 1, 1, tzinfo=timezone.utc)
    assert engine.due_now() == NOON
    with pytest.raises(fusepay.InvalidArgumentError, match="years 1 to 9999"):
        ManualClock(datetime(1, 1, 1, tzinfo=lagos)).wall()
    before_1970 = datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=timezone.utc)
    world.clock.set_wall(before_1970)
    assert world.clock.wall() == datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=timezone.utc)


def test_two_threads_are_inside_the_engine_at_once(world: World) -> None:
    """Each provider call ends only when both have begun: a call that kept the GIL would break the barrier."""
    both = threading.Barrier(2, timeout=30)

    class Meets(Scripted):
        def validate_customer(self, request: fusepay.CustomerRequest) -> fusepay.Customer:
            both.wait()
            return fusepay.Customer(request.customer_reference)

    engine = world.open(Meets())
    world.shop(engine)
    names = []

    def ask(reference: str) -> None:
        names.append(engine.bill.validate_customer("IKEJA", "PREPAID", reference).name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ["a", "b"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == ["a", "b"]


def test_many_threads_book_exactly(world: World) -> None:
    engine = world.open()
    wallet = world.user(engine).wallet.id

    def fund() -> None:
        for _ in range(25):
            engine.wallet.credit(wallet, ngn(1))

    threads = [threading.Thread(target=fund) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.wallet.find(wallet).balance_minor == 200


def child_of_fork(engine: FusePay, wallet: Any) -> int:
    """What a forked child sees: 0 when every call is refused and nothing was touched."""
    calls: list[Callable[[], object]] = [
        lambda: engine.wallet.find(wallet),
        lambda: engine.wallet.credit(wallet, ngn(1)),
        engine.run_due,
        engine.verify,
        engine.stats,
        engine.close,
        lambda: engine.auth.find_user(wallet),
        lambda: engine.bill.billers(),
    ]
    for number, call in enumerate(calls, 1):
        try:
            call()
        except fusepay.ForkedError:
            continue
        return number
    with engine:
        pass  # it is the parent's to close
    return 0


@pytest.mark.parametrize("worker", list(WorkerMode))
def test_a_forked_child_touches_nothing(world: World, worker: WorkerMode) -> None:
    engine = world.open(worker=worker)
    wallet = world.user(engine, 100).wallet.id
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = child_of_fork(engine, wallet)
            world.engines.clear()
            del engine
            gc.collect()
            close_all()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engine.wallet.credit(wallet, ngn(1)).balance_minor == 101
    with pytest.raises(fusepay.AlreadyOpenError):
        world.open()
    engine.close()
    assert world.open().verify().is_sound


def test_multiprocessing_by_fork(world: World) -> None:
    engine = world.open()
    wallet = world.user(engine, 100).wallet.id
    process = multiprocessing.get_context("fork").Process(target=fork_main, args=(engine, wallet))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert engine.wallet.find(wallet).balance_minor == 100


def fork_main(engine: FusePay, wallet: Any) -> None:
    """Ends as an interpreter ends, with its exit hooks."""
    sys.exit(child_of_fork(engine, wallet))


@pytest.mark.parametrize(("is_open_at_fork", "expected"), [(True, 2), (False, 0)])
def test_a_child_opens_a_file_that_was_closed_at_the_fork(
    world: World, is_open_at_fork: bool, expected: int
) -> None:
    """As `gunicorn --preload` forks: what was opened before the fork can't be opened after it."""
    engine = world.open()
    if not is_open_at_fork:
        engine.close()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            with FusePay.open(Config(world.path, keys(), worker="MANUAL")) as own:
                code = 0 if own.verify().is_sound else 1
        except fusepay.ForkedError:
            code = 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == expected


def test_pythons_own_sqlite_loses_nothing(world: World) -> None:
    """A foreign open and close of the file drops POSIX locks of the process; ours must not care."""
    engine = world.open()
    wallet = world.user(engine).wallet.id
    for _ in range(50):
        engine.wallet.credit(wallet, ngn(1))
        other = sqlite3.connect(world.path)
        assert other.execute("SELECT count(*) FROM wallet").fetchone() == (1,)
        other.close()
        engine.wallet.credit(wallet, ngn(1))
    engine.close()
    assert world.open().wallet.find(wallet).balance_minor == 100


HOST = """
import sys, threading, time
from fusepay import *

begun = threading.Event()

class Provider:
    def pay(self, request):
        print("paying", flush=True)
        begun.set()
        {body}

    def query(self, request):
        return Paid("late")

engine = FusePay.open(Config({path!r}, KeyRing.hs256("2026-03", {key!r}), providers={{"power": Provider()}},
                             close_deadline=100))
made = engine.auth.register("ada@example.com", "Ada", "Obi", "seven blue lamps by the river")
engine.wallet.fund(made.wallet.id, Money(10_000, "NGN"))
goods = BillItem("PREPAID", "Prepaid units", "NGN", 1, 5_000_000)
engine.bill.load_catalogue([(Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", ["power"]), [goods])])
engine.bill.pay(made.wallet.id, "IKEJA", "PREPAID", "0123", Money(500, "NGN"), idempotency_key="order-1")
begun.wait()
"""


BODIES = {
    "sleeps": "time.sleep(3600)",
    "naps": "while True: time.sleep(0.0001)",
    "computes": "while True: pass",
    "calls the engine": "while True:\n            try: engine.stats()\n            except FusePayError: pass",
    "reads its request": "while True: repr(request), request.metadata, request.deadline",
    "waits": "threading.Event().wait()",
    "reads a socket": "import socket; pair = socket.socketpair(); pair[0].recv(1)",
    "answers": "return Paid('PC-1')",
    "exits": "raise SystemExit(3)",
}
"""What a provider does when the interpreter ends."""


@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_interpreter_ends_in_the_middle_of_a_payment(world: World, body: str, kind: str) -> None:
    host = HOST.format(path=str(world.path), key=KEY, body=body)
    if kind == "async":
        host = host.replace("def pay", "async def pay")
        host = host.replace("time.sleep(3600)", "import asyncio; await asyncio.sleep(3600)")
    ended = subprocess.run(
        # Not `-X dev`: under it asyncio remarks upon every coroutine that is slow.
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", textwrap.dedent(host)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "paying\n", "")
    settle(world, paid="Paid(" in body)


def settle(world: World, paid: bool) -> None:
    """The next start finds out what became of it."""
    provider = Scripted(queries=[Paid("late")])
    engine = FusePay.open(Config(world.path, keys(), providers={"power": provider}, worker="MANUAL"))
    world.engines.append(engine)
    for _ in range(10):
        if engine.bill.list_by_status(PaymentStatus.COMPLETED):
            break
        for payment in engine.bill.list_by_status(PaymentStatus.UNKNOWN):
            engine.bill.find(payment.id)
        engine.run_due()
    assert [payment.provider_reference for payment in engine.bill.list_by_status("COMPLETED")] == [
        "PC-1" if paid else "late"
    ]
    assert engine.verify().is_sound


def test_seeded_entropy_goes_on_and_begins_anew(world: World, tmp_path: Path) -> None:
    """One shared by two engines goes on; a second of the same seed says the same again."""

    def ids(name: str, entropy: fusepay.SeededEntropy) -> Any:
        world.path = tmp_path / name
        return world.user(world.open(seed=None, entropy=entropy)).user.id

    shared, again = fusepay.SeededEntropy(7), fusepay.SeededEntropy(7)
    first, second = ids("a.db", shared), ids("b.db", shared)
    assert first != second
    assert (ids("c.db", again), ids("d.db", again)) == (first, second)
    with pytest.raises(fusepay.InvalidArgumentError):
        fusepay.SeededEntropy(-1)

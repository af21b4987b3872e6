"""Goal: the asyncio twin does what the engine does, and no call of it holds an event loop up.

Method: providers that wait at a gate, which only the running loop opens.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import fusepay
import fusepay.aio
import pytest
from conftest import NOON, PASSWORD, Scripted, World, keys, ngn
from fusepay import Config, Customer, CustomerRequest, Event, Money, Paid, PaymentStatus, Role, WorkerMode
from fusepay.aio import FusePay

PATIENCE = 60
"""Seconds after which a test that hangs is a failure."""


class Gate(Scripted):
    """A provider whose customers are looked up only when the gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.opened = threading.Event()

    def validate_customer(self, request: CustomerRequest) -> Customer:
        self.entered.set()
        if not self.opened.wait(PATIENCE):
            raise RuntimeError("nobody opened the gate")
        return Customer("Ada Obi", request.customer_reference)


async def opened(world: World, provider: Any = None, *, threads: int = 8, **settings: Any) -> FusePay:
    """An engine in the manual mode with a shop."""
    chosen: dict[str, Any] = {"worker": WorkerMode.MANUAL, "clock": world.clock, "seed": 7}
    chosen |= {"close_deadline": 1_000, "providers": {"power": provider or Scripted()}} | settings
    engine = await FusePay.open(Config(world.path, keys(), **chosen), threads=threads)
    goods = fusepay.BillItem("PREPAID", "Prepaid units", "NGN", 1, 5_000_000)
    await engine.bill.load_catalogue([(fusepay.Biller("IKEJA", "Ikeja", "ELECTRICITY", ["power"]), [goods])])
    return engine


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a test on a loop that complains about whatever it can."""

    async def patiently() -> None:
        await asyncio.wait_for(work, PATIENCE)

    asyncio.run(patiently(), debug=True)


async def until(event: threading.Event) -> None:
    """Lets the loop run until a thread has come somewhere."""
    while not event.is_set():
        await asyncio.sleep(0)


def test_the_loop_runs_while_a_call_waits(world: World) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(world, gate) as engine:
            asking = asyncio.create_task(engine.bill.validate_customer("IKEJA", "PREPAID", "m"))
            await until(gate.entered)
            for _ in range(1_000):
                await asyncio.sleep(0)
            assert not asking.done()
            assert (await engine.events.head()) > 0
            gate.opened.set()
            assert (await asking).name == "Ada Obi"

    run(main())


def test_cancelling_does_not_undo_and_the_key_gives_the_answer(world: World) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(world, gate, threads=1) as engine:
            made = await engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD)
            asking = asyncio.create_task(engine.bill.validate_customer("IKEJA", "PREPAID", "m"))
            await until(gate.entered)
            funding = asyncio.create_task(engine.wallet.fund(made.wallet.id, ngn(100), idempotency_key="k"))
            await asyncio.sleep(0)
            for task in (asking, funding):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            gate.opened.set()
            assert (await engine.wallet.find(made.wallet.id)).balance_minor == 100
            line = await engine.wallet.fund(made.wallet.id, ngn(100), idempotency_key="k")
            assert line.balance_minor == 100
            assert (await engine.wallet.find(made.wallet.id)).balance_minor == 100

    run(main())


def test_a_cancelled_call_that_fails_says_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(world, gate) as engine:
            asking = asyncio.create_task(engine.bill.validate_customer("IKEJA", "NOTHING", "m"))
            waiting = asyncio.create_task(engine.bill.validate_customer("IKEJA", "PREPAID", "m"))
            await until(gate.entered)
            asking.cancel()
            waiting.cancel()
            gate.opened.set()
            await asyncio.gather(asking, waiting, return_exceptions=True)

    run(main())
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelno > 30] == []


def test_payments_at_once_spend_what_there_is_and_no_more(world: World) -> None:
    async def main() -> None:
        async with await opened(world) as engine:
            made = await engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD)
            wallet = made.wallet.id
            await engine.wallet.fund(wallet, ngn(1_000))
            pays = [engine.bill.pay(wallet, "IKEJA", "PREPAID", f"m{n}", ngn(100)) for n in range(30)]
            answers = await asyncio.gather(*pays, return_exceptions=True)
            refused = [answer for answer in answers if isinstance(answer, fusepay.InsufficientFundsError)]
            paid = [answer for answer in answers if isinstance(answer, fusepay.Payment)]
            assert (len(paid), len(refused)) == (10, 20)
            while (await engine.run_due()).calls:
                pass
            statuses = {(await engine.bill.find(payment.id)).status for payment in paid}
            assert statuses == {PaymentStatus.COMPLETED}
            assert (await engine.wallet.find(wallet)).balance_minor == 0
            assert (await engine.verify()).is_sound

    run(main())


def test_no_more_calls_than_threads_run_at_once(world: World) -> None:
    class Counting(Gate):
        inside = 0

        def validate_customer(self, request: CustomerRequest) -> Customer:
            with lock:
                self.inside += 1
                most.append(self.inside)
            answer = super().validate_customer(request)
            with lock:
                self.inside -= 1
            return answer

    lock, most = threading.Lock(), list[int]()

    async def main() -> None:
        gate = Counting()
        async with await opened(world, gate, threads=3) as engine:
            asked = [engine.bill.validate_customer("IKEJA", "PREPAID", f"m{n}") for n in range(9)]
            answers = asyncio.gather(*asked)
            await until(gate.entered)
            gate.opened.set()
            assert len(await answers) == 9

    run(main())
    assert max(most) <= 3


def test_providers_and_subscribers_may_be_coroutine_functions(world: World) -> None:
    class Slow:
        async def pay(self, request: fusepay.PayRequest) -> Paid:
            await asyncio.sleep(0)
            return Paid("PC-1")

        async def query(self, request: fusepay.QueryRequest) -> Paid:
            return Paid("PC-1")

    told: list[Event] = []

    async def note(event: Event) -> None:
        await asyncio.sleep(0)
        told.append(event)

    async def main() -> None:
        async with await opened(world, Slow()) as engine:
            made = await engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD)
            await engine.wallet.fund(made.wallet.id, ngn(100))
            async with await engine.events.subscribe("note", note) as subscription:
                assert subscription.name == "note"
                payment = await engine.bill.pay(made.wallet.id, "IKEJA", "PREPAID", "m", ngn(100))
                await engine.run_due()
                await engine.run_due()
            assert (await engine.bill.find(payment.id)).status is PaymentStatus.COMPLETED
            assert "bill.payment.success" in {event.name.value for event in told}
            heard = len(told)
            await engine.wallet.fund(made.wallet.id, ngn(100))
            await engine.run_due()
            assert len(told) == heard

    run(main())


def test_a_session_and_its_views(world: World) -> None:
    async def main() -> None:
        async with await opened(world) as engine:
            made = await engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD)
            session = await engine.session(made.tokens.access)
            assert await session.profile() == made.user
            assert await session.wallet.list() == (made.wallet,)
            assert (await session.history.statement(made.wallet.id, NOON, NOON)).lines == ()
            with pytest.raises(fusepay.ForbiddenError):
                await session.operator.list_users()
            await engine.auth.set_role(made.user.id, Role.ADMIN)
            tokens = await engine.auth.login("ada@example.com", PASSWORD)
            session = await engine.session(tokens.access)
            assert len((await session.operator.list_users()).users) == 1
            await session.logout()
            with pytest.raises(fusepay.InvalidTokenError):
                await session.bill.billers()

    run(main())


def test_closing_waits_for_no_thread_and_later_calls_are_refused(world: World) -> None:
    async def main() -> None:
        gate = Gate()
        engine = await opened(world, gate, threads=1)
        asking = asyncio.create_task(engine.bill.validate_customer("IKEJA", "PREPAID", "m"))
        await until(gate.entered)
        await engine.close(timedelta(0))
        await engine.close()
        with pytest.raises(fusepay.ClosedError):
            await engine.stats()
        gate.opened.set()
        await asyncio.wait([asking])

    run(main())


def test_an_engine_that_nobody_waits_for_is_closed_again(world: World) -> None:
    class Stopped:
        """A clock that, once it is armed, stops the opening until it is let go."""

        def __init__(self) -> None:
            self.armed, self.asked, self.let_go = (threading.Event() for _ in range(3))

        def wall(self) -> datetime:
            if self.armed.is_set():
                self.asked.set()
                self.let_go.wait(PATIENCE)
            return NOON

        def monotonic_ms(self) -> int:
            return 0

    async def main() -> None:
        clock = Stopped()
        config = Config(world.path, keys(), worker=WorkerMode.MANUAL, clock=clock, seed=7)
        clock.armed.set()
        opening = asyncio.create_task(FusePay.open(config))
        await until(clock.asked)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        clock.let_go.set()
        while True:
            try:
                engine = await opened(world)
                break
            except fusepay.AlreadyOpenError:
                await asyncio.sleep(0)
        await engine.close()

    run(main())


def test_a_refusal_to_open_is_raised(world: World) -> None:
    async def main() -> None:
        with pytest.raises(fusepay.InvalidConfigError):
            await opened(world, drain_max=0)
        with pytest.raises(ValueError, match="greater than 0"):
            await opened(world, threads=0)

    run(main())


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_told_at_once(world: World) -> None:
    engine: FusePay | None = None

    async def main() -> None:
        nonlocal engine
        engine = await opened(world)

    asyncio.run(main())
    assert engine is not None
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(engine.__aexit__())
            asyncio.run(engine.stats())
        except fusepay.ForkedError:
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    asyncio.run(engine.close())


def test_a_program_may_end_without_closing(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program = """
        import asyncio, sys
        import fusepay.aio
        keys = fusepay.KeyRing.hs256("a", b"K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ")
        async def main():
            global engine, waiting
            engine = await fusepay.aio.FusePay.open(fusepay.Config(sys.argv[1], keys))
            waiting = asyncio.create_task(engine.verify())
            print((await engine.audit.verify()).is_sound)
        asyncio.run(main())
    """
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(program)]
    command.append(str(tmp_path / "pay.db"))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")


def test_records_are_those_of_the_package(world: World) -> None:
    async def main() -> None:
        async with await opened(world) as engine:
            made = await engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD)
            line = await engine.wallet.fund(made.wallet.id, Money("1.00", "NGN"), description="x")
            assert type(line) is fusepay.Transaction

    run(main())

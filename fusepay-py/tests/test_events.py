"""Goal: subscribers in Python are told of every event in order, and nothing they do hurts the engine.

Method: the manual mode, so that `run_due` tells them; back-offs pass by the injected clock.
"""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import fusepay
import pytest
from conftest import NOON, World
from fusepay import Event, EventName, FusePay, StartAt


def test_events_are_read_in_order(world: World, engine: FusePay) -> None:
    made = world.user(engine, 100)
    head = engine.events.head()
    events = engine.events.read(limit=500)
    assert [event.sequence for event in events] == list(range(1, head + 1))
    last = events[-1]
    assert (last.name, last.wallet, last.at) == (EventName.WALLET_FUNDED, made.wallet.id, NOON)
    assert last.payload["amount_minor"] == 100
    assert engine.events.read(after=head - 1) == (last,)
    assert engine.events.read(after=head) == ()


def test_cursors_move_forward_and_back(world: World, engine: FusePay) -> None:
    world.user(engine, 100)
    assert engine.events.cursor("mailer") is None
    engine.events.acknowledge("mailer", 2)
    engine.events.acknowledge("mailer", 1)
    assert engine.events.cursor("mailer") == 2
    engine.events.rewind("mailer", 1)
    assert engine.events.cursor("mailer") == 1
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.events.acknowledge("mailer", 1_000)


class Notes:
    """A subscriber that is an object, and remembers."""

    def __init__(self) -> None:
        self.taken: list[Event] = []

    def notify(self, event: Event) -> None:
        self.taken.append(event)


def test_a_subscriber_is_an_object_or_a_callable_plain_or_a_coroutine(world: World, engine: FusePay) -> None:
    notes, calls, awaited = Notes(), list[Event](), list[Event]()

    async def later(event: Event) -> None:
        awaited.append(event)

    with (
        engine.events.subscribe("object", notes, start=StartAt.BEGINNING),
        engine.events.subscribe("callable", calls.append, start="BEGINNING"),
        engine.events.subscribe("coroutine", later, start=StartAt.BEGINNING) as third,
    ):
        assert third.name == "coroutine"
        world.user(engine, 100)
        world.run_until_idle(engine)
    everything = engine.events.read(limit=500)
    assert tuple(notes.taken) == tuple(calls) == tuple(awaited) == everything
    assert engine.events.cursor("object") == engine.events.head()


def test_only_the_wanted_names_are_told(world: World, engine: FusePay) -> None:
    one, two = list[Event](), list[Event]()
    wanted = [EventName.WALLET_FUNDED]
    first = engine.events.subscribe("one", one.append, only=wanted)
    second = engine.events.subscribe_to("two", [name.value for name in wanted], two.append)
    world.user(engine, 100)
    engine.run_due()
    assert [event.name for event in one] == wanted
    assert one == two
    first.close()
    first.close()
    second.close()
    world.user(engine, 100)
    engine.run_due()
    assert len(one) == 1


def test_a_subscription_ends_when_freed_and_lasts_when_kept(world: World, engine: FusePay) -> None:
    freed, kept = list[Event](), list[Event]()
    engine.events.subscribe("freed", freed.append)
    engine.events.subscribe("kept", kept.append).keep()
    gc.collect()
    world.user(engine)
    engine.run_due()
    assert freed == []
    assert kept
    with pytest.raises(fusepay.NotAllowedError):
        engine.events.subscribe("kept", kept.append)
    engine.events.subscribe("freed", freed.append).close()


async def _broken(event: Event) -> None:
    raise RuntimeError("from a coroutine")


@pytest.mark.parametrize(
    "raised", [ValueError("nonsense"), KeyboardInterrupt(), SystemExit(3), fusepay.BusyError("x")]
)
def test_what_a_subscriber_raises_brings_the_event_again(
    world: World, engine: FusePay, raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    def moody(event: Event) -> None:
        told.append(event.sequence)
        if len(told) < 3:
            raise raised

    with engine.events.subscribe("moody", moody, start=StartAt.BEGINNING):
        world.user(engine)
        engine.run_due()
        assert told == [1]
        engine.run_due()
        assert told == [1]
        world.clock.advance(timedelta(seconds=1))
        engine.run_due()
        assert told == [1, 1]
        world.clock.advance(timedelta(seconds=2))
        engine.run_due()
    assert told[:3] == [1, 1, 1]
    assert told[2:] == list(range(1, engine.events.head() + 1))
    lines = [record for record in caplog.records if record.name == "fusepay.events" and record.exc_info]
    assert [record.levelno for record in lines] == [logging.ERROR] * 2
    assert lines[0].exc_info is not None
    assert lines[0].exc_info[1] is raised
    assert "moody" in lines[0].getMessage()
    engines = [record for record in caplog.records if "did not take an event" in record.getMessage()]
    engines = [record for record in engines if record.name == "fusepay.engine.event"]
    assert [record.levelno for record in engines] == [logging.WARNING] * 2
    assert "code=NOT_ALLOWED" in engines[0].getMessage()


def test_a_coroutine_that_raises_brings_the_event_again(
    world: World, engine: FusePay, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.events.subscribe("async", _broken):
        made = world.user(engine, 100)
        engine.run_due()
    assert any(record.exc_info and record.name == "fusepay.events" for record in caplog.records)
    assert engine.wallet.find(made.wallet.id).balance_minor == 100


def test_a_subscriber_may_call_and_close_the_engine(world: World, engine: FusePay) -> None:
    wallet = world.user(engine, 100).wallet.id
    seen: list[int] = []

    def busy(event: Event) -> None:
        seen.append(engine.wallet.find(wallet).balance_minor)
        engine.close()

    engine.events.subscribe("busy", busy, start=StartAt.BEGINNING).keep()
    engine.run_due()
    assert seen == [100]
    with pytest.raises(fusepay.ClosedError):
        engine.run_due()


@pytest.mark.parametrize("wrong", [7, None, "mailer", object()])
def test_a_subscriber_must_be_one(engine: FusePay, wrong: Any) -> None:
    with pytest.raises(fusepay.InvalidArgumentError) as refused:
        engine.events.subscribe("x", wrong)
    assert refused.value.field == "subscriber"


def test_wrong_arguments_are_named(engine: FusePay) -> None:
    calls: list[tuple[str, Callable[[], object]]] = [
        ("start", lambda: engine.events.subscribe("x", print, start="SOON")),
        ("only", lambda: engine.events.subscribe("x", print, only=["nothing.such"])),
        ("only", lambda: engine.events.subscribe("x", print, only="wallet.funded")),
        ("limit", lambda: engine.events.read(0, 0)),
    ]
    for field, call in calls:
        with pytest.raises(fusepay.MisuseError) as refused:
            call()
        assert refused.value.field == field


def test_the_background_mode_tells_on_a_thread_of_its_own(world: World) -> None:
    engine = world.open(worker=fusepay.WorkerMode.BACKGROUND)
    done, names = threading.Event(), set[str]()

    def note(event: Event) -> None:
        names.add(threading.current_thread().name)
        done.set()

    with engine.events.subscribe("note", note):
        world.user(engine)
        assert done.wait(30)
    assert threading.current_thread().name not in names


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_subscriber_that_never_returns_does_not_hold_up_the_end(tmp_path: Path, kind: str) -> None:
    tmp_path.chmod(0o700)
    program = """
        import asyncio, sys, threading, time
        import fusepay
        keys = fusepay.KeyRing.hs256("a", b"K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ")
        engine = fusepay.FusePay.open(fusepay.Config(sys.argv[1], keys, close_deadline=100))
        told = threading.Event()
        def plain(event):
            told.set()
            time.sleep(3_600)
        async def coroutine(event):
            told.set()
            await asyncio.sleep(3_600)
        subscription = engine.events.subscribe("s", globals()[sys.argv[2]])
        engine.auth.register("a@example.com", "Ada", "Obi", "seven blue lamps by the river")
        print(told.wait(60))
    """
    ended = python(program, str(tmp_path / "pay.db"), kind)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_touches_no_subscription(world: World, engine: FusePay) -> None:
    told: list[Event] = []
    subscription = engine.events.subscribe("mine", told.append)
    kept = engine.events.subscribe("kept", told.append)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            kept.close()
            del subscription
            gc.collect()
            engine.events.head()
        except fusepay.ForkedError:
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    world.user(engine)
    engine.run_due()
    assert len(told) == 2 * engine.events.head()


def test_a_slow_subscriber_delays_no_other(world: World) -> None:
    engine = world.open(worker=fusepay.WorkerMode.BACKGROUND)
    gate, others = threading.Event(), threading.Event()

    def slow(event: Event) -> None:
        gate.wait(60)

    with (
        engine.events.subscribe("slow", slow),
        engine.events.subscribe("quick", lambda event: others.set()),
    ):
        made = world.user(engine, 100)
        assert others.wait(60)
        assert engine.wallet.find(made.wallet.id).balance_minor == 100
        gate.set()

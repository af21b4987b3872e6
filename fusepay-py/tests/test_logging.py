"""Goal: the engine's log lines arrive in `logging`, cost nothing when off, and never show a secret.

Method: the manual mode and the background mode, with handlers that collect, call back, or break.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fusepay
import pytest
from conftest import KEY, PASSWORD, Scripted, World, ngn
from fusepay import FusePay, Paid, Unknown, WorkerMode, _logging

TRACE = 5


class Collector(logging.Handler):
    """Keeps every line, and does something else if told to."""

    def __init__(self) -> None:
        super().__init__(0)
        self.records: list[logging.LogRecord] = []
        self.also: Callable[[], object] = lambda: None

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.also()

    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A handler for everything the engine says, at its finest level."""
    made, logger = Collector(), logging.getLogger("fusepay")
    logger.addHandler(made)
    logger.setLevel(TRACE)
    yield made
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(made)


def test_a_line_has_a_name_a_level_and_fields(world: World, collector: Collector) -> None:
    engine = world.open()
    made = world.user(engine, 100)
    engine.run_due()
    funded = [record for record in collector.records if "wallet.funded" in record.getMessage()]
    (record,) = funded
    assert (record.name, record.levelno, record.levelname) == ("fusepay.engine.logging", logging.INFO, "INFO")
    assert record.getMessage().startswith("event sequence=")
    fields: dict[str, Any] = record.__dict__["fusepay"]
    assert (fields["name"], fields["wallet"]) == ("wallet.funded", str(made.wallet.id))
    assert isinstance(fields["sequence"], int)
    assert record.filename == "logging.rs"
    with pytest.raises(fusepay.NotFoundError):
        engine.reversal.reverse(made.user.id)
    refused = [record for record in collector.records if record.getMessage().startswith("a call was refused")]
    assert [record.levelno for record in refused] == [logging.DEBUG]
    assert logging.getLevelName(TRACE) == "TRACE"


def test_a_level_takes_effect_at_once(world: World, collector: Collector) -> None:
    engine = world.open()
    logger = logging.getLogger("fusepay")

    def said() -> bool:
        collector.records.clear()
        world.user(engine)
        engine.run_due()
        return any(record.levelno == logging.INFO for record in collector.records)

    assert said()
    logger.setLevel(logging.WARNING)
    assert not said()
    logging.getLogger("fusepay.engine").setLevel(logging.INFO)
    assert said()
    logging.getLogger("fusepay.engine").setLevel(logging.NOTSET)
    logger.setLevel(logging.NOTSET)
    assert not said()
    logging.getLogger().setLevel(logging.INFO)
    try:
        assert said()
        logging.disable(logging.INFO)
        assert not said()
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger().setLevel(logging.WARNING)


def test_a_level_that_is_off_does_not_ask_python(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = world.open()
    asked: list[str] = []
    lowest_level = _logging.lowest_level

    def counting(name: str) -> int:
        asked.append(name)
        return lowest_level(name)

    monkeypatch.setattr(_logging, "lowest_level", counting)
    monkeypatch.setattr(_logging, "log", lambda line: asked.append(line[2]))
    logging.getLogger("fusepay").setLevel(logging.CRITICAL)
    for _ in range(20):
        world.user(engine, 100)
        engine.run_due()
    logging.getLogger("fusepay").setLevel(logging.NOTSET)
    assert len(asked) == len(set(asked))


def test_a_handler_may_call_the_engine(world: World, collector: Collector) -> None:
    engine = world.open()
    made = world.user(engine, 100)
    found: list[int] = []

    def call_back() -> None:
        with pytest.raises(fusepay.InsufficientFundsError):
            engine.wallet.debit(made.wallet.id, ngn(1_000))
        found.append(engine.wallet.find(made.wallet.id).balance_minor)

    collector.records.clear()
    collector.also = call_back
    engine.run_due()
    assert found == [100] * len(collector.records)
    assert found


@pytest.mark.parametrize("raised", [ValueError("broken"), KeyboardInterrupt(), SystemExit(1)])
def test_a_handler_that_raises_hurts_nobody(
    world: World, collector: Collector, raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: unraisable.append(told.exc_value))
    engine = world.open()

    def broken() -> None:
        raise raised

    collector.also = broken
    made = world.user(engine, 100)
    engine.run_due()
    assert engine.wallet.find(made.wallet.id).balance_minor == 100
    assert set(map(id, unraisable)) == {id(raised)}


def test_threads_of_the_engine_log_too(world: World, collector: Collector) -> None:
    engine = world.open(worker=WorkerMode.BACKGROUND)
    world.shop(engine)
    wallet = world.user(engine, 100).wallet.id
    engine.bill.pay(wallet, "IKEJA", "PREPAID", "m", ngn(100))
    while not any("bill.payment.success" in line for line in collector.lines()):
        engine.stats()
    engine.close()
    assert len({record.thread for record in collector.records}) > 1


def test_many_threads_log_at_once_and_no_line_is_lost(world: World, collector: Collector) -> None:
    engine = world.open(worker=WorkerMode.BACKGROUND)
    wallet = world.user(engine).wallet.id
    collector.records.clear()

    def fund() -> None:
        for _ in range(20):
            engine.wallet.fund(wallet, ngn(1))
            logging.getLogger("fusepay.elsewhere").setLevel(logging.INFO)

    threads = [threading.Thread(target=fund) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    assert sum("name=wallet.funded" in line for line in collector.lines()) == 160


def test_without_a_handler_nothing_is_shown_and_the_end_is_quiet(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program = """
        import logging, sys
        import fusepay
        if sys.argv[2] == "on":
            logging.basicConfig(level=1, stream=sys.stdout)
        config = fusepay.Config(sys.argv[1], fusepay.KeyRing.hs256("a", b"K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ"))
        engine = fusepay.FusePay.open(config)
        engine.auth.register("a@example.com", "Ada", "Obi", "seven blue lamps by the river")
        try:
            engine.wallet.find("00000000-0000-7000-8000-000000000000")
        except fusepay.NotFoundError:
            pass
    """
    for switch in ("off", "on"):
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(program)]
        command += [str(tmp_path / f"{switch}.db"), switch]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ("fusepay.engine" in ended.stdout) == (switch == "on")


SECRETS = {
    "vault_key": b"V1#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ",
    "audit_key": b"A2#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ",
    "next key": b"N3#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ",
}
WRONG, NEXT = "three red boats at the quay", "nine green kites over a hill"
BOUGHT = "4711-0815-2342-9999"


def whole_run(world: World, engine: FusePay) -> list[str]:
    """Does everything that touches a secret; answers the secrets that it met."""
    made = world.user(engine, 10_000)
    email, auth = made.user.email, engine.auth
    for wrong in (WRONG, b"\xff\xfe"):
        with pytest.raises(fusepay.FusePayError):
            auth.login(email, wrong)
    logged_in = auth.login(email, PASSWORD, device="phone")
    refreshed = auth.refresh(logged_in.refresh)
    changed = auth.change_password(refreshed.access, PASSWORD, NEXT)
    with pytest.raises(fusepay.InvalidTokenError):
        auth.verify(logged_in.access)
    with pytest.raises(fusepay.InvalidTokenError):
        auth.refresh(made.tokens.refresh)
    auth.rotate_signing_key("next", SECRETS["next key"], made.user.created_at)
    signed = auth.login(email, NEXT)
    session = engine.session(signed.access)
    world.shop(engine)
    bought = session.bill.pay(made.wallet.id, "IKEJA", "PREPAID", "m", ngn(100))
    engine.run_due()
    assert session.bill.tokens(bought.id) == (BOUGHT,)
    session.bill.pay(made.wallet.id, "IKEJA", "PREPAID", "m", ngn(100))
    session.logout()
    world.run_until_idle(engine)
    engine.bill.explain(bought.id)
    with pytest.raises(fusepay.NotFoundError):
        engine.reversal.reverse(made.user.id)
    with pytest.raises(fusepay.InvalidTokenError):
        session.profile()
    engine.verify()
    every = [made.tokens, logged_in, refreshed, changed, signed]
    tokens = [token for pair in every for token in (pair.access, pair.refresh)]
    return [*tokens, *(token.rsplit(".", 1)[1] for token in tokens if "." in token)]


def test_no_line_of_a_whole_run_at_trace_shows_a_secret(world: World, collector: Collector) -> None:
    logging.getLogger().addHandler(collector)
    logging.getLogger().setLevel(1)
    try:
        script = Scripted([Paid("PC-2", tokens=(BOUGHT,), receipt=BOUGHT), Unknown("time-out")])
        keys = {"vault_key": SECRETS["vault_key"], "audit_key": SECRETS["audit_key"]}
        engine = world.open(script, **keys)
        told: list[fusepay.Event] = []
        engine.events.subscribe("all", told.append, start="BEGINNING").keep()
        secrets = whole_run(world, engine)
        engine.close()
    finally:
        logging.getLogger().setLevel(logging.WARNING)
        logging.getLogger().removeHandler(collector)
    secrets += [PASSWORD, WRONG, NEXT, BOUGHT, KEY.decode(), *(key.decode() for key in SECRETS.values())]
    secrets += [key.hex() for key in (KEY, *SECRETS.values())]
    everything = "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in collector.records)
    everything += repr(told)
    assert "a call was refused" in everything
    assert "user1@example.com" not in everything
    for needle in ("auth.user.logged_in", "bill.payment.success"):
        assert needle in everything
    assert [secret for secret in secrets if secret in everything] == []

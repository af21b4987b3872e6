"""Goal: every operation of `engine.reversal` and `engine.queue` does in Python what it does in Rust.

Method: payments brought into each state by scripted answers; each operation once, and its refusal.
"""

from __future__ import annotations

import contextlib
import sqlite3
from decimal import Decimal
from typing import Any
from uuid import uuid4

import fusepay
import pytest
from conftest import Scripted, World, ngn
from fusepay import (
    Backoff,
    ClaimSettlement,
    Declined,
    FusePay,
    JobKind,
    JobStatus,
    NotPaid,
    Paid,
    Payment,
    PaymentStatus,
    QueryOutcome,
    RefundSource,
    Unknown,
    WalletStatus,
)

ONCE = {"bill_backoff": Backoff(runs_max=1), "requery_backoff": Backoff(runs_max=1)}


def pay(world: World, engine: FusePay, minor: int = 10_000) -> Payment:
    """A payment of the whole of a new wallet."""
    world.shop(engine)
    wallet = world.user(engine, minor).wallet.id
    return engine.bill.pay(wallet, "IKEJA", "PREPAID", "meter 7", ngn(minor))


def paid(world: World, engine: FusePay) -> Payment:
    """A completed payment."""
    made = pay(world, engine)
    engine.run_due()
    return engine.bill.find(made.id)


def reviewed(world: World, engine: FusePay) -> Payment:
    """A payment under review."""
    made = pay(world, engine)
    world.run_until_idle(engine)
    return engine.bill.find(made.id)


def test_reverse_gives_a_failed_payment_back_once(world: World) -> None:
    engine = world.open(Scripted([Declined("NO", "no such meter")]))
    made = pay(world, engine)
    engine.run_due()
    assert engine.bill.find(made.id).status is PaymentStatus.FAILED
    assert engine.reversal.reverse(made.id).status is PaymentStatus.REVERSED
    assert engine.reversal.reverse(str(made.id)).status is PaymentStatus.REVERSED
    assert engine.wallet.find(made.wallet_id).balance_minor == 10_000
    with pytest.raises(fusepay.NotFoundError):
        engine.reversal.reverse(uuid4())


def test_refund_returns_parts_and_no_more(world: World, engine: FusePay) -> None:
    made = paid(world, engine)
    assert made.status is PaymentStatus.COMPLETED
    half = ("half of the units never came",)
    for _ in range(2):
        after = engine.reversal.refund(
            made.id, ngn(5_000), RefundSource.HOST, *half, idempotency_key="ticket-9"
        )
        assert (after.status, after.refunded_minor) == (PaymentStatus.COMPLETED, 5_000)
    assert engine.wallet.find(made.wallet_id).balance == Decimal("50.00")
    with pytest.raises(fusepay.RefundAbovePaidError):
        engine.reversal.refund(made.id, ngn(5_001), "BILLER", "too much")
    with pytest.raises(fusepay.InvalidArgumentError) as refused:
        engine.reversal.refund(made.id, ngn(1), "SOMEBODY", "x")
    assert refused.value.field == "source"


def test_a_review_ends_by_what_an_operator_found(world: World) -> None:
    engine = world.open(Scripted([Unknown("time-out")] * 2), **ONCE)
    first, second = reviewed(world, engine), reviewed(world, engine)
    assert (first.status, second.status) == (PaymentStatus.NEEDS_REVIEW,) * 2
    done = engine.reversal.resolve_review(
        first.id, Paid("PC-1", tokens=("1234",)), "the biller's list has it"
    )
    assert (done.status, done.provider_reference) == (PaymentStatus.COMPLETED, "PC-1")
    assert engine.bill.tokens(first.id) == ("1234",)
    assert engine.reversal.resolve_review(second.id, NotPaid(), "phoned").status is PaymentStatus.FAILED
    with pytest.raises(fusepay.NotAllowedError):
        engine.reversal.resolve_review(first.id, NotPaid(), "again")
    wrong: list[Any] = ["paid", None, Declined("a", "b")]
    for verdict in wrong:
        with pytest.raises(fusepay.InvalidArgumentError) as refused:
            engine.reversal.resolve_review(second.id, verdict, "x")
        assert refused.value.field == "verdict"


class Webhooks(Scripted):
    """A provider whose webhooks say what was scripted."""

    def __init__(self, outcome: QueryOutcome) -> None:
        super().__init__([Declined("NO", "no")])
        self.outcome = outcome

    def verify_webhook(self, webhook: fusepay.Webhook) -> list[fusepay.WebhookNotice]:
        return [fusepay.WebhookNotice(webhook.body.decode(), self.outcome)]


def test_a_late_success_is_a_claim_until_it_is_settled(world: World) -> None:
    provider = Webhooks(Paid("PC-late"))
    engine = world.open(provider)
    made = pay(world, engine)
    engine.run_due()
    engine.reversal.reverse(made.id)
    asked = provider.asked[0]
    engine.bill.receive_webhook("power", {}, asked.request_id.encode())
    (claim,) = engine.reversal.open_claims()
    assert claim.id == made.id
    settled = engine.reversal.settle_claim(made.id, ClaimSettlement.WRITTEN_OFF, "too small to chase")
    assert settled.status is PaymentStatus.REVERSED
    assert engine.reversal.open_claims(limit=1) == ()
    with pytest.raises(fusepay.NotAllowedError):
        engine.reversal.settle_claim(made.id, "RECOVERED_FROM_PROVIDER", "twice")


def test_suspense_holds_what_a_frozen_wallet_refuses(world: World) -> None:
    engine = world.open(Scripted([Declined("NO", "no")]))
    made = pay(world, engine)
    engine.wallet.set_status(made.wallet_id, WalletStatus.FROZEN)
    world.run_until_idle(engine)
    (waiting,) = engine.reversal.open_suspense()
    assert waiting.id == made.id
    with pytest.raises(fusepay.WalletFrozenError):
        engine.reversal.release_suspense(made.id)
    other = engine.wallet.create(made.user_id, "NGN", "second")
    engine.reversal.release_suspense(made.id, to=other.id)
    assert engine.wallet.find(other.id).balance_minor == 10_000
    assert engine.reversal.open_suspense() == ()
    assert engine.verify().is_sound


def execute(world: World, statement: str) -> None:
    """Changes the file behind the engine's back, while it is closed."""
    with contextlib.closing(sqlite3.connect(world.path)) as file:
        file.execute(statement)


def test_a_dead_letter_is_found_retried_and_resolved(world: World) -> None:
    script = Scripted([Declined("NO", "no")])
    engine = world.open(script, reversal_backoff=Backoff(runs_max=1))
    made = pay(world, engine)
    engine.close()
    # No reversal can be booked: its run fails, and was its last.
    execute(world, "CREATE UNIQUE INDEX planted ON posting (CASE type WHEN 9 THEN 1 ELSE id END)")
    engine = world.open(script, reversal_backoff=Backoff(runs_max=1))
    world.run_until_idle(engine)
    (letter,) = engine.queue.dead_letters()
    assert engine.queue.find(letter.id) == letter
    assert (letter.kind, letter.status, letter.subject) == (JobKind.PROCESS_REVERSAL, JobStatus.DEAD, made.id)
    dead = [count for count in engine.queue.counts() if count.status is JobStatus.DEAD]
    assert [(count.kind, count.count) for count in dead] == [(letter.kind, 1)]
    assert engine.queue.dead_letters(after=letter.id, limit=5) == ()
    with pytest.raises(fusepay.NotAllowedError):
        engine.queue.resolve(letter.id, "its payment still waits for its money")
    engine.close()
    execute(world, "DROP INDEX planted")
    engine = world.open(script)
    assert engine.queue.retry(letter.id).status is JobStatus.READY
    with pytest.raises(fusepay.JobNotDeadError):
        engine.queue.resolve(letter.id, "it is queued again")
    world.run_until_idle(engine)
    assert engine.bill.find(made.id).status is PaymentStatus.REVERSED
    with pytest.raises(fusepay.NotFoundError):
        engine.queue.retry(letter.id)

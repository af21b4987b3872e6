"""Goal: every operation of `engine.history` and `engine.audit` does in Python what it does in Rust.

Method: a small history, each operation once; filters by what they leave out, statements by their sums.
"""

from __future__ import annotations

import csv
import json
import pickle
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import fusepay
import pytest
from conftest import NOON, World, ngn
from fusepay import AuditHead, FusePay, Statement, TransactionStatus, TransactionType


def test_find_by_id_and_by_both_references(world: World, engine: FusePay) -> None:
    rich, poor = world.user(engine, 1_000).wallet.id, world.user(engine).wallet.id
    line = engine.wallet.transfer(rich, poor, ngn(300))
    debit, credit = engine.history.find(line.id)
    assert (debit, credit.wallet_id, credit.amount) == (line, poor, Decimal("3.00"))
    assert engine.history.find_by_reference(line.reference) == (debit, credit)
    (funded,) = engine.history.find_by_external_reference(TransactionType.WALLET_FUNDING, "bank-1")
    assert funded.wallet_id == rich
    with pytest.raises(fusepay.InvalidIdError):
        engine.history.find_by_reference("BILL_x")
    with pytest.raises(fusepay.NotFoundError):
        engine.history.find(uuid4())


def test_pages_follow_each_other_and_keep_their_filter(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    wallet = made.wallet.id
    for minor in range(1, 6):
        engine.wallet.fund(wallet, ngn(minor), metadata={"n": minor})
        world.clock.advance(1_000)
    engine.wallet.debit(wallet, ngn(1))
    funded = TransactionType.WALLET_FUNDING
    first = engine.history.page(wallet, kind=funded, limit=3)
    assert [line.amount_minor for line in first.lines] == [5, 4, 3]
    rest = engine.history.page(wallet, kind="WALLET_FUNDING", cursor=first.next_cursor, limit=3)
    assert [line.amount_minor for line in rest.lines] == [2, 1]
    assert rest.next_cursor is None
    with pytest.raises(fusepay.InvalidCursorError):
        engine.history.page(wallet, cursor=first.next_cursor)
    page = engine.history.page(wallet, from_=NOON + timedelta(seconds=1), until=NOON + timedelta(seconds=3))
    assert [line.amount_minor for line in page.lines] == [3, 2]
    (only,) = engine.history.page(wallet, metadata_contains='"n":4').lines
    assert only.amount_minor == 4
    assert engine.history.page(wallet, status=TransactionStatus.FAILED).lines == ()
    assert engine.history.page_of_user(made.user.id, limit=2).lines[0].amount_minor == -1
    assert engine.history.page_of_user(uuid4()).lines == ()
    assert pickle.loads(pickle.dumps(page)) == page


def test_times_need_a_zone(world: World, engine: FusePay) -> None:
    wallet = world.user(engine).wallet.id
    with pytest.raises(fusepay.InvalidArgumentError) as refused:
        engine.history.balance_at(wallet, datetime(2026, 3, 1))
    assert refused.value.field == "at"


def statement(world: World, engine: FusePay) -> Statement:
    """A statement over two of three lines."""
    wallet = world.user(engine, 1_000).wallet.id
    world.clock.advance(1_000)
    engine.wallet.debit(wallet, ngn(1_200 - 1_000), description="=1+1")
    engine.wallet.credit(wallet, ngn(50))
    return engine.history.statement(wallet, NOON + timedelta(seconds=1), NOON + timedelta(hours=1))


def test_a_statement_adds_up_and_writes_itself(world: World, engine: FusePay) -> None:
    made = statement(world, engine)
    assert (made.opening, made.closing) == (Decimal("10.00"), Decimal("8.50"))
    assert made.opening_minor + sum(line.amount_minor for line in made.lines) == made.closing_minor
    rows = list(csv.DictReader(StringIO(made.to_csv(), newline="")))
    assert [(row["amount"], row["description"]) for row in rows] == [("-2.00", "'=1+1"), ("0.50", "")]
    told = json.loads(made.to_json())
    assert (told["closing_minor"], len(told["lines"])) == (850, 2)
    assert engine.history.balance_at(made.wallet_id, NOON) == ngn(1_000)
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.history.statement(made.wallet_id, made.until, made.from_)


def test_a_statement_is_a_value(world: World, engine: FusePay) -> None:
    made = statement(world, engine)
    again = pickle.loads(pickle.dumps(made))
    assert (again, hash(again)) == (made, hash(made))
    assert (again.to_csv(), again.to_json()) == (made.to_csv(), made.to_json())
    assert pickle.loads(pickle.dumps(again)) == made
    assert repr(made).startswith(f"Statement(wallet_id={made.wallet_id!r}, currency='NGN'")
    assert made != engine.history.statement(made.wallet_id, made.from_, NOON + timedelta(hours=2))


def test_the_audit_chain_is_read_and_verified(world: World, engine: FusePay) -> None:
    made = world.user(engine, 1_000)
    head = engine.audit.head()
    records = engine.audit.read(limit=500)
    assert [record.sequence for record in records] == list(range(1, head.sequence + 1))
    assert engine.audit.read(after=head.sequence - 1) == records[-1:]
    funded = [record for record in records if record.action == "wallet.funded"]
    assert [(record.actor, record.success, record.at) for record in funded] == [("host", True, NOON)]
    assert isinstance(funded[0].payload, dict)
    report = engine.audit.verify()
    assert (report.is_sound, report.entries, report.head, report.first_bad) == (
        True,
        head.sequence,
        head,
        None,
    )
    assert AuditHead.parse(str(head)) == head
    forged = AuditHead(head.sequence, bytes(32))
    assert engine.audit.verify(head=forged).first_bad == head.sequence
    engine.wallet.debit(made.wallet.id, ngn(1))
    assert engine.audit.verify(head).is_sound
    with pytest.raises(fusepay.InvalidArgumentError):
        AuditHead.parse("1:ab")

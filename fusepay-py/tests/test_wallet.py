"""Goal: every operation of `engine.wallet` does in Python what it does in Rust, and errors keep their code.

Method: each operation at least once, its answer field by field where the conversion is what can go wrong.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import fusepay
import pytest
from conftest import NOON, World, ngn
from fusepay import (
    Config,
    FeePolicy,
    FusePay,
    HoldStatus,
    Limit,
    LimitWindow,
    Money,
    Remainder,
    TransactionStatus,
    TransactionType,
    TransferRequest,
    Wallet,
    WalletStatus,
)


def test_find_answers_one_snapshot(world: World, engine: FusePay) -> None:
    made = world.user(engine, 250_050)
    wallet = engine.wallet.find(made.wallet.id)
    assert wallet == engine.wallet.find(str(made.wallet.id))
    assert isinstance(wallet.id, UUID)
    assert wallet.user_id == made.user.id
    assert (wallet.currency, wallet.label, wallet.status) == ("NGN", "", WalletStatus.ACTIVE)
    assert (wallet.balance_minor, wallet.balance) == (250_050, Decimal("2500.50"))
    assert (wallet.held, wallet.available, wallet.credit_limit) == (
        Decimal("0.00"),
        wallet.balance,
        Decimal("0.00"),
    )
    assert wallet.created_at == NOON
    assert wallet.created_at.utcoffset() == timedelta(0)


def test_create_and_list(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    world.clock.advance(1)
    yen = engine.wallet.create(made.user.id, "JPY", "holiday")
    assert engine.wallet.list(made.user.id) == (made.wallet, yen)
    assert engine.wallet.list(uuid4()) == ()
    with pytest.raises(fusepay.NotFoundError):
        engine.wallet.create(uuid4(), "NGN")


def test_fund_books_once_for_each_reference_and_key(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    notes = {"till": "3", "naïve": ["é", 1, None]}
    first = engine.wallet.fund(
        made.wallet.id,
        Money("250.00", "NGN"),
        external_reference="bank-x",
        description="cash",
        metadata=notes,
        idempotency_key="deposit-1",
    )
    assert (first.kind, first.status) == (TransactionType.WALLET_FUNDING, TransactionStatus.COMPLETED)
    assert (first.amount_minor, first.amount, first.balance) == (25_000, Decimal("250.00"), Decimal("250.00"))
    assert (first.sequence, first.external_reference, first.description) == (1, "bank-x", "cash")
    assert first.metadata == notes
    assert first.reference.startswith("FUND_")
    again = engine.wallet.fund(
        made.wallet.id,
        Money("250.00", "NGN"),
        external_reference="bank-x",
        description="cash",
        metadata=notes,
        idempotency_key="deposit-1",
    )
    assert again == first
    with pytest.raises(fusepay.ExternalReferenceUsedError):
        engine.wallet.fund(made.wallet.id, ngn(1), external_reference="bank-x")
    with pytest.raises(fusepay.IdempotencyKeyReusedError):
        engine.wallet.fund(made.wallet.id, ngn(1), idempotency_key="deposit-1")


def test_withdraw_credit_and_debit(world: World) -> None:
    engine = world.open(withdrawal_fee=FeePolicy(fixed_minor=50))
    wallet = world.user(engine, 10_000).wallet.id
    assert engine.wallet.withdraw(wallet, ngn(1_000), external_reference="out-1").amount_minor == -1_000
    assert engine.wallet.find(wallet).balance_minor == 8_950
    assert engine.wallet.credit(wallet, ngn(50)).kind is TransactionType.CREDIT
    assert engine.wallet.debit(wallet, ngn(9_000)).balance_minor == 0
    with pytest.raises(fusepay.InsufficientFundsError) as refused:
        engine.wallet.debit(wallet, ngn(1))
    assert refused.value.kind is fusepay.ErrorKind.REFUSED


def test_transfer_and_batch(world: World, engine: FusePay) -> None:
    rich, poor = world.user(engine, 10_000).wallet.id, world.user(engine).wallet.id
    line = engine.wallet.transfer(rich, poor, ngn(4_000), description="rent", idempotency_key="rent-march")
    assert (line.wallet_id, line.counterparty, line.amount_minor) == (rich, poor, -4_000)
    version = engine.wallet.find(rich).version
    with pytest.raises(fusepay.ConflictError) as conflict:
        engine.wallet.transfer(rich, poor, ngn(1), expected_version=version - 1)
    assert conflict.value.retryable
    with pytest.raises(fusepay.SameWalletError):
        engine.wallet.transfer(rich, rich, ngn(1))
    batch = [TransferRequest(rich, poor, ngn(1_000), metadata={"n": n}) for n in range(3)]
    lines = engine.wallet.transfer_batch(batch, idempotency_key="payroll")
    assert [line.metadata for line in lines] == [{"n": 0}, {"n": 1}, {"n": 2}]
    with pytest.raises(fusepay.InsufficientFundsError):
        engine.wallet.transfer_batch(
            [TransferRequest(rich, poor, ngn(3_000)), TransferRequest(rich, poor, ngn(1))]
        )
    assert engine.wallet.find(rich).balance_minor == 3_000


def test_holds_are_authorised_captured_released_and_expire(world: World, engine: FusePay) -> None:
    wallet, shop = world.user(engine, 10_000).wallet.id, world.user(engine).wallet.id
    hold = engine.wallet.authorise(wallet, ngn(6_000), timedelta(hours=1), description="hotel")
    assert (hold.status, hold.remaining_minor, hold.amount) == (HoldStatus.ACTIVE, 6_000, Decimal("60.00"))
    assert hold.expires_at - hold.created_at == timedelta(hours=1)
    assert engine.wallet.find(wallet).available_minor == 4_000
    assert engine.wallet.capture(hold.id, ngn(1_000), to=shop, remainder=Remainder.KEEP).counterparty == shop
    assert engine.wallet.find_hold(hold.id).remaining_minor == 5_000
    assert engine.wallet.release(hold.id).status is HoldStatus.RELEASED
    with pytest.raises(fusepay.HoldResolvedError):
        engine.wallet.capture(hold.id, ngn(1))
    short = engine.wallet.authorise(wallet, ngn(1), 1_000)
    assert engine.wallet.holds(wallet, HoldStatus.ACTIVE) == (short,)
    world.clock.advance(timedelta(seconds=1))
    engine.run_due()
    assert engine.wallet.find_hold(short.id).status is HoldStatus.EXPIRED
    assert engine.wallet.holds(wallet, "EXPIRED", limit=1)[0].id == short.id


def test_status_and_credit_limit(world: World, engine: FusePay) -> None:
    wallet = world.user(engine, 500).wallet.id
    assert engine.wallet.set_status(wallet, WalletStatus.DEBITS_FROZEN).status is WalletStatus.DEBITS_FROZEN
    with pytest.raises(fusepay.WalletFrozenError):
        engine.wallet.debit(wallet, ngn(1))
    engine.wallet.set_status(wallet, "ACTIVE")
    assert engine.wallet.set_credit_limit(wallet, 1_000).available_minor == 1_500
    with pytest.raises(fusepay.WalletNotEmptyError):
        engine.wallet.set_status(wallet, WalletStatus.CLOSED)


def test_limits(world: World, engine: FusePay) -> None:
    wallet = world.user(engine, 10_000).wallet.id
    day = Limit(LimitWindow.DAY, amount_max_minor=1_000, count_max=5)
    betting = Limit(LimitWindow.MONTH, "BETTING", 10)
    engine.wallet.set_limit(wallet, day)
    engine.wallet.set_limit(wallet, betting)
    assert set(engine.wallet.limits(wallet)) == {day, betting}
    with pytest.raises(fusepay.LimitExceededError):
        engine.wallet.withdraw(wallet, ngn(1_001))
    assert engine.wallet.remove_limit(wallet, LimitWindow.MONTH, "BETTING")
    assert not engine.wallet.remove_limit(wallet, LimitWindow.MONTH, "BETTING")
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.wallet.set_limit(wallet, Limit(LimitWindow.DAY))


@pytest.mark.parametrize("amount", [1.5, True, 100, "1.00", Decimal(1), None])
def test_money_is_never_a_bare_number(world: World, engine: FusePay, amount: Any) -> None:
    wallet = world.user(engine).wallet.id
    with pytest.raises(fusepay.MisuseError) as refused:
        engine.wallet.fund(wallet, amount)
    assert refused.value.field == "amount"
    assert engine.wallet.find(wallet).balance_minor == 0


@pytest.mark.parametrize("number", [1.0, True, "1", 2**80])
def test_counts_are_ints(world: World, engine: FusePay, number: Any) -> None:
    wallet = world.user(engine).wallet.id
    calls: list[Callable[[], object]] = [
        lambda: engine.wallet.set_credit_limit(wallet, number),
        lambda: engine.wallet.fund(wallet, ngn(1), expected_version=number),
        lambda: engine.wallet.holds(wallet, HoldStatus.ACTIVE, number),
        lambda: Limit(LimitWindow.DAY, amount_max_minor=number),
        lambda: FeePolicy(fixed_minor=number),
    ]
    for call in calls:
        with pytest.raises(fusepay.InvalidArgumentError):
            call()


def test_arguments_of_the_wrong_kind_are_named(world: World, engine: FusePay) -> None:
    wallet = world.user(engine).wallet.id
    wrong: list[tuple[str, Callable[[], object]]] = [
        ("wallet_id", lambda: engine.wallet.find("nonsense")),
        ("wallet_id", lambda: engine.wallet.find(7)),  # type: ignore[arg-type]
        ("status", lambda: engine.wallet.set_status(wallet, HoldStatus.ACTIVE)),
        ("status", lambda: engine.wallet.set_status(wallet, "SLEEPY")),
        ("description", lambda: engine.wallet.fund(wallet, ngn(1), description=b"x")),  # type: ignore[arg-type]
        ("metadata", lambda: engine.wallet.fund(wallet, ngn(1), metadata={"x": object()})),
        ("metadata", lambda: engine.wallet.fund(wallet, ngn(1), metadata={"x": float("nan")})),
        ("life", lambda: engine.wallet.authorise(wallet, ngn(1), timedelta(seconds=-1))),
        ("life", lambda: engine.wallet.authorise(wallet, ngn(1), 1.5)),  # type: ignore[arg-type]
        ("limit", lambda: engine.wallet.holds(wallet, HoldStatus.ACTIVE, 501)),
    ]
    for field, call in wrong:
        with pytest.raises(fusepay.MisuseError) as refused:
            call()
        assert refused.value.field == field


def test_records_are_values(world: World, engine: FusePay) -> None:
    wallet = world.user(engine, 1).wallet
    assert pickle.loads(pickle.dumps(wallet)) == wallet
    assert hash(pickle.loads(pickle.dumps(wallet))) == hash(wallet)
    assert wallet != engine.wallet.find(wallet.id)
    assert repr(wallet).startswith(f"Wallet(id={wallet.id!r}, user_id=")
    match wallet:
        case Wallet(id=found, balance_minor=0):
            assert found == wallet.id
        case _:
            pytest.fail("it did not match")
    with pytest.raises(AttributeError):
        wallet.balance_minor = 5  # type: ignore[misc]
    line = engine.wallet.fund(wallet.id, ngn(5), metadata={"a": {"b": [1, 2]}})
    assert pickle.loads(pickle.dumps(line)) == line


def test_a_closed_engine_answers_closed(world: World) -> None:
    with world.open() as engine:
        wallet = world.user(engine).wallet.id
    engine.close()
    with pytest.raises(fusepay.ClosedError):
        engine.wallet.find(wallet)


def test_config_refuses_what_contradicts_itself(world: World) -> None:
    with pytest.raises(fusepay.InvalidConfigError):
        world.open(drain_max=0)
    with pytest.raises(fusepay.InvalidArgumentError):
        Config(world.path, "key")  # type: ignore[arg-type]
    with pytest.raises(fusepay.InvalidConfigError):
        fusepay.KeyRing.hs256("a", b"short")

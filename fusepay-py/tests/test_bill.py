"""Goal: every operation of `engine.bill` does in Python what it does in Rust.

Method: each operation at least once, driven by hand with a clock that stands still.
"""

from __future__ import annotations

import pickle
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import fusepay
import pytest
from conftest import KEY, NOON, Scripted, World, ngn
from fusepay import (
    AttemptKind,
    Backoff,
    Biller,
    BillItem,
    BreakerPolicy,
    Capabilities,
    Customer,
    Declined,
    FeePolicy,
    FusePay,
    JobKind,
    Money,
    NotSent,
    Paid,
    PaymentStatus,
    RatePolicy,
    TransactionType,
    Unknown,
)


def test_the_catalogue_is_loaded_and_read(world: World, engine: FusePay) -> None:
    fee = FeePolicy(fixed_minor=100, per_mille=15, minimum_minor=150, maximum_minor=2_000)
    units = BillItem("UNITS", "Units", "NGN", 100, 500_000, fee, validates_customer=True)
    ekedc = Biller("EKEDC", "Eko Electric", "ELECTRICITY", ("power", "backup"), enabled=False)
    mtn = Biller("MTN", "MTN", "DATA", ["power"])
    engine.bill.load_catalogue([(ekedc, [units]), (mtn, [])])
    assert engine.bill.billers() == (ekedc, mtn)
    assert engine.bill.billers("DATA") == (mtn,)
    assert engine.bill.billers(after="EKEDC", limit=1) == (mtn,)
    assert engine.bill.items("EKEDC") == (units,)
    assert engine.bill.items("MTN") == ()
    assert (units.minimum, units.maximum) == (Decimal(1), Decimal(5_000))
    assert units.fee.for_amount(ngn(10_000)) == ngn(250)
    with pytest.raises(fusepay.NotFoundError):
        engine.bill.items("NOBODY")
    with pytest.raises(fusepay.InvalidArgumentError):
        Biller("X", "X", "electricity", ["power"])
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.bill.load_catalogue([(mtn, [BillItem("A", "A", "NGN", 0, 1)])])
    for wrong in [7, [mtn], [(mtn, mtn)], [(mtn, [ekedc])], [("MTN", [])]]:
        with pytest.raises(fusepay.InvalidArgumentError):
            engine.bill.load_catalogue(wrong)  # type: ignore[arg-type]


def test_pay_debits_at_once_and_is_paid_by_the_worker(world: World) -> None:
    engine = world.open(Scripted([Paid("PC-1", tokens=("1234",), receipt="R")]))
    payer = world.user(engine, 10_000)
    world.shop(engine, fee=FeePolicy(fixed_minor=50))
    payment = engine.bill.pay(
        payer.wallet.id,
        "IKEJA",
        "PREPAID",
        "meter 0123",
        Money("5.00", "NGN"),
        metadata='{"order": 7}',
        idempotency_key="order-7",
        requested_at=NOON,
        expected_version=engine.wallet.find(payer.wallet.id).version,
    )
    assert (payment.status, payment.user_id, payment.wallet_id) == (
        PaymentStatus.PENDING,
        payer.user.id,
        payer.wallet.id,
    )
    assert (payment.amount, payment.fee, payment.category) == (ngn(500), ngn(50), "ELECTRICITY")
    assert payment.metadata == {"order": 7}
    assert payment.reference == f"BILL_{payment.id.hex.upper()}"
    assert payment.claim == payment.refunded == payment.suspense == Decimal(0)
    assert engine.wallet.find(payer.wallet.id).balance_minor == 9_450
    assert pickle.loads(pickle.dumps(payment)) == payment
    report = engine.run_due()
    assert (report.claimed, report.calls, report.next_due) == (1, 1, None)
    done = engine.bill.find(payment.id)
    assert (done.status, done.completed_at, done.provider_reference) == (
        PaymentStatus.COMPLETED,
        NOON,
        "PC-1",
    )
    assert engine.bill.tokens(str(payment.id)) == ("1234",)
    assert engine.bill.list(payer.wallet.id) == (done,)
    assert engine.bill.list(payer.wallet.id, before=done.id, limit=1) == ()
    assert engine.bill.list_by_status(PaymentStatus.COMPLETED) == (done,)
    assert engine.bill.list_by_status("COMPLETED", after=done.id) == ()


def test_the_same_key_pays_once(world: World, engine: FusePay) -> None:
    payer = world.user(engine, 10_000)
    world.shop(engine)

    def pay(minor: int) -> fusepay.Payment:
        return engine.bill.pay(
            payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(minor), idempotency_key="order-1"
        )

    assert pay(500) == pay(500)
    with pytest.raises(fusepay.IdempotencyKeyReusedError):
        pay(501)
    assert engine.wallet.find(payer.wallet.id).balance_minor == 9_500


def test_refusals_keep_their_code(world: World, engine: FusePay) -> None:
    payer = world.user(engine, 1_000)
    world.shop(engine, maximum_minor=5_000)

    def pay(item: str = "PREPAID", amount: Money | None = None, **more: Any) -> fusepay.Payment:
        return engine.bill.pay(payer.wallet.id, "IKEJA", item, "0123", amount or ngn(1), **more)

    for expected, arguments in [
        (fusepay.BillerUnavailableError, {"item": "NOTHING"}),
        (fusepay.AmountOutOfRangeError, {"amount": ngn(5_001)}),
        (fusepay.InsufficientFundsError, {"amount": ngn(1_001)}),
        (fusepay.CurrencyMismatchError, {"amount": Money(1, "KES")}),
        (fusepay.InvalidAmountError, {"amount": ngn(-1)}),
        (fusepay.InvalidMetadataError, {"metadata": "[]"}),
        (fusepay.NotFoundError, {"quote_id": uuid4()}),
        (fusepay.ConflictError, {"expected_version": 99}),
    ]:
        with pytest.raises(expected) as refused:
            pay(**arguments)  # type: ignore[arg-type]
        assert type(refused.value) is expected
    assert engine.wallet.find(payer.wallet.id).balance_minor == 1_000


class Looks(Scripted):
    """A provider that knows one customer."""

    def validate_customer(self, request: fusepay.CustomerRequest) -> Customer:
        assert (request.biller, request.item, request.customer_reference) == ("IKEJA", "PREPAID", "0123")
        return Customer("Ada Obi")


def test_a_quote_is_used_once(world: World) -> None:
    engine = world.open(Looks(), quote_life=timedelta(minutes=1))
    payer = world.user(engine, 10_000)
    world.shop(engine, validates_customer=True, fee=FeePolicy(per_mille=15))
    quote = engine.bill.quote(payer.user.id, "IKEJA", "PREPAID", "0123", ngn(1_000))
    assert (quote.customer_name, quote.amount, quote.fee) == ("Ada Obi", ngn(1_000), ngn(15))
    assert quote.expires_at == NOON + timedelta(minutes=1)
    payment = engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(1_000), quote_id=quote.id)
    assert payment.fee == ngn(15)
    with pytest.raises(fusepay.QuoteUsedError):
        engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(1_000), quote_id=quote.id)
    late = engine.bill.quote(payer.user.id, "IKEJA", "PREPAID", "0123", ngn(1))
    world.clock.advance(60_000)
    with pytest.raises(fusepay.QuoteExpiredError):
        engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(1), quote_id=late.id)


def test_refresh_asks_now_and_explain_tells_all(world: World) -> None:
    engine = world.open(Scripted([Unknown("timed out")], [Unknown("still"), Paid("PC-1")]))
    payer = world.user(engine, 1_000)
    world.shop(engine)
    payment = engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(500))
    engine.run_due()
    waiting = engine.bill.explain(payment.id)
    assert waiting.payment.status is PaymentStatus.UNKNOWN
    assert waiting.next_job is not None
    assert (waiting.next_job.kind, waiting.next_job.subject) == (JobKind.REQUERY, payment.id)
    engine.bill.refresh(payment.id, timedelta(seconds=10))
    world.clock.advance(timedelta(minutes=1))
    assert engine.bill.refresh(payment.id, 10_000).status is PaymentStatus.COMPLETED
    done = engine.bill.explain(payment.id)
    assert [attempt.kind for attempt in done.attempts] == [
        AttemptKind.SUBMIT,
        AttemptKind.QUERY,
        AttemptKind.QUERY,
    ]
    assert done.steps[0].before is PaymentStatus.PENDING
    assert done.steps[-1].after is PaymentStatus.COMPLETED
    assert done.next_job is None
    assert pickle.loads(pickle.dumps(done)) == done


def test_a_declined_payment_is_reversed_by_itself(world: World) -> None:
    engine = world.open(Scripted([Declined("13", "no such meter")]))
    payer = world.user(engine, 1_000)
    world.shop(engine, fee=FeePolicy(fixed_minor=50))
    payment = engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(500))
    world.run_until_idle(engine)
    done = engine.bill.find(payment.id)
    assert (done.status, done.failure_code) == (PaymentStatus.REVERSED, "13")
    assert engine.wallet.find(payer.wallet.id).balance_minor == 1_000
    assert engine.verify().is_sound


def test_the_schedule_is_configured(world: World) -> None:
    provider = Scripted([NotSent("refused")] * 9)
    engine = world.open(
        provider,
        bill_backoff=Backoff(base_ms=1_000, runs_max=2),
        reversal_backoff=Backoff.reversal(),
        requery_backoff=Backoff.requery(),
        breaker=BreakerPolicy(failures_to_open=50),
        rate=RatePolicy(1_000, 10),
        drain_max=1,
        refresh_interval=1_000,
    )
    payer = world.user(engine, 1_000)
    world.shop(engine)
    payment = engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(500))
    world.run_until_idle(engine)
    assert len(provider.asked) == 2
    assert engine.bill.find(payment.id).status is PaymentStatus.REVERSED


def test_tokens_are_sealed_with_the_vault_key(world: World) -> None:
    engine = world.open(Scripted([Paid("PC-1", tokens=("1234-5678",))]), vault_key=KEY[:32], vault_key_id=3)
    payer = world.user(engine, 1_000)
    world.shop(engine)
    payment = engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "0123", ngn(500))
    engine.run_due()
    assert engine.bill.tokens(payment.id) == ("1234-5678",)
    engine.close()
    assert b"1234-5678" not in world.path.read_bytes()
    keyless = world.open()
    with pytest.raises(fusepay.NotAllowedError):
        keyless.bill.tokens(payment.id)


def test_float_is_topped_up(world: World, engine: FusePay) -> None:
    world.user(engine, 1_000)
    engine.bill.top_up_float("power", ngn(600), "wire-1")
    balances = {balance.account: balance for balance in engine.stats().balances}
    assert (balances["float"].balance_minor, balances["float"].provider) == (-600, "power")
    assert balances["float"].balance == Decimal("-6.00")
    with pytest.raises(fusepay.ExternalReferenceUsedError):
        engine.bill.top_up_float("power", ngn(1), "wire-1")
    with pytest.raises(fusepay.NotAllowedError):
        engine.bill.top_up_float("power", ngn(1_000), "wire-2")


def test_capabilities_have_the_engines_defaults() -> None:
    assert Capabilities() == Capabilities(None, True, timedelta(minutes=5), 3, None, timedelta(minutes=1), 4)
    for form in [fusepay.RequestIdFormat.hex(20), fusepay.RequestIdFormat.uuid()]:
        assert pickle.loads(pickle.dumps(form)) == form
    assert repr(Capabilities().request_id_format) == "RequestIdFormat.uuid()"
    wanted = Capabilities(request_id_format=fusepay.RequestIdFormat.vtpass_timed(), call_deadline=5_000)
    assert wanted.call_deadline == timedelta(seconds=5)
    assert pickle.loads(pickle.dumps(wanted)) == wanted
    assert TransactionType.BILL_PAYMENT.meaning

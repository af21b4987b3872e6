"""Goal: whatever a provider written in Python does, the engine gets the outcome it proves, or an unknown one.

Method: one provider per behaviour, the worker by hand, and `explain` to see what was kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import fusepay
import pytest
from conftest import NOON, Scripted, World, ngn
from fusepay import (
    Answer,
    Attempt,
    Biller,
    BillItem,
    Capabilities,
    Declined,
    Duplicate,
    Evidence,
    Failed,
    FusePay,
    Money,
    NotFound,
    NotSent,
    OutcomeKind,
    Paid,
    Payment,
    PaymentStatus,
    Pending,
    ProviderReversed,
    RequestIdFormat,
    Unknown,
    WebhookNotice,
    WorkerMode,
)


def pay(world: World, engine: FusePay, **more: Any) -> Payment:
    """A payment of 500 kobo by a new user with 10,000."""
    payer = world.user(engine, 10_000)
    world.shop(engine)
    return engine.bill.pay(payer.wallet.id, "IKEJA", "PREPAID", "meter 0123", ngn(500), **more)


def first_attempt(world: World, provider: Any) -> tuple[Payment, Attempt]:
    """What the first call of this provider came to."""
    engine = world.open(provider)
    payment = pay(world, engine)
    engine.run_due()
    found = engine.bill.explain(payment.id)
    engine.close()
    return found.payment, found.attempts[0]


@pytest.mark.parametrize(
    ("outcome", "status", "kind", "detail"),
    [
        (Paid("PC-1"), PaymentStatus.COMPLETED, OutcomeKind.PAID, "PC-1"),
        (Declined("13", "no such meter"), PaymentStatus.FAILED, OutcomeKind.DECLINED, "13: no such meter"),
        (NotSent("refused"), PaymentStatus.PENDING, OutcomeKind.NOT_SENT, "refused"),
        (Duplicate(), PaymentStatus.UNKNOWN, OutcomeKind.DUPLICATE, None),
        (Pending(), PaymentStatus.PROCESSING, OutcomeKind.PENDING, None),
        (Pending(2_000), PaymentStatus.PROCESSING, OutcomeKind.PENDING, None),
        (Unknown("timed out"), PaymentStatus.UNKNOWN, OutcomeKind.UNKNOWN, "timed out"),
    ],
)
def test_every_outcome_of_pay(
    world: World, outcome: Any, status: PaymentStatus, kind: OutcomeKind, detail: str | None
) -> None:
    payment, attempt = first_attempt(world, Scripted([outcome]))
    assert (payment.status, attempt.outcome, attempt.detail) == (status, kind, detail)


@pytest.mark.parametrize(
    ("outcome", "status", "kind"),
    [
        (Paid("PC-1"), PaymentStatus.COMPLETED, OutcomeKind.PAID),
        (Failed("99", "it bounced"), PaymentStatus.FAILED, OutcomeKind.FAILED),
        (Pending(1), PaymentStatus.PROCESSING, OutcomeKind.PENDING),
        (ProviderReversed("by the bank"), PaymentStatus.FAILED, OutcomeKind.PROVIDER_REVERSED),
        (NotFound(), PaymentStatus.UNKNOWN, OutcomeKind.NOT_FOUND),
        (Unknown("?"), PaymentStatus.UNKNOWN, OutcomeKind.UNKNOWN),
    ],
)
def test_every_outcome_of_query(world: World, outcome: Any, status: PaymentStatus, kind: OutcomeKind) -> None:
    engine = world.open(Scripted([Unknown("?")], [outcome]))
    payment = pay(world, engine)
    engine.run_due()
    world.clock.advance(timedelta(seconds=10))
    engine.run_due()
    found = engine.bill.explain(payment.id)
    assert (found.payment.status, found.attempts[1].outcome) == (status, kind)


def test_a_request_says_everything(world: World) -> None:
    provider = Scripted([Unknown("?")], [Paid("PC-1")])
    engine = world.open(provider)
    payment = pay(world, engine, metadata={"order": 7})
    engine.run_due()
    world.clock.advance(10_000)
    engine.run_due()
    sent, asked = provider.asked
    assert isinstance(sent, fusepay.PayRequest)
    assert (sent.biller, sent.item, sent.customer_reference) == ("IKEJA", "PREPAID", "meter 0123")
    assert (sent.amount, sent.metadata, sent.attempt) == (ngn(500), {"order": 7}, 1)
    assert sent.deadline == timedelta(minutes=1)
    assert isinstance(asked, fusepay.QueryRequest)
    assert sent.request_id == asked.request_id == payment.request_id
    assert (asked.sent_at, asked.provider_reference, asked.amount) == (NOON, None, ngn(500))


def test_a_receipt_is_booked_and_its_tokens_never_show(world: World) -> None:
    paid = Paid("PC-1", 500, "meter 0123", ("1234-5678",), "RECEIPT 9")
    engine = world.open(Scripted([paid]))
    payment = pay(world, engine)
    engine.run_due()
    found = engine.bill.find(payment.id)
    assert (found.provider_reference, found.receipt) == ("PC-1", "RECEIPT 9")
    assert engine.bill.tokens(payment.id) == ("1234-5678",)
    assert "1234" not in repr(paid) + repr(found) + repr(engine.bill.explain(payment.id))


def test_an_amount_that_differs_means_review(world: World) -> None:
    payment, _ = first_attempt(world, Scripted([Paid("PC-1", amount_minor=499)]))
    assert payment.status is PaymentStatus.NEEDS_REVIEW
    assert payment.review_reason is not None


def test_evidence_is_kept(world: World) -> None:
    answer = Answer(Paid("PC-1"), Evidence(b"\xff{raw}", "code 000"))
    _, attempt = first_attempt(world, Scripted([answer]))
    assert attempt.evidence_text == "code 000"
    assert attempt.evidence_hash is not None
    assert len(attempt.evidence_hash) == 64


def test_an_answer_may_have_no_evidence(world: World) -> None:
    _, attempt = first_attempt(world, Scripted([Answer(Unknown("?"))]))
    assert (attempt.evidence_hash, attempt.evidence_text) == (None, None)


class WeirdError(Exception):
    """An exception that can't even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        (ValueError("boom"), "ValueError: boom"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (fusepay.BusyError("elsewhere"), "BusyError: elsewhere"),
        (asyncio.CancelledError(), "CancelledError"),
        (WeirdError(), "WeirdError"),
        (ValueError("x" * 10_000), "ValueError: xxx"),
        (ValueError("é\ud800"), "ValueError"),
    ],
)
def test_an_exception_is_unknown_and_its_traceback_is_evidence(
    world: World, raised: BaseException, shown: str
) -> None:
    payment, attempt = first_attempt(world, Scripted([raised]))
    assert (payment.status, attempt.outcome) == (PaymentStatus.UNKNOWN, OutcomeKind.UNKNOWN)
    assert attempt.detail is not None
    assert attempt.evidence_text is not None
    assert attempt.detail.startswith(f"the adapter raised {shown}")
    if "xxx" not in shown:  # so long that only its end is kept
        assert "Traceback (most recent call last)" in attempt.evidence_text
        assert "conftest.py" in attempt.evidence_text


def nested() -> Any:
    """A provider's own helper that fails."""
    raise LookupError("deep inside")


def test_the_traceback_names_the_line(world: World) -> None:
    _, attempt = first_attempt(world, Scripted([nested]))
    assert attempt.evidence_text is not None
    assert "in nested" in attempt.evidence_text
    assert attempt.evidence_text.endswith("LookupError: deep inside")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "paid",
        True,
        1.0,
        object(),
        Paid,
        (Paid("x"),),
        {"outcome": "paid"},
        Failed("1", "an answer of query"),
        NotFound(),
        Answer("paid"),  # type: ignore[arg-type]
        Answer(None),  # type: ignore[arg-type]
        Answer(Answer(Paid("x"))),  # type: ignore[arg-type]
        Answer(Paid("x"), "evidence"),  # type: ignore[arg-type]
        Paid(7),  # type: ignore[arg-type]
        Paid("x", amount_minor=500.0),  # type: ignore[arg-type]
        Paid("x", amount_minor=True),
        Paid("x", amount_minor=2**70),
        Paid("x", tokens="1234"),  # type: ignore[arg-type]
        Paid("x", tokens=(1234,)),  # type: ignore[arg-type]
        Paid("\ud800"),
        Declined(None, "reason"),  # type: ignore[arg-type]
        Pending(poll_after_ms=1.5),  # type: ignore[arg-type]
        Pending(poll_after_ms=-1),
    ],
)
def test_a_wrong_answer_is_unknown(world: World, answer: Any) -> None:
    payment, attempt = first_attempt(world, Scripted([lambda: answer]))
    assert (payment.status, attempt.outcome) == (PaymentStatus.UNKNOWN, OutcomeKind.UNKNOWN)
    assert attempt.detail is not None
    assert attempt.detail.startswith("the adapter answered")
    assert "1234" not in attempt.detail


class Coroutines(Scripted):
    """The same, as coroutine functions."""

    threads: set[str]

    async def pay(self, request: fusepay.PayRequest) -> Any:
        self.threads = {threading.current_thread().name}
        await asyncio.sleep(0)
        return super().pay(request)

    async def query(self, request: fusepay.QueryRequest) -> Any:
        self.threads.add(threading.current_thread().name)
        return super().query(request)


def test_coroutines_run_on_one_thread_of_the_engine(world: World) -> None:
    provider = Coroutines([Unknown("?")], [Paid("PC-1")])
    engine = world.open(provider)
    payment = pay(world, engine)
    engine.run_due()
    world.clock.advance(10_000)
    engine.run_due()
    assert engine.bill.find(payment.id).status is PaymentStatus.COMPLETED
    assert provider.threads == {"fusepay-asyncio"}
    engine.close()
    assert "fusepay-asyncio" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("answer", [ValueError("boom"), None, KeyboardInterrupt(), asyncio.CancelledError()])
def test_coroutines_that_misbehave_are_unknown(world: World, answer: Any) -> None:
    payment, attempt = first_attempt(world, Coroutines([answer]))
    assert (payment.status, attempt.outcome) == (PaymentStatus.UNKNOWN, OutcomeKind.UNKNOWN)


def test_a_coroutine_that_never_ends_is_cancelled(world: World) -> None:
    cancelled = threading.Event()

    class Hangs(Scripted):
        capabilities = Capabilities(call_deadline=timedelta(milliseconds=50))

        async def pay(self, request: fusepay.PayRequest) -> Any:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    payment, attempt = first_attempt(world, Hangs())
    assert payment.status is PaymentStatus.UNKNOWN
    assert attempt.detail == "the coroutine did not end within the deadline"
    assert cancelled.wait(30)


def test_the_background_worker_calls_providers_by_itself(world: World) -> None:
    paid = threading.Event()

    class Tells(Coroutines):
        async def query(self, request: fusepay.QueryRequest) -> Any:
            return Unknown("?")

    provider = Tells()
    engine = world.open(provider, worker=WorkerMode.BACKGROUND, clock=None, seed=None)
    payment = pay(world, engine)
    for _ in range(600):
        if engine.bill.find(payment.id).status is PaymentStatus.COMPLETED:
            paid.set()
            break
        paid.wait(0.05)
    assert paid.is_set()


def test_a_provider_may_call_the_engine(world: World) -> None:
    seen: list[PaymentStatus] = []

    class Looks(Scripted):
        engine: FusePay

        def pay(self, request: fusepay.PayRequest) -> Any:
            seen.extend(found.status for found in self.engine.bill.list_by_status(PaymentStatus.PROCESSING))
            return Paid("PC-1")

    provider = Looks()
    engine = provider.engine = world.open(provider)
    payment = pay(world, engine)
    engine.run_due()
    assert engine.bill.find(payment.id).status is PaymentStatus.COMPLETED
    assert seen == [PaymentStatus.PROCESSING]
    assert payment.transaction_status is fusepay.TransactionStatus.PENDING
    assert engine.bill.find(payment.id).transaction_status is fusepay.TransactionStatus.COMPLETED


class Whole(Scripted):
    """A provider with everything that may be left out."""

    def capabilities(self) -> Capabilities:
        return Capabilities(
            idempotent_submit=timedelta(hours=1),
            request_id_format=RequestIdFormat.hex(32),
            concurrent_calls_max=2,
        )

    def validate_customer(self, request: fusepay.CustomerRequest) -> fusepay.Customer:
        if request.customer_reference == "nobody":
            raise fusepay.CustomerRejectedError("no such meter")
        if request.customer_reference == "bug":
            raise ZeroDivisionError("oops")
        if request.customer_reference == "exit":
            raise SystemExit(int(fusepay.Code.CUSTOMER_REJECTED))
        if request.customer_reference == "garbage":
            return "Ada"  # type: ignore[return-value]
        return fusepay.Customer("Ada Obi", "1 Allen Avenue", 100)

    def catalogue(self) -> list[tuple[Biller, list[BillItem]]]:
        return [(Biller("EKO", "Eko", "ELECTRICITY", ["power"]), [BillItem("UNITS", "Units", "NGN", 1, 10)])]

    async def float_balance(self) -> Money:
        return ngn(5_000)

    def verify_webhook(self, webhook: fusepay.Webhook) -> list[WebhookNotice]:
        if webhook.header("x-signature") != "good":
            raise fusepay.WebhookRejectedError("the signature is wrong")
        return [WebhookNotice(webhook.body.decode(), Paid("PC-9"), NOON)]


def test_everything_optional(world: World) -> None:
    engine = world.open(Whole([Unknown("?")]))
    payment = pay(world, engine)
    assert len(payment.request_id) == 32
    assert engine.bill.load_catalogue_of("power") == 1
    assert [item.code for item in engine.bill.items("EKO")] == ["UNITS"]
    assert engine.bill.float_balance("power") == ngn(5_000)
    customer = engine.bill.validate_customer("IKEJA", "PREPAID", "0123")
    assert (customer.name, customer.address, customer.minimum_minor) == ("Ada Obi", "1 Allen Avenue", 100)
    with pytest.raises(fusepay.CustomerRejectedError, match="no such meter"):
        engine.bill.validate_customer("IKEJA", "PREPAID", "nobody")
    with pytest.raises(fusepay.ProviderUnavailableError, match="ZeroDivisionError: oops"):
        engine.bill.validate_customer("IKEJA", "PREPAID", "bug")
    with pytest.raises(fusepay.ProviderUnavailableError, match="SystemExit"):
        engine.bill.validate_customer("IKEJA", "PREPAID", "exit")
    with pytest.raises(fusepay.ProviderUnavailableError, match="must be Customer"):
        engine.bill.validate_customer("IKEJA", "PREPAID", "garbage")


def test_webhooks_are_verified_by_the_provider(world: World) -> None:
    engine = world.open(Whole([Unknown("?")]))
    payment = pay(world, engine)
    engine.run_due()
    body = payment.request_id.encode()
    with pytest.raises(fusepay.WebhookRejectedError):
        engine.bill.receive_webhook("power", {"X-Signature": "bad"}, body)
    receipt = engine.bill.receive_webhook("power", [("X-Signature", "good")], body)
    assert (receipt.matched, receipt.unknown) == (1, 0)
    assert engine.bill.find(payment.id).status is PaymentStatus.COMPLETED
    assert engine.bill.receive_webhook("power", {"X-Signature": "good"}, b"somebody else's").unknown == 1
    for wrong in [7, {"a": 1}, ["ab"]]:
        with pytest.raises(fusepay.InvalidArgumentError):
            engine.bill.receive_webhook("power", wrong, body)  # type: ignore[arg-type]


def test_what_is_left_out_is_unsupported(world: World) -> None:
    engine = world.open(Scripted())
    world.shop(engine)
    calls: list[Callable[[], object]] = [
        lambda: engine.bill.load_catalogue_of("power"),
        lambda: engine.bill.float_balance("power"),
        lambda: engine.bill.validate_customer("IKEJA", "PREPAID", "0123"),
        lambda: engine.bill.receive_webhook("power", {}, b""),
    ]
    for call in calls:
        with pytest.raises(fusepay.UnsupportedByProviderError):
            call()


def malformed() -> Iterator[Any]:
    """Objects that are no providers."""
    yield object()
    yield type("NoQuery", (), {"pay": lambda self, request: None})()
    yield type("NotCallable", (), {"pay": 1, "query": 2})()
    yield type("BadCapabilities", (Scripted,), {"capabilities": {"can_query": True}})()
    yield type("TooMany", (Scripted,), {"capabilities": Capabilities(concurrent_calls_max=1_000)})()


@pytest.mark.parametrize("provider", list(malformed()), ids=lambda provider: type(provider).__name__)
def test_what_is_no_provider_is_refused_at_once(world: World, provider: Any) -> None:
    with pytest.raises(fusepay.MisuseError):
        world.open(provider)
    engine = world.open()
    with pytest.raises(fusepay.MisuseError):
        engine.register_provider("other", provider)


def test_a_provider_may_come_later(world: World) -> None:
    engine = world.open(providers={})
    engine.register_provider("power", Scripted())
    payment = pay(world, engine)
    engine.run_due()
    assert engine.bill.find(payment.id).status is PaymentStatus.COMPLETED


def test_async_capabilities_are_refused_without_a_warning(
    world: World, recwarn: pytest.WarningsRecorder
) -> None:
    class Late(Scripted):
        async def capabilities(self) -> Capabilities:
            return Capabilities()

    with pytest.raises(fusepay.InvalidConfigError, match="an attribute or a plain function, not async"):
        world.open(Late())
    assert [str(warned.message) for warned in recwarn] == []


@pytest.mark.parametrize("kind", [Scripted, Coroutines])
def test_an_exception_is_a_line_in_the_log(
    world: World, kind: type[Scripted], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="fusepay.providers"):
        payment, _ = first_attempt(world, kind([ValueError("boom")]))
    (record,) = [record for record in caplog.records if record.name == "fusepay.providers"]
    assert record.getMessage() == f"provider power: pay of {payment.request_id} raised ValueError: boom"
    assert (record.levelname, record.exc_info) == ("WARNING", None)

"""The scripted biller: a provider as a host would write one, a plain object with a book of its own.

It does as its script says and writes down what it truly did; `FORMAT.md` specifies it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fusepay import (
    Answer,
    Capabilities,
    Customer,
    CustomerRejectedError,
    CustomerRequest,
    Declined,
    Duplicate,
    Evidence,
    Failed,
    FusePay,
    Money,
    NotFound,
    NotSent,
    Paid,
    PaymentStatus,
    PayRequest,
    Pending,
    ProviderReversed,
    QueryOutcome,
    QueryRequest,
    Unknown,
    UnsupportedByProviderError,
    Webhook,
    WebhookNotice,
    WebhookRejectedError,
)

from scenarios.line import ScriptError

# The steps that a script may have; those with a colon take an argument.
PAY_STEPS = (
    *(
        "paid",
        "paid_then_timeout",
        "paid_then_raise",
        "declined",
        "not_sent",
        "duplicate",
        "pending",
        "pending:",
    ),
    *("timeout", "garbage", "wrong_amount:", "wrong_customer:", "reenter", "told", "raise"),
)
QUERY_STEPS = ("truth", "paid", "not_found", "pending", "pending:", "failed", "unknown", "reversed", "raise")
VALIDATE_STEPS = ("rejected", "raise")
SIGNATURE = "x-signature"

FAILED = Failed("FAILED", "scripted failure")
REVERSED = ProviderReversed("scripted provider reversal")


class ScriptedError(Exception):
    """What the biller raises when its script says so, as a bug of an adapter would."""


@dataclass
class Entry:
    """One request id in the book."""

    request_id: str
    number: int
    """Its place in the book, from 1; makes references and tokens."""
    customer: str = ""
    sends: int = 0
    queries: int = 0
    paid_times: int = 0
    reversed_times: int = 0
    paid_minor: int | None = None
    is_refused: bool = False
    is_pending: bool = False

    @property
    def holds_money(self) -> bool:
        """Whether the biller has the payer's money."""
        return self.paid_times > self.reversed_times

    def take(self, minor: int) -> None:
        """Takes money."""
        self.paid_times += 1
        self.paid_minor = minor
        self.is_pending = False

    def receipt(self, customer: str | None = None) -> Paid:
        """That it was paid."""
        number = self.number
        return Paid(f"REF-{number}", self.paid_minor, customer, (f"TOKEN-{number}",), f"receipt {number}")


@dataclass
class Script:
    """What the biller does for one customer."""

    pay: deque[str] = field(default_factory=deque)
    query: deque[str] = field(default_factory=deque)
    always: str = "truth"
    validate: str = ""


class ScriptedBiller:
    """One biller of a scenario."""

    def __init__(
        self,
        code: str,
        capabilities: Capabilities,
        engine_of: Callable[[], FusePay],
        *,
        refuses_repetition: bool,
        prepaid_minor: int | None,
    ) -> None:
        """`engine_of` answers the open engine, for steps that call it from inside a call of it."""
        self.code = code
        self.capabilities = capabilities
        self.engine_of = engine_of
        self.refuses_repetition = refuses_repetition
        self.prepaid_minor = prepaid_minor
        self.book: dict[str, Entry] = {}
        self.scripts: dict[str, Script] = {}

    def entry(self, request_id: str) -> Entry:
        """What the book has about this id, made empty when there is nothing."""
        return self.book.setdefault(request_id, Entry(request_id, len(self.book) + 1))

    def add_script(
        self, customer: str, pay: str, query: str, always: str | None, validate: str | None
    ) -> None:
        """Adds steps for a customer; lists are divided by commas, empty for none."""
        pays, queries = (list(filter(None, steps.split(","))) for steps in (pay, query))
        _check(PAY_STEPS, pays)
        _check(QUERY_STEPS, queries if always is None else [*queries, always])
        _check(VALIDATE_STEPS, [] if validate is None else [validate])
        script = self.scripts.setdefault(customer, Script())
        script.pay.extend(pays)
        script.query.extend(queries)
        script.always = always or script.always
        script.validate = validate or script.validate

    # What the engine calls.

    def pay(self, request: PayRequest) -> Any:
        """Does the next step of the customer's script. `Any`: `garbage` is outside the interface."""
        entry = self.entry(request.request_id)
        entry.customer = request.customer_reference
        entry.sends += 1
        steps = self._script(entry).pay
        step, _, argument = (steps.popleft() if steps else "paid").partition(":")
        return self._pay(entry, request, step, argument)

    def query(self, request: QueryRequest) -> Answer:
        """Answers by the customer's script: by default the truth."""
        entry = self.entry(request.request_id)
        entry.queries += 1
        script = self._script(entry)
        step, _, argument = (script.query.popleft() if script.query else script.always).partition(":")
        return Answer(self._answer(entry, request, step, argument), Evidence("scripted", "scripted"))

    def validate_customer(self, request: CustomerRequest) -> Customer:
        """Knows everybody, unless a script says otherwise."""
        script = self.scripts.get(request.customer_reference, Script())
        if script.validate == "rejected":
            raise CustomerRejectedError("the biller does not know this customer")
        if script.validate == "raise":
            raise ScriptedError
        return Customer(f"Customer {request.customer_reference}")

    def float_balance(self) -> Money:
        """What was prepaid, less what was taken."""
        if self.prepaid_minor is None:
            raise UnsupportedByProviderError("nothing was prepaid")
        held = sum(entry.paid_minor or 0 for entry in self.book.values() if entry.holds_money)
        return Money(self.prepaid_minor - held, "NGN")

    def verify_webhook(self, webhook: Webhook) -> list[WebhookNotice]:
        """Believes what carries the signature `valid`."""
        if webhook.header(SIGNATURE) != "valid":
            raise WebhookRejectedError("not signed")
        return [self._notice(line) for line in webhook.body.decode().split("\n")]

    # The steps.

    def _script(self, entry: Entry) -> Script:
        return self.scripts.get(entry.customer, Script())

    def _take(self, entry: Entry, minor: int, customer: str) -> Paid | Duplicate:
        if self.refuses_repetition and entry.holds_money:
            return Duplicate()
        entry.take(minor)
        return entry.receipt(customer)

    def _pay(self, entry: Entry, request: PayRequest, step: str, argument: str) -> object:
        minor, customer = request.amount.minor, request.customer_reference
        match step:
            case "paid":
                return self._take(entry, minor, customer)
            case "paid_then_timeout":
                self._take(entry, minor, customer)
                return Unknown("timed out")
            case "paid_then_raise":
                self._take(entry, minor, customer)
                raise ScriptedError
            case "declined":
                entry.is_refused = True
                return Declined("DECLINED", "scripted refusal")
            case "not_sent":
                return NotSent("connection refused")
            case "duplicate":
                return Duplicate()
            case "pending":
                entry.is_pending = True
                return _pending(argument)
            case "timeout":
                return Unknown("timed out")
            case "garbage":
                return {"status": "probably fine"}
            case "wrong_amount":
                return self._take(entry, int(argument), customer)
            case "wrong_customer":
                return self._take(entry, minor, argument)
            case "reenter" if self._sees_it_processing():
                return self._take(entry, minor, customer)
            case "told":
                answer = self._take(entry, minor, customer)
                if self._tells(entry):
                    return answer
        raise ScriptedError

    def _sees_it_processing(self) -> bool:
        """Calls the engine from inside a call of the engine."""
        bill = self.engine_of().bill
        (payment,) = bill.list_by_status(PaymentStatus.PROCESSING, limit=1)
        return bill.find(payment.id).status is PaymentStatus.PROCESSING

    def _tells(self, entry: Entry) -> bool:
        """Delivers its own webhook before it answers."""
        body = f"PAID {entry.request_id} -".encode()
        return self.engine_of().bill.receive_webhook(self.code, {SIGNATURE: "valid"}, body).matched == 1

    def _answer(self, entry: Entry, request: QueryRequest, step: str, argument: str) -> QueryOutcome:
        match step:
            case "truth":
                return _truth(entry)
            case "paid":
                if not entry.holds_money:
                    entry.take(request.amount.minor)
                return entry.receipt()
            case "not_found":
                return NotFound()
            case "pending":
                return _pending(argument)
            case "failed":
                entry.is_refused, entry.is_pending = True, False
                return FAILED
            case "unknown":
                return Unknown("no usable answer")
            case "reversed":
                entry.reversed_times += entry.holds_money
                return REVERSED
        raise ScriptedError

    def _notice(self, line: str) -> WebhookNotice:
        match line.split(" "):
            case ["PAID", request_id, "-"]:
                return WebhookNotice(request_id, self.entry(request_id).receipt())
            case ["PAID", request_id, minor]:
                receipt = self.entry(request_id).receipt()
                return WebhookNotice(request_id, replace(receipt, amount_minor=int(minor)))
            case ["FAILED", request_id]:
                return WebhookNotice(request_id, FAILED)
            case ["PENDING", request_id]:
                return WebhookNotice(request_id, Pending())
            case ["REVERSED", request_id]:
                return WebhookNotice(request_id, REVERSED)
        raise WebhookRejectedError("nothing this biller says")


def _truth(entry: Entry) -> QueryOutcome:
    if entry.holds_money:
        return entry.receipt()
    if entry.reversed_times > 0:
        return REVERSED
    if entry.is_refused:
        return FAILED
    return Pending() if entry.is_pending else NotFound()


def _pending(poll_after_ms: str) -> Pending:
    return Pending(int(poll_after_ms) if poll_after_ms else None)


def _check(known: tuple[str, ...], steps: list[str]) -> None:
    for step in steps:
        name, colon, _ = step.partition(":")
        if name + colon not in known:
            raise ScriptError(f"the script has no step `{step}`")

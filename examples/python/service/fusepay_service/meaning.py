"""What an answer of the aggregator proves.

The Python twin of `fusepay-vtpass/src/meaning.rs`, whose tables it follows:
everything that is not documented, or contradicts itself, or is about something
else, proves nothing. A wrong `failed` pays a customer twice; a needless
`unclear` costs a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from fusepay_service import exact_json


class Verdict(Enum):
    """What is proved."""

    DELIVERED = "the biller has the money"
    PENDING = "the biller is still at it"
    FAILED = "the payment was tried and failed for good"
    REVERSED = "it was paid or pending, and is taken back"
    DUPLICATE = "the request id was used before"
    NOT_FOUND = "the request id was never used"
    REFUSED = "this very call was refused before anything was tried"
    UNCLEAR = "nobody can say"


@dataclass(frozen=True)
class Said:
    """One answer, understood. The last four fields are of a delivery."""

    verdict: Verdict
    code: str = ""
    reason: str = ""
    provider_reference: str = ""
    amount: Decimal | None = None
    customer_reference: str | None = None
    receipt: str | None = None
    tokens: tuple[str, ...] = field(default=(), repr=False)


def read(status: int, body: bytes, request_id: str) -> Said:
    """Understand an HTTP answer about the payment with this request id."""
    # A gateway in front of the biller writes these; the payment behind it may
    # have gone through, whatever the page says.
    if not (200 <= status < 300 or 400 <= status < 500):
        return _unclear(f"HTTP status {status}")
    statement = parse_object(body)
    if statement is None:
        return _unclear(f"HTTP status {status} with a body that is no JSON object")
    said = _said(statement, request_id)
    # A status of 4xx may refuse; it can't report an outcome.
    if status < 300 or said.verdict in (Verdict.REFUSED, Verdict.UNCLEAR):
        return said
    return _unclear(f"HTTP status {status} with a code that contradicts it")


def read_notice(statement: dict[str, Any]) -> tuple[str, Said] | None:
    """Understand the `data` of a webhook; the request id it is about comes first."""
    request_id = text_of(statement.get("requestId"))
    if request_id is None:
        return None
    said = _said(statement, None)
    if said.verdict is Verdict.NOT_FOUND:
        return request_id, _unclear("a webhook said not found; an absence can't announce itself")
    return request_id, said


def parse_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object, and only an object."""
    try:
        found = exact_json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text_of(value: Any) -> str | None:
    """A text that is not empty, or a number by its digits; `None` for everything else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


def naira(value: Any) -> Decimal | None:
    """An amount with at most two places, exactly; `None` for what can't be read."""
    text = text_of(value)
    if text is None or not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,2})?", text, re.ASCII):
        return None
    return Decimal(text)


def _said(statement: dict[str, Any], expected_id: str | None) -> Said:
    """With an expected request id, an answer about another one is unclear."""
    echoed = text_of(statement.get("requestId"))
    if expected_id is not None and echoed is not None and echoed != expected_id:
        return _unclear("the answer is about another request id")
    code = text_of(statement.get("code"))
    if code is None:
        return _unclear("the answer has no code")
    transaction = _inside(_inside(statement, "content"), "transactions")
    status = text_of(transaction.get("status"))
    status = status.lower() if status is not None else None
    reason = text_of(statement.get("response_description")) or "no description"
    if code in ("000", "001"):
        return _by_status(statement, transaction, status, code, reason)
    return _by_code(code, status, reason)


def _by_code(code: str, status: str | None, reason: str) -> Said:
    # A code counts only while the transaction's own status agrees with it.
    if code in _PENDING:
        # Pending is never wrong: it leads to a requery.
        return Said(Verdict.PENDING)
    if code in _FAILED and status in (None, "failed"):
        return Said(Verdict.FAILED, code, reason)
    if code == "040" and status in (None, "reversed"):
        return Said(Verdict.REVERSED, code, reason)
    if code in _DUPLICATE:
        return Said(Verdict.DUPLICATE, code, reason)
    if code == "015" and status is None:
        return Said(Verdict.NOT_FOUND, code, reason)
    if code in _REFUSALS and status in (None, "failed"):
        return Said(Verdict.REFUSED, code, reason)
    return _unclear(f"code {_printable(code)} with status {_printable(status or 'none')}")


def _by_status(
    statement: dict[str, Any], transaction: dict[str, Any], status: str | None, code: str, reason: str
) -> Said:
    """000 means only that the call worked; the status says how the payment stands."""
    match status:
        case "delivered" if text_of(statement.get("requestId")) is None:
            return _unclear("delivered, but the answer names no request id")
        case "delivered":
            return _delivered(statement, transaction)
        case "pending" | "initiated":
            return Said(Verdict.PENDING)
        case "failed":
            return Said(Verdict.FAILED, code, reason)
        case "reversed":
            return Said(Verdict.REVERSED, code, reason)
        case _:
            # "resolved" means that the aggregator wants to be asked by a person.
            return _unclear(f"code {code} with status {_printable(status or 'none')}")


def _delivered(statement: dict[str, Any], transaction: dict[str, Any]) -> Said:
    reference = text_of(transaction.get("transactionId"))
    if reference is None:
        return _unclear("delivered, but without a transaction id")
    amount = naira(transaction.get("amount"))
    if amount is None and transaction.get("amount") is not None:
        # An amount we can't read can't be compared, and must not pass for "not given".
        return _unclear("delivered, with an unreadable amount")
    return Said(
        Verdict.DELIVERED,
        provider_reference=reference,
        amount=amount,
        customer_reference=text_of(transaction.get("unique_element")),
        receipt=text_of(transaction.get("product_name")),
        tokens=_tokens(text_of(statement.get("purchased_code")) or ""),
    )


def _tokens(purchased_code: str) -> tuple[str, ...]:
    """`Token : 1234-…`, or several pins with `||` between them."""
    parts = (re.sub(r"(?i)^\s*token\s*:", "", part).strip() for part in purchased_code.split("||"))
    return tuple(part for part in parts if part)


def _inside(holder: dict[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _unclear(reason: str) -> Said:
    return Said(Verdict.UNCLEAR, reason=reason)


def _printable(word: str) -> str:
    """A word of the aggregator's that is fit for a log line."""
    return "".join(letter for letter in word if "!" <= letter <= "~")[:24]


_PENDING = frozenset({"099", "089"})
_FAILED = frozenset({"016", "091"})
# 014: this id was used. 019: the same service and customer within seconds, so
# an earlier send may have gone through. Both mean ask.
_DUPLICATE = frozenset({"014", "019"})
# Documented as refusals of the call itself, before anything is tried. Not here,
# on purpose: 083 (system error) and 044 (resolved), which conclude nothing.
_REFUSALS = frozenset(
    f"{number:03}" for number in (10, 11, 12, 13, 17, 18, *range(21, 29), 30, 31, 32, 34, 35, 85, 87)
)

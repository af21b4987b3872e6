"""Goal: an answer proves what the aggregator documents, and nothing more.
Method: the mapping alone: every documented code, and garbage. The cases are those
of `fusepay-vtpass/src/meaning/tests.rs`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fusepay_service import meaning
from fusepay_service.meaning import Said, Verdict

ID = "202511231200abcdefabcdefabcdefab"
REFUSALS = [f"{number:03}" for number in (10, 11, 12, 13, 17, 18, *range(21, 29), 30, 31, 32, 34, 35, 85, 87)]


def body(code: str, status: str | None = None, **changes: Any) -> bytes:
    answer: dict[str, Any] = {"code": code, "response_description": "WORDS", "requestId": ID}
    if status is not None:
        answer["purchased_code"] = "Token : 12-34"
        answer["content"] = {
            "transactions": {
                "status": status,
                "transactionId": "17",
                "amount": "1000.50",
                "unique_element": "45",
            }
        }
    return json.dumps({**answer, **changes}).encode()


def verdict(text: bytes, status: int = 200) -> Verdict:
    return meaning.read(status, text, ID).verdict


def test_a_delivery_carries_its_receipt_exactly() -> None:
    assert meaning.read(200, body("000", "delivered"), ID) == Said(
        Verdict.DELIVERED,
        provider_reference="17",
        amount=Decimal("1000.50"),
        customer_reference="45",
        tokens=("12-34",),
    )


def test_documented_codes_keep_their_meaning() -> None:
    for code in REFUSALS:
        assert verdict(body(code)) is Verdict.REFUSED, code
        assert verdict(body(code, "delivered")) is Verdict.UNCLEAR, f"{code} contradicts itself"
    for code, status in (("016", "failed"), ("091", "failed"), ("000", "failed"), ("016", None)):
        assert verdict(body(code, status)) is Verdict.FAILED, code
    for status in ("delivered", "pending", "reversed", "resolved"):
        assert verdict(body("016", status)) is Verdict.UNCLEAR, status
    assert verdict(body("014")) is verdict(body("019")) is Verdict.DUPLICATE
    assert verdict(body("099")) is verdict(body("000", "initiated")) is Verdict.PENDING
    assert verdict(body("040", "reversed")) is Verdict.REVERSED
    assert verdict(body("015")) is Verdict.NOT_FOUND


def test_undocumented_codes_conclude_nothing() -> None:
    known = {*REFUSALS, "014", "015", "016", "019", "040", "089", "091", "099"}
    for code in (f"{number:03}" for number in range(1000)):
        assert (verdict(body(code)) is Verdict.UNCLEAR) == (code not in known), code


@pytest.mark.parametrize("status", [100, 204, 301, 307, 400, 401, 404, 429, 500, 502, 504, 599])
def test_only_2xx_reports_an_outcome_and_only_2xx_and_4xx_refuse(status: int) -> None:
    assert (verdict(body("000", "delivered"), status) is Verdict.DELIVERED) == (status == 204)
    assert (verdict(body("087"), status) is Verdict.REFUSED) == (status == 204 or 400 <= status < 500)
    assert (verdict(body("015"), status) is Verdict.NOT_FOUND) == (status == 204)


def test_garbage_proves_nothing() -> None:
    delivered = body("000", "delivered")
    garbage = [delivered[:cut] for cut in range(len(delivered))]
    for before, after in (
        (b'"000"', b"000"),
        (b'"000"', b"null"),
        (b'"000"', b'["000"]'),
        (b'"000"', b'"000","code":"016"'),
        (b'"code"', b'"Code"'),
        (b'"1000.50"', b"1e3"),
        (b'"1000.50"', b"1000.505"),
        (b'"1000.50"', b"{}"),
        (b'"1000.50"', b'"1,000.50"'),
        (b'"1000.50"', b"99999999999999999999"),
        (b'"1000.50"', b"true"),
        (b'"delivered"', b'"delivered "'),
        (b'"delivered"', b"true"),
        (b'"17"', b'""'),
        (ID.encode(), b"202511231200ffffffffffffffffffff"),
        (b"requestId", b"request_id"),
        (b'"transactions"', b'"transaction"'),
    ):
        assert before in delivered
        garbage.append(delivered.replace(before, after, 1))
    garbage += [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"OK",
        b"<html>",
        b"[" + delivered + b"]",
        b"\xff\xfe",
        b"[" * 100_000,
    ]
    for text in garbage:
        assert verdict(text) is Verdict.UNCLEAR, text[:200]


def test_pins_come_apart() -> None:
    said = meaning.read(200, body("000", "delivered", purchased_code="token: 1||pin 2 || "), ID)
    assert said.tokens == ("1", "pin 2")


def test_a_notice_names_its_payment_and_cannot_announce_an_absence() -> None:
    notice = meaning.read_notice(json.loads(body("000", "delivered")))
    assert notice is not None
    assert (notice[0], notice[1].verdict) == (ID, Verdict.DELIVERED)
    absent = meaning.read_notice(json.loads(body("015")))
    assert absent is not None
    assert absent[1].verdict is Verdict.UNCLEAR
    assert meaning.read_notice({"code": "000"}) is None

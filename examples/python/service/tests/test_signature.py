"""Goal: a webhook is believed only with a fresh signature over its very bytes.
Method: the check alone, with a known secret and a given time."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from fusepay_service.signature import TOLERANCE_S, is_genuine

SECRET = "the gateway's secret"
BODY = b'{"id":"evt_1"}'
NOW = 1_790_000_000


def sign(seconds: int, body: bytes = BODY, secret: str = SECRET) -> str:
    tag = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={tag}"


def test_a_fresh_signature_is_genuine() -> None:
    for seconds in (NOW, NOW - TOLERANCE_S, NOW + TOLERANCE_S):
        assert is_genuine(sign(seconds), BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        sign(NOW, secret="another"),
        sign(NOW, body=BODY + b" "),
        sign(NOW - TOLERANCE_S - 1),
        sign(NOW + TOLERANCE_S + 1),
        sign(NOW).replace(f"t={NOW}", f"t={NOW + 1}"),
        sign(NOW).upper(),
        sign(NOW)[:-1],
        sign(NOW) + ",v1=00",
        f"t={NOW},v1=",
    ],
)
def test_anything_else_is_not(header: str | None) -> None:
    assert not is_genuine(header, BODY, SECRET, NOW)


def test_without_a_secret_nothing_is_genuine() -> None:
    assert not is_genuine(sign(NOW, secret=""), BODY, "", NOW)

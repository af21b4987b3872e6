"""Goal: no amount passes through a float, and no body can be read in two ways.
Method: the parsers alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fusepay_service import amount, exact_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"1500.50"', "1500.50"),
        ('"0.01"', "0.01"),
        ('"7"', "7.00"),
        ("7", "7.00"),
        ("0.29", "0.29"),
        ("1500.5", "1500.50"),
        ("1500.500", "1500.50"),
        ("1e3", "1000.00"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_an_exact_amount_is_taken_as_it_is(text: str, expected: str) -> None:
    assert str(amount.parse(exact_json.loads(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0.30000000000000004",
        "0.001",
        "0",
        "0.00",
        "-1",
        "1e-3",
        "1e400",
        "1000000000000",
        "true",
        "null",
        "[]",
        '""',
        '"1,000"',
        '"1.005"',
        '"1e3"',
        '" 1"',
        '"+1"',
        '"01"',
        '".5"',
        '"1."',
        '"٣"',
        '"0"',
        '"0.00"',
    ],
)
def test_an_inexact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        amount.parse(exact_json.loads(text))


def test_a_python_float_is_refused() -> None:
    with pytest.raises(ValueError, match="must"):
        amount.parse(1.0)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", '{"a":1,"a":2}', '{"b":{"a":1,"a":1}}', "{", ""]
)
def test_what_two_readers_could_read_differently_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        exact_json.loads(text)


def test_numbers_keep_their_digits() -> None:
    found: Any = exact_json.loads(b'{"a": 0.10, "b": [12345678901234567890]}')
    assert found == {"a": Decimal("0.10"), "b": [12345678901234567890]}

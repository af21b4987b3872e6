"""Goal: money enters and leaves exactly or not at all. Method: every way in, and every wrong one."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import fusepay
import pytest
from fusepay import Money


def test_int_is_minor_and_text_and_decimal_are_major_units() -> None:
    assert Money(250_000, "NGN") == Money("2500.00", "NGN") == Money(Decimal("2500"), "NGN")
    assert Money(Decimal("1E+3"), "NGN").minor == 100_000
    assert Money("7", "JPY").minor == 7
    assert Money("0.931", "KWD").minor == 931
    assert Money(-5, "NGN").amount == Decimal("-0.05")


@pytest.mark.parametrize(
    "amount",
    [2.5, 1.0, True, False, None, Fraction(1, 2), b"1", [], float("nan")],
)
def test_what_is_no_exact_number_is_refused(amount: Any) -> None:
    with pytest.raises(fusepay.InvalidAmountError) as refused:
        Money(amount, "NGN")
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    "amount",
    [
        "1e3",
        " 10",
        "+5",
        "1,000",
        "NaN",
        "٣",
        "",
        "0.931",
        "1" + "0" * 40,
        "\ud800",
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("0.001"),
        Decimal("1E+40"),
    ],
)
def test_text_is_read_strictly(amount: str | Decimal) -> None:
    with pytest.raises(fusepay.MisuseError):
        Money(amount, "NGN")


def test_too_precise_and_too_large_are_refused() -> None:
    wrong: list[tuple[int | str | Decimal, str]] = [
        ("19.5", "JPY"),
        (Decimal("0.5"), "JPY"),
        (2**63, "NGN"),
        ("92233720368547758.08", "NGN"),
    ]
    for amount, currency in wrong:
        with pytest.raises(fusepay.InvalidAmountError):
            Money(amount, currency)


def test_currencies_are_those_with_minor_units() -> None:
    for code in ["ngn", "XAU", "", "NAIRA"]:
        with pytest.raises(fusepay.InvalidCurrencyError):
            Money(1, code)


def test_arithmetic_is_checked() -> None:
    one, two = Money(1, "NGN"), Money(2, "NGN")
    assert one + one == two
    assert two - one == one
    assert sum([one, one], start=Money(0, "NGN")) == two
    with pytest.raises(fusepay.AmountOverflowError):
        Money(2**63 - 1, "NGN") + one
    with pytest.raises(fusepay.CurrencyMismatchError):
        one + Money(1, "KES")
    with pytest.raises(TypeError):
        one + 1  # type: ignore[operator]


def test_order_is_within_a_currency() -> None:
    assert Money(1, "NGN") < Money(2, "NGN") <= Money("0.02", "NGN")
    assert Money(-(2**63), "NGN") < Money(2**63 - 1, "NGN")
    assert max(Money(1, "NGN"), Money(3, "NGN")).minor == 3
    assert Money(1, "NGN") != Money(1, "KES")
    assert Money(1, "NGN") != 1
    with pytest.raises(fusepay.CurrencyMismatchError):
        _ = Money(1, "NGN") < Money(2, "KES")


def test_split_and_per_mille_lose_nothing() -> None:
    parts = Money(100, "NGN").split(3)
    assert [part.minor for part in parts] == [34, 33, 33]
    assert Money(100, "NGN").per_mille(15).minor == 2
    for wrong in [0, 10_001, 2.0, True]:
        with pytest.raises(fusepay.InvalidArgumentError):
            Money(1, "NGN").split(wrong)  # type: ignore[arg-type]


def test_it_is_a_value() -> None:
    money = Money("-19.50", "NGN")
    assert str(money) == "-19.50 NGN"
    assert repr(money) == "Money('-19.50', 'NGN')"
    assert eval(repr(money)) == money
    assert pickle.loads(pickle.dumps(money)) == money
    assert len({money, Money(-1950, "NGN"), Money(1950, "NGN")}) == 2
    assert money.currency == "NGN"
    assert not Money(0, "NGN")
    with pytest.raises(AttributeError):
        money.minor = 3  # type: ignore[misc]


def test_sums_and_negation() -> None:
    amounts = [Money(1, "NGN"), Money(2, "NGN")]
    assert sum(amounts) == Money(3, "NGN")
    assert -Money(5, "NGN") == Money(-5, "NGN")
    for wrong in (1, False, "0"):
        with pytest.raises(TypeError):
            wrong + amounts[0]  # type: ignore[operator]
    with pytest.raises(fusepay.CurrencyMismatchError):
        sum([*amounts, Money(1, "USD")])
    with pytest.raises(fusepay.AmountOverflowError):
        -Money(-(2**63), "NGN")


def test_a_backoff_with_a_change_keeps_the_rest() -> None:
    requery = fusepay.Backoff.requery()
    changed = requery.replace(initial_delay_ms=200)
    assert changed == fusepay.Backoff(
        200, requery.base_ms, requery.runs_max, requery.cap_ms, requery.jitter_per_mille
    )
    assert requery.replace() == requery
    with pytest.raises(fusepay.InvalidArgumentError):
        requery.replace(runs_max=-1)

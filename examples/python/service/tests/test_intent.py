"""Goal: nobody but the service can say whose wallet a charge is for, and how much.
Method: one signed intent, changed field by field."""

from __future__ import annotations

import dataclasses

import pytest

from fusepay_service.gateway import Charge
from fusepay_service.intent import Intent, IntentKey

KEY = IntentKey("a-secret-of-more-than-thirty-two-bytes")
INTENT = Intent(wallet_id="w1", amount="1500.50", currency="NGN", reference="FUND-1")
CHARGE = Charge(
    id="ch_1",
    reference="FUND-1",
    amount="1500.50",
    amount_paid="1500.50",
    currency="NGN",
    status="paid",
    checkout_url="http://127.0.0.1/checkout",
    metadata=KEY.metadata(INTENT),
)


def test_our_own_intent_is_known_again() -> None:
    assert KEY.intent_of(CHARGE) == INTENT


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "1500.51"},
        {"currency": "USD"},
        {"reference": "FUND-2"},
        {"metadata": {**CHARGE.metadata, "walletId": "w2"}},
        {"metadata": {**CHARGE.metadata, "signature": ""}},
        {"metadata": {"walletId": "w1"}},
        {"metadata": {}},
        {"metadata": {"walletId": "w1", "signature": "\ud800"}},
    ],
)
def test_a_changed_charge_is_nobodys(changed: dict[str, object]) -> None:
    assert KEY.intent_of(dataclasses.replace(CHARGE, **changed)) is None  # type: ignore[arg-type]


def test_a_field_cannot_lend_bytes_to_the_next() -> None:
    moved = dataclasses.replace(CHARGE, amount="1500.50N", currency="GN")
    assert KEY.intent_of(moved) is None


def test_another_secret_knows_nothing() -> None:
    assert IntentKey("another-secret-of-more-than-thirty-two").intent_of(CHARGE) is None

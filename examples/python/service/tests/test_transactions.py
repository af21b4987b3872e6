"""Goal: a history comes whole, newest first, in pages that fit together.
Method: HTTP against the running service; an operator makes the lines."""

from __future__ import annotations

import pytest

from tests.processes import Client


@pytest.fixture
def busy(ada: Client, operator: Client) -> Client:
    wallet_id = ada.wallet_id
    for naira in range(1, 8):
        assert operator.post("/wallets/fund", amount=str(naira), walletId=wallet_id).status_code == 200
    return ada


def test_pages_fit_together(busy: Client) -> None:
    amounts, cursor = [], ""
    for expected in (3, 3, 1):
        page = busy.get("/transactions", limit=3, **({"cursor": cursor} if cursor else {}))
        assert len(page.json()) == expected
        amounts += [line["amount"] for line in page.json()]
        cursor = page.headers.get("X-Next-Cursor", "")
        assert bool(cursor) == (expected == 3)
        assert ("Link" in page.headers) == bool(cursor)
    assert amounts == [f"{naira}.00" for naira in range(7, 0, -1)]


def test_the_link_leads_to_the_next_page(busy: Client) -> None:
    link = busy.get("/transactions", limit=5).headers["Link"]
    path = link.removeprefix("</api/v1").removesuffix('>; rel="next"')
    assert [line["amount"] for line in busy.get(path).json()] == ["2.00", "1.00"]


def test_a_line_has_the_originals_fields(busy: Client) -> None:
    line = busy.history()[0]
    assert set(line) == {
        "id",
        "walletId",
        "amount",
        "type",
        "status",
        "reference",
        "externalReference",
        "metadata",
        "failureReason",
        "reversalTransactionId",
        "createdAt",
        "updatedAt",
    }


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "cursor="])
def test_a_page_that_cannot_be_is_refused(ada: Client, query: str) -> None:
    assert ada.get(f"/transactions?{query}").status_code == 400

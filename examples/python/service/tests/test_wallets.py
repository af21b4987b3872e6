"""Goal: a user's token alone never creates money. Money comes in when the gateway
says so by a signed webhook and confirms it when asked back, once, as much as was
asked for, into the wallet it was asked for; or by an operator's token.
Method: HTTP against the running service and the running gateway, whose own book
is compared with the wallet."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import make_operator
from tests.processes import Client, Sandbox, Service, eventually

ROUTE = "/webhooks/gateway"


def signed(sandbox: Sandbox, body: dict[str, Any], seconds: int | None = None) -> tuple[str, dict[str, str]]:
    """A webhook signed as the gateway would."""
    text = json.dumps(body)
    seconds = int(time.time()) if seconds is None else seconds
    message = f"{seconds}.{text}".encode()
    tag = hmac.new(sandbox.keys["gateway-hook"].encode(), message, hashlib.sha256).hexdigest()
    return text, {"Content-Type": "application/json", "x-gateway-signature": f"t={seconds},v1={tag}"}


def hook(client: Client, sandbox: Sandbox, charge_id: str, seconds: int | None = None) -> Any:
    """Deliver a signed webhook that says this charge was paid."""
    text, headers = signed(
        sandbox, {"id": "evt_1", "type": "charge.paid", "data": {"id": charge_id}}, seconds
    )
    return client.http.post(ROUTE, content=text, headers=headers)


def test_a_users_token_starts_a_funding_and_creates_no_money(ada: Client, sandbox: Sandbox) -> None:
    answer = ada.post("/wallets/fund", amount="1500.50")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert answer.json()["success"] is True
    assert data == {
        "walletId": ada.wallet_id,
        "balance": "0.00",
        "status": "PENDING",
        "chargeId": data["chargeId"],
        "checkoutUrl": f"{sandbox.url}/gateway/checkout/{data['chargeId']}",
        "transactionId": None,
    }
    charge = sandbox.charge(data["chargeId"])
    assert (charge["amount"], charge["currency"], charge["status"]) == ("1500.50", "NGN", "pending")
    assert (ada.balance, ada.history()) == ("0.00", [])


def test_nothing_a_user_can_send_creates_money(ada: Client, sandbox: Sandbox) -> None:
    charge_id = ada.fund("1500.50")
    bodies: tuple[dict[str, Any], ...] = (
        {"walletId": ada.wallet_id},
        {"externalReference": charge_id},
        {"walletId": ada.wallet_id, "externalReference": charge_id},
    )
    for body in bodies:
        answer = ada.post("/wallets/fund", amount="1500.50", **body)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    extras: tuple[dict[str, Any], ...] = ({"status": "COMPLETED"}, {"operator": True}, {"userId": "x"})
    for extra in extras:
        assert ada.post("/wallets/fund", amount="1500.50", **extra).status_code == 400
    # The webhook's route, without the gateway's signature, or with an old one.
    paid = {"id": charge_id, "status": "paid", "amount_paid": "1500.50"}
    event: dict[str, Any] = {"type": "charge.paid", "data": paid}
    assert ada.post(ROUTE, **event).status_code == 401
    assert hook(ada, sandbox, charge_id, seconds=int(time.time()) - 301).status_code == 401
    assert (ada.balance, ada.history()) == ("0.00", [])


def test_a_paid_charge_is_credited(ada: Client, sandbox: Sandbox) -> None:
    charge_id = ada.fund("1500.50")
    sandbox.complete(charge_id)
    line = eventually(lambda: next(iter(ada.history()), None), "the funding is credited")
    assert (line["type"], line["amount"], line["status"]) == ("WALLET_FUNDING", "1500.50", "COMPLETED")
    assert (line["externalReference"], line["walletId"]) == (charge_id, ada.wallet_id)
    assert line["reference"].startswith("FUND_")
    assert ada.balance == "1500.50"


def test_a_webhook_that_comes_five_times_credits_once(ada: Client, sandbox: Sandbox) -> None:
    charge_id = ada.fund("100.00")
    sandbox.complete(charge_id, "duplicate")
    eventually(lambda: ada.balance == "100.00", "the funding is credited")
    # And once more, signed and fresh.
    again = hook(ada, sandbox, charge_id)
    assert (again.status_code, again.json()["outcome"]) == (200, "credited before")
    assert ada.balance == "100.00"


def test_webhooks_that_come_at_once_credit_once(ada: Client, sandbox: Sandbox) -> None:
    charge_id = ada.fund("100.00")
    sandbox.complete(charge_id, "silent")
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda _: hook(ada, sandbox, charge_id).json()["outcome"], range(16)))
    assert sorted(heard) == ["credited", *["credited before"] * 15]
    assert (ada.balance, len(ada.history())) == ("100.00", 1)


def test_a_late_webhook_credits_all_the_same(ada: Client, sandbox: Sandbox) -> None:
    sandbox.complete(ada.fund("100.00"), "late")
    eventually(lambda: ada.balance == "100.00", "the funding is credited")


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        ("failure", (200, "nothing was paid")),
        # The gateway's webhook lies, with a good signature: asked back, it says pending.
        ("lie", (200, "nothing was paid")),
        ("other-amount", (200, "kept for an operator")),
    ],
)
def test_what_was_not_paid_as_asked_is_not_credited(
    ada: Client, sandbox: Sandbox, outcome: str, answer: tuple[int, str]
) -> None:
    charge_id = ada.fund("100.00")
    sandbox.complete(charge_id, outcome)
    heard = hook(ada, sandbox, charge_id)
    assert (heard.status_code, heard.json()["outcome"]) == answer
    assert (ada.balance, ada.history()) == ("0.00", [])


def test_a_forged_webhook_credits_nothing(own_service: Service, own_sandbox: Sandbox) -> None:
    ada = Client(own_service).register()
    own_sandbox.complete(ada.fund("100.00"), "forged")
    eventually(
        lambda: '"route": "/api/v1/webhooks/gateway"' in own_service.log, "the forged webhook has come"
    )
    assert '"status": 401' in own_service.log
    assert (ada.balance, ada.history()) == ("0.00", [])


def test_a_charge_that_is_not_ours_is_not_credited(ada: Client, sandbox: Sandbox) -> None:
    """Whoever writes into the gateway's records, but has not our secret, moves nothing."""
    theirs = ada.fund("100.00")
    metadata = sandbox.charge(theirs)["metadata"]
    for number, wish in enumerate(
        (
            {"amount": "9000.00", "metadata": metadata},
            {"amount": "100.00", "metadata": metadata},
            {"amount": "100.00", "metadata": {"walletId": ada.wallet_id}},
            {"amount": "100.00"},
        )
    ):
        charge = sandbox.request_charge({"currency": "NGN", "reference": f"{theirs}-{number}", **wish})
        sandbox.complete(charge["id"], "silent")
        heard = hook(ada, sandbox, charge["id"])
        assert (heard.status_code, heard.json()["outcome"]) == (200, "kept for an operator"), wish
    assert hook(ada, sandbox, "ch_nobody").json()["outcome"] == "nothing was paid"
    assert hook(ada, sandbox, f"../charges/{theirs}").status_code == 400
    assert ada.balance == "0.00"


def test_a_pending_funding_survives_a_restart(own_service: Service, own_sandbox: Sandbox) -> None:
    ada = Client(own_service).register()
    charge_id = ada.fund("100.00")
    own_service.stop()
    # The customer pays while nobody listens: the webhook is lost.
    own_sandbox.complete(charge_id)
    own_service.start()
    assert ada.balance == "0.00"
    own_sandbox.resend(charge_id)
    eventually(lambda: ada.balance == "100.00", "the funding is credited")


def test_the_gateways_silence_is_said_and_credits_nothing(own_service: Service, own_sandbox: Sandbox) -> None:
    ada = Client(own_service).register()
    charge_id = ada.fund("100.00")
    own_sandbox.stop()
    answer = ada.post("/wallets/fund", amount="100.00")
    assert (answer.status_code, answer.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
    # A webhook that can't be confirmed is asked for again, not lost.
    assert hook(ada, own_sandbox, charge_id).status_code == 503
    assert ada.balance == "0.00"


def test_the_same_key_asks_for_the_same_charge(ada: Client, sandbox: Sandbox, service: Service) -> None:
    first = ada.fund("100.00", key="order-1")
    assert ada.fund("100.00", key="order-1") == first
    assert ada.fund("100.00", key="order-2") != first
    other = ada.post("/wallets/fund", key="order-1", amount="100.01")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Client(service).register().fund("100.00", key="order-1") != first


def test_an_operator_credits_a_wallet_once_per_key(ada: Client, operator: Client) -> None:
    wallet_id = ada.wallet_id
    body = {"amount": "250.25", "walletId": wallet_id, "externalReference": f"bank-{wallet_id}"}
    first = operator.post("/wallets/fund", key="transfer-1", **body)
    assert first.status_code == 200, first.text
    data = first.json()["data"]
    assert (data["walletId"], data["balance"], data["status"]) == (wallet_id, "250.25", "COMPLETED")
    again = operator.post("/wallets/fund", key="transfer-1", **body)
    assert again.json()["data"]["transactionId"] == data["transactionId"]
    # Another key, the same bank transfer: still once.
    twice = operator.post("/wallets/fund", key="transfer-2", **body)
    assert (twice.status_code, twice.json()["code"]) == (409, "EXTERNAL_REFERENCE_USED")
    assert ada.balance == "250.25"
    (line,) = ada.history()
    assert line["metadata"] == {"operator": operator.get("/users").json()["id"]}


def test_a_charge_that_an_operator_booked_by_hand_is_not_booked_again(
    ada: Client, sandbox: Sandbox, operator: Client
) -> None:
    charge_id = ada.fund("100.00")
    sandbox.complete(charge_id, "silent")
    operator.post("/wallets/fund", amount="100.00", walletId=ada.wallet_id, externalReference=charge_id)
    sandbox.resend(charge_id)
    assert hook(ada, sandbox, charge_id).json()["outcome"] == "credited before"
    assert ada.balance == "100.00"


def test_an_operator_names_a_wallet_that_there_is(service: Service) -> None:
    operator = make_operator(service)
    nobodys = "01980000-0000-7000-8000-000000000000"
    assert operator.post("/wallets/fund", amount="1.00", walletId=nobodys).status_code == 404
    assert operator.post("/wallets/fund", amount="1.00", walletId="wallet").status_code == 400
    assert operator.post("/wallets/fund", amount="1.00", externalReference="bank-1").status_code == 400


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-1",
        "0.001",
        "0.30000000000000004",
        "1e-3",
        "1e30",
        '"1,5"',
        '"abc"',
        '""',
        "true",
        "null",
        "[]",
        "NaN",
    ],
)
def test_an_inexact_amount_is_refused(ada: Client, amount: str) -> None:
    answer = ada.post_text("/wallets/fund", f'{{"amount": {amount}}}')
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("amount", "exact"), [("0.29", "0.29"), ("100", "100.00"), ('"7.5"', "7.50"), ("1e2", "100.00")]
)
def test_an_exact_amount_stays_what_it_is(ada: Client, sandbox: Sandbox, amount: str, exact: str) -> None:
    answer = ada.post_text("/wallets/fund", f'{{"amount": {amount}}}')
    assert sandbox.charge(answer.json()["data"]["chargeId"])["amount"] == exact

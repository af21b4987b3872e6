"""Goal: a bill is paid once or given back, and its owner, and nobody else, sees it.
Method: HTTP against the running service; what the biller really did stands in the
sandbox's own book."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.processes import Client, Sandbox, Service, eventually


def meter(fault: str = "") -> str:
    """A customer reference that nobody has used; a fault's name at its end plays the fault."""
    return f"457{secrets.randbelow(10**8):08}{fault}"


def pay(client: Client, customer: str, key: str | None = None, **changes: Any) -> Any:
    body = {"billType": "ELECTRICITY", "amount": "1500.50", "customerReference": customer, **changes}
    return client.post("/bills/pay", key, **body)


def settled(client: Client, transaction_id: str, status: str) -> dict[str, Any]:
    def ask() -> dict[str, Any] | None:
        found = client.status(transaction_id)
        return found if found["status"] == status else None

    return eventually(ask, f"{transaction_id} is {status}")


def test_a_bill_is_paid_and_shown_as_the_original_did(rich: Client, sandbox: Sandbox) -> None:
    customer = meter()
    answer = pay(rich, customer, metadata={"phone": "08012345678", "copies": 2})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    data = body["data"]
    assert body["success"] is True
    assert data["reference"].startswith("BILL_")
    assert data["status"] == "PROCESSING"
    assert rich.balance == "8499.50"
    found = settled(rich, data["transactionId"], "COMPLETED")
    book = sandbox.paid(customer)
    assert book is not None
    assert (book["times_paid"], book["amount_paid"]) == (1, "1500.50")
    assert found == {
        "transactionId": data["transactionId"],
        "reference": data["reference"],
        "status": "COMPLETED",
        "amount": "-1500.50",
        "type": "BILL_PAYMENT",
        "createdAt": found["createdAt"],
        "externalReference": book["transaction_id"],
        "failureReason": None,
        "metadata": {"phone": "08012345678", "copies": 2},
    }


def test_a_declined_bill_is_given_back_once(rich: Client, sandbox: Sandbox) -> None:
    customer = meter("-decline")
    payment_id = pay(rich, customer).json()["data"]["transactionId"]
    found = settled(rich, payment_id, "REVERSED")
    assert found["failureReason"]
    assert rich.balance == "10000.00"
    book = sandbox.paid(customer)
    assert book is not None
    assert book["paid"] is False
    reversal, payment, _ = rich.history()
    assert (reversal["type"], reversal["amount"]) == ("REVERSAL", "1500.50")
    assert (payment["type"], payment["amount"], payment["status"]) == ("BILL_PAYMENT", "-1500.50", "REVERSED")
    assert payment["reversalTransactionId"] == reversal["id"]
    assert payment["updatedAt"] > payment["createdAt"]


@pytest.mark.parametrize(
    "fault", ["-error-paid", "-drop-paid", "-pending", "-truncated", "-webhooks-five", "-late"]
)
def test_an_answer_that_was_lost_is_found_out_and_paid_once(
    rich: Client, sandbox: Sandbox, fault: str
) -> None:
    customer = meter(fault)
    payment_id = pay(rich, customer).json()["data"]["transactionId"]
    settled(rich, payment_id, "COMPLETED")
    book = sandbox.paid(customer)
    assert book is not None
    assert book["times_paid"] == 1
    assert rich.balance == "8499.50"


def test_a_payment_that_failed_after_pending_is_given_back(rich: Client) -> None:
    payment_id = pay(rich, meter("-pending-failed")).json()["data"]["transactionId"]
    settled(rich, payment_id, "REVERSED")
    assert rich.balance == "10000.00"


def test_the_biller_takes_a_payment_back_and_says_so(rich: Client, sandbox: Sandbox) -> None:
    customer = meter()
    payment_id = pay(rich, customer).json()["data"]["transactionId"]
    settled(rich, payment_id, "COMPLETED")
    sandbox.take_back(customer)
    settled(rich, payment_id, "REVERSED")
    assert rich.balance == "10000.00"


def test_the_same_key_pays_once(rich: Client, sandbox: Sandbox) -> None:
    customer = meter()
    first = pay(rich, customer, key="order-1").json()["data"]
    settled(rich, first["transactionId"], "COMPLETED")
    again = pay(rich, customer, key="order-1")
    assert (again.status_code, again.json()["data"]["transactionId"]) == (200, first["transactionId"])
    assert rich.balance == "8499.50"
    other = pay(rich, customer, key="order-1", amount="1500.51")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_bills_that_come_at_once_never_overdraw(rich: Client) -> None:
    """Ten bills of 1,500 naira from 10,000, at once: six are paid, the rest is refused."""
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: pay(rich, meter(), amount="1500"), range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [400] * 4
    for answer in answers:
        if answer.status_code == 200:
            settled(rich, answer.json()["data"]["transactionId"], "COMPLETED")
    assert rich.balance == "1000.00"


def test_money_that_is_not_there_is_refused(ada: Client, sandbox: Sandbox) -> None:
    customer = meter()
    answer = pay(ada, customer)
    assert (answer.status_code, answer.json()["code"]) == (400, "INSUFFICIENT_FUNDS")
    assert sandbox.paid(customer) is None
    assert ada.history() == []


def test_nobody_sees_anothers_payment(rich: Client, service: Service) -> None:
    payment_id = pay(rich, meter()).json()["data"]["transactionId"]
    eve = Client(service).register()
    answer = eve.get(f"/bills/transaction/{payment_id}/status")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert eve.history() == []


def test_a_status_is_of_a_bill_alone(rich: Client) -> None:
    (funding,) = rich.history()
    assert rich.get(f"/bills/transaction/{funding['id']}/status").status_code == 404
    assert rich.get("/bills/transaction/1/status").status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"billType": "WATER"}, "INVALID_ARGUMENT"),
        ({"billType": "DATA", "amount": "150.00"}, "AMOUNT_OUT_OF_RANGE"),
        ({"amount": "1.00"}, "AMOUNT_OUT_OF_RANGE"),
        ({"biller": "nobody"}, "BILLER_UNAVAILABLE"),
        ({"item": "nothing"}, "BILLER_UNAVAILABLE"),
        ({"customerReference": ""}, "INVALID_ARGUMENT"),
        ({"customerReference": "457-unknown"}, "CUSTOMER_REJECTED"),
        ({"metadata": {"rate": 0.1}}, "INVALID_ARGUMENT"),
        ({"metadata": [1]}, "INVALID_ARGUMENT"),
        ({"metadata": {"note": "x" * 5000}}, "INVALID_METADATA"),
        ({"walletId": "x"}, "INVALID_ARGUMENT"),
    ],
)
def test_bad_input_is_refused_before_money_moves(rich: Client, changes: dict[str, Any], code: str) -> None:
    answer = pay(rich, meter(), **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert rich.balance == "10000.00"


@pytest.mark.parametrize(
    ("bill_type", "amount", "service_id"), [("DATA", "1000", "mtn-data"), ("INSURANCE", "3000", "ui-insure")]
)
def test_the_item_is_the_one_that_takes_the_amount(
    rich: Client, sandbox: Sandbox, bill_type: str, amount: str, service_id: str
) -> None:
    customer = meter()
    payment_id = pay(rich, customer, billType=bill_type, amount=amount).json()["data"]["transactionId"]
    settled(rich, payment_id, "COMPLETED")
    book = sandbox.paid(customer)
    assert book is not None
    assert book["service"] == service_id


def test_a_biller_that_nobody_reaches_gives_the_money_back(
    own_service: Service, own_sandbox: Sandbox
) -> None:
    client = Client(own_service).register()
    own_sandbox.complete(client.fund("10000.00"))
    eventually(lambda: client.balance == "10000.00", "the funding is credited")
    own_sandbox.stop()
    # Items without a look-up: the first thing that fails is the sending itself.
    payment_id = pay(client, meter(), billType="INSURANCE", amount="3000").json()["data"]["transactionId"]
    settled(client, payment_id, "REVERSED")
    assert client.balance == "10000.00"


def test_the_billers_webhook_needs_its_signature(rich: Client) -> None:
    answer = rich.post("/webhooks/biller", type="transaction-update", data={})
    assert (answer.status_code, answer.json()["code"]) == (401, "WEBHOOK_REJECTED")

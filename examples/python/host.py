"""A whole host in one file: it registers a user, takes money in, pays three bills and shows the history.

Run it with `python examples/python/host.py [FILE]`; without a file it makes one in a fresh directory.
A real host differs in two things: the key comes from a secret store, and the provider makes HTTP calls.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from pathlib import Path

from fusepay import (
    Answer,
    Backoff,
    Biller,
    BillItem,
    Capabilities,
    Config,
    Declined,
    Evidence,
    FeePolicy,
    FusePay,
    InsufficientFundsError,
    KeyRing,
    Money,
    NotFound,
    Paid,
    Payment,
    PaymentStatus,
    PayRequest,
    QueryRequest,
    Unknown,
)


class PowerCompany:
    """A biller with three kinds of customers, and a book of what it was really paid."""

    capabilities = Capabilities(concurrent_calls_max=8)

    def __init__(self) -> None:
        """Nobody has paid yet."""
        self.book: dict[str, Money] = {}

    async def pay(self, request: PayRequest) -> Answer | Declined | Unknown:
        """Sends a payment. A real one awaits an HTTP client here."""
        await asyncio.sleep(0)
        if request.customer_reference == "meter 404":
            return Declined("13", "no such meter")
        self.book[request.request_id] = request.amount
        if request.customer_reference == "meter 504":
            # Paid, but the answer got lost: nobody can say, and the engine will ask.
            return Unknown("the gateway timed out")
        receipt = Paid(f"PC-{len(self.book)}", amount_minor=request.amount.minor, tokens=("1234-5678",))
        return Answer(receipt, Evidence(raw=b'{"code":"000","token":"1234-5678"}', text='{"code":"000"}'))

    def query(self, request: QueryRequest) -> Paid | NotFound:
        """Says what became of a payment. Plain functions will do as well."""
        amount = self.book.get(request.request_id)
        return Paid("PC-late", amount_minor=amount.minor) if amount else NotFound()


def configuration(path: Path) -> Config:
    """Everything has a default but the file and the keys; the waits are short, for a demonstration."""
    return Config(
        path,
        KeyRing.hs256("2026-03", secrets.token_bytes(32)),
        providers={"power": PowerCompany()},
        reversal_backoff=Backoff(initial_delay_ms=200, base_ms=200),
        requery_backoff=Backoff(initial_delay_ms=200, base_ms=200, runs_max=40),
    )


def wait(engine: FusePay, payment: Payment) -> Payment:
    """Waits until nothing more will happen to a payment by itself."""
    over = (PaymentStatus.COMPLETED, PaymentStatus.REVERSED, PaymentStatus.NEEDS_REVIEW)
    while payment.status not in over:
        time.sleep(0.02)
        payment = engine.bill.find(payment.id)
    return payment


def run(engine: FusePay) -> None:
    """One day of the host."""
    units = BillItem("PREPAID", "Prepaid units", "NGN", 10_000, 5_000_000, FeePolicy(fixed_minor=5_000))
    engine.bill.load_catalogue([(Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", ["power"]), [units])])

    ada = engine.auth.register("ada@example.com", "Ada", "Obi", "seven blue lamps by the river")
    wallet = ada.wallet.id
    engine.wallet.fund(wallet, Money("10000.00", "NGN"), external_reference="bank-77")
    print("funded:", engine.wallet.find(wallet).balance, "NGN")

    for order, meter in enumerate(["meter 0123", "meter 404", "meter 504"], 1):
        payment = engine.bill.pay(
            wallet,
            "IKEJA",
            "PREPAID",
            meter,
            Money("2500.00", "NGN"),
            idempotency_key=f"order-{order}",  # the same key again gives the same payment again
        )
        payment = wait(engine, payment)
        print(f"{meter}: {payment.status}", payment.failure_reason or engine.bill.tokens(payment.id))
    print("left:", engine.wallet.find(wallet).balance, "NGN")

    try:
        engine.bill.pay(wallet, "IKEJA", "PREPAID", "meter 0123", Money("50000.00", "NGN"))
    except InsufficientFundsError as error:
        print("refused:", error.code.name)

    print("history of the wallet:")
    for line in reversed(engine.history.page(wallet).lines):
        print(f"  {line.kind:15} {line.amount:9} {line.balance:9} {line.status}")
    print("sound:", engine.verify().is_sound)


def main() -> None:
    """Opens the engine, and closes it again whatever happens."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(directory) / "pay.db"
        with FusePay.open(configuration(path)) as engine:
            run(engine)


if __name__ == "__main__":
    main()

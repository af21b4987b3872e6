"""The Python host of the benchmark; rust.rs and door.c do the same."""

import sys
import time

import fusepay
from fusepay import Biller, BillItem, Config, FusePay, KeyRing, Money, Pending, WorkerMode


class Silent:
    """A biller that takes everything on and finishes nothing."""

    def pay(self, request: fusepay.PayRequest) -> Pending:
        """Takes it on."""
        return Pending()

    def query(self, request: fusepay.QueryRequest) -> Pending:
        """Is still at it."""
        return Pending()


def main(path: str, payments: int, reads: int) -> None:
    """Plays the part and prints nanoseconds a payment and a read."""
    keys = KeyRing.hs256("bench", "K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ")
    engine = FusePay.open(Config(path, keys, worker=WorkerMode.MANUAL, providers={"p": Silent()}))
    user = engine.auth.register("bench@example.com", "Ada", "Bench", "seven blue lamps by the river")
    wallet = user.wallet.id
    engine.wallet.fund(wallet, Money(1 << 60, "NGN"))
    item = BillItem("prepaid", "Prepaid", currency="NGN", minimum_minor=1, maximum_minor=1_000_000)
    engine.bill.load_catalogue([(Biller("disco", "Disco", "ELECTRICITY", ["p"]), [item])])

    amount = Money(100, "NGN")
    start = time.perf_counter_ns()
    for number in range(payments):
        engine.bill.pay(wallet, "disco", "prepaid", "meter 1", amount, idempotency_key=f"order-{number}")
    pay = (time.perf_counter_ns() - start) / payments

    start = time.perf_counter_ns()
    total = 0
    for _ in range(reads):
        total ^= engine.wallet.find(wallet).balance_minor
    read = (time.perf_counter_ns() - start) / reads
    engine.close()
    print(pay, read)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

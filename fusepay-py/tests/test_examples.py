"""Goal: what the documentation shows is what happens. Method: run it as a reader would, and compare."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fusepay
import fusepay.aio
import pytest
from conftest import Scripted, World, keys, ngn

PACKAGE = Path(__file__).parent.parent
HOST = PACKAGE.parent / "examples" / "python" / "host.py"

HOST_PRINTS = """\
funded: 10000.00 NGN
meter 0123: COMPLETED ('1234-5678',)
meter 404: REVERSED no such meter
meter 504: COMPLETED ()
left: 4900.00 NGN
refused: INSUFFICIENT_FUNDS
history of the wallet:
  WALLET_FUNDING   10000.00  10000.00 COMPLETED
  BILL_PAYMENT     -2500.00   7500.00 COMPLETED
  FEE                -50.00   7450.00 COMPLETED
  BILL_PAYMENT     -2500.00   4950.00 REVERSED
  FEE                -50.00   4900.00 REVERSED
  REVERSAL          2500.00   7400.00 COMPLETED
  REVERSAL            50.00   7450.00 COMPLETED
  BILL_PAYMENT     -2500.00   4950.00 COMPLETED
  FEE                -50.00   4900.00 COMPLETED
sound: True
"""


def run(arguments: list[str]) -> str:
    """What a program prints, when it ends well and says nothing else."""
    command = [sys.executable, "-X", "dev", "-W", "error", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_the_host_does_what_it_says() -> None:
    assert run([str(HOST)]) == HOST_PRINTS


@pytest.mark.parametrize("folder", [PACKAGE, PACKAGE.parent])
def test_the_readmes_first_payment(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    printed = "".join(run(["-c", snippet]) for snippet in snippets)
    assert snippets
    assert f"It prints `{printed.strip()}`" in readme


def snippet(page: Path, holding: str) -> dict[str, Any]:
    """What the one snippet of a page that holds this text defines."""
    found = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (source,) = [text for text in found if holding in text]
    names: dict[str, Any] = {}
    exec(source, names)
    return names


def test_the_recipes_wait_for_a_payment(world: World) -> None:
    names = snippet(PACKAGE / "README.md", "def wait(")
    engine = world.open(worker=fusepay.WorkerMode.BACKGROUND, clock=None, seed=None)
    world.shop(engine)
    wallet = world.user(engine, 100).wallet.id
    payment = engine.bill.pay(wallet, "IKEJA", "PREPAID", "0123", ngn(50), idempotency_key="one")
    assert names["wait"](engine, payment.id, 30).status is fusepay.PaymentStatus.COMPLETED
    engine.close()

    async def main() -> fusepay.PaymentStatus:
        config = fusepay.Config(world.path, keys(), providers={"power": Scripted()})
        async with await fusepay.aio.FusePay.open(config) as again:
            status: fusepay.PaymentStatus = (await names["wait_aio"](again, payment.id, 30)).status
            return status

    assert asyncio.run(main()) is fusepay.PaymentStatus.COMPLETED


def test_the_guides_webhook_is_verified() -> None:
    verify = snippet(PACKAGE.parent / "docs" / "provider-guide.md", "def verify_webhook")["verify_webhook"]
    said = {"request_id": "r-1", "status": "paid", "reference": "PC-1", "amount_minor": 500}
    body = json.dumps(said).encode()
    good = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    (notice,) = verify(b"secret", fusepay.Webhook({"x-signature": good}, body))
    assert notice == fusepay.WebhookNotice("r-1", fusepay.Paid("PC-1", amount_minor=500))
    for headers in ({"x-signature": "é"}, {"x-signature": good[:-1]}, {}):
        with pytest.raises(fusepay.WebhookRejectedError):
            verify(b"secret", fusepay.Webhook(headers, body))


def test_names_in_the_readme_exist() -> None:
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`([A-Z]\w*[a-z]\w*)(?:\(|`)", readme))
    assert names - set(fusepay.__all__) == {"Decimal", "None"}


@pytest.mark.parametrize(
    "view",
    [
        fusepay.FusePay,
        fusepay.Auth,
        fusepay.Wallets,
        fusepay.Bills,
        fusepay.Config,
        fusepay.Subscription,
        fusepay.Statement,
    ],
)
def test_everything_has_a_docstring(view: type) -> None:
    for name, member in inspect.getmembers(view):
        if not name.startswith("_"):
            assert inspect.getdoc(member), name
    assert inspect.getdoc(view)

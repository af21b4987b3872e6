"""Goal: what the documentation shows is what happens. Method: run it as a reader would, and compare."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import fusepay
import pytest

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


def test_the_readmes_first_payment() -> None:
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    printed = "".join(run(["-c", snippet]) for snippet in snippets)
    assert len(snippets) == 1
    assert f"It prints `{printed.strip()}`" in readme


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

"""Goal: every operation of docs/surface.md exists in Python under its own name, and no other.

Method: the rows of each section, held against the stub, the module, and the asyncio twin.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import fusepay
import fusepay.aio
import pytest

PACKAGE = Path(__file__).parent.parent
PAGE = PACKAGE.parent / "docs" / "surface.md"
STUB = Path(fusepay.__file__).with_name("_fusepay.pyi")

VIEWS = {
    "`FusePay`:": "FusePay",
    "`auth()`:": "Auth",
    "`wallet()`:": "Wallets",
    "`bill()`:": "Bills",
    "`reversal()`:": "Reversals",
    "`history()`:": "History",
    "`events()`:": "Events",
    "`queue()`:": "Queue",
    "`audit()`:": "Audit",
    "`session(token)`:": "Session",
    "`session.wallet()`:": "SessionWallets",
    "`session.bill()`:": "SessionBills",
    "`session.history()`:": "SessionHistory",
    "`session.operator()`:": "Operator",
}


def sections() -> dict[str, set[str]]:
    """The rows of each section, by the words its heading begins with."""
    found = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        found[heading.split(" ")[0]] = set(re.findall(r"^\| `(\w+)`", body, re.MULTILINE))
    return found


def test_no_section_is_forgotten() -> None:
    assert set(sections()) - {"Seams"} == set(VIEWS)


@pytest.mark.parametrize(("heading", "name"), VIEWS.items())
def test_every_operation_has_its_name(heading: str, name: str) -> None:
    wanted = sections()[heading]
    assert wanted
    for module in (fusepay, fusepay.aio):
        assert {word for word in vars(getattr(module, name)) if not word.startswith("_")} == wanted
    stub = ast.parse(STUB.read_text(encoding="utf-8"))
    (written,) = [node for node in stub.body if isinstance(node, ast.ClassDef) and node.name == name]
    methods = [node for node in written.body if isinstance(node, ast.FunctionDef)]
    assert {method.name for method in methods if not method.name.startswith("_")} == wanted


@pytest.mark.parametrize("name", VIEWS.values())
def test_the_twin_takes_the_same_arguments_and_awaits(name: str) -> None:
    plain, twin = getattr(fusepay, name), getattr(fusepay.aio, name)
    for word in [word for word in vars(plain) if not word.startswith("_")]:
        mirrored = inspect.getattr_static(twin, word)
        if isinstance(mirrored, property):
            continue
        assert inspect.iscoroutinefunction(getattr(twin, word)), word
        if word != "open":
            ours, theirs = (inspect.signature(getattr(each, word)).parameters for each in (plain, twin))
            assert [
                (each.name, each.kind, each.default) for each in theirs.values() if each.name != "self"
            ] == [(each.name, each.kind, each.default) for each in ours.values() if each.name != "self"], word


def seam(word: str) -> bool:
    """Whether a row of the seams is a name of the package."""
    return hasattr(fusepay, word)


def test_the_seams_have_their_names() -> None:
    body = PAGE.read_text(encoding="utf-8").split("\n## Seams")[1]
    words = re.findall(r"`([A-Z]\w+)`", body.split("Beside the engine")[0])
    assert words
    assert [word for word in words if not seam(word)] == []


def test_the_twin_is_up_to_date() -> None:
    command = [sys.executable, str(PACKAGE / "tools" / "aio.py"), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_stub_tells_what_the_module_tells() -> None:
    stub = ast.parse(STUB.read_text(encoding="utf-8"))
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            made = getattr(fusepay, node.name)
            assert inspect.getdoc(made) == ast.get_docstring(node), node.name
            for method in (item for item in node.body if isinstance(item, ast.FunctionDef)):
                if not method.name.startswith("_"):
                    told = ast.get_docstring(method)
                    assert inspect.getdoc(getattr(made, method.name)) == told, f"{node.name}.{method.name}"

"""The tables of `tests/scenarios/FORMAT.md`, read from the page itself, so that it stays true."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "scenarios"


def _table(heading: str) -> dict[str, str]:
    """The first two columns of the table with this first line."""
    page = (FOLDER / "FORMAT.md").read_text("utf-8")
    rows = page.partition(f"{heading}\n")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip(" `") for cell in row.split("|")] for row in rows]
    return {row[1]: row[2] for row in cells}


WORDS_OF = _table("| verb | words | prints | notes |")
"""The words of each verb, divided by blanks; those that may be missing end with `?`."""

FIELDS_OF = _table("| record | fields | |")
"""The fields of each record: `key`, `"key"` for a text, `key:kind` for an id; `…_ms` is a moment."""

"""Amounts over REST: exact decimals of naira, in both directions.

Out they are texts with two places. In they are texts such as `"1500"` or
`"1500.50"`, or JSON numbers, which are read digit by digit and refused when
they have a third place: a client that computed `0.1 + 0.2` in floats hears of it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

# Below the engine's own limit, 92,233,720,368,547,758.07; above every bill.
_MOST = Decimal("999999999999.99")
_TEXT = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?")


def parse(value: Any) -> Decimal:
    """Read a text or an exact number above zero; raise `ValueError` for anything else."""
    if isinstance(value, str):
        if not _TEXT.fullmatch(value):
            raise ValueError("must be a decimal such as 1500.50, with at most two places")
        amount = Decimal(value)
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a decimal text, or a number")
    else:
        amount = Decimal(value)
    if not 0 < amount <= _MOST:
        raise ValueError(f"must be more than 0 and at most {_MOST}")
    if amount != (exact := amount.quantize(Decimal("0.01"))):
        raise ValueError("must have at most two places")
    return exact


Amount = Annotated[
    Decimal,
    BeforeValidator(parse),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(?!0(\.0{1,2})?$)(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$"},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 999999999999, "multipleOf": 0.01},
            ],
            "description": "Naira, more than zero, at most two places; a text, or an exact number.",
            "examples": ["1500.50"],
        }
    ),
]

"""Evidence that can be kept and shown: an answer without what is worth stealing.

Works on text, not on JSON, because the answers worth keeping are often broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MASK = "[masked]"
# The value of such a field, up to its closing quote or to where the answer was cut.
_SECRET_FIELD = re.compile(
    r'("(?:purchased_code|token|maintoken|bonustoken|pin|serial|password)"\s*:\s*")((?:\\.|[^"\\])+)',
    re.IGNORECASE | re.DOTALL,
)
# Tokens, pins, phones and meters, with blanks or hyphens in them or not.
_LONG_NUMBER = re.compile(r"[0-9](?:[ -]*[0-9]){9,}")


def redact(body: bytes, secrets: Iterable[str]) -> str:
    """The text of an answer with keys, tokens, pins and long numbers masked."""
    text = body.decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, _MASK) if secret else text
    text = _SECRET_FIELD.sub(rf"\g<1>{_MASK}", text)
    return _LONG_NUMBER.sub(_all_but_four, text)


def _all_but_four(number: re.Match[str]) -> str:
    shown = number[0]
    left = sum(letter.isdigit() for letter in shown)
    hidden = []
    for letter in shown:
        hidden.append("*" if letter.isdigit() and left > 4 else letter)
        left -= letter.isdigit()
    return "".join(hidden)

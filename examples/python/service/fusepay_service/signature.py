"""Signed webhooks: HMAC-SHA-256 over `<unix seconds>.<raw body>`, made just now.

The header reads `t=<unix seconds>,v1=<64 hexadecimal digits>`. It is checked
over the bytes as they came, in constant time, before anything is parsed. What
was signed more than five minutes ago is a replay; within that, repeats are
harmless, because what a webhook leads to is booked once.
"""

from __future__ import annotations

import hashlib
import hmac
import re

# Five minutes either way, as Stripe has it: clocks differ, and a webhook may be sent again.
TOLERANCE_S = 300


def is_genuine(header: str | None, body: bytes, secret: str, now_s: float) -> bool:
    """Whether this header is a fresh signature of this body. Without a secret nothing is genuine."""
    match = re.fullmatch("t=([0-9]{1,11}),v1=([0-9a-f]{64})", header or "", re.ASCII)
    if not match or not secret:
        return False
    expected = hmac.new(secret.encode(), match[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[2]) and abs(now_s - int(match[1])) <= TOLERANCE_S

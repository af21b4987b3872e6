"""What a user asked to be funded with, kept by the gateway and signed by us.

The service stores nothing about a funding that is under way. The charge's
metadata says whose wallet it is for, and carries our signature over wallet,
amount, currency and reference: whoever can write into the gateway's records,
but does not have our secret, can't turn one funding into another. So a pending
funding survives a restart of the service, and even the loss of its machine.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fusepay_service.gateway import Charge


@dataclass(frozen=True)
class Intent:
    """A wish to bring money into a wallet; the amount is a decimal text with two places."""

    wallet_id: str
    amount: str
    currency: str
    reference: str


class IntentKey:
    """Signs intents, and knows its own signature again."""

    def __init__(self, secret: str) -> None:
        # A key of its own, so that no signature made here is one of a token.
        self._key = hmac.digest(secret.encode(), b"fusepay-service: funding intents, 1", hashlib.sha256)

    def metadata(self, intent: Intent) -> dict[str, str]:
        """What the gateway is to echo."""
        return {"walletId": intent.wallet_id, "signature": self._sign(intent)}

    def intent_of(self, charge: Charge) -> Intent | None:
        """The intent behind a charge, or `None` when it is not one of ours, or was changed."""
        wallet_id = charge.metadata.get("walletId", "")
        intent = Intent(wallet_id, charge.amount, charge.currency, charge.reference)
        given = charge.metadata.get("signature", "")
        return (
            intent
            if hmac.compare_digest(self._sign(intent).encode(), given.encode(errors="surrogatepass"))
            else None
        )

    def _sign(self, intent: Intent) -> str:
        fields = (intent.wallet_id, intent.amount, intent.currency, intent.reference)
        # Lengths in front, so that no two intents give the same bytes.
        message = b"".join(
            len(field.encode(errors="surrogatepass")).to_bytes(4, "big")
            + field.encode(errors="surrogatepass")
            for field in fields
        )
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

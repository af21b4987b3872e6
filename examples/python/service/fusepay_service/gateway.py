"""The payment gateway, through which customers bring money in: its API, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fusepay_service import exact_json, wire
from fusepay_service.settings import Upstream

SIGNATURE_HEADER = "x-gateway-signature"
_DEADLINE_S = 10.0


class GatewayUnavailableError(Exception):
    """The gateway gave no usable answer; asking again later is right."""


class ReferenceTakenError(Exception):
    """The reference asks for something else already."""


@dataclass(frozen=True)
class Charge:
    """One charge as the gateway says it stands. Amounts are decimal texts."""

    id: str
    reference: str
    amount: str
    amount_paid: str
    currency: str
    status: str
    checkout_url: str
    metadata: dict[str, str]


class Gateway:
    """Asks for money, and asks what became of it."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    @property
    def webhook_secret(self) -> str:
        """What its webhooks are signed with."""
        return self._upstream.webhook_secret

    def request_charge(
        self, *, amount: str, currency: str, reference: str, metadata: dict[str, str]
    ) -> Charge:
        """Ask for money. The same reference again gives the same charge again.

        Raises `ReferenceTakenError` when it asks for something else this time.
        """
        wish = {"amount": amount, "currency": currency, "reference": reference, "metadata": metadata}
        return self._charge("POST", "/gateway/charges", wish, known=(200, 201))

    def find_charge(self, charge_id: str) -> Charge | None:
        """One charge as it stands, or `None` when the gateway does not know it."""
        path = f"/gateway/charges/{quote(charge_id, safe='')}"
        try:
            return self._charge("GET", path, None, known=(200,))
        except _NoSuchChargeError:
            return None

    def _charge(self, method: str, path: str, content: Any, *, known: tuple[int, ...]) -> Charge:
        headers = {"Authorization": f"Bearer {self._upstream.api_key}"}
        try:
            heard = wire.call(method, self._upstream.url + path, headers, content, deadline_s=_DEADLINE_S)
        except (wire.NeverSentError, wire.SilenceError) as cause:
            raise GatewayUnavailableError(str(cause)) from cause
        if heard.status == 404:
            raise _NoSuchChargeError
        if heard.status == 409:
            raise ReferenceTakenError
        if heard.status not in known:
            raise GatewayUnavailableError(f"HTTP status {heard.status}")
        return _read(heard.body)


class _NoSuchChargeError(Exception):
    pass


def _read(body: bytes) -> Charge:
    try:
        found = exact_json.loads(body)
        metadata = found["metadata"]
        texts = {name: found[name] for name in Charge.__annotations__ if name != "metadata"}
        if not all(isinstance(text, str) for text in [*texts.values(), *metadata.values()]):
            raise TypeError("a field is not text")
        return Charge(**texts, metadata=metadata)
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise GatewayUnavailableError("an answer that cannot be read") from cause

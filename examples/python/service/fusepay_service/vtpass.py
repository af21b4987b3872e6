"""A provider for FusePay: aggregators with an API like VTpass, in naira.

The Python twin of `fusepay-vtpass`. `wire.py` says whether a request was sent,
`meaning.py` what an answer proves, `redact.py` what may be kept of it; here
they come together as the object that the engine asks.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import fusepay

from fusepay_service import meaning, signature, wire
from fusepay_service.meaning import Said, Verdict
from fusepay_service.redact import redact
from fusepay_service.settings import Upstream

SIGNATURE_HEADER = "x-sandbox-signature"

_CALL_TIMEOUT_S = 50.0
_CATEGORIES = {"data": "DATA", "electricity-bill": "ELECTRICITY", "insurance": "INSURANCE"}


class VtpassProvider:
    """Pays, asks, looks customers up, and lists what is sold."""

    capabilities = fusepay.Capabilities(
        request_id_format=fusepay.RequestIdFormat.vtpass_timed(),
        # A used id is answered with 014. For how long is not documented, so the
        # engine relies on it for an hour only.
        idempotent_submit=timedelta(hours=1),
        call_deadline=timedelta(seconds=_CALL_TIMEOUT_S + 5),
    )

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def pay(self, request: fusepay.PayRequest) -> fusepay.Answer:
        """Send one payment."""
        body = {
            "request_id": request.request_id,
            "serviceID": request.biller,
            "billersCode": request.customer_reference,
            # A text: a JSON number would pass through a float on somebody's side.
            "amount": str(request.amount.amount),
            "phone": meaning.text_of(request.metadata.get("phone")) or request.customer_reference,
        }
        if request.item != request.biller:
            body["variation_code"] = request.item
        try:
            heard = self._post("/api/pay", body, request.deadline)
        except wire.NeverSentError as cause:
            return _answer(fusepay.NotSent(cause=str(cause)), str(cause))
        except wire.SilenceError as cause:
            return _answer(fusepay.Unknown(cause=str(cause)), str(cause))
        return self._proved(_pay_outcome(meaning.read(heard.status, heard.body, request.request_id)), heard)

    def query(self, request: fusepay.QueryRequest) -> fusepay.Answer:
        """Ask what became of a payment."""
        try:
            heard = self._post("/api/requery", {"request_id": request.request_id}, request.deadline)
        except (wire.NeverSentError, wire.SilenceError) as cause:
            # A question that was never sent says nothing about the payment.
            return _answer(fusepay.Unknown(cause=str(cause)), str(cause))
        return self._proved(_query_outcome(meaning.read(heard.status, heard.body, request.request_id)), heard)

    def validate_customer(self, request: fusepay.CustomerRequest) -> fusepay.Customer:
        """Look a customer up."""
        asked = {
            "billersCode": request.customer_reference,
            "serviceID": request.biller,
            "type": request.item,
        }
        page = self._page("POST", "/api/merchant-verify", asked)
        found = page.get("content")
        name = meaning.text_of(found.get("Customer_Name")) if isinstance(found, dict) else None
        if meaning.text_of(page.get("code")) not in ("000", "020") or not isinstance(found, dict):
            raise _unusable("a customer look-up that failed")
        if found.get("WrongBillersCode") is True:
            raise fusepay.CustomerRejectedError("the biller does not know this customer")
        if name is None:
            raise _unusable("a customer without a name")
        return fusepay.Customer(
            name=name,
            address=meaning.text_of(found.get("Address")),
            minimum_minor=_minor(found.get("Min_Purchase_Amount")),
        )

    def catalogue(self) -> list[tuple[fusepay.Biller, list[fusepay.BillItem]]]:
        """List the services of the categories we sell. What can't be read is left out, not guessed at."""
        found = []
        for identifier, category in _CATEGORIES.items():
            for service in _objects(
                self._page("GET", f"/api/services?identifier={identifier}").get("content")
            ):
                code, name = _code(service.get("serviceID")), meaning.text_of(service.get("name"))
                if code is None or name is None:
                    continue
                items = self._items(code, name, service, looks_up=category == "ELECTRICITY")
                if items:
                    biller = fusepay.Biller(code=code, name=name, category=category, providers=["vtpass"])
                    found.append((biller, items))
        return found

    def float_balance(self) -> fusepay.Money:
        """Ask what is left of the prepaid money, rounded down to kobo."""
        contents = self._page("GET", "/api/balance").get("contents")
        text = meaning.text_of(contents.get("balance")) if isinstance(contents, dict) else None
        whole, _, fraction = (text or "").partition(".")
        balance = meaning.naira(f"{whole}.{fraction[:2] or 0}")
        if balance is None:
            raise _unusable("a balance that cannot be read")
        return fusepay.Money(balance, "NGN")

    def verify_webhook(self, webhook: fusepay.Webhook) -> list[fusepay.WebhookNotice]:
        """Check a webhook's signature over its raw body, and say what it means."""
        header = webhook.header(SIGNATURE_HEADER)
        if not signature.is_genuine(header, webhook.body, self._upstream.webhook_secret, time.time()):
            raise fusepay.WebhookRejectedError("the webhook is not freshly signed by the biller")
        envelope = meaning.parse_object(webhook.body) or {}
        if envelope.get("type") != "transaction-update":
            return []
        statement = envelope.get("data")
        notice = meaning.read_notice(statement) if isinstance(statement, dict) else None
        if notice is None:
            raise fusepay.WebhookRejectedError("the webhook's body is not one of this biller's")
        request_id, said = notice
        return [fusepay.WebhookNotice(request_id=request_id, outcome=_query_outcome(said))]

    def _items(
        self, service_code: str, service_name: str, service: dict[str, Any], *, looks_up: bool
    ) -> list[fusepay.BillItem]:
        """List a service's variations; one without any is an item by its own name."""
        content = self._page("GET", f"/api/service-variations?serviceID={service_code}").get("content")
        variations = _objects(content.get("variations")) if isinstance(content, dict) else []
        # The misspelling is the aggregator's.
        least, most = _minor(service.get("minimium_amount")), _minor(service.get("maximum_amount"))
        found = []
        for variation in variations or [{"variation_code": service_code, "name": service_name}]:
            code, name = _code(variation.get("variation_code")), meaning.text_of(variation.get("name"))
            price = _minor(variation.get("variation_amount"))
            minimum, maximum = (price, price) if price else (least, most)
            if code and name and minimum and maximum:
                item = fusepay.BillItem(
                    code=code,
                    name=name,
                    currency="NGN",
                    minimum_minor=minimum,
                    maximum_minor=maximum,
                    validates_customer=looks_up,
                )
                found.append(item)
        return found

    def _page(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        """Nothing here moves money, so all the ways to fail are one."""
        try:
            heard = wire.call(
                method, self._upstream.url + path, self._headers(), content, deadline_s=_CALL_TIMEOUT_S
            )
        except (wire.NeverSentError, wire.SilenceError) as cause:
            raise fusepay.ProviderUnavailableError(f"the biller did not answer: {cause}") from cause
        found = meaning.parse_object(heard.body)
        if heard.status != 200 or found is None:
            raise _unusable(f"HTTP status {heard.status}")
        return found

    def _post(self, path: str, content: Any, deadline: timedelta) -> wire.Heard:
        limit_s = min(deadline.total_seconds(), _CALL_TIMEOUT_S)
        return wire.call("POST", self._upstream.url + path, self._headers(), content, deadline_s=limit_s)

    def _headers(self) -> dict[str, str]:
        return {"api-key": self._upstream.api_key, "secret-key": self._upstream.secret_key}

    def _proved(
        self, outcome: fusepay.PayOutcome | fusepay.QueryOutcome, heard: wire.Heard
    ) -> fusepay.Answer:
        secrets = (self._upstream.api_key, self._upstream.secret_key)
        text = f"HTTP {heard.status} {redact(heard.body, secrets)}"
        return fusepay.Answer(outcome, fusepay.Evidence(text=text, raw=heard.body))


def _answer(outcome: fusepay.PayOutcome | fusepay.QueryOutcome, cause: str) -> fusepay.Answer:
    return fusepay.Answer(outcome, fusepay.Evidence(text=cause, raw=cause.encode()))


def _pay_outcome(said: Said) -> fusepay.PayOutcome:
    match said.verdict:
        case Verdict.DELIVERED:
            return _paid(said)
        case Verdict.PENDING:
            return fusepay.Pending()
        case Verdict.FAILED | Verdict.REFUSED:
            return fusepay.Declined(code=said.code, reason=said.reason)
        case Verdict.DUPLICATE:
            return fusepay.Duplicate()
        case Verdict.REVERSED | Verdict.NOT_FOUND:
            # A query says these better: there they are conclusive, here they are odd.
            return fusepay.Unknown(cause=f"a payment was answered with {said.code}: {said.reason}")
        case Verdict.UNCLEAR:
            return fusepay.Unknown(cause=said.reason)


def _query_outcome(said: Said) -> fusepay.QueryOutcome:
    match said.verdict:
        case Verdict.DELIVERED:
            return _paid(said)
        case Verdict.PENDING:
            return fusepay.Pending()
        case Verdict.FAILED:
            return fusepay.Failed(code=said.code, reason=said.reason)
        case Verdict.REVERSED:
            return fusepay.ProviderReversed(reason=said.reason)
        case Verdict.NOT_FOUND:
            return fusepay.NotFound()
        case Verdict.REFUSED | Verdict.DUPLICATE:
            # The question was refused; that says nothing about the payment.
            return fusepay.Unknown(cause=f"the query was answered with {said.code}: {said.reason}")
        case Verdict.UNCLEAR:
            return fusepay.Unknown(cause=said.reason)


def _paid(said: Said) -> fusepay.Paid:
    return fusepay.Paid(
        provider_reference=said.provider_reference,
        amount_minor=None if said.amount is None else int(said.amount * 100),
        customer_reference=said.customer_reference,
        tokens=said.tokens,
        receipt=said.receipt,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing when it is none."""
    return [found for found in value if isinstance(found, dict)] if isinstance(value, list) else []


def _code(value: Any) -> str | None:
    """A code that the engine takes, and an address too."""
    text = meaning.text_of(value)
    return text if text and re.fullmatch("[A-Za-z0-9._-]{1,64}", text, re.ASCII) else None


def _minor(value: Any) -> int | None:
    """An amount above zero in kobo."""
    amount = meaning.naira(value)
    return int(amount * Decimal(100)) if amount else None


def _unusable(what: str) -> fusepay.ProviderUnavailableError:
    return fusepay.ProviderUnavailableError(f"the biller answered with {what}")

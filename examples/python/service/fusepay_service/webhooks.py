"""`/api/v1/webhooks`: what the payment gateway and the biller tell us.

A webhook is believed only with a fresh signature over its raw body, and even
then the gateway's is a hint: the charge is asked back from the gateway, and its
answer is what counts. The charge's id is the external reference of the credit,
so that it is booked once, however often and from however many places we hear.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

import fusepay
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from fusepay_service import exact_json, shapes, signature
from fusepay_service.errors import RequestRefusedError, documented
from fusepay_service.gateway import SIGNATURE_HEADER, Charge
from fusepay_service.intent import Intent
from fusepay_service.opening import PROVIDER
from fusepay_service.parts import Parts, PartsOf

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

_log = logging.getLogger(__name__)

_RAW_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.post("/gateway", responses=documented(401), openapi_extra=_RAW_BODY)
async def gateway_webhook(request: Request, parts: PartsOf) -> shapes.Receipt:
    """Take in what the payment gateway says of a charge; signed in `x-gateway-signature`."""
    body, header = await request.body(), request.headers.get(SIGNATURE_HEADER)
    outcome = await run_in_threadpool(_take_in, parts, header, body)
    return shapes.Receipt(received=True, outcome=outcome)


@router.post("/biller", responses=documented(401, 404), openapi_extra=_RAW_BODY)
async def biller_webhook(request: Request, parts: PartsOf) -> shapes.Receipt:
    """Take in what the biller says of a payment; its adapter checks the signature."""
    body, headers = await request.body(), list(request.headers.items())
    await run_in_threadpool(parts.engine.bill.receive_webhook, PROVIDER, headers, body)
    return shapes.Receipt(received=True, outcome="taken in")


def _take_in(parts: Parts, header: str | None, body: bytes) -> str:
    gateway = parts.gateway
    if gateway is None or not signature.is_genuine(header, body, gateway.webhook_secret, time.time()):
        raise RequestRefusedError(401, "WEBHOOK_REJECTED", "the webhook is not freshly signed by the gateway")
    charge_id = _charge_id(body)
    charge = gateway.find_charge(charge_id)
    if charge is None or charge.id != charge_id or charge.status != "paid":
        return "nothing was paid"
    return _credit(parts, charge)


def _charge_id(body: bytes) -> str:
    try:
        charge_id = exact_json.loads(body)["data"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        charge_id = None
    if isinstance(charge_id, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", charge_id, re.ASCII):
        return charge_id
    raise RequestRefusedError(400, "INVALID_ARGUMENT", "the webhook names no charge")


def _credit(parts: Parts, charge: Charge) -> str:
    intent = parts.intents.intent_of(charge)
    if intent is None:
        return _for_a_person(charge, "the charge does not carry our signature")
    if charge.amount_paid != intent.amount:
        return _for_a_person(charge, "another amount was paid than was asked for")
    try:
        # Without an idempotency key on purpose: a refusal (a frozen wallet) must
        # not stick, and the external reference books the charge once by itself.
        _fund(parts, charge, intent)
    except fusepay.FusePayError as error:
        if error.code == fusepay.Code.EXTERNAL_REFERENCE_USED:
            return "credited before"
        if error.kind == fusepay.ErrorKind.REFUSED:
            return _for_a_person(charge, f"the wallet was not credited: {error.code.name}")
        raise
    _log.info("a paid charge was credited", extra={"charge_id": charge.id})
    return "credited"


def _fund(parts: Parts, charge: Charge, intent: Intent) -> None:
    parts.engine.wallet.fund(
        intent.wallet_id,
        fusepay.Money(intent.amount, intent.currency),
        external_reference=charge.id,
        description="paid through the gateway",
        metadata={"reference": intent.reference},
    )


def _for_a_person(charge: Charge, reason: str) -> str:
    """Answered with 200, because sending it again would change nothing."""
    _log.error("a paid charge was not credited", extra={"charge_id": charge.id, "reason": reason})
    return "kept for an operator"

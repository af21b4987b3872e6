"""`/api/v1/wallets`: the caller's wallet, and bringing money into it.

A user's token never creates money. It asks the payment gateway for a charge;
what the customer pays there is credited when the gateway's signed webhook has
come and the gateway, asked back, confirms it (`webhooks.py`). An operator's
token credits a wallet at once: an operator has seen the money.
"""

from __future__ import annotations

import hashlib
import secrets

import fusepay
from fastapi import APIRouter

from fusepay_service import shapes
from fusepay_service.errors import RequestRefusedError, documented
from fusepay_service.exact_json import ExactRoute
from fusepay_service.intent import Intent
from fusepay_service.parts import IdempotencyKey, Parts, PartsOf, SessionOf, first_wallet

router = APIRouter(prefix="/api/v1/wallets", tags=["wallets"], route_class=ExactRoute)


@router.get("", responses=documented(401))
def caller_wallet(session: SessionOf) -> shapes.WalletAnswer:
    """The caller's wallet."""
    wallet = first_wallet(session)
    return shapes.WalletAnswer(
        id=wallet.id,
        user_id=wallet.user_id,
        balance=str(wallet.balance),
        currency=wallet.currency,
        version=wallet.version,
    )


@router.post("/fund", responses=documented(401, 403, 404, 409, 422))
def fund(
    body: shapes.Fund, session: SessionOf, parts: PartsOf, idempotency_key: IdempotencyKey = None
) -> shapes.FundingAnswer:
    """Begin to bring money in: answers where to pay. With `walletId`, an operator credits a wallet."""
    if body.wallet_id is None and body.external_reference is None:
        return _request_charge(body, session, parts, idempotency_key)
    return _credit(body, session, parts, idempotency_key)


def _request_charge(
    body: shapes.Fund, session: fusepay.Session, parts: Parts, idempotency_key: str | None
) -> shapes.FundingAnswer:
    if parts.gateway is None:
        raise RequestRefusedError(503, "GATEWAY_UNAVAILABLE", "no payment gateway is configured")
    wallet = first_wallet(session)
    reference = _reference(str(wallet.user_id), idempotency_key)
    intent = Intent(str(wallet.id), str(body.amount), wallet.currency, reference)
    charge = parts.gateway.request_charge(
        amount=intent.amount,
        currency=intent.currency,
        reference=reference,
        metadata=parts.intents.metadata(intent),
    )
    data = shapes.FundingData(
        wallet_id=wallet.id,
        balance=str(wallet.balance),
        status="PENDING",
        charge_id=charge.id,
        checkout_url=charge.checkout_url,
    )
    message = "Pay at checkoutUrl; the wallet is credited when the gateway confirms it"
    return shapes.FundingAnswer(success=True, message=message, data=data)


def _credit(
    body: shapes.Fund, session: fusepay.Session, parts: Parts, idempotency_key: str | None
) -> shapes.FundingAnswer:
    caller = session.principal()
    if caller.role not in (fusepay.Role.OPERATOR, fusepay.Role.ADMIN):
        raise RequestRefusedError(403, "FORBIDDEN", "walletId and externalReference are for operators alone")
    if body.wallet_id is None:
        raise RequestRefusedError(400, "INVALID_ARGUMENT", "walletId: an operator names the wallet")
    wallet = parts.engine.wallet.find(body.wallet_id)
    booked = parts.engine.wallet.fund(
        wallet.id,
        fusepay.Money(body.amount, wallet.currency),
        external_reference=body.external_reference,
        description="credited by an operator",
        metadata={"operator": str(caller.user_id)},
        # The host's keys are one space: an operator's stay among themselves.
        idempotency_key=idempotency_key and _reference(str(caller.user_id), idempotency_key),
    )
    balance = parts.engine.wallet.find(wallet.id).balance
    data = shapes.FundingData(
        wallet_id=wallet.id, balance=str(balance), status="COMPLETED", transaction_id=booked.id
    )
    return shapes.FundingAnswer(success=True, message="Wallet funded", data=data)


def _reference(user_id: str, idempotency_key: str | None) -> str:
    """The same for the same user and key, else random; nothing of the key can be read from it."""
    if idempotency_key is None:
        return f"FUND-{secrets.token_hex(16)}"
    return f"FUND-{hashlib.sha256(f'{user_id} {idempotency_key}'.encode()).hexdigest()[:32]}"

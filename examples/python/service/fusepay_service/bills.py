"""`/api/v1/bills`: paying a bill, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import fusepay
from fastapi import APIRouter

from fusepay_service import shapes
from fusepay_service.errors import RequestRefusedError, documented
from fusepay_service.exact_json import ExactRoute
from fusepay_service.parts import IdempotencyKey, SessionOf, first_wallet

router = APIRouter(prefix="/api/v1/bills", tags=["bills"], route_class=ExactRoute)

_BILLERS_MAX = 500


@router.post("/pay", responses=documented(401, 409, 422))
def pay(
    body: shapes.PayBill, session: SessionOf, idempotency_key: IdempotencyKey = None
) -> shapes.PaymentAnswer:
    """Debit the caller's wallet and pay the bill in the background; a failed payment is given back."""
    biller, item = _chosen(session, body)
    wallet = first_wallet(session)
    payment = session.bill.pay(
        wallet.id,
        biller,
        item,
        body.customer_reference,
        fusepay.Money(body.amount, wallet.currency),
        metadata=body.metadata,
        idempotency_key=idempotency_key,
    )
    status = _status_of(payment)
    data = shapes.PaymentData(
        transaction_id=payment.id,
        reference=payment.reference,
        # The original's word for a bill that it has taken.
        status="PROCESSING" if status == "PENDING" else status,
        message="The bill is being paid; ask for its status",
    )
    return shapes.PaymentAnswer(success=True, message="Bill payment accepted", data=data)


@router.get("/transaction/{id}/status", responses=documented(401, 404))
def status(id: UUID, session: SessionOf) -> shapes.PaymentStatusAnswer:  # noqa: A002
    """How one of the caller's bill payments stands."""
    payment = session.bill.find(id)
    data = shapes.PaymentStatusData(
        transaction_id=payment.id,
        reference=payment.reference,
        status=_status_of(payment),
        amount=str(-payment.amount.amount),
        type=fusepay.TransactionType.BILL_PAYMENT.value,
        created_at=payment.created_at,
        external_reference=payment.provider_reference,
        failure_reason=payment.failure_reason,
        metadata=payment.metadata,
    )
    return shapes.PaymentStatusAnswer(success=True, message="Transaction found", data=data)


def _status_of(payment: fusepay.Payment) -> str:
    """A payment's state in the words of a transaction, as its owner sees it."""
    if payment.status in (fusepay.PaymentStatus.UNKNOWN, fusepay.PaymentStatus.NEEDS_REVIEW):
        return fusepay.TransactionStatus.PROCESSING.value
    return str(payment.status)


def _chosen(session: fusepay.Session, body: shapes.PayBill) -> tuple[str, str]:
    """The biller and item named, or the first of the type, by code, that takes the amount."""
    amount_minor = int(body.amount * Decimal(100))
    offers = [
        (biller.code, item)
        for biller in session.bill.billers(category=body.bill_type.value, limit=_BILLERS_MAX)
        if biller.enabled and body.biller in (None, biller.code)
        for item in session.bill.items(biller.code)
        if item.enabled and body.item in (None, item.code)
    ]
    if not offers:
        raise RequestRefusedError(
            400, "BILLER_UNAVAILABLE", f"nothing of type {body.bill_type.value} is sold so"
        )
    for biller, item in offers:
        if item.minimum_minor <= amount_minor <= item.maximum_minor:
            return biller, item.code
    # None fits: the engine says by how much.
    return offers[0][0], offers[0][1].code

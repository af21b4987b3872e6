"""`/api/v1/transactions`: the caller's history, newest first, in pages."""

from __future__ import annotations

from typing import Annotated

import fusepay
from fastapi import APIRouter, Query, Request, Response

from fusepay_service import shapes
from fusepay_service.errors import documented
from fusepay_service.parts import SessionOf

router = APIRouter(prefix="/api/v1/transactions", tags=["transactions"])

NEXT_CURSOR_HEADER = "X-Next-Cursor"

_Limit = Annotated[int, Query(ge=1, le=100, description="How many lines at most.")]
_Cursor = Annotated[
    str | None, Query(max_length=256, description=f"The `{NEXT_CURSOR_HEADER}` of the page before.")
]


@router.get(
    "",
    responses={
        **documented(401),
        200: {
            "headers": {
                NEXT_CURSOR_HEADER: {"schema": {"type": "string"}},
                "Link": {"schema": {"type": "string"}},
            }
        },
    },
)
def page(
    request: Request, response: Response, session: SessionOf, limit: _Limit = 20, cursor: _Cursor = None
) -> list[shapes.TransactionAnswer]:
    """One page. Where more follow, `X-Next-Cursor` and `Link` say how to get them."""
    found = session.history.page_of_all(cursor=cursor, limit=limit)
    if found.next_cursor is not None:
        url = request.url.include_query_params(limit=limit, cursor=found.next_cursor)
        response.headers[NEXT_CURSOR_HEADER] = found.next_cursor
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return [_shown(line, session) for line in found.lines]


def _shown(line: fusepay.Transaction, session: fusepay.Session) -> shapes.TransactionAnswer:
    updated_at = line.created_at
    if line.payment_id is not None and line.kind == fusepay.TransactionType.BILL_PAYMENT:
        # A line is never changed; what changes is the payment that it is part of.
        updated_at = session.bill.find(line.payment_id).updated_at
    return shapes.TransactionAnswer(
        id=line.id,
        wallet_id=line.wallet_id,
        amount=str(line.amount),
        type=line.kind.value,
        status=line.status.value,
        reference=line.reference,
        external_reference=line.external_reference,
        metadata=line.metadata,
        failure_reason=line.failure_reason,
        reversal_transaction_id=line.reversed_by,
        created_at=line.created_at,
        updated_at=updated_at,
    )

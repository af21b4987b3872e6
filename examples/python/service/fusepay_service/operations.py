"""`/health` and `/metrics`: for whoever runs the service."""

from __future__ import annotations

import hmac

import fusepay
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from fusepay_service import shapes
from fusepay_service.errors import RequestRefusedError, documented
from fusepay_service.metrics import text_of
from fusepay_service.parts import PartsOf

router = APIRouter(tags=["operations"])


@router.get("/health", response_model=shapes.Health, responses={503: {"model": shapes.Health}})
def health(request: Request, parts: PartsOf) -> Response:
    """Whether the engine reads, and no commit is in doubt. When failing, start the service again."""
    is_well = not getattr(request.app.state, "is_in_doubt", False)
    try:
        # One row: this may be asked every second.
        parts.engine.bill.billers(limit=1)
    except fusepay.FusePayError:
        is_well = False
    answer = shapes.Health(status="ok" if is_well else "failing")
    return JSONResponse(answer.model_dump(by_alias=True), 200 if is_well else 503)


@router.get("/metrics", response_class=PlainTextResponse, responses=documented(401))
def metrics(request: Request, parts: PartsOf) -> PlainTextResponse:
    """The engine's statistics as Prometheus reads them; with METRICS_TOKEN set, for its bearer alone."""
    token = parts.settings.metrics_token
    given = request.headers.get("authorization", "")
    if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise RequestRefusedError(401, "INVALID_TOKEN", "the metrics token is missing or wrong")
    return PlainTextResponse(text_of(parts.engine.stats()), media_type="text/plain; version=0.0.4")

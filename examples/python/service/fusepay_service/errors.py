"""Every error this service answers with: one table from the engine's codes to HTTP.

The statuses of the original stand: 400 for bad input and for money that is not
there, 401, 404, 409 for a taken address. An error's text names the field and the
remedy; what a client sent is never repeated, because it may be a password.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import fusepay
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fusepay import Code
from starlette.exceptions import HTTPException

from fusepay_service.gateway import GatewayUnavailableError, ReferenceTakenError
from fusepay_service.shapes import ErrorAnswer

_log = logging.getLogger(__name__)

STATUS_OF: dict[Code, int] = {
    # The request is wrong.
    Code.INVALID_ARGUMENT: 400,
    Code.INVALID_AMOUNT: 400,
    Code.INVALID_CURRENCY: 400,
    Code.INVALID_ID: 400,
    Code.TOO_LONG: 400,
    Code.INVALID_METADATA: 400,
    Code.INVALID_CURSOR: 400,
    Code.INVALID_EMAIL: 400,
    Code.WEAK_PASSWORD: 400,
    # Who asks.
    Code.INVALID_CREDENTIALS: 401,
    Code.INVALID_TOKEN: 401,
    Code.PIN_REQUIRED: 403,
    Code.INVALID_PIN: 403,
    Code.FORBIDDEN: 403,
    Code.WEBHOOK_REJECTED: 401,
    # What is asked for.
    Code.NOT_FOUND: 404,
    Code.EMAIL_TAKEN: 409,
    Code.CONFLICT: 409,
    Code.EXTERNAL_REFERENCE_USED: 409,
    Code.NOT_ALLOWED: 409,
    Code.LAST_ADMIN: 409,
    Code.IDEMPOTENCY_KEY_REUSED: 422,
    # Money.
    Code.INSUFFICIENT_FUNDS: 400,
    Code.CURRENCY_MISMATCH: 400,
    Code.LIMIT_EXCEEDED: 400,
    Code.AMOUNT_OVERFLOW: 400,
    Code.CAPTURE_ABOVE_HOLD: 400,
    Code.SAME_WALLET: 400,
    Code.WALLET_FROZEN: 409,
    Code.WALLET_CLOSED: 409,
    Code.HOLD_RESOLVED: 409,
    Code.WALLET_NOT_EMPTY: 409,
    # Bills.
    Code.BILLER_UNAVAILABLE: 400,
    Code.AMOUNT_OUT_OF_RANGE: 400,
    Code.CUSTOMER_REJECTED: 400,
    Code.REFUND_ABOVE_PAID: 400,
    Code.QUOTE_EXPIRED: 409,
    Code.QUOTE_USED: 409,
    Code.NOT_REVERSIBLE: 409,
    Code.UNSUPPORTED_BY_PROVIDER: 501,
    Code.JOB_NOT_DEAD: 409,
    # Nothing happened; the same request later.
    Code.BUSY: 503,
    Code.HASHING_BUSY: 503,
    Code.PROVIDER_UNAVAILABLE: 503,
    Code.LEASE_LOST: 503,
    # It may have happened: the same request with the same key, until it is definite.
    Code.IN_DOUBT: 503,
    Code.POISONED: 503,
    Code.CLOSED: 503,
    # The service or its machine is broken.
    Code.STORAGE_FULL: 507,
    Code.INVALID_CONFIG: 500,
    Code.FORKED: 500,
    Code.ALREADY_OPEN: 500,
    Code.REENTRANT: 500,
    Code.INVALID_HANDLE: 500,
    Code.UNSAFE_FILE: 500,
    Code.UNSUPPORTED_FILE_SYSTEM: 500,
    Code.NOT_MANUAL: 500,
    Code.STORAGE_FAULT: 500,
    Code.CORRUPT: 500,
    Code.SCHEMA_TOO_NEW: 500,
    Code.INVARIANT_BROKEN: 500,
    Code.PANICKED: 500,
    Code.OUT_OF_MEMORY: 500,
    Code.NO_ENTROPY: 500,
    Code.READ_ONLY: 500,
}


class RequestRefusedError(Exception):
    """The service's own refusal, where no engine call was made."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def install(app: FastAPI) -> None:
    """Answer every error in the one shape."""

    @app.exception_handler(fusepay.FusePayError)
    async def engine_refused(request: Request, error: fusepay.FusePayError) -> JSONResponse:
        status = STATUS_OF.get(error.code, 500)
        if error.code in (Code.IN_DOUBT, Code.POISONED):
            # Only a new start resolves it: /health fails from now on.
            request.app.state.is_in_doubt = True
        if status in (500, 507):
            # The text of a fault is for the operator, not for the caller.
            _log.error("the engine failed: %s", error, extra={"code": error.code.name})
            return answer(
                status, error.code.name, "the service cannot do this now", retryable=error.retryable
            )
        # In doubt, the engine says with which key to repeat, also when it made one itself.
        headers = {"Idempotency-Key": error.idempotency_key} if error.idempotency_key else {}
        if error.retry_after_ms is not None:
            # Whole seconds, rounded up.
            headers["Retry-After"] = str(-(-error.retry_after_ms // 1000))
        return answer(status, error.code.name, error.detail, retryable=error.retryable, headers=headers)

    @app.exception_handler(RequestRefusedError)
    async def service_refused(request: Request, error: RequestRefusedError) -> JSONResponse:
        return answer(error.status, error.code, str(error), retryable=error.status == 503)

    @app.exception_handler(GatewayUnavailableError)
    async def gateway_silent(request: Request, error: GatewayUnavailableError) -> JSONResponse:
        _log.warning("the payment gateway did not answer: %s", error)
        message = "the payment gateway did not answer; try again with the same Idempotency-Key"
        return answer(503, "GATEWAY_UNAVAILABLE", message, retryable=True)

    @app.exception_handler(ReferenceTakenError)
    async def reference_taken(request: Request, error: ReferenceTakenError) -> JSONResponse:
        message = "this Idempotency-Key asked for another funding before"
        return answer(422, "IDEMPOTENCY_KEY_REUSED", message)

    @app.exception_handler(RequestValidationError)
    async def input_refused(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(400, "INVALID_ARGUMENT", _sentences(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_refused(request: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).name
        return answer(error.status_code, code, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        return answer(500, "INTERNAL", "the service has a fault")


def answer(
    status: int,
    code: str,
    message: str,
    *,
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error in the one shape."""
    body = ErrorAnswer(status_code=status, code=code, message=message, retryable=retryable)
    sent = dict(headers or {})
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    if status == 503:
        sent.setdefault("Retry-After", "1")
    return JSONResponse(body.model_dump(by_alias=True), status, sent)


def _sentences(errors: Sequence[Any]) -> str:
    """Where and what, never the value: `amount: must have at most two places`."""
    found = []
    for error in errors:
        place = ".".join(
            str(part) for part in error["loc"] if part not in ("body", "query", "header", "path")
        )
        found.append(f"{place or 'body'}: {error['msg'].removeprefix('Value error, ')}")
    # A client's own field names are in here; cut, and free of what a log or a page could trip over.
    return "; ".join(found)[:500].encode("ascii", "backslashreplace").decode()


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors for a route's OpenAPI description, beside those every route has."""
    return {status: {"model": ErrorAnswer} for status in sorted({*statuses, 400, 413, 503})}

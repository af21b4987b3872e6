"""Logs: one JSON object a line, on standard error and, if asked, in two files.

What is logged is chosen field by field. Bodies, queries and headers never are:
they carry passwords, tokens and signatures.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fusepay_service.settings import Settings

_FIELDS = ("request_id", "method", "route", "status", "duration_ms", "charge_id", "user_id", "code", "reason")

access = logging.getLogger("fusepay_service.access")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def install(settings: Settings) -> None:
    """Send every logger's lines to standard error, and to `combined.log` and `error.log` in `log_dir`."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if settings.log_dir:
        folder = Path(settings.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        errors = logging.FileHandler(folder / "error.log")
        errors.setLevel(logging.ERROR)
        handlers += [logging.FileHandler(folder / "combined.log"), errors]
    for handler in handlers:
        handler.setFormatter(_JsonLines())
    logging.basicConfig(level=settings.log_level, handlers=handlers, force=True)


class AccessLog:
    """Logs each request by its route, never by its address, and gives it an id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began_s, status = str(uuid.uuid4()), time.monotonic(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            fields = {
                "request_id": request_id,
                "method": scope["method"],
                "route": route,
                "status": status,
                "duration_ms": round((time.monotonic() - began_s) * 1000),
            }
            access.info("answered", extra=fields)

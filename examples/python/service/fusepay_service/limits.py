"""How long a body may be: known before anything reads it.

The framework's own limit answers in plain text; ours answers as every error does.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fusepay_service.errors import answer

BODY_BYTES_MAX = 64 * 1024


class BodyLimit:
    """Reads each body whole, and answers 413 when it is above `BODY_BYTES_MAX`, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read one request's body, and pass both on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        has_more = True
        while has_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > BODY_BYTES_MAX:
                refusal = answer(413, "BODY_TOO_LONG", f"a body has at most {BODY_BYTES_MAX} bytes")
                await refusal(scope, receive, send)
                return
            has_more = message.get("more_body", False)
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_again() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_again, send)

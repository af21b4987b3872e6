"""One HTTP call to an outside party, and the one question that matters when no
answer came: can it be proved that the request never left?

The standard library's client is used on purpose: it follows no redirect, takes
no proxy from the environment, keeps no connection for later, and lets us
connect and send in two steps. Each of these would spoil the proof.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_ANSWER_LENGTH_MAX = 1024 * 1024
_CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Heard:
    """A whole answer, of whatever kind."""

    status: int
    body: bytes


class NeverSentError(Exception):
    """No byte of the request can have reached the other side."""


class SilenceError(Exception):
    """No whole answer came; the request may have been read and acted upon."""


def call(
    method: str, url: str, headers: Mapping[str, str], content: Any = None, *, deadline_s: float
) -> Heard:
    """Make one request with a JSON body, if any, and read the whole answer.

    Raises `NeverSentError` or `SilenceError`. Blocks at most about `deadline_s` seconds.
    """
    ends_at = time.monotonic() + deadline_s
    body = None if content is None else json.dumps(content).encode()
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = _connection(parts.scheme, parts.netloc, min(deadline_s, _CONNECT_TIMEOUT_S))
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as cause:
            raise NeverSentError(f"no connection: {cause}") from cause
        return _exchange(connection, method, path, headers, body, ends_at)
    finally:
        connection.close()


def _connection(scheme: str, netloc: str, timeout_s: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=timeout_s, context=ssl.create_default_context())
    return http.client.HTTPConnection(netloc, timeout=timeout_s)


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
    ends_at: float,
) -> Heard:
    # From here on nothing is proved by an error, whatever its kind.
    try:
        _allow(connection, ends_at)
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        _allow(connection, ends_at)
        response = connection.getresponse()
        if response.length is None and not response.chunked:
            raise SilenceError("the answer does not say where it ends")
        answer = bytearray()
        while True:
            _allow(connection, ends_at)
            chunk = response.read1(65_536)
            if not chunk:
                break
            answer += chunk
            if len(answer) > _ANSWER_LENGTH_MAX:
                raise SilenceError("the answer is longer than 1 MiB")
        if response.length:
            raise SilenceError("the answer was cut short")
        return Heard(response.status, bytes(answer))
    except (OSError, http.client.HTTPException) as cause:
        raise SilenceError(f"no answer: {type(cause).__name__} {cause}") from cause


def _allow(connection: http.client.HTTPConnection, ends_at: float) -> None:
    left_s = ends_at - time.monotonic()
    if left_s <= 0:
        raise SilenceError("no whole answer within the deadline")
    if connection.sock is not None:
        connection.sock.settimeout(left_s)

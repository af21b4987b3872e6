"""What the routes work with, and how they come by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

import fusepay
from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fusepay_service.errors import RequestRefusedError
from fusepay_service.gateway import Gateway
from fusepay_service.intent import IntentKey
from fusepay_service.settings import Settings


@dataclass(frozen=True)
class Parts:
    """Everything that lives as long as the service."""

    settings: Settings
    engine: fusepay.FusePay
    intents: IntentKey
    gateway: Gateway | None


def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `access_token` of a log-in.")


def _session(
    parts: Annotated[Parts, Depends(_parts)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> fusepay.Session:
    if credentials is None:
        raise RequestRefusedError(
            401, "INVALID_TOKEN", "an access token is needed: Authorization: Bearer <token>"
        )
    return parts.engine.session(credentials.credentials)


def first_wallet(session: fusepay.Session) -> fusepay.Wallet:
    """The wallet that came with the registration: the oldest."""
    wallets = session.wallet.list()
    if not wallets:
        raise RequestRefusedError(404, "NOT_FOUND", "the caller has no wallet")
    return wallets[0]


PartsOf = Annotated[Parts, Depends(_parts)]
"""The parts, for a route."""

SessionOf = Annotated[fusepay.Session, Depends(_session)]
"""What the caller's token opens, for a route: their own wallets and payments, and nothing else."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[!-~]+$",
        description="The same key with the same request gives the same answer, and books nothing twice.",
    ),
]
"""The header that makes a repeated request harmless."""

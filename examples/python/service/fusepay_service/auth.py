"""`/api/v1/auth`: register, log in, refresh, log out."""

from __future__ import annotations

import fusepay
from fastapi import APIRouter, Response

from fusepay_service import shapes
from fusepay_service.errors import documented
from fusepay_service.exact_json import ExactRoute
from fusepay_service.parts import PartsOf, SessionOf

router = APIRouter(prefix="/api/v1/auth", tags=["auth"], route_class=ExactRoute)


@router.post("/register", status_code=201, responses=documented(409))
def register(body: shapes.Register, parts: PartsOf) -> shapes.TokenAnswer:
    """Make a user with a first wallet, logged in."""
    registered = parts.engine.auth.register(body.email, body.first_name, body.last_name, body.password)
    return _tokens(registered.user, registered.tokens)


@router.post("/login", responses=documented(401))
def login(body: shapes.Login, parts: PartsOf) -> shapes.TokenAnswer:
    """Begin a session. Failures in a row make the next ones wait."""
    tokens = parts.engine.auth.login(body.email, body.password)
    return _tokens(parts.engine.auth.find_user(tokens.user_id), tokens)


@router.post("/refresh", responses=documented(401))
def refresh(body: shapes.Refresh, parts: PartsOf) -> shapes.TokenAnswer:
    """Exchange a refresh token for new tokens. One that is used twice ends the session."""
    tokens = parts.engine.auth.refresh(body.refresh_token)
    return _tokens(parts.engine.auth.find_user(tokens.user_id), tokens)


@router.post("/logout", status_code=204, responses=documented(401))
def logout(session: SessionOf) -> Response:
    """End this session: its tokens stop working at once."""
    session.logout()
    return Response(status_code=204)


@router.post("/logout-everywhere", status_code=204, responses=documented(401))
def logout_everywhere(session: SessionOf) -> Response:
    """End all sessions of the caller."""
    session.logout_everywhere()
    return Response(status_code=204)


def _tokens(user: fusepay.User, tokens: fusepay.Tokens) -> shapes.TokenAnswer:
    return shapes.TokenAnswer(
        access_token=tokens.access,
        refresh_token=tokens.refresh,
        expires_at=tokens.access_expires_at,
        user=shapes.UserSummary(
            id=user.id, email=user.email, first_name=user.first_name, last_name=user.last_name
        ),
    )

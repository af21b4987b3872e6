"""`/api/v1/users`: the caller's profile."""

from __future__ import annotations

from fastapi import APIRouter

from fusepay_service import shapes
from fusepay_service.errors import documented
from fusepay_service.parts import SessionOf

router = APIRouter(prefix="/api/v1/users", tags=["users"])


@router.get("", responses=documented(401))
def profile(session: SessionOf) -> shapes.Profile:
    """The caller."""
    user = session.profile()
    return shapes.Profile(
        id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        created_at=user.created_at,
        updated_at=user.updated_at,
    )

"""JSON without floats: a number is what its digits say, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


def loads(text: bytes | str) -> Any:
    """Parse JSON with every number that is not an integer as a `Decimal`.

    Raises `ValueError` for what is not JSON, for NaN and the infinities, and
    for an object that names a key twice: two readers could read it differently.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found


class ExactRequest(Request):
    """A request whose JSON body holds no floats."""

    async def json(self) -> Any:
        """Parse the body."""
        return loads(await self.body())


class ExactRoute(APIRoute):
    """A route that reads its body as an `ExactRequest` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's own handler."""
        answer = super().get_route_handler()

        async def answer_exactly(request: Request) -> Response:
            return await answer(ExactRequest(request.scope, request.receive))

        return answer_exactly

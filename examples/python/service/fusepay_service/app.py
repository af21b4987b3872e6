"""The application: routes, errors and documents around one open engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import fusepay
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from fusepay_service import (
    auth,
    bills,
    docs,
    errors,
    operations,
    transactions,
    users,
    wallets,
    webhooks,
)
from fusepay_service.gateway import Gateway
from fusepay_service.intent import IntentKey
from fusepay_service.limits import BodyLimit
from fusepay_service.logs import AccessLog
from fusepay_service.opening import open_engine
from fusepay_service.parts import Parts
from fusepay_service.settings import Settings

_CLOSE_DEADLINE = timedelta(seconds=10)


def create_app(settings: Settings) -> FastAPI:
    """Make the application. The engine is open while the application runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = await run_in_threadpool(open_engine, settings)
        app.state.parts = Parts(
            settings=settings,
            engine=engine,
            intents=IntentKey(settings.jwt_secret),
            gateway=Gateway(settings.gateway) if settings.gateway else None,
        )
        try:
            yield
        finally:
            await run_in_threadpool(engine.close, _CLOSE_DEADLINE)

    app = FastAPI(
        title="FusePay service",
        description=_DESCRIPTION,
        version=fusepay.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        # The functions' own names, which clients made from the document will carry.
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    errors.install(app)
    docs.install(app)
    for noun in (auth, users, wallets, bills, transactions, webhooks, operations):
        app.include_router(noun.router)
    app.add_middleware(BodyLimit)
    if settings.frontend_url:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[settings.frontend_url],
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=[transactions.NEXT_CURSOR_HEADER, "Link", "X-Request-Id"],
        )
    app.add_middleware(AccessLog)
    return app


_DESCRIPTION = (
    "Wallets and bills. Register, put the `access_token` into *Authorize*, fund the wallet by paying at the "
    "`checkoutUrl`, pay a bill, and read the history. Amounts are exact decimals of naira."
)

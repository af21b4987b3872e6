"""Opening the engine as the settings say, and loading what can be paid."""

from __future__ import annotations

import logging

import fusepay

from fusepay_service.settings import Settings
from fusepay_service.vtpass import VtpassProvider

PROVIDER = "vtpass"

_log = logging.getLogger(__name__)


def open_engine(settings: Settings) -> fusepay.FusePay:
    """Open the engine. What the biller sells is loaded anew, or kept as it was when it does not answer."""
    engine = fusepay.FusePay.open(_config(settings))
    if settings.biller is not None:
        try:
            engine.bill.load_catalogue_of(PROVIDER)
        except fusepay.FusePayError as error:
            _log.warning("the catalogue was not loaded: %s", error, extra={"code": error.code.name})
    return engine


def _config(settings: Settings) -> fusepay.Config:
    providers = {PROVIDER: VtpassProvider(settings.biller)} if settings.biller else {}
    return fusepay.Config(
        settings.db_name,
        fusepay.KeyRing.hs256("service", settings.jwt_secret),
        providers=providers,
        tokens=_tokens(settings),
        vault_key=settings.vault_key,
        reversal_backoff=_starting(fusepay.Backoff.reversal(), settings.reversal_delay_ms),
        requery_backoff=_starting(fusepay.Backoff.requery(), settings.requery_delay_ms),
    )


def _tokens(settings: Settings) -> fusepay.TokenPolicy | None:
    if settings.access_life_s is None:
        return None
    return fusepay.TokenPolicy(access_lifetime_s=settings.access_life_s)


def _starting(schedule: fusepay.Backoff, delay_ms: int | None) -> fusepay.Backoff:
    """The schedule, begun after `delay_ms` and stretched or shrunk with it."""
    if delay_ms is None:
        return schedule
    base_ms = schedule.base_ms * delay_ms // schedule.initial_delay_ms
    return fusepay.Backoff(
        initial_delay_ms=delay_ms,
        base_ms=max(base_ms, 1),
        runs_max=schedule.runs_max,
        cap_ms=schedule.cap_ms,
        jitter_per_mille=schedule.jitter_per_mille,
    )

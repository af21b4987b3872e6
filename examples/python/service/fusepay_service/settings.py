"""What the environment says. Nothing else reads it, and nothing has a secret default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingsError(Exception):
    """The environment does not allow the service to start; the text says what to change."""


@dataclass(frozen=True)
class Upstream:
    """An outside party: where it is, and how we prove ourselves to each other."""

    url: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, with units in the names."""

    jwt_secret: str = field(repr=False)
    db_name: str = "fusepay.db"
    host: str = "127.0.0.1"
    port: int = 3000
    frontend_url: str | None = None
    access_life_s: int | None = None
    vault_key: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    biller: Upstream | None = None
    gateway: Upstream | None = None
    reversal_delay_ms: int = 5000
    requery_delay_ms: int | None = None
    log_level: str = "INFO"
    log_dir: str | None = None


def read(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raise `SettingsError` for the first that is missing or senseless."""
    secret = environment.get("JWT_SECRET", "")
    if not secret:
        raise SettingsError("JWT_SECRET is not set; give it at least 32 random bytes, there is no default")
    if len(secret.encode()) < 32:
        raise SettingsError("JWT_SECRET is too short; it needs at least 32 bytes")
    return Settings(
        jwt_secret=secret,
        db_name=environment.get("DB_NAME") or Settings.db_name,
        host=environment.get("HOST") or Settings.host,
        port=_number(environment, "PORT", 65_535) or Settings.port,
        frontend_url=_origin(environment),
        access_life_s=_duration_s(environment, "JWT_EXPIRES_IN"),
        vault_key=environment.get("VAULT_KEY") or None,
        metrics_token=environment.get("METRICS_TOKEN") or None,
        biller=_upstream(environment, "BILLER", has_secret_key=True),
        gateway=_upstream(environment, "GATEWAY", has_secret_key=False),
        reversal_delay_ms=_number(environment, "REVERSAL_DELAY_MS", _DAY_MS) or Settings.reversal_delay_ms,
        requery_delay_ms=_number(environment, "REQUERY_DELAY_MS", _DAY_MS),
        log_level=_log_level(environment),
        log_dir=environment.get("LOG_DIR") or None,
    )


def _number(environment: Mapping[str, str], name: str, most: int) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise SettingsError(f"{name} is a number from 1 to {most}")
    return int(text)


def _duration_s(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    match = re.fullmatch("([1-9][0-9]{0,6})([smhd]?)", text)
    if not match:
        raise SettingsError(f"{name} is a duration such as 900, 900s, 15m or 24h")
    return int(match[1]) * _UNITS_S.get(match[2], 1)


def _origin(environment: Mapping[str, str]) -> str | None:
    text = environment.get("FRONTEND_URL", "").rstrip("/")
    if not text:
        return None
    if not re.fullmatch(r"https?://[^/\s*@?#]+", text):
        raise SettingsError("FRONTEND_URL is one origin, such as https://app.example.com")
    return text


def _upstream(environment: Mapping[str, str], prefix: str, *, has_secret_key: bool) -> Upstream | None:
    url = environment.get(f"{prefix}_URL", "").rstrip("/")
    if not url:
        return None
    if not re.fullmatch(r"https://[^@?#\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", url):
        raise SettingsError(
            f"{prefix}_URL begins with https://, unless it is on loopback: keys travel in headers"
        )
    keys = ["API_KEY", "WEBHOOK_SECRET", *(["SECRET_KEY"] if has_secret_key else [])]
    found = {key.lower(): environment.get(f"{prefix}_{key}", "") for key in keys}
    for key, value in found.items():
        if not value.isascii() or not value.isprintable() or not value:
            raise SettingsError(f"{prefix}_{key.upper()} must be set to printable ASCII when {prefix}_URL is")
    return Upstream(url=url, **found)


def _log_level(environment: Mapping[str, str]) -> str:
    level = environment.get("LOG_LEVEL", "").upper() or Settings.log_level
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError("LOG_LEVEL is DEBUG, INFO, WARNING or ERROR")
    return level


_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DAY_MS = 86_400_000

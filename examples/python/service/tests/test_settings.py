"""Goal: the service starts only with settings that are safe, and says which is not.
Method: the reader, on environments written out."""

from __future__ import annotations

import pytest

from fusepay_service.settings import Settings, SettingsError, read

SECRET = {"JWT_SECRET": "a-secret-of-more-than-thirty-two-bytes"}
BILLER = {
    "BILLER_URL": "http://127.0.0.1:8080",
    "BILLER_API_KEY": "k",
    "BILLER_SECRET_KEY": "s",
    "BILLER_WEBHOOK_SECRET": "w",
}


def test_the_defaults_are_the_originals() -> None:
    settings = read(SECRET)
    assert (settings.port, settings.host, settings.db_name) == (3000, "127.0.0.1", "fusepay.db")
    assert settings.biller is None
    assert settings.gateway is None
    assert settings.frontend_url is None


def test_everything_can_be_set() -> None:
    settings = read(
        {
            **SECRET,
            **BILLER,
            "PORT": "8000",
            "JWT_EXPIRES_IN": "24h",
            "FRONTEND_URL": "https://app.example.com/",
            "REVERSAL_DELAY_MS": "1",
        }
    )
    assert settings.port == 8000
    assert settings.access_life_s == 86_400
    assert settings.frontend_url == "https://app.example.com"
    assert settings.reversal_delay_ms == 1
    assert settings.biller is not None
    assert settings.biller.secret_key == "s"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET is not set"),
        ({"JWT_SECRET": "short"}, "32 bytes"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"JWT_EXPIRES_IN": "1 day"}, "JWT_EXPIRES_IN"),
        ({"FRONTEND_URL": "*"}, "FRONTEND_URL"),
        ({"FRONTEND_URL": "https://a.example.com/path"}, "FRONTEND_URL"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"BILLER_URL": "http://biller.example.com"}, "https"),
        ({"BILLER_URL": "https://key@biller.example.com"}, "BILLER_URL"),
        ({**BILLER, "BILLER_SECRET_KEY": ""}, "BILLER_SECRET_KEY"),
        ({"GATEWAY_URL": "http://127.0.0.1:1", "GATEWAY_API_KEY": "k"}, "GATEWAY_WEBHOOK_SECRET"),
    ],
)
def test_what_is_unsafe_is_refused_by_name(change: dict[str, str], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        read({**SECRET, **change})


def test_no_secret_shows_in_a_settings_repr() -> None:
    secrets = {"VAULT_KEY": "vault-secret", "METRICS_TOKEN": "metrics-secret", **SECRET, **BILLER}
    shown = repr(read({**secrets, "BILLER_API_KEY": "biller-secret"}))
    assert "secret" not in shown.replace("jwt_secret", "")
    assert isinstance(read(secrets), Settings)

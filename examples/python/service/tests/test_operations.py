"""Goal: whoever runs the service sees how it is, and nothing it shows or logs is
worth stealing. Method: HTTP, the command line, and the log of a running service."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import fusepay
import httpx
import pytest

from fusepay_service.errors import STATUS_OF
from tests.processes import PASSWORD, SERVICE, Client, Sandbox, Service, eventually

ERROR_FIELDS = {"statusCode", "code", "message", "retryable"}


def get(service: Service, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{service.url}{path}", headers=headers, trust_env=False)


def test_every_code_of_the_engine_has_its_status() -> None:
    assert set(STATUS_OF) == set(fusepay.Code)


@pytest.mark.parametrize("secret", [None, "short"])
def test_without_a_secret_it_does_not_start(tmp_path: Path, secret: str | None) -> None:
    environment = {"DB_NAME": str(tmp_path / "x.db")} | ({"JWT_SECRET": secret} if secret else {})
    done = subprocess.run(
        [sys.executable, "-m", "fusepay_service"],
        cwd=SERVICE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "JWT_SECRET" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_it_stops_cleanly_when_told_to(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    assert service.stop() in (0, -15)
    assert "Traceback" not in service.log


def test_without_a_gateway_and_a_biller_it_serves_all_the_rest(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        client = Client(service).register()
        assert client.balance == "0.00"
        funding = client.post("/wallets/fund", amount="1")
        assert (funding.status_code, funding.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
        bill = client.post("/bills/pay", billType="DATA", amount="100", customerReference="1")
        assert (bill.status_code, bill.json()["code"]) == (400, "BILLER_UNAVAILABLE")
        assert client.post("/webhooks/gateway").status_code == 401
        assert client.post("/webhooks/biller").status_code in (401, 404)


def test_it_is_healthy(service: Service) -> None:
    answer = get(service, "/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_metrics_are_what_prometheus_reads(service: Service, rich: Client) -> None:
    answer = get(service, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(r'fusepay_[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?[0-9]+')
    lines = answer.text.splitlines()
    assert all(line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line) for line in lines)
    assert 'fusepay_breaker{provider="vtpass"} 0' in lines
    assert any(line.startswith('fusepay_balance_minor{account="funding"') for line in lines)


def test_metrics_can_be_for_their_bearer_alone(tmp_path: Path) -> None:
    with Service(tmp_path, METRICS_TOKEN="a-metrics-token") as service:
        assert get(service, "/metrics").status_code == 401
        assert get(service, "/metrics", Authorization="Bearer another").status_code == 401
        assert get(service, "/metrics", Authorization="Bearer a-metrics-token").status_code == 200


def test_only_the_front_end_may_call_from_a_browser(tmp_path: Path) -> None:
    with Service(tmp_path, FRONTEND_URL="https://app.example.com") as service:
        ours = get(service, "/health", Origin="https://app.example.com")
        assert ours.headers["access-control-allow-origin"] == "https://app.example.com"
        theirs = get(service, "/health", Origin="https://evil.example.com")
        assert "access-control-allow-origin" not in theirs.headers


def test_swagger_ui_asks_no_foreign_server(service: Service) -> None:
    page = get(service, "/api/docs").text
    addresses = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)', page)
    assert addresses
    for address in addresses:
        assert address.startswith("/"), address
        assert get(service, address).status_code == 200


def test_errors_have_one_shape(service: Service) -> None:
    for path in ("/nowhere", "/api/v1/nowhere", "/api/v1/auth/login"):
        answer = get(service, path)
        assert answer.status_code in (404, 405)
        assert set(answer.json()) == ERROR_FIELDS


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"email": "a", "email": "b"}', '{"email": NaN}', "[" * 60_000]
)
def test_a_body_that_is_none_is_refused(service: Service, body: str) -> None:
    assert Client(service).post_text("/auth/login", body).status_code == 400


def test_a_body_that_is_too_long_is_refused(service: Service) -> None:
    client = Client(service)
    announced = client.post("/auth/login", email="a" * 70_000, password="b")
    streamed = client.http.post("/auth/login", content=(b"x" * 10_000 for _ in range(10)))
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert set(answer.json()) == ERROR_FIELDS


def test_the_log_is_json_and_holds_no_secret(own_service: Service, own_sandbox: Sandbox) -> None:
    client = Client(own_service).register()
    own_sandbox.complete(client.fund("2000.00"))
    eventually(lambda: client.balance == "2000.00", "the funding is credited")
    paid = client.post("/bills/pay", billType="ELECTRICITY", amount="1000", customerReference="45700000001")
    eventually(
        lambda: client.status(paid.json()["data"]["transactionId"])["status"] == "COMPLETED",
        "the bill is paid",
    )
    client.post("/auth/login", email=client.email, password=PASSWORD + "!")
    client.post("/auth/login", email=client.email, password=[PASSWORD])
    client.get("/transactions", cursor="a-cursor-that-is-none")
    own_service.stop()
    log = own_service.log
    routes = [json.loads(line).get("route") for line in log.splitlines()]
    assert "/api/v1/bills/pay" in routes
    token = client.http.headers["Authorization"].removeprefix("Bearer ")
    secrets = [PASSWORD, token, own_service.environment["JWT_SECRET"], *own_sandbox.keys.values()]
    secrets += ["45700000001", "a-cursor-that-is-none", client.email]
    assert [secret for secret in secrets if secret in log] == []

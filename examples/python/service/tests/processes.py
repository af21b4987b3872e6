"""The sandbox and the service as processes of their own, and their clients."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

import httpx

SERVICE = Path(__file__).parents[1]
ROOT = SERVICE.parents[2]
PASSWORD = "seven blue lamps by the river"
PATIENCE_S = 30

T = TypeVar("T")


def eventually(ask: Callable[[], T | None], what: str) -> T:
    """The first answer that is something. Polls, because another process is at work."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


def free_port() -> int:
    """A port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@cache
def sandbox_program() -> str:
    """The sandbox, built; cargo says where it puts it."""
    command = [
        "cargo",
        "build",
        "--quiet",
        "--locked",
        "--package",
        "sandbox-biller",
        "--message-format",
        "json",
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    made = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    return next(str(found["executable"]) for found in made if found.get("executable"))


class Sandbox:
    """The biller and the payment gateway."""

    def __init__(self) -> None:
        self.keys = {
            name: secrets.token_hex(16) for name in ("api", "secret", "hook", "gateway", "gateway-hook")
        }
        options = {
            "--api-key": self.keys["api"],
            "--secret-key": self.keys["secret"],
            "--webhook-secret": self.keys["hook"],
            "--gateway-key": self.keys["gateway"],
            "--gateway-webhook-secret": self.keys["gateway-hook"],
            "--late-ms": "300",
            "--polls": "1",
        }
        words = [word for pair in options.items() for word in pair]
        self._process = subprocess.Popen(
            [sandbox_program(), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        self._http = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.keys['gateway']}"}, trust_env=False
        )

    def send_webhooks_to(self, service_url: str) -> None:
        """Both kinds go to this service from now on."""
        hooks = f"{service_url}/api/v1/webhooks"
        self._http.post(
            "/sandbox/webhooks", json={"biller": f"{hooks}/biller", "gateway": f"{hooks}/gateway"}
        )

    def request_charge(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Ask for money as whoever has the gateway's key could."""
        answer = self._http.post("/gateway/charges", json=wish)
        assert answer.status_code == 201, answer.text
        charge: dict[str, Any] = answer.json()
        return charge

    def charge(self, charge_id: str) -> dict[str, Any]:
        """What the gateway's book says."""
        charge: dict[str, Any] = self._http.get(f"/gateway/charges/{charge_id}").json()
        return charge

    def charges(self) -> list[dict[str, Any]]:
        """The whole of the gateway's book."""
        charges: list[dict[str, Any]] = self._http.get("/gateway/charges").json()["charges"]
        return charges

    def complete(self, charge_id: str, outcome: str = "success") -> None:
        """Play the customer."""
        answer = self._http.post(f"/gateway/charges/{charge_id}/complete", params={"outcome": outcome})
        assert answer.status_code == 200, answer.text

    def resend(self, charge_id: str) -> None:
        """Have the gateway send the charge's webhook again."""
        assert self._http.post(f"/gateway/charges/{charge_id}/resend").status_code == 202

    def paid(self, customer: str) -> dict[str, Any] | None:
        """What the biller really did for this customer."""
        entries = self._http.get("/sandbox/book").json()["entries"]
        return next((entry for entry in entries if entry["customer"] == customer), None)

    def take_back(self, customer: str) -> None:
        """Have the biller return a payment it has delivered."""
        entry = self.paid(customer)
        assert entry is not None
        answer = self._http.post("/sandbox/reverse", json={"request_id": entry["request_id"]})
        assert answer.status_code == 200, answer.text

    def stop(self) -> None:
        """End the process."""
        self._http.close()
        self._process.communicate()


class Service:
    """The service, as `make service` runs it, on a port and a database of its own."""

    def __init__(self, folder: Path, sandbox: Sandbox | None = None, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONWARNINGS": "error",
            "DB_NAME": str(folder / "service.db"),
            "JWT_SECRET": secrets.token_urlsafe(48),
            "PORT": str(self.port),
            "REVERSAL_DELAY_MS": "50",
            "REQUERY_DELAY_MS": "50",
        }
        if sandbox is not None:
            keys = sandbox.keys
            self.environment |= {
                "BILLER_URL": sandbox.url,
                "BILLER_API_KEY": keys["api"],
                "BILLER_SECRET_KEY": keys["secret"],
                "BILLER_WEBHOOK_SECRET": keys["hook"],
                "GATEWAY_URL": sandbox.url,
                "GATEWAY_API_KEY": keys["gateway"],
                "GATEWAY_WEBHOOK_SECRET": keys["gateway-hook"],
            }
        self.environment |= settings
        self._sandbox = sandbox
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return (self.folder / "service.log").read_text()

    def start(self) -> None:
        """Start it, and wait until it is healthy."""
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fusepay_service"],
                cwd=SERVICE,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        eventually(self._is_healthy, "the service is healthy")
        if self._sandbox is not None:
            self._sandbox.send_webhooks_to(self.url)

    def _is_healthy(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """Tell it to stop, and wait until it has."""
        if self._process is None:
            return 0
        self._process.terminate()
        status = self._process.wait(PATIENCE_S)
        self._process = None
        return status

    def command(self, *words: str) -> str:
        """Run one command beside the running service."""
        done = subprocess.run(
            [sys.executable, "-m", "fusepay_service", *words],
            cwd=SERVICE,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Address(Protocol):
    """Whatever has the address of a service."""

    url: str


_clients: list[httpx.Client] = []


def close_clients() -> None:
    """Close the connections of every `Client` that was made."""
    while _clients:
        _clients.pop().close()


class Client:
    """One user's HTTP client."""

    def __init__(self, service: Address) -> None:
        self.email = f"{secrets.token_hex(8)}@example.com"
        self.http = httpx.Client(base_url=f"{service.url}/api/v1", trust_env=False, timeout=30)
        _clients.append(self.http)

    def register(self) -> Client:
        """Become a user with an address that nobody has."""
        answer = self.post(
            "/auth/register", email=self.email, firstName="Ada", lastName="Obi", password=PASSWORD
        )
        assert answer.status_code == 201, answer.text
        return self.use(answer.json())

    def login(self) -> Client:
        """Begin another session."""
        answer = self.post("/auth/login", email=self.email, password=PASSWORD)
        assert answer.status_code == 200, answer.text
        return self.use(answer.json())

    def use(self, tokens: dict[str, Any]) -> Client:
        """Send this access token from now on."""
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return self

    def post(self, path: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Post a JSON body, with an idempotency key if one is given."""
        return self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})

    def post_text(self, path: str, body: str) -> httpx.Response:
        """Post a body that is written out, because Python could not send it so."""
        return self.http.post(path, content=body, headers={"Content-Type": "application/json"})

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Get a page."""
        return self.http.get(path, params=parameters or None)

    @property
    def wallet_id(self) -> str:
        """The id of the wallet."""
        return str(self.get("/wallets").json()["id"])

    @property
    def balance(self) -> str:
        """The balance of the wallet."""
        return str(self.get("/wallets").json()["balance"])

    def history(self) -> list[dict[str, Any]]:
        """The newest lines of the history."""
        lines: list[dict[str, Any]] = self.get("/transactions", limit=100).json()
        return lines

    def fund(self, amount: str, key: str | None = None) -> str:
        """Begin a funding; answers the charge's id."""
        answer = self.post("/wallets/fund", key, amount=amount)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["chargeId"])

    def status(self, transaction_id: str) -> dict[str, Any]:
        """How a bill payment stands."""
        answer = self.get(f"/bills/transaction/{transaction_id}/status")
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

"""`make service`: the sandbox and the service, wired to each other, until Ctrl-C.

Every secret is made at the start and lives as long as this process. The first
words of the command line are the command that starts the sandbox. PORT and
DB_NAME are taken from the environment; without DB_NAME the database is a new
one in a folder that is removed at the end.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

KEYS = {name: secrets.token_urlsafe(32) for name in ("biller", "secret", "hook", "gateway", "gateway-hook")}


def main(sandbox_command: list[str]) -> int:
    """Start both, and wait for the service; answers its exit status."""
    port = os.environ.get("PORT") or "3000"
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="fusepay-service-") as folder:
        sandbox = _start_sandbox(sandbox_command, f"{url}/api/v1/webhooks")
        assert sandbox.stdout is not None
        sandbox_url = sandbox.stdout.readline().strip().rpartition(" ")[2]
        if not sandbox_url:
            sys.stderr.write("the sandbox did not start\n")
            return 1
        environment = {**os.environ, **_settings(sandbox_url, port, folder)}
        service = subprocess.Popen([sys.executable, "-m", "fusepay_service"], env=environment)
        sys.stdout.write(_GREETING.format(url=url, sandbox_url=sandbox_url, db=environment["DB_NAME"]))
        sys.stdout.flush()
        # Ctrl-C reaches the whole group: the service ends by itself, and we wait for it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: service.terminate())
        status = service.wait()
        sandbox.communicate()
        return 0 if status in (0, -signal.SIGINT, -signal.SIGTERM) else status


def _start_sandbox(command: list[str], hooks: str) -> subprocess.Popen[str]:
    options = {
        "--api-key": KEYS["biller"],
        "--secret-key": KEYS["secret"],
        "--webhook-url": f"{hooks}/biller",
        "--webhook-secret": KEYS["hook"],
        "--gateway-key": KEYS["gateway"],
        "--gateway-webhook-url": f"{hooks}/gateway",
        "--gateway-webhook-secret": KEYS["gateway-hook"],
    }
    words = [word for pair in options.items() for word in pair]
    # It ends with its standard input, which is ours to close. A group of its own
    # keeps Ctrl-C from ending it before the service.
    return subprocess.Popen(
        [*command, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def _settings(sandbox_url: str, port: str, folder: str) -> dict[str, str]:
    return {
        "PORT": port,
        "DB_NAME": os.environ.get("DB_NAME") or str(Path(folder) / "service.db"),
        "JWT_SECRET": os.environ.get("JWT_SECRET") or secrets.token_urlsafe(48),
        "BILLER_URL": sandbox_url,
        "BILLER_API_KEY": KEYS["biller"],
        "BILLER_SECRET_KEY": KEYS["secret"],
        "BILLER_WEBHOOK_SECRET": KEYS["hook"],
        "GATEWAY_URL": sandbox_url,
        "GATEWAY_API_KEY": KEYS["gateway"],
        "GATEWAY_WEBHOOK_SECRET": KEYS["gateway-hook"],
    }


_GREETING = """\
Swagger UI   {url}/api/docs
health       {url}/health     metrics  {url}/metrics
sandbox      {sandbox_url}    its book {sandbox_url}/sandbox/book
database     {db}

Register, put the access_token into Authorize, fund, pay at the checkoutUrl, and pay a bill.
A customer reference such as 45700000001-decline fails, and is given back after five seconds.
Ctrl-C ends both.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Goal: what `make service` starts works, and ends with one Ctrl-C.
Method: the program itself, with the sandbox's program."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

from tests.processes import SERVICE, Client, eventually, free_port, sandbox_program


@dataclass
class Demonstration:
    """Where it is, for a `Client`."""

    url: str


def test_the_demonstration_serves_and_ends_with_one_signal() -> None:
    port = free_port()
    demo = subprocess.Popen(
        [sys.executable, "demo.py", sandbox_program()],
        cwd=SERVICE,
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    assert demo.stderr is not None
    assert demo.stdout.readline().split() == ["Swagger", "UI", f"http://127.0.0.1:{port}/api/docs"]
    eventually(lambda: "startup complete" in demo.stderr.readline(), "the service is up")  # type: ignore[union-attr]
    client = Client(Demonstration(f"http://127.0.0.1:{port}")).register()
    checkout = client.post("/wallets/fund", amount="100.00").json()["data"]["checkoutUrl"]
    assert client.http.get(checkout).status_code == 200
    paid = re.sub("checkout/(.*)", r"charges/\1/complete", checkout)
    assert client.http.post(paid).status_code == 200
    eventually(lambda: client.balance == "100.00", "the funding is credited")
    os.killpg(demo.pid, signal.SIGINT)
    _, log = demo.communicate(timeout=30)
    assert demo.returncode == 0, log
    assert "Traceback" not in log

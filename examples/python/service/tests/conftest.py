"""One sandbox and one service for all tests that may share them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Client, Sandbox, Service, close_clients, eventually


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture(autouse=True)
def _no_client_stays_open() -> Iterator[None]:
    yield
    close_clients()


@pytest.fixture(scope="session")
def service(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), sandbox) as service:
        yield service


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    """For tests that stop things, or send webhooks elsewhere."""
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def own_service(own_sandbox: Sandbox, tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, own_sandbox) as service:
        yield service


@pytest.fixture
def ada(service: Service) -> Client:
    return Client(service).register()


@pytest.fixture
def rich(ada: Client, sandbox: Sandbox) -> Client:
    """A user with 10,000 naira."""
    sandbox.complete(ada.fund("10000.00"))
    eventually(lambda: ada.balance == "10000.00", "the funding is credited")
    return ada


@pytest.fixture
def operator(service: Service) -> Client:
    return make_operator(service)


def make_operator(service: Service) -> Client:
    client = Client(service).register()
    service.command("set-role", client.email, "operator")
    return client.login()

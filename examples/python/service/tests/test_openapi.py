"""Goal: the service keeps its own OpenAPI document, and fails on nothing it allows.
Method: schemathesis against the running service, as a user with money."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Client, Service

# Left out: `positive_data_acceptance` holds that what a document allows is
# accepted; here the engine refuses what only it can know (a taken address, money
# that is not there, an amount no item takes), with 400 as the original did.
CHECKS = ",".join(
    (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "ignored_auth",
        "unsupported_method",
    )
)


@pytest.mark.full
def test_the_service_keeps_its_own_document(service: Service, rich: Client, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            str(program),
            "run",
            f"{service.url}/api/openapi.json",
            f"--header=Authorization: {rich.http.headers['Authorization']}",
            f"--checks={CHECKS}",
            "--max-examples=40",
            "--seed=7",
            "--generation-database=none",
            "--exclude-path=/api/v1/auth/logout",
            "--exclude-path=/api/v1/auth/logout-everywhere",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]

"""Goal: users come in as the original let them, and tokens end when they should.
Method: HTTP against the running service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processes import PASSWORD, Client, Service


def test_registering_answers_tokens_and_the_user(service: Service) -> None:
    client = Client(service)
    answer = client.post(
        "/auth/register", email=client.email, firstName="Ada", lastName="Obi", password=PASSWORD
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"] == {
        "id": body["user"]["id"],
        "email": client.email,
        "firstName": "Ada",
        "lastName": "Obi",
    }
    profile = client.use(body).get("/users").json()
    assert set(profile) == {"id", "email", "firstName", "lastName", "createdAt", "updatedAt"}
    assert {**body["user"], "createdAt": profile["createdAt"], "updatedAt": profile["updatedAt"]} == profile
    wallet = client.get("/wallets").json()
    assert (wallet["userId"], wallet["balance"], wallet["currency"]) == (profile["id"], "0.00", "NGN")


def test_an_address_is_taken_once_whatever_its_case(service: Service, ada: Client) -> None:
    again = Client(service).post(
        "/auth/register", email=ada.email.upper(), firstName="Eve", lastName="Obi", password=PASSWORD
    )
    assert (again.status_code, again.json()["code"]) == (409, "EMAIL_TAKEN")


def test_logging_in_needs_the_password_and_does_not_tell_who_exists(service: Service, ada: Client) -> None:
    login = ada.post("/auth/login", email=ada.email, password=PASSWORD)
    assert (login.status_code, login.json()["user"]["email"]) == (200, ada.email)
    wrong = ada.post("/auth/login", email=ada.email, password="eight blue lamps by the river")
    nobody = ada.post("/auth/login", email="nobody@example.com", password=PASSWORD)
    assert (wrong.status_code, wrong.json()) == (nobody.status_code, nobody.json()) == (401, wrong.json())
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


def test_a_refresh_token_works_once(service: Service) -> None:
    client = Client(service).register()
    first = client.post("/auth/login", email=client.email, password=PASSWORD).json()
    second = client.post("/auth/refresh", refresh_token=first["refresh_token"])
    assert second.status_code == 200
    assert client.use(second.json()).get("/users").status_code == 200
    third = client.post("/auth/refresh", refresh_token=second.json()["refresh_token"])
    assert third.status_code == 200
    # The first was used two rotations ago: whoever has it stole it, and the session ends.
    stolen = client.post("/auth/refresh", refresh_token=first["refresh_token"])
    assert (stolen.status_code, stolen.json()["code"]) == (401, "INVALID_TOKEN")
    assert client.use(third.json()).get("/users").status_code == 401


def test_logging_out_ends_one_session_or_all(service: Service) -> None:
    client = Client(service).register()
    other = Client(service)
    other.email = client.email
    other.login()
    assert client.post("/auth/logout").status_code == 204
    assert client.get("/users").status_code == 401
    client.login()
    assert client.post("/auth/logout-everywhere").status_code == 204
    assert (client.get("/users").status_code, other.get("/users").status_code) == (401, 401)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer a.b.c", "Bearer é".encode()])
def test_without_a_token_there_is_nothing_to_see(service: Service, header: str | bytes) -> None:
    client = Client(service)
    for path in ("/users", "/wallets", "/transactions"):
        answer = client.http.get(
            path, headers={b"Authorization": header if isinstance(header, bytes) else header.encode()}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize(
    "change",
    [
        {"password": "too short"},
        {"email": "no address"},
        {"firstName": ""},
        {"firstName": "x" * 51},
        {"lastName": 7},
        {"lastName": None},
        {"role": "operator"},
        {"balance": "1000.00"},
        {"first_name": "Ada"},
    ],
)
def test_bad_input_is_refused_and_never_repeated(service: Service, change: dict[str, object]) -> None:
    client = Client(service)
    body: dict[str, Any] = {
        "email": client.email,
        "firstName": "Ada",
        "lastName": "Obi",
        "password": PASSWORD,
        **change,
    }
    answer = client.post("/auth/register", **body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "code", "message", "retryable"}
    assert str(body["password"]) not in answer.text

"""Goal: every operation of `engine.auth` does in Python what it does in Rust, and secrets stay secret.

Method: each operation at least once, and every way a password or a token could show itself.
"""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any
from uuid import uuid4

import fusepay
import pytest
from conftest import KEY, NOON, PASSWORD, World
from fusepay import (
    FusePay,
    HashCost,
    KeyRing,
    LockoutPolicy,
    PasswordPolicy,
    Pepper,
    Role,
    TokenPolicy,
    UserStatus,
)

OTHER_KEY = b"pQ4&zL8!vR2#mX6$kT0%wN3^bJ7*cH5(d"


def test_register_makes_user_wallet_and_session(world: World, engine: FusePay) -> None:
    made = engine.auth.register(
        "Ada@Example.com", "Ada", "Obi", PASSWORD.encode(), wallet_label="daily", device="phone"
    )
    assert (made.user.email, made.user.first_name, made.user.role) == ("ada@example.com", "Ada", Role.USER)
    assert (made.user.status, made.user.created_at) == (UserStatus.ACTIVE, NOON)
    assert (made.wallet.label, made.wallet.currency, made.wallet.user_id) == ("daily", "NGN", made.user.id)
    assert made.tokens.access_expires_at == NOON + timedelta(minutes=15)
    assert engine.auth.sessions(made.user.id)[0].device == "phone"
    with pytest.raises(fusepay.EmailTakenError):
        engine.auth.register("ADA@example.com", "Ada", "Obi", PASSWORD)
    with pytest.raises(fusepay.WeakPasswordError):
        engine.auth.register("b@example.com", "Ada", "Obi", "short")
    with pytest.raises(fusepay.InvalidEmailError):
        engine.auth.register("nonsense", "Ada", "Obi", PASSWORD)


def test_nothing_secret_shows(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    shown = repr(made) + str(made.tokens) + repr(KeyRing.hs256("k", KEY)) + repr(Pepper("p1", KEY))
    for secret in [PASSWORD, made.tokens.access, made.tokens.refresh, KEY.decode()]:
        assert secret not in shown
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(TypeError):
        pickle.dumps(KeyRing.hs256("k", KEY))
    with pytest.raises(fusepay.FusePayError) as refused:
        engine.auth.login("a@example.com", [PASSWORD])  # type: ignore[arg-type]
    assert PASSWORD not in str(refused.value)


def test_login_refresh_verify_logout(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    tokens = engine.auth.login(made.user.email, PASSWORD, device="laptop")
    principal = engine.auth.verify(tokens.access)
    assert (principal.user_id, principal.session_id, principal.role) == (
        made.user.id,
        tokens.session_id,
        Role.USER,
    )
    following = engine.auth.refresh(tokens.refresh)
    assert following.session_id == tokens.session_id
    engine.auth.logout(following.access)
    with pytest.raises(fusepay.InvalidTokenError):
        engine.auth.verify(following.access)
    engine.auth.logout_everywhere(made.tokens.access)
    assert engine.auth.sessions(made.user.id) == ()
    with pytest.raises(fusepay.InvalidTokenError):
        engine.auth.refresh("nonsense")


def test_a_wrong_password_says_when_to_try_again(world: World) -> None:
    engine = world.open(lockout=LockoutPolicy(free_failures=1, lock_at=2, lock_for_ms=60_000))
    made = world.user(engine)
    for _ in range(2):
        with pytest.raises(fusepay.InvalidCredentialsError):
            engine.auth.login(made.user.email, "wrong " + PASSWORD)
    with pytest.raises(fusepay.InvalidCredentialsError) as locked:
        engine.auth.login(made.user.email, PASSWORD)
    assert locked.value.retry_after_ms is not None
    assert locked.value.retry_after_ms > 0
    world.clock.advance(timedelta(minutes=2))
    engine.auth.login(made.user.email, PASSWORD)


def test_change_password(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    fresh = "nine green doors on the hill"
    with pytest.raises(fusepay.InvalidCredentialsError):
        engine.auth.change_password(made.tokens.access, "not this one at all", fresh)
    tokens = engine.auth.change_password(made.tokens.access, PASSWORD, fresh)
    assert engine.auth.verify(tokens.access).user_id == made.user.id
    with pytest.raises(fusepay.InvalidTokenError):
        engine.auth.verify(made.tokens.access)


def test_profiles_are_found_changed_listed_and_searched(world: World, engine: FusePay) -> None:
    users = [world.user(engine).user for _ in range(3)]
    changed = engine.auth.update_profile(users[0].id, last_name="Eze", expected_version=users[0].version)
    assert (changed.first_name, changed.last_name) == ("Ada", "Eze")
    assert engine.auth.find_user(str(users[0].id)) == changed
    with pytest.raises(fusepay.ConflictError):
        engine.auth.update_profile(users[0].id, first_name="A", expected_version=users[0].version)
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.auth.update_profile(users[0].id, first_name=" ")
    page = engine.auth.list_users(limit=2)
    assert len(page.users) == 2
    rest = engine.auth.list_users(page.next)
    assert {user.id for user in page.users + rest.users} == {user.id for user in users}
    assert rest.next is None
    assert [user.id for user in engine.auth.search_users("eZ").users] == [users[0].id]
    with pytest.raises(fusepay.NotFoundError):
        engine.auth.find_user(uuid4())
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.auth.list_users(limit=501)


def test_roles_and_status(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    assert engine.auth.set_role(made.user.id, Role.ADMIN).role is Role.ADMIN
    with pytest.raises(fusepay.LastAdminError):
        engine.auth.deactivate(made.user.id)
    with pytest.raises(fusepay.InvalidArgumentError):
        engine.auth.set_role(made.user.id, "system")
    other = world.user(engine)
    assert engine.auth.deactivate(other.user.id).status is UserStatus.DEACTIVATED
    with pytest.raises(fusepay.InvalidCredentialsError):
        engine.auth.login(other.user.email, PASSWORD)
    assert engine.auth.reactivate(other.user.id).status is UserStatus.ACTIVE


def test_sessions_are_listed_and_ended(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    second = engine.auth.login(made.user.email, PASSWORD)
    sessions = engine.auth.sessions(made.user.id)
    assert {session.id for session in sessions} == {made.tokens.session_id, second.session_id}
    engine.auth.revoke_session(second.session_id)
    assert [session.id for session in engine.auth.sessions(made.user.id)] == [made.tokens.session_id]
    engine.auth.end_sessions(made.user.id)
    assert engine.auth.sessions(made.user.id) == ()


def test_keys_rotate_and_retire(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    engine.auth.rotate_signing_key("2026-04", OTHER_KEY, NOON + timedelta(days=1))
    assert engine.auth.verify(made.tokens.access).user_id == made.user.id
    with pytest.raises(fusepay.NotAllowedError):
        engine.auth.retire_key("2026-04")
    engine.auth.retire_key("2026-03")
    with pytest.raises(fusepay.InvalidTokenError):
        engine.auth.verify(made.tokens.access)


def test_key_rings(world: World) -> None:
    ring = KeyRing.hs256("new", OTHER_KEY).with_verify_only("2026-03", KEY, NOON + timedelta(days=1))
    assert ring.signing_kid == "new"
    assert KeyRing.eddsa("ed", OTHER_KEY[:32]).signing_kid == "ed"
    with pytest.raises(fusepay.InvalidConfigError):
        KeyRing.hs256("k", b"x" * 32)
    with pytest.raises(fusepay.InvalidConfigError):
        KeyRing.eddsa("k", KEY + b"x")


def test_policies_reach_the_engine(world: World) -> None:
    engine = world.open(
        tokens=TokenPolicy(issuer="shop", access_lifetime_s=60),
        passwords=PasswordPolicy(with_second_factor=True),
        hash_cost=HashCost(7_168, 5),
        pepper=Pepper("p1", KEY),
        hash_concurrency=1,
        currency="JPY",
    )
    made = engine.auth.register("ada@example.com", "Ada", "Obi", "tr1cky-pw")
    assert made.wallet.currency == "JPY"
    assert made.tokens.access_expires_at == NOON + timedelta(minutes=1)
    assert engine.auth.login("ada@example.com", "tr1cky-pw").user_id == made.user.id


@pytest.mark.parametrize(
    "settings",
    [
        {"tokens": TokenPolicy(leeway_s=61)},
        {"hash_cost": HashCost(1, 1, 1)},
        {"passwords": PasswordPolicy(minimum=3)},
        {"lockout": LockoutPolicy(free_failures=0)},
        {"currency": "XAU"},
        {"audit_key": b"short"},
        {"call_deadline": 0},
        {"worker": "SOMETIMES"},
        {"worker": fusepay.FilePermissions.STRICT},
        {"tokens": {"issuer": "x"}},
        {"providers": 7},
        {"providers": {7: None}},
        {"restored": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(world: World, settings: dict[str, Any]) -> None:
    with pytest.raises(fusepay.MisuseError):
        world.open(**settings)

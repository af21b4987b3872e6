"""Goal: a session does for its own user what the host may do for all, and nothing of anybody else's exists.

Method: two users and an operator; each operation once, and the other's id refused as unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import fusepay
import pytest
from conftest import NOON, PASSWORD, Scripted, World, ngn
from fusepay import (
    Declined,
    FusePay,
    HoldStatus,
    NotPaid,
    Paid,
    PaymentStatus,
    Role,
    Session,
    TransactionType,
    User,
    WalletStatus,
)


def test_a_session_is_its_users(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    session = engine.session(made.tokens.access)
    assert session.principal().user_id == made.user.id
    assert session.profile() == made.user
    assert session.update_profile(first_name="Ngozi").first_name == "Ngozi"
    with pytest.raises(fusepay.ConflictError):
        session.update_profile(last_name="X", expected_version=0)
    (mine,) = session.sessions()
    other = engine.auth.login(made.user.email, PASSWORD, device="phone")
    assert len(session.sessions()) == 2
    session.revoke_session(engine.auth.verify(other.access).session_id)
    assert session.sessions() == (mine,)
    with pytest.raises(fusepay.NotFoundError):
        session.revoke_session(uuid4())
    tokens = session.change_password(PASSWORD, "nine green kites over a hill")
    with pytest.raises(fusepay.InvalidTokenError):
        session.profile()
    session = engine.session(tokens.access)
    session.logout()
    with pytest.raises(fusepay.InvalidTokenError):
        session.wallet.list()
    with pytest.raises(fusepay.InvalidTokenError):
        engine.session("nonsense")


def test_logout_everywhere_ends_this_one_too(world: World, engine: FusePay) -> None:
    made = world.user(engine)
    session = engine.session(made.tokens.access)
    session.logout_everywhere()
    with pytest.raises(fusepay.InvalidTokenError):
        session.principal()


def test_wallets_of_others_do_not_exist(world: World, engine: FusePay) -> None:
    mine, theirs = world.user(engine, 1_000), world.user(engine, 1_000)
    session = engine.session(mine.tokens.access)
    own, foreign = mine.wallet.id, theirs.wallet.id
    second = session.wallet.create("NGN", "savings")
    assert [wallet.id for wallet in session.wallet.list()] == [own, second.id]
    line = session.wallet.transfer(own, foreign, ngn(100), description="rent", idempotency_key="r")
    assert (line.counterparty, session.wallet.find(own).balance_minor) == (foreign, 900)
    hold = engine.wallet.authorise(own, ngn(10), 60_000)
    assert session.wallet.find_hold(hold.id) == hold
    assert session.wallet.holds(own, HoldStatus.ACTIVE) == (hold,)
    assert session.wallet.limits(own) == ()
    foreign_hold = engine.wallet.authorise(foreign, ngn(10), 60_000)
    refused: list[Callable[[], object]] = [
        lambda: session.wallet.find(foreign),
        lambda: session.wallet.transfer(foreign, own, ngn(1)),
        lambda: session.wallet.holds(foreign, HoldStatus.ACTIVE),
        lambda: session.wallet.find_hold(foreign_hold.id),
        lambda: session.wallet.limits(foreign),
        lambda: session.history.page(foreign),
        lambda: session.history.statement(foreign, NOON, NOON),
        lambda: session.history.balance_at(foreign, NOON),
        lambda: session.bill.list(foreign),
    ]
    for call in refused:
        with pytest.raises(fusepay.NotFoundError):
            call()


def test_bills_are_paid_from_ones_own_wallet(world: World) -> None:
    class Validating(Scripted):
        def validate_customer(self, request: fusepay.CustomerRequest) -> fusepay.Customer:
            return fusepay.Customer("Ada Obi", request.customer_reference)

    engine = world.open(Validating([Paid("PC-1", tokens=("1234-5678",))]))
    world.shop(engine, validates_customer=True)
    mine, theirs = world.user(engine, 1_000), world.user(engine, 1_000)
    bill = engine.session(mine.tokens.access).bill
    assert [biller.code for biller in bill.billers(category="ELECTRICITY")] == ["IKEJA"]
    assert [item.code for item in bill.items("IKEJA")] == ["PREPAID"]
    assert bill.validate_customer("IKEJA", "PREPAID", "m").name == "Ada Obi"
    quote = bill.quote("IKEJA", "PREPAID", "m", ngn(500))
    assert quote.user_id == mine.user.id
    made = bill.pay(mine.wallet.id, "IKEJA", "PREPAID", "m", ngn(500), quote_id=quote.id)
    engine.run_due()
    assert bill.find(made.id).status is PaymentStatus.COMPLETED
    assert bill.refresh(made.id, timedelta(seconds=1)).status is PaymentStatus.COMPLETED
    assert [payment.id for payment in bill.list(mine.wallet.id)] == [made.id]
    assert bill.tokens(made.id) == ("1234-5678",)
    with pytest.raises(fusepay.NotFoundError):
        bill.pay(theirs.wallet.id, "IKEJA", "PREPAID", "m", ngn(1))
    other = engine.session(theirs.tokens.access).bill
    for call in (other.find, other.tokens):
        with pytest.raises(fusepay.NotFoundError):
            call(made.id)


def test_histories_are_ones_own(world: World, engine: FusePay) -> None:
    mine, theirs = world.user(engine, 1_000), world.user(engine)
    history = engine.session(mine.tokens.access).history
    line = engine.wallet.transfer(mine.wallet.id, theirs.wallet.id, ngn(400))
    assert history.find(line.id) == (line,)
    assert history.find_by_reference(line.reference) == (line,)
    page = history.page(mine.wallet.id, kind=TransactionType.WALLET_FUNDING)
    assert [found.amount_minor for found in page.lines] == [1_000]
    assert [found.amount_minor for found in history.page_of_all(limit=1).lines] == [-400]
    assert history.balance_at(mine.wallet.id, NOON) == ngn(600)
    assert history.statement(mine.wallet.id, NOON, NOON + timedelta(days=1)).closing_minor == 600


def promoted(world: World, engine: FusePay, role: Role) -> Session:
    """The session of a new user with this role."""
    made = world.user(engine)
    engine.auth.set_role(made.user.id, role)
    return engine.session(engine.auth.login(made.user.email, PASSWORD).access)


def test_a_plain_user_is_no_operator(world: World, engine: FusePay) -> None:
    session = engine.session(world.user(engine).tokens.access)
    with pytest.raises(fusepay.ForbiddenError):
        session.operator.list_users()


def test_an_admin_looks_after_users_and_wallets(world: World, engine: FusePay) -> None:
    admin, made = promoted(world, engine, Role.ADMIN).operator, world.user(engine, 700)
    user, wallet = made.user.id, made.wallet.id
    assert made.user in admin.list_users().users
    assert admin.list_users(limit=1).next is not None
    found: tuple[User, ...] = admin.search_users(made.user.email).users
    assert found == (admin.find_user(user),)
    assert len(admin.sessions(user)) == 1
    admin.end_sessions(user)
    assert admin.sessions(user) == ()
    assert admin.deactivate(user) != made.user
    assert admin.reactivate(user).id == user
    assert admin.set_role(user, Role.AUDITOR).role is Role.AUDITOR
    assert admin.find_wallet(wallet).balance_minor == 700
    assert [found.id for found in admin.list_wallets(user)] == [wallet]
    assert len(admin.history(wallet, kind="WALLET_FUNDING", limit=5).lines) == 1
    assert admin.set_wallet_status(wallet, WalletStatus.FROZEN).status is WalletStatus.FROZEN
    with pytest.raises(fusepay.InvalidArgumentError):
        admin.set_wallet_status(wallet, WalletStatus.CLOSED)


def test_an_operator_looks_after_payments(world: World) -> None:
    engine = world.open(Scripted([Paid("PC-1"), Declined("NO", "no")]))
    world.shop(engine)
    operator = promoted(world, engine, Role.OPERATOR).operator
    wallet = world.user(engine, 1_000).wallet.id
    first = engine.bill.pay(wallet, "IKEJA", "PREPAID", "m", ngn(500))
    engine.run_due()
    second = engine.bill.pay(wallet, "IKEJA", "PREPAID", "m", ngn(500))
    engine.run_due()
    assert operator.find_payment(first.id).status is PaymentStatus.COMPLETED
    assert operator.explain_payment(first.id).payment.id == first.id
    assert [payment.id for payment in operator.list_payments("COMPLETED")] == [first.id]
    assert operator.refund(first.id, ngn(1), "HOST", "sorry").refunded_minor == 1
    assert operator.reverse(second.id).status is PaymentStatus.REVERSED
    assert (operator.open_suspense(), operator.open_claims(), operator.dead_letters()) == ((), (), ())
    assert operator.job_counts() == engine.queue.counts()
    with pytest.raises(fusepay.ForbiddenError):
        operator.set_role(first.user_id, Role.ADMIN)
    refused: list[Callable[[], object]] = [
        lambda: operator.resolve_review(first.id, NotPaid(), "x"),
        lambda: operator.release_suspense(first.id),
        lambda: operator.settle_claim(first.id, "WRITTEN_OFF", "x"),
    ]
    for call in refused:
        with pytest.raises(fusepay.NotAllowedError):
            call()
    unknown: list[Callable[[], object]] = [
        lambda: operator.retry_job(999),
        lambda: operator.resolve_job(999, "x"),
    ]
    for call in unknown:
        with pytest.raises(fusepay.NotFoundError):
            call()


def test_a_session_outlives_nothing(world: World) -> None:
    engine = world.open()
    session = engine.session(world.user(engine).tokens.access)
    engine.close()
    with pytest.raises(fusepay.ClosedError):
        session.profile()

"""The table of verbs: each operation of the engine by its name in `docs/surface.md`, called once.

What a verb answers is printed by `Stage.print_answer`; its words are read from `FORMAT.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fusepay import (
    Biller,
    BillItem,
    Capabilities,
    ClaimSettlement,
    FeePolicy,
    HoldStatus,
    Limit,
    LimitWindow,
    NotPaid,
    Paid,
    Payment,
    PaymentStatus,
    RefundSource,
    Remainder,
    Role,
    Session,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WebhookReceipt,
)

from scenarios import oracle
from scenarios.biller import SIGNATURE, Entry, ScriptedBiller
from scenarios.line import ScriptError, Words
from scenarios.record import Shown
from scenarios.stage import Stage

Verb = Callable[[Stage, Words], object]
"""What a verb does. Its words are in the specification."""

SOURCES = {"host": RefundSource.HOST, "biller": RefundSource.BILLER}
SETTLEMENTS = {
    "recovered": ClaimSettlement.RECOVERED_FROM_PROVIDER,
    "written_off": ClaimSettlement.WRITTEN_OFF,
}

# What several verbs share: the arguments of a call.


def session(s: Stage, w: Words) -> Session:
    """The session of the step's token."""
    return s.engine.session(w["token"])


def offer(w: Words) -> tuple[str, str]:
    """The biller and the item of a step."""
    return w.text("biller", "POWER"), w.text("item", "PREPAID")


def power(w: Words) -> str:
    """The provider of a step."""
    return w.text("provider", "scripted")


def notes(w: Words, *keys: str) -> dict[str, Any]:
    """The keyword arguments that several calls have, of these words."""
    found = {key: w.maybe(key) for key in ("description", "metadata", *keys)}
    return {
        **found,
        "idempotency_key": w.maybe("key"),
        "expected_version": w.maybe_number("expected_version"),
    }


def fund(w: Words) -> dict[str, Any]:
    """The arguments of `fund`, `withdraw`, `credit` and `debit`."""
    return {"wallet_id": w["wallet"], "amount": w.money, **notes(w, "external_reference")}


def transfer(w: Words) -> dict[str, Any]:
    """The arguments of `transfer`."""
    return {"from_": w["from"], "to": w["to"], "amount": w.money, **notes(w)}


def bill(s: Stage, w: Words) -> dict[str, Any]:
    """The arguments of `bill.pay`."""
    biller, item = offer(w)
    return {
        "wallet_id": w["wallet"],
        "biller": biller,
        "item": item,
        "customer_reference": w["customer"],
        "amount": w.money,
        "quote_id": w.maybe("quote"),
        "metadata": w.maybe("metadata"),
        "idempotency_key": w.maybe("key"),
        "requested_at": s.maybe_moment(w.maybe_number("requested_at_ms")),
        "expected_version": w.maybe_number("expected_version"),
    }


def refund(w: Words) -> dict[str, Any]:
    """The arguments of `refund`."""
    return {
        "payment_id": w["payment"],
        "amount": w.money,
        "source": w.choice("source", SOURCES, "host"),
        "reason": w.text("reason", "scripted refund"),
        "idempotency_key": w.maybe("key"),
    }


def page(s: Stage, w: Words) -> dict[str, Any]:
    """The filter and the place of a page of the history."""
    return {
        "from_": s.maybe_moment(w.maybe_number("from_ms")),
        "until": s.maybe_moment(w.maybe_number("until_ms")),
        "kind": w.maybe_word("type", TransactionType),
        "status": w.maybe_word("status", TransactionStatus),
        "metadata_contains": w.maybe("metadata_contains"),
        "cursor": w.maybe("cursor"),
        "limit": w.limit,
    }


# Verbs that are more than one call.


def provider(s: Stage, w: Words) -> None:
    """Adds a biller, which the engine knows from its next opening on."""
    capabilities = Capabilities(
        idempotent_submit=w.maybe_number("idempotent_ms"),
        can_query=w.flag("can_query", default=True),
        not_found_grace=w.maybe_number("grace_ms"),
        not_found_times=w.maybe_number("not_found_times"),
    )
    s.billers[w["code"]] = ScriptedBiller(
        w["code"],
        capabilities,
        lambda: s.engine,
        refuses_repetition=w.flag("refuses_repetition", default=False),
        prepaid_minor=w.maybe_number("prepaid_minor"),
    )


def reopen(s: Stage, w: Words) -> None:
    """Closes and opens again."""
    s.close()
    s.open(restored=w.flag("restored", default=False))


def script(s: Stage, w: Words) -> None:
    """Tells a biller what to do for a customer."""
    steps = w.text("pay", ""), w.text("query", ""), w.maybe("always"), w.maybe("validate")
    s.biller(w).add_script(w["customer"], *steps)


def biller_pay(s: Stage, w: Words) -> Entry:
    """Lets the biller take money unasked."""
    entry = s.biller(w).entry(w["request"])
    entry.take(w.number("minor"))
    return entry


def take_back(s: Stage, w: Words) -> Entry:
    """Lets the biller give money back unasked."""
    entry = s.biller(w).entry(w["request"])
    entry.reversed_times += 1
    return entry


def consult(s: Stage, w: Words) -> Shown:
    """Asks the oracle, whose complaints fail the file."""
    shown, complaints = oracle.consult(s, is_lenient=w.flag("lenient", default=False))
    if complaints:
        raise ScriptError(f"the oracle complains: {'; '.join(complaints)}")
    return shown


def load_catalogue(s: Stage, w: Words) -> None:
    """One biller with one item."""
    code, item_code = offer(w)
    biller = Biller(
        code,
        w.text("name", "The power company"),
        w.text("category", "ELECTRICITY"),
        w.text("providers", "scripted").split(","),
        enabled=w.flag("biller_enabled", default=True),
    )
    item = BillItem(
        item_code,
        "An item",
        w.currency,
        w.number("minimum_minor", 1),
        w.number("maximum_minor", 1_000_000_000),
        fee=FeePolicy(w.number("fee_minor", 0), w.number("fee_per_mille", 0)),
        validates_customer=w.flag("validates_customer", default=False),
        enabled=w.flag("item_enabled", default=True),
    )
    s.engine.bill.load_catalogue([(biller, [item])])


def receive_webhook(s: Stage, w: Words) -> WebhookReceipt:
    """Hands over a webhook as a host would that received it."""
    paid = f"PAID {w['request']} {w.text('minor', '-')}"
    body = paid if w["outcome"] == "PAID" else f"{w['outcome']} {w['request']}"
    headers = {SIGNATURE: w.text("signature", "valid")}
    return s.engine.bill.receive_webhook(power(w), headers, body.encode())


def tokens(s: Stage, w: Words) -> tuple[Shown, ...]:
    """What the customer bought."""
    return tuple(Shown("token", text=token) for token in s.engine.bill.tokens(w["payment"]))


def resolve_review(s: Stage, w: Words) -> Payment:
    """Ends a review."""
    verdicts: dict[str, Paid | NotPaid] = {"paid": Paid(w.text("reference", "REF-0")), "not_paid": NotPaid()}
    return s.engine.reversal.resolve_review(w["payment"], w.choice("verdict", verdicts), w["reason"])


def settle_claim(s: Stage, w: Words) -> Payment:
    """Ends a claim."""
    settlement = w.choice("settlement", SETTLEMENTS)
    return s.engine.reversal.settle_claim(w["payment"], settlement, w["reason"])


STAGE: dict[str, Verb] = {
    "simulated": lambda s, w: s.simulate(w),
    "provider": provider,
    "open": lambda s, w: s.open(),
    "reopen": reopen,
    "clock.advance": lambda s, w: s.settings.clock.advance(w.number("ms")),
    "clock.set_wall": lambda s, w: s.settings.clock.set_wall(s.moment(w.number("ms"))),
    "drain": lambda s, w: s.drain(),
    "biller.script": script,
    "biller.pay": biller_pay,
    "biller.take_back": take_back,
    "biller.book": lambda s, w: s.biller(w).entry(w["request"]),
    "oracle": consult,
    "run_due": lambda s, w: s.engine.run_due(),
    "verify": lambda s, w: s.engine.verify(),
    "stats": lambda s, w: s.engine.stats(),
    "ledger_digest": lambda s, w: Shown("digest", sha256=s.engine.ledger_digest()),
}

AUTH: dict[str, Verb] = {
    "auth.register": lambda s, w: s.engine.auth.register(
        w["email"],
        w.text("first_name", "Ada"),
        w.text("last_name", "Obi"),
        w["password"],
        wallet_label=w.text("label", ""),
        device=w.text("device", ""),
    ),
    "auth.login": lambda s, w: s.engine.auth.login(w["email"], w["password"], device=w.text("device", "")),
    "auth.refresh": lambda s, w: s.engine.auth.refresh(w["refresh"]),
    "auth.verify": lambda s, w: s.engine.auth.verify(w["token"]),
    "auth.logout": lambda s, w: s.engine.auth.logout(w["token"]),
    "auth.logout_everywhere": lambda s, w: s.engine.auth.logout_everywhere(w["token"]),
    "auth.change_password": lambda s, w: s.engine.auth.change_password(w["token"], w["current"], w["new"]),
    "auth.find_user": lambda s, w: s.engine.auth.find_user(w["user"]),
    "auth.update_profile": lambda s, w: s.engine.auth.update_profile(
        w["user"],
        first_name=w.maybe("first_name"),
        last_name=w.maybe("last_name"),
        expected_version=w.maybe_number("expected_version"),
    ),
    "auth.search_users": lambda s, w: s.engine.auth.search_users(w["text"], limit=w.limit),
    "auth.set_role": lambda s, w: s.engine.auth.set_role(w["user"], w.word("role", Role)),
    "auth.deactivate": lambda s, w: s.engine.auth.deactivate(w["user"]),
    "auth.reactivate": lambda s, w: s.engine.auth.reactivate(w["user"]),
    "auth.sessions": lambda s, w: s.engine.auth.sessions(w["user"]),
    "auth.revoke_session": lambda s, w: s.engine.auth.revoke_session(w["session"]),
    "auth.rotate_signing_key": lambda s, w: s.engine.auth.rotate_signing_key(
        w["kid"], w["key"], s.moment(w.number("old_not_after_ms"))
    ),
    "auth.retire_key": lambda s, w: s.engine.auth.retire_key(w["kid"]),
}

WALLET: dict[str, Verb] = {
    "wallet.create": lambda s, w: s.engine.wallet.create(w["user"], w.currency, w.text("label", "")),
    "wallet.find": lambda s, w: s.engine.wallet.find(w["wallet"]),
    "wallet.list": lambda s, w: s.engine.wallet.list(w["user"]),
    "wallet.fund": lambda s, w: s.engine.wallet.fund(**fund(w)),
    "wallet.withdraw": lambda s, w: s.engine.wallet.withdraw(**fund(w)),
    "wallet.credit": lambda s, w: s.engine.wallet.credit(**fund(w)),
    "wallet.debit": lambda s, w: s.engine.wallet.debit(**fund(w)),
    "wallet.transfer": lambda s, w: s.engine.wallet.transfer(**transfer(w)),
    "wallet.authorise": lambda s, w: s.engine.wallet.authorise(
        w["wallet"],
        w.money,
        w.number("life_ms"),
        description=w.maybe("description"),
        idempotency_key=w.maybe("key"),
    ),
    "wallet.capture": lambda s, w: s.engine.wallet.capture(
        w["hold"],
        w.money,
        to=w.maybe("to"),
        remainder=Remainder.KEEP if w.flag("keep", default=False) else Remainder.RELEASE,
        description=w.maybe("description"),
        idempotency_key=w.maybe("key"),
    ),
    "wallet.release": lambda s, w: s.engine.wallet.release(w["hold"], idempotency_key=w.maybe("key")),
    "wallet.find_hold": lambda s, w: s.engine.wallet.find_hold(w["hold"]),
    "wallet.holds": lambda s, w: s.engine.wallet.holds(w["wallet"], w.word("status", HoldStatus), w.limit),
    "wallet.set_status": lambda s, w: s.engine.wallet.set_status(w["wallet"], w.word("status", WalletStatus)),
    "wallet.set_credit_limit": lambda s, w: s.engine.wallet.set_credit_limit(w["wallet"], w.number("minor")),
    "wallet.set_limit": lambda s, w: s.engine.wallet.set_limit(
        w["wallet"],
        Limit(
            w.word("window", LimitWindow),
            category=w.maybe("category"),
            amount_max_minor=w.maybe_number("amount_max_minor"),
            count_max=w.maybe_number("count_max"),
        ),
    ),
    "wallet.remove_limit": lambda s, w: Shown(
        "removed",
        was_there=s.engine.wallet.remove_limit(
            w["wallet"], w.word("window", LimitWindow), w.maybe("category")
        ),
    ),
    "wallet.limits": lambda s, w: s.engine.wallet.limits(w["wallet"]),
}

BILL: dict[str, Verb] = {
    "bill.load_catalogue": load_catalogue,
    "bill.billers": lambda s, w: s.engine.bill.billers(w.maybe("category"), limit=w.limit),
    "bill.items": lambda s, w: s.engine.bill.items(w.text("biller", "POWER")),
    "bill.validate_customer": lambda s, w: s.engine.bill.validate_customer(*offer(w), w["customer"]),
    "bill.quote": lambda s, w: s.engine.bill.quote(w["user"], *offer(w), w["customer"], w.money),
    "bill.pay": lambda s, w: s.engine.bill.pay(**bill(s, w)),
    "bill.find": lambda s, w: s.engine.bill.find(w["payment"]),
    "bill.refresh": lambda s, w: s.engine.bill.refresh(w["payment"], 1_000),
    "bill.list": lambda s, w: s.engine.bill.list(w["wallet"], limit=w.limit),
    "bill.list_by_status": lambda s, w: s.engine.bill.list_by_status(
        w.word("status", PaymentStatus), limit=w.limit
    ),
    "bill.tokens": tokens,
    "bill.explain": lambda s, w: s.engine.bill.explain(w["payment"]),
    "bill.receive_webhook": receive_webhook,
    "bill.float_balance": lambda s, w: s.engine.bill.float_balance(power(w)),
    "bill.top_up_float": lambda s, w: s.engine.bill.top_up_float(power(w), w.money, w["external_reference"]),
}

REVERSAL: dict[str, Verb] = {
    "reversal.reverse": lambda s, w: s.engine.reversal.reverse(w["payment"]),
    "reversal.refund": lambda s, w: s.engine.reversal.refund(**refund(w)),
    "reversal.resolve_review": resolve_review,
    "reversal.open_claims": lambda s, w: s.engine.reversal.open_claims(w.limit),
    "reversal.settle_claim": settle_claim,
    "reversal.open_suspense": lambda s, w: s.engine.reversal.open_suspense(w.limit),
    "reversal.release_suspense": lambda s, w: s.engine.reversal.release_suspense(w["payment"], w.maybe("to")),
}

HISTORY: dict[str, Verb] = {
    "history.find": lambda s, w: s.engine.history.find(w["transaction"]),
    "history.find_by_external_reference": lambda s, w: s.engine.history.find_by_external_reference(
        w.word("type", TransactionType), w["external_reference"]
    ),
    "history.page": lambda s, w: s.engine.history.page(w["wallet"], **page(s, w)),
    "history.page_of_user": lambda s, w: s.engine.history.page_of_user(w["user"], **page(s, w)),
    "history.statement": lambda s, w: s.engine.history.statement(
        w["wallet"], s.moment(w.number("from_ms")), s.moment(w.number("until_ms"))
    ),
    "history.balance_at": lambda s, w: s.engine.history.balance_at(w["wallet"], s.moment(w.number("at_ms"))),
}

WORKER: dict[str, Verb] = {
    "events.read": lambda s, w: s.engine.events.read(w.number("after", 0), w.limit),
    "events.head": lambda s, w: Shown("head", sequence=s.engine.events.head()),
    "events.cursor": lambda s, w: Shown("cursor", sequence=s.engine.events.cursor(w["subscriber"])),
    "events.acknowledge": lambda s, w: s.engine.events.acknowledge(w["subscriber"], w.number("sequence")),
    "events.rewind": lambda s, w: s.engine.events.rewind(w["subscriber"], w.number("sequence")),
    "queue.find": lambda s, w: s.engine.queue.find(w.number("job")),
    "queue.counts": lambda s, w: s.engine.queue.counts(),
    "queue.dead_letters": lambda s, w: s.engine.queue.dead_letters(limit=w.limit),
    "queue.retry": lambda s, w: s.engine.queue.retry(w.number("job")),
    "queue.resolve": lambda s, w: s.engine.queue.resolve(w.number("job"), w["reason"]),
    "audit.verify": lambda s, w: s.engine.audit.verify(),
}

SESSION: dict[str, Verb] = {
    "session.principal": lambda s, w: session(s, w).principal(),
    "session.profile": lambda s, w: session(s, w).profile(),
    "session.wallet.list": lambda s, w: session(s, w).wallet.list(),
    "session.wallet.create": lambda s, w: session(s, w).wallet.create(w.currency, w.text("label", "")),
    "session.wallet.find": lambda s, w: session(s, w).wallet.find(w["wallet"]),
    "session.wallet.transfer": lambda s, w: session(s, w).wallet.transfer(**transfer(w)),
    "session.bill.pay": lambda s, w: session(s, w).bill.pay(**bill(s, w)),
    "session.bill.find": lambda s, w: session(s, w).bill.find(w["payment"]),
    "session.bill.list": lambda s, w: session(s, w).bill.list(w["wallet"], limit=w.limit),
    "session.history.page": lambda s, w: session(s, w).history.page(w["wallet"], **page(s, w)),
    "session.history.find": lambda s, w: session(s, w).history.find(w["transaction"]),
    "session.operator.find_user": lambda s, w: session(s, w).operator.find_user(w["user"]),
    "session.operator.set_role": lambda s, w: session(s, w).operator.set_role(
        w["user"], w.word("role", Role)
    ),
    "session.operator.find_wallet": lambda s, w: session(s, w).operator.find_wallet(w["wallet"]),
    "session.operator.set_wallet_status": lambda s, w: session(s, w).operator.set_wallet_status(
        w["wallet"], w.word("status", WalletStatus)
    ),
    "session.operator.refund": lambda s, w: session(s, w).operator.refund(**refund(w)),
}

VERBS: dict[str, Verb] = {**STAGE, **AUTH, **WALLET, **BILL, **REVERSAL, **HISTORY, **WORKER, **SESSION}

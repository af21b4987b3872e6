"""What an answer of the engine consists of: the records it prints, and what `as=` binds of it."""

from __future__ import annotations

from collections.abc import Iterator

from fusepay import (
    Explanation,
    HistoryPage,
    Hold,
    Job,
    Payment,
    Quote,
    Registered,
    SessionRecord,
    Statement,
    Stats,
    Tokens,
    Transaction,
    User,
    UserPage,
    Wallet,
)

from scenarios.names import Names
from scenarios.record import RECORD_OF, Shown


def parts(answer: object) -> Iterator[object]:
    """What an answer prints, a record each."""
    match answer:
        case None:
            yield Shown("done")
        case tuple():
            yield Shown("list", count=len(answer))
            yield from answer
        case UserPage():
            yield from parts(answer.users)
        case Registered():
            yield from (answer.user, answer.wallet, answer.tokens)
        case Explanation():
            yield answer.payment
            yield from parts(answer.steps)
            yield from parts(answer.attempts)
            if answer.next_job is not None:
                yield answer.next_job
        case HistoryPage():
            yield Shown("page", count=len(answer.lines), has_next=answer.next_cursor is not None)
            yield from answer.lines
        case Statement():
            yield Shown(
                "statement",
                currency=answer.currency,
                opening_minor=answer.opening_minor,
                closing_minor=answer.closing_minor,
                count=len(answer.lines),
            )
            yield from answer.lines
        case Stats():
            yield Shown(
                "stats",
                dead_letters=answer.dead_letters,
                event_head=answer.event_head,
                payments=len(answer.payments),
                balances=len(answer.balances),
            )
            yield from answer.payments
            yield from answer.balances
        case _:
            yield answer


def bind(names: Names, name: str, answer: object) -> None:
    """Lets `name`, and names below it, stand for the ids, tokens and cursors of an answer."""
    match answer:
        case tuple():
            for place, member in enumerate(answer, start=1):
                bind(names, f"{name}.{place}", member)
        case UserPage():
            bind(names, name, answer.users)
        case Registered():
            bind(names, name, answer.user)
            bind(names, f"{name}.wallet", answer.wallet)
            bind(names, name, answer.tokens)
        case Explanation():
            bind(names, name, answer.payment)
            bind(names, f"{name}.job", answer.next_job)
        case HistoryPage():
            bind(names, name, answer.lines)
            if answer.next_cursor is not None:
                names.bind(f"{name}.next", "cursor", answer.next_cursor)
        case Tokens():
            names.bind(f"{name}.session", "session", answer.session_id)
            names.bind(f"{name}.access", "token", answer.access)
            names.bind(f"{name}.refresh", "token", answer.refresh)
        case Transaction() | Wallet() | Hold() | Payment() | User() | SessionRecord() | Quote() | Job():
            names.bind(name, RECORD_OF[type(answer)], answer.id)
            if isinstance(answer, Payment):
                names.bind(f"{name}.request", "request", answer.request_id)

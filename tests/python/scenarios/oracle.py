"""What must hold at the end of every scenario, with the billers' own books as the judges of who was paid."""

from __future__ import annotations

from collections.abc import Iterator

from fusepay import FusePay, JobStatus, Payment, PaymentStatus

from scenarios.biller import Entry
from scenarios.record import Shown
from scenarios.stage import Stage

PAGE = 500
OPEN = (PaymentStatus.PENDING, PaymentStatus.PROCESSING, PaymentStatus.UNKNOWN)
CLOSED = (PaymentStatus.COMPLETED, PaymentStatus.REVERSED, PaymentStatus.NEEDS_REVIEW)


def consult(stage: Stage, *, is_lenient: bool) -> tuple[Shown, list[str]]:
    """The oracle's record, and everything that does not hold.

    `is_lenient` lets a biller have money of a payment that the engine has given back and was not
    told about.
    """
    payments = list(_all_payments(stage.engine))
    complaints = list(_complaints(stage, payments, is_lenient))
    return Shown("oracle", complaints=len(complaints), payments=len(payments)), complaints


def _complaints(stage: Stage, payments: list[Payment], is_lenient: bool) -> Iterator[str]:
    report = stage.engine.verify()
    if not report.is_sound:
        yield f"verify finds {report.violation_count} violations: {report.violations}"
    for payment in payments:
        entry = stage.billers[payment.provider].book.get(payment.request_id, Entry(payment.request_id, 0))
        name = stage.names.name("payment", payment.id)
        for complaint in (*_against_book(payment, entry, is_lenient), *_against_queue(stage.engine, payment)):
            yield f"payment {name} ({payment.status}): {complaint}"
    for biller in stage.billers.values():
        for entry in biller.book.values():
            owners = [p for p in payments if (p.provider, p.request_id) == (biller.code, entry.request_id)]
            if entry.sends > 0 and len(owners) != 1:
                yield f"{biller.code} was sent entry {entry.number} by nobody"


def _against_book(payment: Payment, entry: Entry, is_lenient: bool) -> Iterator[str]:
    whole_minor = payment.amount.minor + payment.fee.minor
    if entry.paid_times > 1:
        yield "the biller was paid more than once"
    match payment.status:
        case PaymentStatus.COMPLETED if not entry.holds_money:
            yield "the biller does not have the money"
        case PaymentStatus.COMPLETED if entry.paid_minor != payment.amount.minor:
            yield "the biller has another amount"
        case PaymentStatus.PENDING if entry.holds_money:
            yield "the biller has money that was never sent"
        case PaymentStatus.FAILED if entry.holds_money and not is_lenient:
            yield "the biller has the money of a failed payment"
        case PaymentStatus.REVERSED if entry.holds_money and not is_lenient and payment.claim_minor == 0:
            yield "the biller has the money, and there is no claim"
    if not (0 <= payment.refunded_minor <= whole_minor and 0 <= payment.suspense_minor <= whole_minor):
        yield "more was given back than was taken"


def _against_queue(engine: FusePay, payment: Payment) -> Iterator[str]:
    job = engine.bill.explain(payment.id).next_job
    is_going_on = job is not None and job.status is not JobStatus.DEAD
    if payment.status in OPEN and not is_going_on:
        yield "nothing will go on with it"
    if payment.status in CLOSED and is_going_on:
        yield "a job is left over"


def _all_payments(engine: FusePay) -> Iterator[Payment]:
    for status in PaymentStatus:
        page = engine.bill.list_by_status(status, limit=PAGE)
        while page:
            yield from page
            page = engine.bill.list_by_status(status, after=page[-1].id, limit=PAGE)

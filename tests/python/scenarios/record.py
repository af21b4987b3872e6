"""How each answer of the engine is printed: a word and its fields, in the order of `FORMAT.md`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from operator import attrgetter

from fusepay import (
    Attempt,
    AuditReport,
    Biller,
    BillItem,
    Code,
    Customer,
    Event,
    Hold,
    Job,
    JobCount,
    Limit,
    Money,
    Payment,
    PaymentCount,
    PaymentStep,
    Principal,
    Quote,
    RunReport,
    SessionRecord,
    SystemBalance,
    Tokens,
    Transaction,
    User,
    VerifyReport,
    Wallet,
    WebhookReceipt,
)

from scenarios.biller import Entry
from scenarios.names import Names
from scenarios.specification import FIELDS_OF

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# What the API calls the fields that `FORMAT.md` calls otherwise.
CALLED: dict[str, dict[str, str]] = {
    "book": {"request": "request_id"},
    "transaction": {
        "wallet": "wallet_id",
        "type": "kind",
        "payment": "payment_id",
        "hold": "hold_id",
        "created_ms": "created_at",
    },
    "wallet": {"user": "user_id"},
    "hold": {"wallet": "wallet_id", "expires_ms": "expires_at", "resolved_ms": "resolved_at"},
    "payment": {
        "wallet": "wallet_id",
        "customer": "customer_reference",
        "amount_minor": "amount.minor",
        "currency": "amount.currency",
        "fee_minor": "fee.minor",
        "request": "request_id",
        "completed_ms": "completed_at",
    },
    "tokens": {"user": "user_id", "session": "session_id", "access_expires_ms": "access_expires_at"},
    "principal": {"user": "user_id", "session": "session_id"},
    "session": {"user": "user_id", "created_ms": "created_at", "refreshed_ms": "refreshed_at"},
    "quote": {
        "user": "user_id",
        "customer": "customer_reference",
        "amount_minor": "amount.minor",
        "currency": "amount.currency",
        "fee_minor": "fee.minor",
        "expires_ms": "expires_at",
        "payment": "payment_id",
    },
    "job": {"due_ms": "due_at"},
    "jobs": {"oldest_due_ms": "oldest_due"},
    "event": {"at_ms": "at"},
    "item": {"fee_fixed_minor": "fee.fixed_minor", "fee_per_mille": "fee.per_mille"},
    "attempt": {"started_ms": "started_at", "finished_ms": "finished_at"},
    "decision": {"at_ms": "at"},
    "ran": {"next_due_ms": "next_due"},
    "verified": {"sound": "is_sound", "violations": "violation_count"},
    "audit": {"sound": "is_sound"},
}

RECORD_OF: dict[type, str] = {
    Attempt: "attempt",
    AuditReport: "audit",
    BillItem: "item",
    Biller: "biller",
    Customer: "customer",
    Entry: "book",
    Event: "event",
    Hold: "hold",
    Job: "job",
    JobCount: "jobs",
    Limit: "limit",
    Money: "money",
    Payment: "payment",
    PaymentCount: "payments",
    PaymentStep: "decision",
    Principal: "principal",
    Quote: "quote",
    RunReport: "ran",
    SessionRecord: "session",
    SystemBalance: "balance",
    Tokens: "tokens",
    Transaction: "transaction",
    User: "user",
    VerifyReport: "verified",
    Wallet: "wallet",
    WebhookReceipt: "webhook",
}


class Shown:
    """A record that no class of the API stands for: `Shown("head", sequence=3)`."""

    def __init__(self, word: str, **fields: object) -> None:
        """The record's word and its fields."""
        self.word = word
        self.__dict__.update(fields)


@dataclass(frozen=True)
class Record:
    """A line of the transcript."""

    line: str
    fields: dict[str, str]
    """Each field as an expectation sees it: a text without its quotes."""


class Printer:
    """Makes records of answers; knows the names of the scenario and when it began."""

    def __init__(self, names: Names) -> None:
        """`start` is set by the scenario's header."""
        self.names = names
        self.start = EPOCH

    def record(self, answer: object) -> Record:
        """The record of an answer of the engine, or of a `Shown`."""
        word = answer.word if isinstance(answer, Shown) else RECORD_OF[type(answer)]
        printed, fields = [word], {}
        for field in FIELDS_OF[word].split():
            key, _, kind = field.strip('"').partition(":")
            value = self._value(attrgetter(CALLED.get(word, {}).get(key, key))(answer), kind)
            is_text = field.startswith('"') and value is not None
            fields[key] = "-" if value is None else value
            printed.append(f'{key}="{_escape(fields[key])}"' if is_text else f"{key}={fields[key]}")
        return Record(" ".join(printed), fields)

    def _value(self, value: object, kind: str) -> str | None:
        """The text of a value; `None` when it is absent."""
        if value is None:
            return None
        if kind:
            return self.names.name(kind, value)
        if isinstance(value, datetime):
            return str((value - self.start) // timedelta(milliseconds=1))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Code):
            return value.name
        if isinstance(value, tuple):
            return ",".join(value)
        return str(value)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")

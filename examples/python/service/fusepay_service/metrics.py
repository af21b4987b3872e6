"""The engine's statistics in the text format of Prometheus, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import fusepay

_BREAKER_VALUES = {
    fusepay.BreakerState.CLOSED: 0,
    fusepay.BreakerState.HALF_OPEN: 1,
    fusepay.BreakerState.OPEN: 2,
}

Sample = tuple[dict[str, str], int]


def text_of(stats: fusepay.Stats) -> str:
    """All families, one after the other."""
    return "".join(f"{line}\n" for family in _families(stats) for line in family)


def _families(stats: fusepay.Stats) -> Iterator[Iterator[str]]:
    payments: list[Sample] = [({"status": found.status.value}, found.count) for found in stats.payments]
    yield _family("payments", "gauge", "Payments by state.", payments)
    jobs: list[Sample] = [
        ({"kind": found.kind.value, "status": found.status.value}, found.count) for found in stats.jobs
    ]
    yield _family("jobs", "gauge", "Jobs by kind and state.", jobs)
    yield _family("dead_letters", "gauge", "Jobs that wait for an operator.", [({}, stats.dead_letters)])
    balances: list[Sample] = [
        (
            {"account": found.account, "provider": found.provider or "", "currency": found.currency},
            found.balance_minor,
        )
        for found in stats.balances
    ]
    yield _family(
        "balance_minor", "gauge", "System accounts, credits minus debits, in minor units.", balances
    )
    breakers: list[Sample] = [
        ({"provider": found.provider}, _BREAKER_VALUES[found.breaker]) for found in stats.providers
    ]
    yield _family("breaker", "gauge", "0 closed, 1 half open, 2 open.", breakers)
    calls: list[Sample] = [
        ({"provider": found.provider, "kind": kind}, count)
        for found in stats.providers
        for kind, count in (("submit", found.submits_in_flight), ("query", found.queries_in_flight))
    ]
    yield _family("provider_calls", "gauge", "Calls under way.", calls)
    yield _family("commits_total", "counter", "Commits since the engine opened.", [({}, stats.commits)])
    yield _family("commit_members_total", "counter", "Operations in them.", [({}, stats.commit_members)])
    yield _family("events_total", "counter", "The number of the last event.", [({}, stats.event_head)])
    yield _family("database_bytes", "gauge", "Size of the database file.", [({}, stats.database_bytes)])
    yield _family("wal_bytes", "gauge", "Size of its write-ahead log.", [({}, stats.wal_bytes)])


def _family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP fusepay_{name} {meaning}"
    yield f"# TYPE fusepay_{name} {kind}"
    for labels, value in samples:
        # Every label is a code or a word of the engine: letters, digits, `-`, `_` and `.`.
        inner = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"fusepay_{name}{{{inner}}} {value}" if inner else f"fusepay_{name} {value}"

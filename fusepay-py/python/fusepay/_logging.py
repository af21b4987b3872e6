"""The engine's log lines in Python's `logging`, under `fusepay.…`, one logger for each module of the engine.

There is no handler but a `NullHandler`: what is shown, and where, is the host's choice, as with any
library. Levels are `logging`'s, and `TRACE`, 5, below its `DEBUG`. A record's message ends with the line's
fields, which are also in `record.fusepay`, a `dict`. Lines come from any thread; a handler may call
the engine, whose own lines are dropped meanwhile.
"""

from __future__ import annotations

import logging
from typing import Any

from fusepay._fusepay import forget_log_levels, install_logging

TRACE = 5
"""The engine's finest level."""

_ROOT = logging.getLogger("fusepay")
_PROVIDERS = logging.getLogger("fusepay.providers")
_EVENTS = logging.getLogger("fusepay.events")


class _Answers(dict[int, bool]):
    """What a logger remembers of which levels are on; `logging` empties it whenever any of them changes."""

    def clear(self) -> None:
        super().clear()
        forget_log_levels()


def install() -> None:
    """Begins to hand lines over; called when `fusepay` is imported."""
    logging.addLevelName(TRACE, "TRACE")
    _ROOT.addHandler(logging.NullHandler())
    # `logging` tells nobody that a level has changed, but it empties this.
    _ROOT._cache = _Answers()  # type: ignore[attr-defined]
    install_logging()


def lowest_level(name: str) -> int:
    """The lowest level that a logger takes now."""
    logger = logging.getLogger(name)
    return max(logger.getEffectiveLevel(), logger.manager.disable + 1)


def log(line: tuple[str, int, str, dict[str, Any], str, int]) -> None:
    """Hands one line of the engine over."""
    name, level, message, fields, path, number = line
    logger = logging.getLogger(name)
    if not logger.isEnabledFor(level):
        return
    text = " ".join([message, *(f"{key}={value}" for key, value in fields.items())])
    extra = {"fusepay": fields}
    logger.handle(logger.makeRecord(name, level, path, number, text, (), None, extra=extra))


def provider_raised(provider: str, method: str, request_id: str, raised: str) -> None:
    """Says that a provider raised instead of answering; the payment is unknown now."""
    _PROVIDERS.warning("provider %s: %s of %s raised %s", provider, method, request_id, raised)


def subscriber_raised(name: str, sequence: int, event: str, raised: BaseException) -> None:
    """Says that a subscriber did not take an event, and why."""
    what = (name, sequence, event)
    _EVENTS.error("subscriber %s did not take event %d (%s)", *what, exc_info=raised)

"""What `fusepay.aio` stands on: the threads on which an engine's calls wait, so that no event loop does."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from fusepay._fusepay import Config, FusePay

THREADS = 8
"""How many calls of one engine run at once, unless `open` is told otherwise; more wait their turn."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Calls:
    """The threads of one engine: made when they are first needed, at most so many."""

    def __init__(self, threads: int) -> None:
        """No thread yet."""
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(threads, "fusepay-call")
        self._pid = os.getpid()

    @property
    def is_ours(self) -> bool:
        """Whether this process opened the engine, and is no forked child of it."""
        return self._pid == os.getpid()

    async def run(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Makes one call on a thread; it is made even when nobody waits for it any more."""
        pool = self._pool
        if pool is None or self._pid != os.getpid():
            # Closed, or the threads stayed behind in the parent: the engine answers at once.
            return call(*args, **kwargs)
        context = contextvars.copy_context()
        return await _answer(pool.submit(context.run, partial(call, *args, **kwargs)))

    async def close(self, call: Callable[_P, None], /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Closes the engine on a thread of its own, for the others may all be waiting for it."""
        if self._pid != os.getpid():
            return call(*args, **kwargs)
        aside = ThreadPoolExecutor(1, "fusepay-close")
        try:
            await _answer(aside.submit(call, *args, **kwargs))
        finally:
            aside.shutdown(wait=False)
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.shutdown(wait=False)
        return None


async def opened(config: Config, threads: int) -> tuple[FusePay, Calls]:
    """Opens an engine. Whoever stops waiting for it has no engine: it is closed as soon as it is open."""
    calls = Calls(threads)
    pool = ThreadPoolExecutor(1, "fusepay-open")
    opening = pool.submit(FusePay.open, config)
    try:
        return await _answer(opening), calls
    except asyncio.CancelledError:
        pool.submit(_discard, opening)
        raise
    finally:
        pool.shutdown(wait=False)


def _discard(opening: Future[FusePay]) -> None:
    if opening.exception() is None:
        opening.result().close()


async def _answer(call: Future[_T]) -> _T:
    """What a call answers; it goes on where the waiting is cancelled."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def settle() -> None:
        if answer.done():
            return
        raised = call.exception()
        if raised is None:
            answer.set_result(call.result())
        else:
            answer.set_exception(raised)

    def deliver(_: Future[_T]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    call.add_done_callback(deliver)
    return await answer

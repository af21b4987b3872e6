"""The thread on which coroutines of providers run: one for each engine, started by the first of them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

from fusepay._fusepay import interrupt_thread

_Ended: TypeAlias = Future[tuple[Any, BaseException | None]]

_CANCEL_SECONDS = 1.0
"""How long a cancelled coroutine may take to end when the engine has closed."""

_PATIENCE_SECONDS = 0.25
"""How long the loop may take to notice that it is to stop."""


async def _outcome(awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """What an awaitable answers or raises. Nothing gets out, for some of it would end the loop."""
    try:
        return await awaitable, None
    except BaseException as raised:
        return None, raised


class EventLoopThread:
    """An event loop on a daemon thread of its own."""

    def __init__(self) -> None:
        """No thread yet: most engines never need one."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def submit(self, awaitable: Awaitable[Any], deliver: Callable[[_Ended], object]) -> _Ended:
        """Runs an awaitable; `deliver` is called with its future, on the loop's thread, once it is done."""
        with self._lock:
            if self._is_stopped:
                _close(awaitable)
                raise RuntimeError("the engine has been closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="fusepay-asyncio")
                self._thread.daemon = True
                self._thread.start()
            future = asyncio.run_coroutine_threadsafe(_outcome(awaitable), self._loop)
        future.add_done_callback(deliver)
        return future

    def stop(self) -> None:
        """Cancels what still runs and ends the thread; at once when called on it."""
        with self._lock:
            self._is_stopped = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):  # it has ended already
            loop.call_soon_threadsafe(loop.stop)
        if threading.current_thread() is thread:
            return
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive() and thread.ident is not None:
            # A coroutine that never gives way: it hears nothing else.
            interrupt_thread(thread.ident)
            thread.join(2 * _CANCEL_SECONDS)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCEL_SECONDS))
        loop.run_until_complete(loop.shutdown_asyncgens())
        for task in asyncio.all_tasks(loop):
            # It will never end, and says so to nobody who could act on it.
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.close()


def _close(awaitable: Awaitable[Any]) -> None:
    """Ends a coroutine that never began, which would warn otherwise."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()

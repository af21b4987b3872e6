"""Goal: an error counts as "never sent" only while no connection stood.
Method: a socket on loopback that answers, hangs up, hangs, or does not listen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fusepay_service import wire


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection is accepted; its first bytes are read before `answer` acts."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def post(url: str, deadline_s: float = 10) -> wire.Heard:
    return wire.call("POST", f"{url}/api/pay", {}, {"amount": "1"}, deadline_s=deadline_s)


def test_a_whole_answer_is_heard() -> None:
    text = b"HTTP/1.1 202 x\r\nContent-Length: 4\r\n\r\nword"
    with server(lambda connection: connection.sendall(text)) as url:
        assert post(url) == wire.Heard(202, b"word")


def test_a_refused_connection_was_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(wire.NeverSentError):
        post(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "text",
    [b"", b"HTTP/1.1 200 x\r\n", b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nword", b"rubbish\r\n\r\n"],
)
def test_a_broken_answer_proves_nothing(text: bytes) -> None:
    with server(lambda connection: connection.sendall(text)) as url, pytest.raises(wire.SilenceError):
        post(url)


def test_an_overrun_deadline_proves_nothing() -> None:
    released = threading.Event()
    with server(lambda _: void(released.wait(10))) as url:
        with pytest.raises(wire.SilenceError):
            post(url, deadline_s=0.2)
        released.set()


def test_an_endless_answer_is_cut_off() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 999999999\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65_536)
        except OSError:
            pass

    with server(flood) as url, pytest.raises(wire.SilenceError, match="1 MiB"):
        post(url)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    text = b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with server(lambda connection: connection.sendall(text)) as url:
        assert post(url).status == 307


def void(_: object) -> None:
    """A lambda's value that nobody needs."""

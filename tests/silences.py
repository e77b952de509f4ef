"""Neighbours that say nothing: one that takes calls and never answers, one that drops them, one that refuses them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.serving import free_port


@contextmanager
def silent() -> Iterator[str]:
    """An address that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listener:
        yield _address(listener)


@contextmanager
def dropping() -> Iterator[str]:
    """An address whose machine drops the first packet of each connection: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield _address(listener)


@contextmanager
def refusing() -> Iterator[str]:
    """An address where nobody is."""
    yield f"http://127.0.0.1:{free_port()}"


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"

"""Applications on real HTTP servers of the loopback, and other things one waits for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

CHECK_EVERY_S = 0.02


def free_port() -> int:
    """A port that nobody holds at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: Starlette, port: int = 0) -> Iterator[str]:
    """The address of the application while it runs in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        # naming TCP makes asyncio send at once (TCP_NODELAY): 40 ms less per request
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def until(holds: Callable[[], object], at_most_s: float = 10) -> None:
    """Wait for a condition; fails when it does not come true in time."""
    ends_at = time.monotonic() + at_most_s
    while not holds():
        assert time.monotonic() < ends_at, f"not within {at_most_s} s"
        time.sleep(CHECK_EVERY_S)

"""A crew: worker processes beside the one that serves, so that messages are answered on more than one processor.

Each runs `python -m bot work --crew`. The pipe to it is a bell and a life-line: a byte says that a message came, its
end says that the serving process is gone. A byte from it says that a reply is written. Nothing depends on a byte:
both sides look for themselves from time to time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import IO

from bot.loop import AFTER_ERROR_S, Loop

log = logging.getLogger(__name__)

RING = b"."
COMMAND = ("-m", "bot", "work", "--crew")


class Crew:
    """Worker processes; one that ends is followed by another."""

    def __init__(
        self,
        count: int,
        environment: Mapping[str, str],
        on_reply: Callable[[], object],
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        """`environment` of the processes; `on_reply` is called, from any thread, when one has written a reply."""
        self._environment = environment
        self._on_reply = on_reply
        self._command = command
        self._stopping = threading.Event()
        self._pipes: list[IO[bytes] | None] = [None] * count
        self._turns = cycle(range(count))
        self._keepers = [threading.Thread(target=self._keep, args=[place], daemon=True) for place in range(count)]

    def start(self) -> None:
        """Begin."""
        for keeper in self._keepers:
            keeper.start()

    def ring(self) -> None:
        """A message came: tell the next process. The others see it when they look."""
        pipe = self._pipes[next(self._turns)]
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):  # it ended, or is so busy that its pipe is full
                pipe.write(RING)

    def stop(self) -> None:
        """End each after its present message."""
        self._stopping.set()
        for pipe in self._pipes:
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        for keeper in self._keepers:
            keeper.join()

    def _keep(self, place: int) -> None:
        """One place of the crew, always filled."""
        while not self._stopping.is_set():
            with subprocess.Popen(
                [sys.executable, *self._command],
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # Ctrl+C at the terminal ends the server, and the server ends this
            ) as process:
                assert process.stdin and process.stdout
                os.set_blocking(process.stdin.fileno(), False)
                self._pipes[place] = process.stdin
                if self._stopping.is_set():
                    process.stdin.close()
                while process.stdout.read(64):
                    self._on_reply()
                self._pipes[place] = None
            if not self._stopping.is_set():
                log.error("worker process %s ended with %s: another is started", place, process.returncode)
                self._stopping.wait(AFTER_ERROR_S)


def serve(loop: Loop, bell: IO[bytes]) -> None:
    """Work as one of a crew until the bell's pipe ends."""
    loop.start()
    try:
        while rings := bell.read(64):
            for _ in rings:
                loop.ring()
    finally:
        loop.stop()


def answer(replies: IO[bytes]) -> Callable[[], None]:
    """What tells the serving process that a reply is written."""

    def ring() -> None:
        with contextlib.suppress(OSError):
            replies.write(RING)

    return ring

"""The working loops of a process: threads that answer messages until they are told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from bot.bell import Bell
from bot.lanes import Lanes

log = logging.getLogger(__name__)

IDLE_S = 0.2
# how soon a message of another process is seen; our own store rings the bell
AFTER_ERROR_S = 1.0
# doubles with each step in a row that failed, in the same thread, up to
LONGEST_PAUSE_S = 8.0


class Loop:
    """Runs `step` in threads; `step` says whether there was anything to do."""

    def __init__(self, step: Callable[[], bool], threads: int = 1, lanes: Lanes | None = None) -> None:
        self._step = step
        self._lanes = lanes or Lanes(threads)
        self._bell = Bell()
        self._stop = threading.Event()
        self._own = threading.local()
        # how many steps in a row failed in this thread
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """There is something to do."""
        self._bell.ring()

    def stop(self) -> None:
        """End after the present step."""
        self._stop.set()
        for _ in self._threads:
            self._bell.ring()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._lanes.take()
            try:
                self._work()
            finally:
                self._lanes.give()

    def _work(self) -> None:
        """A step, or a wait for the bell: in a lane, so that no more threads look for work than may do it."""
        if self._stop.is_set():
            return
        try:
            worked = self._step()
        except Exception as error:
            failures = getattr(self._own, "failures", 0)
            self._own.failures = failures + 1
            log.error("a step failed: %s", type(error).__name__)
            self._stop.wait(min(AFTER_ERROR_S * 2.0 ** min(failures, 10), LONGEST_PAUSE_S))
            return
        self._own.failures = 0
        if not worked:
            self._bell.wait(IDLE_S)

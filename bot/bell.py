"""A bell: whoever waits for work is woken, one for each ring; a ring that nobody heard is not lost."""

from __future__ import annotations

import threading


class Bell:
    """Rung from any thread, any number of times."""

    def __init__(self, sleepers: int = 1) -> None:
        """`sleepers`: how many may wait; more rings than that are not remembered."""
        self._sleepers = sleepers
        self._rung = 0
        self._changed = threading.Condition()

    def ring(self) -> None:
        """There is something to do for one more."""
        with self._changed:
            self._rung = min(self._rung + 1, self._sleepers)
            self._changed.notify()

    def wait(self, at_most_s: float) -> None:
        """Until it rings, or the time is over."""
        with self._changed:
            if not self._rung:
                self._changed.wait(at_most_s)
            self._rung = max(0, self._rung - 1)

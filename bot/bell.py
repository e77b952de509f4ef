"""A bell: each ring wakes one of those who wait for work; a ring while nobody waits is remembered once.

Once is enough: whoever works looks for more before waiting.
"""

from __future__ import annotations

import threading


class Bell:
    """Rung from any thread, any number of times."""

    def __init__(self) -> None:
        self._rung = False
        self._changed = threading.Condition()

    def ring(self) -> None:
        """There is something to do for one more."""
        with self._changed:
            self._rung = True
            self._changed.notify()

    def wait(self, at_most_s: float) -> None:
        """Until it rings, or the time is over."""
        with self._changed:
            if not self._rung:
                self._changed.wait(at_most_s)
            self._rung = False

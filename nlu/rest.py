"""Rest of an engine that failed: it is left alone for a while, then one message tries for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

REST_S = 3.0


class Rest:
    """Whether an engine is worth asking. Safe to share between threads."""

    def __init__(self, rest_s: float = REST_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None
        # None: the last answer was sound

    def is_over(self) -> bool:
        """Whether to ask the engine; after a failure yes to one caller in each rest: one waits, not all."""
        with self._lock:
            if self._until is None:
                return True
            now = self._clock()
            if now < self._until:
                return False
            self._until = now + self._rest_s
            return True

    def begin(self) -> None:
        """It failed."""
        with self._lock:
            self._until = self._clock() + self._rest_s

    def end(self) -> None:
        """It answered."""
        with self._lock:
            self._until = None

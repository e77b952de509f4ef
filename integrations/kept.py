"""What portals said a short while ago: public views only, in memory only, the longest unused forgotten first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from integrations.dossiers import Found


class Kept:
    """The last answer about each of some dossiers. Safe to share between threads."""

    def __init__(self, most: int, oldest_s: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._oldest_s = oldest_s
        # older ones are not given any more
        self._clock = clock
        # seconds, never going back
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[Found, float]] = OrderedDict()

    def get(self, code: str, at_most_s: float | None = None) -> Found | None:
        """The answer, when it is not older than that."""
        limit_s = self._oldest_s if at_most_s is None else min(at_most_s, self._oldest_s)
        with self._lock:
            found, at_s = self._answers.get(code, (None, 0.0))
            if found is None or self._clock() - at_s >= limit_s:
                return None
            self._answers.move_to_end(code)
            return found

    def put(self, code: str, found: Found) -> None:
        """Keep an answer instead of the one before."""
        with self._lock:
            self._answers[code] = (found, self._clock())
            self._answers.move_to_end(code)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def drop(self, code: str) -> None:
        """Forget a dossier."""
        with self._lock:
            self._answers.pop(code, None)

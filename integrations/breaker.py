"""The breaker: a portal that keeps failing is left alone for a while, then one caller tries for all.

Our own forty lines, because purgatory reads the system clock, holds no lock and lets every caller through at the first
try after a rest (docs/decisions/0012-portals.md).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from integrations.errors import Refused, Unavailable
from integrations.watching import UNWATCHED, Watcher

log = logging.getLogger(__name__)

LONGEST_REST_S = 300.0
# also when the portal itself asks for a longer one: somebody may have written days


class Breaker:
    """Between us and one portal. Safe to share between threads."""

    def __init__(
        self, name: str, failures: int, rest_s: float, clock: Callable[[], float], watcher: Watcher = UNWATCHED
    ) -> None:
        self._name = name
        self._watcher = watcher
        self._most = failures
        # in a row
        self._rest_s = rest_s
        self._clock = clock
        # seconds, never going back
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until: float | None = None
        self._is_tried = False

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """A call. Raises Unavailable at once while the portal rests; being slow, down or closed to us is a failure.

        An answer that cannot be believed is none: one broken record must not close the portal to everybody.
        """
        self._admit()
        try:
            yield
        except (Unavailable, Refused) as error:
            self._failed(getattr(error, "retry_after_s", None))
            raise
        except BaseException:
            self._worked()
            raise
        self._worked()

    def _admit(self) -> None:
        with self._lock:
            if self._rests_until is None:
                return
            left_s = self._rests_until - self._clock()
            if left_s > 0 or self._is_tried:
                raise Unavailable(f"{self._name}: left alone after failures", max(left_s, 1.0))
            self._is_tried = True

    def _failed(self, asked_s: float | None) -> None:
        """`asked_s`: the wait that the portal itself asks for."""
        with self._lock:
            self._failures += 1
            if asked_s or self._is_tried or self._failures >= self._most:
                rest_s = min(asked_s or self._rest_s, LONGEST_REST_S)
                self._rests_until = self._clock() + rest_s
                log.warning("portal_rests portal=%s rest_s=%.0f", self._name, rest_s)
                self._watcher.rests(self._name, rest_s)
            self._is_tried = False

    def _worked(self) -> None:
        with self._lock:
            if self._rests_until is not None:
                self._watcher.rests(self._name, 0.0)
            self._failures, self._rests_until, self._is_tried = 0, None, False

"""The stopwatch: how long each step of a turn took, and each call to a neighbour inside it.

The one that runs belongs to the thread that works on a message; whoever measures where none runs measures for nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Lap:
    """A stretch of time with a name."""

    name: str
    # a step of a turn, or a neighbour
    started_ns: int
    # since 1970
    ended_ns: int
    error: str = ""
    # name of the error that ended it

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_ns - self.started_ns) / 1e9


class Stopwatch:
    """Started when it is made. For one thread."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns, epoch_ns: int | None = None) -> None:
        """`clock` never goes back, in nanoseconds; `epoch_ns` is added to it to say when it was."""
        self._clock = clock
        self._epoch_ns = time.time_ns() - clock() if epoch_ns is None else epoch_ns
        self.started_ns = self._now_ns()
        self.steps: list[Lap] = []
        self.calls: list[Lap] = []

    def lap(self, name: str) -> None:
        """A step ends now; it began where the one before it ended."""
        started_ns = self.steps[-1].ended_ns if self.steps else self.started_ns
        self.steps.append(Lap(name, started_ns, self._now_ns()))

    def total_s(self) -> float:
        """Since it was made."""
        return (self._now_ns() - self.started_ns) / 1e9

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """A call to a neighbour, inside whatever step there is."""
        started_ns, error = self._now_ns(), ""
        try:
            yield
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            self.calls.append(Lap(name, started_ns, self._now_ns(), error))

    def _now_ns(self) -> int:
        return self._clock() + self._epoch_ns


_running: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def started() -> Iterator[Stopwatch]:
    """A stopwatch that this thread finds with `running` until the end of the block."""
    watch = Stopwatch()
    token = _running.set(watch)
    try:
        yield watch
    finally:
        _running.reset(token)


def running() -> Stopwatch:
    """The one that was started in this thread; one for nobody where none was."""
    return _running.get() or Stopwatch()

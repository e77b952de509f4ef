"""Observation: what is told of a turn and of a neighbour's call to those who watch over the service.

Of a turn that is one line in the log, counts, and a trace where one is wanted: numbers of ours, names of closed lists,
times. No text, no address, no code of a dossier.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from bot import stopwatch
from bot.assistant import Turn
from bot.inbox import Taken
from bot.meters import UNCOUNTED, Counting
from bot.perform import BAD_ANSWER
from bot.stopwatch import Stopwatch
from integrations.errors import NotFound
from nlu.understanding import Reading, Understander

log = logging.getLogger(__name__)

Trace = Callable[[int, Taken, Turn, Stopwatch], None]
# called with the number of a turn once it is recorded (bot/traces.py)


class Observer:
    """Whoever watches. Safe to share between threads."""

    def __init__(self, meters: Counting = UNCOUNTED, trace: Trace | None = None) -> None:
        self._meters = meters
        self._trace = trace

    def turn(self, turn_id: int, taken: Taken, turn: Turn, waited_s: float, watch: Stopwatch) -> None:
        """A turn was recorded, so long after its message came."""
        steps_ms = {lap.name: round(lap.seconds * 1000, 1) for lap in watch.steps}
        outcome, channel = turn.facts.outcome.value, taken.channel
        told = {"turn": turn_id, "channel": channel, "outcome": outcome, "engine": turn.engine}
        log.info("turn", extra={**told, "waited_ms": round(waited_s * 1000), "steps_ms": steps_ms})
        self._meters.count("turns", channel=channel, outcome=outcome)
        self._meters.count("readings", engine=turn.engine)
        self._meters.observe("turn_seconds", watch.total_s(), channel=channel)
        self._meters.observe("answer_seconds", waited_s, channel=channel)
        for lap in watch.steps:
            self._meters.observe("step_seconds", lap.seconds, step=lap.name)
        if getattr(turn.facts, "detail", "") == BAD_ANSWER:
            self._meters.count("bad_answers")
            log.error("a portal's answer was not believed")
        if self._trace is not None:
            self._trace(turn_id, taken, turn, watch)

    def failed(self, taken: Taken, error: Exception) -> None:
        """An attempt at a message failed."""
        told = {"inbox": taken.inbox_id, "attempt": taken.attempts}
        log.error("a message failed: %s", type(error).__name__, extra=told)
        self._meters.count("turn_failures", channel=taken.channel)

    def ended(self, portal: str, how: str) -> None:
        """A look-up ended so (integrations/resilient.py)."""
        self._meters.count("portal_calls", portal=portal, ended=how)

    def rests(self, portal: str, rest_s: float) -> None:
        """A portal is left alone for so long; 0: it works again."""
        until = time.time() + rest_s if rest_s else 0.0
        self._meters.set("portal_rests_until_timestamp_seconds", until, portal=portal)

    @contextmanager
    def calling(self, neighbour: str) -> Iterator[None]:
        """A call to a neighbour. That there is no such dossier is a sound answer."""
        started = time.perf_counter()
        try:
            with stopwatch.running().call(neighbour):
                yield
        except NotFound:
            raise
        except Exception:
            self._meters.count("neighbour_failures", neighbour=neighbour)
            raise
        finally:
            self._meters.observe("neighbour_seconds", time.perf_counter() - started, neighbour=neighbour)


class Remote(Understander, Protocol):
    """An engine that is reached over connections."""

    def close(self) -> None: ...


class WatchedReader:
    """An engine beyond this process whose readings are timed."""

    def __init__(self, name: str, engine: Remote, observer: Observer) -> None:
        self._name = name
        self._engine = engine
        self._observer = observer

    def read(self, text: str) -> Reading:
        """The reading of the engine. Raises `nlu.errors.Unavailable`."""
        with self._observer.calling(self._name):
            return self._engine.read(text)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.close()

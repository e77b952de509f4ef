"""Figures: what this process has counted since its start, for those who watch over it. No code, no person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.flood import Flood
from bot.perform import BAD_ANSWER
from bot.worker import Worker


@dataclass(frozen=True)
class Figure:
    """One count."""

    name: str
    # turns, bad_answers, messages_dropped, lookups_slowed
    labels: Mapping[str, str]
    # of closed lists: outcomes, channels, limits
    count: int


def figures(worker: Worker, flood: Flood) -> Iterator[Figure]:
    """Every count; an answer of a portal that was not believed is one also while there is none."""
    ended = worker.ended()
    yield Figure("bad_answers", {}, ended.get(BAD_ANSWER, 0))
    for outcome, count in sorted(ended.items()):
        if outcome != BAD_ANSWER:
            yield Figure("turns", {"outcome": outcome}, count)
    for name, counted in (("messages_dropped", flood.dropped()), ("lookups_slowed", flood.slowed())):
        for (channel, limit), count in sorted(counted.items()):
            yield Figure(name, {"channel": channel, "limit": limit}, count)

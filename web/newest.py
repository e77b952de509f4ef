"""The newest row of each ticket, or of each chat: one question to the database for all the pages that listen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

BEAT_S = 0.1
OVERLAP = 100
# rows that are looked at again: in PostgreSQL a lower number may be committed after a higher one
MOST_KNOWN = 10_000
# keys; then all are forgotten, and each page reads itself once for nothing

Key = TypeVar("Key")


class Newest(Generic[Key]):
    """Asks at most once in BEAT_S, and only while somebody wants to know."""

    def __init__(self, newest: Callable[[], int], news: Callable[[int], Mapping[Key, int]]) -> None:
        """`newest`: the last row of all; `news`: the newest row of each key that has one after a row."""
        self._ask_newest = newest
        self._ask_news = news
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._last: int | None = None
        self._rows: dict[Key, int] = {}
        self.changes = 0
        # how often anything was new

    async def look(self) -> None:
        """Know what is new, as of a beat ago at most."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= BEAT_S:
                await run_in_threadpool(self._beat)
                self._asked_at = time.monotonic()

    def of(self, key: Key) -> int:
        """The newest row of a key; 0 when nothing happened to it lately."""
        return self._rows.get(key, 0)

    def _beat(self) -> None:
        """What is new since the last time."""
        if self._last is None:
            self._last = self._ask_newest()
        news = self._ask_news(max(0, self._last - OVERLAP))
        if len(self._rows) > MOST_KNOWN:
            self._rows.clear()
        if any(self._rows.get(key) != row for key, row in news.items()):
            self.changes += 1
        self._rows.update(news)
        self._last = max(self._last, *news.values(), 0)

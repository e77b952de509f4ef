"""The pulse: tells open pages of the console that something changed. They then read themselves again.

A page of a ticket hears of that ticket alone, the list of all. What citizens and the assistant say to each other
without an officer is no news here: whatever an officer sees of a ticket comes with a row of its history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

BEAT_S = 0.1
RETRY_MS = 2000
OVERLAP = 100
# rows that are looked at again: in PostgreSQL a lower number may be committed after a higher one
MOST_KNOWN = 10_000
# tickets; then all are forgotten, and each page reads itself once for nothing

News = Callable[[int], Mapping[int, int]]
# the newest row of each ticket that has one after a row


class Pulse:
    """One question to the database for everybody who listens."""

    def __init__(
        self, newest: Callable[[], int], news: News, presence: Callable[[int], int], stream_age_s: float
    ) -> None:
        self._ask_newest = newest
        self._ask_news = news
        self._presence = presence
        # how often somebody came to a ticket, or began or stopped to write there
        self._stream_age_s = stream_age_s
        # then the browser connects again, and its session is looked at again
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._newest: int | None = None
        self._rows: dict[int, int] = {}
        self._changes = 0

    async def stream(self, ticket_id: int = 0) -> AsyncIterator[ServerSentEvent]:
        """An event at once and after every change: of one ticket, or of any."""
        told, ends_at = "", time.monotonic() + self._stream_age_s
        while not told or time.monotonic() < ends_at:
            mark = await self._mark(ticket_id)
            if mark != told:
                told = mark
                yield ServerSentEvent(event="changed", data=mark, retry=RETRY_MS)
            if time.monotonic() < ends_at:
                await asyncio.sleep(BEAT_S)

    async def _mark(self, ticket_id: int) -> str:
        async with self._asking:
            if time.monotonic() - self._asked_at >= BEAT_S:
                await run_in_threadpool(self._beat)
                self._asked_at = time.monotonic()
        if not ticket_id:
            return str(self._changes)
        return f"{self._rows.get(ticket_id, 0)}-{self._presence(ticket_id)}"

    def _beat(self) -> None:
        """What is new since the last time."""
        if self._newest is None:
            self._newest = self._ask_newest()
        news = self._ask_news(max(0, self._newest - OVERLAP))
        if len(self._rows) > MOST_KNOWN:
            self._rows.clear()
        if any(self._rows.get(ticket_id) != row for ticket_id, row in news.items()):
            self._changes += 1
        self._rows.update(news)
        self._newest = max(self._newest, *news.values(), 0)

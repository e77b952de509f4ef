"""The pulse: tells open pages of the console that something changed. They then read themselves again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

BEAT_S = 0.2
RETRY_MS = 2000


class Pulse:
    """One question to the database for everybody who listens."""

    def __init__(self, mark: Callable[[], str], stream_age_s: float) -> None:
        self._ask = mark
        self._stream_age_s = stream_age_s
        # then the browser connects again, and its session is looked at again
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._mark = ""

    async def stream(self) -> AsyncIterator[ServerSentEvent]:
        """An event at once and after every change."""
        told, ends_at = "", time.monotonic() + self._stream_age_s
        while not told or time.monotonic() < ends_at:
            mark = await self._current()
            if mark != told:
                told = mark
                yield ServerSentEvent(event="changed", data=mark, retry=RETRY_MS)
            if time.monotonic() < ends_at:
                await asyncio.sleep(BEAT_S)

    async def _current(self) -> str:
        async with self._asking:
            if time.monotonic() - self._asked_at >= BEAT_S:
                self._mark = await run_in_threadpool(self._ask)
                self._asked_at = time.monotonic()
            return self._mark

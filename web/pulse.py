"""The pulse: tells open pages of the console that something changed. They then read themselves again.

A page of a ticket hears of that ticket alone, the list of all. What citizens and the assistant say to each other
without an officer is no news here: whatever an officer sees of a ticket comes with a row of its history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from sse_starlette import ServerSentEvent

from web.newest import BEAT_S, Newest

RETRY_MS = 2000


class Pulse:
    """What the open pages of the console listen to."""

    def __init__(self, tickets: Newest[int], presence: Callable[[int], int], stream_age_s: float) -> None:
        self._tickets = tickets
        self._presence = presence
        # how often somebody came to a ticket, or began or stopped to write there
        self._stream_age_s = stream_age_s
        # then the browser connects again, and its session is looked at again

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
        await self._tickets.look()
        if not ticket_id:
            return str(self._tickets.changes)
        return f"{self._tickets.of(ticket_id)}-{self._presence(ticket_id)}"

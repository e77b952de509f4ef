"""Presence: which officers look at a ticket or write to its citizen now: in memory, for moments only."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

VIEWING_S = 45.0
# a page reads itself again every 30 s
TYPING_S = 10.0


@dataclass(frozen=True)
class Seen:
    """An officer at a ticket."""

    name: str
    viewing_until_s: float
    typing_until_s: float


class Presence:
    """Who is where. Another process knows of others only: whoever runs several sees the officers of the same one."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._seen: dict[tuple[int, int], Seen] = {}
        # by ticket and officer
        self._changes: Counter[int] = Counter()
        # of each ticket

    def note(self, ticket_id: int, officer_id: int, name: str, typing: bool | None = None) -> None:
        """An officer has the page open, and writes or does not; None: as before."""
        now = self._clock_s()
        self._seen = {at: seen for at, seen in self._seen.items() if seen.viewing_until_s > now}
        before = self._seen.get((ticket_id, officer_id), Seen(name, 0.0, 0.0))
        until = {None: before.typing_until_s, True: now + TYPING_S, False: 0.0}[typing]
        self._seen[ticket_id, officer_id] = Seen(name, now + VIEWING_S, until)
        if before.viewing_until_s == 0.0 or (before.typing_until_s > now) != (until > now):
            self._changes[ticket_id] += 1

    def changes(self, ticket_id: int) -> int:
        """How often somebody came to a ticket, or began or stopped to write there."""
        return self._changes[ticket_id]

    def others(self, ticket_id: int, officer_id: int) -> list[tuple[str, bool]]:
        """Who else is at a ticket: name, and whether they write; by name."""
        now = self._clock_s()
        return sorted(
            (seen.name, seen.typing_until_s > now)
            for (ticket, officer), seen in list(self._seen.items())
            if ticket == ticket_id and officer != officer_id and seen.viewing_until_s > now
        )

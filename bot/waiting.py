"""How long citizens really waited: from a ticket's opening to an officer's first reply, in the desk's working time.

Talk time and the number of officers do not enter. Whoever gave up before the first reply is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import sqlalchemy as sa

from bot import tables
from bot.desks import DeskPlan

WINDOW = timedelta(weeks=4)
FEWEST = 20
# waits below which nothing is said


@dataclass(frozen=True)
class Wait:
    """How long it took for whoever asked at this desk in this hour of the day."""

    half_minutes: int
    # half of them waited no longer (p50)
    most_minutes: int
    # nine of ten waited no longer (p90)
    samples: int


def measured(connection: sa.Connection, plan: DeskPlan, now: datetime) -> Wait | None:
    """The waits of the last weeks for a desk and the hour of a moment (aware); None when there are too few."""
    there = tables.ticket.c
    query = sa.select(there.opened_at, there.first_replied_at).where(
        there.desk == plan.id, there.opened_at >= now - WINDOW, there.first_replied_at.is_not(None)
    )
    hour = now.astimezone(plan.calendar.zone).hour
    rows = [row for row in connection.execute(query) if row[0].astimezone(plan.calendar.zone).hour == hour]
    return summary([plan.calendar.worked_between(opened, replied) for opened, replied in rows])


def summary(waits: Sequence[timedelta]) -> Wait | None:
    """The waits as a citizen is told them, in whole minutes rounded up; None when there are too few."""
    if len(waits) < FEWEST:
        return None
    minutes = sorted(ceil(wait / timedelta(minutes=1)) for wait in waits)
    return Wait(_nearest(minutes, 50), _nearest(minutes, 90), len(minutes))


def _nearest(ordered: Sequence[int], percent: int) -> int:
    """The nearest rank: the smallest value that so many per cent do not exceed."""
    return ordered[ceil(len(ordered) * percent / 100) - 1]

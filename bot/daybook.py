"""The daybook: every day is counted once, some hours after it ended, and never changes any more.

Reports are made of closed days alone: they stay the same when conversations are deleted for age.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from bot import day_counts, tables
from bot.day_counts import Counted
from bot.desks import Desks
from bot.periods import day_of
from bot.present import ZONE
from bot.store import Store

log = logging.getLogger(__name__)

CLOSE_AFTER = timedelta(hours=2)
# the end of a day: what was in hand at midnight is written by then. What comes later still is in no report
LOOK_EVERY_S = 900.0
_figure, _closed = tables.daily_figure, tables.closed_day


class Daybook:
    """Closes days. Any number may look beside each other: a day is closed by one."""

    def __init__(self, store: Store, served: Desks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._desks = served
        self._clock = clock

    def step(self) -> int:
        """Close every day that is due; how many it were."""
        closed = 0
        while (day := self._next()) is not None:
            self._close(day)
            closed += 1
        return closed

    def run(self, stop: threading.Event) -> None:
        """Close what is due, and look again and again until told to stop."""
        while True:
            try:
                with self._store.duty("daybook") as ours:
                    if ours:
                        self.step()
            except sa.exc.SQLAlchemyError as error:
                log.error("a day was not closed: %s", type(error).__name__)
            if stop.wait(LOOK_EVERY_S):
                return

    def changed(self) -> list[date]:
        """The closed days whose figures are not those they were closed with."""
        with self._store.reading() as connection:
            closed = connection.execute(sa.select(_closed.c.day, _closed.c.digest).order_by(_closed.c.day)).all()
            return [day for day, told in closed if digest(_rows_of(connection, day)) != told]

    def _next(self) -> date | None:
        """The first day that is not closed and may be."""
        with self._store.reading() as connection:
            last: date | None = connection.execute(sa.select(sa.func.max(_closed.c.day))).scalar()
            day = last + timedelta(days=1) if last else _first_day(connection)
        if day is None or self._clock() < datetime.combine(day + timedelta(days=1), time(), ZONE) + CLOSE_AFTER:
            return None
        return day

    def _close(self, day: date) -> None:
        with self._store.reading() as connection:
            rows = [*_rows(day, day_counts.of_day(connection, day, self._desks))]
        with self._store.writing() as connection:
            values = {"day": day, "digest": digest(rows), "closed_at": self._clock()}
            connection.execute(sa.insert(_closed).values(**values))
            if rows:
                connection.execute(sa.insert(_figure), rows)


def digest(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 over rows of `daily_figure`, in their order."""
    told = sorted([str(row[column.name]) for column in _figure.columns] for row in rows)
    return sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _rows(day: date, counted: Counted) -> Iterable[dict[str, Any]]:
    for fact, value in counted.items():
        yield {"day": day, **vars(fact.place), "measure": fact.name.value, "key": fact.key, "value": value}


def _rows_of(connection: sa.Connection, day: date) -> Iterable[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.select(_figure).where(_figure.c.day == day)).mappings()]


def _first_day(connection: sa.Connection) -> date | None:
    """The day of the first thing that is known; None when nothing is."""
    columns = (tables.turn.c.created_at, tables.ticket.c.opened_at, tables.rating.c.asked_at)
    found = [connection.execute(sa.select(sa.func.min(column, type_=tables.UtcTime))).scalar() for column in columns]
    return min((day_of(at) for at in found if at is not None), default=None)

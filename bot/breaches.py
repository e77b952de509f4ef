"""Breaches: the limits that were passed or nearly are, for whoever looks after a desk. Read from the ledger's rows.

The clock's hand writes a row when a limit is near and when it is passed, with the cause as it was then
(bot/timers.py); here each row is put beside the clock that it is of. A limit that was kept after its warning is
in no list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from bot import clocks, desks, ledger, tables
from bot.clocks import Cause, Clock, Limit
from bot.desks import Desks
from bot.ledger import Entry
from bot.present import ZONE
from bot.store import Store
from bot.ticket import OPEN, Event

NOTED = (Event.WARNED.value, Event.BREACHED.value)


@dataclass(frozen=True)
class Breach:
    """One limit of one ticket that was passed, or is near."""

    ticket_id: int
    code: str
    desk: str
    # id of the desk that owed it when the row was written
    desk_name: str
    lies_at: str
    # id of the desk where the ticket is now
    limit: Limit
    due_at: datetime
    noted_at: datetime
    # when the row was written
    over: timedelta
    # in the desk's working time, by now or until it stopped; nothing while it is only near
    is_passed: bool
    runs: bool
    # still owed
    cause: Cause | None
    # as it was when the limit was passed; None while it is only near
    holder: str
    # name of the officer who had it then; "" when it lay in the queue


def found_in(
    ticket_id: int, code: str, history: Sequence[Entry], served: Desks, names: Mapping[int, str], now: datetime
) -> Iterator[Breach]:
    """What a ticket's history says of its limits at a moment (aware). Pure."""
    owed: dict[str, dict[str, Clock]] = {}
    # the clocks by name, of each desk that wrote a row
    for name, entry in _noted(history).items():
        plan, is_passed = served[entry.desk], entry.event is Event.BREACHED
        if plan.id not in owed:
            owed[plan.id] = {clock.name: clock for clock in clocks.clocks(history, plan)}
        clock = owed[plan.id].get(name)
        if clock is None or clock.due_at is None or not (is_passed or clock.stopped_at is None):
            continue
        yield Breach(
            ticket_id=ticket_id,
            code=code,
            desk=plan.id,
            desk_name=plan.name,
            lies_at=history[-1].desk,
            limit=clock.limit,
            due_at=clock.due_at,
            noted_at=entry.at,
            over=plan.calendar.worked_between(clock.due_at, _ends(clock, now)) if is_passed else timedelta(),
            is_passed=is_passed,
            runs=clock.stopped_at is None,
            cause=Cause(entry.text.rpartition(" ")[2]) if is_passed else None,
            holder=names.get(entry.holder_id or 0, ""),
        )


def _noted(history: Sequence[Entry]) -> dict[str, Entry]:
    """The row of each clock (bot.clocks.Clock.name) that has one; a breach takes the place of its warning."""
    return {entry.text.rpartition(" ")[0]: entry for entry in history if entry.event in NOTED}


def _ends(clock: Clock, now: datetime) -> datetime:
    return clock.stopped_at or now


class Breaches:
    """The breaches of all desks. `led`: the desks to look at; None for all."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock

    def today(self) -> date:
        """The day it is here."""
        return self._clock().astimezone(ZONE).date()

    def on(self, day: date, led: Collection[str] | None = None) -> list[Breach]:
        """The limits that were seen to be passed on a day here, the latest first, at the desks that owed them."""
        start, row = datetime.combine(day, time(), ZONE), tables.ticket_event.c
        end = start + timedelta(days=1)
        noted = sa.and_(row.kind == Event.BREACHED.value, row.at >= start, row.at < end, _one_of(row.desk, led))
        found = [item for item in self._found(noted) if item.is_passed and start <= item.noted_at < end]
        return sorted((item for item in found if led is None or item.desk in led), key=_moment, reverse=True)

    def running(self, led: Collection[str] | None = None) -> list[Breach]:
        """What is owed now and passed or near, the longest overdue first, at the desks where the tickets lie."""
        is_open = tables.ticket.c.state.in_(OPEN)
        noted = sa.and_(tables.ticket_event.c.kind.in_(NOTED), is_open, _one_of(tables.ticket.c.desk, led))
        return sorted((item for item in self._found(noted) if item.runs), key=_moment)

    def _found(self, noted: sa.ColumnElement[bool]) -> list[Breach]:
        """Every breach and warning of the tickets that have such a row."""
        query = sa.select(tables.ticket.c.id, tables.ticket.c.code).join(tables.ticket_event).where(noted).distinct()
        with self._store.reading() as connection:
            codes = {number: code for number, code in connection.execute(query)}
            histories = ledger.histories(connection, list(codes))
            officers = connection.execute(sa.select(tables.officer.c.id, tables.officer.c.name))
            names = {number: name for number, name in officers}
        now = self._clock()
        found = (found_in(number, code, histories[number], self._desks, names, now) for number, code in codes.items())
        return [item for items in found for item in items]


def _one_of(desk: sa.ColumnElement[str], led: Collection[str] | None) -> sa.ColumnElement[bool]:
    return sa.true() if led is None else desk.in_(led)


def _moment(item: Breach) -> datetime:
    return item.due_at

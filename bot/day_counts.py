"""What is counted of one day: turns, tickets and ratings to figures by unit, field, channel and desk.

Each event belongs to the day of the City on which it happened, and to one place: a ticket that moves between desks is
opened at the first, and what happens to it afterwards is counted where it lay then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import clocks, ledger, tables
from bot.clocks import SPOKEN
from bot.desks import Desks
from bot.ledger import Entry
from bot.measures import UNCLEAR, Name, of_outcome
from bot.outcomes import Outcome
from bot.periods import span
from bot.ticket import Event, Stage

MINUTE = timedelta(minutes=1)
MOST_AT_A_TIME = 5_000
# tickets whose histories are read together
_turn, _talk, _ticket, _rating = tables.turn.c, tables.conversation.c, tables.ticket.c, tables.rating.c
BY_EVENT = {
    Event.OPENED: Name.TICKETS_OPENED,
    Event.FILED: Name.COMPLAINTS_FILED,
    Event.TRANSFERRED: Name.TICKETS_MOVED,
    Event.REROUTED: Name.TICKETS_MOVED,
    Event.REOPENED: Name.TICKETS_REOPENED,
    Event.RESOLVED: Name.TICKETS_SETTLED,
    Event.CANCELLED: Name.TICKETS_ENDED,
    Event.LEFT: Name.TICKETS_ENDED,
    Event.SILENCE: Name.TICKETS_ENDED,
}


@dataclass(frozen=True)
class Place:
    """Where something is counted; empty: not known, or of no desk."""

    unit: str = ""
    field: str = ""
    channel: str = ""
    desk: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing that is counted."""

    place: Place
    name: Name
    key: str = ""


Span = tuple[datetime, datetime]
# from the first moment up to, and without, the second
Counted = Counter[Fact]


def of_day(connection: sa.Connection, day: date, served: Desks) -> Counted:
    """Everything that is counted of a day."""
    within = span(day)
    counted = Counter[Fact]()
    for facts in (_of_turns(connection, within), _of_talks(connection, within), _of_ratings(connection, within)):
        for fact, count in facts:
            counted[fact] += count
    counted.update(_of_tickets(connection, within, served))
    return counted


def _of_turns(connection: sa.Connection, within: Span) -> Iterator[tuple[Fact, int]]:
    by = (_turn.unit, _turn.field, _talk.channel, _turn.outcome, _turn.procedure)
    query = sa.select(*by, sa.func.count()).join_from(tables.turn, tables.conversation).group_by(*by)
    for unit, field, channel, outcome, procedure, count in connection.execute(_within(query, _turn.created_at, within)):
        place = Place(unit, field, channel)
        yield Fact(place, of_outcome()[Outcome(outcome)]), count
        if procedure:
            yield Fact(place, Name.PROCEDURE_ASKED, procedure), count


def _of_talks(connection: sa.Connection, within: Span) -> Iterator[tuple[Fact, int]]:
    """Each conversation once, where its last turn of the day was."""
    last = _within(sa.select(sa.func.max(_turn.id)), _turn.created_at, within).group_by(_turn.conversation_id)
    by = (_turn.unit, _turn.field, _talk.channel)
    query = sa.select(*by, sa.func.count()).join_from(tables.turn, tables.conversation).where(_turn.id.in_(last))
    for unit, field, channel, count in connection.execute(query.group_by(*by)):
        yield Fact(Place(unit, field, channel), Name.CONVERSATIONS), count


def _of_ratings(connection: sa.Connection, within: Span) -> Iterator[tuple[Fact, int]]:
    """Questions on the day they were asked, answers on the day they were given."""
    desk = sa.func.coalesce(_ticket.desk, "")
    by = (_rating.unit, _rating.field, _rating.channel, desk, _rating.step, _rating.reason)
    query = sa.select(*by, sa.func.count()).join_from(tables.rating, tables.ticket, isouter=True).group_by(*by)
    for *where, _, _, count in connection.execute(_within(query, _rating.asked_at, within)):
        yield Fact(Place(*where), Name.SATISFACTION_ASKED), count
    for *where, step, reason, count in connection.execute(_within(query, _rating.answered_at, within)):
        yield Fact(Place(*where), Name.SATISFACTION, str(step)), count
        if reason:
            yield Fact(Place(*where), Name.REASONS, reason), count


def _of_tickets(connection: sa.Connection, within: Span, served: Desks) -> Iterator[Fact]:
    held: list[list[Entry]] = []
    for row, history in _tickets(connection, within):
        known = [entry for entry in history if entry.at < within[1]]
        held.append(known)
        for desk, name, key in of_history(known, within, served):
            yield Fact(Place(row.unit, row.field, row.channel, desk), name, key)
    yield from [Fact(Place(), Name.MOST_AT_ONCE)] * most_at_once(held, within)


def _tickets(connection: sa.Connection, within: Span) -> Iterator[tuple[Any, list[Entry]]]:
    """The tickets that were open at some moment (id, unit, field, channel), each with its history."""
    start, end = within
    query = sa.select(_ticket.id, _ticket.unit, _ticket.field, _talk.channel)
    query = query.join_from(tables.ticket, tables.conversation).where(_ticket.opened_at < end)
    rows = connection.execute(query.where(sa.or_(_ticket.resolved_at.is_(None), _ticket.resolved_at >= start))).all()
    for first in range(0, len(rows), MOST_AT_A_TIME):
        part = rows[first : first + MOST_AT_A_TIME]
        histories = ledger.histories(connection, [row.id for row in part])
        yield from ((row, histories[row.id]) for row in part)


def of_history(history: Sequence[Entry], within: Span, served: Desks) -> Iterator[tuple[str, Name, str]]:
    """What a ticket's history, known up to the end of a day, says of that day: desk, measure and key. Pure."""
    has_spoken = False
    for entry in history:
        is_today = entry.at >= within[0]
        if is_today and entry.event in BY_EVENT:
            yield entry.desk, BY_EVENT[entry.event], ""
        if is_today and entry.stage is Stage.CLOSED and not has_spoken:
            yield entry.desk, Name.CLOSED_UNANSWERED, ""
        if entry.event in SPOKEN:
            if is_today and not has_spoken and history[0].event is Event.OPENED:
                yield entry.desk, Name.FIRST_ANSWER_WAIT, wait_key(history[0].at, entry.at)
            has_spoken = True
    yield from _clocks(history, within, served)


def wait_key(opened_at: datetime, answered_at: datetime) -> str:
    """Minutes, rounded up; a wait that would be negative is said to be unclear."""
    return str(-((opened_at - answered_at) // MINUTE)) if answered_at >= opened_at else UNCLEAR


def _clocks(history: Sequence[Entry], within: Span, served: Desks) -> Iterator[tuple[str, Name, str]]:
    """Each limit once: broken on the day its row was written, otherwise met or broken on the day it stopped."""
    broken: set[str] = set()
    for entry in history:
        if entry.event is Event.BREACHED:
            name = entry.text.rpartition(" ")[0]
            broken.add(name)
            if entry.at >= within[0]:
                yield entry.desk, Name.CLOCKS_BROKEN, name.partition(" ")[0]
    if history[-1].at < within[0]:
        return
    for clock in clocks.clocks(history, served[history[-1].desk]):
        if clock.name not in broken and clock.stopped_at is not None and clock.stopped_at >= within[0]:
            at = clock.stopped_at
            name = Name.CLOCKS_BROKEN if clock.is_breached(at) else Name.CLOCKS_MET
            yield [entry.desk for entry in history if entry.at <= at][-1], name, clock.limit.value


def most_at_once(histories: Iterable[Sequence[Entry]], within: Span) -> int:
    """The most tickets that one officer had in hand at one moment; those that wait for the citizen do not count."""
    changes: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for history in histories:
        ends = [*(entry.at for entry in history[1:]), within[1]]
        for entry, until in zip(history, ends, strict=True):
            if entry.stage is Stage.OFFICER and entry.holder_id and until > within[0]:
                changes[entry.holder_id] += [(max(entry.at, within[0]), 1), (until, -1)]
    return max((_peak(sorted(moments)) for moments in changes.values()), default=0)


def _peak(moments: Sequence[tuple[datetime, int]]) -> int:
    """The largest sum; what ends at a moment has ended before something else begins."""
    peak = held = 0
    for _, change in moments:
        held += change
        peak = max(peak, held)
    return peak


def _within(query: sa.Select, column: sa.ColumnElement[datetime], within: Span) -> sa.Select:  # type: ignore[type-arg]
    return query.where(column >= within[0], column < within[1])

"""Who opened whose conversation, when and why. Written before the page is shown; kept for KEEP, then deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa

from bot import tables
from bot.present import ZONE
from bot.store import Store

KEEP = timedelta(days=365)
# our own rule: the law names no period (docs/decisions/0016-access.md)
SITTING = timedelta(minutes=15)
# looks of one officer at one ticket within it are one entry
MOST_SHOWN = 500


class Why(StrEnum):
    """What a conversation was opened for."""

    TICKET = "ticket"
    SEARCH = "search"
    AUDIT = "audit"
    EXPORT = "export"
    # taken away as a file
    NUMBER = "number"
    # the number to call back on
    FILE = "file"
    # that the citizen sent
    LETTER = "letter"
    # of apology for a late dossier


@dataclass(frozen=True)
class Look:
    """One sitting of an officer over a conversation."""

    officer_name: str
    username: str
    conversation_id: int
    ticket_id: int | None
    why: Why
    at: datetime
    until: datetime


class AccessLog:
    """The log of all officers."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    def note(self, officer_id: int, ticket_ids: Collection[int], why: Why) -> None:
        """An officer opens these tickets; one that does not exist leaves no entry."""
        now = self._clock()
        query = sa.select(tables.ticket.c.id, tables.ticket.c.conversation_id)
        with self._store.writing() as connection:
            for ticket_id, conversation_id in connection.execute(query.where(tables.ticket.c.id.in_(ticket_ids))).all():
                values = {"officer_id": officer_id, "conversation_id": conversation_id, "ticket_id": ticket_id}
                _note(connection, values, why, now)

    def looks(self, officer_id: int | None = None, on: date | None = None, most: int = MOST_SHOWN) -> list[Look]:
        """The newest first; of one officer, of one day in Vietnam, or of all."""
        log = tables.access_log.c
        query = sa.select(tables.access_log, tables.officer.c.name, tables.officer.c.username).join(tables.officer)
        if officer_id is not None:
            query = query.where(log.officer_id == officer_id)
        if on is not None:
            start = datetime.combine(on, time(), ZONE)
            query = query.where(log.at >= start, log.at < start + timedelta(days=1))
        with self._store.reading() as connection:
            rows = connection.execute(query.order_by(log.id.desc()).limit(most)).mappings()
            return [_look(row) for row in rows]


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete what is older than KEEP."""
    begun, over = tables.access_log.c.at < now - KEEP, tables.access_log.c.until < now - KEEP
    connection.execute(sa.delete(tables.access_log).where(begun, over))
    # the first follows from the second, and has an index


def _note(connection: sa.Connection, values: dict[str, int], why: Why, now: datetime) -> None:
    log = tables.access_log
    same = sa.and_(
        log.c.why == why.value, log.c.until > now - SITTING, *(log.c[name] == values[name] for name in values)
    )
    last = connection.execute(sa.select(sa.func.max(log.c.id)).where(same)).scalar()
    if last is None:
        connection.execute(sa.insert(log).values(**values, why=why.value, at=now, until=now))
    else:
        connection.execute(sa.update(log).where(log.c.id == last).values(until=now))


def _look(row: sa.RowMapping) -> Look:
    named = {name: row[name] for name in ("username", "conversation_id", "ticket_id", "at", "until")}
    return Look(officer_name=row["name"], why=Why(row["why"]), **named)

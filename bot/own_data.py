"""What is stored of a citizen: told in chat and given as a copy, by the words of bot/data/register.yaml.

The right to see it is in Decree 356/2025, Article 5 (ten days); here it is answered at once. A copy holds the citizen's
own rows and what was said to them alone: no note of officers, nobody else's conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import access_log, data_requests, erasure, lost_questions, notices, outbox, register, retention, tables
from bot.data_law import Wanted
from bot.decisions import Decision, RequestData
from bot.following import LONGEST
from bot.messages import Block
from bot.outcomes import Outcome
from bot.present import ZONE
from bot.register import Table
from bot.store import Store

PERIODS: Mapping[str, timedelta] = {
    "rested": retention.KEEP,
    "complaint": retention.KEEP,
    "rating": retention.KEEP,
    "sessions": retention.KEEP_SESSIONS,
    "tries": retention.KEEP_TRIES,
    "followed": LONGEST,
    "access_log": access_log.KEEP,
    "data_request": data_requests.KEEP,
    "lost": lost_questions.KEEP,
}
# of the kinds of data that citizens are told of: how long after the last change
WAITS = frozenset({"rested", "complaint", "rating", "data_request"})
# these stay while an officer or an agency still owes an answer


@dataclass(frozen=True)
class Category:
    """One kind of data about one citizen."""

    what: str
    why: str
    basis: str
    # all three as citizens read them
    count: int
    until: date | None
    # the last day; none: until what is open is done, and then its period
    days: int
    # of that period
    rows: tuple[Mapping[str, Any], ...] = ()
    # label -> value, for a copy


@dataclass(frozen=True)
class Copy:
    """Everything that is stored of one conversation."""

    made_at: datetime
    categories: tuple[Category, ...]


class Copies:
    """Copies for citizens who come to fetch them (the web chat)."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    def of(self, channel: str, address: str) -> Copy:
        """The copy for an address; nothing is in it when nothing was said there."""
        here = sa.and_(tables.conversation.c.channel == channel, tables.conversation.c.address == address)
        with self._store.reading() as connection:
            known = connection.execute(sa.select(tables.conversation.c.id).where(here)).scalar()
            categories = stored(connection, known) if known is not None else ()
        return Copy(self._clock(), categories)


def attend(
    connection: sa.Connection, conversation_id: int, decision: Decision, outcome: Outcome, now: datetime
) -> tuple[Block, ...]:
    """What belongs under a reply about the citizen's own data; a wish that has to wait is recorded."""
    match outcome:
        case Outcome.KEPT_TOLD:
            asked = data_requests.waiting(connection, conversation_id)
            values = {"categories": stored(connection, conversation_id), "requests": asked}
            return notices.blocks("data_kept", **values)
        case Outcome.FORGOTTEN if not erasure.owed(connection, conversation_id):
            return ()
        case Outcome.FORGOTTEN | Outcome.FORGET_PUT_OFF:
            return data_requests.ask(connection, conversation_id, Wanted.DELETE, now)
        case Outcome.DATA_REQUESTED if isinstance(decision, RequestData):
            return data_requests.ask(connection, conversation_id, decision.wanted, now, decision.words)
    return ()


def stored(connection: sa.Connection, conversation_id: int) -> tuple[Category, ...]:
    """What there is of a conversation, by kind; kinds of which there is nothing are left out."""
    known = register.load()
    this = sa.select(tables.conversation).where(tables.conversation.c.id == conversation_id)
    talk = connection.execute(this).mappings().one()
    waits = bool(data_requests.unfinished(connection, conversation_id))
    waits = waits or bool(data_requests.waiting(connection, conversation_id))
    found = []
    for table in known.tables:
        rows = _rows(connection, table, talk) if table.told else []
        if table.told and rows:
            until = None if waits and table.kept in WAITS else _until(table, rows, talk["updated_at"])
            shown = tuple(_shown(table, row, known) for row in rows)
            words = (table.told.what, table.told.why, known.bases_told[table.basis])
            found.append(Category(*words, len(rows), until, PERIODS[table.kept].days, shown))
    return tuple(found)


def _rows(connection: sa.Connection, table: Table, talk: sa.RowMapping) -> list[sa.RowMapping]:
    stored_in = tables.metadata.tables[table.name]
    query = sa.select(stored_in).where(_mine(stored_in, talk))
    if stored_in is tables.inbox:
        query = query.where(tables.inbox.c.kind != tables.FORGOTTEN)
    return list(connection.execute(query).mappings())


def _mine(stored_in: sa.Table, talk: sa.RowMapping) -> sa.ColumnElement[bool]:
    """Which rows are of a conversation: by its number, by its tickets, or by its address."""
    columns = stored_in.c
    if stored_in is tables.conversation:
        return sa.and_(columns.id == talk["id"])
    if "conversation_id" in columns:
        return sa.and_(columns.conversation_id == talk["id"])
    if "ticket_id" in columns:
        mine = sa.select(tables.ticket.c.id).where(tables.ticket.c.conversation_id == talk["id"])
        return sa.and_(columns.ticket_id.in_(mine))
    return sa.and_(columns.address == talk["address"])


def _until(table: Table, rows: list[sa.RowMapping], updated_at: datetime) -> date:
    """The last day of a kind: of its newest row, or of the conversation."""
    since = table.told.since if table.told else ""
    newest = max(row[since] for row in rows) if since else updated_at
    return (newest + PERIODS[table.kept]).astimezone(ZONE).date()


def _shown(table: Table, row: sa.RowMapping, known: register.Register) -> dict[str, Any]:
    closed = known.columns("encrypted")
    labels = table.told.shows if table.told else {}
    return {
        label: known.closed_told if f"{table.name}.{name}" in closed else _plain(row[name])
        for name, label in labels.items()
        if row[name] not in (None, "", [], {})
    }


def _plain(value: Any) -> Any:
    """A value as a person reads it; a stored reply as its text."""
    if isinstance(value, datetime):
        return value.astimezone(ZONE).isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return outbox.kept(outbox.from_json(value)).plain() if isinstance(value, dict) and "blocks" in value else value

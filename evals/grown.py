"""A database in which much was said: real turns of the assistant, then copies of them made inside the database.

The first turns are real, so that the rows have the size and the shape that they have in service. A copy is some
conversations more: other people, other ids, another day, the tickets closed, everything sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import tables
from bot.conversation import Owner
from bot.retention import KEEP
from bot.store import Store
from bot.ticket import Ending, Stage

TABLES = (tables.conversation, tables.inbox, tables.turn, tables.outbox, tables.ticket, tables.ticket_event)
# in the order in which they refer to each other
REFERENCES = {"conversation_id": "conversation", "inbox_id": "inbox", "ticket_id": "ticket"}
MOMENTS = {"updated_at", "received_at", "created_at", "sent_at", "next_at", "opened_at", "rank_at", "at", "resolved_at"}
NAMES = {"address", "message_id", "key"}
# of people and of what they said: another one in each copy
ENDED = {
    "conversation": {"owner": Owner.BOT.value},
    "inbox": {"status": "done"},
    "outbox": {"status": "sent"},
    "ticket": {"state": Stage.CLOSED.value, "ending": Ending.ANSWERED.value},
    "ticket_event": {"stage": Stage.CLOSED.value},
}
SPREAD = KEEP - timedelta(days=1)
# over which what was said is scattered: nothing of it is old enough to be deleted

Numbers = Mapping[str, int]
# of each table the highest id


def highest(connection: sa.Connection) -> dict[str, int]:
    """The highest id of each table."""
    return {
        table.name: connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one()
        for table in TABLES
    }


def multiply(store: Store, first: Numbers, copies: int, now: datetime) -> None:
    """So many more copies of the rows up to `first`, scattered over the days before `now` (aware)."""
    for number in range(copies):
        at = now - SPREAD * (copies - number) / copies
        with store.writing() as connection:
            after = highest(connection)
            for table in TABLES:
                _copy(connection, table, first, after, at)
    settle(store)


def close_tickets(store: Store, first: Numbers) -> None:
    """Of the tickets only those of the first turns stay open: a desk has as much before it at every size."""
    ticket, talk = tables.ticket.c, tables.conversation.c
    closed, given_back = ENDED["ticket"], ENDED["conversation"]
    with store.writing() as connection:
        connection.execute(sa.update(tables.ticket).where(ticket.id > first["ticket"]).values(**closed))
        connection.execute(sa.update(tables.conversation).where(talk.id > first["conversation"]).values(**given_back))


def settle(store: Store) -> None:
    """What PostgreSQL does by itself after a while: numbers go on after the highest, and it knows how much there is."""
    if store.engine.dialect.name != "postgresql":
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name, number in highest(connection).items():
            connection.execute(sa.select(sa.func.setval(f"{name}_id_seq", max(number, 1))))
        connection.exec_driver_sql("VACUUM ANALYZE")


def _copy(connection: sa.Connection, table: sa.Table, first: Numbers, after: Numbers, at: datetime) -> None:
    changed = _changed(table, after, at)
    chosen = sa.select(*(changed.get(column.name, column) for column in table.c))
    chosen = chosen.where(table.c.id <= first[table.name])
    connection.execute(sa.insert(table).from_select([column.name for column in table.c], chosen))


def _changed(table: sa.Table, after: Numbers, at: datetime) -> dict[str, sa.ColumnElement[Any]]:
    """The columns in which a copy is unlike what it was made from: nothing of it waits, every name is used once."""
    changed: dict[str, sa.ColumnElement[Any]] = {"id": table.c.id + after[table.name]}
    for name in set(table.c.keys()) & set(REFERENCES):
        changed[name] = table.c[name] + after[REFERENCES[name]]
    for name in set(table.c.keys()) & MOMENTS:
        changed[name] = sa.literal(at, tables.UtcTime)
    for name in set(table.c.keys()) & NAMES:
        changed[name] = table.c[name] + f"-{after['conversation']}"
    if "code" in table.c:
        changed["code"] = "G" + sa.cast(changed["id"], sa.String)
    return changed | {name: sa.literal(value) for name, value in ENDED.get(table.name, {}).items()}

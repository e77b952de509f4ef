"""Locks of a writing transaction, for a database on which many write at a time.

SQLite has one place for a writer (bot/store.py): nothing is locked there. On PostgreSQL one rule keeps everything of a
conversation in order: whoever writes something of it (a message, a reply, a ticket) holds the conversation first. Then
its acts come one after the other, its numbers are committed in their order (who fetches by number misses none), and
nobody waits in a circle: conversations come first, in the order of their numbers, names (`alone`) after them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot import tables

_INSERT: Mapping[str, Callable[[sa.Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def hold(connection: sa.Connection, *conversation_ids: int | sa.ScalarSelect[int]) -> None:
    """Hold conversations until the transaction ends. Whoever only reads holds nothing."""
    if not _many_write(connection) or not conversation_ids:
        return
    here = sa.or_(*(tables.conversation.c.id == one for one in conversation_ids))
    query = sa.select(tables.conversation.c.id).where(here).order_by(tables.conversation.c.id)
    connection.execute(query.with_for_update(key_share=True)).all()


def alone(connection: sa.Connection, name: str) -> None:
    """Until the transaction ends nobody else is here under this name: for what is counted before it is written."""
    if _many_write(connection):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key(name))))


def key(name: str) -> sa.Function[int]:
    """The number under which PostgreSQL knows a name."""
    return sa.func.hashtextextended(name, 0)


def insert_unless_there(connection: sa.Connection, table: sa.Table, **values: Any) -> bool:
    """Insert a row; False when one with the same unique key is there, or another transaction was quicker."""
    insert = _INSERT[connection.dialect.name](table).values(**values).on_conflict_do_nothing()
    return connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount == 1


def _many_write(connection: sa.Connection) -> bool:
    return connection.dialect.name != "sqlite" and bool(connection.get_execution_options().get("writing"))

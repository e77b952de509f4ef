"""Which number of a web session's cookie counts; a session has no row before its first change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot import tables
from bot.store import Store


@dataclass(frozen=True)
class Known:
    """The last number that a browser has shown."""

    number: int
    since: datetime
    # aware


class Numbers:
    """The numbers of all sessions, by the address of their conversation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, address: str) -> Known | None:
        """The number that counts; None before the first change."""
        query = sa.select(tables.web_session).where(tables.web_session.c.address == address)
        with self._store.reading() as connection:
            row = connection.execute(query).mappings().first()
        return Known(row["number"], row["since"]) if row else None

    def advance(self, address: str, shown: Known) -> None:
        """A browser has shown this number: it counts, unless it or a later one already does."""
        try:
            with self._store.writing() as connection:
                _advance(connection, address, shown)
        except sa.exc.IntegrityError:
            return
            # two requests showed the first number at once, and the other one was quicker


def _advance(connection: sa.Connection, address: str, shown: Known) -> None:
    this = tables.web_session.c.address == address
    values = {"number": shown.number, "since": shown.since}
    if connection.execute(sa.select(tables.web_session.c.number).where(this)).first() is None:
        connection.execute(sa.insert(tables.web_session).values(address=address, **values))
    else:
        older = tables.web_session.c.number < shown.number
        connection.execute(sa.update(tables.web_session).where(this, older).values(**values))

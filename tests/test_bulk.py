"""Many rows at once, as they would be one by one."""

from __future__ import annotations

import sqlalchemy as sa

from bot import tables
from bot.store import Store
from evals import bulk, city
from tests.town import rows

OF_A_TALK = ("conversation", "inbox", "turn", "ticket", "ticket_event", "rating")


def test_rows_at_once_are_rows_one_by_one(database: Store) -> None:
    """Times, JSON, nothing and what is left out come back as if each row had been inserted by itself."""
    (drawn,) = city.Town(seed=3, turns=60).rows()
    officers = [{"id": number, "username": f"o{number}", "name": "-", "password_hash": "-"} for number in range(201)]
    found = []
    for at_once in (True, False):
        with database.writing() as connection:
            for name, some in (("officer", officers), *((name, getattr(drawn, name)) for name in OF_A_TALK)):
                table = tables.metadata.tables[name]
                if at_once:
                    bulk.insert(connection, table, some)
                else:
                    for number, row in enumerate(some, start=1):
                        given = {"id": number} if "id" in table.c else {}
                        connection.execute(sa.insert(table).values(**{**given, **row}))
        found.append({name: rows(database, tables.metadata.tables[name]) for name in OF_A_TALK})
        with database.writing() as connection:
            for name in (*reversed(OF_A_TALK), "officer"):
                connection.execute(sa.delete(tables.metadata.tables[name]))
    assert found[0] == found[1] and all(found[0].values())


def test_no_rows_are_no_statement(database: Store) -> None:
    """Nothing to insert is nothing done."""
    with database.writing() as connection:
        bulk.insert(connection, tables.turn, [])
    assert rows(database, tables.turn) == []

"""The made-up City: the report of its quarter is what plain SQL finds in the raw rows, and a difference is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import tables
from bot.report import Scope, figures
from bot.store import Store
from evals import city
from tests import town

TURNS = 1500


def filled(folder: Path, seed: int) -> Store:
    """A City whose quarter is closed."""
    folder.mkdir()
    store = town.store(folder)
    city.fill(store, seed, TURNS)
    city.close(store)
    return store


@pytest.mark.slow
def test_the_report_is_what_the_raw_rows_say(tmp_path: Path) -> None:
    """Nothing differs; after one figure was changed, its line and the sums over it are named; a seed draws one City."""
    store, again = filled(tmp_path / "one", 7), filled(tmp_path / "again", 7)
    assert town.rows(store, tables.daily_figure) == town.rows(again, tables.daily_figure)
    with store.reading() as connection:
        assert city.differences(connection, figures(connection, Scope(city.QUARTER))) == []
    with store.writing() as connection:
        of = sa.and_(tables.daily_figure.c.measure == "tickets_opened", tables.daily_figure.c.unit == "")
        connection.execute(sa.update(tables.daily_figure).where(of).values(value=9))
        found = city.differences(connection, figures(connection, Scope(city.QUARTER)))
    assert found and all("tickets_opened" in line for line in found)
    store.close()
    again.close()

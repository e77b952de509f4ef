"""Retention: old conversations are deleted whole, nothing else is, and the citizen is told the same number of days."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import tables
from bot.retention import KEEP, delete_old
from bot.store import Store
from tests.town import MORNING, say

PARTS = (tables.conversation, tables.inbox, tables.turn, tables.outbox, tables.ticket, tables.ticket_event)


def counts(database: Store) -> list[int]:
    with database.reading() as connection:
        return [connection.execute(sa.select(sa.func.count()).select_from(part)).scalar_one() for part in PARTS]


def test_an_old_conversation_is_deleted_whole(database: Store) -> None:
    """After KEEP nothing of a conversation is left in any table."""
    say(database, "xin chào")
    assert delete_old(database, MORNING + KEEP + timedelta(seconds=1)) == 1
    assert counts(database) == [0, 0, 0, 0, 0, 0]


def test_a_younger_conversation_stays(database: Store) -> None:
    """Until KEEP is over nothing is deleted."""
    say(database, "xin chào")
    assert delete_old(database, MORNING + KEEP - timedelta(days=1)) == 0
    assert counts(database)[:2] == [1, 1]


@pytest.mark.parametrize("owner", ["queue", "officer"])
def test_a_conversation_that_an_officer_owes_an_answer_stays(database: Store, owner: str) -> None:
    """However old, a conversation in the queue or with an officer is not deleted."""
    say(database, "gặp cán bộ")
    with database.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(owner=owner))
    assert delete_old(database, MORNING + 10 * KEEP) == 0


def test_the_citizen_is_told_the_same_number_of_days() -> None:
    """The notice of the web chat names exactly the days that are kept."""
    web = Path(__file__).parents[1] / "web"
    texts = [path.read_text("utf-8") for path in (*web.glob("templates/*.html"), *web.glob("data/*.yaml"))]
    assert any(f"lưu {KEEP.days} ngày" in text for text in texts)

"""What a message costs does not depend on how much was said before: no statement of every day reads a whole table."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.aside import SetAside
from bot.board import Board
from bot.desks import load
from bot.outbox import Outbox
from bot.retention import delete_old
from bot.store import Store
from bot.timers import Timers
from tests.town import MORNING, say, worker

FEW = r"(?! USING (COVERING )?INDEX ix_\w+_(waiting|set_aside))"
GROWS = re.compile(rf"SCAN (conversation|inbox|turn|outbox|ticket|ticket_event)\b{FEW}")
# an index over the few rows that wait may be read from end to end
PAST = re.compile(r"SEARCH earlier USING (COVERING )?INDEX (?!ix_(in|out)box_waiting_here)")
# what came before in the same talk and is done


@pytest.fixture
def steps(database: Store) -> list[str]:
    """How SQLite finds what it is asked for from here on: "statement: step of its plan"."""
    seen: list[str] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _explain(connection: Any, cursor: Any, statement: str, asked: Any, context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", asked).fetchall()
            seen.extend(f"{statement}: {step[-1]}" for step in plan)

    return seen


def answered(store: Store) -> None:
    """Two messages of one person, answered and sent; the second goes to an officer."""
    one, outbox = worker(store), Outbox(store)
    for number, text in enumerate(("khai sinh", "gặp cán bộ")):
        say(store, text, str(number))
        one.step()
        while sent := outbox.take("webchat", MORNING):
            outbox.sent(sent.id, MORNING)


DEEDS: dict[str, Callable[[Store], object]] = {
    "answer": answered,
    "read again": lambda store: Outbox(store).since("webchat", "lan", 0),
    "fetch": lambda store: Outbox(store).fetched("webchat", "lan", 9, MORNING),
    "list": lambda store: Board(store).listed("waiting", 1),
    "count": lambda store: Board(store).states(),
    "timers": lambda store: Timers(store, load(), lambda: MORNING).step(),
    "delete": lambda store: delete_old(store, MORNING + timedelta(days=1)),
    "set aside": lambda store: SetAside(store).all(),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_of_every_day_reads_a_whole_table(database: Store, steps: list[str], deed: str) -> None:
    """Neither a message, nor a look of an officer, nor the clocks go through everything that was ever said."""
    if deed != "answer":
        answered(database)
    steps.clear()
    DEEDS[deed](database)
    assert steps
    assert [step for step in steps if GROWS.search(step) or PAST.search(step)] == []

"""Two systems that differ, put there by hand, and the page that tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from starlette.routing import Route

from bot import desks, sync_plan, tables
from bot.roles import Sight
from bot.store import Store
from bot.sync_book import SyncBook
from bot.sync_cards import SyncCards
from tests.town import Clock
from web.sync_page import SyncPage

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
PLAN = replace(sync_plan.load(), desks={"H29.20": "dat_dai"}, alarm_from=2)
ODD = "=1+1-2"
# a code that a spreadsheet would reckon
DIFFERENT = (
    ("H29.19-260312-0001", "status", "9", "4"),
    ("H29.19-260312-0001", "due", "2026-11-09", "2026-11-10"),
    ("H29.20-260312-0002", "missing", "4", ""),
    (ODD, "fees", "due", "paid"),
)


def differing(store: Store) -> SyncBook:
    """The book, with differences of three units."""
    times = dict.fromkeys(("first_seen_at", "last_seen_at", "counts_from", "counted_at"), AT)
    with store.writing() as connection:
        for code, kind, here, there in DIFFERENT:
            place = {"code": code, "unit": code.partition("-")[0], "kind": kind}
            connection.execute(sa.insert(tables.sync_difference).values(**place, here=here, there=there, **times))
        counts = {"compared": 1007, "not_compared": 3, "found": 2}
        connection.execute(sa.insert(tables.sync_hour).values(unit="H29.19", hour=AT, **counts))
    return SyncBook(store, PLAN)


def routes(store: Store, sight: Sight | None = None) -> list[Route]:
    """The page over that book, an hour later."""
    clock = Clock(AT + timedelta(hours=1))
    cards = SyncCards(store, desks.load(), PLAN, clock)
    return SyncPage.over(differing(store), PLAN, cards.desk_of, sight or Sight(), clock).routes()

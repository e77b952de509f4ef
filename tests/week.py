"""A week of figures, put there by hand, and the pages that tell them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from starlette.routing import Route

from bot import desks, periods, tables
from bot.periods import span
from bot.report import Reports, Scope
from bot.store import Store
from tests.town import Clock
from web.statistics_page import StatisticsPage

FIRST, DAYS = date(2026, 11, 16), 7
WEEK = Scope(periods.read("2026-W47"))
ODD = "=1+1"
# a desk that there is no more; its name begins like a formula


def counted(store: Store) -> Reports:
    """The reports over a week in which each day counted a few things."""
    with store.writing() as connection:
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            connection.execute(sa.insert(tables.closed_day).values(day=day, digest="-", closed_at=span(day)[1]))
            connection.execute(sa.insert(tables.daily_figure), list(_rows(day, number)))
    clock = Clock(span(FIRST + timedelta(days=DAYS))[0])
    return Reports(store, desks.load(), clock)


def _rows(day: date, number: int) -> Iterator[dict[str, Any]]:
    place = {"day": day, "unit": "26743", "field": "ho_tich", "channel": "zalo", "desk": "", "key": ""}
    yield {**place, "measure": "answered", "value": 1000 + number}
    yield {**place, "measure": "answered", "unit": "", "value": 7}
    yield {**place, "measure": "procedure_asked", "key": "1.004222", "value": 5}
    yield {**place, "measure": "tickets_opened", "desk": ODD, "value": 2}
    yield {**place, "measure": "satisfaction", "key": "1", "value": 2}
    yield {**place, "measure": "satisfaction", "key": "5", "value": 1}


def routes(store: Store) -> list[Route]:
    """The statistics over that week, in a database without any."""
    return StatisticsPage.over(counted(store)).routes()

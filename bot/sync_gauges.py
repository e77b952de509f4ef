"""Gauges of the comparison, for those who watch over the service: counts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.meters import Gauge
from bot.sync_book import SyncBook
from bot.sync_difference import Kind
from bot.sync_plan import SyncPlan

SPAN = timedelta(hours=24)
SAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sync_differences": ("Dossiers that the two systems tell differently beyond the normal lag.", ("kind",)),
    "sync_units_alarmed": ("Units with as many differences as an alarm takes (bot/data/sync.yaml).", ()),
    "sync_unit_differences": ("Differences of each unit that has as many as an alarm takes.", ("unit",)),
    "sync_compared": ("Looks at dossiers in the last 24 hours.", ("answered",)),
}
# name -> HELP and labels


def gauges(book: SyncBook, plan: SyncPlan, now: datetime) -> list[Gauge]:
    """How the systems agree at the moment; nothing while the database is away."""
    try:
        standing, hours = book.standing(), book.hours(now - SPAN)
    except sa.exc.SQLAlchemyError:
        return []
    kinds = sum(standing.values(), Counter[Kind]())
    alarmed = {unit: counted.total() for unit, counted in standing.items() if counted.total() >= plan.alarm_from}
    return [
        *(_gauge("sync_differences", kinds[kind], kind=kind.value) for kind in Kind),
        _gauge("sync_units_alarmed", len(alarmed)),
        *(_gauge("sync_unit_differences", count, unit=unit) for unit, count in alarmed.items()),
        _gauge("sync_compared", sum(hour.compared for hour in hours), answered="yes"),
        _gauge("sync_compared", sum(hour.not_compared for hour in hours), answered="no"),
    ]


def _gauge(name: str, value: float, **labels: str) -> Gauge:
    says, names = SAYS[name]
    assert tuple(labels) == names
    return Gauge(name, says, value, labels)

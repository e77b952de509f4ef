"""How long reports take: of a ward and of the City, every kind of period, closed or not, as page, workbook and PDF.

    python -m evals.report_speed --turns 1000000                  # a PostgreSQL of its own, a quarter
    python -m evals.report_speed --turns 1000000 --period 2025    # the same turns over a year

Reports are measured twice: while the last week is not closed yet, and afterwards. Closing days is measured too: it
happens once a day, a day at a time. 1 when a report takes longer than the aim.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from bot import desks, periods, tables
from bot.periods import Kind, Period
from bot.present import ZONE
from bot.report import Report, Reports, Scope
from bot.report_pdf import pdf
from bot.report_xlsx import xlsx
from bot.store import Store, open_store
from evals.city import ANGRY_UNIT, QUARTER, close, fill
from evals.databases import POSTGRESQL, database

AIM_S = 5.0
OPEN_DAYS = timedelta(days=7)
# the last days of the period, which are closed after the first measurement
PLACES = {"a ward": ANGRY_UNIT, "the City": ""}
DAY = timedelta(days=1)


def scopes(day: date) -> Iterator[tuple[str, Scope]]:
    """Every report that a day lies in, with its name."""
    for place, unit in PLACES.items():
        for kind in Kind:
            period = periods.of(kind, day)
            yield f"{place}, {kind} {period.name}", Scope(period, unit)


def measured(reports: Reports, scope: Scope) -> tuple[float, float, float]:
    """Seconds until the figures are there, and with workbook and with PDF."""
    begun = time.perf_counter()
    report = reports.report(scope)
    figures_s = time.perf_counter() - begun
    return figures_s, figures_s + _took_s(xlsx, report), figures_s + _took_s(pdf, report)


def _took_s(act: Callable[[Report], bytes], report: Report) -> float:
    begun = time.perf_counter()
    act(report)
    return time.perf_counter() - begun


def closed(store: Store, end: date) -> float:
    """Close every day before `end`, with the planner's counts as the server would have made them; how long it took."""
    took_s = close(store, end)
    with store.writing() as connection:
        connection.execute(sa.text("ANALYZE"))
    return took_s


def rows(reports: Reports, day: date, state: str) -> Iterator[float]:
    """Print a line for each report of a day; the longest time of each, in seconds."""
    for name, scope in scopes(day):
        took_s = measured(reports, scope)
        print(f"| {name} | {state} | " + " | ".join(f"{one:.2f}" for one in took_s) + " |", flush=True)
        yield max(took_s)


def longest(store: Store, period: Period) -> float:
    """Close and measure, before the last week is closed and after; the longest report, in seconds."""
    reports = Reports(store, desks.load(), lambda: datetime.now(ZONE))
    open_from = period.end - OPEN_DAYS
    first_s = closed(store, open_from)
    measured(reports, Scope(period))  # fonts and libraries are read by the first report of a process
    print("| report | days | figures s | with workbook s | with PDF s |\n|---|---|---|---|---|")
    found = [*rows(reports, open_from, "not all closed")]
    last_s = closed(store, periods.of(Kind.YEAR, period.first).end + DAY)
    found += rows(reports, period.first + (period.end - period.first) / 2, "closed")
    with store.reading() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(tables.daily_figure)).scalar()
    day_s = (first_s + last_s) / len(list(period.days()))
    print(f"\n{count} daily figures; a day is closed in {day_s:.2f} s; the longest report takes {max(found):.2f} s")
    return max(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, compare with the aim."""
    parser = argparse.ArgumentParser(prog="python -m evals.report_speed", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--period", type=periods.read, default=QUARTER, help="over which the turns are spread")
    parser.add_argument("--aim-s", type=float, default=AIM_S)
    parser.add_argument("--database", default=POSTGRESQL, help="sqlite, postgresql, or the address of an empty one")
    options = parser.parse_args(arguments)
    with database(options.database) as chosen:
        store, begun = open_store(chosen.url), time.perf_counter()
        fill(store, options.seed, options.turns, options.period)
        filled_s = time.perf_counter() - begun
        print(f"{options.turns} turns over {options.period.name}, filled in {filled_s:.0f} s\n", flush=True)
        slowest_s = longest(store, options.period)
        store.close()
    return int(slowest_s > options.aim_s)


if __name__ == "__main__":
    sys.exit(main())

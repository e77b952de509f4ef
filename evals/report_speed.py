"""How long reports take: of a ward, a week, a month and a quarter, as page, workbook and PDF, over a made-up City.

    python -m evals.report_speed --turns 1000000 --database postgresql+psycopg://...

The database has to be empty. Closing days is measured too: it happens once a day, a day at a time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from os import getloadavg

import sqlalchemy as sa

from bot import desks, periods, tables
from bot.present import ZONE
from bot.report import Report, Reports, Scope
from bot.report_pdf import pdf
from bot.report_xlsx import xlsx
from bot.store import Store, open_store
from evals.city import ANGRY_UNIT, QUARTER, close, fill

SCOPES = {
    "a ward, a week": Scope(periods.read("2026-W35"), ANGRY_UNIT),
    "a ward, a quarter": Scope(QUARTER, ANGRY_UNIT),
    "the City, a week": Scope(periods.read("2026-W35")),
    "the City, a month": Scope(periods.read("2026-08")),
    "the City, a quarter": Scope(QUARTER),
    "the City, a year": Scope(periods.read("2026")),
}


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


def prepared(store: Store, seed: int, turns: int) -> None:
    """A closed quarter, with the planner's counts as the server would have made them by then."""
    begun = time.perf_counter()
    fill(store, seed, turns)
    print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)
    closed_s, days = close(store), len(list(QUARTER.days()))
    with store.writing() as connection:
        connection.execute(sa.text("ANALYZE"))
        rows = connection.execute(sa.select(sa.func.count()).select_from(tables.daily_figure)).scalar()
    print(f"{turns} turns, {rows} daily figures; a day is closed in {closed_s / days:.2f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, close, measure each report once after a first one that warms up."""
    parser = argparse.ArgumentParser(prog="python -m evals.report_speed", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--database", required=True)
    options = parser.parse_args(arguments)
    store = open_store(options.database)
    prepared(store, options.seed, options.turns)
    reports = Reports(store, desks.load(), lambda: datetime.now(ZONE))
    measured(reports, SCOPES["a ward, a week"])
    print("| report | figures s | with workbook s | with PDF s |\n|---|---|---|---|")
    for name, scope in SCOPES.items():
        print(f"| {name} | " + " | ".join(f"{took_s:.2f}" for took_s in measured(reports, scope)) + " |", flush=True)
    print(f"load average {getloadavg()[0]:.0f}")
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

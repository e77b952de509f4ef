"""What the sync monitor finds of what was planted, and what it finds that is none.

`python -m evals.sync --dossiers 20000 --seed 1` serves the City's system and the national one over real HTTP
(evals/sync_portals.py), of which a part tells dossiers differently and a part only seems to, with faults. The monitor
compares all of them as the program does it, from one morning to the next afternoon on a clock that is moved by hand.
Printed: recall and precision of every kind. Exit code 1 when one is below `--floor`, or a difference has two rows.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bot import portals, sync_plan, tables
from bot.settings import Settings
from bot.store import Store, open_store
from bot.sync_book import SyncBook
from bot.sync_difference import Kind
from bot.sync_monitor import SyncMonitor
from evals.site import answers, free_port, get, until
from evals.sync_cases import Plantation, code
from evals.sync_portals import CITY, CLOCK_PATH, NATIONAL, ZONE

MORNING = datetime(2026, 11, 23, 9, tzinfo=ZONE)
INTERVAL = timedelta(hours=26)
# a dossier is compared in the morning, again soon if it differs, and the next day
LASTS = timedelta(hours=28)
START_S = 10.0
Found = Counter[tuple[str, str]]
# (code, kind) -> rows


@dataclass(frozen=True)
class Run:
    """What is done."""

    dossiers: int = 20_000
    seed: int = 1
    faults: float = 0.02
    # share of the answers
    lag_h: float | None = None
    # instead of every lag of bot/data/sync.yaml


@dataclass(frozen=True)
class Outcome:
    """What was seen."""

    truth: set[tuple[str, str]]
    found: Found
    looks: int
    not_compared: int
    seconds: float
    # of the wall

    def recall(self, kind: str) -> float | None:
        """Share of the planted that was found; None when nothing was planted."""
        planted = {item for item in self.truth if item[1] == kind}
        return len(planted & set(self.found)) / len(planted) if planted else None

    def precision(self, kind: str) -> float | None:
        """Share of the found that was planted; None when nothing was found."""
        found = {item for item in self.found if item[1] == kind}
        return len(found & self.truth) / len(found) if found else None

    @property
    def doubled(self) -> int:
        """Differences with more than one row."""
        return sum(count > 1 for count in self.found.values())

    def is_good(self, floor: float) -> bool:
        """Nothing is below the floor, nothing is there twice."""
        shares = [share(kind) for kind in Kind for share in (self.recall, self.precision)]
        return not self.doubled and all(share is not None and share >= floor for share in shares)


@dataclass
class Systems:
    """Both systems, and the clock that they and the monitor share."""

    addresses: dict[str, str]
    at: datetime = MORNING
    told: list[datetime] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    def move(self, at: datetime) -> None:
        """It is later."""
        if at > self.at or not self.told:
            self.at = max(at, self.at)
            self.told.append(self.at)
            for address in self.addresses.values():
                get(f"{address}{CLOCK_PATH}?at={self.at.timestamp()}")

    def settings(self) -> Settings:
        """What reaches them; nothing is remembered, so that each look is a question."""
        return Settings(
            portal_url=self.addresses[CITY],
            portal_token_url=f"{self.addresses[CITY]}/token",
            portal_client_id="x",
            portal_client_secret="x",
            national_url=self.addresses[NATIONAL],
            national_username="x",
            national_password="x",
            portal_fresh_s=0.0,
            portal_rest_s=0.05,
        )


@contextmanager
def systems(run: Run) -> Iterator[Systems]:
    """Both run."""
    ports = {CITY: free_port(), NATIONAL: free_port()}
    options = {"dossiers": run.dossiers, "seed": run.seed, "start": MORNING.timestamp(), "faults": run.faults}
    said = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "evals.sync_portals", "--ports", *map(str, ports.values()), *said]
    with subprocess.Popen(command) as process:
        try:
            addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
            until(lambda: all(answers(f"{address}/token") for address in addresses.values()), START_S)
            yield Systems(addresses)
        finally:
            process.kill()


def measured(run: Run) -> Outcome:
    """One run."""
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        systems(run) as both,
        closing(open_store(f"sqlite:///{Path(folder) / 'sync.db'}")) as store,
    ):
        hours = _compare(run, both, store).hours(MORNING - INTERVAL)
        looks = sum(hour.compared for hour in hours), sum(hour.not_compared for hour in hours)
        truth = Plantation(run.dossiers, run.seed).truth()
        return Outcome(truth, _found(store), *looks, time.monotonic() - begun)


def _compare(run: Run, both: Systems, store: Store) -> SyncBook:
    """Until the end of the run, whatever is due at its time."""
    plan = sync_plan.load()
    if run.lag_h is not None:
        plan = replace(plan, lags=dict.fromkeys(Kind, timedelta(hours=run.lag_h)))
    codes = [code(number) for number in range(run.dossiers)]
    book = SyncBook(store, plan)
    with closing(portals.dossiers(both.settings())) as doors:
        asked = doors.named(portals.CITY), doors.named(portals.NATIONAL)
        monitor = SyncMonitor(book, *asked, lambda: codes, INTERVAL, both)
        both.move(MORNING)
        monitor.step()
        while (due := book.first_due()) is not None and due <= MORNING + LASTS:
            both.move(due)
            monitor.step()
    return book


def _found(store: Store) -> Found:
    """Every difference that counts or counted."""
    row = tables.sync_difference.c
    with store.reading() as connection:
        rows = connection.execute(sa.select(row.code, row.kind).where(row.counted_at.is_not(None)))
        return Counter((item.code, item.kind) for item in rows)


def show(run: Run, outcome: Outcome) -> None:
    """The table."""
    table = Table("kind", "planted", "found", "recall", "precision")
    for kind in Kind:
        counts = [sum(item[1] == kind for item in items) for items in (outcome.truth, outcome.found)]
        shares = [share(kind) for share in (outcome.recall, outcome.precision)]
        table.add_row(kind, *map(str, counts), *("–" if share is None else f"{100 * share:.2f} %" for share in shares))
    console = Console()
    console.print(table)
    console.print(
        f"{run.dossiers} dossiers, {outcome.looks} looks, {outcome.not_compared} not compared, "
        f"{outcome.doubled} with two rows, {outcome.seconds:.0f} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m evals.sync", description=__doc__)
    parser.add_argument("--dossiers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.02, help="share of the answers")
    parser.add_argument("--lag-h", type=float, default=None, help="instead of the lags of bot/data/sync.yaml")
    parser.add_argument("--floor", type=float, default=0.995)
    asked = parser.parse_args(arguments)
    logging.disable(logging.ERROR)  # of the planted faults
    run = Run(asked.dossiers, asked.seed, asked.faults, asked.lag_h)
    outcome = measured(run)
    show(run, outcome)
    return 0 if outcome.is_good(asked.floor) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Half an hour at half of what the server can: does anything grow that should not?

`python -m evals.soak --minutes 30 --rate 15 --database sqlite postgresql` lets people write at a steady rate (an open
loop, each message from somebody new) and looks every five seconds at each process of the server: memory, open files,
threads; and at the database: what waits, and its log. Judged after a warm-up: memory flat by the slope of its curve,
open files not more at the end than after the warm-up, every message answered. Exit code 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bot import tables
from bot.present import now
from bot.store import Store
from evals import blocks, load, pictures, slope
from evals.arrivals import Step
from evals.databases import POSTGRESQL, SQLITE, Database, database
from evals.process import family, memory_mb, open_files, threads
from evals.site import Site

EVERY_S = 5.0
WARM_UP_SHARE = 1 / 3
# of the time: what is remembered of words and statements fills up to its bounds, pools grow
MOST_MB_PER_H = 5.0
# growth that a month of nightly restarts hides; below it a curve counts as flat
MOST_MORE_FILES = 3
# a connection or two that happened to be open


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment."""

    at_s: float
    # since the beginning
    memory_mb: Mapping[str, float]
    # process -> resident
    files: int
    threads: int
    # of our processes together
    oldest_s: float
    # how long the oldest message waits that nobody answered
    log_mb: float


@dataclass(frozen=True)
class Soaked:
    """A whole run."""

    database: str
    minutes: float
    samples: Sequence[Sample]
    step: Step

    @property
    def judged(self) -> Sequence[Sample]:
        """After the warm-up."""
        return [one for one in self.samples if one.at_s >= WARM_UP_SHARE * 60 * self.minutes]

    def slopes(self) -> Mapping[str, slope.Slope]:
        """The memory of each process, in MB an hour; of those that were there all the time."""
        at_s = [one.at_s for one in self.judged]
        names = set.intersection(*(set(one.memory_mb) for one in self.judged))
        return {name: slope.slope(at_s, [one.memory_mb[name] for one in self.judged]) for name in sorted(names)}

    def faults(self) -> list[str]:
        """What is not as it should be, in words."""
        found = [f"{name} grows" for name, one in self.slopes().items() if not one.is_flat(MOST_MB_PER_H)]
        first, last = self.judged[0], self.judged[-1]
        if last.files > first.files + MOST_MORE_FILES:
            found.append(f"open files grow from {first.files} to {last.files}")
        if self.step.answered < self.step.asked:
            found.append(f"{self.step.asked - self.step.answered} messages lost")
        return found


class Watch:
    """Looks at the processes and the database until the block ends."""

    def __init__(self, running: Site, over: Database, every_s: float) -> None:
        self._running = running
        self._over = over
        self._every_s = every_s
        self._store = Store(over.url)
        self._begun = time.monotonic()
        self._stop = threading.Event()
        self.samples: list[Sample] = []

    def keep_looking(self) -> None:
        """Again and again until told to stop."""
        while not self._stop.wait(self._every_s):
            try:
                self.samples.append(self._look())
            except OSError:
                continue  # a process ended between two looks

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._store.close()

    def _look(self) -> Sample:
        assert self._running.server.process
        web, *workers = family(self._running.server.process.pid)
        ours = {"web": web} | {f"worker {number}": pid for number, pid in enumerate(sorted(workers), 1)}
        memory = {name: memory_mb(pid) for name, pid in ours.items()}
        return Sample(
            at_s=time.monotonic() - self._begun,
            memory_mb=memory,
            files=sum(map(open_files, ours.values())),
            threads=sum(map(threads, ours.values())),
            oldest_s=_oldest_s(self._store, now()),
            log_mb=self._over.log_mb(),
        )


def _oldest_s(store: Store, at: datetime) -> float:
    """How long the oldest unanswered message waits."""
    waits = sa.select(sa.func.min(tables.inbox.c.received_at)).where(tables.unread(tables.inbox.c.status))
    with store.reading() as connection:
        oldest: datetime | None = connection.execute(waits).scalar()
    return (at - oldest).total_seconds() if oldest else 0.0


@contextmanager
def watched(running: Site, over: Database, every_s: float) -> Iterator[Watch]:
    """A watch in a thread of its own."""
    watch = Watch(running, over, every_s)
    thread = threading.Thread(target=watch.keep_looking)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


def soaked(asked: str, minutes: float, rate: float, workers: int, every_s: float, seed: int) -> Soaked:
    """One run over a fresh database."""
    with (
        database(asked) as over,
        load.assistant("", str(workers), MOT_CUA_ENCODER="none", **over.settings) as (target, running),
    ):
        load.warm_up(target, load.texts(), seed)
        with watched(running, over, every_s) as watch:
            step = load.step(target, load.texts(), 60 * minutes, rate, seed)
    return Soaked(over.name, minutes, watch.samples, step)


def markdown(found: Sequence[Soaked]) -> str:
    """A line a run, and the verdicts."""
    head = ("database", "messages", "answered", "p50 / p99 ms", "memory MB/h (95 %)", "open files", "threads")
    lines = [f"| {' | '.join((*head, 'oldest wait', 'log at most'))} |", "|---" * (len(head) + 2) + "|"]
    for one in found:
        step, first, last = one.step, one.judged[0], one.judged[-1]
        slopes = "; ".join(f"{name} {grows}, {last.memory_mb[name]:.0f} MB" for name, grows in one.slopes().items())
        waits = f"{max(sample.oldest_s for sample in one.samples):.1f} s"
        log = f"{max(sample.log_mb for sample in one.samples):.0f} MB"
        counts = f"{first.files} to {last.files} | {first.threads} to {last.threads}"
        what = f"{one.database} | {step.asked:,} | {step.answered:,} | {step.p50_ms:.0f} / {step.p99_ms:.0f}"
        lines.append(f"| {what} | {slopes} | {counts} | {waits} | {log} |")
    verdicts = (f"{one.database}: {', '.join(one.faults()) or 'nothing grew, nothing was lost'}." for one in found)
    return "\n".join([*lines, "", *verdicts])


def picture(found: Sequence[Soaked], path: Path) -> None:
    """The memory of all our processes together over the minutes, a line a database."""
    shown = {
        one.database: [(sample.at_s / 60, sum(sample.memory_mb.values())) for sample in one.samples] for one in found
    }
    pictures.lines(shown, "minutes", "memory of our processes (MB)", path)


def main(arguments: list[str] | None = None) -> int:
    """Measure, judge, draw, and write into a report when asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="of each database")
    parser.add_argument("--rate", type=float, default=15, help="messages a second: half of what evals.load says")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds between two looks")
    parser.add_argument("--database", nargs="*", default=[SQLITE], help=f"sqlite, {POSTGRESQL}, or an address")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args(arguments)
    begun, found = time.monotonic(), []
    for asked in options.database:
        print(f"{time.strftime('%H:%M:%S')} {asked}, {options.minutes:g} minutes", file=sys.stderr, flush=True)
        found.append(soaked(asked, options.minutes, options.rate, options.workers, options.every, options.seed))
    told = markdown(found)
    print(told)
    if options.picture:
        picture(found, options.picture)
    if options.report:
        blocks.write(options.report, "soak", blocks.called("evals.soak", arguments), told, time.monotonic() - begun)
    return 1 if any(one.faults() for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())

"""How many messages a second more worker processes answer, on SQLite and PostgreSQL, and what a model says beyond.

`python -m evals.scaling --workers 1 2 4` floods the server (evals/load.py's stand-ins) with more than it can answer and
counts what comes back: its capacity, and the processor time of each part. Then it asks at shares of that capacity and
looks at the slowest hundredth. Each worker, which the processor bounds, is pinned to one of them, in turn; the serving
process, the database, the generator and the stand-ins run where there is room, and share the same processors: more
workers than processors can bring nothing here. Figures are of this machine at this hour: only ratios mean anything
elsewhere.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from evals import blocks, capacity, load, pictures
from evals.arrivals import Step
from evals.capacity import Demand, Limit, Machines
from evals.databases import POSTGRESQL, SQLITE, Database, database
from evals.process import cpu_s, family
from evals.site import Site

FLOOD, FLOOD_PER_S = 300, 120
# messages, and how fast they come: faster than any machine of ours answers
SHARES = (0.5, 0.7, 0.85)
# of the capacity, at which waits are looked at
BEYOND = (2, 4, 8, 16)
# processors that the model speaks of
ASSUMES = (
    "It assumes that a message costs the same processor time everywhere, that the database has the processors it asks "
    "for and a disk that keeps up, that several serving processes stand behind a balancer, and that the share of the "
    "bound that was reached here ({share:.0%}) is reached there too. It knows nothing of locks that only more writers "
    "meet: read it as the most that can be hoped for. SQLite is one host and one writer at a time: of it nothing is "
    "predicted."
)


@dataclass(frozen=True)
class Measured:
    """One number of workers over one database."""

    database: str
    workers: int
    per_s: float
    # capacity
    demand: Demand
    steps: Sequence[Step]

    @property
    def held_per_s(self) -> float:
        """The highest rate at which everything was answered and p99 was within the limit."""
        return max((step.rate_per_s for step in self.steps if step.holds(load.LIMIT_MS)), default=0.0)


def measured(over: Database, workers: int, flood: int, seconds: float, seed: int) -> Measured:
    """Flood with so many messages, then ask at shares of what came back."""
    texts = load.texts()
    with load.assistant("", str(workers), MOT_CUA_ENCODER="none", **over.settings) as (target, running):
        assert isinstance(running, Site) and running.server.process
        load.warm_up(target, texts, seed)
        pin(family(running.server.process.pid)[1:])
        per_s, demand = _flooded(target, running, over, [texts[number % len(texts)] for number in range(flood)])
        steps = []
        for share in SHARES:
            steps.append(load.step(target, texts, seconds, round(share * per_s, 1), seed))
            if not steps[-1].holds(load.LIMIT_MS):
                break
    return Measured(over.name, workers, per_s, demand, steps)


def _flooded(target: load.Target, running: Site, over: Database, texts: Sequence[str]) -> tuple[float, Demand]:
    """Messages a second while there is always one more, and what each costs."""
    assert running.server.process
    web, *workers = family(running.server.process.pid)
    parts = {"web": [web], "worker": workers, "database": over.pids(), "beside": [os.getpid(), *running.vendors.pids]}
    before = {name: _cpu_s(pids) for name, pids in parts.items()}
    fired, arrived = target.ask(texts, [number / FLOOD_PER_S for number in range(len(texts))])
    spent = {name: 1000 * (_cpu_s(pids) - before[name]) / len(arrived) for name, pids in parts.items()}
    took_s = max(arrived.values()) - min(one.left for one in fired)
    demand = Demand(spent["web"], spent["worker"], spent["database"], spent["beside"])
    return len(arrived) / took_s, demand


def _cpu_s(pids: Collection[int]) -> float:
    """Of processes that are there."""
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            total += cpu_s(pid)
    return total


def pin(pids: Sequence[int]) -> None:
    """Each process with all its threads to one processor, in turn."""
    cores = sorted(os.sched_getaffinity(0))
    for number, pid in enumerate(pids):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(int(thread.name), {cores[number % len(cores)]})


def table(found: Sequence[Measured]) -> str:
    """Markdown of what was measured; capacities also as multiples of the first."""
    names = ("database", "workers", "capacity /s", "times", f"held, p99 < {load.LIMIT_MS} ms", "at a rate: p50 / p99")
    parts = ("CPU ms: web", "worker", "database", "beside")
    lines = [f"| {' | '.join((*names, *parts))} |", "|---" * len((*names, *parts)) + "|"]
    for one in found:
        base = next(other.per_s for other in found if other.database == one.database)
        spent = (one.demand.web_ms, one.demand.worker_ms, one.demand.database_ms, one.demand.beside_ms)
        shown = " | ".join(f"{value:.1f}" for value in spent)
        what = f"{one.database} | {one.workers} | {one.per_s:.1f} | {one.per_s / base:.2f} | {one.held_per_s:g}/s"
        lines.append(f"| {what} | {_waits(one)} | {shown} |")
    return "\n".join(lines)


def _waits(one: Measured) -> str:
    return "; ".join(f"{step.rate_per_s:g}/s {step.p50_ms:.0f} / {step.p99_ms:.0f}" for step in one.steps)


@dataclass(frozen=True)
class Model:
    """What was measured on one database, carried on."""

    demand: Demand
    # in service: nobody generates messages on the same machine
    share: float
    # of the bound that was reached


def model(found: Sequence[Measured], cores: int) -> Model:
    """Of the measurements over one database: the cheapest message, and the mean share of the bounds. Pure."""
    bounds = [capacity.limit(one.demand, Machines(cores, one.workers)) for one in found]
    cheapest = min((one.demand for one in found), key=lambda demand: demand.all_ms)
    return Model(replace(cheapest, beside_ms=0.0), capacity.reached([one.per_s for one in found], bounds))


def predicted(known: Model, cores: int) -> tuple[Machines, Limit]:
    """The processes for so many processors, and what they would hold. Pure."""
    chosen = capacity.best(known.demand, cores)
    bound = capacity.limit(known.demand, chosen)
    return chosen, Limit(known.share * bound.per_s, bound.by)


def forecast(known: Model) -> str:
    """Markdown of the model: at most so many times what it says of the fewest processors."""
    lines = ["| processors | workers | serving | at most, times | full first | one serving process alone, times |"]
    lines.append("|---" * 6 + "|")
    base = predicted(known, BEYOND[0])[1].per_s
    for cores in BEYOND:
        chosen, bound = predicted(known, cores)
        alone = known.share * capacity.limit(known.demand, replace(chosen, webs=1)).per_s
        what = f"{cores} | {chosen.workers} | {chosen.webs} | {bound.per_s / base:.1f}"
        lines.append(f"| {what} | {bound.by} | {alone / base:.1f} |")
    return "\n".join(lines)


def markdown(found: Sequence[Measured]) -> str:
    """What was measured, and the model."""
    cores = len(os.sched_getaffinity(0))
    served = [one for one in found if one.database != SQLITE]
    if not served:
        return table(found)
    known = model(served, cores)
    return f"{table(found)}\n\nThe model over PostgreSQL. {ASSUMES.format(share=known.share)}\n\n{forecast(known)}"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, draw, and write into a report when asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.scaling", description=__doc__)
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2, 4])
    parser.add_argument("--database", nargs="*", default=[POSTGRESQL, SQLITE], help="or the address of an empty one")
    parser.add_argument("--seconds", type=float, default=12, help="length of a step")
    parser.add_argument("--flood", type=int, default=FLOOD, help="messages that come at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args(arguments)
    begun, found = time.monotonic(), []
    for asked in options.database:
        for workers in options.workers:
            with database(asked) as over:
                found.append(measured(over, workers, options.flood, options.seconds, options.seed))
            print(f"{time.strftime('%H:%M:%S')} {asked}, {workers} workers", file=sys.stderr, flush=True)
    told = markdown(found)
    print(told)
    if options.picture:
        picture(found, options.picture)
    if options.report:
        command = blocks.called("evals.scaling", arguments)
        blocks.write(options.report, "scaling", command, told, time.monotonic() - begun)
    return 0


def picture(found: Sequence[Measured], path: Path) -> None:
    """Capacity by workers, a line a database, as multiples of its first."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in found:
        lines.setdefault(one.database, []).append((one.workers, one.per_s))
    shown: Mapping[str, Sequence[tuple[float, float]]] = {
        name: [(workers, per_s / points[0][1]) for workers, per_s in points] for name, points in lines.items()
    }
    pictures.lines(shown, "worker processes", "messages a second, of one worker's", path)


if __name__ == "__main__":
    sys.exit(main())

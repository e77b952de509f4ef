"""What more processors would bring: a model over the processor time that a message costs in each part. Pure.

Asymptotic bounds (the operational laws): no part is busy more than all the time. The serving process and each worker
are Python processes, which use one processor at most; the database uses as many as it is given. `reached` is the share
of the bound that was seen where it was measured: what waiting, locks and the disk cost. The model keeps it as it is; it
grows worse where something else becomes the bottleneck, which only a measurement shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SECOND_MS = 1000.0


@dataclass(frozen=True)
class Demand:
    """Processor time of one message, in milliseconds, by part."""

    web_ms: float
    # taken in, sent out
    worker_ms: float
    # understood, answered, recorded
    database_ms: float
    # of its server; 0 where the parts read a file themselves
    beside_ms: float = 0.0
    # generator and stand-ins on the same machine; 0 in service

    @property
    def all_ms(self) -> float:
        """Everything that the machine does for it."""
        return self.web_ms + self.worker_ms + self.database_ms + self.beside_ms


@dataclass(frozen=True)
class Machines:
    """What there is."""

    cores: int
    workers: int
    webs: int = 1


@dataclass(frozen=True)
class Limit:
    """What can be held at most, and by what."""

    per_s: float
    by: str
    # "processors", "workers" or "serving"


def limit(demand: Demand, machines: Machines) -> Limit:
    """The lowest of the bounds, messages a second. Workers beyond the processors bring nothing."""
    bounds = {
        "processors": machines.cores * SECOND_MS / demand.all_ms,
        "workers": machines.workers * SECOND_MS / demand.worker_ms,
        "serving": machines.webs * SECOND_MS / demand.web_ms,
    }
    by = min(bounds, key=lambda name: bounds[name])
    return Limit(bounds[by], by)


def reached(seen_per_s: Sequence[float], bounds: Sequence[Limit]) -> float:
    """The share of the bound that was seen, the mean over what was measured; at most 1."""
    shares = [min(1.0, seen / bound.per_s) for seen, bound in zip(seen_per_s, bounds, strict=True)]
    return sum(shares) / len(shares)


def best(demand: Demand, cores: int) -> Machines:
    """How many workers and serving processes make the most of so many processors: the fewest that do."""
    least_workers, least_webs = demand.worker_ms / demand.all_ms, demand.web_ms / demand.all_ms
    return Machines(cores, _up(cores * least_workers), _up(cores * least_webs))


def _up(number: float) -> int:
    return max(1, -int(-number // 1))

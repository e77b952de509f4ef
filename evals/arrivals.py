"""An open loop: messages leave at moments fixed beforehand, whether or not the earlier ones were answered."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

THREADS = 64
# messages that may be on their way into the system at once
LEAD_S = 0.2


@dataclass(frozen=True)
class Step:
    """What was seen at one rate."""

    rate_per_s: float
    asked: int
    answered: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    # over the answered; from the moment a message should have left to the arrival of its answer
    longest_ms: float
    late_start_ms: float
    # how far behind its plan the generator fell, p99
    cpu_ms: float
    # processor time of the serving processes, a message

    def holds(self, limit_ms: float) -> bool:
        """Whether everything was answered, 99 of 100 within the limit."""
        return self.answered == self.asked and self.p99_ms < limit_ms


@dataclass(frozen=True)
class Fired:
    """When a message should have left, and when it did; seconds since 1970."""

    intended: float
    left: float


def moments(rate_per_s: float, seconds: float, seed: int) -> list[float]:
    """A Poisson process: seconds from the beginning."""
    chance, at, found = random.Random(seed), 0.0, []
    while (at := at + chance.expovariate(rate_per_s)) < seconds:
        found.append(at)
    return found


def fire(plan: Sequence[float], act: Callable[[int], None]) -> list[Fired]:
    """Do `act` of each number at its moment, in as many threads as it takes; over when all have left."""
    begins_at = time.time() + LEAD_S

    def one(number: int, intended: float) -> Fired:
        left = time.time()
        act(number)
        return Fired(intended, left)

    with ThreadPoolExecutor(THREADS) as pool:
        jobs = []
        for number, moment in enumerate(plan):
            time.sleep(max(0.0, begins_at + moment - time.time()))
            jobs.append(pool.submit(one, number, begins_at + moment))
        return [job.result() for job in jobs]


def summary(rate_per_s: float, fired: Sequence[Fired], arrived: Mapping[int, float], cpu_s: float) -> Step:
    """The figures of a step; `arrived` says when each number's answer came."""
    waited = [1000 * (arrived[number] - item.intended) for number, item in enumerate(fired) if number in arrived]
    behind = [1000 * (item.left - item.intended) for item in fired]
    p50, p95, p99 = np.percentile(waited, (50, 95, 99)) if waited else (math.inf,) * 3
    return Step(
        rate_per_s=rate_per_s,
        asked=len(fired),
        answered=len(waited),
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        longest_ms=max(waited, default=float("inf")),
        late_start_ms=float(np.percentile(behind or [0.0], 99)),
        cpu_ms=1000 * cpu_s / max(len(waited), 1),
    )

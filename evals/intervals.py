"""Bootstrap intervals. Procedures are drawn, not questions: the questions about one procedure are not independent."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

RESAMPLES = 1000
LEVEL = 0.95
SEED = 20261122


@dataclass(frozen=True)
class Interval:
    """Where a share lies with 95 % confidence."""

    low: float
    high: float


def interval(hits: Iterable[tuple[str, bool]], resamples: int = RESAMPLES, seed: int = SEED) -> Interval:
    """The interval of the share of hits; each hit comes with its procedure. The same input gives the same interval."""
    by_procedure: dict[str, list[bool]] = defaultdict(list)
    for code, hit in hits:
        by_procedure[code].append(hit)
    if not by_procedure:
        return Interval(0.0, 0.0)
    counted = [(sum(found), len(found)) for _, found in sorted(by_procedure.items())]
    chance = random.Random(seed)
    shares = []
    for _ in range(resamples):
        drawn = chance.choices(counted, k=len(counted))
        shares.append(sum(found for found, _ in drawn) / sum(asked for _, asked in drawn))
    shares.sort()
    cut = round((1 - LEVEL) / 2 * (resamples - 1))
    return Interval(shares[cut], shares[-1 - cut])

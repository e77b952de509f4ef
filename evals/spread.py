"""How waits are spread: what half of them stay under, and all but one of a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Waits in milliseconds."""

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Of waits in seconds."""
        p50, p99 = np.percentile(seconds, (50, 99))
        return cls(1000 * float(p50), 1000 * float(p99))

    def over(self, other: Spread) -> tuple[float, float]:
        """How many times as long as others: p50, p99."""
        return self.p50_ms / other.p50_ms, self.p99_ms / other.p99_ms

    def __str__(self) -> str:
        return f"{self.p50_ms:.1f} / {self.p99_ms:.1f}"

"""Whether a curve is flat: the slope of a line through it, with its interval, and a verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STRETCHES = 20
# that a curve is cut into: the samples within one hang together, their means hardly do
WIDE = 2.1
# standard errors of an interval of 95 % for so many (Student, 18 degrees of freedom)
HOUR_S = 3600.0


@dataclass(frozen=True)
class Slope:
    """How much something grows in an hour, with its interval of 95 %."""

    per_h: float
    low: float
    high: float

    def is_flat(self, most_per_h: float) -> bool:
        """Whether growth is not shown, or surely below a limit that does not matter."""
        return self.low <= 0 or self.high < most_per_h

    def __str__(self) -> str:
        return f"{self.per_h:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def slope(at_s: Sequence[float], values: Sequence[float]) -> Slope:
    """Of a line by least squares through the means of stretches; moments in seconds. At least six samples."""
    pieces = min(STRETCHES, len(values) // 2)
    hours = np.array([piece.mean() for piece in np.array_split(np.array(at_s) / HOUR_S, pieces)])
    means = np.array([piece.mean() for piece in np.array_split(np.array(values, dtype=float), pieces)])
    spread = hours - hours.mean()
    per_h = float((spread * means).sum() / (spread**2).sum())
    rest = means - means.mean() - per_h * spread
    error = float(np.sqrt((rest**2).sum() / (pieces - 2) / (spread**2).sum()))
    return Slope(per_h, per_h - WIDE * error, per_h + WIDE * error)

"""The floors and ceilings of quality (evals/thresholds.yaml), and sentences that say which one does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Threshold:
    """One bound of one figure."""

    figure: str
    # "shipped.hit_1"
    bound: float
    at_most: bool
    # a ceiling, otherwise a floor

    def failure(self, figures: Mapping[str, float]) -> str:
        """Why it does not hold; empty when it holds. What was not measured does not hold."""
        side = "at most" if self.at_most else "at least"
        if self.figure not in figures:
            return f"{self.figure} must be {side} {self.bound:g} but was not measured"
        value = figures[self.figure]
        holds = value <= self.bound if self.at_most else value >= self.bound
        return "" if holds else f"{self.figure} must be {side} {self.bound:g} but is {value:.2f}"


def load(path: Path = PATH) -> tuple[Threshold, ...]:
    """All thresholds, in the file's order."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(
        Threshold(figure, float(bound), side == "at_most")
        for side in ("at_least", "at_most")
        for figure, bound in _flat(content[side])
    )


def failures(thresholds: Iterable[Threshold], figures: Mapping[str, float]) -> list[str]:
    """A sentence for every threshold that does not hold."""
    return [said for threshold in thresholds if (said := threshold.failure(figures))]


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value

"""How far a confidence can be trusted: calibration, and what answering only the surest questions would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True)
class Guess:
    """The first candidate of one question."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """The guesses whose confidence lies in one tenth."""

    guesses: int
    confidence: float
    # mean
    right: float
    # share


@dataclass(frozen=True)
class Point:
    """What happens when only the surest guesses are told."""

    coverage: float
    # share of the questions that are told
    risk: float
    # share of these that are wrong
    confidence: float
    # of the least sure one that is told


def bins(guesses: Sequence[Guess]) -> list[Bin]:
    """The bins of equal width that hold a guess, from the least sure; a confidence of 1 falls into the last."""
    members: list[list[Guess]] = [[] for _ in range(BINS)]
    for guess in guesses:
        members[min(BINS - 1, int(guess.confidence * BINS))].append(guess)
    return [
        Bin(
            len(some),
            sum(guess.confidence for guess in some) / len(some),
            sum(guess.right for guess in some) / len(some),
        )
        for some in members
        if some
    ]


def calibration_error(guesses: Sequence[Guess]) -> float:
    """Expected calibration error: the distance of confidence and truth, averaged over the guesses' bins."""
    return sum(item.guesses * abs(item.confidence - item.right) for item in bins(guesses)) / (len(guesses) or 1)


def risk_coverage(guesses: Sequence[Guess]) -> list[Point]:
    """The risk at every coverage, surest first; guesses of one confidence are told together."""
    ordered = sorted(guesses, key=lambda guess: -guess.confidence)
    points, wrong = [], 0
    for told, guess in enumerate(ordered, start=1):
        wrong += not guess.right
        if told == len(ordered) or ordered[told].confidence < guess.confidence:
            points.append(Point(told / len(ordered), wrong / told, guess.confidence))
    return points


def wrong_answer_rate(guesses: Sequence[Guess], told_from: float) -> float:
    """The share of all questions that are told something wrong when guesses of this confidence are told."""
    return sum(not guess.right for guess in guesses if guess.confidence >= told_from) / (len(guesses) or 1)

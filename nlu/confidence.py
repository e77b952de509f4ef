"""From signals to a ranking with one calibrated probability each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

CALIBRATING = (3, 4, 5, 7, 9)
# places in nlu.retrieval.Signals: phrase_letters, name_covered, query_covered, local, learned
PATH = Path(__file__).parent / "data" / "confidence.yaml"


@dataclass(frozen=True)
class Confidence:
    """A linear score for each candidate, and a logistic over the best score, its margin and its coverage."""

    weights: tuple[float, ...]
    # one a signal of nlu.retrieval.Signals
    calibration: tuple[float, ...]
    # bias, then a weight for each of `calibration_features`

    def rank(self, signals: list[list[float]]) -> list[tuple[int, float]]:
        """(index, probability) of the candidates, best first. The probabilities sum to at most 1."""
        matrix = np.array(signals)
        scores = matrix @ np.array(self.weights)
        order = np.argsort(-scores, kind="stable")
        right = self.probability(matrix, scores, order)
        shares = np.exp(scores[order] - scores[order[0]])
        rest = shares[1:] / (shares[1:].sum() or 1.0) * (1 - right) * min(1.0, float(shares[1:].sum()))
        return [(int(order[0]), right), *zip(map(int, order[1:]), map(float, np.minimum(rest, right)), strict=True)]

    def probability(self, matrix: np.ndarray, scores: np.ndarray, order: np.ndarray) -> float:
        """How likely the first candidate is the right one."""
        features = np.array([1.0, *calibration_features(matrix, scores, order)])
        return float(1 / (1 + np.exp(-features @ np.array(self.calibration))))


def calibration_features(matrix: np.ndarray, scores: np.ndarray, order: np.ndarray) -> list[float]:
    """Of the first candidate: score, margin to the next, and its own letters, coverages and learned margin."""
    first = order[0]
    margin = float(scores[first] - scores[order[1]]) if len(order) > 1 else float(scores[first])
    return [float(scores[first]), margin, *(float(matrix[first][column]) for column in CALIBRATING)]


@lru_cache(maxsize=2)
def fitted(meanings: bool) -> Confidence:
    """The weights of nlu/data/confidence.yaml, for an index with meanings or one of words alone."""
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["meanings" if meanings else "words"]
    return Confidence(tuple(content["weights"]), tuple(content["calibration"]))

"""Fitting the confidence on the catalogue's own example questions, each left out in its turn.

The weights of the ranking are set by hand: fitted on our own examples they served other people's questions worse
(docs/decisions/0005).
The labelled test questions of evals/data are never read here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import yaml
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from nlu.confidence import PATH, Confidence, calibration_features
from nlu.retrieval import Entry, Retrieval
from nlu.text import fold

FOLDS = 5
SEED = 20261121
TEENCODE = {"không": "ko", "được": "dc", "giấy tờ": "gt", "đăng ký": "đk", "bao nhiêu": "bn", "gì": "j", "làm": "lm"}


@dataclass(frozen=True)
class Case:
    """One example question with the signals of its candidates."""

    signals: np.ndarray
    # candidates x signals
    right: int
    # row of the right candidate, -1 when it is not among them


def cases(entries: Sequence[Entry], off_topic: Sequence[str]) -> Iterator[Case]:
    """Every example question in a noisy spelling, asked of an index that was built without it; then off-topic texts."""
    noise = random.Random(SEED)
    for fold_number in track(range(FOLDS), description="asking in folds"):
        shown, hidden = _split(entries, fold_number)
        index = Retrieval(shown)
        for code, phrase in hidden:
            yield _case(index, noisy(phrase, noise), code)
        for text in off_topic[fold_number::FOLDS]:
            yield _case(index, text, "")


def _split(entries: Sequence[Entry], fold_number: int) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The entries without a fold's share of their questions, and that share. Aliases and names always stay."""
    shown, hidden = [], []
    for entry in entries:
        asked = [phrase for phrase in entry.phrases if len(phrase.split()) > 5]
        out = set(asked[fold_number::FOLDS])
        hidden += [(entry.code, phrase) for phrase in asked if phrase in out]
        shown.append(replace(entry, phrases=tuple(phrase for phrase in entry.phrases if phrase not in out)))
    return shown, hidden


def noisy(text: str, noise: random.Random) -> str:
    """A third as it is, a third without diacritics, a third with a slip of the finger or teencode."""
    match noise.randrange(3):
        case 0:
            return text
        case 1:
            return fold(text)
    for full, short in TEENCODE.items():
        text = re.sub(full, short, text) if noise.random() < 0.5 else text
    place = noise.randrange(max(1, len(text) - 1))
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def fit(found: Sequence[Case], weights: Sequence[float]) -> Confidence:
    """The calibration of the first candidate, for a ranking with these weights."""
    features, right = [], []
    for case in found:
        if not len(case.signals):
            continue
        scores = case.signals @ np.array(weights)
        order = np.argsort(-scores, kind="stable")
        features.append(calibration_features(case.signals, scores, order))
        right.append(int(order[0]) == case.right)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(features, right)
    return Confidence(tuple(weights), (float(model.intercept_[0]), *map(float, model.coef_[0])))


def write(confidence: Confidence) -> None:
    """Keep the weights in nlu/data/confidence.yaml, with the day."""
    head = PATH.read_text(encoding="utf-8").splitlines()[0]
    content: dict[str, Any] = {
        "fitted_on": date.today().isoformat(),
        "weights": [round(weight, 4) for weight in confidence.weights],
        "calibration": [round(weight, 4) for weight in confidence.calibration],
    }
    PATH.write_text(f"{head}\n{yaml.safe_dump(content, sort_keys=False)}", encoding="utf-8")


def _case(retrieval: Retrieval, text: str, code: str) -> Case:
    found = retrieval.signals(text)
    right = next((row for row, (entry, _) in enumerate(found) if entry.code == code), -1)
    return Case(np.array([signals.values() for _, signals in found]), right)

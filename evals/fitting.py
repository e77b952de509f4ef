"""Fitting the confidence on questions by another hand than the catalogue's own examples.

The questions of knowledge/data/questions are held out in folds: an index that has not seen a question is asked it, in
a spelling that people use. The weights of the ranking stay as they are set by hand (docs/decisions/0007); the labelled
test questions of evals/data are never read here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import yaml
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from bot.rules import PATH as RULES
from nlu.confidence import PATH, Confidence, calibration_features
from nlu.encoder import Encoder
from nlu.retrieval import Entry, Retrieval
from nlu.text import fold

FOLDS = 3
SEED = 20261122
IMPORTED_SHARE = 0.1
# of the questions of imported procedures; citizens ask for the reviewed ones more
RIGHT = 0.98
# of the answers that are given without asking back
TEENCODE = {"không": "ko", "được": "dc", "giấy tờ": "gt", "đăng ký": "đk", "bao nhiêu": "bn", "gì": "j", "làm": "lm"}

Asked = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Case:
    """One question with the signals of its candidates."""

    signals: np.ndarray
    # candidates x signals
    right: int
    # row of the right candidate, -1 when it is not among them
    about: str
    # "reviewed", "imported" or "nothing"


def cases(
    over: Callable[[Asked], Sequence[Entry]], asked: Asked, off_topic: Sequence[str], reader: Encoder | None
) -> Iterator[Case]:
    """The held-out questions and off-topic texts. `over` gives the entries of the catalogue with these questions."""
    noise = random.Random(SEED)
    reviewed = {entry.code for entry in over(asked) if entry.local}
    for fold_number in range(FOLDS):
        shown, hidden = _split(asked, fold_number, reviewed, noise)
        index = Retrieval(over(shown), reader)
        for code, question in track(hidden, description=f"asking fold {fold_number + 1}"):
            about = "reviewed" if code in reviewed else "imported"
            yield _case(index.signals(noisy(question, noise), reader), code, about)
        for text in off_topic[fold_number::FOLDS]:
            yield _case(index.signals(text, reader), "", "nothing")


def _split(
    asked: Asked, fold_number: int, reviewed: set[str], noise: random.Random
) -> tuple[dict[str, Sequence[str]], list[tuple[str, str]]]:
    """The questions that an index may see, and those it is asked."""
    shown: dict[str, Sequence[str]] = {}
    hidden = []
    for code, questions in asked.items():
        shown[code] = [question for place, question in enumerate(questions) if place % FOLDS != fold_number]
        hidden += [
            (code, question)
            for question in questions[fold_number::FOLDS]
            if code in reviewed or noise.random() < IMPORTED_SHARE
        ]
    return {code: questions for code, questions in shown.items() if questions}, hidden


def noisy(text: str, noise: random.Random) -> str:
    """Half as it is, a quarter without diacritics, a quarter with a slip of the finger or teencode."""
    match noise.randrange(4):
        case 0 | 1:
            return text
        case 2:
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
    model = LogisticRegression(C=1.0, max_iter=2000).fit(features, right)
    return Confidence(tuple(weights), (float(model.intercept_[0]), *map(float, model.coef_[0])))


def answer_at(found: Sequence[Case], confidence: Confidence) -> float:
    """The lowest confidence, in hundredths, from which the first candidates are right often enough to be answered.

    Among questions about reviewed procedures: of imported ones many are twins that no words tell apart, and what is
    about nothing is caught by its intent.
    """
    asked = [case for case in found if len(case.signals) and case.about == "reviewed"]
    guesses = [
        (share, place == case.right) for case in asked for place, share in confidence.rank(case.signals.tolist())[:1]
    ]
    for bound in range(30, 100):
        told = [right for share, right in guesses if share >= bound / 100]
        if told and sum(told) / len(told) >= RIGHT:
            return bound / 100
    return 0.99


def write_rule(confidence: float) -> None:
    """Keep the confidence to answer at in bot/data/rules.yaml."""
    text = RULES.read_text(encoding="utf-8")
    RULES.write_text(re.sub(r"^answer_at: [\d.]+", f"answer_at: {confidence:.2f}", text, flags=re.MULTILINE), "utf-8")


def write(fitted: Mapping[str, Confidence]) -> None:
    """Keep the fitted confidences in nlu/data/confidence.yaml, with the day."""
    head = PATH.read_text(encoding="utf-8").splitlines()[0]
    before = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    content: dict[str, Any] = (
        before
        | {"fitted_on": date.today().isoformat()}
        | {
            kind: {
                "weights": [round(float(weight), 4) for weight in confidence.weights],
                "calibration": [round(float(weight), 4) for weight in confidence.calibration],
            }
            for kind, confidence in fitted.items()
        }
    )
    PATH.write_text(f"{head}\n{yaml.safe_dump(content, sort_keys=False)}", encoding="utf-8")


def _case(found: Sequence[tuple[Entry, Any]], code: str, about: str) -> Case:
    right = next((row for row, (entry, _) in enumerate(found) if entry.code == code), -1)
    return Case(np.array([signals.values() for _, signals in found]), right, about)

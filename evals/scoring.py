"""Scoring: answers of the machine's interface against labelled questions. Shares no code with the assistant."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Answer = Mapping[str, Any]

QUESTIONS = Path(__file__).parent / "data" / "questions.jsonl"
TOLD = ("answer", "correct_premise")
# behaviours that tell facts of a procedure


@dataclass(frozen=True)
class Label:
    """What is right for one question."""

    id: str
    text: str
    style: str
    code: str
    # the right procedure; empty when the question is about none
    accept: tuple[str, ...] = ()
    # other procedures that are right too
    behaviours: tuple[str, ...] = ()
    # any of these is right; for questions without code
    field: str = ""
    # of the right procedure

    def accepts(self, code: str) -> bool:
        """Whether a procedure is right."""
        return code == self.code or code in self.accept


@dataclass(frozen=True)
class Score:
    """Shares between 0 and 1 over some questions."""

    questions: int
    hit_1: float
    hit_3: float
    hit_10: float
    mrr: float
    answered: float
    # answered without asking
    right_when_answered: float
    asked: float
    # "which of these?"
    right_when_asked: float
    # the right one is among the buttons
    wrong_answers: float
    # answered without asking, about a wrong procedure


def load(path: Path = QUESTIONS) -> list[Label]:
    """The labelled questions of a file, one JSON object a line."""
    return [label(row) for row in rows(path)]


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def label(row: Mapping[str, Any]) -> Label:
    """A label of a row of evals/data/questions.jsonl."""
    return Label(
        id=str(row["id"]),
        text=row["text"],
        style=row.get("style", ""),
        code=row.get("code", ""),
        accept=tuple(row.get("accept", ())),
        behaviours=any_of(row.get("behaviour", ())),
        field=row.get("field", ""),
    )


def any_of(value: str | Iterable[str]) -> tuple[str, ...]:
    """A label that is one word or a list of words, any of which is right."""
    return ((value,) if value else ()) if isinstance(value, str) else tuple(value)


def score(labels: Sequence[Label], answers: Mapping[str, Answer]) -> Score:
    """The score of the questions that are about a procedure."""
    ranks = [rank(item, answers[item.id]) for item in labels]
    total = len(labels) or 1
    answered = [item for item in labels if answers[item.id]["behaviour"] in TOLD]
    asked = [item for item in labels if _choices(answers[item.id])]
    right = [item for item in answered if item.accepts(_told(answers[item.id]))]
    return Score(
        questions=len(labels),
        hit_1=sum(rank == 1 for rank in ranks) / total,
        hit_3=sum(0 < rank <= 3 for rank in ranks) / total,
        hit_10=sum(rank > 0 for rank in ranks) / total,
        mrr=sum(1 / rank for rank in ranks if rank) / total,
        answered=len(answered) / total,
        right_when_answered=len(right) / (len(answered) or 1),
        asked=len(asked) / total,
        right_when_asked=_share(any(map(item.accepts, _choices(answers[item.id]))) for item in asked),
        wrong_answers=(len(answered) - len(right)) / total,
    )


def grouped(labels: Iterable[Label], by: Callable[[Label], str]) -> dict[str, list[Label]]:
    """The labels under each name, sorted by it."""
    groups: dict[str, list[Label]] = defaultdict(list)
    for item in labels:
        groups[by(item)].append(item)
    return dict(sorted(groups.items()))


def confusion(labels: Iterable[Label], answers: Mapping[str, Answer]) -> dict[tuple[tuple[str, ...], str], int]:
    """(right behaviours, given behaviour) -> how often; a question about a procedure should be answered."""
    counts: dict[tuple[tuple[str, ...], str], int] = defaultdict(int)
    for item in labels:
        counts[("answer",) if item.code else item.behaviours, answers[item.id]["behaviour"]] += 1
    return dict(sorted(counts.items()))


def right_behaviour(labels: Iterable[Label], answers: Mapping[str, Answer]) -> float:
    """The share of the questions about no procedure that got one of their right behaviours."""
    return _share(answers[item.id]["behaviour"] in item.behaviours for item in labels if not item.code)


def off_topic_answered(labels: Iterable[Label], answers: Mapping[str, Answer]) -> float:
    """The share of the questions that no procedure answers which were told one all the same."""
    unanswerable = [item for item in labels if not item.code and not set(item.behaviours) & set(TOLD)]
    return _share(answers[item.id]["behaviour"] in TOLD for item in unanswerable)


def rank(item: Label, answer: Answer) -> int:
    """1 for the first candidate, 0 when the right one is not among them."""
    return place(item, [candidate["code"] for candidate in answer["procedures"]])


def place(item: Label, codes: Sequence[str]) -> int:
    """1 for the first code, 0 when the right one is not among them."""
    return next((position for position, code in enumerate(codes, start=1) if item.accepts(code)), 0)


def _told(answer: Answer) -> str:
    return answer["sources"][0]["code"] if answer["sources"] else ""


def _choices(answer: Answer) -> list[str]:
    payloads = [button["payload"] for button in answer["buttons"]]
    return [payload[2:] for payload in payloads if payload.startswith("p:")]


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0

"""Scoring: answers of the machine's interface against labelled questions. Shares no code with the assistant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Label:
    """What is right for one question."""

    id: str
    text: str
    style: str
    code: str
    # the right procedure; empty when the question is about none
    accept: tuple[str, ...]
    # other procedures that are right too
    behaviour: str
    # for questions without code

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


def label(row: Mapping[str, Any]) -> Label:
    """A label of a row of evals/data/questions.jsonl."""
    return Label(
        id=str(row["id"]),
        text=row["text"],
        style=row.get("style", ""),
        code=row.get("code", ""),
        accept=tuple(row.get("accept", ())),
        behaviour=row.get("behaviour", ""),
    )


def score(labels: Sequence[Label], answers: Mapping[str, Answer]) -> Score:
    """The score of the questions that are about a procedure."""
    ranks = [_rank(item, answers[item.id]) for item in labels]
    total = len(labels) or 1
    answered = [item for item in labels if answers[item.id]["behaviour"] in ("answer", "correct_premise")]
    asked = [item for item in labels if _choices(answers[item.id])]
    return Score(
        questions=len(labels),
        hit_1=sum(rank == 1 for rank in ranks) / total,
        hit_3=sum(0 < rank <= 3 for rank in ranks) / total,
        hit_10=sum(rank > 0 for rank in ranks) / total,
        mrr=sum(1 / rank for rank in ranks if rank) / total,
        answered=len(answered) / total,
        right_when_answered=_share(item.accepts(_told(answers[item.id])) for item in answered),
        asked=len(asked) / total,
        right_when_asked=_share(any(map(item.accepts, _choices(answers[item.id]))) for item in asked),
    )


def by_style(labels: Iterable[Label]) -> dict[str, list[Label]]:
    """The labels of each style."""
    groups: dict[str, list[Label]] = defaultdict(list)
    for item in labels:
        groups[item.style].append(item)
    return dict(sorted(groups.items()))


def behaviours(labels: Iterable[Label], answers: Mapping[str, Answer]) -> dict[tuple[str, str], int]:
    """(right behaviour, given behaviour) -> how often, for the questions that are about no procedure."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for item in labels:
        counts[item.behaviour, answers[item.id]["behaviour"]] += 1
    return dict(sorted(counts.items()))


def _rank(item: Label, answer: Answer) -> int:
    """1 for the first candidate, 0 when the right one is not among them."""
    codes = [candidate["code"] for candidate in answer["procedures"]]
    return next((position for position, code in enumerate(codes, start=1) if item.accepts(code)), 0)


def _told(answer: Answer) -> str:
    return answer["sources"][0]["code"] if answer["sources"] else ""


def _choices(answer: Answer) -> list[str]:
    payloads = [button["payload"] for button in answer["buttons"]]
    return [payload[2:] for payload in payloads if payload.startswith("p:")]


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0

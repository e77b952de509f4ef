"""The figures of one run: questions over a catalogue, noise, dialogues; under the names of evals/thresholds.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.assistant import Assistant
from evals import asking, curves, intervals, noise, scoring
from evals.curves import Guess
from evals.dialogues import Summary
from evals.intervals import Interval
from evals.scoring import Label, Score
from knowledge.catalogue import Catalogue

SHIPPED, FULL = "shipped", "full import"
# names of the catalogues

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Over:
    """The labelled questions, asked over one catalogue."""

    name: str
    # "shipped" or "full import"
    labels: Sequence[Label]
    answers: Answers
    names: Mapping[str, str]
    # procedure code -> name

    @property
    def about(self) -> list[Label]:
        """The questions about a procedure."""
        return [item for item in self.labels if item.code]

    def only(self, name: str, holds: Callable[[Label], bool]) -> Over:
        """Some of the questions, with their answers."""
        return replace(self, name=name, labels=[item for item in self.labels if holds(item)])

    def score(self) -> Score:
        """Over the questions about a procedure."""
        return scoring.score(self.about, self.answers)

    def interval(self, first: int) -> Interval:
        """Of the share of questions whose procedure is among the first so many."""
        ranks = ((item.code, scoring.rank(item, self.answers[item.id])) for item in self.about)
        return intervals.interval((code, 0 < rank <= first) for code, rank in ranks)

    def guesses(self, about_none: bool = False) -> list[Guess]:
        """The first candidates; with the questions about no procedure, for which each candidate is wrong."""
        asked = self.labels if about_none else self.about
        found = ((item, self.answers[item.id]["procedures"]) for item in asked)
        return [
            Guess(procedures[0]["confidence"], bool(item.code) and item.accepts(procedures[0]["code"]))
            for item, procedures in found
            if procedures
        ]

    def calibration_error(self) -> float:
        """Over the questions about a procedure."""
        return curves.calibration_error(self.guesses())


@dataclass(frozen=True)
class Loss:
    """What a noise costs."""

    questions: int
    clean: float
    # hit@1 of the questions as they are, between 0 and 1
    noisy: float

    @property
    def points(self) -> float:
        """Lost points of hit@1; negative when the noise helped."""
        return 100 * (self.clean - self.noisy)


def over(name: str, assistant: Assistant, labels: Sequence[Label]) -> Over:
    """Ask every question that this catalogue can answer, and those about no procedure."""
    known = answerable(labels, assistant.catalogue)
    names = {item.code: item.name for item in assistant.catalogue}
    return Over(name, known, asking.answers(assistant, known, f"asking over {name}"), names)


def parts(small: Over, large: Over | None, catalogue: Catalogue) -> dict[str, Over]:
    """The questions about a procedure by who knows it: those of the shipped catalogue over both, the others, all."""

    def known(item: Label) -> bool:
        return bool(item.code) and catalogue.knows(item.code)

    found = {"shipped": small.only("shipped procedures, over the shipped catalogue", known)}
    if large:
        found["shipped_over_full"] = large.only("shipped procedures, over the full import", known)
        found["imported"] = large.only(
            "procedures only in the import, over the full import", lambda item: bool(item.code) and not known(item)
        )
        found["all"] = large.only("all, over the full import", lambda item: bool(item.code))
    return found


def answerable(labels: Sequence[Label], catalogue: Catalogue) -> list[Label]:
    """The questions whose procedure the catalogue has, and those about none."""
    return [item for item in labels if not item.code or catalogue.knows(item.code)]


def losses(
    assistant: Assistant, labels: Sequence[Label], answers: Answers, kinds: Iterable[str] = noise.NOISES
) -> dict[str, Loss]:
    """Each noise against the answers to the same questions as they are; understanding alone."""

    def noisy(kind: str) -> float:
        found = 0
        for item in asking.told(labels, kind):
            candidates = asking.candidates(assistant, noise.noisy(item.text, kind, item.id))
            found += scoring.place(item, [candidate.code for candidate in candidates]) == 1
        return found / (len(labels) or 1)

    clean = scoring.score(labels, answers).hit_1
    return {kind: Loss(len(labels), clean, noisy(kind)) for kind in kinds}


def clean(labels: Sequence[Label]) -> list[Label]:
    """The questions about a procedure in styles that can be made noisy."""
    return [item for item in labels if item.code and item.style in noise.STYLES]


def figures(
    shipped: Over, imported: Over | None, lost: Mapping[str, Loss], dialogues: Summary | None
) -> dict[str, float]:
    """What was measured, in per cent and points, under the names of the thresholds."""
    score = shipped.score()
    found = {
        "shipped.hit_1": 100 * score.hit_1,
        "shipped.hit_3": 100 * score.hit_3,
        "answered": 100 * score.answered,
        "right_when_answered": 100 * score.right_when_answered,
        "off_topic_answered": 100 * scoring.off_topic_answered(shipped.labels, shipped.answers),
    }
    if imported:
        there = imported.score()
        found |= {"imported.hit_1": 100 * there.hit_1, "imported.hit_3": 100 * there.hit_3}
    if dialogues:
        found["dialogue_turns"] = 100 * dialogues.right_behaviour
    return found | {f"loss.{kind}": loss.points for kind, loss in lost.items()}

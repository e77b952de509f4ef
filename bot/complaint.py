"""A complaint while it is told: a form of at most three questions, any of which may be passed over. Pure.

Nothing that was said is ever taken out of a form: an answer goes where it was asked for, what comes after goes to the
story. The words that are heard are in bot/data/complaints.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from nlu.text import written_out

PATH = Path(__file__).parent / "data" / "complaints.yaml"

LONG_ENOUGH = 6
# words of a complaint that already tells what happened
A_STORY, LONGEST_PLACE = 6, 20
# words from which an answer that does not begin like a place tells more of the story; from the latter on any does
SHORT = 12
# words in which a wish for the form itself is looked for


class Step(StrEnum):
    """What is asked, in this order."""

    WHAT = "what"
    PLACE = "place"
    TIME = "time"
    # or the dossier concerned
    CHECK = "check"
    # shown whole, to be confirmed


STEPS = tuple(Step)


class Wish(StrEnum):
    """What a citizen can want of the form instead of answering it."""

    SEND = "send"
    DROP = "drop"
    SKIP = "skip"
    ON = "on"
    # go on after something else


@dataclass(frozen=True)
class Form:
    """What was told so far, in the citizen's own masked words; what is empty was not told."""

    what: str = ""
    place: str = ""
    unit: str = ""
    # code of the ward or commune that the place or the story surely names
    time: str = ""
    dossier: str = ""
    # code of the one concerned
    step: Step = Step.WHAT

    def passed(self) -> Form:
        """At the next question; the last one is never passed."""
        return replace(self, step=STEPS[min(STEPS.index(self.step) + 1, len(STEPS) - 1)])

    def answered(self, text: str, dossier: str = "") -> Form:
        """With an answer to the present question, at the next one; while it is shown whole, what is added."""
        dossier = self.dossier or dossier
        match self.step:
            case Step.PLACE:
                return replace(self, place=text, dossier=dossier).passed()
            case Step.TIME:
                return replace(self, time="" if text == dossier else text, dossier=dossier).passed()
        return replace(self.more(text), dossier=dossier).passed()

    def more(self, text: str) -> Form:
        """With more of the story."""
        return replace(self, what=". ".join(part for part in (self.what.rstrip(". "), text) if part))

    def settled(self) -> Form:
        """At the first question, from the present one on, that is still open."""
        known = {Step.PLACE: self.place or self.unit, Step.TIME: self.time or self.dossier}
        return self.passed().settled() if known.get(self.step) else self


def begun(text: str) -> Form:
    """The form of a first sentence: whoever has told the story is not asked for it again."""
    story = _pattern("preface").sub("", written_out(text))
    return Form(what=text, step=Step.PLACE if len(story.split()) >= LONG_ENOUGH else Step.WHAT)


def is_story(text: str) -> bool:
    """Whether an answer about the place tells more than a place."""
    words = len(text.split())
    return words >= LONGEST_PLACE or (words >= A_STORY and not _pattern("place").search(written_out(text)))


def is_question(text: str) -> bool:
    """Whether a text is put as a question, or is too short to tell anything."""
    asks = text.rstrip().endswith("?") or _pattern("question").search(written_out(text)) is not None
    return asks or len(text.split()) < LONG_ENOUGH


def wish(text: str) -> Wish | None:
    """What a text wants of the form; None when it says anything besides."""
    if len(text.split()) > SHORT:
        return None
    folded = written_out(text)
    return next((name for name, said in _said().items() if said.fullmatch(folded)), None)


@lru_cache(maxsize=8)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(content()[name])


@lru_cache(maxsize=1)
def _said() -> dict[Wish, re.Pattern[str]]:
    return {Wish(name): re.compile(said) for name, said in content()["said"].items()}


@lru_cache(maxsize=1)
def content() -> Mapping[str, Any]:
    """The shipped words and limits."""
    found: Mapping[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found

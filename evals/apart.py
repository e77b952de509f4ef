"""What is tested must not be what was taught: test texts that lie too near a text the assistant learns from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from evals.dialogues import Dialogue
from evals.scoring import Label
from knowledge.procedure import Procedure
from nlu.text import words
from nlu.training import Example

NEAR = 90
# rapidfuzz ratio of the folded words
SHORTEST = 4
# words of a test text: "cảm ơn bạn" may well be in both
AT_ONCE = 256
# rows of one comparison, so that the table of ratios stays small


@dataclass(frozen=True)
class Text:
    """One text and where it stands."""

    place: str
    text: str


@dataclass(frozen=True)
class Pair:
    """A test text and the text that it is too near to."""

    tested: Text
    taught: Text
    ratio: float


def near(tested: Iterable[Text], taught: Sequence[Text]) -> list[Pair]:
    """The test texts that are too near a taught one, each with its nearest; the nearest pairs first."""
    judged = [item for item in tested if len(words(item.text)) >= SHORTEST]
    taught_words = [_folded(item) for item in taught]
    found = []
    for start in range(0, len(judged), AT_ONCE):
        some = judged[start : start + AT_ONCE]
        ratios = process.cdist(
            [_folded(item) for item in some], taught_words, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.float32
        )
        nearest = ratios.argmax(axis=1)
        found += [
            Pair(item, taught[place], float(row[place]))
            for item, row, place in zip(some, ratios, nearest, strict=True)
            if row[place]
        ]
    return sorted(found, key=lambda pair: (-pair.ratio, pair.tested.place))


def tested(labels: Iterable[Label], dialogues: Iterable[Dialogue]) -> list[Text]:
    """The labelled questions and the citizens' turns."""
    return [
        *(Text(f"question {label.id}", label.text) for label in labels),
        *(
            Text(f"dialogue {dialogue.name}, turn {number}", turn.citizen)
            for dialogue in dialogues
            for number, turn in enumerate(dialogue.turns, start=1)
        ),
    ]


def taught(
    examples: Iterable[Example], procedures: Iterable[Procedure], asked: Mapping[str, Sequence[str]]
) -> list[Text]:
    """Everything the assistant learns to understand from: sentences, aliases and examples, questions by code."""
    return [
        *(Text(f"training {example.intent}", example.text) for example in examples),
        *(Text(f"procedure {item.code}", text) for item in procedures for text in (*item.aliases, *item.examples)),
        *(Text(f"questions {code}", text) for code, texts in asked.items() for text in texts),
    ]


def _folded(item: Text) -> str:
    return " ".join(words(item.text))

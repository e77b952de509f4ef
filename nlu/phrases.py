"""The embedded engine: reads a message with what the training sentences taught it, inside the application.

Answers from the first second, while Rasa starts, and takes over when Rasa is down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nlu import entities, ngrams
from nlu.ngrams import Ngrams
from nlu.softmax import Softmax
from nlu.text import comparable
from nlu.training import Example
from nlu.understanding import Reading


@dataclass(frozen=True)
class PhraseEngine:
    """An `Understander` in this process; reading never waits for anything."""

    kinds: tuple[Ngrams, ...]
    # n-grams of letters and of words; each gives some columns of the features
    classifier: Softmax
    # an intent is a class

    @classmethod
    def train(cls, examples: Iterable[Example]) -> PhraseEngine:
        """Learn from sentences: a thousand take about half a second."""
        sentences = [(comparable(example.text), example.intent) for example in examples]
        texts, intents = zip(*sentences, strict=True)
        kinds = kinds_of_ngrams()
        return cls(kinds, Softmax.taught(ngrams.learn(kinds, texts), intents))

    def read(self, text: str) -> Reading:
        """The most probable intent and the entities of one masked message."""
        probabilities = self.classifier.shares(ngrams.of(self.kinds, comparable(text)))
        best = int(np.argmax(probabilities))
        return Reading(
            intent=self.classifier.classes[best],
            confidence=float(probabilities[best]),
            entities=entities.find(text),
            engine="embedded",
        )


def kinds_of_ngrams() -> tuple[Ngrams, ...]:
    """What the engine counts, and nlu/scope.py."""
    return Ngrams.letters(least_rows=2), Ngrams.words(least_rows=2)

"""Whether a message is about a matter of the one-stop service at all; and if it is not, what it is instead.

The engines know a hundred sentences of each intent, but people tell of a matter in thousands of ways. This is taught
by the training sentences and by the questions about procedures, in words and in meanings (docs/decisions/0008).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from nlu import cues, ngrams
from nlu.encoder import Vectors
from nlu.ngrams import Ngrams
from nlu.phrases import kinds_of_ngrams
from nlu.softmax import Softmax
from nlu.text import comparable, written_out
from nlu.training import Example
from nlu.understanding import Reading

MATTER = "ask_procedure"
# stands for every intent that asks something about a procedure
OUTSIDE = frozenset({"off_topic", "emergency", "scam", "injection", "insult", "legal_dispute", "complaint", "officer"})
# intents that keep a message from being answered with a procedure: this decides about them, not the engine
DOUBTFUL, SURE = 0.5, 0.9
# a verdict of less does not change a small talk that an engine is this sure of, nor a plain request for a person
QUESTIONS = 1500
# of the catalogue: with all of them everything looks like a matter
_MEANING_WEIGHT = 2.0


@dataclass(frozen=True)
class Scope:
    """A classifier over words and, where there is an encoder, meanings."""

    kinds_of_ngrams: tuple[Ngrams, ...]
    classifier: Softmax

    @classmethod
    def taught(cls, examples: Sequence[Example], questions: Sequence[str], meanings: Vectors | None) -> Scope:
        """By sentences and questions; `meanings` has a row for each sentence, then for each question."""
        texts = [comparable(text) for text in (*(example.text for example in examples), *questions)]
        kinds = [_kind(example.intent) for example in examples] + [MATTER] * len(questions)
        counted = kinds_of_ngrams()
        meant = [csr_matrix(meanings * _MEANING_WEIGHT)] if meanings is not None else []
        rows = hstack([ngrams.learn(counted, texts), *meant], format="csr")
        return cls(counted, Softmax.taught(rows, kinds))

    def settle(self, reading: Reading, text: str, meaning: Vectors | None) -> Reading:
        """An engine's reading of a text, with this verdict wherever one of the two sees no matter in it."""
        kind, share = self.kind(text, meaning)
        if kind in OUTSIDE and share < DOUBTFUL and cues.asks_for_person(written_out(text)):
            kind, share = "officer", SURE
        if kind not in OUTSIDE and reading.intent not in OUTSIDE:
            return reading
        if share < DOUBTFUL and reading.confidence >= SURE and _kind(reading.intent) not in {MATTER, *OUTSIDE}:
            return reading
        return replace(reading, intent=kind, confidence=share)

    def kind(self, text: str, meaning: Vectors | None) -> tuple[str, float]:
        """The most probable kind of a masked text, and its probability."""
        shares = self.shares(text, meaning)
        best = int(np.argmax(shares))
        return self.classifier.classes[best], float(shares[best])

    def shares(self, text: str, meaning: Vectors | None) -> NDArray[np.float64]:
        """The probability of each kind, in the order of the classifier's classes."""
        terms = ngrams.of(self.kinds_of_ngrams, comparable(text))
        return self.classifier.shares(terms, meaning * _MEANING_WEIGHT if meaning is not None else None)


def some(questions: Iterable[str]) -> list[str]:
    """As many questions as are taught, from all over the catalogue."""
    every = list(questions)
    return every[:: max(1, len(every) // QUESTIONS)][:QUESTIONS]


def _kind(intent: str) -> str:
    return MATTER if intent.startswith("ask_") and intent != "ask_bot" else intent

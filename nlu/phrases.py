"""The embedded engine: reads a message with what the training sentences taught it, inside the application.

Answers from the first second, while Rasa starts, and takes over when Rasa is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from nlu import entities
from nlu.text import comparable
from nlu.training import Example
from nlu.understanding import Reading

_INVERSE_REGULARISATION = 20.0  # cross-validated over 5..80: flat above 10, best calibrated from 20


@dataclass(frozen=True)
class PhraseEngine:
    """An `Understander` in this process; reading never waits for anything."""

    vectorizers: tuple[TfidfVectorizer, ...]
    # n-grams of characters and of words; each gives some columns of the features
    classifier: LogisticRegression
    # (1, columns) -> (1, intents), probabilities

    @classmethod
    def train(cls, examples: Iterable[Example]) -> PhraseEngine:
        """Learn from sentences: a thousand take about half a second."""
        sentences = [(comparable(example.text), example.intent) for example in examples]
        texts, intents = zip(*sentences, strict=True)
        vectorizers = tuple(vectorizer.fit(texts) for vectorizer in untrained_vectorizers())
        classifier = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=400)
        with threadpool_limits(limits=1):  # the matrices are small: more threads take three times as long
            classifier.fit(_features(vectorizers, texts), intents)
        return cls(vectorizers, classifier)

    def read(self, text: str) -> Reading:
        """The most probable intent and the entities of one masked message."""
        probabilities = self.classifier.predict_proba(_features(self.vectorizers, [comparable(text)]))[0]
        best = int(np.argmax(probabilities))
        return Reading(
            intent=str(self.classifier.classes_[best]),
            confidence=float(probabilities[best]),
            entities=entities.find(text),
            engine="embedded",
        )


def _features(vectorizers: Sequence[TfidfVectorizer], texts: Sequence[str]) -> csr_matrix:
    return hstack([vectorizer.transform(texts) for vectorizer in vectorizers], format="csr")


def untrained_vectorizers() -> tuple[TfidfVectorizer, ...]:
    """What counts n-grams of characters and of words, for the engine and for nlu/scope.py."""
    return (
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32),
        TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32),
    )

"""The embedded engine: reads a message with what the training sentences taught it, inside the application.

Answers from the first second, while Rasa starts, and takes over when Rasa is down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from nlu import entities
from nlu.text import comparable
from nlu.training import Example
from nlu.understanding import Reading

_INVERSE_REGULARISATION = 20.0  # cross-validated over 5..80: flat above 10, best calibrated from 20


@dataclass(frozen=True)
class PhraseEngine:
    """An `Understander` in this process; reading never waits for anything."""

    classifier: Pipeline
    # folded text -> probability of each intent

    @classmethod
    def train(cls, examples: Iterable[Example]) -> PhraseEngine:
        """Learn from sentences; takes under two seconds for a thousand."""
        sentences = [(comparable(example.text), example.intent) for example in examples]
        texts, intents = zip(*sentences, strict=True)
        return cls(_untrained().fit(texts, intents))

    def read(self, text: str) -> Reading:
        """The most probable intent and the entities of one masked message."""
        probabilities = self.classifier.predict_proba([comparable(text)])[0]
        best = int(np.argmax(probabilities))
        return Reading(
            intent=str(self.classifier.classes_[best]),
            confidence=float(probabilities[best]),
            entities=entities.find(text),
            engine="embedded",
        )


def _untrained() -> Pipeline:
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32)
    words = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
    features = FeatureUnion([("characters", characters), ("words", words)])
    return make_pipeline(features, LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=400))

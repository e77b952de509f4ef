"""Which procedure, learned: a linear classifier over names, aliases and example questions of reviewed procedures.

Search finds what shares words; this learns which words tell siblings apart ("mất" from "hết hạn", "nước ngoài", "lại").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

NEUTRAL = -0.6
# a margin below it says nothing; procedures without examples have it

Margins = NDArray[np.float32]


class Classifier:
    """One margin a class; a class is the place of a procedure in the list it was trained on."""

    def __init__(self, texts: Sequence[str], owners: Sequence[int], classes: int) -> None:
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        self._words = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
        rows = hstack([self._letters.fit_transform(texts), self._words.fit_transform(texts)]).tocsr()
        model = LinearSVC(C=0.5).fit(rows, owners)
        self._coefficients = model.coef_.astype(np.float32).T.copy()
        self._intercepts = model.intercept_.astype(np.float32)
        self._owners = model.classes_
        self._classes = classes

    def margins(self, text: str) -> Margins:
        """How far inside each class the text lies; NEUTRAL where it does not, or where nothing was learned."""
        row: csr_matrix = hstack([self._letters.transform([text]), self._words.transform([text])]).tocsr()
        found = np.full(self._classes, NEUTRAL, dtype=np.float32)
        found[self._owners] = np.asarray(row @ self._coefficients).ravel() + self._intercepts
        return np.maximum(found, NEUTRAL)

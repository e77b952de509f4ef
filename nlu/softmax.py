"""A logistic classifier over n-grams and, where there is an encoder, meanings: taught by scikit-learn, read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from nlu.ngrams import Terms

_INVERSE_REGULARISATION = 20.0  # cross-validated over 5..80: flat above 10, best calibrated from 20


@dataclass(frozen=True)
class Softmax:
    """Three classes or more."""

    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    # (columns, classes); the last columns are a meaning's, when it was taught with meanings
    intercepts: NDArray[np.float32]

    @classmethod
    def taught(cls, rows: csr_matrix, names: Sequence[str]) -> Softmax:
        """By rows of columns, and the class of each."""
        model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=400)
        with threadpool_limits(limits=1):  # the matrices are small: more threads take three times as long
            model.fit(rows, names)
        weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        return cls(tuple(map(str, model.classes_)), weights, model.intercept_.astype(np.float32))

    def shares(self, terms: Terms, meaning: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
        """The probability of each class, in their order."""
        scores = self.intercepts + terms.weights @ self.weights[terms.places]
        if meaning is not None:
            scores = scores + meaning @ self.weights[-len(meaning) :]
        raised = np.exp(scores - scores.max(), dtype=np.float64)
        return np.asarray(raised / raised.sum())

"""Which procedure, learned: one linear classifier a procedure over its name, aliases and questions.

Search finds what shares words; this learns which words, letters and meanings tell siblings apart ("mất" from "hết hạn",
"nước ngoài", "lại"). Each classifier is taught against the rows nearest to its own and some from afar: as good as all
rows against all, and built in a minute for thousands of procedures (docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

from nlu.ngrams import Ngrams, beside
from nlu.postings import Postings
from nlu.text import phonetic

NEUTRAL = -1.0
# a margin below it says nothing; procedures that nothing is known of but their name have it
NEAR, FAR = 400, 400
# rows of other procedures that each is told from
OWN_WEIGHT = 4
# of its own rows, which are few
STRICTNESS = 0.5
LEAST = 0.02
# smaller coefficients are dropped
THREADS = 2
SEED = 20261122

Margins = NDArray[np.float32]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class _Plane:
    columns: NDArray[np.int32]
    coefficients: NDArray[np.float32]
    intercept: float


class Classifier:
    """One margin a class; a class is the place of a procedure in the list it was trained on."""

    def __init__(self, texts: Sequence[str], meanings: Vectors | None, owners: Sequence[int], classes: int) -> None:
        """`meanings` holds one vector a text, or is None when there is no encoder."""
        self._letters, self._words = Ngrams.letters(2, most_rows(len(texts))), Ngrams.words()
        shown = [self._letters.learn(map(phonetic, texts)), self._words.learn(texts)]
        rows = hstack(shown + ([csr_matrix(meanings)] if meanings is not None else [])).tocsr()
        owned = np.asarray(owners)
        self._taught = np.unique(owned)
        planes = _planes(rows, owned, self._taught)
        weights = csr_matrix(
            (
                np.concatenate([plane.coefficients for plane in planes]),
                np.concatenate([plane.columns for plane in planes]),
                np.cumsum([0, *(len(plane.columns) for plane in planes)]),
            ),
            shape=(len(planes), rows.shape[1]),
        )
        self._intercepts = np.array([plane.intercept for plane in planes], dtype=np.float32)
        self._sparse = rows.shape[1] - (meanings.shape[1] if meanings is not None else 0)
        self._planes = Postings(weights[:, : self._sparse])
        self._meanings = weights[:, self._sparse :].toarray() if meanings is not None else None
        self._classes = classes

    def margins(self, text: str, meaning: Vectors | None) -> Margins:
        """How far inside each class the text lies; NEUTRAL where it does not, or where nothing was learned."""
        terms = beside((self._letters, self._words), [self._letters.of(phonetic(text)), self._words.of(text)])
        margins = self._planes.scores(terms.places, terms.weights) + self._intercepts
        if self._meanings is not None and meaning is not None:
            margins += self._meanings @ meaning
        found = np.full(self._classes, NEUTRAL, dtype=np.float32)
        found[self._taught] = np.maximum(margins, NEUTRAL)
        return found


def most_rows(count: int) -> int:
    """Of so many rows how many may hold an n-gram of letters: what stands everywhere tells nothing and costs most."""
    return max(200, count * 15 // 100)


def _planes(rows: csr_matrix, owners: NDArray[np.int_], taught: NDArray[np.int_]) -> list[_Plane]:
    by_term = rows.T.tocsr()
    far = np.random.default_rng(SEED).choice(len(owners), min(FAR, len(owners)), replace=False)

    def fit(number: int) -> _Plane:
        own = np.flatnonzero(owners == number)
        likeness = np.asarray((csr_matrix(rows[own].mean(axis=0)) @ by_term).todense()).ravel()
        near = np.argpartition(-likeness, min(NEAR, len(likeness) - 1))[:NEAR]
        others = np.union1d(near, far)
        return _plane(rows[np.concatenate([own, others[owners[others] != number]])], len(own))

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(fit, taught))


def _plane(rows: csr_matrix, own: int) -> _Plane:
    """The first `own` rows told from the rest, over the columns that occur."""
    columns, places = np.unique(rows.indices, return_inverse=True)
    packed = csr_matrix((rows.data, places, rows.indptr), shape=(rows.shape[0], len(columns)))
    right = np.arange(rows.shape[0]) < own
    model = LinearSVC(C=STRICTNESS, class_weight={True: OWN_WEIGHT}, random_state=SEED).fit(packed, right)
    kept = np.abs(model.coef_[0]) >= LEAST
    return _Plane(columns[kept].astype(np.int32), model.coef_[0][kept].astype(np.float32), float(model.intercept_[0]))

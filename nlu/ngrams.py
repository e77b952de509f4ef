"""N-grams of letters and of words, counted as scikit-learn does; of one text without its care for a thousand.

Reading one text with `TfidfVectorizer.transform` costs half a millisecond in checks alone, and a message is read six
times. A test holds both ways equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer


@dataclass(frozen=True)
class Terms:
    """The known n-grams of a text."""

    places: NDArray[np.int64]
    # columns
    weights: NDArray[np.float32]
    # of length 1 together


class Ngrams:
    """One kind of n-gram: each that was learned is a column."""

    def __init__(self, vectorizer: TfidfVectorizer) -> None:
        """`vectorizer` counts sublinearly and scales to length 1."""
        self._vectorizer = vectorizer

    @classmethod
    def letters(cls, least_rows: int = 1, most_rows: int | float = 1.0) -> Ngrams:
        """Two to five letters inside words. `most_rows` is a number, or a share of all."""
        return cls(
            TfidfVectorizer(
                analyzer="char_wb",
                ngram_range=(2, 5),
                min_df=least_rows,
                max_df=most_rows,
                sublinear_tf=True,
                dtype=np.float32,
            )
        )

    @classmethod
    def words(cls, least_rows: int = 1) -> Ngrams:
        """Words and pairs of words."""
        return cls(
            TfidfVectorizer(
                token_pattern=r"\w+", ngram_range=(1, 2), min_df=least_rows, sublinear_tf=True, dtype=np.float32
            )
        )

    def learn(self, texts: Iterable[str]) -> csr_matrix:
        """Take the n-grams of the texts for columns; one row a text."""
        rows = self._vectorizer.fit_transform(texts)
        self._analyse = self._vectorizer.build_analyzer()
        self._columns: dict[str, int] = {gram: int(place) for gram, place in self._vectorizer.vocabulary_.items()}
        self._rarity = self._vectorizer.idf_.astype(np.float32)
        return rows

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def of(self, text: str) -> Terms:
        """The n-grams of one text."""
        known = Counter(map(self._columns.get, self._analyse(text)))
        known.pop(None, None)
        places = np.fromiter(known.keys(), dtype=np.int64, count=len(known))
        times = np.fromiter(known.values(), dtype=np.float32, count=len(known))
        weights = (1 + np.log(times)) * self._rarity[places]
        return Terms(places, weights / max(float(np.sqrt(weights @ weights)), 1e-12))


def learn(kinds: Sequence[Ngrams], texts: Sequence[str]) -> csr_matrix:
    """The columns of several kinds beside each other."""
    return hstack([kind.learn(texts) for kind in kinds], format="csr")


def of(kinds: Sequence[Ngrams], text: str) -> Terms:
    """One text in the columns of several kinds."""
    return beside(kinds, [kind.of(text) for kind in kinds])


def beside(kinds: Sequence[Ngrams], found: Sequence[Terms]) -> Terms:
    """What each kind found, in columns one after the other."""
    starts = np.cumsum([0, *(kind.count for kind in kinds[:-1])])
    places = [terms.places + start for terms, start in zip(found, starts, strict=True)]
    return Terms(np.concatenate(places), np.concatenate([terms.weights for terms in found]))

"""Texts that ask the same, together: average linkage over how alike they are, each cluster named by its middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from nlu.encoder import Vectors
from nlu.ngrams import Ngrams
from nlu.text import comparable

Likeness = NDArray[np.float64]
# a row and a column a text: 1 the same, 0 nothing in common
MEANT, WRITTEN = 0.62, 0.38
# how alike the texts of a cluster are on average: by meanings, by letters
DECIMALS = 4
# what differs less is the same on every machine


def by_meanings(vectors: Vectors) -> Likeness:
    """How alike texts are, by their unit vectors (nlu/encoder.py)."""
    return _clean(vectors @ vectors.T)


def by_letters(texts: Sequence[str]) -> Likeness:
    """How alike texts are, by the n-grams of their letters: where there is no encoder."""
    rows = Ngrams.letters().learn([comparable(text) or "-" for text in texts])
    return _clean((rows @ rows.T).toarray())


def middles(likeness: Likeness, least: float) -> list[int]:
    """For each text the place of the text in the middle of its cluster; the same texts give the same clusters.

    In the middle is the text that is most like all others of its cluster, the first of several.
    """
    if len(likeness) < 2:
        return list(range(len(likeness)))
    apart = squareform(1 - likeness, checks=False)
    labels = fcluster(linkage(apart, "average"), 1 - least, "distance")
    found = [0] * len(likeness)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        middle = members[int(np.argmax(np.round(likeness[np.ix_(members, members)].sum(axis=1), DECIMALS)))]
        for member in members:
            found[member] = int(middle)
    return found


def _clean(likeness: NDArray[Any]) -> Likeness:
    """Symmetric, within 0 and 1, and itself on the diagonal."""
    rounded: Likeness = np.round(likeness.astype(np.float64), DECIMALS).clip(0, 1)
    rounded = np.maximum(rounded, rounded.T)
    np.fill_diagonal(rounded, 1)
    return rounded

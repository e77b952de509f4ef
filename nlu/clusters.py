"""Texts that ask the same, together: average linkage over how alike they are, each cluster named by its middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix, issparse

from nlu.encoder import Vectors
from nlu.ngrams import Ngrams
from nlu.text import comparable

Rows: TypeAlias = Vectors | Any
# or a csr_matrix, which has no types; a row of length 1 for each text: how alike two texts are is their product,
# 1 the same, 0 nothing in common
MEANT, WRITTEN = 0.62, 0.38
# how alike the texts of a cluster are on average: by meanings (nlu/encoder.py), by letters
DECIMALS = 4
# what differs less is the same on every machine
TOGETHER = 200
# rows that are compared with all others at once: the whole square would take 100 MB for 2,000 texts


def by_letters(texts: Sequence[str]) -> csr_matrix:
    """The n-grams of the letters of texts: where there is no encoder."""
    return Ngrams.letters().learn([comparable(text) or "-" for text in texts])


def middles(rows: Rows, least: float) -> list[int]:
    """For each text the place of the text in the middle of its cluster; the same texts give the same clusters.

    In the middle is the text that is most like all others of its cluster, the first of several.
    """
    count = rows.shape[0]
    if count < 2:
        return list(range(count))
    apart = 1 - np.concatenate([row[place + 1 :] for place, row in enumerate(_alike(rows))])
    labels = fcluster(linkage(apart, "average"), 1 - least, "distance")
    found = [0] * count
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        sums = np.array([row.sum() for row in _alike(rows[members])])
        middle = int(members[int(np.argmax(np.round(sums, DECIMALS)))])
        for member in members:
            found[member] = middle
    return found


def _alike(rows: Rows) -> Iterator[NDArray[np.float64]]:
    """For one text after the other, how alike it is to each."""
    columns = rows.T
    for start in range(0, rows.shape[0], TOGETHER):
        alike: Any = rows[start : start + TOGETHER] @ columns
        dense: NDArray[Any] = alike.toarray() if issparse(alike) else alike
        yield from np.round(dense.astype(np.float64), DECIMALS).clip(0, 1)

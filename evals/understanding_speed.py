"""How long understanding takes, by the size of the catalogue, with and without meanings.

`python -m evals.understanding_speed [60000]` asks the test questions of an index over the shipped procedures, over the
import, and over so many synthetic ones besides (their names are words of real names, shuffled).
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from bot import settings, wiring
from bot.settings import Settings
from evals import scoring
from knowledge import catalogue, questions
from knowledge.importing import SERVED
from nlu import confidence, encoder, stored
from nlu.encoder import Encoder
from nlu.retrieval import Entry, Retrieval

ASKED = 300
SEED = 20261122
COLUMNS = ("procedures", "phrases", "meanings", "built s", "read s", "p50 ms", "p95 ms", "p99 ms", "process MB")


def main(sizes: Sequence[int]) -> None:
    """Print one row an index."""
    loaded = settings.load()
    asked = questions.load()
    shipped = wiring.entries(catalogue.load(), asked)
    full = wiring.entries(catalogue.load(loaded.catalogue_dir / SERVED), asked)
    texts = [item.text for item in random.Random(SEED).sample(scoring.load(), ASKED)]
    table = Table(*COLUMNS)
    for entries in (shipped, full, *(synthetic(full, size) for size in sizes)):
        for reader in (None, encoder.default()):
            table.add_row(*_row(entries, reader, texts))
    Console(width=130).print(table)


def markdown(size: int) -> str:
    """Words alone, over the shipped procedures, the import, and so many with synthetic ones: a line an index."""
    loaded = settings.load()
    asked = questions.load()
    shipped = wiring.entries(catalogue.load(), asked)
    full = wiring.entries(catalogue.load(loaded.catalogue_dir / SERVED), asked) if _has_import(loaded) else shipped
    texts = [item.text for item in random.Random(SEED).sample(scoring.load(), ASKED)]
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    sizes = {len(entries): entries for entries in (shipped, full, synthetic(full, size))}
    lines += (f"| {' | '.join(_row(entries, None, texts))} |" for entries in sizes.values())
    return "\n".join(lines)


def _has_import(loaded: Settings) -> bool:
    return (loaded.catalogue_dir / SERVED).exists()


def synthetic(real: Sequence[Entry], size: int) -> list[Entry]:
    """The real entries and others, whose names have the real ones' words in another order and company."""
    noise = random.Random(SEED)
    words = [word for entry in real for word in entry.name.split()]
    made = [" ".join(noise.sample(words, noise.randint(6, 16))) for _ in range(size - len(real))]
    return [*real, *(Entry(f"9.{number:06}", name, (), local=False) for number, name in enumerate(made))]


def _row(entries: Sequence[Entry], reader: Encoder | None, texts: Sequence[str]) -> list[str]:
    with TemporaryDirectory() as folder:
        built_s, _ = _timed(entries, reader, folder)
        read_s, index = _timed(entries, reader, folder)
    weights = confidence.fitted(reader is not None)
    took_ms = []
    for text in texts:
        started = time.perf_counter()
        index.rank(text, weights, reader)
        took_ms.append(1000 * (time.perf_counter() - started))
    p50, p95, p99 = np.percentile(took_ms, (50, 95, 99))
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    phrases = sum(len(entry.rows) for entry in entries)
    shown = (built_s, read_s, p50, p95, p99)
    return [
        f"{len(entries)}",
        f"{phrases}",
        "yes" if reader else "no",
        *(f"{value:.1f}" for value in shown),
        f"{memory_mb:.0f}",
    ]


def _timed(entries: Sequence[Entry], reader: Encoder | None, folder: str) -> tuple[float, Retrieval]:
    started = time.perf_counter()
    index = stored.retrieval(entries, Path(folder), reader)
    return time.perf_counter() - started, index


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])

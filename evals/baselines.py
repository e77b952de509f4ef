"""What plain search over the official names finds, beside our understanding: the same questions, in one run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

from bot.assistant import Assistant
from evals import asking, scoring
from evals.measuring import answerable
from evals.scoring import Label
from nlu.text import words

Search = Callable[[str], Sequence[str]]
# text -> codes, best first

BEST = 10
OURS = "Một Cửa (understanding alone)"


@dataclass(frozen=True)
class Found:
    """How one search did; shares between 0 and 1."""

    name: str
    questions: int
    hit_1: float
    hit_3: float
    hit_10: float
    p50_ms: float
    p99_ms: float


def compare(assistant: Assistant, labels: Sequence[Label]) -> list[Found]:
    """Every search over the assistant's catalogue, ours last."""
    names = {item.code: item.name for item in assistant.catalogue}
    asked = [item for item in answerable(labels, assistant.catalogue) if item.code]
    searches: dict[str, Search] = {
        "SQLite FTS5 over names": fts5(names),
        "rapidfuzz WRatio over names": wratio(names),
        "BM25 over folded names": bm25(names),
        OURS: lambda text: [candidate.code for candidate in asking.candidates(assistant, text)],
    }
    return [measure(name, search, asked) for name, search in searches.items()]


def measure(name: str, search: Search, labels: Sequence[Label]) -> Found:
    """Ask one search every question."""
    search(labels[0].text)
    # what a search loads at its first question is not the time of a question
    ranks, times = [], []
    for item in asking.told(labels, name):
        started = time.perf_counter()
        codes = search(item.text)
        times.append(1000 * (time.perf_counter() - started))
        ranks.append(scoring.place(item, codes))
    one, three, ten = (sum(0 < rank <= first for rank in ranks) / len(ranks) for first in (1, 3, 10))
    p50, p99 = (float(np.percentile(times, share)) for share in (50, 99))
    return Found(name, len(ranks), one, three, ten, p50, p99)


def show(title: str, found: Sequence[Found]) -> None:
    """Print a table, one row a search."""
    table = Table("search", "n", "hit@1", "hit@3", "hit@10", "p50 ms", "p99 ms", title=title)
    for item in found:
        hits = (f"{100 * hit:.1f}" for hit in (item.hit_1, item.hit_3, item.hit_10))
        table.add_row(item.name, str(item.questions), *hits, f"{item.p50_ms:.1f}", f"{item.p99_ms:.1f}")
    Console(width=130).print(table)


def bm25(names: Mapping[str, str]) -> Search:
    """BM25 with its library's defaults over folded words."""
    index, codes = bm25s.BM25(), list(names)
    index.index([list(words(name)) for name in names.values()], show_progress=False)

    def search(text: str) -> list[str]:
        known = [word for word in words(text) if word in index.vocab_dict]
        scores = index.get_scores(known) if known else np.zeros(len(codes))
        return [codes[place] for place in np.argsort(-scores, kind="stable")[:BEST] if scores[place] > 0]

    return search


def wratio(names: Mapping[str, str]) -> Search:
    """rapidfuzz's mixed ratio over folded names."""
    folded = {code: " ".join(words(name)) for code, name in names.items()}

    def search(text: str) -> list[str]:
        found = process.extract(" ".join(words(text)), folded, scorer=fuzz.WRatio, limit=BEST)
        return [code for _, _, code in found]

    return search


def fts5(names: Mapping[str, str]) -> Search:
    """SQLite's full-text search, any of the words, with its own way of leaving out diacritics (not that of "đ")."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE names USING fts5(code UNINDEXED, name, tokenize='unicode61 remove_diacritics 2')"
    )
    database.executemany("INSERT INTO names VALUES (?, ?)", names.items())
    query = f"SELECT code FROM names WHERE names MATCH ? ORDER BY rank LIMIT {BEST}"

    def search(text: str) -> list[str]:
        said = [word for word in "".join(letter if letter.isalnum() else " " for letter in text).split() if word]
        any_word = " OR ".join(f'"{word}"' for word in said)
        return [code for (code,) in database.execute(query, (any_word,))] if said else []

    return search

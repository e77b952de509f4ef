"""Which procedure: search over names, aliases and example questions, a learned classifier, and a look at the best.

Every phrase of a procedure (its name, what people call it, example questions) is one row; a procedure scores with its
best row. docs/decisions/0005 says why, figures are in docs/understanding.md.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu import cues
from nlu import lexicon as lexicons
from nlu import text as texts
from nlu.classifier import Classifier, Margins
from nlu.confidence import Confidence
from nlu.understanding import Candidate

logging.getLogger("bm25s").setLevel(logging.WARNING)
# it prints its progress otherwise

Scores = NDArray[np.float32]

BEST = 10
# candidates returned
VERBATIM = 0.6
SEARCHED, LEARNED = 40, 15
# candidates of the search and of the classifier that are looked at closely


@dataclass(frozen=True)
class Entry:
    """One procedure as it can be found."""

    code: str
    name: str
    phrases: tuple[str, ...]
    # aliases and example questions
    local: bool
    # handled for citizens of the city, reviewed by a person: the likelier one


@dataclass(frozen=True)
class Signals:
    """What speaks for one candidate; the features of the ranking and of the confidence."""

    name_words: float
    # BM25 of the query with official words added, against the name, over the best
    name_letters: float
    # cosine of character n-grams with the name
    phrase_words: float
    # BM25 against the best alias or example, over the best
    phrase_letters: float
    # cosine of character n-grams with the best alias or example
    name_covered: float
    # share of the name's words, weighted by rarity, that the query has
    query_covered: float
    # share of the query's words, weighted by rarity, that the best row has
    tokens: float
    # rapidfuzz token_set_ratio with the best row, 0 to 1
    local: float
    # 1 for a reviewed procedure
    plain: float
    # minus the number of special words in the name that the citizen did not say
    learned: float
    # margin of the classifier
    verbatim: float
    # how far the cosine with the name lies above 0.6: the citizen gives the official name

    def values(self) -> list[float]:
        """In the order of the fields."""
        return list(vars(self).values())


class Retrieval:
    """An index over procedures. Can be pickled."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        rows = [(number, phrase) for number, entry in enumerate(entries) for phrase in (entry.name, *entry.phrases)]
        self._rows = [_words(phrase) for _, phrase in rows]
        self._owners = np.array([number for number, _ in rows])
        self._bm25 = bm25s.BM25(k1=1.2, b=0.6)
        self._bm25.index([_terms(row) for row in self._rows], show_progress=False)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32)
        self._matrix = self._letters.fit_transform(self._rows)
        self._rarity = _rarity(self._rows)
        self._qualifiers = [cues.qualifiers(texts.written_out(entry.name)) for entry in entries]
        self._rows_of = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(self._owners)) + 1)
        taught = [(number, phrase) for number, phrase in rows if entries[number].phrases]
        several = len({number for number, _ in taught}) > 1
        self._classifier = (
            Classifier([_taught(phrase) for _, phrase in taught], [number for number, _ in taught], len(entries))
            if several
            else None
        )

    def rank(self, text: str, confidence: Confidence) -> tuple[Candidate, ...]:
        """At most ten procedures, best first, each with its calibrated confidence."""
        scored = self.signals(text)
        if not scored:
            return ()
        ranked = confidence.rank([signals.values() for _, signals in scored])
        return tuple(
            Candidate(scored[index][0].code, scored[index][0].name, probability) for index, probability in ranked[:BEST]
        )

    def signals(self, text: str) -> list[tuple[Entry, Signals]]:
        """The likely entries with what speaks for them."""
        query = content(text)
        if cues.names_nothing(query):
            return []
        more = " ".join([query, *map(_words, lexicons.default().official_words(texts.written_out(text)))])
        words = self._bm25.get_scores(_known(self._bm25, _terms(more)))
        letters = (self._matrix @ self._letters.transform([query]).T).toarray().ravel()
        neutral = np.zeros(len(self._entries), dtype=np.float32)
        margins = self._classifier.margins(more) if self._classifier else neutral
        return self._closely(query, more, words, letters, margins)

    def _closely(
        self, query: str, more: str, words: Scores, letters: Scores, margins: Margins
    ) -> list[tuple[Entry, Signals]]:
        best_words = max(float(words.max()), 1e-6)
        combined = words / best_words + letters
        by_owner = np.zeros(len(self._entries), dtype=np.float32)
        np.maximum.at(by_owner, self._owners, combined)
        searched = [number for number in np.argsort(-by_owner, kind="stable")[:SEARCHED] if by_owner[number] > 0]
        learned = [number for number in np.argsort(-margins, kind="stable")[:LEARNED] if searched]
        asked, asked_more = set(query.split()), set(more.split())
        said = cues.qualifiers(more)
        found = []
        for number in dict.fromkeys([*searched, *learned]):
            entry, rows = self._entries[number], self._rows_of[number]
            name_row, phrases = rows[0], rows[1:] if len(rows) > 1 else rows
            best_row = rows[int(np.argmax(combined[rows]))]
            signals = Signals(
                name_words=float(words[name_row]) / best_words,
                name_letters=float(letters[name_row]),
                phrase_words=float(words[phrases].max()) / best_words,
                phrase_letters=float(letters[phrases].max()),
                name_covered=self._covered(self._rows[name_row].split(), asked_more),
                query_covered=self._covered(list(asked), set(self._rows[best_row].split())),
                tokens=fuzz.token_set_ratio(query, self._rows[best_row]) / 100,
                local=float(entry.local),
                plain=-float(len(self._qualifiers[number] - said)),
                learned=float(margins[number]),
                verbatim=max(0.0, float(letters[name_row]) - VERBATIM),
            )
            found.append((entry, signals))
        return found

    def _covered(self, words: list[str], by: set[str]) -> float:
        """The share of the words, weighted by rarity, that the other side has."""
        weights = [self._rarity.get(word, self._rarity[""]) for word in words]
        held = sum(weight for word, weight in zip(words, weights, strict=True) if word in by)
        return held / (sum(weights) or 1.0)


def content(text: str) -> str:
    """The folded words that may name a procedure: aspects, courtesy and fillers left out."""
    bare = texts.strip_fillers(cues.without_aspects(texts.written_out(text)))
    return " ".join(texts.words(bare))


def _words(phrase: str) -> str:
    return " ".join(texts.words(texts.strip_fillers(texts.written_out(phrase))))


def _taught(phrase: str) -> str:
    """A phrase as the classifier sees a question: its content with the official words added."""
    official = lexicons.default().official_words(texts.written_out(phrase))
    return " ".join([content(phrase), *map(_words, official)])


def _terms(words: str) -> list[str]:
    """Words and pairs of words."""
    single = words.split()
    return single + [f"{first}_{second}" for first, second in zip(single, single[1:], strict=False)]


def _known(bm25: bm25s.BM25, terms: list[str]) -> list[str]:
    """bm25s refuses a query without any known term."""
    known = [term for term in terms if term in bm25.vocab_dict]
    return known or [next(iter(bm25.vocab_dict))]


def _rarity(rows: list[str]) -> dict[str, float]:
    """Inverse document frequency of each word; under "" that of an unknown word."""
    counts: dict[str, int] = {}
    for row in rows:
        for word in set(row.split()):
            counts[word] = counts.get(word, 0) + 1
    total = len(rows)
    return {word: float(np.log(1 + total / count)) for word, count in counts.items()} | {"": float(np.log(1 + total))}

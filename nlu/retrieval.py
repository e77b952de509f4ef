"""Which procedure: search over names, aliases and questions, a learned classifier, meanings, and a look at the best.

Every phrase of a procedure (its name, what people call it, how people ask) is one row; a procedure scores with its
best row. docs/decisions/0005 and 0007 say why, figures are in docs/understanding.md.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

import bm25s
import numpy as np
from rapidfuzz import fuzz
from scipy.sparse import csc_matrix

from nlu import cues, encoder
from nlu import text as texts
from nlu.accents import Accents
from nlu.classifier import Classifier, Margins, most_rows
from nlu.confidence import Confidence
from nlu.encoder import Encoder, Vectors
from nlu.ngrams import Ngrams
from nlu.postings import Postings, Scores
from nlu.readings import Readings, content, with_official_words
from nlu.understanding import Candidate

logging.getLogger("bm25s").setLevel(logging.WARNING)
# it prints its progress otherwise

BEST = 10
# candidates returned
VERBATIM = 0.6
SEARCHED, LEARNED, MEANT = 25, 15, 10
# candidates of the search, of the classifier and of the meanings that are looked at closely
LONGEST_MEANT = 48
# words of a text that the encoder reads: half from its beginning, half from its end


@dataclass(frozen=True)
class Entry:
    """One procedure as it can be found."""

    code: str
    name: str
    phrases: tuple[str, ...]
    # aliases and questions
    local: bool
    # handled for citizens of the city, reviewed by a person: the likelier one
    generated: tuple[str, ...] = ()
    # phrases made of the name alone: found by, not taught

    @property
    def rows(self) -> tuple[str, ...]:
        """Everything it can be found by; the name comes first."""
        return (self.name, *self.phrases, *self.generated)


@dataclass(frozen=True)
class Signals:
    """What speaks for one candidate; the features of the ranking and of the confidence."""

    name_words: float
    # BM25 of the query with official words added, against the name, over the best
    name_letters: float
    # cosine of character n-grams with the name
    phrase_words: float
    # BM25 against the best alias or question, over the best
    phrase_letters: float
    # cosine of character n-grams with the best alias or question
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
    name_meaning: float
    # cosine of the meanings of the text and of the name; 0 without an encoder
    phrase_meaning: float
    # the same with the nearest alias or question

    def values(self) -> list[float]:
        """In the order of the fields."""
        return list(vars(self).values())


@dataclass(frozen=True)
class _Query:
    """A text and how well each row answers it."""

    words: str
    # its content
    official: str
    # its content and official words for it
    word_scores: Scores
    letter_scores: Scores
    meaning_scores: Scores


class Retrieval:
    """An index over procedures. Can be pickled; the encoder stays outside."""

    def __init__(
        self, entries: Sequence[Entry], reader: Encoder | None = None, readings: Readings | None = None
    ) -> None:
        """`readings`: of phrases that were read before; the index is the same with and without them."""
        read = Readings() if readings is None else readings
        self._entries = list(entries)
        rows = [(number, phrase) for number, entry in enumerate(entries) for phrase in entry.rows]
        self._rows = [read.words(phrase) for _, phrase in rows]
        self._row_words = [frozenset(row.split()) for row in self._rows]
        self._owners = np.array([number for number, _ in rows])
        self._rows_of = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(self._owners)) + 1)
        self._vocabulary, self._words = _bm25([_terms(row) for row in self._rows])
        self._first_rows = np.array([rows[0] for rows in self._rows_of])
        self._letters = Ngrams.letters(most_rows=most_rows(len(rows)))
        self._letter_rows = Postings(self._letters.learn(map(texts.phonetic, self._rows)))
        self._rarity = _rarity(self._rows)
        self._qualifiers = [cues.qualifiers(texts.written_out(entry.name)) for entry in entries]
        self._accents = Accents(phrase for _, phrase in rows)
        self._meanings = encoder.of(spoken((phrase for _, phrase in rows), self._accents), reader) if reader else None
        taught = np.array([bool(entries[number].phrases) for number, _ in rows])
        self._classifier = (
            Classifier(
                [read.taught(phrase) for (_, phrase), known in zip(rows, taught, strict=True) if known],
                self._meanings[taught] if self._meanings is not None else None,
                self._owners[taught],
                len(entries),
            )
            if len(np.unique(self._owners[taught])) > 1
            else None
        )

    def rank(self, text: str, confidence: Confidence, reader: Encoder | None = None) -> tuple[Candidate, ...]:
        """At most ten procedures, best first, each with its calibrated confidence."""
        scored = self.signals(text, reader)
        if not scored:
            return ()
        ranked = confidence.rank([signals.values() for _, signals in scored])
        return tuple(
            Candidate(scored[index][0].code, scored[index][0].name, probability) for index, probability in ranked[:BEST]
        )

    def signals(self, text: str, reader: Encoder | None = None) -> list[tuple[Entry, Signals]]:
        """The likely entries with what speaks for them."""
        words = content(text)
        if cues.names_nothing(words):
            return []
        official = with_official_words(words, text)
        meaning = self.meaning(text, reader)
        letters = self._letters.of(texts.phonetic(words))
        query = _Query(
            words=words,
            official=official,
            word_scores=self._words.scores(*_known(self._vocabulary, _terms(official))),
            letter_scores=self._letter_rows.scores(letters.places, letters.weights),
            meaning_scores=(
                self._meanings @ meaning
                if self._meanings is not None and meaning is not None
                else np.zeros(len(self._rows), dtype=np.float32)
            ),
        )
        margins = self._classifier.margins(official, meaning) if self._classifier else self._nothing()
        return self._closely(query, margins)

    def meaning(self, text: str, reader: Encoder | None) -> Vectors | None:
        """The vector of a text; None without an encoder, or when the index was built without one."""
        if reader is None or self._meanings is None:
            return None
        words = self.spoken([text])[0].split()
        half = LONGEST_MEANT // 2
        return reader.meaning(" ".join(words if len(words) <= LONGEST_MEANT else words[:half] + words[-half:]))

    def spoken(self, phrases: Iterable[str]) -> list[str]:
        """Texts as the encoder reads them best."""
        return spoken(phrases, self._accents)

    def _closely(self, query: _Query, margins: Margins) -> list[tuple[Entry, Signals]]:
        best_words = max(float(query.word_scores.max()), 1e-6)
        combined = query.word_scores / best_words + query.letter_scores
        searched = [number for number, score in self._best(combined, SEARCHED) if score > 0]
        learned = [int(number) for number in np.argsort(-margins, kind="stable")[:LEARNED] if searched]
        meant = [number for number, score in self._best(query.meaning_scores, MEANT) if score > 0]
        asked, asked_more = frozenset(query.words.split()), frozenset(query.official.split())
        said = cues.qualifiers(query.official)
        found = []
        for number in dict.fromkeys([*searched, *learned, *meant]):
            entry, rows = self._entries[number], self._rows_of[number]
            name_row, phrases = rows[0], rows[1:] if len(rows) > 1 else rows
            best_row = rows[int(np.argmax(combined[rows]))]
            signals = Signals(
                name_words=float(query.word_scores[name_row]) / best_words,
                name_letters=float(query.letter_scores[name_row]),
                phrase_words=float(query.word_scores[phrases].max()) / best_words,
                phrase_letters=float(query.letter_scores[phrases].max()),
                name_covered=self._covered(self._row_words[name_row], asked_more),
                query_covered=self._covered(asked, self._row_words[best_row]),
                tokens=fuzz.token_set_ratio(query.words, self._rows[best_row]) / 100,
                local=float(entry.local),
                plain=-float(len(self._qualifiers[number] - said)),
                learned=float(margins[number]),
                verbatim=max(0.0, float(query.letter_scores[name_row]) - VERBATIM),
                name_meaning=float(query.meaning_scores[name_row]),
                phrase_meaning=float(query.meaning_scores[phrases].max()),
            )
            found.append((entry, signals))
        return found

    def _best(self, scores: Scores, count: int) -> list[tuple[int, float]]:
        """The procedures with the best rows, and these rows' scores."""
        best = np.maximum.reduceat(scores, self._first_rows)
        return [(int(number), float(best[number])) for number in np.argsort(-best, kind="stable")[:count]]

    def _covered(self, words: frozenset[str], by: frozenset[str]) -> float:
        """The share of the words, weighted by rarity, that the other side has."""
        unknown = self._rarity[""]
        held = fsum(self._rarity.get(word, unknown) for word in words & by)
        return held / (held + fsum(self._rarity.get(word, unknown) for word in words - by) or 1.0)

    def _nothing(self) -> Margins:
        return np.zeros(len(self._entries), dtype=np.float32)


def spoken(phrases: Iterable[str], accents: Accents) -> list[str]:
    """Texts as the encoder reads them best: abbreviations written out, diacritics put back."""
    written_out = (texts.expand(texts.without_placeholders(texts.normalise(phrase))) for phrase in phrases)
    return [accents.restore(text) for text in written_out]


def _terms(words: str) -> list[str]:
    """Words and pairs of words."""
    single = words.split()
    return single + [f"{first}_{second}" for first, second in zip(single, single[1:], strict=False)]


def _bm25(rows: list[list[str]]) -> tuple[dict[str, int], Postings]:
    """The place of each term, and what it adds to each row."""
    index = bm25s.BM25(k1=1.2, b=0.6)
    index.index(rows, show_progress=False)
    scores = index.scores
    shape = (len(rows), len(scores["indptr"]) - 1)
    return index.vocab_dict, Postings(csc_matrix((scores["data"], scores["indices"], scores["indptr"]), shape=shape))


def _known(vocabulary: dict[str, int], terms: list[str]) -> tuple[list[int], list[float]]:
    places = [vocabulary[term] for term in terms if term in vocabulary]
    return places, [1.0] * len(places)


def _rarity(rows: list[str]) -> dict[str, float]:
    """Inverse document frequency of each word; under "" that of an unknown word."""
    counts: dict[str, int] = {}
    for row in rows:
        for word in set(row.split()):
            counts[word] = counts.get(word, 0) + 1
    total = len(rows)
    return {word: float(np.log(1 + total / count)) for word, count in counts.items()} | {"": float(np.log(1 + total))}

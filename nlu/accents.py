"""Diacritics put back: a bigram model over the catalogue's own words, read by Viterbi.

Serves the sentence encoder only, which does not understand text without diacritics. Search itself is folded.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from nlu.text import fold

WORD = re.compile(r"\w+")
MOST_CANDIDATES = 12
BIGRAM_WEIGHT = 0.75
MARKED_ENOUGH = 0.34
# a text with a larger share of marked words was typed with diacritics


class Accents:
    """What each folded word may be, and which words stand beside each other."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._single: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        for phrase in phrases:
            words = WORD.findall(phrase.lower())
            self._single.update(words)
            self._pairs.update(zip(["", *words], words, strict=False))
        forms: dict[str, list[str]] = defaultdict(list)
        for word, _ in self._single.most_common():
            forms[fold(word)].append(word)
        self._forms = {folded: words[:MOST_CANDIDATES] for folded, words in forms.items()}
        self._total = sum(self._single.values()) or 1

    def restore(self, text: str) -> str:
        """The text with diacritics; as it is when it has enough of them."""
        words = WORD.findall(text.lower())
        long = [word for word in words if len(word) > 1 and word.isalpha()]
        if not long or sum(word != fold(word) for word in long) / len(long) >= MARKED_ENOUGH:
            return text
        return " ".join(self._best(words))

    def _best(self, words: list[str]) -> list[str]:
        """The likeliest path through the forms of the words; a word that has diacritics is kept."""
        paths: dict[str, tuple[float, list[str]]] = {"": (0.0, [])}
        for word in words:
            forms = [word] if word != fold(word) else self._forms.get(word, [word])
            paths = {
                form: max(
                    ((score + self._score(before, form), [*path, form]) for before, (score, path) in paths.items()),
                    key=lambda item: item[0],
                )
                for form in forms
            }
        return max(paths.values(), key=lambda item: item[0])[1]

    def _score(self, before: str, word: str) -> float:
        pair = (self._pairs[before, word] + 0.01) / (self._single[before] + 1 if before else self._total)
        single = (self._single[word] + 0.01) / self._total
        return BIGRAM_WEIGHT * math.log(pair) + (1 - BIGRAM_WEIGHT) * math.log(single)

"""What a phrase comes to before anything is learned from it: the words that are searched, and those that are taught.

Each depends on its phrase and this room's data alone: an index of which one record changed reads what is new, no more.
"""

from __future__ import annotations

from nlu import cues
from nlu import lexicon as lexicons
from nlu import text as texts


class Readings:
    """Phrases read so far. Can be pickled; grows with every phrase that it is asked for."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._taught: dict[str, str] = {}

    def words(self, phrase: str) -> str:
        """The words of a phrase by which it is found."""
        if phrase not in self._words:
            self._words[phrase] = words(phrase)
        return self._words[phrase]

    def taught(self, phrase: str) -> str:
        """A phrase as the classifier sees a question."""
        if phrase not in self._taught:
            self._taught[phrase] = with_official_words(content(phrase), phrase)
        return self._taught[phrase]

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self._words) + len(self._taught)


def content(text: str) -> str:
    """The folded words that may name a procedure: aspects, courtesy and fillers left out."""
    bare = texts.strip_fillers(cues.without_aspects(texts.written_out(text)))
    return " ".join(texts.words(bare))


def words(phrase: str) -> str:
    """The folded words of a phrase, fillers left out."""
    return " ".join(texts.words(texts.strip_fillers(texts.written_out(phrase))))


def with_official_words(found: str, text: str) -> str:
    """Words with the official ones added that a text asks for."""
    official = lexicons.default().official_words(texts.written_out(text))
    return " ".join([found, *map(words, official)])

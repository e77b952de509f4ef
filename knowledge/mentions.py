"""Where a text names a ward, a commune, a district or a province, however it is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import fuzz, process

from knowledge.folding import fold

Key = tuple[str, ...]
# the folded words of a name without its type: ("ben", "nghe"), ("8",)

WARD_WORDS = {
    "phường": "Phường",
    "p": "Phường",
    "f": "Phường",
    "xã": "Xã",
    "x": "Xã",
    "thị trấn": "Thị trấn",
    "tt": "Thị trấn",
    "đặc khu": "Đặc khu",
    "đk": "Đặc khu",
}
# how a unit's type is written -> the type
DISTRICT_WORDS = {
    "quận": "Quận",
    "q": "Quận",
    "huyện": "Huyện",
    "h": "Huyện",
    "thành phố": "Thành phố",
    "tp": "Thành phố",
    "thị xã": "Thị xã",
    "tx": "Thị xã",
}
PROVINCE_WORDS = {"tỉnh": "Tỉnh"}
NEVER_MISSPELT_AFTER = {"q", "h", "x", "f", "tt", "tp", "tx", "đk"}
# short words that mean too much else in a chat to forgive a slip after them
BARE_NAMES_FOLLOW = {"o", "tai", "ve", "ubnd", "thuoc"}
# in text without marks a name without its type is one only after these words, or alone
NOTHING_BESIDE_NAMES = {"", "cu", "moi", "tphcm", "hcm", "tp", "thanh", "pho", "ho", "chi", "minh"}
# what may stand beside a name that is alone
STREET = "duong"
# after it a name is a street's

NEAR_PERCENT = 88
# likeness of a misspelt name
SIMILAR_PERCENT = 75
# likeness of a suggestion
SHORTEST_MISSPELT = 5
MOST_MISSPELT = 6
# how many stretches of a text are tried as misspelt names: a limit on the work

_WORD = re.compile(r"[^\W\d_]+|\d+")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_Y = re.compile(r"^(h|k|l|m|s|t|qu)y$")


@dataclass(frozen=True)
class Word:
    """One word or number of a text."""

    folded: str
    spelt: str
    # with its marks, the tone last: "hòa" and "hoà" are one word, so are "mỹ" and "mĩ"


Text = Sequence[Word]


@dataclass(frozen=True)
class Span:
    """A stretch of words that names something."""

    start: int
    end: int
    key: Key
    type: str
    # "Phường", "Quận", ...; empty when the text does not say

    def spelling(self, text: Text) -> Key:
        """How the name, without its type, is spelt in the text."""
        return tuple(word.spelt for word in text[self.end - len(self.key) : self.end])


def words(text: str) -> tuple[Word, ...]:
    """The words and numbers of a text, in order."""
    return tuple(_word(found) for found in _WORD.findall(unicodedata.normalize("NFC", text)))


def key(name: str) -> Key:
    """What a name is looked up by."""
    return tuple(word.folded for word in words(bare(name)))


def spelling(name: str) -> Key:
    """A name's words with their marks."""
    return tuple(word.spelt for word in words(bare(name)))


def bare(name: str) -> str:
    """A unit's name without its type."""
    for word in (*WARD_WORDS.values(), *DISTRICT_WORDS.values(), *PROVINCE_WORDS.values()):
        name = name.removeprefix(word + " ")
    return name


class Names:
    """The names of one kind of unit, found in a text by the longest match."""

    def __init__(self, types: Mapping[str, str], keys: Iterable[Key]) -> None:
        self._types = [(words(written), written, name) for written, name in types.items()]
        self._first_words = {expected[0].folded for expected, _, _ in self._types}
        self._keys = frozenset(keys)
        self._longest = max(map(len, self._keys), default=0)
        self._written = {" ".join(item): item for item in self._keys if not item[0].isdigit()}

    def at(self, text: Text, start: int) -> Key:
        """The longest name that begins at a word; empty when none does."""
        folded = tuple(word.folded for word in text[start : start + self._longest])
        return next((folded[:end] for end in range(len(folded), 0, -1) if folded[:end] in self._keys), ())

    def named(self, text: Text) -> Iterator[Span]:
        """The names that stand after their type."""
        for start, after, _, name in self._introduced(text):
            if found := self.at(text, after):
                yield Span(start, after + len(found), found, name)

    def misspelt(self, text: Text, percent: float = NEAR_PERCENT) -> Iterator[list[Span]]:
        """The names after their type that are like those we know: several spans for one that is as like to several."""
        introduced = (item for item in self._introduced(text) if item[2] not in NEVER_MISSPELT_AFTER)
        for start, after, _, name in islice(introduced, MOST_MISSPELT):
            if near := self._like(text, after, percent):
                yield [Span(start, end, found, name) for end, found in near]

    def _introduced(self, text: Text) -> Iterator[tuple[int, int, str, str]]:
        """Where a type is written: first word, word after it, how it is written, the type."""
        for start, word in enumerate(text):
            if word.folded in self._first_words:
                for expected, written, name in self._types:
                    if _read(text[start : start + len(expected)], expected):
                        yield start, start + len(expected), written, name

    def _like(self, text: Text, start: int, percent: float) -> list[tuple[int, Key]]:
        """The names most like what begins at a word, each with the word after it."""
        found: list[tuple[float, int, Key]] = []
        for end in range(start + 1, min(start + self._longest, len(text)) + 1):
            written = " ".join(word.folded for word in text[start:end])
            if len(written) >= SHORTEST_MISSPELT:
                near = process.extract(written, self._written.keys(), scorer=fuzz.ratio, score_cutoff=percent, limit=5)
                found.extend((score, end, self._written[name]) for name, score, _ in near)
        best = max((score for score, _, _ in found), default=0)
        return [(end, item) for score, end, item in found if score == best]


class Reader:
    """Finds the names of wards and of areas (districts and provinces)."""

    def __init__(self, wards: Iterable[Key], districts: Iterable[Key], provinces: Iterable[Key]) -> None:
        self._wards = Names(WARD_WORDS, wards)
        self._districts = Names(DISTRICT_WORDS, districts)
        self._provinces = Names(PROVINCE_WORDS, provinces)

    def areas(self, text: Text) -> list[Span]:
        """The districts and provinces named with their type, in order."""
        found = [*self._districts.named(text), *self._provinces.named(text)]
        if not found:
            found = [near[0] for near in self._districts.misspelt(text) if len(near) == 1]
        return sorted(found, key=lambda span: span.start)

    def area_at(self, text: Text, start: int) -> Span | None:
        """The district or province that is named without its type at a word."""
        longest = max(self._provinces.at(text, start), self._districts.at(text, start), key=len)
        if not longest or longest[0].isdigit():
            return None
        return Span(start, start + len(longest), longest, "")

    def wards(self, text: Text) -> list[Span]:
        """The units named with their type, in order."""
        return list(self._wards.named(text))

    def misspelt_wards(self, text: Text) -> Iterator[list[Span]]:
        """The units with a slip in their name: several spans for one that could be several."""
        return self._wards.misspelt(text)

    def similar_wards(self, text: Text) -> Iterator[list[Span]]:
        """What unknown names may have meant."""
        return self._wards.misspelt(text, SIMILAR_PERCENT)

    def bare_wards(self, text: Text) -> Iterator[Span]:
        """The names of units that stand without their type."""
        start = 0
        while start < len(text):
            found = self._wards.at(text, start)
            if len(found) > 1 and (start == 0 or text[start - 1].folded != STREET):
                yield Span(start, start + len(found), found, "")
            start += max(1, len(found))


def without(text: Text, spans: Iterable[Span]) -> Text:
    """The text with some stretches blanked out, every other word in its place."""
    blank = {index for span in spans for index in range(span.start, span.end)}
    return tuple(Word("", "") if index in blank else word for index, word in enumerate(text))


def is_empty(text: Text) -> bool:
    """Whether nothing is left but words that say nothing beside a name."""
    return all(word.folded in NOTHING_BESIDE_NAMES for word in text)


def is_marked(text: Text) -> bool:
    """Whether the text is typed with diacritics."""
    return any(word.folded != word.spelt for word in text)


def follows_a_place_word(text: Text, span: Span) -> bool:
    """Whether a name stands after a word that places are named after."""
    return span.start > 0 and text[span.start - 1].folded in BARE_NAMES_FOLLOW


def first_of(wanted: Iterable[str], text: Text, places: Iterable[int]) -> str:
    """The first of some words that stands at one of some places; empty when none does."""
    here = [text[place : place + 1] for place in places if place >= 0]
    return next((word for word in wanted if any(_read(found, words(word)) for found in here)), "")


def _word(text: str) -> Word:
    if text.isdigit():
        return Word(fold(text).lstrip("0"), fold(text).lstrip("0"))
    parts = unicodedata.normalize("NFD", text.lower())
    plain = _Y.sub(r"\1i", _TONES.sub("", parts))
    return Word(_Y.sub(r"\1i", fold(text)), plain + "".join(_TONES.findall(parts)))


def _read(text: Text, expected: Text) -> bool:
    """Whether words are the expected ones; those that carry marks must carry the right ones."""
    return len(text) == len(expected) and all(
        word.folded == wanted.folded and word.spelt in (word.folded, wanted.spelt)
        for word, wanted in zip(text, expected, strict=True)
    )

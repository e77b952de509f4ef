"""Text as citizens type it, made comparable: normalised, folded, cut into words, abbreviations written out.

Runs on Python 3.10 too: Rasa's components use it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu import lexicon as lexicons
from nlu.lexicon import Lexicon
from nlu.telex import is_syllable, undone

_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")
_PLACEHOLDER = re.compile(r"‹[^‹›]*›")
_SYLLABLE = re.compile(  # what folded Vietnamese can spell
    r"(?!\w*([aeiouy])\1)(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnpqrstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?"
)
_SHORTEST_RESPELT = 3
_MOSTLY = 0.6
_REMEMBERED = 16  # texts: one message is looked at from many sides
_SOUNDS = tuple(  # spellings that sound alike to many, as a folded text shows them
    (re.compile(written), sound)
    for written, sound in (
        ("x", "s"),
        (r"\btr", "ch"),
        (r"\bgi(?=[aeouy])|\br|\bv(?=[aeiouy])", "d"),
        (r"y\b", "i"),
        (r"\bqu?|\bc(?!h)", "k"),
        (r"\bngh", "ng"),
        (r"\bgh", "g"),
    )
)
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs"}  # controls; zero-width, bidi and tag characters; lone surrogates
_HIDDEN_LETTERS = "\u034f\u115f\u1160\u3164\uffa0"  # invisible, though Unicode files them under letters and marks
_HIDDEN_MARKS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # variation selectors


def normalise(text: str) -> str:
    """NFC, without control, zero-width, bidi and tag characters, spaces single and none at the ends."""
    seen = "".join(" " if character.isspace() else character for character in text if not _is_hidden(character))
    return " ".join(unicodedata.normalize("NFC", _HIDDEN_MARKS.sub("", seen)).split())


def fold(text: str) -> str:
    """Lower case without diacritics; full-width letters and digits become plain ones."""
    return "".join(map(_fold_character, text))


@dataclass(frozen=True)
class FoldedText:
    """A folded text that remembers where each character came from."""

    text: str
    origins: tuple[int, ...]
    # for each folded character its index in the source, then the length of the source

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a non-empty folded stretch stands in the source."""
        return self.origins[start], max(self.origins[end], self.origins[end - 1] + 1)


def fold_with_origins(text: str) -> FoldedText:
    """Fold, keeping the way back to the source."""
    pieces = [_fold_character(character) for character in text]
    origins = [index for index, piece in enumerate(pieces) for _ in piece]
    return FoldedText("".join(pieces), (*origins, len(text)))


def words(text: str) -> tuple[str, ...]:
    """The folded words, in order."""
    return tuple(_WORD.findall(fold(text)))


def has_diacritics(text: str) -> bool:
    """Whether any letter carries a mark or is a crossed d."""
    return fold(text) != text.lower()


def without_placeholders(text: str) -> str:
    """The text without what `nlu.personal_data` put in place of personal numbers."""
    return _PLACEHOLDER.sub(" ", text)


def expand(text: str) -> str:
    """Abbreviations, teencode and raw Telex written out, token by token; the rest is untouched."""
    known = lexicons.default()
    turned = _is_vietnamese(text)
    return _WORD.sub(lambda match: _written_out(match, known, turned), text)


def strip_fillers(folded: str) -> str:
    """Folded text without filler and aspect phrases; the text itself when nothing would be left."""
    stripped = lexicons.default().filler.sub(" ", folded)
    return " ".join(stripped.split()) or folded


@lru_cache(maxsize=8192)
def respell(word: str, vocabulary: frozenset[str]) -> str:
    """The word of the vocabulary that is one slip away from a folded word that is none; the word itself in doubt."""
    if len(word) < _SHORTEST_RESPELT or word in vocabulary or not word.isalpha() or _SYLLABLE.fullmatch(word):
        return word
    near = process.extract(word, sorted(vocabulary), scorer=OSA.distance, score_cutoff=1, limit=2)
    return near[0][0] if near and (len(near) == 1 or near[0][0][0] == word[0]) else word


def phonetic(folded: str) -> str:
    """Folded text as it sounds, so that "giấy khai xinh" is near "giấy khai sinh"."""
    for written, sound in _SOUNDS:
        folded = written.sub(sound, folded)
    return folded


@lru_cache(maxsize=_REMEMBERED)
def written_out(text: str) -> str:
    """Abbreviations written out, folded, words only."""
    return " ".join(words(expand(without_placeholders(unicodedata.normalize("NFC", text)))))


@lru_cache(maxsize=_REMEMBERED)
def comparable(text: str) -> str:
    """What both engines learn from and read: written out, folded, words only, every digit a nought, hints behind."""
    lexicon = lexicons.default()
    folded = " ".join(respell(_DIGIT.sub("0", word), lexicon.vocabulary) for word in written_out(text).split())
    return " ".join([folded, *lexicon.hints_in(folded)])


def _is_hidden(character: str) -> bool:
    return character in _HIDDEN_LETTERS or (
        unicodedata.category(character) in _HIDDEN_CATEGORIES and not character.isspace()
    )


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in "đĐðÐ":  # no decomposition exists for the crossed d; some keyboards type eth for it
        return "d"
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if _is_hidden(character):
        return " " if character.isspace() else ""
    parts = unicodedata.normalize("NFKD", character.lower())
    return "".join(part for part in parts if not unicodedata.combining(part)).lower()


def _written_out(match: re.Match[str], lexicon: Lexicon, turned: bool) -> str:
    token, abbreviations = match.group().lower(), lexicon.abbreviations
    if len(token) == 1 and match.string[: match.start()].rstrip()[-1:].isdigit():  # "500 k" is an amount, not a no
        return match.group()
    known = abbreviations.get(token)
    return known or (undone(match.group()) if turned and token not in lexicon.not_telex else match.group())


def _is_vietnamese(text: str) -> bool:
    """Whether most words that raw Telex does not explain are Vietnamese syllables."""
    others = [is_syllable(fold(word)) for word in _WORD.findall(text) if undone(word) == word]
    return not others or sum(others) >= _MOSTLY * len(others)

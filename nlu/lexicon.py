"""The lexicon: abbreviations, colloquial words and fillers, read from nlu/data/lexicon.yaml."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from nlu.errors import BadData

_ESCAPED = re.compile(r"\\.|\[[^\[\]]*\]")
_SHORT = {".*": ".{0,60}", r"\w*": r"\w{0,12}", r"\w+": r"\w{1,12}"}
# without a bound, a text made for it would be looked through again from each of its words
_LITERAL = re.compile(r"[a-z]{2,}")

PATH = Path(__file__).parent / "data" / "lexicon.yaml"


@dataclass(frozen=True)
class Synonym:
    """A colloquial way of speaking and the official words that belong to it."""

    pattern: re.Pattern[str]
    # on folded text
    official: str
    # with diacritics; added to a query, never put in place of its words


@dataclass(frozen=True)
class Lexicon:
    """Everything the room knows about single words."""

    abbreviations: dict[str, str]
    # lower-case token -> its words
    synonyms: tuple[Synonym, ...]
    filler: re.Pattern[str]
    # phrases of folded text that say nothing about the procedure
    hints: dict[str, re.Pattern[str]] = field(default_factory=dict)
    # name of a hint -> the phrases that give it
    not_telex: frozenset[str] = frozenset()
    # words of other languages that raw Telex would turn into Vietnamese ones
    vocabulary: frozenset[str] = frozenset()
    # the folded words its patterns are made of: what a misspelt word may be respelt to

    def official_words(self, folded: str) -> tuple[str, ...]:
        """The official words to add to a query, given its folded text."""
        found = (synonym.official for synonym in self.synonyms if synonym.pattern.search(folded))
        return tuple(dict.fromkeys(found))

    def hints_in(self, folded: str) -> tuple[str, ...]:
        """The names of the hints in a folded, written-out text."""
        return tuple(name for name, pattern in self.hints.items() if pattern.search(folded))

    def problems(self) -> list[str]:
        """Sentences that say what is wrong; empty when all is well."""
        return [
            *(problem for short, full in self.abbreviations.items() for problem in self._abbreviation(short, full)),
            *(problem for synonym in self.synonyms for problem in _synonym_problems(synonym)),
            *(f"The hint '{name}' cannot match folded text." for name in self._unmatchable_hints()),
            *([] if self.filler.pattern.isascii() else ["The fillers hold letters that folded text cannot have."]),
        ]

    def _unmatchable_hints(self) -> list[str]:
        return [name for name, pattern in self.hints.items() if not _can_match_folded(pattern.pattern)]

    def _abbreviation(self, short: str, full: str) -> list[str]:
        """An expansion that holds another abbreviation would need a second pass, and could turn in circles."""
        again = [token for token in full.lower().split() if token in self.abbreviations]
        return [
            *(f"'{short}' expands to '{full}', where '{token}' is an abbreviation again." for token in again),
            *([] if _is_nfc(short + full) else [f"'{short}' or its expansion is not NFC."]),
            *([] if short == short.lower() and re.fullmatch(r"\w+", short) else [f"'{short}' is not one lower token."]),
        ]


def load(path: Path = PATH) -> Lexicon:
    """Read a lexicon file. Raises `BadData` when it is not one."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        said = [rule["said"] for rule in content["synonyms"]] + content["fillers"] + list(content["hints"].values())
        return Lexicon(
            abbreviations={str(short): str(full) for short, full in content["abbreviations"].items()},
            synonyms=tuple(
                Synonym(re.compile(_bounded(rule["said"])), rule["official"]) for rule in content["synonyms"]
            ),
            not_telex=frozenset(content["not_telex"].split()),
            hints={name: re.compile(rf"\b(?:{_bounded(pattern)})\b") for name, pattern in content["hints"].items()},
            vocabulary=frozenset(word for pattern in said for word in _LITERAL.findall(_ESCAPED.sub(" ", pattern))),
            filler=re.compile(rf"\b(?:{'|'.join(content['fillers'])})\b"),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, re.error) as error:
        raise BadData(
            f"{path}: not a lexicon ({error}). It needs abbreviations, synonyms, hints, fillers and not_telex."
        ) from error


def _bounded(pattern: str) -> str:
    """The pattern with an end to what may stand between its words."""
    for endless, short in _SHORT.items():
        pattern = pattern.replace(endless, short)
    return pattern


@lru_cache(maxsize=1)
def default() -> Lexicon:
    """The lexicon of this room, read once."""
    return load()


def _synonym_problems(synonym: Synonym) -> list[str]:
    said, official = synonym.pattern.pattern, synonym.official
    return [
        *([] if _can_match_folded(said) else [f"The pattern '{said}' cannot match folded text."]),
        *([] if _is_nfc(official) else [f"'{official}' is not NFC."]),
        *([] if official.strip() else [f"The pattern '{said}' adds nothing."]),
    ]


def _can_match_folded(pattern: str) -> bool:
    letters = re.sub(r"\\.", "", pattern)  # \S and \B are capitals too
    return letters.isascii() and letters == letters.lower()


def _is_nfc(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)

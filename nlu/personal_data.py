"""Personal numbers in a message: found and masked before anything is stored, logged or sent on.

Runs on Python 3.10 too. Patterns and placeholders: nlu/data/personal_data.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from nlu.errors import BadData
from nlu.text import fold_with_origins

PATH = Path(__file__).parent / "data" / "personal_data.yaml"

_GAP = r"[\s.\-\u2010-\u2015\u2212]{0,3}"
_SEPARATOR = r"[\s.\-_\u2010-\u2015\u2212]{1,3}"
_RECEIVED = r"(?:20)?(?:1[5-9]|2\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_DASH = r"\s*[-_\u2010-\u2015\u2212]\s*"
_MONEY = (
    r"(?:d|vnd|dong(?! nai| thap| (?:le )?phi\b| thue\b| tien\b| ma\b| gop\b)|ngan|nghin|trieu|ty|usd)\b"
    # Dong Nai issued identity cards; folded, "đóng" looks like "đồng"
)
_DIGIT = r"(?:\d|khong|mot|hai|ba|bon|tu|nam|lam|sau|bay|tam|chin)"
_PAUSE = r"[\s.,\-]{0,3}"
_MEANINGS = {
    "{gap}": _GAP,
    "{sep}": _SEPARATOR,
    "{received}": _RECEIVED,
    "{dash}": _DASH,
    "{money}": _MONEY,
    "{digit}": _DIGIT,
    "{pause}": _PAUSE,
}
# what stands for these names in the patterns
_LINKS = (
    " ",
    ":",
    ": ",
    " : ",
    " so ",
    " so: ",
    " so la ",
    " la ",
    " la: ",
    " cua toi la ",
    " cua em la ",
    " cua toi so ",
    " cua em so ",
    " moi ",
    " cu ",
    " so cu ",
    " so moi ",
)
_LINK_ENDS = " :"


@dataclass(frozen=True)
class Masked:
    """A text without personal numbers."""

    text: str
    found: tuple[str, ...]
    # the kinds that were masked, in order of appearance: citizen_number, phone_number...


@dataclass(frozen=True)
class Span:
    """Where a personal number stands in a text."""

    kind: str
    placeholder: str
    start: int
    end: int


@dataclass(frozen=True)
class _Rules:
    scanner: re.Pattern[str]
    # named groups p0, p1... for personal numbers, none for what is kept
    personal: tuple[tuple[str, str], ...]
    # kind and placeholder of each group


def mask(text: str) -> Masked:
    """Put a placeholder in place of each personal number. Masking twice changes nothing."""
    masked = _once(text)
    rest = masked
    while rest.found:  # what stood against a number shows itself when that is gone: "00000000 0lan@x.vn"
        rest = _once(masked.text)
        masked = Masked(rest.text, masked.found + rest.found)
    return masked


def _once(text: str) -> Masked:
    pieces, found, done = [], [], 0
    for span in spans(text):
        pieces += [text[done : span.start], span.placeholder]
        found.append(span.kind)
        done = span.end
    return Masked("".join([*pieces, text[done:]]), tuple(found))


def of_kind(kind: str, text: str) -> list[str]:
    """The personal numbers of one kind, as they are written: for the one use that a citizen agreed to."""
    return [text[span.start : span.end] for span in spans(text) if span.kind == kind]


def spans(text: str) -> Iterator[Span]:
    """Each personal number of a text, in order."""
    rules, folded = _rules(), fold_with_origins(text)
    for match in rules.scanner.finditer(folded.text):
        if match.lastgroup is not None:
            kind, placeholder = rules.personal[int(match.lastgroup[1:])]
            yield Span(kind, placeholder, *folded.span(*match.span()))


def placeholders() -> dict[str, str]:
    """Each placeholder and the kind of number it stands for."""
    return {placeholder: kind for kind, placeholder in _rules().personal}


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    """Read the patterns. Raises `BadData` when the file is wrong."""
    try:
        content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        kept = [_alone(pattern) for pattern in content["keep"]]
        masked = [f"(?P<p{index}>{_pattern(rule)})" for index, rule in enumerate(content["personal"])]
        personal = tuple((rule["kind"], rule["placeholder"]) for rule in content["personal"])
        return _Rules(re.compile("|".join(kept + masked)), personal)
    except (OSError, yaml.YAMLError, KeyError, TypeError, re.error) as error:
        raise BadData(f"{PATH}: not a list of patterns ({error}).") from error


def _pattern(rule: dict[str, Any]) -> str:
    """The pattern of a rule behind the words it asks for; a look-behind each, for these need a fixed width."""
    said_before = "|".join(f"(?<=\\b{cue}{link})" for cue in rule.get("after", []) for link in _LINKS)
    begins = f"(?<=[{_LINK_ENDS}])" if said_before else ""
    # spares the look-behinds inside a word
    return f"{begins}(?:{said_before}){_alone(rule['pattern'])}"


def _alone(pattern: str) -> str:
    """The pattern between non-digits: a stretch of a longer number is another number."""
    for name, meaning in _MEANINGS.items():
        pattern = pattern.replace(name, meaning)
    return rf"(?<!\d)(?:{pattern})(?!\d)"

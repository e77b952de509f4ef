"""What could tell who somebody is, besides personal numbers: names, homes, days of birth, codes and plates.

The second pass over a question that is kept apart from its conversation (bot/lost_questions.py); the first is
nlu/personal_data.py. Patterns and placeholders: nlu/data/identifying.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from nlu.errors import BadData
from nlu.text import fold, fold_with_origins

PATH = Path(__file__).parent / "data" / "identifying.yaml"
MOST_PARTS = 4
# words of a name
NAME = "‹tên›"
_TOKEN = re.compile(r"\w+")
_HIDDEN = re.compile(r"‹[^‹›]*›")


@dataclass(frozen=True)
class _Rules:
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    # placeholder, and what it takes the place of
    surnames: frozenset[str]
    persons: frozenset[str]
    no_names: tuple[str, ...]


def hide(text: str) -> str:
    """A placeholder in place of whatever could tell who is meant. Hiding twice changes nothing."""
    rules = _rules()
    for placeholder, pattern in rules.patterns:
        text = _replaced(text, placeholder, _found(text, pattern))
    return _replaced(text, NAME, _capitals(text, rules))


def _found(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where a pattern matches the folded text, as places in the text itself."""
    folded = fold_with_origins(text)
    group = "hide" if "hide" in pattern.groupindex else 0
    for match in pattern.finditer(folded.text):
        yield folded.span(*match.span(group))


def _capitals(text: str, rules: _Rules) -> Iterator[tuple[int, int]]:
    """Names by their capitals: a family name, or what follows a word for a person; of a shouted text none."""
    tokens = [] if text.isupper() else list(_TOKEN.finditer(text))
    number = 0
    while number < len(tokens):
        first = fold(tokens[number].group())
        is_person = first in rules.persons and not tokens[number].group()[0].isupper()
        begin = number + is_person
        parts = _capitalised(text, tokens[begin : begin + MOST_PARTS])
        named = " ".join(fold(token.group()) for token in parts)
        is_name = (is_person and parts) or (first in rules.surnames and len(parts) > 1)
        if is_name and not named.startswith(rules.no_names):
            yield parts[0].start(), parts[-1].end()
            number = begin + len(parts)
        else:
            number += 1


def _capitalised(text: str, tokens: list[re.Match[str]]) -> list[re.Match[str]]:
    """The first tokens that begin with a capital, with nothing but a space between them."""
    found: list[re.Match[str]] = []
    for token in tokens:
        is_next = not found or text[found[-1].end() : token.start()] == " "
        if not (token.group()[0].isupper() and is_next):
            break
        found.append(token)
    return found


def _replaced(text: str, placeholder: str, places: Iterator[tuple[int, int]]) -> str:
    """The text with a placeholder at these places; what is hidden already is left alone."""
    hidden = [match.span() for match in _HIDDEN.finditer(text)]
    pieces, done = [], 0
    for start, end in list(places):
        if start >= done and not any(start < until and end > since for since, until in hidden):
            pieces += [text[done:start], placeholder]
            done = end
    return "".join([*pieces, text[done:]])


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    """Read the patterns. Raises `BadData` when the file is wrong."""
    try:
        content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        pairs = [pair.replace("_", " ") for pair in content["pairs_of_no_name"].split()]
        none = "|".join([*content["words_of_no_name"].split(), *pairs])
        word = rf"(?!(?:{none})\b)[a-z]+\b"
        patterns = [(rule["hide"], re.compile(rule["pattern"].replace("{word}", word))) for rule in content["rules"]]
        surnames, persons = (frozenset(content[name].split()) for name in ("surnames", "persons"))
        return _Rules(tuple(patterns), surnames, persons, tuple(content["no_names"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, re.error) as error:
        raise BadData(f"{PATH}: not a list of patterns ({error}).") from error

"""Talk about dossiers that are known already: the one just shown, and those that the conversation remembers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bot.conversation import Kept
from nlu.text import fold, written_out

PATH = Path(__file__).parent / "data" / "dossier_talk.yaml"
MOST_WORDS = 9
# in a longer message the matter is another one
LONGEST_NAME = 5
# words
DOSSIER = "ho so"


@dataclass(frozen=True)
class _Patterns:
    """What bot/data/dossier_talk.yaml holds, ready to search with."""

    asked: Mapping[str, re.Pattern[str]]
    list: re.Pattern[str]
    let_go: re.Pattern[str]
    this: re.Pattern[str]
    all: re.Pattern[str]
    keep: re.Pattern[str]
    naming: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    asked = {about: _words(said) for about, said in content.pop("asked").items()}
    naming = re.compile(rf"^(?:{_line(content.pop('naming'))})")
    return _Patterns(asked, naming=naming, **{name: _words(said) for name, said in content.items()})


def _words(said: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_line(said)})(?!\w)")


def _line(said: str) -> str:
    return re.sub(r"\|\s+", "|", said).replace("\n", " ").rstrip()


def asked(text: str) -> str | None:
    """What is asked about the dossier just shown: "when", "late", "missing", "" for all; None when nothing is."""
    said = written_out(text)
    if len(said.split()) > MOST_WORDS:
        return None
    return next((about for about, pattern in _patterns().asked.items() if pattern.search(said)), None)


def named(text: str, kept: Sequence[Kept]) -> Kept | None:
    """The remembered dossier that a text names, the longest name first: "hồ sơ nhà tới đâu rồi"."""
    said = f" {written_out(text)} "
    names = sorted((item for item in kept if item.name), key=lambda item: -len(item.name))
    for item in names:
        name = written_out(item.name)
        if f" {DOSSIER} {name} " in said or said.strip() == name:
            return item
    return None


def wants_list(text: str) -> bool:
    """Whether the remembered dossiers are asked for: these words and few besides."""
    said = written_out(text)
    return len(said.split()) <= MOST_WORDS and _patterns().list.search(said) is not None


def wants_kept(text: str) -> bool:
    """Whether the dossier just shown is to be remembered."""
    said = written_out(text)
    return len(said.split()) <= MOST_WORDS and _patterns().keep.search(said) is not None


def lets_go(text: str) -> bool:
    """Whether something is to be forgotten."""
    return _patterns().let_go.match(written_out(text)) is not None


def means_this(text: str) -> bool:
    """Whether the dossier just shown is meant."""
    return _patterns().this.search(written_out(text)) is not None


def lets_all_go(text: str) -> bool:
    """Whether every remembered dossier is to be forgotten."""
    said = written_out(text)
    return lets_go(text) and DOSSIER in said and _patterns().all.search(said) is not None


def name_given(text: str) -> str:
    """The name that a citizen gives: "đặt tên là hồ sơ nhà" -> "nhà"; "" when it is too long for a name."""
    words, folded = text.strip(" .!\"'“”").split(), fold(text.strip(" .!\"'“”")).split()
    lead = _patterns().naming.match(" ".join(folded) + " ")
    skipped = len(lead.group().split()) if lead else 0
    if folded[skipped : skipped + 2] == DOSSIER.split():
        skipped += 2
    given = words[skipped:]
    return " ".join(given) if 0 < len(given) <= LONGEST_NAME and len(words) == len(folded) else ""

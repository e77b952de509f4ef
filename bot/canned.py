"""Sentences that officers send often, as bot/data/canned.yaml has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadData

PATH = Path(__file__).parent / "data" / "canned.yaml"


@dataclass(frozen=True)
class Canned:
    """One sentence with places for the officer's name, the ticket's code and the desk's name."""

    id: str
    title: str
    text: str

    def filled(self, name: str, code: str, desk: str) -> str:
        """The sentence for one ticket."""
        return self.text.format(name=name, code=code, desk=desk)


def read(content: list[Mapping[str, Any]]) -> tuple[Canned, ...]:
    """The sentences of a file's content. Raises BadData."""
    try:
        found = tuple(Canned(**item) for item in content)
        for item in found:
            item.filled("", "", "")
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise BadData(f"canned: {error!r}") from error
    if len({item.id for item in found}) != len(found):
        raise BadData("canned: two of one id")
    return found


@lru_cache(maxsize=1)
def load() -> tuple[Canned, ...]:
    """The shipped sentences. Raises BadData."""
    return read(yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))

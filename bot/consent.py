"""Consent: what citizens are asked to agree to, once for each purpose, in which words. Pure; rows: bot/consents.py.

Law 91/2025/QH15, Article 9: voluntary, informed, for one purpose, verifiable; silence is no consent. What serves the
agency's statutory duties (Article 19.1(c)) is told, not asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bot.errors import BadData

DATA = Path(__file__).parent / "data"
PATH = DATA / "consents.yaml"
FOLLOW, CALL_BACK = "follow", "call_back"


@dataclass(frozen=True)
class Purpose:
    """One thing that a citizen may agree to."""

    name: str
    version: int
    # of the text: another text, another version, and everybody is asked again
    text: str
    # the file under bot/data with the words
    digest: str
    # the first 12 letters of the text's SHA-256: nobody changes the words without the version

    @property
    def key(self) -> str:
        """The purpose in the words of today: "follow.1"."""
        return f"{self.name}.{self.version}"

    def written(self) -> str:
        """The digest of the text as it is."""
        return hashlib.sha256((DATA / self.text).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> Mapping[str, Purpose]:
    """The purposes of a file. Raises BadData."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        return {name: Purpose(name, **said) for name, said in content.items()}
    except TypeError as error:
        raise BadData(f"{path}: {error}") from error

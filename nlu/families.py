"""Families: procedures that differ by a qualifier only, such as "lưu động" or "có yếu tố nước ngoài"."""

from __future__ import annotations

import re
from functools import lru_cache

from nlu import cues
from nlu.text import fold, words

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SMALL = frozenset(
    ("thu", "tuc", "cap", "cho", "doi", "voi", "va", "hoac", "cua", "tai", "o", "theo", "ve", "do", "cac", "viec")
)
# words that tell no family from another


@lru_cache(maxsize=8192)
def family(name: str) -> frozenset[str]:
    """The words of a name without brackets, qualifiers and small words; equal for members of one family."""
    folded = " ".join(words(fold(_BRACKETS.sub(" ", name))))
    for pattern in cues.default().qualifiers:
        folded = pattern.sub(" ", folded)
    return frozenset(folded.split()) - _SMALL


def are_siblings(first: str, second: str) -> bool:
    """Whether two names belong to one family."""
    return bool(family(first)) and family(first) == family(second)

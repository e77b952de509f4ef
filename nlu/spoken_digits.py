"""Digits that are said one by one: a voice that was written down says "không chín không ba", which is "0903".

So that numbers of people are found and masked in what was heard as they are in what is typed.
"""

from __future__ import annotations

import re

from nlu.number_words import DIGITS
from nlu.text import fold

FEWEST = 6
# in a row: fewer are a date, a count, or no number at all
_WORD = re.compile(r"[^\W\d_]+|\d")


def written(text: str) -> str:
    """The text, each long row of spoken digits in digits: "số không chín không ba một hai" is "số 090312"."""
    found = [(match, _digit(match.group())) for match in _WORD.finditer(text)]
    at, pieces, row = 0, [], list[tuple[re.Match[str], str]]()
    for match, digit in [*found, (None, "")]:
        if match is not None and digit:
            row.append((match, digit))
            continue
        if len(row) >= FEWEST:
            pieces += [text[at : row[0][0].start()], "".join(said for _, said in row)]
            at = row[-1][0].end()
        row = []
    return "".join((*pieces, text[at:]))


def _digit(word: str) -> str:
    """The digit that a word says; "" when it says none."""
    return word if word.isdecimal() else str(DIGITS.get(fold(word), ""))

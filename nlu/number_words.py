"""Numbers in Vietnamese words, without diacritics: "hai tram nam muoi ngan" is 250,000.

Runs on Python 3.10 too: Rasa's components use it.
"""

from __future__ import annotations

from collections.abc import Sequence

DIGITS = {
    **{"khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7, "tam": 8},
    **{"chin": 9},
}
TENS, HUNDREDS = ("muoi", "chuc"), "tram"
MULTIPLES = {"ngan": 1_000, "nghin": 1_000, "trieu": 1_000_000, "ty": 1_000_000_000, "ti": 1_000_000_000}
JOINING = ("linh", "le")
HALF = "ruoi"
WORDS = frozenset((*DIGITS, *TENS, HUNDREDS, *MULTIPLES, *JOINING, HALF, "mot"))


def number(words: Sequence[str]) -> int | None:
    """The number that all the words say together; None when they say none."""
    total = group = digit = 0
    last, seen = 1, False
    for word in words:
        if word in DIGITS:
            digit, seen = DIGITS[word], True
            last = 1
        elif word in TENS:
            group, digit, last, seen = group + (digit or 1) * 10, 0, 10, True
        elif word == HUNDREDS:
            group, digit, last, seen = group + (digit or 1) * 100, 0, 100, True
        elif word in MULTIPLES:
            total, group, digit, last = total + (group + digit or 1) * MULTIPLES[word], 0, 0, MULTIPLES[word]
        elif word == HALF and last > 1:
            total, last = total + last // 2, 1
        elif word not in JOINING:
            return None
    return total + group + digit if seen or total else None

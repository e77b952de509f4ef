"""The difference in the citizen's words: the assistant's own answer before and after."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.card_changes import GONE, NEW, SAME, cards, compared
from tests.town import COPY, RECORDS, RESIDENCE, TODAY, made

FEE = RECORDS[COPY]["fees"][0]
P = "paragraph"


def marks(code: str, **changed: Any) -> list[list[tuple[str, str]]]:
    """What came and went, day by day."""
    found = cards(made(code), made(code, **changed), TODAY)
    return [[part for line in card.lines for part in line.parts if part[0] != SAME] for card in found]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, [[]]),
        ({"fees": [{**FEE, "amount_vnd": 3000}]}, [[(GONE, "2.000"), (NEW, "3.000")]]),
        ({"aliases": ["sao y"]}, [[]]),
        ({"authority": "Ủy ban nhân dân xã"}, [[(GONE, "phường"), (NEW, "xã")]]),
    ],
)
def test_what_changes_is_marked_word_by_word(changed: dict[str, Any], told: list[list[tuple[str, str]]]) -> None:
    """A new amount marks the amount alone; what citizens are not told makes no mark."""
    assert marks(COPY, **changed) == told


def test_a_coming_fee_is_shown_on_its_day() -> None:
    """Nothing changes today; on the day a fee begins, and on the day after another ends, the answer does."""
    fees = [*RECORDS[RESIDENCE]["fees"][:2], {**RECORDS[RESIDENCE]["fees"][2], "amount_vnd": 16000}]
    found = cards(made(RESIDENCE), made(RESIDENCE, fees=fees), TODAY)
    assert [(card.on, card.is_same) for card in found] == [
        (TODAY, True),
        (date(2027, 1, 1), False),
        (date(2027, 7, 1), True),
    ]


def test_a_record_that_ends_is_told_no_more() -> None:
    """On the day after its last the whole answer is gone."""
    (today, later) = cards(made(COPY), made(COPY, valid_to="2026-12-31"), TODAY)
    assert today.is_same and later.on == date(2027, 1, 1)
    assert {mark for line in later.lines for mark, _ in line.parts} == {GONE}


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ([(P, "a b c")], [(P, "a x c")], [[(SAME, "a "), (GONE, "b"), (NEW, "x"), (SAME, " c")]]),
        ([(P, "a")], [("heading", "a")], [[(GONE, "a")], [(NEW, "a")]]),
        ([(P, "a"), (P, "b")], [(P, "b")], [[(GONE, "a")], [(SAME, "b")]]),
        ([], [(P, "a")], [[(NEW, "a")]]),
        ([], [], []),
    ],
)
def test_lines_are_compared_by_words(before: list[Any], after: list[Any], parts: list[Any]) -> None:
    """A reworded line keeps what stays; lines of different kinds are never mixed; nothing is left out."""
    found = list(compared(before, after))
    assert [list(line.parts) for line in found] == parts
    for side, gone in ((before, NEW), (after, GONE)):
        kept = ["".join(text for mark, text in line.parts if mark != gone) for line in found]
        assert [text for text in kept if text] == [text for _, text in side]

"""Who is told that something changed, and how often a list that many want is read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from web.newest import BEAT_S, OVERLAP, Newest
from web.pulse import Pulse
from web.shared import FRESH_S, Shared

BEGINNING = {7: 998, 8: 1000}
# tickets, and their newest rows


class Histories:
    """The histories of tickets, and who is at them."""

    def __init__(self) -> None:
        self.rows = dict(BEGINNING)
        self.presence = {7: 0, 8: 0}
        self.asked_after: list[int] = []

    def newest(self) -> int:
        return max(self.rows.values())

    def news(self, after: int) -> Mapping[int, int]:
        self.asked_after.append(after)
        return {ticket_id: row for ticket_id, row in self.rows.items() if row > after}


async def heard(histories: Histories, ticket_id: int, change: dict[str, dict[int, int]]) -> int:
    """How many events a page hears that was open before a change, until two beats after it."""
    tickets = Newest(histories.newest, histories.news)
    pulse = Pulse(tickets, lambda number: histories.presence[number], 3.5 * BEAT_S)
    count = 0
    async for _ in pulse.stream(ticket_id):
        if not count:
            for name, values in change.items():
                getattr(histories, name).update(values)
        count += 1
    return count


@pytest.mark.parametrize(
    ("change", "list_hears", "seven_hears", "eight_hears"),
    [
        ({}, 1, 1, 1),
        ({"rows": {7: 1001}}, 2, 2, 1),
        ({"rows": {7: 999}}, 2, 2, 1),  # committed later than row 1000
        ({"rows": {9: 1001}}, 2, 1, 1),
        ({"presence": {8: 1}}, 1, 1, 2),
    ],
    ids=str,
)
def test_a_page_hears_of_what_it_shows(
    change: dict[str, dict[int, int]], list_hears: int, seven_hears: int, eight_hears: int
) -> None:
    """The list hears of every ticket, a ticket's page of its own and of who is there; all hear at the beginning."""
    counts = [asyncio.run(heard(Histories(), ticket_id, change)) for ticket_id in (0, 7, 8)]
    assert counts == [list_hears, seven_hears, eight_hears]


def test_old_rows_are_not_read_again() -> None:
    """However long the histories are, a beat reads their end alone."""
    histories = Histories()
    asyncio.run(heard(histories, 0, {}))
    assert set(histories.asked_after) == {histories.newest() - OVERLAP}


class Seconds:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("row", "passed_s", "readings"),
    [(1, 0.0, 1), (2, 0.0, 2), (1, FRESH_S, 2)],
    ids=["nothing happened", "something happened", "a second passed"],
)
def test_many_read_once(row: int, passed_s: float, readings: int) -> None:
    """Fifty who want the same list at once read it once; it is read again when something happened, or is old."""
    clock, newest, read = Seconds(), [1], []

    def listed(view: str) -> int:
        read.append(view)
        return len(read)

    async def fifty(shared: Shared) -> list[int]:
        return await asyncio.gather(*(shared.read(listed, "waiting") for _ in range(50)))

    async def play() -> tuple[list[int], list[int]]:
        shared = Shared(lambda: newest[0], clock)
        first = await fifty(shared)
        newest[0], clock.now = row, passed_s
        return first, await fifty(shared)

    assert asyncio.run(play()) == ([1] * 50, [readings] * 50)


def test_others_questions_have_their_own_answers() -> None:
    """What is kept of one question answers no other."""

    def listed(view: str, desk: int) -> tuple[str, int]:
        return view, desk

    async def play() -> list[tuple[str, int]]:
        shared = Shared(lambda: 1)
        return [await shared.read(listed, view, desk) for view in ("mine", "all") for desk in (1, 2)]

    assert asyncio.run(play()) == [("mine", 1), ("mine", 2), ("all", 1), ("all", 2)]

"""The board: what officers see of the tickets is what the tables say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.board import Board, Listed
from bot.clocks import Limit
from bot.handoff import Desk
from tests.memory_ports import MemoryTown, wait, write
from tests.town import Clock

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# 9 o'clock in Vietnam; the town's ticket was opened on the Saturday before
LAN, MINH = 1, 2


@pytest.fixture
def town() -> MemoryTown:
    """Ticket 7 waits at the desk for everyone since Saturday; nobody works before Monday, 7:30."""
    return MemoryTown()


def one(town: MemoryTown, at: datetime) -> Listed:
    listed, total = Board(town.store, clock=Clock(at)).listed("all", LAN)
    assert total == len(listed) == 1
    return listed[0]


@pytest.mark.parametrize(
    ("minutes", "near", "passed"),
    [(-91, False, ()), (-70, False, ()), (-65, True, ()), (-60, True, (Limit.FIRST_REPLY,))],
)
def test_the_next_limit(town: MemoryTown, minutes: int, near: bool, passed: tuple[Limit, ...]) -> None:
    """The limit that ends first is shown with its moment in working time: 30 minutes after Monday, 7:30."""
    item = one(town, MONDAY + timedelta(minutes=minutes))
    assert item.next and item.next.limit is Limit.FIRST_REPLY and item.next.due_at == MONDAY - timedelta(minutes=60)
    assert (item.next.is_near, item.passed) == (near, passed)


def test_who_waits_for_us(town: MemoryTown) -> None:
    """A citizen waits from their first words that nobody answered; after an answer nobody waits."""
    assert one(town, MONDAY).waits_since == town.desk.ticket(7).summary.opened_at
    desk = Desk(town.store, clock=Clock(MONDAY))
    assert desk.claim(7, LAN) and desk.reply(7, LAN, "Chào anh/chị", "k")
    answered = one(town, MONDAY)
    assert answered.waits_since is None and answered.next and answered.next.limit is Limit.RESOLUTION
    write(town.store, 7, "Còn lệ phí?", MONDAY + timedelta(minutes=3))
    assert one(town, MONDAY + timedelta(minutes=4)).waits_since == MONDAY + timedelta(minutes=3)


def test_only_the_desks_that_are_seen(town: MemoryTown) -> None:
    """Counts, lists and earlier tickets are of the desks that the officer sees."""
    wait(town.store, 8, "complaint", "đất nhà tôi", desk="dat_dai")
    board, own = Board(town.store, clock=Clock(MONDAY)), frozenset({"dat_dai"})
    assert [item.ticket.id for item in board.listed("waiting", LAN, own)[0]] == [8]
    assert [(state.id, state.queued) for state in board.states(own)] == [("dat_dai", 1)]
    assert sum(state.queued for state in board.states()) == 2


def test_counts_follow_the_acts(town: MemoryTown) -> None:
    """Who is taken is not queued any more, who is closed is counted no more."""
    board, desk = Board(town.store, clock=Clock(MONDAY)), Desk(town.store, clock=Clock(MONDAY))

    def counts() -> tuple[int, int]:
        return next((state.queued, state.held) for state in board.states() if state.id == "thanh_pho")

    assert counts() == (1, 0)
    assert desk.claim(7, LAN) and counts() == (0, 1)
    assert desk.resolve(7, LAN) and counts() == (0, 0)
    assert one(town, MONDAY).next is None and one(town, MONDAY).passed == ()


def test_the_mark_moves_with_every_change(town: MemoryTown) -> None:
    """The newest row is another after a message and an act, and the same while nothing happens; its ticket is news."""
    board = Board(town.store)
    marks = [board.newest(), board.newest()]
    assert marks[0] == marks[1]
    write(town.store, 7, "alo")
    marks.append(board.newest())
    assert town.desk.claim(7, MINH)
    marks.append(board.newest())
    assert len(set(marks)) == 3
    assert board.news(marks[0]) == {7: marks[-1]} and board.news(marks[-1]) == {}

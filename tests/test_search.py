"""Searching conversations: with accents or without, in one's own desks."""

from __future__ import annotations

import pytest

from bot.search import Search
from tests.memory_ports import MemoryTown, wait


@pytest.fixture
def town() -> MemoryTown:
    """Ticket 7 (birth, abroad) for everyone, 8 at the land desk."""
    town = MemoryTown()
    wait(town.store, 8, "complaint", "Đất nhà tôi bị lấn 100% rồi", desk="dat_dai")
    assert town.desk.claim(7, 1) and town.desk.note(7, 1, "Gọi lại sau giờ trưa")
    assert town.desk.reply(7, 1, "Anh/chị nộp ở phường", "k")
    return town


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("khai sinh", [7]),
        ("Khai Sinh", [7]),
        ("nuoc ngoai", [7]),
        ("nước ngoài", [7]),
        ("ngoài nước", [7]),
        ("goi lai", [7]),
        ("nop o phuong", [7]),
        ("dat nha", [8]),
        ("100%", [8]),
        ("1_0", []),
        ("toi", [8, 7]),
        ("HT-7K3M-AAAA", []),
        ("khai tử", []),
        ("   ", []),
    ],
)
def test_found(town: MemoryTown, asked: str, found: list[int]) -> None:
    """One text of a ticket holds every word, in any order, newest ticket first; signs mean themselves."""
    assert [hit.ticket.id for hit in Search(town.store).find(asked)] == found


def test_only_in_ones_own_desks(town: MemoryTown) -> None:
    """What other desks talk about is not found."""
    search = Search(town.store)
    assert [hit.ticket.id for hit in search.find("toi", frozenset({"dat_dai"}))] == [8]
    assert search.find("toi", frozenset()) == []


def test_the_matching_words_are_shown(town: MemoryTown) -> None:
    """A hit shows the text that was found, not the last one."""
    assert Search(town.store).find("can giay to")[0].text == "lam khai sinh cho con can giay to gi"


def test_found_by_code(town: MemoryTown) -> None:
    """A ticket's code finds that ticket, however it is written."""
    wait(town.store, 3346, "asked", "x")
    assert [hit.ticket.id for hit in Search(town.store).find("ht 7k3m 3346")] == [3346]

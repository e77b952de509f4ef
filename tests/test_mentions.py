"""Mentions: whoever a note names is told until they look; a name that nobody there has costs no written word."""

from __future__ import annotations

import pytest

from bot import desks, mentions, tables
from bot.accounts import Accounts
from bot.mentions import UnknownNames
from bot.roles import Role
from bot.staffing import Staffing
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import QUICK, rows

LAN, MINH, HOA, BINH, OFF = 1, 2, 4, 5, 6
THERE = ("minh", "hoa.le", "tran-van")


@pytest.fixture
def town() -> MemoryTown:
    """Lan holds ticket 7; Minh and Hoa serve with her, Quân audits."""
    made = MemoryTown()
    made.officers.add("hoa", "Lê Thị Hoa", PASSWORD, [Role.LEAD])
    assert made.desk.claim(7, LAN)
    return made


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("@minh xem giúp", ["minh"]),
        ("nhờ @Minh, @hoa.le.", ["minh", "hoa.le"]),
        ("(@tran-van) @minh @minh", ["tran-van", "minh"]),
        ("thư minh@phuong.example gửi hôm qua", []),
        ("@ không ai", []),
    ],
)
def test_names_are_found_in_a_note(note: str, found: list[str]) -> None:
    """A name behind a sign is found however it is written and whatever follows; an e-mail address names nobody."""
    assert mentions.named(note, THERE) == found


def test_whoever_is_named_is_told_until_they_look(town: MemoryTown) -> None:
    """The mark is there for the named one alone, once a ticket, and gone when they open it."""
    assert town.desk.note(7, LAN, "@minh xem giúp phần hộ tịch") and town.desk.note(
        7, LAN, "@minh gấp nhé, @lan cũng nhớ"
    )
    [told] = town.board.mentions(MINH)
    assert (told.ticket_id, told.code, told.by) == (7, "HT-7K3M-0007", "Nguyễn Thị Lan")
    assert town.board.mentions(LAN) == town.board.mentions(HOA) == []
    town.board.opened(7, HOA)
    assert len(town.board.mentions(MINH)) == 1
    town.board.opened(7, MINH)
    assert town.board.mentions(MINH) == []
    assert town.desk.note(7, LAN, "@minh còn một việc") and len(town.board.mentions(MINH)) == 1


@pytest.mark.parametrize("name", ["nobody", "quan", "binh", "off"])
def test_who_is_not_there_is_refused(town: MemoryTown, name: str) -> None:
    """Nobody's name, an auditor's, one of another desk, one who may not sign in: the note is not written at all."""
    for username in ("binh", "off"):
        town.officers.add(username, username.title(), PASSWORD, [Role.OFFICER])
    Staffing(town.store).join("dat_dai", BINH)
    Accounts(town.store, QUICK).disable(OFF, "quan")
    before = rows(town.store, tables.ticket_event)
    with pytest.raises(UnknownNames) as refused:
        town.desk.note(7, LAN, f"@minh và @{name} xem giúp")
    assert refused.value.names == (name,)
    assert rows(town.store, tables.ticket_event) == before and rows(town.store, tables.mention) == []


def test_a_mention_reaches_only_who_may_open_the_ticket(town: MemoryTown) -> None:
    """When the ticket has gone to another desk, whoever does not see that desk is told no more."""
    town.desk.note(7, LAN, "@minh xem giúp")
    assert town.board.mentions(MINH, frozenset({desks.load().everyone.id}))
    town.desk.transfer(7, LAN, "dat_dai")
    assert town.board.mentions(MINH, frozenset({desks.load().everyone.id})) == []


def test_the_page_names_whom_one_may_mention(town: MemoryTown) -> None:
    """Beside the box stand the others of the desk who answer, by username; not oneself, not an auditor."""
    assert town.board.case(7, LAN).mentionable == [("hoa", "Lê Thị Hoa"), ("minh", "Trần Văn Minh")]

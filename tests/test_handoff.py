"""The desk: a conversation has one owner at a time, an officer's words go out once, notes never do."""

from __future__ import annotations

import re
import threading
from functools import lru_cache

import argon2
import pytest
import sqlalchemy as sa

from bot import tables
from bot.handoff import LONGEST_REPLY, Desk
from bot.messages import Kind
from bot.store import Store
from tests.town import Script, replies, rows, say, told, understood, worker

PASSWORD = "mot-cua-2026"
LAN, MINH = 1, 2
NOTE = "khách cần gấp"


@pytest.fixture
def desk(database: Store) -> Desk:
    """A desk with two officers, and a citizen who asked for one."""
    hired(database)
    asks(database)
    return Desk(database)


def hired(database: Store) -> None:
    """Two officers with the same password."""
    with database.writing() as connection:
        for name in ("Lan", "Minh"):
            values = {"username": name.lower(), "name": name, "password_hash": _hashed()}
            connection.execute(sa.insert(tables.officer).values(**values))


@lru_cache(maxsize=1)
def _hashed() -> str:
    """The hash of the password: hashing is slow on purpose, once is enough."""
    return argon2.PasswordHasher().hash(PASSWORD)


def asks(database: Store, text: str = "gặp cán bộ", number: str = "1", kind: Kind = Kind.TEXT) -> None:
    """A citizen says something and the town's worker answers."""
    say(database, text, number, kind=kind)
    assert worker(database).step()


def owner(database: Store) -> str:
    """Who holds the citizen's conversation."""
    return str(rows(database, tables.conversation)[0]["owner"])


def events(database: Store) -> list[str]:
    """What happened to the tickets, in order."""
    return [row["kind"] for row in rows(database, tables.ticket_event)]


def test_asking_for_an_officer_opens_one_ticket(desk: Desk, database: Store) -> None:
    """Who asks for an officer waits in the queue with one ticket; the citizen is told."""
    assert owner(database) == "queue"
    ticket = desk.tickets("waiting", LAN)[0]
    assert (ticket.state, ticket.channel, ticket.reason, ticket.last_text) == (
        "waiting",
        "webchat",
        "asked",
        "gặp cán bộ",
    )
    assert "chuyển cuộc trò chuyện cho cán bộ" in replies(database)[0]
    assert events(database) == ["opened"] and len(desk.tickets("all", LAN)) == 1


@pytest.mark.parametrize(
    ("text", "intent", "reason"),
    [("tôi muốn khiếu nại cán bộ ở phường", "complaint", "complaint"), ("cho gặp người", "officer", "asked")],
)
def test_a_ticket_says_why(database: Store, text: str, intent: str, reason: str) -> None:
    """A complaint and a wish for an officer are told apart on the desk."""
    say(database, text)
    worker(database, Script({text: understood(intent=intent)})).step()
    say(database, "complaint:send", "2", kind=Kind.BUTTON)
    worker(database, Script({text: understood(intent=intent)})).step()
    assert [ticket.reason for ticket in Desk(database).tickets("waiting", LAN)] == [reason]
    assert owner(database) == {"complaint": "bot", "asked": "queue"}[reason]


def test_a_waiting_citizen_is_heard(desk: Desk, database: Store) -> None:
    """What a waiting citizen adds is kept for the officer and confirmed, not answered."""
    asks(database, "khai sinh", "2")
    assert [line.text for line in desk.ticket(1).lines if line.author == "citizen"] == ["gặp cán bộ", "khai sinh"]
    assert "đã chuyển thêm lời nhắn" in replies(database)[1]
    assert len(rows(database, tables.ticket)) == 1


def test_the_queue_can_be_left(desk: Desk, database: Store) -> None:
    """A citizen who no longer waits is answered by the assistant again, and the ticket is closed."""
    asks(database, "stay", "2", Kind.BUTTON)
    assert owner(database) == "bot" and desk.tickets("waiting", LAN) == []
    assert not desk.claim(1, LAN)
    asks(database, "khai sinh", "3")
    assert "không chờ cán bộ nữa" in replies(database)[1] and "Đăng ký khai sinh" in replies(database)[2]


def test_one_of_two_officers_gets_the_ticket(desk: Desk, database: Store) -> None:
    """When officers claim a ticket at the same moment exactly one has it, and the citizen reads one name."""
    barrier, won = threading.Barrier(6), []

    def claim(officer_id: int) -> None:
        barrier.wait()
        won.append((desk.claim(1, officer_id), officer_id))

    threads = [threading.Thread(target=claim, args=(1 + number % 2,)) for number in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    winners = [officer_id for has, officer_id in won if has]
    assert len(winners) == 1 and desk.ticket(1).officer_id == winners[0]
    names = {LAN: "Lan", MINH: "Minh"}
    assert len(replies(database)) == 2 and f"Cán bộ {names[winners[0]]} đã nhận" in replies(database)[1]
    assert owner(database) == "officer" and events(database) == ["opened", "claimed"]


def test_an_officer_s_words_reach_the_citizen_once(desk: Desk, database: Store) -> None:
    """A form that is sent twice says an officer's words once, in paragraphs, as the officer's own."""
    desk.claim(1, LAN)
    assert desk.reply(1, LAN, "Chào chị.\n\n  Chị mang căn cước nhé. ", "form-1")
    assert desk.reply(1, LAN, "Chào chị.", "form-1")
    assert replies(database)[2:] == ["Chào chị.\nChị mang căn cước nhé."]
    assert told(database)[-1]["reply"]["author"] == "officer"
    assert events(database) == ["opened", "claimed", "replied"]


@pytest.mark.parametrize("text", ["", "  \n ", "\t"])
def test_an_empty_reply_is_not_sent(desk: Desk, database: Store, text: str) -> None:
    """Nothing is sent and nothing noted where an officer wrote nothing."""
    desk.claim(1, LAN)
    assert not desk.reply(1, LAN, text, "form-1") and not desk.note(1, LAN, text)
    assert len(told(database)) == 2 and events(database) == ["opened", "claimed"]


def test_a_long_reply_is_cut(desk: Desk, database: Store) -> None:
    """An officer's message has an end, and its words are never read as marks of a template."""
    desk.claim(1, LAN)
    assert desk.reply(1, LAN, "# <b>" + "a" * LONGEST_REPLY, "form-1")
    assert replies(database)[2] == ("# <b>" + "a" * LONGEST_REPLY)[:LONGEST_REPLY]


@pytest.mark.parametrize("officer_id", [MINH, 99])
def test_only_the_holder_acts(desk: Desk, database: Store, officer_id: int) -> None:
    """Who does not hold a ticket cannot answer, note or close it; nor can anybody before it is claimed."""
    assert not desk.reply(1, LAN, "Chào", "form-0")
    desk.claim(1, LAN)
    assert not desk.reply(1, officer_id, "Chào", "form-1")
    assert not desk.note(1, officer_id, NOTE) and not desk.resolve(1, officer_id)
    assert owner(database) == "officer" and len(told(database)) == 2


def test_the_bot_is_silent_while_an_officer_speaks(desk: Desk, database: Store) -> None:
    """While an officer holds the conversation the assistant reads nothing and says nothing, and keeps the message."""
    desk.claim(1, LAN)
    script = Script()
    say(database, "khai sinh", "2")
    worker(database, script).step()
    assert script.heard == [] and len(told(database)) == 2
    assert [line.text for line in desk.ticket(1).lines if line.author == "citizen"] == ["gặp cán bộ", "khai sinh"]
    assert rows(database, tables.turn)[-1]["outcome"] == "silent"


def test_a_resolved_conversation_is_the_bot_s_again(desk: Desk, database: Store) -> None:
    """After an officer has closed the ticket the citizen is told and the assistant answers; once is enough."""
    desk.claim(1, LAN)
    assert desk.resolve(1, LAN) and not desk.resolve(1, LAN)
    assert owner(database) == "bot" and len(replies(database)) == 3
    assert "đã kết thúc hỗ trợ" in replies(database)[2]
    asks(database, "khai sinh", "2")
    assert "Đăng ký khai sinh" in replies(database)[3]
    assert not desk.reply(1, LAN, "Còn nữa", "form-9")


def test_a_second_wish_opens_a_second_ticket(desk: Desk, database: Store) -> None:
    """A conversation that was closed can be handed over again, to any officer."""
    desk.claim(1, LAN)
    desk.resolve(1, LAN)
    asks(database, number="2")
    assert [(ticket.id, ticket.state) for ticket in desk.tickets("all", LAN)] == [(2, "waiting"), (1, "resolved")]
    assert desk.claim(2, MINH) and desk.ticket(2).summary.officer_name == "Minh"


def test_notes_are_never_sent(desk: Desk, database: Store) -> None:
    """An internal note is on the ticket and in nothing that was told to a citizen."""
    desk.claim(1, LAN)
    assert desk.note(1, LAN, f" {NOTE} ")
    assert [line.text for line in desk.ticket(1).lines if line.author == "note"] == [NOTE]
    desk.reply(1, LAN, "Chào chị.", "form-1")
    desk.resolve(1, LAN)
    assert NOTE not in str(told(database))


def test_officers_notes_are_masked(desk: Desk, database: Store) -> None:
    """A number in a note, or in the comment of a hand-over, is not stored; what was told to the citizen is."""
    desk.claim(1, LAN)
    desk.note(1, LAN, "gọi chị Hoa 0903123456")
    desk.reply(1, LAN, "Anh/chị gọi tổng đài 0283 8291 054 giúp em.", "form-1")
    desk.give_back(1, LAN, "CCCD 079123456789 của chị ấy")
    assert not re.search("0903123456|079123456789", str(rows(database, tables.ticket_event)))
    assert "0283 8291 054" in replies(database)[-2]


def test_views_show_their_tickets(desk: Desk, database: Store) -> None:
    """An officer sees what waits, what is their own, and everything; a ticket that is none is an error."""
    assert [len(desk.tickets(view, LAN)) for view in ("waiting", "mine", "all")] == [1, 0, 1]
    desk.claim(1, LAN)
    assert [len(desk.tickets(view, LAN)) for view in ("waiting", "mine", "all")] == [0, 1, 1]
    assert desk.tickets("mine", MINH) == []
    with pytest.raises(KeyError):
        desk.ticket(2)


def test_a_ticket_shows_what_the_assistant_understood(database: Store) -> None:
    """The officer sees the talk with buttons by their label, and what the assistant made of each message."""
    hired(database)
    asks(database, "đăng ký", "1")
    asks(database, "p:1.100001", "2", Kind.BUTTON)
    asks(database, "gặp cán bộ", "3")
    ticket = Desk(database).ticket(1)
    said = [line.text for line in ticket.lines if line.author == "citizen"]
    assert said == ["đăng ký", "Đăng ký khai sinh", "gặp cán bộ"]
    assert ticket.evidence[0].procedures == ["1.100001 (0.40)", "1.100003 (0.30)"]
    assert [evidence.engine for evidence in ticket.evidence] == ["embedded", "none", "embedded"]

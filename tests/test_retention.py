"""Retention: old conversations are deleted whole, nothing else is, and the citizen is told the same number of days."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import tables
from bot.handoff import Desk
from bot.messages import Kind
from bot.retention import KEEP, MOST_AT_ONCE, delete_old
from bot.store import Store
from bot.wording import DATA
from tests.town import MORNING, replies, rows, say, worker

PARTS = (tables.conversation, tables.inbox, tables.turn, tables.outbox, tables.ticket, tables.ticket_event)


def counts(database: Store) -> list[int]:
    with database.reading() as connection:
        return [connection.execute(sa.select(sa.func.count()).select_from(part)).scalar_one() for part in PARTS]


def test_an_old_conversation_is_deleted_whole(database: Store) -> None:
    """After KEEP nothing of a conversation is left in any table."""
    say(database, "xin chào")
    assert delete_old(database, MORNING + KEEP + timedelta(seconds=1)) == 1
    assert counts(database) == [0, 0, 0, 0, 0, 0]


def test_a_younger_conversation_stays(database: Store) -> None:
    """Until KEEP is over nothing is deleted."""
    say(database, "xin chào")
    assert delete_old(database, MORNING + KEEP - timedelta(days=1)) == 0
    assert counts(database)[:2] == [1, 1]


@pytest.mark.parametrize("owner", ["queue", "officer"])
def test_a_conversation_that_an_officer_owes_an_answer_stays(database: Store, owner: str) -> None:
    """However old, a conversation in the queue or with an officer is not deleted."""
    say(database, "gặp cán bộ")
    with database.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(owner=owner))
    assert delete_old(database, MORNING + 10 * KEEP) == 0


def test_the_citizen_is_told_the_same_number_of_days() -> None:
    """The notice of the web chat names exactly the days that are kept."""
    web = Path(__file__).parents[1] / "web"
    texts = [path.read_text("utf-8") for path in (*web.glob("templates/*.html"), *web.glob("data/*.yaml"))]
    assert any(f"lưu {KEEP.days} ngày" in text for text in texts)


def test_a_citizen_s_words_are_deleted_at_once(database: Store) -> None:
    """After the yes nothing that was said or answered is left but the sentence that says so; others keep theirs."""
    one = worker(database)
    said = [("khai sinh", Kind.TEXT), ("gặp cán bộ", Kind.TEXT), ("/xoadulieu", Kind.TEXT), ("forget:yes", Kind.BUTTON)]
    say(database, "khai sinh", "other", "minh")
    for number, (text, kind) in enumerate(said):
        say(database, text, str(number), kind=kind)
    while one.step():
        pass
    assert counts(database) == [2, 5, 2, 2, 0, 0]
    assert [row["text"] for row in rows(database, tables.inbox)] == ["khai sinh", "", "", "", ""]
    assert "Đăng ký khai sinh" in replies(database)[0] and "đã xóa mọi tin nhắn" in replies(database)[1]
    mine = rows(database, tables.conversation)[1]
    assert (mine["owner"], mine["state"]["topic"], mine["state"]["offered"]) == ("bot", "", [])


def test_a_redelivery_brings_nothing_back(database: Store) -> None:
    """A deleted message that the channel delivers again is still known; a new one is answered."""
    one = worker(database)
    for number, (text, kind) in enumerate([("khai sinh", Kind.TEXT), ("forget:yes", Kind.BUTTON)]):
        say(database, text, str(number), kind=kind)
        one.step()
    assert not say(database, "khai sinh", "0") and not one.step()
    assert say(database, "khai sinh", "9") and one.step()
    assert [row["text"] for row in rows(database, tables.inbox)] == ["", "", "khai sinh"]


def test_deleting_waits_for_the_officer(database: Store) -> None:
    """While an officer holds the conversation nothing is deleted: it becomes a request, with its last day."""
    one = worker(database)
    say(database, "gặp cán bộ")
    one.step()
    with database.writing() as connection:
        values = {"username": "lan", "name": "Lan", "password_hash": "-"}
        connection.execute(sa.insert(tables.officer).values(**values))
    assert Desk(database).claim(1, 1)
    say(database, "forget:yes", "2", kind=Kind.BUTTON)
    one.step()
    assert "em chưa xóa ngay được" in replies(database)[-1] and "ngày 11/12/2026" in replies(database)[-1]
    assert rows(database, tables.inbox)[0]["text"] == "gặp cán bộ"


def test_the_officer_s_view_leaves_out_what_was_deleted(database: Store) -> None:
    """A ticket that is opened later shows nothing of what was deleted."""
    one = worker(database)
    for number, text in enumerate(["khai sinh", "forget:yes", "gặp cán bộ"]):
        say(database, text, str(number), kind=Kind.BUTTON if ":" in text else Kind.TEXT)
        one.step()
    lines = Desk(database).ticket(1).lines
    assert [line.text for line in lines if line.author == "citizen"] == ["gặp cán bộ"]


def test_the_reply_names_the_days_of_retention() -> None:
    """Who has data deleted is told the number of days for which message ids stay."""
    assert f"sau {KEEP.days} ngày" in (DATA / "replies" / "forgotten.txt").read_text(encoding="utf-8")


def test_many_old_conversations_go_in_small_transactions(database: Store) -> None:
    """More conversations than one transaction takes are all deleted by one call."""
    with database.writing() as connection:
        values = {"channel": "terminal", "owner": "bot", "state": {}, "updated_at": MORNING}
        people = [{**values, "address": str(number)} for number in range(2 * MOST_AT_ONCE + 1)]
        connection.execute(sa.insert(tables.conversation), people)
    assert delete_old(database, MORNING + KEEP + timedelta(seconds=1)) == 2 * MOST_AT_ONCE + 1
    assert counts(database)[0] == 0

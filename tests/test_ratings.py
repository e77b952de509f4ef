"""Ratings over a real database: each matter is asked about once, whatever dies, and what is said of it is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import ratings, retention, satisfaction, shares, tables
from bot.board import Board
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.messages import InboundMessage, Kind
from bot.ratings import Survey
from bot.shares import Share
from bot.store import Store
from bot.switches import Mode, Switches
from bot.ticket import Ending
from bot.worker import Worker
from tests import town
from tests.town import rows

LAN = 1
QUIET_S, DAY_S = 15 * 60.0, 24 * 3600.0


class Killed(Exception):
    """The process ended at the worst moment."""


class Dying(Store):
    """A store whose process ends after everything was written and before it is committed."""

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that never ends well."""
        with super().writing() as connection:
            yield connection
            raise Killed


class Office:
    """Citizens, an officer and the survey of a small town."""

    def __init__(self, store: Store, channel: str = "webchat") -> None:
        self.store, self.channel, self.clock, self.number = store, channel, town.Clock(), 0
        self.worker = Worker(store, town.assistant, self.clock)
        self.desk = Desk(store, clock=self.clock)
        self.survey = self.new_survey()
        with store.writing() as connection:
            values = {"username": "lan", "name": "Lan", "password_hash": "-"}
            connection.execute(sa.insert(tables.officer).values(**values))

    def new_survey(self, store: Store | None = None, **changes: Any) -> Survey:
        """Another process that asks."""
        return Survey(store or self.store, satisfaction.plan(15), self.clock, **changes)

    def says(self, text: str, who: str = "an", kind: Kind = Kind.TEXT) -> str:
        """What is answered to a citizen; "" for nothing."""
        self.number += 1
        message = InboundMessage(self.channel, str(self.number), who, self.clock(), kind, text)
        Inbox(self.store).accept(message)
        before = len(town.told(self.store))
        while self.worker.step():
            pass
        return "\n".join(town.replies(self.store)[before:])

    def presses(self, label: str) -> str:
        """What is answered to a button under what was said last."""
        buttons = {button["label"]: button["payload"] for button in town.told(self.store)[-1]["reply"]["buttons"]}
        return self.says(buttons[label], kind=Kind.BUTTON)

    def passes(self, seconds: float = QUIET_S) -> int:
        """Time passes, then the survey looks; how many it asks."""
        self.clock.move(seconds)
        return self.survey.step()

    def closes(self, ending: Ending = Ending.ANSWERED, number: int = 1) -> None:
        """An officer settles a ticket."""
        assert self.desk.claim(number, LAN) and self.desk.resolve(number, LAN, ending)

    def rating(self) -> dict[str, Any]:
        """The only question."""
        (row,) = rows(self.store, tables.rating)
        return row


@pytest.fixture
def office(database: Store) -> Office:
    return Office(database)


def test_an_answer_that_rests_is_asked_about_once(office: Office) -> None:
    """A quarter of an hour after an answer the citizen is asked once, with the five steps and a way past them."""
    office.says("khai sinh")
    assert office.passes(QUIET_S - 1) == 0 and office.passes(1) == 1
    assert "hài lòng với câu trả lời của em" in town.replies(office.store)[-1]
    labels = [button["label"] for button in town.told(office.store)[-1]["reply"]["buttons"]]
    assert labels == [*satisfaction.content()["steps"].values(), "Bỏ qua"]
    assert [office.passes(60) for _ in range(90)] == [0] * 90
    row = office.rating()
    assert (row["ticket_id"], row["turn_id"], row["field"], row["step"]) == (None, 1, "ho_tich", None)


def test_a_ticket_is_asked_about_once(office: Office) -> None:
    """A settled ticket is asked about at the next look, once, also when it is opened and settled again."""
    office.says("gặp cán bộ")
    assert office.passes(60) == 0
    office.closes()
    assert office.passes(15) == 1 and "cách cán bộ hỗ trợ phiếu HT-" in town.replies(office.store)[-1]
    office.desk.reopen(1, LAN)
    office.closes(Ending.VISIT)
    assert office.passes(15) == 0 and office.rating()["ticket_id"] == 1


def test_who_wrote_meanwhile_is_not_asked(office: Office) -> None:
    """A message that nobody has read yet is answered first."""
    office.says("khai sinh")
    town.say(office.store, "còn nữa", "later", "an")
    assert office.passes() == 0


def test_nobody_is_pestered(office: Office) -> None:
    """About answers of the assistant nobody is asked twice in a week; about each ticket they are."""
    office.says("khai sinh")
    assert office.passes() == 1
    office.says("lệ phí thường trú")
    assert office.passes() == 0
    office.says("gặp cán bộ")
    office.closes()
    assert office.passes(1) == 1
    office.clock.move(7 * DAY_S)
    office.says("khai sinh")
    assert office.passes() == 1


@pytest.mark.parametrize("mode", [Mode.READ_ONLY, Mode.OFFICERS_ONLY, Mode.OFF])
def test_a_switch_silences_the_question(office: Office, mode: Mode) -> None:
    """While the assistant may not do everything, nobody is asked."""
    office.survey = office.new_survey(switches=lambda channel: Switches(mode))
    office.says("khai sinh")
    assert office.passes() == 0 and rows(office.store, tables.rating) == []


def test_a_killed_process_asks_nobody_or_once(office: Office) -> None:
    """Who dies before the commit has written neither row nor message; the next process asks, a third does not."""
    office.says("khai sinh")
    office.clock.move(QUIET_S)
    dying = Dying(str(office.store.engine.url))
    with pytest.raises(Killed):
        office.new_survey(dying).step()
    dying.close()
    assert rows(office.store, tables.rating) == [] and len(town.told(office.store)) == 1
    assert [office.new_survey().step() for _ in range(3)] == [1, 0, 0]
    assert len(town.told(office.store)) == 2


def test_many_at_the_same_moment_ask_once(office: Office) -> None:
    """Surveys beside each other leave one question for each matter."""
    for who in ("an", "binh", "cuc"):
        office.says("khai sinh", who)
    office.says("gặp cán bộ", "dung")
    office.clock.move(QUIET_S)
    office.closes()
    barrier, done = threading.Barrier(4), []

    def look() -> None:
        barrier.wait()
        done.append(office.new_survey().step())

    threads = [threading.Thread(target=look) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(done) == len(rows(office.store, tables.rating)) == 4
    assert sum(row["key"].startswith("rating:") for row in town.told(office.store)) == 4


@pytest.mark.parametrize("column", ["ticket_id", "turn_id"])
def test_the_database_knows_one_question_for_a_matter(office: Office, column: str) -> None:
    """A second row for a ticket or a turn cannot be written, whatever a program believes."""
    office.says("gặp cán bộ")
    values = {"channel": "webchat", "unit": "", "field": "", "reason": "", "words": "", "asked_at": office.clock()}
    with office.store.writing() as connection:
        connection.execute(sa.insert(tables.rating).values(**values, **{column: 1}))
    with pytest.raises(sa.exc.IntegrityError), office.store.writing() as connection:
        connection.execute(sa.insert(tables.rating).values(**values, **{column: 1}))


def test_a_step_and_its_reason_are_kept(office: Office) -> None:
    """A press is the step, the next one the reason; both stand on the row, and thanks are said."""
    office.says("khai sinh")
    office.passes()
    assert "Em đã ghi: Không hài lòng" in office.presses("Không hài lòng")
    assert "Em đã ghi lý do" in office.presses("Phải chờ lâu")
    row = office.rating()
    assert (row["step"], row["reason"], row["words"], row["answered_at"]) == (4, "slow", "", office.clock())


def test_one_s_own_words_are_masked(office: Office) -> None:
    """Own words are kept as the reason after the button that asks for them, without personal numbers."""
    office.says("khai sinh")
    office.passes()
    office.says("5 sao")
    assert "viết lý do" in office.presses("Lý do khác")
    office.says("em nhiệt tình, gọi tôi 0903123456")
    row = office.rating()
    assert (row["step"], row["reason"]) == (1, "") and row["words"].startswith("em nhiệt tình")
    assert "0903123456" not in row["words"]


def test_words_alone_are_no_reason(office: Office) -> None:
    """After a step a new question is answered, and does not become a reason."""
    office.says("khai sinh")
    office.passes()
    office.presses("Hài lòng")
    assert "Đăng ký thường trú" in office.says("lệ phí thường trú")
    assert (office.rating()["reason"], office.rating()["words"]) == ("", "")


def test_one_may_change_one_s_mind_within_the_day(office: Office) -> None:
    """Another press replaces step and reason until the day ends; then it is said that it is too late."""
    office.says("khai sinh")
    office.passes()
    office.presses("Hài lòng")
    office.presses("Trả lời rõ ràng")
    office.says("rate:1.5", kind=Kind.BUTTON)
    assert (office.rating()["step"], office.rating()["reason"]) == (5, "")
    office.clock.move(DAY_S)
    assert "đã hết hạn" in office.says("rate:1.1", kind=Kind.BUTTON)
    assert office.rating()["step"] == 5


def test_a_keyboard_that_is_gone_can_be_had_again(office: Office) -> None:
    """Under the thanks one press shows the steps again; in words the next message counts as well."""
    office.says("khai sinh")
    office.passes()
    office.presses("Hài lòng")
    assert "chọn lại" in office.presses("Chọn lại")
    office.says("tệ quá")
    assert office.rating()["step"] == 5


def test_who_would_rather_not_say(office: Office) -> None:
    """Skipping is kept as no answer: it counts as asked, not as answered."""
    office.says("khai sinh")
    office.passes()
    assert "Anh/chị cần hỏi gì thêm" in office.presses("Bỏ qua")
    with office.store.reading() as connection:
        told = list(ratings.asked(connection, office.clock() - timedelta(days=1)))
    assert shares.by_field(told) == {"ho_tich": Share(1, 0, 0)}


def test_somebody_else_s_question_is_not_answered(office: Office) -> None:
    """The number of another's question changes nothing of theirs."""
    office.says("khai sinh")
    office.passes()
    assert "đã hết hạn" in office.says("rate:1.5", "binh", Kind.BUTTON)
    assert office.rating()["step"] is None


def test_a_late_press_is_no_word_to_the_officer(office: Office) -> None:
    """Who presses while the next ticket waits is heard, and starts no clock of the desk."""
    office.says("khai sinh")
    office.passes()
    office.says("gặp cán bộ")
    assert "Em đã ghi" in office.says("rate:1.2", kind=Kind.BUTTON)
    assert office.rating()["step"] == 2
    assert [entry.event for entry in office.desk.history(1)] == ["opened"]


def test_on_zalo_the_steps_are_all_there_is_room_for(database: Store) -> None:
    """Zalo shows five buttons: the steps; how to skip is said in words, and understood."""
    office = Office(database, "zalo")
    office.says("khai sinh")
    office.passes()
    last = town.told(database)[-1]["reply"]
    assert len(last["buttons"]) == 5 and 'gõ "bỏ qua"' in town.replies(database)[-1]
    office.says("bỏ qua")
    assert office.rating()["step"] == 0


def test_the_officer_s_page_knows(office: Office) -> None:
    """What the citizen said stands beside the closed ticket; before it was asked, nothing does."""
    office.says("gặp cán bộ")
    office.closes()
    board = Board(office.store, clock=office.clock)
    assert board.case(1, LAN).rating is None
    office.passes(1)
    office.presses("Rất hài lòng")
    office.presses("Thái độ lịch sự")
    given = board.case(1, LAN).rating
    assert given is not None and (given.step, given.reason) == ("Rất hài lòng", "Thái độ lịch sự")


def test_what_was_said_is_deleted_on_demand(office: Office) -> None:
    """Whoever has everything deleted leaves no rating, and is not asked about what is gone."""
    office.says("khai sinh")
    office.passes()
    office.presses("Hài lòng")
    office.says("forget:yes", kind=Kind.BUTTON)
    assert rows(office.store, tables.rating) == [] and office.passes() == 0


def test_an_old_rating_is_nobody_s(office: Office) -> None:
    """With the conversation's age step and reason stay for the figures; whose it was, when exactly and words do not."""
    office.says("gặp cán bộ")
    office.closes()
    office.passes(1)
    office.presses("Bình thường")
    with office.store.writing() as connection:
        connection.execute(sa.update(tables.rating).values(words="chờ từ sáng"))
    retention.delete_old(office.store, office.clock.move(retention.KEEP.total_seconds() + 1))
    row = office.rating()
    assert [row[name] for name in ("conversation_id", "ticket_id", "turn_id", "words")] == [None, None, None, ""]
    assert row["step"] == 3 and row["asked_at"].astimezone(ratings.ZONE).strftime("%H:%M:%S") == "00:00:00"
    assert rows(office.store, tables.ticket) == []

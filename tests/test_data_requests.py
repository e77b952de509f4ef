"""What a citizen asks about their own data: told and copied at once, or recorded with the law's days and decided."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import data_law, register, tables
from bot.data_law import Wanted, dates, extended
from bot.data_requests import DataRequests, Decided, Hindrance, finish_due
from bot.errors import BadData
from bot.following import calendar
from bot.handoff import Desk
from bot.messages import Kind
from bot.own_data import PERIODS, Copies
from bot.retention import KEEP, delete_old
from bot.store import Store
from bot.ticket import Ending
from bot.worker import Worker
from nlu.cues import entities
from tests.town import Clock, Script, hire, replies, rows, say, understood, worker

LAN = 1
SCRIPT = Script(
    {
        "xin chào": understood(intent="greet"),
        "gặp cán bộ": understood(intent="officer"),
        "dữ liệu nào của tôi đang được lưu": understood(entities={"kept": ""}),
        "sửa thông tin em lưu: tôi tên Lan": understood(entities={"data_correct": ""}),
    }
)


class Talk:
    """One citizen with an officer at hand."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, Clock()
        self.worker: Worker = worker(store, SCRIPT, self.clock)
        self.requests = DataRequests(store, self.clock)
        self.desk = Desk(store, clock=self.clock)
        with store.writing() as connection:
            hire(connection, "lan")

    def says(self, text: str, kind: Kind = Kind.TEXT) -> str:
        """What a citizen's message is answered with."""
        say(self.store, text, str(len(rows(self.store, tables.inbox))), kind=kind)
        self.worker.step()
        return replies(self.store)[-1]

    def held(self) -> None:
        """An officer has the talk."""
        self.says("gặp cán bộ")
        assert self.desk.claim(1, LAN)


@pytest.fixture
def talk(database: Store) -> Talk:
    return Talk(database)


@pytest.mark.parametrize(
    ("wanted", "acknowledge_by", "finish_by", "at_most"),
    [
        (Wanted.DELETE, date(2026, 11, 26), date(2026, 12, 14), date(2027, 1, 4)),
        (Wanted.CORRECT, date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 14)),
        (Wanted.OBJECT, date(2026, 11, 26), date(2026, 12, 8), date(2026, 12, 23)),
    ],
)
def test_the_days_of_the_decree(wanted: Wanted, acknowledge_by: date, finish_by: date, at_most: date) -> None:
    """Decree 356/2025, Article 5, from 23 November 2026, the day before a holiday; a last day of rest moves on."""
    asked_on = date(2026, 11, 23)
    by = dates(wanted, asked_on, calendar())
    assert (by.acknowledge_by, by.finish_by) == (acknowledge_by, finish_by)
    assert extended(wanted, asked_on, calendar()) == at_most


@pytest.mark.parametrize(("right", "wrong"), [("delete:", "remove:"), ("finish_days: 20", "finish_days: 0")])
def test_a_broken_law_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    """Every kind of request has its days."""
    path = tmp_path / "law.yaml"
    path.write_text(data_law.PATH.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadData):
        data_law.load(path)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dữ liệu nào của tôi đang được lưu", "kept"),
        ("xóa dữ liệu của tôi", "forget"),
        ("rút lại đồng ý", "data_withdraw"),
        ("tôi không đồng ý cho em lưu thông tin của tôi nữa", "data_withdraw"),
        ("sửa thông tin em lưu", "data_correct"),
        ("em lưu sai thông tin của tôi rồi", "data_correct"),
        ("tôi phản đối việc xử lý dữ liệu cá nhân của tôi", "data_object"),
        ("sửa thông tin trên giấy khai sinh của con tôi", ""),
        ("cập nhật thông tin cá nhân trong căn cước", ""),
        ("tôi không đồng ý với quyết định này", ""),
        ("sửa thông tin doanh nghiệp", ""),
    ],
)
def test_the_words_for_it(text: str, kind: str) -> None:
    """A wish about what is stored here is heard; the same verbs about papers are a procedure."""
    found = [item.kind for item in entities(text) if item.kind in ("kept", "forget") or item.kind.startswith("data_")]
    assert found == ([kind] if kind else [])


def test_what_is_stored_is_told_with_purpose_and_last_day(talk: Talk) -> None:
    """Counts of one's own rows, what for, on what basis, until when."""
    talk.says("xin chào")
    say(talk.store, "xin chào", "other", "minh")
    talk.worker.step()
    told = talk.says("dữ liệu nào của tôi đang được lưu")
    assert "2 tin nhắn của anh/chị: để trả lời" in told and "Điều 19 khoản 1 điểm c" in told
    assert "Giữ đến ngày 19/02/2027." in told


def test_a_copy_holds_one_s_own_rows_and_no_note(talk: Talk) -> None:
    """Everything of one conversation, nothing of another, no note that officers write for each other."""
    talk.held()
    talk.desk.note(1, LAN, "gọi chị Hoa ở quầy 3")
    say(talk.store, "lệ phí của người khác", "other", "minh")
    copy = Copies(talk.store, talk.clock).of("webchat", "lan")
    text = str(copy)
    assert "gặp cán bộ" in text and "HT-" in text
    assert not any(word in text for word in ("người khác", "Hoa", "officer_id"))
    assert Copies(talk.store, talk.clock).of("webchat", "nobody").categories == ()


def test_every_kind_of_citizens_data_is_told() -> None:
    """A table about citizens says in their language what it is; every column that it shows is its own.

    But for those that name a dossier alone: whose it is they do not know.
    """
    for table in register.load().tables:
        columns = {column.name for column in table.personal} | set(table.plain)
        if "citizen" in table.whose and table.name not in {"watched", "deadline", "sync_target", "sync_difference"}:
            assert table.told and table.kept in PERIODS, table.name
        if table.told:
            assert set(table.told.shows) <= columns - {"officer_id", "holder_id", "by_id"}, table.name
            assert table.told.since in columns | {""}


def test_deleting_while_an_officer_works_is_a_request(talk: Talk) -> None:
    """It is acknowledged in the same minute with its last day, once however often it is asked, and seen by officers."""
    talk.held()
    first, second = talk.says("/xoadulieu"), talk.says("/xoadulieu")
    (request,) = talk.requests.all()
    assert (request.wanted, request.finish_by, request.decided) == (Wanted.DELETE, date(2026, 12, 11), None)
    assert request.code in first and request.code in second and "11/12/2026" in first
    assert request.open_tickets == (talk.desk.ticket(1).summary.code,)


def test_it_is_done_when_the_officer_is(talk: Talk) -> None:
    """Not while a ticket is open; then all is deleted by the decision itself, and the citizen hears of it."""
    talk.held()
    talk.says("/xoadulieu")
    assert talk.requests.finish(1, LAN) is Hindrance.TICKET_OPEN
    talk.desk.resolve(1, LAN, Ending.ANSWERED)
    assert talk.requests.finish(1, LAN) is None
    assert replies(talk.store) == [f"Yêu cầu xóa dữ liệu của anh/chị, mã {talk.requests.all()[0].code}, đã làm xong."]
    assert rows(talk.store, tables.ticket) == rows(talk.store, tables.turn) == []
    assert not any(row["text"] for row in rows(talk.store, tables.inbox))
    assert talk.requests.finish(1, LAN) is talk.requests.refuse(1, LAN, "duty") is Hindrance.GONE


def test_the_last_day_does_it_by_itself(talk: Talk) -> None:
    """A deletion that nobody decided is done on its last day, unless a ticket is still open."""
    talk.held()
    talk.says("/xoadulieu")
    last = talk.clock.move(timedelta(days=20).total_seconds())
    assert finish_due(talk.store, last - timedelta(days=1)) == finish_due(talk.store, last) == 0
    talk.desk.resolve(1, LAN, Ending.ANSWERED)
    assert finish_due(talk.store, last - timedelta(days=1)) == 0
    assert finish_due(talk.store, last) == 1 and talk.requests.all()[0].decided is Decided.DONE


def test_a_refusal_names_its_ground(talk: Talk) -> None:
    """Only grounds of the list; the citizen reads the article and the officer's words, with numbers masked."""
    talk.says("sửa thông tin em lưu: tôi tên Lan")
    assert talk.requests.all()[0].words == "sửa thông tin em lưu: tôi tên Lan"
    assert talk.requests.refuse(1, LAN, "because") is Hindrance.NO_GROUND
    assert talk.requests.refuse(1, LAN, "not_here", "hỏi chị Hoa 0903123456") is None
    told = replies(talk.store)[-1]
    assert "không lưu ở trợ lý" in told and "hỏi chị Hoa ‹số điện thoại›" in told
    assert (talk.requests.all()[0].ground, talk.requests.all()[0].words) == ("not_here", "")


def test_more_time_once_and_in_time(talk: Talk) -> None:
    """One extension, before the last day is over; the citizen is told the new day."""
    talk.held()
    talk.says("/xoadulieu")
    assert talk.requests.extend(1, LAN) is None
    assert "Hạn mới là ngày 31/12/2026" in replies(talk.store)[-1]
    assert talk.requests.extend(1, LAN) is Hindrance.EXTENDED
    talk.clock.move(timedelta(days=60).total_seconds())
    assert talk.requests.all()[0].is_late(talk.requests.today())


def test_a_request_outlives_what_it_is_about(talk: Talk) -> None:
    """Undecided it keeps the conversation; decided it stays a year without it."""
    talk.says("sửa thông tin em lưu: tôi tên Lan")
    assert delete_old(talk.store, talk.clock() + 2 * KEEP) == 0
    talk.requests.finish(1, LAN)
    assert delete_old(talk.store, talk.clock() + 2 * KEEP) == 1
    assert [row["conversation_id"] for row in rows(talk.store, tables.data_request)] == [None]
    delete_old(talk.store, talk.clock() + timedelta(days=366))
    with talk.store.reading() as connection:
        assert connection.execute(sa.select(tables.data_request)).all() == []

"""Waiting: a citizen always knows where they stand, and what the clock owes them happens once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import desks, ledger, tables
from bot.board import Board
from bot.breaches import Breaches
from bot.clocks import Cause, Limit
from bot.desks import Desks
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.messages import InboundMessage, Kind
from bot.roster import Slot
from bot.staffing import Staffing
from bot.standing import TicketBook
from bot.store import Store
from bot.ticket import Act, Ending, Event, Refusal, Stage, State, Why, find_code
from bot.timers import Timers
from bot.worker import Worker
from tests import town

LAN, MINH = 1, 2
OFFICE, WARD, LAND = "thanh_pho", "ho_tich_ben_thanh", "dat_dai"


def at(text: str) -> datetime:
    """A moment of November 2026 here; the 23rd is a Monday, the 24th a holiday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=desks.load().everyone.calendar.zone)


class Place:
    """The town with its desks, officers, clock and timers."""

    def __init__(self, store: Store, served: Desks, officers: int = 2) -> None:
        self.store, self.clock, self.number = store, town.Clock(at("23 09:00")), 0
        self.desk, self.timers = Desk(store, served, self.clock), Timers(store, served, self.clock)
        self.staffing, self.breaches = Staffing(store, served, self.clock), Breaches(store, served, self.clock)
        assistant = replace(town.assistant(), tickets=TicketBook(store, served, self.clock))
        self.worker = Worker(store, lambda: assistant, self.clock, served)
        with store.writing() as connection:
            for name in ("lan", "minh")[:officers]:
                town.hire(connection, name)

    def says(self, text: str, who: str = "an", kind: Kind = Kind.TEXT) -> str:
        """What is answered to a citizen."""
        self.number += 1
        Inbox(self.store).accept(InboundMessage("webchat", str(self.number), who, self.clock(), kind, text))
        before = len(town.told(self.store))
        while self.worker.step():
            pass
        return "\n".join(town.replies(self.store)[before:])

    def until(self, moment: str) -> list[str]:
        """Time passes in small steps; what citizens were told meanwhile."""
        before = len(town.told(self.store))
        while self.clock.at < at(moment):
            self.clock.at = min(self.clock.at + timedelta(minutes=10), at(moment))
            self.timers.step()
        return town.replies(self.store)[before:]

    def buttons(self) -> list[str]:
        """The payloads under what was said last."""
        return [button["payload"] for button in town.told(self.store)[-1]["reply"]["buttons"]]

    def ticket(self, ticket_id: int = 1) -> ledger.Ticket:
        """A ticket as it is."""
        with self.store.reading() as connection:
            return ledger.of(connection, ticket_id)

    def events(self) -> list[str]:
        """What happened to all tickets."""
        return [row["kind"] for row in town.rows(self.store, tables.ticket_event)]


@pytest.fixture
def place(database: Store) -> Place:
    """A Monday morning with two officers at the desk for everyone."""
    return Place(database, desks.load())


def test_whoever_joins_knows_where_they_stand(place: Place) -> None:
    """Code, desk, position, what is known of the wait and a promise, with one tap to leave."""
    said = place.says("gặp cán bộ")
    assert "Bộ phận hỗ trợ chung" in said and "vị trí thứ 1" in said and "Chưa đủ số liệu" in said
    assert "chậm nhất 09:30 thứ Hai 23/11/2026" in said and place.buttons() == ["stay"]
    assert find_code(said) == place.ticket().code
    assert "vị trí thứ 2" in place.says("gặp cán bộ", "binh")
    place.says("stay", kind=Kind.BUTTON)
    assert place.ticket().state.ending is Ending.CANCELLED
    assert "vị trí thứ 1" in place.says("còn lâu không", "binh") and place.buttons() == ["stay"]


@pytest.mark.parametrize(
    ("moment", "promise"),
    [
        ("21 09:00", "08:00 thứ Hai 23/11/2026"),
        ("22 23:00", "08:00 thứ Hai 23/11/2026"),
        ("23 11:40", "13:30 thứ Hai 23/11/2026"),
        ("23 18:00", "08:00 thứ Tư 25/11/2026"),
    ],
)
def test_outside_hours_a_message_is_left(place: Place, moment: str, promise: str) -> None:
    """At night, at lunch, on a day off: nobody pretends to be there, and the first working time is promised."""
    place.clock.at = at(moment)
    said = place.says("gặp cán bộ")
    assert "ngoài giờ làm việc" in said and f"chậm nhất {promise}" in said and "vị trí" not in said
    assert find_code(said)


def test_who_came_at_night_is_answered_in_order(place: Place) -> None:
    """In the morning the first of the night is the first of the queue; who is disabled counts as an hour earlier."""
    for who, moment in (("an", "22 21:00"), ("binh", "22 21:30"), ("cuc", "22 23:00")):
        place.clock.at = at(moment)
        if who == "binh":
            place.says("tôi là người khuyết tật", who)
        place.says("gặp cán bộ", who)
    place.clock.at = at("23 07:30")
    assert [place.desk.take_next(LAN) for _ in range(4)] == [2, 1, 3, None]


def test_a_desk_without_anybody_says_so(database: Store) -> None:
    """In working hours with nobody on duty the citizen hears that, and the lead sees the cause."""
    place = Place(database, desks.load(), officers=0)
    said = place.says("gặp cán bộ")
    assert "chưa có cán bộ trực" in said and "ngoài giờ" not in said and find_code(said)
    place.until("23 09:40")
    assert [breach.cause for breach in place.breaches.running()] == [Cause.NOBODY_ON_DUTY]


def past(place: Place, count: int, minutes: int, hour: int = 9) -> None:
    """So many tickets of the past weeks, opened in an hour, that waited so long."""
    with place.store.writing() as connection:
        there = town.rows(place.store, tables.conversation)
        for number in range(count):
            address = f"old-{len(there)}-{minutes}-{number}"
            values = {
                "channel": "webchat",
                "address": address,
                "owner": "bot",
                "state": {},
                "updated_at": place.clock(),
            }
            made = connection.execute(sa.insert(tables.conversation).values(**values)).inserted_primary_key[0]
            opened = at(f"{2 + number % 5:02} {hour:02}:05")
            ticket = {"conversation_id": made, "code": f"OLD-{minutes}-{number}", "state": "closed", "desk": OFFICE}
            ticket |= {"reason": "asked", "field": "", "unit": "", "urgency": [], "opened_at": opened}
            replied = opened + timedelta(minutes=minutes)
            connection.execute(sa.insert(tables.ticket).values(**ticket, rank_at=opened, first_replied_at=replied))


def test_the_wait_is_measured(place: Place) -> None:
    """From twenty real waits of this desk and hour on, half and nine tenths are told; other hours do not count."""
    past(place, 19, 4)
    assert "Chưa đủ số liệu" in place.says("gặp cán bộ")
    past(place, 9, 30)
    said = place.says("gặp cán bộ", "binh")
    assert "không quá 4 phút" in said and "không quá 30 phút" in said
    place.clock.at = at("23 10:01")
    assert "Chưa đủ số liệu" in place.says("gặp cán bộ", "cuc")


def test_a_closing_desk_tells_whoever_waits(place: Place) -> None:
    """At lunch and in the evening who still waits is told once each, with code and time; nobody sits and waits."""
    place.clock.at = at("23 11:20")
    place.says("gặp cán bộ")
    lunch = place.until("23 12:50")
    assert len(lunch) == 1 and "đã hết giờ làm việc" in lunch[0] and "13:20 thứ Hai" in lunch[0]
    assert find_code(lunch[0]) == place.ticket().code and place.buttons() == ["stay"]
    told = place.until("24 12:00")
    assert [("đã hết giờ" in text, "như đã hẹn" in text) for text in told] == [(False, True)] * 3 + [(True, False)]


def test_a_broken_promise_is_told(place: Place) -> None:
    """When a promise cannot be kept the citizen is told at that moment, once, with a new one twice as far off."""
    place.says("gặp cán bộ")
    assert place.until("23 09:20") == []
    told = place.until("23 10:20")
    assert len(told) == 1 and "Em xin lỗi" in told[0] and "chậm nhất 10:30" in told[0]
    assert len(place.until("23 10:40")) == 1 and place.ticket().promised_at == at("23 14:00")


def test_nothing_more_is_told_once_an_officer_is_there(place: Place) -> None:
    """Whoever was taken hears by whom and of which desk, and nothing of queues any more."""
    place.says("gặp cán bộ")
    assert place.desk.claim(1, LAN)
    assert "Cán bộ Lan đã nhận cuộc trò chuyện. Nơi làm việc: Bộ phận hỗ trợ chung" in town.replies(place.store)[-1]
    assert place.until("25 12:00") == []


def test_a_silent_citizen_is_reminded_once_then_let_go(place: Place) -> None:
    """An officer's question is repeated once, then the ticket is closed, and the citizen's next words reopen it."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    assert place.desk.ask(1, LAN, "Chị sinh năm nào?", "k")
    assert place.ticket().state == State(Stage.CITIZEN, OFFICE, LAN)
    reminded = place.until("23 15:00")
    assert len(reminded) == 1 and "đang chờ anh/chị trả lời" in reminded[0] and "14:30 thứ Tư" in reminded[0]
    closed = place.until("26 09:00")
    assert len(closed) == 1 and "chưa nhận được trả lời" in closed[0] and "hết ngày 02/12/2026" in closed[0]
    assert place.buttons() == [f"reopen:{place.ticket().code}"]
    said = place.says("Dạ em sinh 1990")
    assert place.ticket().state == State(Stage.QUEUED, OFFICE) and place.ticket().code in said
    assert len(town.rows(place.store, tables.ticket)) == 1


@pytest.mark.parametrize(
    ("text", "moment", "reopens"),
    [
        ("Dạ em sinh 1990", "26 09:00", True),
        ("Dạ em sinh 1990", "30 09:00", True),
        ("xin chào", "26 09:00", False),  # only polite
        (town.DOSSIER_CODE, "26 09:00", False),  # surely about something else
    ],
)
def test_what_reopens(place: Place, text: str, moment: str, reopens: bool) -> None:
    """A late answer goes back to the desk; a greeting and another matter do not."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    place.desk.ask(1, LAN, "Chị sinh năm nào?", "k")
    place.until("25 16:00")
    assert place.ticket().state.ending is Ending.NO_ANSWER
    place.clock.at = at(moment)
    place.says(text)
    assert (place.ticket().state.stage is Stage.QUEUED) is reopens


def test_the_door_closes_after_some_days(place: Place) -> None:
    """After the last day the assistant answers again as if nothing had been."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    place.desk.ask(1, LAN, "Chị sinh năm nào?", "k")
    place.until("25 16:00")
    place.clock.at = at("30 09:00") + timedelta(days=3)
    assert "Đăng ký khai sinh" in place.says("khai sinh") and place.ticket().state.stage is Stage.CLOSED


def test_an_answer_ends_the_waiting(place: Place) -> None:
    """A citizen who answers is the officer's turn again: no reminder, and silence has not been counted."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    place.desk.ask(1, LAN, "Chị sinh năm nào?", "k")
    assert place.says("1990") == ""
    assert place.ticket().state.stage is Stage.OFFICER and place.until("25 16:00") == []


def test_unread_words_are_not_silence(place: Place) -> None:
    """Who answered at the last moment is not closed before a worker has come to the answer."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    place.desk.ask(1, LAN, "Chị sinh năm nào?", "k")
    place.until("25 13:00")
    place.number += 1
    Inbox(place.store).accept(InboundMessage("webchat", "late", "an", place.clock(), Kind.TEXT, "1990"))
    place.until("26 16:00")
    assert place.ticket().state.stage is Stage.CITIZEN
    while place.worker.step():
        pass
    assert place.ticket().state.stage is Stage.OFFICER


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage.QUEUED, "đang chờ cán bộ"),
        (Stage.OFFICER, "đang giải quyết"),
        (Stage.CITIZEN, "chờ thêm thông tin"),
        (Stage.CLOSED, "Anh/chị cần đến nơi nhận hồ sơ"),
    ],
)
def test_a_code_tells_how_far_it_is(place: Place, stage: Stage, said: str) -> None:
    """Whoever has the code, from wherever, learns the stage and what was decided, and nothing that was said."""
    place.says("gặp cán bộ")
    code = place.ticket().code
    if stage is not Stage.QUEUED:
        place.desk.claim(1, LAN)
        place.desk.reply(1, LAN, "Bí mật", "k")
    if stage is Stage.CITIZEN:
        place.desk.ask(1, LAN, "Bí mật", "k2")
    if stage is Stage.CLOSED:
        place.desk.resolve(1, LAN, Ending.VISIT)
    told = place.says(f"phiếu {code.lower()} tới đâu rồi", "binh")
    assert said in told and code in told and "Bí mật" not in told and "Lan" not in told
    assert place.buttons() == []


def test_a_wrong_code_is_said_to_be_unknown(place: Place) -> None:
    """A code that is no ticket's is not found, and an officer is offered."""
    assert "không thấy phiếu HT-7K3M-Q4XA" in place.says("HT 7k3m q4xa") and place.buttons() == ["officer"]


def test_a_waiting_citizen_may_ask_by_code(place: Place) -> None:
    """In the queue the code is answered too, with the button to leave, and the desk sees that they wrote."""
    place.says("gặp cán bộ")
    assert "Vị trí thứ 1" in place.says(place.ticket().code) and place.buttons() == ["stay"]
    assert place.events() == ["opened", "wrote"]


def test_the_end_says_what_was_decided(place: Place) -> None:
    """The last message says how the matter ended; the assistant takes over."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    assert not place.desk.resolve(1, LAN, Ending.CANCELLED), "not an officer's to choose"
    assert place.desk.resolve(1, LAN, Ending.REFERRED)
    assert "do cơ quan khác giải quyết" in town.replies(place.store)[-1]
    assert "Đăng ký khai sinh" in place.says("khai sinh")


def test_breaches_are_written_once_with_their_cause(place: Place) -> None:
    """A warning before, a breach after, each one row; listed with the cause and how long it is overdue."""
    place.staffing.join(OFFICE, LAN, (), 1)
    place.staffing.join(WARD, MINH)
    place.says("gặp cán bộ")
    place.says("gặp cán bộ", "binh")
    place.desk.claim(1, LAN)
    place.desk.reply(1, LAN, "Chào chị.", "k")
    place.until("23 09:25")
    assert place.events().count("warned") == 1
    place.until("23 11:00")
    assert (place.events().count("warned"), place.events().count("breached")) == (1, 1)
    found = [(one.ticket_id, one.limit, one.cause, one.over) for one in place.breaches.running()]
    assert found == [(2, Limit.FIRST_REPLY, Cause.AT_CAPACITY, timedelta(minutes=90))]


def test_another_desk_takes_over(place: Place) -> None:
    """A ticket of a desk that nobody is at any more goes to the desk it falls back to, and keeps its place."""
    place.staffing.join(WARD, MINH)
    place.staffing.plan(WARD, MINH, [Slot(0, time(7), time(10))])
    place.says("phường Bến Thành")
    place.says("khai sinh")
    place.says("gặp cán bộ")
    assert place.ticket().state.desk == WARD and place.ticket().matter.unit == "26743"
    place.until("23 10:10")
    assert place.ticket().state.desk == OFFICE and "rerouted" in place.events()


def test_a_transfer_tells_where_to(place: Place) -> None:
    """To another desk with a comment; not to the same, not to none; the citizen keeps the code."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    for desk in (OFFICE, "nowhere"):
        refused = place.desk.transfer(1, LAN, desk)
        assert isinstance(refused, Refusal) and refused.why is Why.INCOMPLETE
    assert place.desk.transfer(1, LAN, LAND, "việc đất đai") == State(Stage.QUEUED, LAND)
    told = town.replies(place.store)[-1]
    assert "Đất đai – Xây dựng" in told and place.ticket().code in told and "việc đất đai" not in told
    assert place.desk.history(1)[-1].text == "việc đất đai"


def test_a_colleague_needs_room(place: Place) -> None:
    """A ticket goes to a colleague who has room; who has none, or is nobody, does not get it."""
    place.staffing.join(OFFICE, MINH, (), 1)
    for who in ("an", "binh"):
        place.says("gặp cán bộ", who)
    place.desk.claim(1, LAN)
    assert place.desk.hand_to(1, LAN, 99) == Refusal(Why.INCOMPLETE, LAN, "Lan")
    assert place.desk.hand_to(1, LAN, MINH) == State(Stage.OFFICER, OFFICE, MINH)
    assert "Cán bộ Minh sẽ trả lời tiếp" in town.replies(place.store)[-1]
    assert place.desk.take(2, MINH) == Refusal(Why.FULL, MINH, "Minh")
    assert place.desk.ask(1, MINH, "Chị sinh năm nào?", "k") and isinstance(place.desk.take(2, MINH), State)


def test_skills_choose_the_next_ticket(place: Place) -> None:
    """The next ticket is one of the officer's desks that fits their skills; what fits nobody's field fits all."""
    place.staffing.join(LAND, LAN, ["xay_dung"])
    place.staffing.join(LAND, MINH, ["dat_dai"])
    with place.store.writing() as connection:
        for number, field in enumerate(("dat_dai", "xay_dung"), 1):
            values = {"channel": "webchat", "address": str(number), "owner": "queue", "state": {}}
            connection.execute(sa.insert(tables.conversation).values(**values, updated_at=place.clock()))
            ledger.open_ticket(connection, number, ledger.Matter("asked", field), LAND, place.clock())
    assert place.desk.take_next(LAN) == 2 and place.desk.take_next(LAN) is None and place.desk.take_next(MINH) == 1
    states = {state.id: state for state in Board(place.store, desks.load(), place.clock).states()}
    assert (states[LAND].queued, states[LAND].held, states[LAND].on_duty, states[OFFICE].on_duty) == (0, 2, 2, 0)


def test_an_officer_reopens(place: Place) -> None:
    """A closed ticket can be taken up again by an officer, unless the citizen waits with another one already."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    place.desk.resolve(1, LAN)
    assert place.desk.reopen(1, MINH) == State(Stage.QUEUED, OFFICE)
    assert "đã mở lại phiếu" in town.replies(place.store)[-1] and "đã chuyển thêm lời nhắn" in place.says("khai sinh")
    place.desk.claim(1, LAN)
    place.desk.resolve(1, LAN)
    place.says("gặp cán bộ")
    refused = place.desk.reopen(1, MINH)
    assert isinstance(refused, Refusal) and refused.why is Why.NOT_NOW


def test_somebody_else_s_code_reopens_nothing(place: Place) -> None:
    """The button's code of another's ticket opens a ticket of one's own, never theirs."""
    place.says("gặp cán bộ")
    place.says("stay", kind=Kind.BUTTON)
    place.says(f"reopen:{place.ticket().code}", "binh", Kind.BUTTON)
    assert place.ticket(1).state.stage is Stage.CLOSED and place.ticket(2).state.stage is Stage.QUEUED


@pytest.mark.parametrize("acts", ["resolve", "claim"])
def test_an_overtaken_message_is_not_lost(place: Place, acts: str) -> None:
    """Who writes while an officer closes is answered by the assistant; while one claims, by the officer."""
    place.says("gặp cán bộ")
    if acts == "resolve":
        place.desk.claim(1, LAN)
    done: list[Any] = []
    assistant = town.assistant()

    def between() -> Any:
        done.append(getattr(place.desk, acts)(1, LAN) if not done else None)
        return assistant

    place.worker = Worker(place.store, between, place.clock, desks.load())
    said = place.says("khai sinh")
    assert done[0] is True and ("Đăng ký khai sinh" in said) is (acts == "resolve")
    assert (Event.WROTE in place.events()) is (acts == "claim")


def test_a_forgotten_ticket_is_let_be(place: Place) -> None:
    """Whoever has everything deleted while they wait leaves nothing for the clock to do."""
    place.says("gặp cán bộ")
    place.says("forget:yes", kind=Kind.BUTTON)
    assert place.until("23 12:00") == [] and town.rows(place.store, tables.ticket_event) == []


def test_a_refused_act_writes_nothing(place: Place) -> None:
    """What the table refuses leaves ticket and history as they were."""
    place.says("gặp cán bộ")
    with place.store.writing() as connection:
        refused = ledger.write(connection, 1, Act(Event.REPLIED, LAN), place.clock())
    assert refused == Refusal(Why.NOT_HELD) and place.events() == ["opened"]

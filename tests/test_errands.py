"""Errands: what is put off comes back in time; what a citizen is asked for goes where it was asked for, or nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot import callback, desks, ledger, snooze, tables
from bot.board import Board
from bot.callback import Callbacks
from bot.clocks import Limit
from bot.errands import Errands
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.messages import Attachment, InboundMessage, Kind
from bot.retention import delete_old
from bot.snooze import Preset
from bot.store import Store
from bot.ticket import Asked, Refusal, Stage, State, Why
from bot.timers import Timers
from tests import town

LAN, MINH = 1, 2
NUMBER = "0901 234 567"
CALENDAR = desks.load().everyone.calendar


def at(text: str) -> datetime:
    """A moment of November 2026 here; the 23rd is a Monday, the 24th a holiday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=CALENDAR.zone)


class Place:
    """A Monday morning; Lan holds the ticket of a citizen."""

    def __init__(self, store: Store, channel: str = "webchat") -> None:
        self.store, self.clock, self.sent, self.channel = store, town.Clock(at("23 09:00")), 0, channel
        callbacks = Callbacks("secret", self.clock)
        self.inbox, self.errands = Inbox(store, None, callbacks), Errands(store, callbacks, None, self.clock)
        self.desk, self.board = Desk(store, None, self.clock), Board(store, None, self.clock)
        self.timers, self.worker = Timers(store, desks.load(), self.clock), town.worker(store, None, self.clock)
        with store.writing() as connection:
            for name in ("lan", "minh"):
                values = {"username": name, "name": name.title(), "password_hash": "-"}
                connection.execute(sa.insert(tables.officer).values(**values))
        self.says("gặp cán bộ")
        assert self.desk.claim(1, LAN)

    def says(self, text: str = "", kind: Kind = Kind.TEXT, attachment: Attachment | None = None) -> None:
        """The citizen sends something, and the worker comes to it."""
        self.sent += 1
        message = InboundMessage(self.channel, str(self.sent), "an", self.clock(), kind, text, attachment)
        assert self.inbox.accept(message)
        while self.worker.step():
            pass

    def ticket(self) -> ledger.Ticket:
        """The ticket as it is."""
        with self.store.reading() as connection:
            return ledger.of(connection, 1)

    def events(self) -> list[str]:
        """What happened since it was claimed."""
        return [row["kind"] for row in town.rows(self.store, tables.ticket_event)][2:]

    def mine(self) -> list[int]:
        """Lan's list as she sees it; its number is told with it."""
        shown, total = self.board.listed("mine", LAN)
        assert len(shown) == total
        return [item.ticket.id for item in shown]

    def last(self) -> str:
        """What the citizen was told last."""
        return town.replies(self.store)[-1]


@pytest.fixture
def place(database: Store) -> Place:
    """Lan's desk."""
    return Place(database)


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        ("23 09:00", {Preset.HOUR: "23 10:00", Preset.AFTERNOON: "23 13:00", Preset.MORNING: "25 07:30"}),
        ("23 12:59", {Preset.HOUR: "23 13:59", Preset.AFTERNOON: "23 13:00", Preset.MORNING: "25 07:30"}),
        ("23 13:00", {Preset.HOUR: "23 14:00", Preset.MORNING: "25 07:30"}),
        ("22 09:00", {Preset.HOUR: "22 10:00", Preset.MORNING: "23 07:30"}),
        ("27 16:40", {Preset.HOUR: "27 17:40", Preset.MORNING: "30 07:30"}),
    ],
)
def test_presets_follow_the_working_calendar(now: str, offered: dict[Preset, str]) -> None:
    """An afternoon is offered until it begins, the next morning is one on which the desk works."""
    assert snooze.offered(at(now), CALENDAR) == {preset: at(moment) for preset, moment in offered.items()}


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        ("2026-11-26", "26 07:30"),
        ("2026-11-24", "25 07:30"),
        ("2026-11-23", ""),
        ("2026-11-01", ""),
        ("2027-01-01", ""),
    ],
)
def test_a_day_is_its_first_working_moment(day: str, moment: str) -> None:
    """A day off leads to the next working one; today, the past and a day beyond thirty are none."""
    assert snooze.on(date.fromisoformat(day), at("23 09:00"), CALENDAR) == (at(moment) if moment else None)


def test_what_is_put_off_comes_back_at_its_moment(place: Place) -> None:
    """Hidden from the holder's list and shown among what is put off, with its moment; back by the clock, once."""
    place.desk.reply(1, LAN, "Chờ tôi hỏi.", "k")
    assert isinstance(place.errands.snooze(1, LAN, at("23 10:00"), " gọi Công an phường "), State)
    assert place.mine() == [] and place.ticket().state == State(Stage.OFFICER, "thanh_pho", LAN)
    [item], _ = place.board.listed("snoozed", LAN)
    assert item.snoozed_until == at("23 10:00")
    assert town.rows(place.store, tables.ticket_event)[-1]["text"] == f"{at('23 10:00').isoformat()} gọi Công an phường"
    place.clock.at = at("23 09:59")
    assert place.timers.step() == 0
    place.clock.at = at("23 10:00")
    assert place.mine() == [1] and place.timers.step() == 1 and place.timers.step() == 0
    assert place.events() == ["replied", "snoozed", "woken"] and place.ticket().snoozed_until is None
    assert place.board.listed("snoozed", LAN) == ([], 0)


def test_a_citizen_s_word_ends_the_wait_at_once(place: Place) -> None:
    """When the citizen writes the ticket is back before its moment."""
    place.desk.reply(1, LAN, "Chờ tôi hỏi.", "k")
    place.errands.snooze(1, LAN, at("25 07:30"))
    place.says("có gì mới không")
    assert place.mine() == [1] and place.ticket().snoozed_until is None
    assert place.timers.step() == 0


def test_putting_off_hides_no_breach(place: Place) -> None:
    """The limits run on as if nothing was put off; once one has passed the ticket is in the list again."""
    place.errands.snooze(1, LAN, at("25 07:30"))
    assert place.mine() == []
    place.clock.at = at("23 09:31")
    assert place.mine() == [1]
    [item], _ = place.board.listed("mine", LAN)
    assert item.passed == (Limit.FIRST_REPLY,) and item.snoozed_until is not None
    place.timers.step()
    assert place.events()[-1] == "breached" and place.ticket().snoozed_until == at("25 07:30")


@pytest.mark.parametrize("end", ["give_back", "transfer", "hand_to", "resolve"])
def test_whoever_gets_it_next_sees_it(place: Place, end: str) -> None:
    """A ticket that leaves its holder is put off no more: nothing in a queue or in another's hands is hidden."""
    place.errands.snooze(1, LAN, at("25 07:30"))
    place.errands.ask_place(1, LAN, "k")
    arguments = {"transfer": ("dat_dai",), "hand_to": (MINH,)}.get(end, ())
    assert getattr(place.desk, end)(1, LAN, *arguments)
    assert place.ticket().snoozed_until is None
    assert (place.ticket().awaits is None) == (end != "hand_to")


def test_only_the_holder_puts_off(place: Place) -> None:
    """A colleague, and whoever gave the ticket back, is refused and told why; the holder may call it back early."""
    refused = place.errands.snooze(1, MINH, at("25 07:30"))
    assert refused == Refusal(Why.TAKEN, LAN, "Lan")
    place.errands.snooze(1, LAN, at("25 07:30"))
    assert isinstance(place.errands.wake(1, MINH), Refusal) and place.ticket().snoozed_until is not None
    assert isinstance(place.errands.wake(1, LAN), State) and place.mine() == [1]
    place.desk.give_back(1, LAN)
    refused = place.errands.snooze(1, LAN, at("25 07:30"))
    assert isinstance(refused, Refusal) and refused.why is Why.NOT_HELD


def test_a_number_is_taken_for_the_call_alone(place: Place) -> None:
    """The question says what for and how long; the answer's number is encrypted on the ticket, masked everywhere."""
    assert isinstance(place.errands.ask_number(1, LAN, "k"), State)
    assert "7 ngày sau khi phiếu đóng" in place.last() and "chỉ dùng để gọi về phiếu này" in place.last()
    assert place.ticket().state.stage is Stage.CITIZEN and place.ticket().awaits is Asked.PHONE
    place.says(f"dạ số em là {NUMBER} ạ")
    assert place.errands.number(1, LAN, leads=False) == NUMBER
    assert place.events() == ["asked", "gave", "wrote"] and place.ticket().state.stage is Stage.OFFICER
    assert "Đã nhận số điện thoại" in place.last() and place.ticket().awaits is None
    lines = [line.text for line in place.desk.ticket(1).lines if line.author == "citizen"]
    assert lines[-1] == "dạ số em là ‹số điện thoại› ạ"
    everything = str([town.rows(place.store, table) for table in tables.metadata.sorted_tables])
    assert NUMBER not in everything and NUMBER.replace(" ", "") not in everything


def test_a_number_that_nobody_asked_for_is_not_kept(place: Place) -> None:
    """Without the question, after another answer of the officer, or a second time: masked and gone."""
    place.says(NUMBER)
    assert not place.ticket().has_number
    place.errands.ask_number(1, LAN, "k")
    place.desk.reply(1, LAN, "Thôi, tôi trả lời luôn ở đây.", "k2")
    place.says(NUMBER)
    assert not place.ticket().has_number and "gave" not in place.events()
    place.errands.ask_number(1, LAN, "k3")
    place.says(NUMBER)
    place.says("số chồng em 0909999999")
    assert place.errands.number(1, LAN, leads=False) == NUMBER


def test_a_citizen_may_say_something_first(place: Place) -> None:
    """The question stands while the citizen writes about other things, also a number that is no telephone's."""
    place.errands.ask_number(1, LAN, "k")
    place.says("dạ để em tìm")
    place.says("cccd 079203012345")
    assert place.ticket().awaits is Asked.PHONE and not place.ticket().has_number
    place.says(f"{NUMBER} hoặc 02838123456 hoặc 0911111111")
    assert place.errands.number(1, LAN, leads=False) == f"{NUMBER}, 02838123456"


def test_a_citizen_may_keep_their_number(place: Place) -> None:
    """One button declines: the officer reads it, the citizen hears that it is all right, and nothing is taken later."""
    place.errands.ask_number(1, LAN, "k")
    [button] = town.told(place.store)[-1]["reply"]["buttons"]
    place.says(button["payload"], Kind.BUTTON)
    assert "Không sao" in place.last() and place.events() == ["asked", "declined", "wrote"]
    lines = [line.text for line in place.desk.ticket(1).lines if line.author == "citizen"]
    assert lines[-1] == button["label"]
    place.says(NUMBER)
    assert not place.ticket().has_number
    place.desk.resolve(1, LAN)
    place.says(button["payload"], Kind.BUTTON)
    assert "declined" not in place.events()[3:]


@pytest.mark.parametrize(
    ("officer", "leads", "sees"), [(LAN, False, True), (MINH, False, False), (MINH, True, True), (99, False, False)]
)
def test_who_sees_a_number(place: Place, officer: int, leads: bool, sees: bool) -> None:
    """The holder and leads; a colleague does not, nor the last holder once the ticket is closed."""
    place.errands.ask_number(1, LAN, "k")
    place.says(NUMBER)
    assert place.errands.number(1, officer, leads=leads) == (NUMBER if sees else "")
    place.desk.resolve(1, LAN)
    assert place.errands.number(1, officer, leads=leads) == (NUMBER if leads else "")


def test_a_number_goes_with_its_ticket(place: Place) -> None:
    """A week after the closing it is deleted, at once when the citizen has everything deleted; while open it stays."""
    place.errands.ask_number(1, LAN, "k")
    place.says(NUMBER)
    delete_old(place.store, place.clock() + timedelta(days=30))
    assert place.ticket().has_number
    place.desk.resolve(1, LAN)
    delete_old(place.store, place.clock() + callback.KEEP - timedelta(minutes=1))
    assert place.ticket().has_number
    delete_old(place.store, place.clock() + callback.KEEP + timedelta(minutes=1))
    assert not place.ticket().has_number
    place.says("forget:yes", Kind.BUTTON)
    assert town.rows(place.store, tables.ticket) == []


def test_another_key_opens_nothing(place: Place) -> None:
    """With another secret a number cannot be read, and reading it is no error."""
    place.errands.ask_number(1, LAN, "k")
    place.says(NUMBER)
    assert Errands(place.store, Callbacks("another")).number(1, LAN, leads=True) == ""


@pytest.mark.parametrize(("channel", "invited"), [("telegram", "gửi ảnh hoặc tệp"), ("webchat", "chưa gửi được ảnh")])
def test_a_paper_is_asked_for_by_name(database: Store, channel: str, invited: str) -> None:
    """The citizen reads which paper, how to send it there, and to send nothing else; the ticket waits for them."""
    place = Place(database, channel)
    for _ in range(2):
        assert isinstance(place.errands.ask_paper(1, LAN, " Giấy chứng sinh ", "k"), State)
    assert "Giấy chứng sinh" in place.last() and invited in place.last() and "đừng gửi thêm" in place.last()
    assert place.events() == ["asked"] and place.ticket().state.stage is Stage.CITIZEN
    assert town.rows(place.store, tables.ticket_event)[-1]["text"] == "paper Giấy chứng sinh"
    place.says(kind=Kind.ATTACHMENT, attachment=Attachment("photo", 4096, "ref"))
    assert place.desk.ticket(1).lines[-1].attachment == Attachment("photo", 4096, "ref")
    assert place.ticket().state.stage is Stage.OFFICER


def test_a_place_is_kept_where_one_was_asked_for(place: Place) -> None:
    """Where nobody asked, a place is named without where it is; where an officer did, about a hundred metres exact."""
    there = Attachment.at(10.776_889, 106.700_806)
    place.says(kind=Kind.ATTACHMENT, attachment=there)
    assert place.desk.ticket(1).lines[-1].attachment == Attachment("place")
    place.errands.ask_place(1, LAN, "k")
    assert town.told(place.store)[-1]["reply"]["asks"] == "place"
    place.says(kind=Kind.ATTACHMENT, attachment=there)
    assert place.desk.ticket(1).lines[-1].attachment == Attachment("place", place=(10.777, 106.701))


def test_a_file_is_opened_from_its_own_ticket(place: Place) -> None:
    """What was sent before an officer was asked for has no way to be opened, nor what belongs to another citizen."""
    sent = Attachment("photo", 10, "ref")
    other = replace(town.message("", "x", "binh", Kind.ATTACHMENT), attachment=sent)
    place.inbox.accept(other)
    place.says(kind=Kind.ATTACHMENT, attachment=sent)
    place.says("chữ")
    opened = [place.errands.attachment(1, row["id"]) for row in town.rows(place.store, tables.inbox)]
    assert opened == [None, None, ("webchat", sent), None]
    assert town.rows(place.store, tables.inbox)[1]["attachment"]["ref"] == ""


def test_what_is_forgotten_has_no_attachment(place: Place) -> None:
    """Deleting a conversation deletes the names of what was sent too."""
    place.says(kind=Kind.ATTACHMENT, attachment=Attachment("photo", 10, "ref"))
    place.desk.resolve(1, LAN)
    place.says("forget:yes", Kind.BUTTON)
    assert {row["attachment"] for row in town.rows(place.store, tables.inbox)} == {None}

"""Cards for a desk's Telegram group: one for each ticket and event, nothing of a citizen in it, nobody waits for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from bot import desk_cards, desks, settings, tables
from bot.desk_cards import DeskCards
from bot.desks import Desks
from bot.errors import BadData, BadSettings
from bot.handoff import Desk
from bot.inbox import MESSAGE, Inbox
from bot.messages import InboundMessage, Kind
from bot.present import now
from bot.store import Store
from bot.timers import Timers
from bot.worker import Worker
from knowledge.calendar import WorkCalendar
from tests import town
from tests.test_telegram_channel import Phone, opened
from tests.test_timers import at

LAN, GROUP, LAND_GROUP = 1, -1001234567890, -1009876543210
OFFICE, LAND = "thanh_pho", "dat_dai"
CONSOLE = "https://motcua.example"
SHIPPED = yaml.load(desks.PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def grouped(**groups: object) -> Desks:
    """The shipped desks, some with a group."""
    changed = [{**item, "telegram_group": groups.get(item["id"], "")} for item in SHIPPED["desks"]]
    return desks.read({"desks": changed}, WorkCalendar.load())


class Place:
    """The town with a group for the desk of everyone and one for land."""

    def __init__(self, store: Store, served: Desks | None = None) -> None:
        self.store, self.clock, self.number = store, town.Clock(at("23 09:00")), 0
        self.served = served or grouped(thanh_pho=GROUP, dat_dai=LAND_GROUP)
        self.desk, self.timers = Desk(store, self.served, self.clock), Timers(store, self.served, self.clock)
        self.worker = Worker(store, town.assistant, self.clock, served=self.served)
        with store.writing() as connection:
            values = {"username": "lan", "name": "Lan", "password_hash": "-"}
            connection.execute(sa.insert(tables.officer).values(**values))

    def cards(self) -> DeskCards:
        """A process that tells desks."""
        return DeskCards(self.store, self.served, self.clock, CONSOLE)

    def says(self, text: str, who: str = "an", kind: Kind = Kind.TEXT) -> None:
        """A citizen writes and is answered."""
        self.number += 1
        Inbox(self.store).accept(InboundMessage("webchat", str(self.number), who, self.clock(), kind, text))
        while self.worker.step():
            pass

    def told(self, group: int = GROUP) -> list[str]:
        """What a group was told."""
        addressed = [row["address"] == str(group) for row in town.told(self.store)]
        return [text for text, here in zip(town.replies(self.store), addressed, strict=True) if here]


@pytest.fixture
def place(database: Store) -> Place:
    return Place(database)


def test_a_card_says_what_waits_and_nothing_of_whom(place: Place) -> None:
    """Desk, code, field, reason, since when, how many, and the way there; no word, name or number of the citizen."""
    place.says("khai sinh")
    place.says("em là Lan Anh 0903123456, gặp cán bộ")
    place.says("gặp cán bộ")
    assert place.cards().step() == 1
    (card,) = place.told()
    code = place.desk.ticket(1).summary.code
    lines = ["Có phiên chờ ở bàn", "Bộ phận hỗ trợ chung của Thành phố (mẫu thử)", f"Mã phiếu: {code}"]
    lines += ["Lĩnh vực: Hộ tịch", "Lý do: Người dân xin gặp cán bộ", "Chờ từ 09:00 ngày 23/11/2026"]
    assert card.splitlines() == [*lines, "Số phiên đang chờ ở bàn: 1", f"{CONSOLE}/console/tickets/1"]


def test_each_event_has_one_card(place: Place) -> None:
    """A ticket that comes in, is passed on and comes back is told each time, once, to the desk where it waits."""
    place.says("gặp cán bộ")
    assert [place.cards().step() for _ in range(3)] == [1, 0, 0]
    place.says("còn lâu không")
    assert place.cards().step() == 0
    place.desk.claim(1, LAN)
    assert place.cards().step() == 0
    place.desk.transfer(1, LAN, LAND)
    assert [place.cards().step() for _ in range(2)] == [1, 0]
    assert (len(place.told()), len(place.told(LAND_GROUP))) == (1, 1)
    place.desk.claim(1, LAN)
    place.desk.give_back(1, LAN)
    assert [place.cards().step() for _ in range(2)] == [1, 0] and len(place.told(LAND_GROUP)) == 2


def test_whoever_is_taken_at_once_needs_no_card(place: Place) -> None:
    """A ticket that somebody holds, or that is over, is no news for its group."""
    place.says("gặp cán bộ")
    place.says("gặp cán bộ", "binh")
    place.desk.claim(1, LAN)
    place.desk.claim(2, LAN)
    place.desk.resolve(2, LAN)
    assert place.cards().step() == 0 and place.told() == []


def test_a_near_limit_is_told_once(place: Place) -> None:
    """Before a limit is passed the group hears which, once; a warning of yesterday is no news."""
    place.says("gặp cán bộ")
    place.cards().step()
    place.clock.at = at("23 09:26")
    place.timers.step()
    assert [place.cards().step() for _ in range(2)] == [1, 0]
    assert place.told()[-1].splitlines()[0] == "Sắp quá hạn: Trả lời lần đầu"
    late = Place(town.temporary_store())
    late.says("gặp cán bộ")
    late.clock.at = at("23 09:26")
    late.timers.step()
    late.clock.at = at("23 10:26")
    late.cards().step()
    assert [card.splitlines()[0] for card in late.told()] == ["Có phiên chờ ở bàn"]


def test_many_at_the_same_moment_tell_once(place: Place) -> None:
    """Processes beside each other leave one card for each ticket, and one conversation for the group."""
    for who in ("an", "binh", "cuc"):
        place.says("gặp cán bộ", who)
    barrier, done = threading.Barrier(4), []

    def look() -> None:
        barrier.wait()
        done.append(place.cards().step())

    threads = [threading.Thread(target=look) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(done) == len(place.told()) == 3
    assert sum(row["channel"] == "telegram" for row in town.rows(place.store, tables.conversation)) == 1


def test_what_is_deleted_is_not_told(place: Place) -> None:
    """Whoever has everything deleted before the look leaves no card."""
    place.says("gặp cán bộ")
    place.says("forget:yes", kind=Kind.BUTTON)
    assert place.cards().step() == 0 and town.rows(place.store, tables.ticket) == []


def test_old_cards_are_deleted(place: Place) -> None:
    """What a group was told is kept no longer than a conversation."""
    place.says("gặp cán bộ")
    place.cards().step()
    place.clock.at += desk_cards.KEEP + timedelta(days=1)
    place.says("gặp cán bộ", "binh")
    place.cards().step()
    assert len(place.told()) == 1 and place.desk.ticket(2).summary.code in place.told()[0]


def test_without_a_group_nothing_is_told(database: Store) -> None:
    """The shipped desks have no group: nothing is looked at, nothing is written."""
    place = Place(database, desks.load())
    place.says("gặp cán bộ")
    assert place.cards().step() == 0 and len(town.rows(database, tables.conversation)) == 1


@pytest.mark.parametrize("name", ["1234567890", "-", "group", "@abc", "@có_dấu", "-0", None])
def test_a_wrong_group_is_refused(name: object) -> None:
    """A person's number or half a name is no group: cards of a desk must not reach a citizen."""
    with pytest.raises(BadData):
        grouped(thanh_pho=name)


@pytest.mark.parametrize("address", ["motcua.example", "https://motcua.example/console", "https://*.example"])
def test_a_wrong_console_is_refused(address: str) -> None:
    """The console's address is an origin that a link can begin with."""
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        settings.load({"MOT_CUA_PUBLIC_URL": address})


def test_every_field_has_a_word() -> None:
    """The cards name every field of the catalogue, and no other."""
    folder = Path(__file__).parents[1] / "knowledge" / "data" / "procedures"
    assert set(desk_cards.content()["fields"]) == {path.name for path in folder.iterdir() if path.is_dir()}


# Over Telegram


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    """The running channel, with the bot in a group."""
    with opened(tmp_path, monkeypatch, "webhook") as made:
        made.write("có ai không", GROUP)
        yield made


def waits(phone: Phone, chat: int = 42) -> None:
    """A citizen comes into the queue, and the desk's group is told."""
    before = len(phone.sent(0, chat))
    phone.write("gặp cán bộ", chat)
    phone.sent(before + 1, chat)
    DeskCards(phone.store, grouped(thanh_pho=GROUP), now, CONSOLE).step()
    phone.store.tell(MESSAGE)


def test_a_card_reaches_its_group(phone: Phone) -> None:
    """The group reads the card with its heading and link; what is said in the group is nobody's question."""
    waits(phone)
    (card,) = phone.sent(1, GROUP)
    assert card["text"].startswith("Có phiên chờ ở bàn") and card["text"].endswith("/console/tickets/1")
    assert re.search(r"HT-\w{4}-\w{4}", card["text"]) and "reply_markup" not in card
    assert [row["text"] for row in town.rows(phone.store, tables.inbox)] == ["gặp cán bộ"]


def test_a_busy_group_is_told_later(phone: Phone) -> None:
    """After a 429 the card comes once, not sooner than Telegram asked."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("fault", mode="429", method="sendMessage", times=1, after=1, retry_after_s=1)
    waits(phone)
    assert len(phone.sent(1, GROUP)) == 1
    tries = [call for call in phone.calls("sendMessage") if call["parameters"]["chat_id"] == str(GROUP)]
    assert [call["status"] for call in tries] == [429, 200] and tries[1]["at"] - tries[0]["at"] >= 1


def test_a_dead_group_blocks_nobody(phone: Phone) -> None:
    """A group that put the bot out is set aside at once; citizens are answered, and its tickets go on."""
    phone.do("block", chat_id=GROUP)
    for chat in (42, 43):
        waits(phone, chat)
    for chat in (42, 43):
        phone.write("còn lâu không", chat)
        assert len(phone.sent(2, chat)) == 2
    to_group = [row for row in town.told(phone.store) if row["address"] == str(GROUP)]
    assert [(row["status"], row["reason"]) for row in to_group] == [("failed", "recipient")] * 2
    assert [row["state"] for row in town.rows(phone.store, tables.ticket)] == ["queued", "queued"]

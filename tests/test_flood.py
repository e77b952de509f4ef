"""Floods: what is taken, what is dropped, who is told; over a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import flood, settings, tables
from bot.channels import telegram, zalo
from bot.channels.zalo import Seal
from bot.conversation import Owner
from bot.door import Door, TooMany, codes_in
from bot.errors import BadData, BadSettings
from bot.flood import Bound, Excess, Flood, Limits, What, load
from bot.meters import Meters
from bot.outbox import Outbox
from bot.store import Store
from bot.wording import notes
from tests import town
from tests.memory_ports import MemoryTown
from tests.town import Clock, message, replies, rows, told
from web import webhooks
from web.app import create_app
from web.chat import network

SMALL = Limits(
    window_s=60,
    ordinary={"person": 3, "network": 6, "everyone": 9},
    held={"person": 5, "network": 20, "everyone": 40},
    lookups={60: {"person": 3, "network": 6, "everyone": 9}, 3600: {"person": 5, "network": 50, "everyone": 90}},
    sheets={"person": 2, "network": 2, "everyone": 3},
    notices=1,
    webhook_bytes=1000,
    chat_bytes=1000,
)
SECRET = "a-secret"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
def small(clock: Clock, meters: Meters) -> Flood:
    return Flood(SMALL, clock, meters)


@pytest.fixture
def door(database: Store, small: Flood, clock: Clock) -> Door:
    return Door(database, small, clock)


def excess(small: Flood, who: str = "lan", where: str = "", held: bool = False) -> Excess | None:
    """What the flood says of one more message."""
    return small.excess("webchat", who, where, lambda: held)


def counted(meters: Meters, name: str) -> list[str]:
    """What was counted under a name, without its noughts: labels and number."""
    shown = re.findall(rf"^mot_cua_{name}_total{{(.*)}} ([1-9]\d*)\.0$", meters.text().decode(), re.MULTILINE)
    return sorted(f"{labels} {number}" for labels, number in shown)


def own(database: Store, owner: Owner) -> None:
    """Give every conversation to somebody."""
    with database.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(owner=owner.value))


# Counting


@given(waits=st.lists(st.floats(0, 40), max_size=60))
def test_no_window_holds_more_than_its_limit(waits: list[float]) -> None:
    """Any sixty seconds hold at most the limit, and a message is refused only when they are full."""
    clock = Clock()
    small, taken = Flood(SMALL, clock), []
    for wait in waits:
        now = clock.move(wait).timestamp()
        before = [at for at in taken if at > now - 60]
        is_taken = excess(small) is None
        assert is_taken == (len(before) < 3)
        taken += [now] if is_taken else []


@pytest.mark.parametrize(
    ("senders", "bound"),
    [
        ([("lan", "a")] * 4, Bound.PERSON),
        ([(f"citizen {number}", "a") for number in range(7)], Bound.NETWORK),
        ([(f"citizen {number}", f"house {number}") for number in range(10)], Bound.EVERYONE),
        ([(f"citizen {number}", "") for number in range(10)], Bound.EVERYONE),
    ],
)
def test_the_first_limit_that_is_met_counts(small: Flood, senders: list[tuple[str, str]], bound: Bound) -> None:
    """A person, a network and everybody together have limits of their own; a channel may know no network."""
    results = [excess(small, who, where) for who, where in senders]
    assert results[:-1] == [None] * (len(senders) - 1)
    assert results[-1] == Excess(bound, 60, is_first=True)


def test_a_flood_uses_up_nobody_else_s_room(small: Flood) -> None:
    """What is refused to one person takes no room from their network and from everybody."""
    for _ in range(100):
        excess(small, "lan", "a")
    assert [excess(small, "minh", "a") for _ in range(3)] == [None] * 3


def test_the_wait_is_until_there_is_room(small: Flood, clock: Clock) -> None:
    """Retry-after is when the oldest message leaves the window; then one more is taken."""
    for _ in range(3):
        excess(small), clock.move(10.5)
    late = excess(small)
    assert late is not None and late.retry_after_s == 29
    clock.move(28.4)
    assert excess(small) is not None
    clock.move(0.1)
    assert excess(small) is None


def test_dropped_messages_are_counted(small: Flood, meters: Meters) -> None:
    """How many were dropped can be read, by channel and limit."""
    for number in range(12):
        excess(small, "lan" if number < 5 else f"citizen {number}")
    small.excess("zalo", "lan", "", lambda: False)
    assert counted(meters, "messages_dropped") == [
        'channel="webchat",limit="everyone" 1',
        'channel="webchat",limit="person" 2',
        'channel="zalo",limit="everyone" 1',
    ]


def test_who_is_gone_is_forgotten(small: Flood, clock: Clock) -> None:
    """Memory holds the people of one window, however many wrote before."""
    for number in range(50):
        clock.move(61)
        excess(small, f"citizen {number}", f"house {number}")
    assert len(small._limiter.storage._taken) == 3


# At the door


def test_a_flood_is_answered_once(database: Store, door: Door, clock: Clock) -> None:
    """Of a vendor's flood the first message too many is answered, the rest of the window silently; nothing is kept."""
    results = [door.push(message("khai sinh", str(number))) for number in range(50)]
    assert results == [True] * 3 + [False] * 47
    assert len(rows(database, tables.inbox)) == 3
    assert replies(database) == [notes()["too_many"].format(wait_s=60)]
    clock.move(60)
    assert [door.push(message("khai sinh", str(number))) for number in range(50, 55)] == [True] * 3 + [False] * 2
    assert len(told(database)) == 2


def test_a_person_met_in_a_rush_is_told(database: Store, door: Door) -> None:
    """Whoever first writes when everybody's limit is reached reads so, once; nothing of the message is kept."""
    for number in range(9):
        door.push(message("xin chào", str(number), f"citizen {number}"))
    assert [door.push(message("xin chào", str(number), "lan")) for number in (10, 11)] == [False, False]
    assert replies(database) == [notes()["too_busy"].format(wait_s=60)]
    assert len(rows(database, tables.inbox)) == 9


def test_who_waits_for_our_answer_is_refused(database: Store, door: Door) -> None:
    """The web chat reads the words itself: nothing is written, not even a reply."""
    for number in range(3):
        assert door.accept(message("xin chào", str(number)), "a")
    with pytest.raises(TooMany) as refused:
        door.accept(message("xin chào", "4"), "a")
    assert refused.value.retry_after_s == 60 and "anh/chị" in refused.value.reply.plain().lower()
    assert len(rows(database, tables.inbox)) == 3 and told(database) == []


@pytest.mark.parametrize(("owner", "taken"), [(Owner.BOT, 3), (Owner.CLOSED, 3), (Owner.QUEUE, 8), (Owner.OFFICER, 8)])
def test_an_officer_s_citizen_has_more_room(database: Store, door: Door, owner: Owner, taken: int) -> None:
    """While a person waits for an officer or talks to one, only far more messages than usual are a flood."""
    door.push(message("gặp cán bộ", "0"))
    own(database, owner)
    assert sum(door.push(message("thêm nữa", str(number))) for number in range(1, 30)) == taken - 1
    assert len(rows(database, tables.inbox)) == taken


def test_a_rush_loses_no_officer_s_citizen(database: Store, door: Door) -> None:
    """Everybody's limit, reached by others, does not silence a conversation that an officer holds."""
    door.push(message("gặp cán bộ", "0"))
    own(database, Owner.OFFICER)
    for number in range(1, 30):
        door.push(message("xin chào", str(number), f"citizen {number}"))
    assert door.push(message("giấy tờ của tôi đây", "31"))


# Over HTTP


def telegram_update(number: int) -> tuple[bytes, dict[str, str]]:
    """A pushed message with its secret."""
    person = {"id": 42, "is_bot": False, "first_name": "Lan"}
    chat = {"id": 42, "type": "private", "first_name": "Lan"}
    content = {"message_id": 1, "date": 0, "chat": chat, "from": person, "text": "khai sinh"}
    return json.dumps({"update_id": number, "message": content}).encode(), {webhooks.TELEGRAM_SECRET: SECRET}


def zalo_event(number: int) -> tuple[bytes, dict[str, str]]:
    """A pushed message with its signature."""
    at = str(int(town.MORNING.timestamp() * 1000))
    said = {"msg_id": str(number), "text": "khai sinh"}
    raw = json.dumps({"event_name": "user_send_text", "sender": {"id": "lan"}, "message": said, "timestamp": at})
    return raw.encode(), {"X-ZEvent-Signature": "mac=" + Seal("app", SECRET).signature(raw.encode(), at)}


@pytest.fixture
def vendors(database: Store, door: Door, clock: Clock) -> Iterator[TestClient]:
    """Both webhooks over the door."""
    bot = telegram.make_bot("1234:TEST", "http://127.0.0.1:9")
    first = telegram.Telegram(bot, door.push, Outbox(database))
    second = zalo.Zalo(None, door.push, Outbox(database), Seal("app", SECRET), clock=clock)  # type: ignore[arg-type]
    routes = [webhooks.telegram(first.receive, SECRET), webhooks.zalo(second.receive)]
    with TestClient(Starlette(routes=routes)) as client:
        yield client
    asyncio.run(bot.shutdown())


@pytest.mark.parametrize(
    ("path", "pushed"), [(webhooks.TELEGRAM_PATH, telegram_update), (webhooks.ZALO_PATH, zalo_event)]
)
def test_a_vendor_s_flood_is_acknowledged(database: Store, vendors: TestClient, path: str, pushed: Any) -> None:
    """A vendor is told that all is well, also of what is dropped: it would push again otherwise."""
    statuses = []
    for number in range(20):
        content, headers = pushed(number)
        statuses.append(vendors.post(path, content=content, headers=headers).status_code)
    assert statuses == [200] * 20
    assert len(rows(database, tables.inbox)) == 3 and len(told(database)) == 1


@pytest.mark.parametrize(
    ("path", "pushed"), [(webhooks.TELEGRAM_PATH, telegram_update), (webhooks.ZALO_PATH, zalo_event)]
)
def test_a_forged_push_takes_no_room(database: Store, vendors: TestClient, path: str, pushed: Any) -> None:
    """What has no secret or no signature gets 403 and uses up nobody's limit."""
    content, headers = pushed(1)
    forged = [vendors.post(path, content=content, headers={name: "wrong" for name in headers}) for _ in range(5)]
    assert [answer.status_code for answer in forged] == [403] * 5
    assert vendors.post(path, content=content, headers=headers).status_code == 200
    assert len(rows(database, tables.inbox)) == 1


@pytest.mark.parametrize("path", [webhooks.TELEGRAM_PATH, webhooks.ZALO_PATH])
def test_a_long_push_is_refused(vendors: TestClient, path: str) -> None:
    """A body beyond the limit gets 413, whether its length was announced or not."""
    body = b"x" * (load().webhook_bytes + 1)
    headers = {webhooks.TELEGRAM_SECRET: SECRET}
    assert vendors.post(path, content=body, headers=headers).status_code == 413
    assert vendors.post(path, content=iter([body[:9], body[9:]]), headers=headers).status_code == 413


@pytest.fixture
def citizen(door: Door) -> Iterator[TestClient]:
    """A browser in front of the web chat over the door."""
    ports = replace(MemoryTown().ports(), inbox=door)
    with TestClient(create_app(ports, "secret"), follow_redirects=False) as client:
        client.get("/")
        yield client


def test_the_web_chat_says_when_to_come_back(citizen: TestClient) -> None:
    """A script gets 429, how long to wait, and the words to show."""

    def post() -> Any:
        return citizen.post("/chat/messages", json={"id": str(uuid4()), "kind": "text", "text": "xin chào"})

    answers = [post() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
    assert answers[3].headers["retry-after"] == "60"
    assert answers[3].json()["error"] == notes()["too_many"].format(wait_s=60)


def test_the_plain_form_keeps_the_draft(citizen: TestClient, door: Door) -> None:
    """Without scripts the page says the same words, and what was written stays in its box."""
    for number in range(3):
        citizen.post("/chat/messages", json={"id": str(uuid4()), "kind": "text", "text": str(number)})
    page = citizen.post("/chat/form", data={"id": str(uuid4()), "text": "Khai sinh cần gì?"})
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert notes()["too_many"].format(wait_s=60) in page.text and "Khai sinh cần gì?</textarea>" in page.text


def test_many_sessions_share_their_network(citizen: TestClient) -> None:
    """A new session does not bring a new limit: its network address counts too."""
    statuses = []
    for _ in range(8):
        citizen.cookies.clear()
        citizen.get("/")
        body = {"id": str(uuid4()), "kind": "text", "text": "xin chào"}
        statuses.append(citizen.post("/chat/messages", json=body).status_code)
    assert statuses == [202] * 6 + [429] * 2


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/form", "/embed/chat/messages", "/embed/chat/form"])
def test_a_long_body_is_refused(citizen: TestClient, path: str) -> None:
    """The web chat reads no more of a body than the longest message needs."""
    answer = citizen.post(path, content=b"x" * (load().chat_bytes + 1))
    assert answer.status_code == 413


def test_the_web_chat_takes_no_files(citizen: TestClient) -> None:
    """A form with a file in it is refused, whatever its size."""
    answer = citizen.post("/chat/form", data={"text": "xin chào"}, files={"picture": b"GIF89a"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("host", "known_as"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("testclient", "testclient")],
)
def test_a_network_is_a_line(host: str, known_as: str) -> None:
    """An IPv6 line has more addresses than anybody could count: its 64 bits are one network."""
    request: Any = type("Request", (), {"client": type("Client", (), {"host": host})})
    assert network(request) == known_as


# Dossier codes

CODES = [f"H29.19-260312-{number:04}" for number in range(10_000)]


def test_dossier_codes_are_slowed_down(door: Door, clock: Clock) -> None:
    """One code after the other is taken up to a limit; then an honest wait, longer after more of them."""
    waits = []
    for number, code in enumerate(CODES[:8]):
        clock.move(30)
        try:
            door.accept(message(code, str(number)))
        except TooMany as error:
            assert "chậm lại" in error.reply.plain()
            waits.append(error.retry_after_s)
    assert len(waits) == 3 and waits[0] > 3000
    clock.move(60)
    with pytest.raises(TooMany, match="lookups of person"):
        door.accept(message(f"{CODES[20]} và {CODES[21]}", "21"))
    assert door.accept(message("lệ phí khai sinh", "22"))


def test_several_codes_in_one_message_count_each(small: Flood, meters: Meters) -> None:
    """A message of three codes takes the room of three; a message of many takes all there is, once."""
    assert codes_in(" ".join(CODES[:3])) == 3 and codes_in("H29.19-991399-0005") == 0
    assert small.excess("webchat", "lan", "", lambda: False, codes=3) is None
    excess = small.excess("webchat", "lan", "", lambda: False, codes=1)
    assert excess is not None and excess.what is What.LOOKUPS and excess.is_first
    assert small.excess("webchat", "minh", "", lambda: False, codes=500) is None
    assert small.excess("webchat", "thu", "", lambda: False, codes=3) is None
    assert counted(meters, "lookups_slowed") == ['channel="webchat",limit="person" 1']


def test_codes_for_an_officer_are_no_look_ups(small: Flood) -> None:
    """What a citizen writes to an officer, or in the queue, is never slowed down for its codes."""
    assert all(small.excess("webchat", "lan", "", lambda: True, codes=3) is None for _ in range(3))


@pytest.mark.parametrize("people", [1, 10_000])
def test_an_attacker_with_ten_thousand_codes_hears_to_wait(people: int) -> None:
    """Ten thousand codes in an hour, from one conversation or each from a new one: almost all are slowed down."""
    clock = Clock()
    flood_gate, heard = Flood(load(), clock), 0
    for number in range(10_000):
        clock.move(0.36)
        address = f"attacker {number % people}"
        heard += flood_gate.excess("webchat", address, "203.0.113.7", lambda: False, codes=1) is not None
    assert heard >= 9_300


# The data


@pytest.mark.parametrize(
    "change",
    [
        {"window_s": 0},
        {"notices": "1"},
        {"ordinary": {"person": 1}},
        {"held": {}},
        {"lookups": {60: {"person": 1}}},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_bad_limits_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """A limit that is missing, unknown or no number from one is refused at the start."""
    path = tmp_path / "limits.yaml"
    path.write_text(yaml.safe_dump({**yaml.load(flood.PATH.read_text(), Loader=yaml.CSafeLoader), **change}))
    with pytest.raises(BadData, match=str(path)):
        load(path)


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "many"])
def test_a_bad_factor_is_refused(given: str) -> None:
    """The setting that multiplies the limits is a whole number from one."""
    assert load().times(settings.load({"MOT_CUA_FLOOD_TIMES": "3"}).flood_times).ordinary["person"] == 60
    with pytest.raises(BadSettings, match="FLOOD_TIMES"):
        settings.load({"MOT_CUA_FLOOD_TIMES": given})


def test_shipped_limits_are_good() -> None:
    """The longest message that the web chat takes fits into its body, a person has less than their network."""
    limits = load()
    assert limits.chat_bytes >= 20_000 * 12
    for numbers in (limits.ordinary, limits.held, *limits.lookups.values()):
        assert numbers["person"] < numbers["network"] < numbers["everyone"]

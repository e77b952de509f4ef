"""The Zalo channel against the stand-in over real HTTP, with a real store and the small town."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from bot import outbox, tables
from bot.channels import zalo
from bot.channels.zalo import Seal, inbound, render
from bot.errors import BadSettings, NoFile
from bot.inbox import MESSAGE, Inbox
from bot.loop import Loop
from bot.messages import Attachment, Block, Button, Kind, Reply
from bot.outbox import Outbox
from bot.present import now
from bot.settings import Settings
from bot.store import Store
from bot.wiring import zalo_oauth, zalo_seal
from bot.zalo_tokens import ZaloTokens
from bot.zalo_window import last_said_at, window
from integrations.errors import Unavailable
from integrations.stand_ins.zalo import app
from integrations.stand_ins.zalo.account import Account
from integrations.zalo import ZaloClient, ZaloSettings
from integrations.zalo_photos import ZaloPhotos
from integrations.zalo_tokens import OAuthClient, OAuthSettings, Tokens
from tests import town
from tests.pictures import IDENTITY_CARD, bomb, photo
from tests.serving import free_port, served, until
from web import webhooks

pytestmark = pytest.mark.slow

ACCOUNT = Account(retries_s=(0.1, 0.1, 0.1), answer_within_s=2)
SEAL = Seal(ACCOUNT.app_id, ACCOUNT.oa_secret)
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
WAIT_S = 10
RETRY_S = 0.1

Json = dict[str, Any]


@dataclass
class Phone:
    """The people on Zalo, and the store behind the account."""

    store: Store
    http: httpx.Client
    # controls the stand-in
    webhook: str
    # our own address

    def do(self, order: str, **content: Any) -> Json:
        """What somebody does on Zalo."""
        done: Json = self.http.post(f"/__control/{order}", json=content).raise_for_status().json()
        return done

    def write(self, text: str, user_id: str = "lan", **more: Any) -> None:
        """A citizen writes."""
        self.do("text", user_id=user_id, text=text, **more)

    def sent(self, at_least: int = 1, user_id: str = "lan") -> list[Json]:
        """What the account sent to somebody, once there is so much of it."""
        query: dict[str, str | int] = {"user_id": user_id, "at_least": at_least, "wait_s": WAIT_S}
        messages: list[Json] = self.http.get("/__control/sent", params=query).json()
        assert len(messages) >= at_least, (self.statuses(), self.calls())
        return messages

    def texts(self, at_least: int = 1, user_id: str = "lan") -> list[str]:
        """The texts of what was sent."""
        return [item["message"]["text"] for item in self.sent(at_least, user_id)]

    def calls(self) -> list[Json]:
        """The sends that were tried."""
        made: list[Json] = self.http.get("/__control/calls", params={"path": "message"}).json()
        return made

    def pushes(self, at_least: int) -> list[Json]:
        """The events that were pushed, our echoes left out."""
        made: list[Json] = self.http.get("/__control/pushes", params={"at_least": at_least, "wait_s": WAIT_S}).json()
        return [push for push in made if not push["event"]["event_name"].startswith("oa_")]

    def say(self, key: str, *lines: str, user_id: str = "lan") -> None:
        """Put paragraphs on their way to a known citizen."""
        reply = Reply(tuple(Block("paragraph", (line,)) for line in lines), (Button("Gặp cán bộ", "officer"),))
        with self.store.writing() as connection:
            query = sa.select(tables.conversation.c.id).where(tables.conversation.c.address == user_id)
            outbox.put(connection, connection.execute(query).scalar_one(), key, reply, datetime.now(UTC))

    def statuses(self) -> list[str]:
        """How far the replies are, oldest first."""
        return [row["status"] for row in town.rows(self.store, tables.outbox)]

    def inbox(self) -> list[Json]:
        """What was kept of citizens."""
        return town.rows(self.store, tables.inbox)


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """A running channel."""
    with opened(tmp_path) as made:
        yield made


@contextmanager
def opened(folder: Path, account: Account = ACCOUNT) -> Iterator[Phone]:
    """A running channel whose account has paid messages to spare."""
    store, port = town.store(folder), free_port()
    worker = Loop(town.worker(store, clock=now).step)
    store.listen(MESSAGE, worker.ring)
    address = f"http://127.0.0.1:{port}{webhooks.ZALO_PATH}"
    with served(app(account)) as api, httpx.Client(base_url=api, timeout=WAIT_S + 5) as http:
        oauth, client = clients(api, store)
        photos = ZaloPhotos([api])
        channel = zalo.Zalo(client, Inbox(store).accept, Outbox(store), SEAL, retry_s=RETRY_S, photos=photos)
        sender = Loop(channel.step, 2)
        Outbox(store).listen(sender.ring)
        with served(Starlette(routes=[webhooks.zalo(channel.receive)]), port):
            made = Phone(store, http, address)
            made.do("webhook", url=address)
            made.do("paid", messages=1000)
            worker.start(), sender.start()
            yield made
            worker.stop(), sender.stop()
        oauth.close(), client.close()
    store.close()


def clients(api: str, store: Store) -> tuple[OAuthClient, ZaloClient]:
    """The two clients as bot/wiring.py puts them together."""
    book = ZaloTokens(store, ACCOUNT.app_id, "key")
    book.seed(ACCOUNT.refresh_token, now())
    oauth = OAuthClient(OAuthSettings(ACCOUNT.app_id, ACCOUNT.app_secret, api), now)
    return oauth, ZaloClient(ZaloSettings(api, timeout_s=1), Tokens(oauth, book, now))


def event(name: str = "user_send_text", **message: Any) -> Json:
    """An event as Zalo pushes it, of this moment."""
    people = {"sender": {"id": "lan"}, "recipient": {"id": "1"}}
    at = str(int(now().timestamp() * 1000))
    return {"event_name": name, **people, "message": {"msg_id": "m1"} | message, "timestamp": at}


def signed(raw: bytes, timestamp: str, secret: str = ACCOUNT.oa_secret) -> dict[str, str]:
    """The header of a body, written here a second time, apart from our own code."""
    content = ACCOUNT.app_id + raw.decode() + timestamp + secret
    return {"X-ZEvent-Signature": "mac=" + hashlib.sha256(content.encode()).hexdigest()}


# Receiving


@pytest.mark.parametrize(
    "payload",
    [
        "officer",
        "c:co_giay",
        f"sheet:en.{town.BIRTH}.co_giay",
        f"agree:follow.3:{town.DOSSIER_CODE}",
        "complaint:skip:time",
    ],
)
def test_every_payload_is_a_press(payload: str) -> None:
    """What our buttons carry comes back as a press, also when it has two parts; a hash tag does not."""
    message = zalo.inbound(event(text=f"#{payload}"), "#", now())
    assert message is not None and (message.kind, message.text) == (Kind.BUTTON, payload)
    tag = zalo.inbound(event(text="#HàNội: xin chào"), "#", now())
    assert tag is not None and tag.kind is Kind.TEXT


def test_question_is_answered_with_its_source(phone: Phone) -> None:
    """A question gets the record's answer as plain text, its source and its buttons."""
    phone.write("khai sinh")
    message = phone.sent()[0]["message"]
    assert "Đăng ký khai sinh" in message["text"] and "Nguồn: mã thủ tục 1.100001" in message["text"]
    assert message["attachment"]["payload"]["buttons"][0]["payload"] == "#c:co_giay"


def test_follower_is_greeted(phone: Phone) -> None:
    """Whoever follows the account is greeted and told that this is a machine; whoever leaves is not written to."""
    phone.do("follow", user_id="lan")
    assert "trợ lý máy" in phone.texts()[0]
    phone.do("unfollow", user_id="lan")
    phone.pushes(3)
    assert len(phone.inbox()) == 1


def test_button_is_pressed_and_answered(phone: Phone) -> None:
    """A press comes back as a button, not as words."""
    phone.write("khai sinh")
    answer = phone.sent()[0]
    titles = {item["payload"]: item["title"] for item in answer["message"]["attachment"]["payload"]["buttons"]}
    phone.do("press", user_id="lan", message_id=answer["message_id"], title=titles["#officer"])
    assert "chuyển cuộc trò chuyện cho cán bộ" in phone.texts(2)[1]
    assert [(row["kind"], row["text"]) for row in phone.inbox()][1] == ("button", "officer")


@pytest.mark.parametrize("order", ["image", "location"])
def test_picture_and_place_get_a_sentence(phone: Phone, order: str) -> None:
    """A picture or a place is not looked at: the citizen is told so, and no coordinates are kept."""
    phone.do(order, user_id="lan", latitude=10.776889, longitude=106.700806)
    assert "chưa xem được ảnh" in phone.texts()[0]
    assert [(row["kind"], row["text"]) for row in phone.inbox()] == [("attachment", "")]


def encoded(content: bytes) -> str:
    """Bytes as a control order carries them."""
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (photo(town.DOSSIER_CODE, file="JPEG"), ""),
        (photo(town.DOSSIER_CODE, kind="Code128"), "hồ sơ này tới đâu rồi"),
    ],
    ids=["photo", "barcode with words"],
)
def test_code_on_a_photo_is_looked_up(phone: Phone, content: bytes, words: str) -> None:
    """A photo of a receipt is as good as its code typed; the words under it are read too."""
    phone.do("image", user_id="lan", content=encoded(content), text=words)
    phone.sent()
    assert [(row["kind"], row["text"]) for row in phone.inbox()] == [("text", f"{words} {town.DOSSIER_CODE}".strip())]
    assert words or "Đang xử lý" in phone.texts()[0]


def test_a_photo_sent_as_a_file_is_read(phone: Phone) -> None:
    """A picture among the files is a picture, whatever Zalo calls it; other files are not fetched."""
    known = phone.do("image", user_id="lan", content=encoded(photo(town.DOSSIER_CODE)))
    address = known["message"]["attachments"][0]["payload"]["url"]
    for number, name in enumerate(("bien_nhan.JPG", "don.pdf")):
        item = {"type": "file", "payload": {"url": address, "name": name, "size": "1", "type": ""}}
        people = {"sender": {"id": "lan"}, "recipient": {"id": ACCOUNT.oa_id}}
        message = {"msg_id": f"file-{number}", "attachments": [item]}
        phone.do("event", **people, event_name="user_send_file", message=message, timestamp=known["timestamp"])
    phone.sent(3)
    assert sorted(row["text"] for row in phone.inbox()) == ["", town.DOSSIER_CODE, town.DOSSIER_CODE]


@pytest.mark.parametrize(
    "order",
    [
        {"content": encoded(bomb(60_000, 60_000))},
        {"content": encoded(b"%PDF-1.4 no photo")},
        {"url": "http://127.0.0.1:9/elsewhere.jpg"},
        {"url": "https://evil.example/a.jpg"},
        {"url": "file:///etc/passwd"},
    ],
    ids=["bomb", "pdf", "another port", "another host", "a file"],
)
def test_other_pictures_get_a_sentence(phone: Phone, order: Json) -> None:
    """What is no photo, or lies elsewhere: the citizen is asked to type, nothing of it is kept."""
    phone.do("image", user_id="lan", **order)
    assert "chưa xem được ảnh" in phone.texts()[0]
    assert [(row["kind"], row["text"]) for row in phone.inbox()] == [("attachment", "")]


def test_an_identity_card_is_named_and_not_kept(phone: Phone) -> None:
    """Of an identity card's code nothing is kept but what it was; the citizen is told so."""
    phone.do("image", user_id="lan", content=encoded(photo(IDENTITY_CARD)))
    assert "Em không tra theo số này và không lưu lại" in phone.texts()[0]
    assert [(row["kind"], row["text"]) for row in phone.inbox()] == [("text", "‹số định danh›")]


@pytest.mark.parametrize("mode", ["500_html", "timeout"])
def test_a_slow_photo_does_not_keep_zalo_waiting(phone: Phone, mode: str) -> None:
    """A photo that cannot be had in time is answered like one that cannot be read, within Zalo's two seconds."""
    phone.do("fault", mode=mode, path="photos", delay_s=4)
    phone.do("image", user_id="lan", content=encoded(photo(town.DOSSIER_CODE)))
    assert "chưa xem được ảnh" in phone.texts()[0]
    push = phone.pushes(1)[0]
    assert push["status"] == 200 and push["s"] < ACCOUNT.answer_within_s


class SlowPhotos:
    """A file server that takes its time, and then has a receipt."""

    async def fetch(self, address: str) -> bytes:
        """The town's dossier code."""
        await asyncio.sleep(0.1)
        return photo(town.DOSSIER_CODE)


def test_words_behind_a_photo_stay_behind_it(database: Store) -> None:
    """While a photo is read, what the same citizen writes waits; everybody else does not."""
    taken: list[str] = []
    channel = zalo.Zalo(
        None,  # type: ignore[arg-type]
        lambda message: not taken.append(message.text),
        Outbox(database),
        SEAL,
        photos=SlowPhotos(),
    )
    picture = {"attachments": [{"type": "image", "payload": {"url": "https://photo.zdn.vn/a"}}]}
    sent = [
        event("user_send_image") | {"message": {"msg_id": "1", **picture}},
        event(text="tới đâu rồi"),
        event(text="xin chào") | {"sender": {"id": "minh"}},
    ]

    async def receive() -> None:
        bodies = [json.dumps(content).encode() for content in sent]
        headers = [signed(body, content["timestamp"]) for body, content in zip(bodies, sent, strict=True)]
        assert all(await asyncio.gather(*map(channel.receive, bodies, headers)))

    asyncio.run(receive())
    assert taken == ["xin chào", town.DOSSIER_CODE, "tới đâu rồi"]


def test_duplicate_event_is_kept_once(phone: Phone) -> None:
    """An event that is pushed again is taken, kept once and answered once."""
    phone.do("spoil", mode="twice", times=1)
    phone.write("xin chào", msg_id="same")
    phone.write("khai sinh", msg_id="same")
    phone.write("xin chào", msg_id="another")
    assert len(phone.texts(2)) == 2 and len(phone.pushes(4)) >= 4
    assert [row["message_id"] for row in phone.inbox()] == ["same", "another"]
    assert {push["status"] for push in phone.pushes(4)} == {200}


@pytest.mark.parametrize("mode", ["anew", "forged"])
def test_wrong_signature_is_refused(phone: Phone, mode: str) -> None:
    """JSON written anew after signing, or signed with another secret, gets 403 and nothing is kept."""
    phone.do("spoil", mode=mode)
    phone.write("xin chào")
    assert {push["status"] for push in phone.pushes(4)} == {403}
    assert phone.inbox() == []


@pytest.mark.parametrize("mode", ["bare", "header"])
def test_other_readings_of_the_signature_are_taken(phone: Phone, mode: str) -> None:
    """The signature without `mac=`, and a timestamp that stands in a header, are understood too."""
    phone.do("spoil", mode=mode)
    phone.write("xin chào")
    assert "trợ lý máy" in phone.texts()[0]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_no_event_is_refused(phone: Phone, body: bytes) -> None:
    """What is no event gets 403, and nothing is kept."""
    assert httpx.post(phone.webhook, content=body, headers={"X-ZEvent-Signature": "mac="}).status_code == 403
    assert phone.inbox() == []


def test_events_are_answered_within_two_seconds(phone: Phone) -> None:
    """Twenty events at once are each answered in the time that Zalo gives, and kept once even if one came again."""
    for number in range(20):
        phone.write("xin chào", user_id=f"citizen-{number}")

    def answered() -> set[str]:
        return {push["event"]["message"]["msg_id"] for push in phone.pushes(20) if push["status"] == 200}

    until(lambda: len(answered()) == 20)
    assert len({row["message_id"] for row in phone.inbox()}) == len(phone.inbox()) == 20


@pytest.mark.parametrize(
    ("place", "chosen", "believed"),
    [("body", "body", True), ("body", "header", False), ("header", "header", True), ("header", "body", False),
     ("body", "either", True), ("header", "either", True)],
)  # fmt: skip
def test_where_the_timestamp_is_looked_for(place: str, chosen: str, believed: bool) -> None:
    """Only the configured place of the timestamp is believed."""
    content = event(text="chào")
    at = content["timestamp"]
    if place == "header":
        del content["timestamp"]
    raw = json.dumps(content).encode()
    headers = signed(raw, at) | ({"X-ZEvent-Timestamp": at} if place == "header" else {})
    opened_event = replace(SEAL, timestamp_from=chosen).opened(raw, headers, now())
    assert (opened_event is not None) is believed


@pytest.mark.parametrize(("hours", "fresh"), [(0, True), (-12, True), (-25, False), (0.5, True), (2, False)])
def test_recorded_events_are_refused(hours: float, fresh: bool) -> None:
    """A signed event is believed for a day: Zalo's own retries are over by then."""
    content = event(text="chào") | {"timestamp": int((NOON + timedelta(hours=hours)).timestamp() * 1000)}
    raw = json.dumps(content).encode()
    assert (SEAL.opened(raw, signed(raw, str(content["timestamp"])), NOON) is not None) is fresh


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (event(text="khai sinh"), Kind.TEXT, "khai sinh"),
        (event(text="/canbo"), Kind.TEXT, "/canbo"),
        (event(text="#p:1.004222"), Kind.BUTTON, "p:1.004222"),
        (event(text="#officer"), Kind.BUTTON, "officer"),
        (event(text="# khai sinh"), Kind.TEXT, "# khai sinh"),
        (event(text="#khai sinh"), Kind.TEXT, "#khai sinh"),
        (event("user_send_image", text="giấy này"), Kind.ATTACHMENT, "giấy này"),
        (event("user_send_audio"), Kind.ATTACHMENT, ""),
        (event("user_send_location", text="Quán cơm"), Kind.ATTACHMENT, ""),
        (event("follow", text="") | {"follower": {"id": "lan"}}, Kind.TEXT, "/start"),
    ],
)
def test_events_become_messages(content: Json, kind: Kind, text: str) -> None:
    """What a citizen does on Zalo becomes a text, a button or an attachment."""
    message = inbound(content, "#", now())
    assert message is not None and (message.kind, message.text, message.address) == (kind, text, "lan")


def sent(happened: str, kind: str, **payload: Any) -> Json:
    """An event with one attachment."""
    return event(happened, attachments=[{"type": kind, "payload": payload}])


PLACE = {"latitude": "10.776889", "longitude": "106.700806"}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (event(text="khai sinh"), None),
        (
            sent("user_send_image", "image", url="https://a.zdn.vn/1.jpg"),
            Attachment("photo", None, "https://a.zdn.vn/1.jpg"),
        ),
        (
            sent("user_send_file", "file", url="https://a.zdn.vn/1", size="2048", name="don.pdf"),
            Attachment("file", 2048),
        ),
        (
            sent("user_send_file", "file", url="https://a.zdn.vn/2", name="a.PNG"),
            Attachment("photo", None, "https://a.zdn.vn/2"),
        ),
        (sent("user_send_location", "location", coordinates=PLACE), Attachment("place", place=(10.777, 106.701))),
        (sent("user_send_location", "location", coordinates={"latitude": "x"}), Attachment("place")),
        (sent("user_send_location", "location", coordinates={"latitude": 91, "longitude": 0}), Attachment("place")),
        (sent("user_send_location", "location", coordinates="nan"), Attachment("place")),
        (event("user_send_audio"), Attachment("sound")),
        (
            sent("user_send_audio", "audio", url="https://a.zdn.vn/1.m4a"),
            Attachment("sound", None, "https://a.zdn.vn/1.m4a"),
        ),
        (sent("user_send_audio", "audio", url="a\0"), Attachment("sound")),
        (event("user_send_sticker", attachments="none"), Attachment("other")),
    ],
)
def test_what_is_sent_is_named(content: Json, named: Attachment | None) -> None:
    """What a citizen sends is named with its size; photos and sounds have an address to open them at."""
    message = inbound(content, "#", now())
    assert message is not None and message.attachment == named


def test_a_photo_is_opened_through_the_channel(database: Store) -> None:
    """A photo is given out again; where photos are not fetched, or Zalo gives none, the officer is told so."""

    class Shelf:
        async def fetch(self, address: str) -> bytes:
            if address != "https://a.zdn.vn/1.jpg":
                raise Unavailable("zalo photo: HTTP 404")
            return b"a photo"

    def channel(photos: Shelf | None) -> zalo.Zalo:
        return zalo.Zalo(None, Inbox(database).accept, Outbox(database), SEAL, photos=photos)  # type: ignore[arg-type]

    assert asyncio.run(channel(Shelf()).fetch("https://a.zdn.vn/1.jpg")) == b"a photo"
    for shelf, address in ((Shelf(), "https://a.zdn.vn/2.jpg"), (None, "https://a.zdn.vn/1.jpg")):
        with pytest.raises(NoFile):
            asyncio.run(channel(shelf).fetch(address))


@pytest.mark.parametrize("name", ["unfollow", "oa_send_text", "user_seen_message", "user_received_message", "", "new"])
def test_other_events_are_ignored(name: str) -> None:
    """Our own echo, receipts and what nobody has described make no message."""
    assert inbound(event(name, text="chào"), "#", now()) is None


def test_an_event_without_an_id_is_known_by_its_moment() -> None:
    """Following has no message id: the same event is one message, the next one another."""
    at = [{"event_name": "follow", "follower": {"id": "lan"}, "timestamp": str(number)} for number in (1, 1, 2)]
    ids = [message.message_id for content in at if (message := inbound(content, "#", now()))]
    assert ids == ["follow:lan:1", "follow:lan:1", "follow:lan:2"]


# Sending


@pytest.mark.parametrize("line", ["Câu dài. " * 200, "chữ " * 400, "😀" * 900, "a" * 5000])
def test_long_answer_is_split(phone: Phone, line: str) -> None:
    """A long answer arrives whole, in texts of at most 2,000 characters, the button under the last one."""
    phone.write("xin chào")
    phone.sent(1)
    phone.say("1", line.strip(), line.strip(), line.strip())
    until(lambda: phone.statuses() == ["sent", "sent"])
    parts = [item["message"] for item in phone.sent(3)[1:]]
    assert all(len(part["text"].encode("utf-16-le")) <= 2 * 2000 for part in parts)
    assert "".join("".join(part["text"].split()) for part in parts) == "".join(line.split()) * 3
    assert ["attachment" in part for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize("joint", ["\n\n", "\n", ". ", " "])
def test_texts_are_cut_where_a_reader_pauses(joint: str) -> None:
    """A long text is cut at the largest pause in the second half of what fits, and the pause is left out."""
    first, second = "a" * 1500, "b" * 1500
    texts = [text for text, _ in render(Reply((Block("paragraph", (first + joint + second,)),)), "#")]
    assert texts == [first + joint.strip(), second]


def test_blocks_as_plain_text() -> None:
    """Headings stand over what follows, bullets and warnings keep their marks, no markup is written."""
    blocks = (Block("heading", ("A",)), Block("bullets", ("b", "c")), Block("warning", ("d <e>",)))
    assert render(Reply(blocks), "#") == [("A\n• b\n• c\n\n⚠️ d <e>", ())]


def test_too_many_buttons_are_numbered() -> None:
    """Of nine buttons five are shown; every choice is numbered in the text as the assistant counts typed numbers."""
    choices = tuple(Button(f"Việc {number}", f"p:{number}") for number in range(1, 8))
    others = (Button("Khác", "none"), Button("Gặp cán bộ", "officer"))
    text, presses = render(Reply((Block("paragraph", ("Chọn ạ",)),), choices + others), "#")[0]
    assert text.splitlines()[2:] == [f"{number}. Việc {number}" for number in range(1, 8)]
    assert [press.payload for press in presses] == ["#p:1", "#p:2", "#p:3", "#none", "#officer"]


def test_the_way_to_an_officer_keeps_its_button() -> None:
    """Of six buttons that are no choices the last one, which leads to an officer, is never the one left out."""
    buttons = (*(Button(f"Mục {number}", f"a:{number}") for number in range(5)), Button("Gặp cán bộ", "officer"))
    text, presses = render(Reply((Block("paragraph", ("Dạ",)),), buttons), "#")[0]
    assert text == "Dạ\n\n• Mục 4"
    assert [press.payload for press in presses] == ["#a:0", "#a:1", "#a:2", "#a:3", "#officer"]


@pytest.mark.parametrize(("mode", "wait_s"), [("429", 1.0), ("code", 1.0)])
def test_order_is_kept_over_refusals(phone: Phone, mode: str, wait_s: float) -> None:
    """Replies that Zalo puts off arrive in order, once, and not before the time that was asked for."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("fault", mode=mode, times=2, path="message", retry_after_s=1, code=-32)
    for number in range(5):
        phone.say(str(number), f"Câu {number}")
    assert phone.texts(6)[1:] == [f"Câu {number}" for number in range(5)]
    refused = [call for call in phone.calls() if call["status"] == 429 or "-32" in call["answer"]]
    later = [call["at"] for call in phone.calls() if call["at"] > refused[-1]["at"]]
    assert later[0] - refused[-1]["at"] >= wait_s


@pytest.mark.parametrize("mode", ["500_html", "200_html"])
def test_outage_delays(phone: Phone, mode: str) -> None:
    """A reply that meets an outage is sent again with growing waits."""
    phone.do("fault", mode=mode, times=3, path="message")
    phone.write("xin chào")
    assert len(phone.sent()) == 1
    at = [call["at"] for call in phone.calls()]
    assert len(at) == 4 and at[3] - at[2] > at[1] - at[0]


def test_a_long_reply_goes_on_where_it_stopped(phone: Phone) -> None:
    """When the second text of a reply is put off, the first one is not sent again."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("paid", messages=0)
    phone.say("1", *["a" * 1900] * 9)
    until(lambda: len(phone.sent(8)) == 8 and any("-211" in call["answer"] for call in phone.calls()))
    phone.do("paid", messages=5)
    until(lambda: phone.statuses() == ["sent", "sent"])
    assert len(phone.sent(10)) == 10


def test_lost_answer_sends_again(phone: Phone) -> None:
    """A text whose answer was lost is sent a second time: at least once, because Zalo knows no idempotency key."""
    phone.do("fault", mode="timeout", times=1, path="message", delay_s=1.5)
    phone.write("xin chào")
    assert len(phone.sent(2)) == 2
    until(lambda: phone.statuses() == ["sent"])


def test_a_closed_window_holds_up_nobody(phone: Phone) -> None:
    """A reply after the window, or to somebody who left, is set aside, and everybody else is served."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("unfollow", user_id="lan")
    phone.say("1", "Cán bộ trả lời")
    phone.write("xin chào", user_id="minh")
    assert len(phone.sent(1, user_id="minh")) == 1
    until(lambda: sorted(phone.statuses()) == ["failed", "sent", "sent"])


def test_an_unknown_error_is_not_repeated_for_ever(phone: Phone) -> None:
    """A reply that is refused for a reason nobody has described is tried a few times, then set aside."""
    phone.do("fault", mode="code", code=-999, path="message")
    phone.write("xin chào")
    until(lambda: phone.statuses() == ["failed"], at_most_s=20)
    assert len(phone.calls()) == zalo.MOST_UNREADABLE


def test_a_dead_refresh_token_keeps_the_replies(phone: Phone) -> None:
    """Without any token to send with, replies wait and nothing is tried at the API."""
    phone.do("fault", mode="code", code=-14020, path="token")
    phone.write("xin chào")
    until(lambda: phone.statuses() == ["pending"])
    assert phone.calls() == []


def test_an_account_that_is_shut_out_keeps_the_replies(phone: Phone) -> None:
    """While a person has to act on the account, replies wait; nothing is lost and Zalo is left in peace."""
    phone.do("fault", mode="code", code=-224, path="message")
    phone.write("xin chào")
    phone.write("xin chào", user_id="minh")
    until(lambda: phone.statuses() == ["pending", "pending"] and phone.calls())
    assert 1 <= len(phone.calls()) <= 2


# The window and the settings


def test_the_window_opens_with_the_last_message(database: Store) -> None:
    """Writing is free for 48 hours and possible for seven days after what the citizen sent last."""
    accept = Inbox(database).accept
    assert last_said_at(database, "lan") is None
    accept(town_message("follow:lan:9", NOON))
    assert last_said_at(database, "lan") is None
    accept(town_message("m1", NOON - timedelta(hours=3)))
    accept(town_message("m2", NOON))
    assert last_said_at(database, "lan") == NOON and last_said_at(database, "minh") is None
    assert window(NOON).free_until == NOON + timedelta(hours=48)
    assert window(NOON).open_until == NOON + timedelta(days=7)


def town_message(message_id: str, at: datetime) -> zalo.InboundMessage:
    """Something lan sent on Zalo."""
    return zalo.InboundMessage("zalo", message_id, "lan", at, Kind.TEXT, "xin chào")


def test_an_event_that_came_late_counts_from_when_it_was_sent() -> None:
    """The window is counted from Zalo's timestamp; a clock of theirs that is ahead does not lengthen it."""
    content = event(text="chào") | {"timestamp": str(int((NOON - timedelta(hours=1)).timestamp() * 1000))}
    late, ahead = inbound(content, "#", NOON), inbound(content, "#", NOON - timedelta(hours=2))
    assert late and ahead and late.received_at == NOON - timedelta(hours=1)
    assert ahead.received_at == NOON - timedelta(hours=2)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"zalo_app_id": "1", "zalo_app_secret": "s"}, "ZALO_OA_SECRET"),
        ({"zalo_app_id": "1", "zalo_oa_secret": "s"}, "ZALO_APP_SECRET"),
        ({"zalo_app_id": "1", "zalo_app_secret": "s", "zalo_oa_secret": "s", "zalo_timestamp_from": "x"}, "TIMESTAMP"),
    ],
)
def test_a_missing_secret_is_named(given: dict[str, str], names: str) -> None:
    """A channel that could not believe events or refresh tokens does not start, and says which setting is missing."""
    chosen = Settings(**given)  # type: ignore[arg-type]
    with pytest.raises(BadSettings, match=names):
        zalo_seal(chosen)
        zalo_oauth(chosen).close()

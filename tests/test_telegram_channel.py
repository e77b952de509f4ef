"""The Telegram channel against the Bot API stand-in over real HTTP, with a real store and the small town."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from telegram.error import NetworkError, RetryAfter

from bot import outbox, tables
from bot.callback import Callbacks
from bot.channels import telegram
from bot.errands import Errands
from bot.errors import NoFile
from bot.handoff import Desk
from bot.host_lock import HostLock
from bot.inbox import MESSAGE, Inbox
from bot.loop import Loop
from bot.media_reader import MediaReader
from bot.messages import Block, Button, InboundMessage, Reply
from bot.outbox import Outbox
from bot.pending_media import PendingMedia
from bot.present import now
from bot.store import Store
from integrations.reader_process import ReaderProcess
from integrations.stand_ins.telegram import app as stand_in
from tests import town
from tests.bot_api import read_by_aiogram
from tests.pictures import IDENTITY_CARD, bomb, photo
from tests.serving import free_port, served, until
from web import webhooks

pytestmark = pytest.mark.slow

TOKEN, SECRET, CHAT = "1234:TEST", "a-secret", 42
WAIT_S = 20
RETRY_S = 0.1

Json = dict[str, Any]


@dataclass
class Phone:
    """The people on Telegram, and the store behind the bot."""

    store: Store
    http: httpx.Client
    # controls the stand-in
    webhook: str
    # our own address

    def do(self, order: str, **content: Any) -> Json:
        """What somebody does on Telegram."""
        done: Json = self.http.post(f"/__control/{order}", json=content).raise_for_status().json()
        return done

    def write(self, text: str, chat: int = CHAT) -> None:
        """A citizen writes."""
        self.do("message", chat_id=chat, text=text)

    def sent(self, at_least: int = 1, chat: int = CHAT) -> list[Json]:
        """The bot's messages in a chat, once there are so many."""
        query: dict[str, int] = {"chat_id": chat, "at_least": at_least, "wait_s": WAIT_S}
        messages: list[Json] = self.http.get("/__control/sent", params=query).json()
        assert len(messages) >= at_least, (self.statuses(), self.calls("sendMessage"))
        return messages

    def calls(self, method: str = "") -> list[Json]:
        """The calls of a method, or all, that the bot made."""
        query = {"method": method} if method else {}
        made: list[Json] = self.http.get("/__control/calls", params=query).json()
        return made

    def say(self, key: str, *lines: str, chat: int = CHAT) -> None:
        """Put paragraphs on their way to a known chat."""
        self.put(
            key, Reply(tuple(Block("paragraph", (line,)) for line in lines), (Button("Gặp cán bộ", "officer"),)), chat
        )

    def put(self, key: str, reply: Reply, chat: int = CHAT) -> None:
        """Put a reply on its way to a known chat."""
        with self.store.writing() as connection:
            query = sa.select(tables.conversation.c.id).where(tables.conversation.c.address == str(chat))
            outbox.put(connection, connection.execute(query).scalar_one(), key, reply, datetime.now(UTC))

    def press(self, message: Json, label: str, chat: int = CHAT) -> None:
        """A citizen presses a button of a message as they saw it."""
        buttons = [button for row in message["reply_markup"]["inline_keyboard"] for button in row]
        data = next(button["callback_data"] for button in buttons if button["text"] == label)
        self.do("callback", chat_id=chat, message_id=message["message_id"], data=data)

    def statuses(self) -> list[str]:
        """How far the replies are, oldest first."""
        with self.store.reading() as connection:
            return list(connection.execute(sa.select(tables.outbox.c.status).order_by(tables.outbox.c.id)).scalars())


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    """The channel by webhook."""
    with opened(tmp_path, monkeypatch, "webhook") as made:
        yield made


@contextmanager
def opened(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    spoil: Callable[[httpx.Client], None] = lambda http: None,
    trouble: Callable[[InboundMessage], None] = lambda message: None,
    hears: str = "",
) -> Iterator[Phone]:
    """A running channel; `spoil` may order faults before its start, `trouble` may raise before a commit.

    `hears`: the command of a program that hears voice messages; none unless given.

    Afterwards every call of the bot is read by aiogram's models.
    """
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    store, port = town.store(folder), free_port()
    worker = Loop(town.worker(store, clock=now).step)
    store.listen(MESSAGE, worker.ring)
    media = PendingMedia(store, ("sound",) if hears else ())
    accept = Inbox(store, hold=media.hold).accept

    def reading(channel: telegram.Telegram) -> list[Coroutine[Any, Any, None]]:
        files, readers = {telegram.CHANNEL: channel.fetch}, {"sound": ReaderProcess(hears)}
        return [MediaReader(media, files, readers, HostLock(folder / "reader.lock")).run()] if hears else []

    def committing(message: InboundMessage) -> bool:
        trouble(message)
        return accept(message)

    with served(stand_in(TOKEN, retry_s=0.05)) as api, httpx.Client(base_url=api, timeout=WAIT_S + 5) as http:
        spoil(http)
        address = f"http://127.0.0.1:{port}{webhooks.TELEGRAM_PATH}"
        with served(channel_app(api, Outbox(store), committing, mode, address, reading), port):
            worker.start()
            phone = Phone(store, http, address)
            yield phone
            worker.stop()
            for call in phone.calls():
                read_by_aiogram(call)
    store.close()


def channel_app(
    api: str,
    sending: Outbox,
    accept: telegram.Accept,
    mode: str,
    address: str,
    beside: Callable[[telegram.Telegram], list[Coroutine[Any, Any, None]]] = lambda channel: [],
) -> Starlette:
    """The channel as web/__main__.py runs it: its tasks, and others beside them, beside its route."""
    bot = telegram.make_bot(TOKEN, api)
    channel = telegram.Telegram(bot, accept, sending, RETRY_S)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        work: list[Coroutine[Any, Any, None]] = [channel.deliver(), *beside(channel)]
        work.append(channel.poll() if mode == "polling" else channel.set_webhook(address, SECRET))
        tasks = [asyncio.create_task(item) for item in work]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bot.shutdown()

    return Starlette(routes=[webhooks.telegram(channel.receive, SECRET)], lifespan=lifespan)


def person() -> Json:
    """Somebody on Telegram."""
    return {"id": CHAT, "is_bot": False, "first_name": "Lan"}


def update(update_id: int, text: str) -> Json:
    """An update as Telegram pushes it."""
    chat = {"id": CHAT, "type": "private", "first_name": "Lan"}
    message = {"message_id": 1, "date": 0, "chat": chat, "from": person(), "text": text}
    return {"update_id": update_id, "message": message}


def test_start_is_greeted(phone: Phone) -> None:
    """Whoever opens the chat is greeted and told that this is a machine."""
    phone.write("/start")
    assert "trợ lý máy" in phone.sent()[0]["text"]


def test_menu_is_registered(phone: Phone) -> None:
    """The commands stand in Telegram's menu, in Vietnamese."""
    until(lambda: phone.calls("setMyCommands"))
    menu = phone.calls("setMyCommands")[0]["parameters"]["commands"]
    names = ["start", "help", "tracuu", "canbo", "thoitheodoi", "xoadulieu", "rutdongy"]
    assert [item["command"] for item in menu] == names
    assert menu[3]["description"] == "Gặp cán bộ"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/start", "Em là trợ lý máy"),
        ("/help", "không phải người"),
        ("/tracuu", "gửi giúp mã hồ sơ"),
        (f"/tracuu {town.DOSSIER_CODE}", "Đang xử lý"),
        ("/canbo", "đã chuyển cuộc trò chuyện cho cán bộ"),
    ],
)
def test_commands_are_obeyed(phone: Phone, text: str, answer: str) -> None:
    """Each command does what its line in the menu says."""
    phone.write(text)
    assert answer in phone.sent()[0]["text"]


def test_data_is_deleted_after_a_yes(phone: Phone) -> None:
    """/xoadulieu asks by buttons; the yes deletes what was said, and the reply says so."""
    phone.write("khai sinh")
    phone.write("/xoadulieu")
    phone.press(phone.sent(2)[1], "Xóa dữ liệu")
    assert "đã xóa mọi tin nhắn" in phone.sent(3)[2]["text"]
    assert [row["text"] for row in town.rows(phone.store, tables.inbox)] == ["", "", ""]
    assert len(town.rows(phone.store, tables.outbox)) == len(town.rows(phone.store, tables.turn)) == 1


def test_question_is_answered_with_its_source(phone: Phone) -> None:
    """A question gets the record's answer, its source and its buttons."""
    phone.write("khai sinh")
    answer = phone.sent()[0]
    assert "Đăng ký khai sinh" in answer["text"] and "Nguồn: mã thủ tục 1.100001" in answer["text"]
    assert answer["reply_markup"]["inline_keyboard"][0][0]["text"] == "Có Giấy chứng sinh"


@pytest.mark.parametrize("headers", [{}, {webhooks.TELEGRAM_SECRET: "wrong"}])
def test_wrong_secret_is_refused(phone: Phone, headers: dict[str, str]) -> None:
    """Whoever does not know the secret gets 403, and nothing is kept."""
    answer = httpx.post(phone.webhook, json=update(1, "xin chào"), headers=headers)
    assert answer.status_code == 403
    with phone.store.reading() as connection:
        assert connection.execute(sa.select(tables.inbox)).all() == []


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '"x"', "\ufffd"])
def test_no_update_is_refused(phone: Phone, body: str) -> None:
    """What is no update gets 400."""
    headers = {webhooks.TELEGRAM_SECRET: SECRET}
    assert httpx.post(phone.webhook, content=body.encode(), headers=headers).status_code == 400


def test_redelivered_update_is_answered_once(phone: Phone) -> None:
    """An update that Telegram pushes again is taken and not answered again."""
    phone.write("xin chào")
    phone.sent(1)
    headers = {webhooks.TELEGRAM_SECRET: SECRET}
    for _ in range(3):
        assert httpx.post(phone.webhook, json=update(5, "khai sinh"), headers=headers).status_code == 200
    phone.sent(2)
    phone.write("xin chào")
    assert ["Đăng ký khai sinh" in message["text"] for message in phone.sent(3)] == [False, True, False]


def test_words_are_never_markup(phone: Phone) -> None:
    """Letters that mean something in HTML arrive as they were written."""
    phone.write("xin chào")
    phone.sent(1)
    phone.say("1", "Phí < 5 & lớn hơn <b>3</b>")
    answer = phone.sent(2)[1]
    assert answer["text"] == "Phí < 5 & lớn hơn <b>3</b>" and not answer.get("entities")


@pytest.mark.parametrize("line", ["câu dài " * 300, "😀" * 1500, "<&>" * 900, "a" * 9000])
def test_long_answer_is_split(phone: Phone, line: str) -> None:
    """A long answer arrives whole, in messages of at most 4096 UTF-16 units, the buttons under the last one."""
    phone.write("xin chào")
    phone.sent(1)
    phone.say("1", line.strip(), line.strip(), line.strip())
    until(lambda: phone.statuses() == ["sent", "sent"])
    parts = phone.sent(2)[1:]
    assert all(len(part["text"].encode("utf-16-le")) <= 2 * 4096 for part in parts) and len(parts) > 1
    assert "".join("".join(part["text"].split()) for part in parts) == "".join(line.split()) * 3
    assert ["reply_markup" in part for part in parts] == [False] * (len(parts) - 1) + [True]


def test_button_is_pressed_and_answered(phone: Phone) -> None:
    """A pressed button is acknowledged and answered like a message."""
    phone.write("khai sinh")
    phone.press(phone.sent(1)[0], "Gặp cán bộ")
    assert "chuyển cuộc trò chuyện cho cán bộ" in phone.sent(2)[1]["text"]
    until(lambda: phone.calls("answerCallbackQuery"))
    assert phone.calls("answerCallbackQuery")[0]["status"] == 200


def test_choice_is_written_under_the_message(phone: Phone) -> None:
    """Once a button was pressed, its keyboard is gone, the choice stands there, and the markup is kept."""
    phone.write("khai sinh")
    before = phone.sent(1)[0]
    phone.press(before, "Có Giấy chứng sinh")
    until(lambda: "reply_markup" not in phone.sent(1)[0])
    after = phone.sent(2)[0]
    assert after["text"] == before["text"] + "\n\n✓ Anh/chị đã chọn: Có Giấy chứng sinh"
    assert after["entities"] == before["entities"]
    assert "Giấy chứng sinh – 1 bản chính" in phone.sent(2)[1]["text"]


def test_second_press_changes_nothing(phone: Phone) -> None:
    """Two presses of one keyboard are answered once, and the second is told so."""
    phone.write("khai sinh")
    phone.sent(1)
    phone.do("fault", mode="500_html", method="editMessageText", times=1)
    phone.press(phone.sent(1)[0], "Có Giấy chứng sinh")
    phone.press(phone.sent(1)[0], "Không có Giấy chứng sinh")
    until(lambda: len(phone.calls("answerCallbackQuery")) == 2)
    until(lambda: "reply_markup" not in phone.sent(1)[0])
    phone.write("xin chào")
    assert "trợ lý máy" in phone.sent(3)[2]["text"]
    told = [call["parameters"].get("text", "") for call in phone.calls("answerCallbackQuery")]
    assert sorted("đã chọn" in text for text in told) == [False, True]


def test_button_of_another_matter_is_stale(phone: Phone) -> None:
    """A button that asks on about a procedure which the talk has left is not answered about the new one."""
    phone.write("lệ phí thường trú")
    phone.write("khai sinh")
    phone.press(phone.sent(2)[0], "Giấy tờ cần có")
    assert "không còn dùng được" in phone.sent(3)[2]["text"]


def test_long_payload_works(phone: Phone) -> None:
    """A payload of more than 64 bytes is sent and comes back whole."""
    phone.write("xin chào")
    phone.sent(1)
    phone.put("1", Reply((Block("paragraph", ("Chọn",)),), (Button("Dài", "b:" + "ệ" * 60),)))
    phone.press(phone.sent(2)[1], "Dài")
    phone.sent(3)
    with phone.store.reading() as connection:
        texts = connection.execute(sa.select(tables.inbox.c.text).order_by(tables.inbox.c.id)).scalars().all()
    assert texts[-1] == "b:" + "ệ" * 60


@pytest.mark.parametrize("data", ["#999999.0", "#1.99", "#1", "officer:9"])
def test_unknown_button_is_answered(phone: Phone, data: str) -> None:
    """A button that nobody knows any more asks the citizen to type."""
    phone.write("xin chào")
    message = phone.sent(1)[0]
    query = {"id": "1", "from": person(), "message": message, "chat_instance": "1", "data": data}
    headers = {webhooks.TELEGRAM_SECRET: SECRET}
    httpx.post(phone.webhook, json={"update_id": 9, "callback_query": query}, headers=headers).raise_for_status()
    assert "không còn dùng được" in phone.sent(2)[1]["text"]


def encoded(content: bytes) -> str:
    """Bytes as a control order carries them."""
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("order", "content"),
    [
        ("photo", {"content": photo(town.DOSSIER_CODE, file="JPEG")}),
        ("photo", {"content": photo(town.DOSSIER_CODE, kind="Code128"), "caption": "hồ sơ này tới đâu rồi"}),
        ("document", {"content": photo(town.DOSSIER_CODE), "name": "bien_nhan.png", "mime": "image/png"}),
    ],
    ids=["photo", "barcode with words", "photo as a file"],
)
def test_code_on_a_photo_is_looked_up(phone: Phone, order: str, content: Json) -> None:
    """A photo of a receipt is as good as its code typed; the words under it are read too."""
    phone.do(order, chat_id=CHAT, **content | {"content": encoded(content["content"])})
    assert len(phone.sent()) == 1
    text = town.rows(phone.store, tables.inbox)[0]["text"]
    assert text == f"{content.get('caption', '')} {town.DOSSIER_CODE}".strip()
    assert content.get("caption") or "Đang xử lý" in phone.sent()[0]["text"]


@pytest.mark.parametrize(
    ("order", "content"),
    [
        ("photo", {}),
        ("photo", {"content": encoded(bomb(60_000, 60_000))}),
        ("document", {}),
        ("document", {"content": encoded(b"MZ\x90"), "name": "anh.jpg", "mime": "image/jpeg"}),
        ("document", {"content": encoded(bytes(10 * 2**20 + 1)), "name": "anh.jpg", "mime": "image/jpeg"}),
    ],
    ids=["no code", "bomb", "pdf", "program", "too large"],
)
def test_other_files_get_a_sentence(phone: Phone, order: str, content: Json) -> None:
    """A file without a dossier code: the citizen is asked to type, and nothing of the file is kept."""
    phone.do(order, chat_id=CHAT, **content)
    assert "chưa xem được ảnh" in phone.sent()[0]["text"]
    assert [(row["kind"], row["text"]) for row in town.rows(phone.store, tables.inbox)] == [("attachment", "")]


def test_an_identity_card_is_named_and_not_kept(phone: Phone) -> None:
    """Of an identity card's code nothing is kept but what it was; the citizen is told so."""
    phone.do("photo", chat_id=CHAT, content=encoded(photo(IDENTITY_CARD)))
    assert "Em không tra theo số này và không lưu lại" in phone.sent()[0]["text"]
    assert [(row["kind"], row["text"]) for row in town.rows(phone.store, tables.inbox)] == [("text", "‹số định danh›")]


def test_photo_that_cannot_be_fetched_gets_a_sentence(phone: Phone) -> None:
    """A photo that Telegram does not give out is answered like one that cannot be read; the message is not lost."""
    phone.do("fault", mode="500_html", method="getFile", times=1)
    phone.do("photo", chat_id=CHAT, content=encoded(photo(town.DOSSIER_CODE)))
    assert "chưa xem được ảnh" in phone.sent()[0]["text"]


@pytest.mark.parametrize(
    ("order", "content", "kind", "named"),
    [
        ("photo", {}, "photo", True),
        ("document", {}, "file", True),
        ("document", {"name": "a.png", "mime": "image/png"}, "photo", True),
        ("location", {"latitude": 10.776889, "longitude": 106.700806}, "place", False),
    ],
)
def test_what_is_sent_is_named(phone: Phone, order: str, content: Json, kind: str, named: bool) -> None:
    """What a citizen sends is named with its size; to the assistant alone no way to open it is kept, nor the place."""
    phone.do(order, chat_id=CHAT, **content)
    phone.sent()
    [row] = town.rows(phone.store, tables.inbox)
    sent = row["attachment"]
    assert sent["kind"] == kind and bool(sent["size_bytes"]) is named and (sent["ref"], sent["place"]) == ("", None)


def test_an_officer_asks_for_a_place_and_opens_a_photo(phone: Phone) -> None:
    """The question brings a key that sends the place; the place is kept as asked, and a photo can be opened."""
    with phone.store.writing() as connection:
        connection.execute(sa.insert(tables.officer).values(username="lan", name="Lan", password_hash="-"))
    phone.write("gặp cán bộ")
    phone.sent()
    errands = Errands(phone.store, Callbacks("secret"))
    assert Desk(phone.store).claim(1, 1)
    errands.ask_place(1, 1, "k")
    assert "Anh/chị gửi vị trí" in phone.sent(3)[2]["text"]
    [[key]] = phone.calls("sendMessage")[2]["parameters"]["reply_markup"]["keyboard"]
    assert key == {"text": "Gửi vị trí của tôi", "request_location": True}
    phone.do("location", chat_id=CHAT, latitude=10.776889, longitude=106.700806)
    phone.do("photo", chat_id=CHAT, content=encoded(photo(IDENTITY_CARD)))
    until(lambda: len(town.rows(phone.store, tables.inbox)) == 3)
    place, sent = (row["attachment"] for row in town.rows(phone.store, tables.inbox)[1:])
    assert place["place"] == [10.777, 106.701]
    assert errands.attachment(1, 3) and asyncio.run(fetched(phone, sent["ref"])) == photo(IDENTITY_CARD)
    with pytest.raises(NoFile):
        asyncio.run(fetched(phone, "another"))


READER = f"{sys.executable} -m integrations.stand_ins.reader"


def test_a_voice_is_heard_shown_and_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program beside us hears it; it is read back with a yes, and the yes is answered. No way to it is kept."""
    with opened(tmp_path, monkeypatch, "webhook", hears=f"{READER} --echo") as phone:
        phone.do("voice", chat_id=CHAT, content=encoded(b"khai sinh"))
        [shown] = phone.sent()
        assert "Em nghe là: «khai sinh». Đúng không ạ?" in shown["text"]
        phone.press(shown, "Đúng")
        assert "Đăng ký khai sinh" in phone.sent(2)[1]["text"]
        assert town.rows(phone.store, tables.inbox)[0]["attachment"]["ref"] == ""


@pytest.mark.parametrize("hears", ["", f"{READER} --fault dies"])
def test_a_voice_that_is_not_heard_gets_a_sentence(hears: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off, or with a reader that fails: the citizen is told how to write, once."""
    with opened(tmp_path, monkeypatch, "polling", hears=hears) as phone:
        phone.do("voice", chat_id=CHAT)
        assert "Em chưa nghe được tin nhắn thoại" in phone.sent()[0]["text"]
        assert [row["attachment"]["ref"] for row in town.rows(phone.store, tables.inbox)] == [""]


@pytest.mark.parametrize("number", ["84901234567", "+84901234567", "0901234567"])
def test_a_shared_number_is_as_good_as_a_typed_one(phone: Phone, number: str) -> None:
    """A number that is shared is masked like a typed one; the name beside it is not kept."""
    phone.do("contact", chat_id=CHAT, phone_number=number, name="Nguyễn Thị Lan")
    phone.sent()
    [row] = town.rows(phone.store, tables.inbox)
    assert (row["kind"], row["text"], row["attachment"]) == ("text", "‹số điện thoại›", None)


async def fetched(phone: Phone, ref: str) -> bytes:
    """A file as the channel gives it out."""
    bot = telegram.make_bot(TOKEN, str(phone.http.base_url).rstrip("/"))
    await bot.initialize()
    try:
        return await telegram.Telegram(bot, Inbox(phone.store).accept, Outbox(phone.store)).fetch(ref)
    finally:
        await bot.shutdown()


def test_too_many_requests_delays(phone: Phone) -> None:
    """A reply that Telegram puts off with 429 is delivered when it says."""
    phone.do("fault", mode="429", times=1, method="sendMessage", retry_after_s=1)
    phone.write("xin chào")
    assert len(phone.sent()) == 1
    first, second = phone.calls("sendMessage")
    assert (first["status"], second["status"]) == (429, 200) and second["at"] - first["at"] >= 1


def test_outage_delays(phone: Phone) -> None:
    """A reply that meets an outage is sent again with growing waits."""
    phone.do("fault", mode="500_html", times=3, method="sendMessage")
    phone.write("xin chào")
    assert len(phone.sent()) == 1
    at = [call["at"] for call in phone.calls("sendMessage")]
    assert len(at) == 4 and at[3] - at[2] > at[1] - at[0]


@pytest.mark.parametrize(
    ("attempts", "shortest_s", "longest_s"), [(0, 1, 2), (1, 2, 4), (2, 4, 8), (7, 128, 256), (99, 150, 300)]
)
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_waits_double_and_differ(database: Store, attempts: int, shortest_s: float, longest_s: float) -> None:
    """A wait doubles with each attempt up to five minutes; half of it is chance; what was asked for is honoured."""
    bot, sending = telegram.make_bot(TOKEN, "http://127.0.0.1:9"), Outbox(database)
    early, late = (telegram.Telegram(bot, bool, sending, jitter=lambda share=share: share) for share in (0.0, 1.0))
    waits = [channel._wait_s(attempts, NetworkError("x")) for channel in (early, late)]
    assert waits == [shortest_s, longest_s]
    assert early._wait_s(attempts, RetryAfter(600)) == 600


def test_long_reply_goes_on_where_it_stopped(phone: Phone) -> None:
    """When the second of three messages fails, the first is not sent again."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("fault", mode="429", method="sendMessage", times=1, after=1, retry_after_s=1)
    phone.say("1", "a" * 4000, "b" * 4000, "c" * 4000)
    assert [message["text"][0] for message in phone.sent(4)[1:]] == ["a", "b", "c"]
    until(lambda: phone.statuses() == ["sent", "sent"])
    assert [call["status"] for call in phone.calls("sendMessage")] == [200, 200, 429, 200, 200]


def test_order_is_kept_while_one_waits(phone: Phone) -> None:
    """A reply that has to wait is not overtaken by the next one of its conversation."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("fault", mode="500_html", method="sendMessage", times=2)
    for number in range(4):
        phone.say(str(number), f"câu {number}")
    assert [message["text"] for message in phone.sent(5)[1:]] == [f"câu {number}" for number in range(4)]


def test_slow_answer_holds_up_nobody_else(phone: Phone) -> None:
    """While Telegram is slow about one chat, another one is served."""
    phone.do("fault", mode="timeout", method="sendMessage", times=1, delay_s=2)
    phone.write("xin chào")
    phone.sent(1)
    phone.write("xin chào", chat=43)
    phone.sent(1, chat=43)
    until(lambda: phone.statuses() == ["sent", "sent"])
    assert [call["parameters"]["chat_id"] for call in phone.calls("sendMessage")] == ["43", "42"]


def test_blocked_bot_holds_up_nobody(phone: Phone) -> None:
    """What was meant for somebody who blocked the bot is set aside at once, and everybody else is served."""
    phone.write("xin chào")
    phone.sent(1)
    phone.do("block", chat_id=CHAT)
    phone.say("1", "Cán bộ trả lời")
    phone.say("2", "Cán bộ trả lời tiếp")
    phone.write("xin chào", chat=43)
    assert len(phone.sent(1, chat=43)) == 1
    until(lambda: sorted(phone.statuses()) == ["failed", "failed", "sent", "sent"])
    assert [call["status"] for call in phone.calls("sendMessage")].count(403) == 1


def test_blocking_ends_the_wait_for_an_officer(phone: Phone) -> None:
    """Whoever blocks the bot while waiting leaves no open ticket; coming back, they are served by the bot."""
    phone.write("gặp cán bộ")
    phone.sent(1)
    phone.do("block", chat_id=CHAT)
    phone.say("1", "Cán bộ trả lời")
    until(lambda: [row["owner"] for row in town.rows(phone.store, tables.conversation)] == ["closed"])
    assert [row["state"] for row in town.rows(phone.store, tables.ticket)] == ["closed"]
    phone.write("xin chào")
    assert "trợ lý máy" in phone.sent(2)[1]["text"]
    assert [row["owner"] for row in town.rows(phone.store, tables.conversation)] == ["bot"]


def test_polling_acknowledges_after_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A polled message that could not be committed comes again; none is answered twice."""
    refused: list[str] = []

    def trouble(message: InboundMessage) -> None:
        if len(refused) < 2:
            refused.append(message.message_id)
            raise OSError("the disk is full")

    with opened(tmp_path, monkeypatch, "polling", trouble=trouble) as phone:
        phone.write("xin chào")
        phone.write("khai sinh")
        assert ["Đăng ký khai sinh" in message["text"] for message in phone.sent(2)] == [False, True]
        until(lambda: phone.statuses() == ["sent", "sent"])
    assert refused == [refused[0]] * 2


@pytest.mark.parametrize("mode", ["webhook", "polling"])
def test_unreachable_telegram_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """A channel that starts during an outage works once it is over."""

    def spoil(http: httpx.Client) -> None:
        http.post("/__control/fault", json={"mode": "500_html", "times": 5})

    with opened(tmp_path, monkeypatch, mode, spoil) as phone:
        phone.write("xin chào")
        assert len(phone.sent()) == 1


def test_officer_answers_on_telegram(phone: Phone) -> None:
    """An officer who is asked for takes over, reads and is read, once, and gives the talk back to the assistant."""
    desk, lan = Desk(phone.store), hired(phone.store)
    phone.write("/canbo")
    phone.sent(1)
    ticket = desk.tickets("waiting", lan)[0]
    assert (ticket.channel, ticket.last_text) == ("telegram", "/canbo") and desk.claim(ticket.id, lan)
    phone.sent(2)
    phone.write("tôi nộp thiếu giấy < 1 bản >")
    until(lambda: "tôi nộp thiếu giấy" in desk.ticket(ticket.id).lines[-1].text)
    assert desk.reply(ticket.id, lan, "Anh/chị bổ sung trước 17 giờ nhé.\nCảm ơn & chào!", "form-1")
    assert desk.reply(ticket.id, lan, "Anh/chị bổ sung trước 17 giờ nhé.\nCảm ơn & chào!", "form-1")
    phone.sent(3)
    assert desk.resolve(ticket.id, lan)
    phone.sent(4)
    phone.write("khai sinh")
    texts = [message["text"] for message in phone.sent(5)]
    wanted = ("đã chuyển cuộc trò chuyện", "Cán bộ Lan đã nhận", "Cảm ơn & chào!", "đã kết thúc", "Đăng ký khai sinh")
    assert len(texts) == 5 and all(part in text for part, text in zip(wanted, texts, strict=True)), texts


def hired(store: Store) -> int:
    """An officer."""
    with store.writing() as connection:
        values = {"username": "lan", "name": "Lan", "password_hash": "-"}
        return int(connection.execute(sa.insert(tables.officer).values(**values)).inserted_primary_key[0])

"""The Telegram stand-in: python-telegram-bot runs on it unmodified, aiogram's models read both directions."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from integrations.stand_ins.telegram import app
from tests.bot_api import read_by_aiogram

pytestmark = pytest.mark.slow

TOKEN = "1234:TEST"
CHAT = 42
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Lệ phí", callback_data="fee"),
                                  InlineKeyboardButton("Cổng", url="https://dichvucong.gov.vn")]])  # fmt: skip


@dataclass(frozen=True)
class Service:
    """The stand-in on a real server, seen by those who control it."""

    address: str
    http: httpx.Client

    def do(self, order: str, **content: Any) -> dict[str, Any]:
        """Gives a control order."""
        done: dict[str, Any] = self.http.post(f"/__control/{order}", json=content).raise_for_status().json()
        return done

    def call(self, method: str, token: str = TOKEN, **parameters: Any) -> httpx.Response:
        """One raw call with a JSON body."""
        return self.http.post(f"/bot{token}/{method}", json=parameters)

    def sent(self, at_least: int = 1) -> list[dict[str, Any]]:
        """The bot's messages, once there are so many."""
        query: dict[str, str | int] = {"chat_id": CHAT, "at_least": at_least, "wait_s": 5}
        messages: list[dict[str, Any]] = self.http.get("/__control/sent", params=query).json()
        return messages

    def calls(self) -> list[dict[str, Any]]:
        """All calls of the bot."""
        calls: list[dict[str, Any]] = self.http.get("/__control/calls").json()
        return calls


class Background:
    """A server in a thread."""

    def __init__(self, application: Starlette) -> None:
        self._server = uvicorn.Server(uvicorn.Config(application, log_level="critical", timeout_graceful_shutdown=1))
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # naming TCP makes asyncio send at once (TCP_NODELAY): 40 ms less per request
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        """Ends the server and frees its port."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()


@contextmanager
def serving() -> Iterator[Service]:
    """A stand-in; afterwards every call and answer is read by aiogram's models."""
    background = Background(app(TOKEN, retry_s=0.05))
    try:
        with httpx.Client(base_url=background.address, timeout=10, verify=False) as http:
            served = Service(background.address, http)
            yield served
            for call in served.calls():
                read_by_aiogram(call)
    finally:
        background.stop()


@pytest.fixture
def service() -> Iterator[Service]:
    """A fresh stand-in."""
    with serving() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def town() -> Iterator[Service]:
    """A stand-in with one open chat, shared by tests that leave nothing behind."""
    with serving() as shared:
        shared.do("message", chat_id=CHAT, text="chào")
        yield shared


def with_bot(service: Service, scenario: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    """Runs a scenario with python-telegram-bot."""

    async def run() -> Any:
        bot = Bot(token, base_url=f"{service.address}/bot", base_file_url=f"{service.address}/file/bot")
        async with bot:
            return await scenario(bot)

    return asyncio.run(run())


async def start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    """The town bot greets."""
    assert update.message
    await update.message.reply_html("<b>Xin chào</b> 😀 <i>bạn</i>", reply_markup=KEYBOARD)


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    """The town bot repeats."""
    assert update.message
    await update.message.reply_text(f"Bạn nói: {update.message.text}")


async def press(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    """The town bot answers a button by rewriting its message."""
    assert update.callback_query
    await update.callback_query.answer("Đã nhận")
    await update.callback_query.edit_message_text("Lệ phí: cổng chưa công bố")


def polling(service: Service, citizen: Callable[[], None]) -> None:
    """Runs the town bot by polling while a citizen does something in another thread."""

    async def run() -> None:
        builder = Application.builder().token(TOKEN).base_url(f"{service.address}/bot")
        application = builder.base_file_url(f"{service.address}/file/bot").build()
        application.add_handler(CommandHandler("start", start))
        application.add_handler(CallbackQueryHandler(press))
        application.add_handler(MessageHandler(filters.TEXT, echo))
        async with application:
            assert application.updater
            await application.start()
            await application.updater.start_polling(poll_interval=0, timeout=2)
            await asyncio.to_thread(citizen)
            await application.updater.stop()
            await application.stop()

    asyncio.run(run())


def test_polling_a_whole_talk(service: Service) -> None:
    """A bot by polling greets with HTML and buttons, answers a pressed button and edits its message."""

    def citizen() -> None:
        service.do("message", chat_id=CHAT, text="/start", name="An")
        greeting = service.sent(1)[0]
        assert greeting["text"] == "Xin chào 😀 bạn" and len(greeting["reply_markup"]["inline_keyboard"][0]) == 2
        service.do("callback", chat_id=CHAT, message_id=greeting["message_id"], data="fee")
        service.do("message", chat_id=CHAT, text="Cảm ơn 🙏")
        assert [message["text"] for message in service.sent(2)] == ["Lệ phí: cổng chưa công bố", "Bạn nói: Cảm ơn 🙏"]

    polling(service, citizen)
    assert service.call("getWebhookInfo").json()["result"]["pending_update_count"] == 0


def test_get_me(town: Service) -> None:
    """The bot learns who it is."""

    async def scenario(bot: Bot) -> tuple[int, bool]:
        me = await bot.get_me()
        return me.id, me.is_bot

    assert with_bot(town, scenario) == (1234, True)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("chữ thường", "chữ thường", []),
        ("<b>đậm</b> 😀 <i>nghiêng</i>", "đậm 😀 nghiêng", [("bold", 0, 3), ("italic", 7, 7)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("1 &lt; 2 &amp; &#225; &copy;", "1 < 2 & á &copy;", []),
        ('<a href="https://a.vn/?b=1&amp;c=2">x</a>', "x", [("text_link", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<b></b>x", "x", []),
    ],
)
def test_html_read(town: Service, source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    """Telegram's HTML becomes text and entities counted in UTF-16 units."""
    result = town.call("sendMessage", chat_id=CHAT, text=source, parse_mode="HTML").json()["result"]
    found = [(entity["type"], entity["offset"], entity["length"]) for entity in result.get("entities", [])]
    assert (result["text"], found) == (text, entities)


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"text": "<x>a</x>", "parse_mode": "HTML"}, 'Unsupported start tag "x" at byte offset 0'),
        ({"text": "ă 1 < 2", "parse_mode": "HTML"}, 'Unsupported start tag "" at byte offset 5'),
        ({"text": "<span>a</span>", "parse_mode": "HTML"}, 'Unsupported start tag "span"'),
        ({"text": "<b>a", "parse_mode": "HTML"}, 'find end tag corresponding to start tag "b"'),
        ({"text": "a</b>", "parse_mode": "HTML"}, "Unexpected end tag at byte offset 1"),
        ({"text": "<b>a</i>", "parse_mode": "HTML"}, 'expected "</b>", found "</i>"'),
        ({"text": "a", "parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
        ({"text": " "}, "message text is empty"),
        ({"text": "a" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "ệ" * 22}]]}},
         "BUTTON_DATA_INVALID"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}, "Text buttons are unallowed"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [{"text": "x", "callback_data": "y"}]}}, "Array of Array"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "", "callback_data": "y"}]]}}, "BUTTON_TEXT"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "javascript:1"}]]}}, "is invalid"),
        ({"text": "a", "reply_markup": {"keyboard": [[{}]]}}, "must be of type String"),
        ({"text": "a", "reply_markup": {"keys": []}}, "object expected as reply markup"),
        ({"text": "a", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"text": "a", "chat_id": 7}, "chat not found"),
        ({"text": "a", "chat_id": "@kenh"}, "chat not found"),
    ],
)  # fmt: skip
def test_send_message_refused(town: Service, parameters: dict[str, Any], why: str) -> None:
    """What Telegram would refuse is refused with status 400 and its words."""
    answer = town.call("sendMessage", **{"chat_id": CHAT} | parameters)
    assert answer.status_code == answer.json()["error_code"] == 400 and answer.json()["ok"] is False
    assert why in answer.json()["description"]


@pytest.mark.parametrize("text", ["a" * 4096, "😀" * 2048, "<b>" + "a" * 4096 + "</b>"])
def test_longest_message(town: Service, text: str) -> None:
    """4096 UTF-16 units pass, tags not counted."""
    mode = {"parse_mode": "HTML"} if text.startswith("<") else {}
    assert town.call("sendMessage", chat_id=CHAT, text=text, **mode).status_code == 200


def test_parameters_come_in_every_form(town: Service) -> None:
    """Query, form, multipart and JSON say the same, keyboards as objects or as text; method names have no case."""
    path, post = f"/bot{TOKEN}/sendMessage", town.http.post
    markup = {"inline_keyboard": [[{"text": "x", "url": "https://a.vn"}]]}
    flat = {"chat_id": str(CHAT), "text": "123", "reply_markup": json.dumps(markup)}
    answers = [
        town.http.get(path, params=flat),
        post(path, data=flat),
        post(path, files={name: (None, value) for name, value in flat.items()}),
        post(path.replace("sendMessage", "SENDMESSAGE"), json=flat | {"reply_markup": markup}),
    ]
    kept = [(message["text"], message["reply_markup"]) for message in (answer.json()["result"] for answer in answers)]
    assert kept == [("123", markup)] * 4


def test_dates_are_seconds(town: Service) -> None:
    """Message dates are seconds since 1970."""

    async def scenario(bot: Bot) -> datetime:
        return (await bot.send_message(CHAT, "chào bạn")).date

    assert abs((datetime.now(UTC) - with_bot(town, scenario)).total_seconds()) < 5


@pytest.mark.parametrize(
    ("token", "method", "status"),
    [("nonsense", "getMe", 404), ("1234:WRONG", "getMe", 401), (TOKEN, "sendDice", 404), (TOKEN, "getMe", 200)],
)
def test_token_and_method(town: Service, token: str, method: str, status: int) -> None:
    """A malformed token or unknown method is not found, another bot's token is unauthorized."""
    answer = town.call(method, token)
    assert (answer.status_code, answer.json()["ok"]) == (status, status == 200)


def test_wrong_token_in_ptb(town: Service) -> None:
    """python-telegram-bot understands that its token is wrong."""
    with pytest.raises(InvalidToken):
        with_bot(town, lambda bot: bot.get_me(), "1234:WRONG")


def test_updates_stay_until_acknowledged(service: Service) -> None:
    """An update comes again until a later offset acknowledges it; a negative offset counts from the end."""
    for text in ("một", "hai", "ba"):
        service.do("message", chat_id=CHAT, text=text)

    def texts(**parameters: Any) -> list[str]:
        return [update["message"]["text"] for update in service.call("getUpdates", **parameters).json()["result"]]

    first = service.call("getUpdates").json()["result"][0]["update_id"]
    assert texts() == texts(offset=first) == ["một", "hai", "ba"]
    assert texts(limit=1) == ["một"]
    assert texts(offset=first + 1) == texts() == ["hai", "ba"]
    assert texts(offset=-1) == texts() == ["ba"]


def test_long_poll_waits(service: Service) -> None:
    """A poll without updates waits, and ends as soon as one arrives."""
    began = time.monotonic()
    assert service.call("getUpdates", timeout=1).json()["result"] == []
    assert time.monotonic() - began > 0.9
    writer = threading.Timer(0.2, service.do, ["message"], {"chat_id": CHAT, "text": "chào"})
    writer.start()
    began = time.monotonic()
    assert len(service.call("getUpdates", timeout=5).json()["result"]) == 1
    assert time.monotonic() - began < 2
    writer.join()


def test_two_pollers_conflict(service: Service) -> None:
    """A second poller ends the first with 409."""
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(service.call("getUpdates", timeout=5).status_code))
    first.start()
    time.sleep(0.3)
    assert service.call("getUpdates").status_code == 200
    first.join()
    assert statuses == [409]


def test_allowed_updates(service: Service) -> None:
    """Kinds of update that the bot did not ask for are not kept."""
    service.call("getUpdates", allowed_updates=["callback_query"])
    service.do("message", chat_id=CHAT, text="chào")
    assert service.call("getUpdates").json()["result"] == []


def test_polling_with_webhook_conflicts(service: Service) -> None:
    """Polling is refused while a webhook is set."""
    assert service.call("setWebhook", url="http://127.0.0.1:9/hook").status_code == 200
    with pytest.raises(Conflict):
        with_bot(service, lambda bot: bot.get_updates())
    service.call("deleteWebhook")
    assert service.call("getUpdates").status_code == 200


@pytest.mark.parametrize(
    "parameters", [{"url": "https://example.org/hook"}, {"url": "http://127.0.0.1/h", "secret_token": "có dấu"}]
)
def test_webhook_refused(town: Service, parameters: dict[str, str]) -> None:
    """Addresses outside the loopback and secrets with other characters are refused."""
    assert town.call("setWebhook", **parameters).status_code == 400


@dataclass
class Hook:
    """A webhook that refuses its first updates."""

    refusals: int
    taken: list[tuple[str, str | None]]
    # text and secret of every delivery

    async def receive(self, request: Request) -> Response:
        """Takes one delivery."""
        update = await request.json()
        self.taken.append((update["message"]["text"], request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return Response(status_code=500 if len(self.taken) <= self.refusals else 200)


def test_webhook_delivers_and_redelivers(service: Service) -> None:
    """Updates are pushed with the secret, in order within a chat, and again until the bot says 2xx."""
    hook = Hook(2, [])
    bot = Background(Starlette(routes=[Route("/hook", hook.receive, methods=["POST"])]))
    service.do("message", chat_id=CHAT, text="một")
    service.call("setWebhook", url=f"{bot.address}/hook", secret_token="bi-mat")
    service.do("message", chat_id=CHAT, text="hai")
    ends_at = time.monotonic() + 5
    while (info := service.call("getWebhookInfo").json()["result"])["pending_update_count"]:
        assert time.monotonic() < ends_at
    bot.stop()
    assert hook.taken == [("một", "bi-mat")] * 3 + [("hai", "bi-mat")]
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


def test_edit_and_delete(service: Service) -> None:
    """Only existing messages of the bot can be edited, only to something else; a deleted one is gone."""
    users = service.do("message", chat_id=CHAT, text="chào")["message_id"]

    async def scenario(bot: Bot) -> None:
        message = await bot.send_message(CHAT, "một", reply_markup=KEYBOARD)
        edited = await bot.edit_message_text("hai", CHAT, message.message_id)
        assert isinstance(edited, Message) and (edited.text, edited.reply_markup) == ("hai", None)
        again = await bot.edit_message_reply_markup(CHAT, message.message_id, reply_markup=KEYBOARD)
        assert isinstance(again, Message) and again.reply_markup == KEYBOARD and again.text == "hai"
        assert await bot.delete_message(CHAT, message.message_id)
        for text, message_id in (("x", message.message_id), ("x", users)):
            with pytest.raises(BadRequest):
                await bot.edit_message_text(text, CHAT, message_id)
        with pytest.raises(BadRequest, match="to delete not found"):
            await bot.delete_message(CHAT, message.message_id)

    with_bot(service, scenario)


def test_edit_to_the_same(service: Service) -> None:
    """An edit that changes nothing is refused."""
    service.do("message", chat_id=CHAT, text="chào")

    async def scenario(bot: Bot) -> None:
        message = await bot.send_message(CHAT, "một")
        await bot.edit_message_text("hai", CHAT, message.message_id)
        await bot.edit_message_text("hai", CHAT, message.message_id)

    with pytest.raises(BadRequest, match="not modified"):
        with_bot(service, scenario)


def test_callback(service: Service) -> None:
    """Only a button that is there can be pressed, and a query is answered once."""
    service.do("message", chat_id=CHAT, text="chào")
    with_bot(service, lambda bot: bot.send_message(CHAT, "một", reply_markup=KEYBOARD))
    press = {"chat_id": CHAT, "message_id": service.sent()[0]["message_id"]}
    assert service.http.post("/__control/callback", json=press | {"data": "no"}).status_code == 400
    query = service.do("callback", **press, data="fee")["callback_query_id"]
    assert service.call("answerCallbackQuery", callback_query_id=query).json()["result"] is True
    assert service.call("answerCallbackQuery", callback_query_id=query).status_code == 400


def test_blocked(service: Service) -> None:
    """A blocked bot is told so by an update and by 403; a user who writes again lets it in."""
    service.do("message", chat_id=CHAT, text="chào")
    service.do("block", chat_id=CHAT)
    updates = service.call("getUpdates").json()["result"]
    assert updates[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    with pytest.raises(Forbidden, match="blocked by the user"):
        with_bot(service, lambda bot: bot.send_message(CHAT, "một"))
    service.do("message", chat_id=CHAT, text="xin lỗi")
    assert with_bot(service, lambda bot: bot.send_message(CHAT, "một")).text == "một"


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_429(service: Service) -> None:
    """Too many requests name the wait, which python-telegram-bot reads."""
    service.do("message", chat_id=CHAT, text="chào")
    service.do("fault", mode="429", times=1, method="sendMessage", retry_after_s=3)
    with pytest.raises(RetryAfter) as caught:
        with_bot(service, lambda bot: bot.send_message(CHAT, "một"))
    assert caught.value.retry_after == 3


def test_fault_counts_calls(service: Service) -> None:
    """A fault spoils so many calls of any method but getUpdates, then all is well."""
    service.do("fault", mode="429", times=2)
    methods = ["getUpdates", "getMe", "getUpdates", "getMe", "getMe"]
    assert [service.call(method).status_code for method in methods] == [200, 429, 200, 429, 200]
    service.do("fault", mode="500_html", times=1, after=2, method="getMe")
    assert [service.call("getMe").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_500_html(service: Service) -> None:
    """An HTML error page is a network error to the bot, and nothing was sent."""
    service.do("message", chat_id=CHAT, text="chào")
    service.do("fault", mode="500_html", method="sendMessage", times=1)
    with pytest.raises(NetworkError, match="Internal Server Error"):
        with_bot(service, lambda bot: bot.send_message(CHAT, "một"))
    assert service.sent(0) == []


def test_timeout(service: Service) -> None:
    """A late answer is a time-out to the bot although the message was sent."""
    service.do("message", chat_id=CHAT, text="chào")
    service.do("fault", mode="timeout", method="sendMessage", times=1, delay_s=0.6)
    with pytest.raises(TimedOut):
        with_bot(service, lambda bot: bot.send_message(CHAT, "một", read_timeout=0.2))
    assert [message["text"] for message in service.sent()] == ["một"]


def test_files_both_ways(service: Service) -> None:
    """A user's picture can be fetched; a bot's picture and file arrive with caption, name and content."""
    service.do("photo", chat_id=CHAT, caption="giấy khai sinh")

    async def scenario(bot: Bot) -> None:
        message = (await bot.get_updates())[0].message
        assert message and message.caption == "giấy khai sinh"
        picture = bytes(await (await message.photo[-1].get_file()).download_as_bytearray())
        assert picture.startswith(b"\x89PNG")
        assert (await bot.send_photo(CHAT, picture, caption="<b>ảnh</b>", parse_mode="HTML")).caption == "ảnh"
        sent = (await bot.send_document(CHAT, b"a;b", filename="bieu.csv")).document
        assert sent and (sent.file_name, sent.file_size) == ("bieu.csv", 3)
        assert await (await bot.get_file(sent.file_id)).download_as_bytearray() == b"a;b"
        assert (await bot.send_document(CHAT, sent.file_id)).document == sent

    with_bot(service, scenario)


def test_users_files_arrive_as_they_are(service: Service) -> None:
    """A user's photo and file can be fetched whole; name and kind are what the user's telephone says."""
    content = base64.b64encode(b"a;b").decode()
    service.do("photo", chat_id=CHAT, content=content)
    service.do("document", chat_id=CHAT, content=content, name="bieu.csv", mime="text/csv", caption="đây")

    async def scenario(bot: Bot) -> list[bytes]:
        photo, document = [update.message for update in await bot.get_updates()]
        assert photo and document and document.document and document.caption == "đây"
        assert (document.document.file_name, document.document.mime_type) == ("bieu.csv", "text/csv")
        ids = (photo.photo[-1].file_id, document.document.file_id)
        return [bytes(await (await bot.get_file(file_id)).download_as_bytearray()) for file_id in ids]

    assert with_bot(service, scenario) == [b"a;b", b"a;b"]


def test_file_of_another_bot_is_not_given_out(service: Service) -> None:
    """A file is fetched with the bot's own token from its own path only."""
    service.do("document", chat_id=CHAT)
    file_id = service.call("getUpdates").json()["result"][0]["message"]["document"]["file_id"]
    path = service.call("getFile", file_id=file_id).json()["result"]["file_path"]
    addresses = (f"/file/bot{TOKEN}/{path}", f"/file/bot1234:WRONG/{path}", f"/file/bot{TOKEN}/{path}x")
    assert [service.http.get(address).status_code for address in addresses] == [200, 404, 404]


def test_largest_file(service: Service) -> None:
    """A file of more than 20 MiB is announced but not given out."""
    content = base64.b64encode(bytes(20 * 2**20 + 1)).decode()
    service.do("document", chat_id=CHAT, content=content)
    document = service.call("getUpdates").json()["result"][0]["message"]["document"]
    answer = service.call("getFile", file_id=document["file_id"])
    assert document["file_size"] == 20 * 2**20 + 1
    assert (answer.status_code, answer.json()["description"]) == (400, "Bad Request: file is too big")


def test_blocked_bot_may_not_edit_or_type(service: Service) -> None:
    """Once blocked, every method that touches the chat is forbidden."""
    service.do("message", chat_id=CHAT, text="chào")
    sent = service.call("sendMessage", chat_id=CHAT, text="một").json()["result"]["message_id"]
    service.do("block", chat_id=CHAT)
    edits = {"chat_id": CHAT, "message_id": sent}
    answers = [
        service.call("sendChatAction", chat_id=CHAT, action="typing"),
        service.call("editMessageText", text="hai", **edits),
        service.call("editMessageReplyMarkup", **edits),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("sendPhoto", {"chat_id": CHAT}),
        ("sendPhoto", {"chat_id": CHAT, "photo": "FILE99"}),
        ("sendDocument", {"chat_id": CHAT, "document": "https://example.org/a.pdf"}),
        ("getFile", {"file_id": "FILE99"}),
        ("sendChatAction", {"chat_id": CHAT, "action": "sing"}),
        ("setMyCommands", {"commands": [{"command": "Lệ phí", "description": "x"}]}),
        ("setMyCommands", {"commands": [{"command": "phi", "description": ""}]}),
        ("sendMessage", {"text": "một"}),
        ("deleteMessage", {"chat_id": CHAT, "message_id": "x"}),
    ],
)
def test_other_refusals(town: Service, method: str, parameters: dict[str, Any]) -> None:
    """Unknown files, actions and malformed commands are refused with 400."""
    assert town.call(method, **parameters).status_code == 400


def test_commands_and_action(town: Service) -> None:
    """The menu of commands is kept; typing is accepted."""

    async def scenario(bot: Bot) -> tuple[bool, Any]:
        await bot.set_my_commands([BotCommand("start", "Bắt đầu")])
        return await bot.send_chat_action(CHAT, "typing"), await bot.get_my_commands()

    assert with_bot(town, scenario) == (True, (BotCommand("start", "Bắt đầu"),))


@pytest.mark.parametrize(
    ("order", "content", "status"),
    [
        ("message", {"chat_id": CHAT}, 400),
        ("message", {"chat_id": CHAT, "text": "a" * 4097}, 400),
        ("fault", {"mode": "x"}, 400),
        ("block", {"chat_id": "x"}, 400),
        ("photo", {"chat_id": CHAT, "content": "không"}, 400),
        ("document", {"chat_id": CHAT, "caption": "a" * 1025}, 400),
        ("dance", {}, 404),
    ],
)
def test_control_refusals(town: Service, order: str, content: dict[str, Any], status: int) -> None:
    """A wrong control order is told so."""
    assert town.http.post(f"/__control/{order}", json=content).status_code == status

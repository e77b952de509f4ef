"""Telegram: updates to inbound messages, replies to HTML messages with inline keyboards.

Updates come by webhook (web/webhooks.py) or by polling; replies leave through the outbox. The Bot API knows no
idempotency key, so delivery is at least once; within one process a reply of several messages goes on where it stopped.

A button carries the number of its reply and its place in it, never its payload, so no payload is too long for the 64
bytes that Telegram takes. A keyboard is good for one press: the first one is kept, the choice is written under the
message and the keyboard goes; a second press changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import logging
import random
import re
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import telegram
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot import receipts
from bot.channels.telegram_arrival import Arrival, Press, Sent, arrival, chat_of, numbered, unread
from bot.channels.telegram_html import LONGEST_MESSAGE, pages, units
from bot.channels.telegram_request import AiohttpRequest
from bot.enclosures import Enclosures, no_file
from bot.errors import NoFile
from bot.messages import Attachment, Button, InboundMessage, Kind, Reply
from bot.outbox import RETRY_S, Delivery, Outbox, wait_s
from bot.present import now
from bot.wording import ticket_words, words
from integrations import photos

log = logging.getLogger(__name__)

CHANNEL = "telegram"
POLL_TIMEOUT_S = 25
CONNECTIONS = 32
SENDERS = 4
# replies on their way at once, never two of one conversation
PHOTO_S = 15.0
# for fetching and reading one; longer, and the citizen is asked to type
PHOTOS_AT_ONCE = 2
LARGEST_FILE = 50 * 2**20
# bytes, that the Bot API takes from us
IDLE_S = 0.2
# how soon a reply of another process is seen, or one whose rest is over; our own store wakes us
UPDATES = ["message", "callback_query"]
CALLBACK = re.compile(r"#(\d{1,18})\.(\d{1,3})", re.ASCII)

Accept = Callable[[InboundMessage], bool]
Keyboard = telegram.InlineKeyboardMarkup | telegram.ReplyKeyboardMarkup


def make_bot(token: str, api_url: str) -> telegram.Bot:
    """A client of the Bot API at an address."""
    logging.getLogger("telegram").setLevel(logging.INFO)
    # at DEBUG the library logs the token, and every update with what the citizen wrote, before it is masked
    warnings.filterwarnings("ignore", "Please use 'Bot.get_updates'")
    # that method shows us no update of a batch in which it cannot read one, and logs them all, word for word
    return telegram.Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=AiohttpRequest(CONNECTIONS),
        get_updates_request=AiohttpRequest(1, POLL_TIMEOUT_S + 5),
    )


class Telegram:
    """One bot on Telegram."""

    def __init__(
        self,
        bot: telegram.Bot,
        accept: Accept,
        outbox: Outbox,
        retry_s: float = RETRY_S,
        jitter: Callable[[], float] = random.random,
        enclosures: Enclosures | None = None,
    ) -> None:
        self._bot = bot
        self._accept = accept
        self._outbox = outbox
        self._retry_s = retry_s
        self._jitter = jitter
        # 0 to 1: senders that failed together do not come back together
        self._enclosures = enclosures or Enclosures(no_file)
        self._told: dict[int, int] = {}
        # delivery id -> messages of it that Telegram has taken
        self._lanes: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        # chat id -> lock that keeps what was sent there in order
        self._readers = asyncio.Semaphore(PHOTOS_AT_ONCE)
        self._courtesies: set[asyncio.Task[None]] = set()
        # acknowledgements on their way; nothing is lost with them

    async def receive(self, content: Mapping[str, Any]) -> None:
        """Commit one update; returning means that it is kept, or that nobody waits for an answer to it.

        The library believes the shapes of its vendor and fails anywhere when they are others. What cannot be read is
        kept as something sent without words, so that its writer is told; sent again it would fail again.
        """
        try:
            arrived = arrival(telegram.Update.de_json(dict(content), self._bot))
        except Exception as error:
            log.error("an update cannot be read: %s", type(error).__name__)
            arrived = unread(content)
        if arrived is None:
            return
        async with self._lanes.setdefault(arrived.chat_id, asyncio.Lock()):
            if isinstance(arrived.sent, Press):
                await self._receive_press(arrived.sent, arrived.chat_id)
            else:
                await self._receive_message(arrived.sent, arrived)

    async def _receive_message(self, sent: Sent, arrived: Arrival) -> None:
        """Keep a message; the dossier codes on its photo are as good as typed ones."""
        read = "" if sent.photo is None else await self._read(sent.photo)
        kind = Kind.TEXT if read or sent.is_typed else Kind.ATTACHMENT
        words = f"{sent.words}\n{read}".strip() if read else sent.words
        names = (CHANNEL, str(arrived.update_id), str(arrived.chat_id))
        message = InboundMessage(*names, now(), kind, words, sent.attachment)
        await asyncio.to_thread(self._accept, message)

    async def _read(self, photo: Attachment) -> str:
        """The dossier codes on a photo; "" when there are none, or the photo cannot be had in time."""
        if (photo.size_bytes or 0) > photos.LARGEST_BYTES:
            return ""
        try:
            async with asyncio.timeout(PHOTO_S), self._readers:
                content = await (await self._bot.get_file(photo.ref)).download_as_bytearray()
                return await asyncio.to_thread(receipts.words, bytes(content), now().date())
        except (TelegramError, TimeoutError) as error:
            log.warning("a photo was not read: %s", type(error).__name__)
            return ""

    async def fetch(self, ref: str) -> bytes:
        """A file that a citizen sent. Raises NoFile."""
        try:
            async with asyncio.timeout(PHOTO_S), self._readers:
                return bytes(await (await self._bot.get_file(ref)).download_as_bytearray())
        except (TelegramError, TimeoutError) as error:
            raise NoFile(type(error).__name__) from None

    async def set_webhook(self, url: str, secret: str) -> None:
        """Ask Telegram to push updates to us, until it agrees."""
        await self._reach(lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES))

    async def poll(self) -> None:
        """Fetch updates for ever; an update is acknowledged after it was committed, otherwise it comes again."""
        await self._reach(self._bot.delete_webhook)
        offset, failures = 0, 0
        while True:
            try:
                updates = numbered(await self._fetch_updates(offset))
                await self.receive_all(updates)
                offset, failures = (updates[-1]["update_id"] + 1 if updates else offset), 0
            except Exception as error:
                log.warning("polling failed: %s", type(error).__name__)
                await asyncio.sleep(self._wait_s(failures, error))
                failures += 1

    async def deliver(self) -> None:
        """Send what the outbox holds, for ever."""
        await self._reach(self._bot.get_me)
        await self._show_menu()
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        deafen = self._outbox.listen(lambda: loop.call_soon_threadsafe(woken.set))
        try:
            await self._send_all(woken)
        finally:
            deafen()

    async def _send_all(self, woken: asyncio.Event) -> None:
        slots = asyncio.Semaphore(SENDERS)

        def give_back(_: object) -> None:
            slots.release()
            woken.set()

        async with asyncio.TaskGroup() as senders:
            while True:
                await slots.acquire()
                woken.clear()
                delivery = await self._taken()
                if delivery is None:
                    slots.release()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), IDLE_S)
                else:
                    senders.create_task(self._send_safely(delivery)).add_done_callback(give_back)

    async def _show_menu(self) -> None:
        """Register the commands; the bot works without the menu too."""
        menu = [(command.removeprefix("/"), does) for command, does in words()["commands"].items()]
        try:
            await self._bot.set_my_commands(menu)
        except TelegramError as error:
            log.warning("the menu of commands is not set: %s", type(error).__name__)

    async def _taken(self) -> Delivery | None:
        """The next reply; None when there is none, or the database does not answer."""
        try:
            return await asyncio.to_thread(self._outbox.take, CHANNEL, now())
        except Exception as error:
            log.error("the outbox is not reached: %s", type(error).__name__)
            await asyncio.sleep(self._retry_s)
            return None

    async def _send_safely(self, delivery: Delivery) -> None:
        """Send; what fails beyond Telegram's errors is sent again when its lease is over."""
        try:
            await self._send(delivery)
        except Exception as error:
            log.error("delivery %s failed: %s", delivery.id, type(error).__name__)

    async def _reach(self, act: Callable[[], Awaitable[object]]) -> None:
        """The first call, again and again until Telegram answers: the other channels do not wait for it."""
        failures = 0
        while True:
            try:
                await self._bot.initialize()
                await act()
                return
            except TelegramError as error:
                log.warning("Telegram is not reached: %s", type(error).__name__)
                await asyncio.sleep(self._wait_s(failures, error))
                failures += 1

    async def _fetch_updates(self, offset: int) -> object:
        """What Telegram holds for us, as it says it: one update that the library cannot read hides no other."""
        asked = {"offset": offset, "timeout": POLL_TIMEOUT_S, "allowed_updates": UPDATES}
        given: object = await self._bot.do_api_request("get_updates", asked, read_timeout=POLL_TIMEOUT_S + 5)
        return given

    async def receive_all(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Chats beside each other, the updates of one chat in order; raises the first error once all is done."""
        chats: dict[int | None, list[Mapping[str, Any]]] = {}
        for update in updates:
            chats.setdefault(chat_of(update), []).append(update)
        results = await asyncio.gather(*map(self._receive_in_turn, chats.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _receive_in_turn(self, updates: Sequence[Mapping[str, Any]]) -> None:
        for update in updates:
            await self.receive(update)

    async def _receive_press(self, press: Press, chat_id: int) -> None:
        """Keep the first press of a keyboard; its name in the inbox is the keyboard's, so a second one is dropped."""
        payload = await asyncio.to_thread(self._payload, str(chat_id), press.data)
        name = f"press:{chat_id}:{press.message_id}"
        message = InboundMessage(CHANNEL, name, str(chat_id), now(), Kind.BUTTON, payload)
        is_first = await asyncio.to_thread(self._accept, message)
        self._in_background(self._acknowledge(press.query, is_first))
        self._in_background(self._settle(press.query, is_first))

    def _payload(self, address: str, data: str) -> str:
        """What a button says; buttons of earlier versions say it themselves."""
        named = CALLBACK.fullmatch(data)
        return self._outbox.payload(CHANNEL, address, int(named[1]), int(named[2])) if named else data

    def _in_background(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act)
        self._courtesies.add(task)
        task.add_done_callback(self._courtesies.discard)

    async def _acknowledge(self, query: telegram.CallbackQuery, is_first: bool) -> None:
        """Take the waiting mark off the button; an old button cannot be acknowledged, which is harmless."""
        try:
            await query.answer(None if is_first else words()["lines"]["chosen_before"])
        except TelegramError as error:
            log.info("callback not acknowledged: %s", type(error).__name__)

    async def _settle(self, query: telegram.CallbackQuery, is_first: bool) -> None:
        """Take the keyboard away; what was chosen is written under the message, where there is room."""
        message = query.message
        if not isinstance(message, telegram.Message) or message.reply_markup is None:
            return
        chosen = _chosen(message.reply_markup, query.data)
        try:
            if is_first and chosen and units(f"{message.text}\n\n{chosen}") <= LONGEST_MESSAGE:
                await message.edit_text(f"{message.text_html}\n\n{html.escape(chosen, quote=False)}", "HTML")
            else:
                await message.edit_reply_markup(None)
        except TelegramError as error:
            log.info("keyboard not taken away: %s", type(error).__name__)

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self._tell(delivery)
        except Forbidden:
            log.warning("delivery %s: the citizen does not let us in", delivery.id)
            await asyncio.to_thread(self._outbox.close_conversation, delivery, now())
        except BadRequest as error:
            log.warning("delivery %s refused: %s", delivery.id, type(error).__name__)
            await asyncio.to_thread(self._outbox.refused, delivery.id, "message")
        except TelegramError as error:
            log.warning("delivery %s failed: %s", delivery.id, type(error).__name__)
            at = now() + timedelta(seconds=self._wait_s(delivery.attempts, error))
            await asyncio.to_thread(self._outbox.retry, delivery, at)
            return
        else:
            await asyncio.to_thread(self._outbox.sent, delivery.id, now())
        self._told.pop(delivery.id, None)

    async def _tell(self, delivery: Delivery) -> None:
        """Send the file and the messages of a reply that were not sent yet."""
        reply, files = delivery.reply, 0
        if reply.sheet is not None:
            reply, files = await self._enclosed(delivery), 1
        messages = render(reply, delivery.id)
        for number in range(max(self._told.get(delivery.id, 0) - files, 0), len(messages)):
            text, keyboard = messages[number]
            await self._bot.send_message(delivery.address, text, parse_mode="HTML", reply_markup=keyboard)
            self._told[delivery.id] = files + number + 1

    async def _enclosed(self, delivery: Delivery) -> Reply:
        """Send the sheet of a reply, unless Telegram has it; the words that are left to say."""
        if delivery.id in self._told:
            return delivery.reply
        reply, file = await asyncio.to_thread(self._enclosures.of, delivery.reply, LARGEST_FILE)
        if file is None:
            return reply
        try:
            await self._bot.send_document(delivery.address, file.content, filename=file.name)
        except BadRequest as error:
            log.warning("delivery %s: its file is refused: %s", delivery.id, type(error).__name__)
            return self._enclosures.instead(reply)
        self._told[delivery.id] = 1
        return reply

    def _wait_s(self, attempts: int, error: Exception) -> float:
        """Never sooner than we were asked, twice as long after each attempt, and never together with others."""
        asked_s = _seconds(error.retry_after) if isinstance(error, RetryAfter) else 0.0
        return wait_s(attempts, self._jitter(), asked_s, self._retry_s)


def render(reply: Reply, delivery_id: int = 0) -> list[tuple[str, Keyboard | None]]:
    """The messages of a reply; the buttons, or the key that sends a place, stand under the last one."""
    texts = pages(reply)
    keyboard = _place_key() if reply.asks == "place" else _keyboard(reply.buttons, delivery_id)
    return [*((text, None) for text in texts[:-1]), (texts[-1], keyboard)]


def _place_key() -> telegram.ReplyKeyboardMarkup:
    """One key in place of the letters, gone after a press; whoever rather types may."""
    label = str(ticket_words()["buttons"]["send_place"])
    key = telegram.KeyboardButton(label, request_location=True)
    return telegram.ReplyKeyboardMarkup([[key]], resize_keyboard=True, one_time_keyboard=True)


def _keyboard(buttons: tuple[Button, ...], delivery_id: int) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return telegram.InlineKeyboardMarkup(
        [
            [telegram.InlineKeyboardButton(button.label, callback_data=f"#{delivery_id}.{number}")]
            for number, button in enumerate(buttons)
        ]
    )


def _chosen(keyboard: telegram.InlineKeyboardMarkup, data: str | None) -> str:
    """The line that says what was chosen; empty when the button is not there."""
    labels = [button.text for row in keyboard.inline_keyboard for button in row if button.callback_data == data]
    return str(words()["lines"]["chosen"]).format(label=labels[0]) if labels else ""


def _seconds(length: int | timedelta) -> float:
    return length.total_seconds() if isinstance(length, timedelta) else float(length)

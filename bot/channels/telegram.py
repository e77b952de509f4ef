"""Telegram: updates to inbound messages, replies to HTML messages with inline keyboards.

Updates come by webhook (web/webhooks.py) or by polling; replies leave through the outbox. Nothing else is kept here.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import telegram
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram_request import AiohttpRequest
from bot.compose import words
from bot.messages import Block, Button, InboundMessage, Kind, Reply
from bot.outbox import Delivery, Outbox
from bot.worker import now

log = logging.getLogger(__name__)

CHANNEL = "telegram"
LONGEST_MESSAGE = 4096
# UTF-16 code units
POLL_TIMEOUT_S = 25
CONNECTIONS = 32
IDLE_S = 0.1
RETRY_S = 2.0
LONGEST_RETRY_S = 300.0
UPDATES = ["message", "callback_query"]

Accept = Callable[[InboundMessage], bool]


def make_bot(token: str, api_url: str) -> telegram.Bot:
    """A client of the Bot API at an address."""
    return telegram.Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=AiohttpRequest(CONNECTIONS),
        get_updates_request=AiohttpRequest(1, POLL_TIMEOUT_S + 5),
    )


class Telegram:
    """One bot on Telegram."""

    def __init__(self, bot: telegram.Bot, accept: Accept, outbox: Outbox, retry_s: float = RETRY_S) -> None:
        self._bot = bot
        self._accept = accept
        self._outbox = outbox
        self._retry_s = retry_s

    async def receive(self, content: dict[str, Any]) -> None:
        """Commit one update of the webhook; returning means that it is kept."""
        update = telegram.Update.de_json(content, self._bot)
        message = inbound(update)
        if message is not None:
            await asyncio.to_thread(self._accept, message)
        if update.callback_query is not None:
            await self._acknowledge(update.callback_query)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Ask Telegram to push updates to us, until it agrees."""
        await self._reach(lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES))

    async def poll(self) -> None:
        """Fetch updates for ever; an update is acknowledged after it was committed, otherwise it comes again."""
        await self._reach(self._bot.delete_webhook)
        offset = 0
        while True:
            try:
                for update in await self._bot.get_updates(offset, timeout=POLL_TIMEOUT_S, allowed_updates=UPDATES):
                    await self.receive(update.to_dict())
                    offset = update.update_id + 1
            except Exception as error:
                log.warning("polling failed: %s", type(error).__name__)
                await asyncio.sleep(self._retry_s)

    async def deliver(self) -> None:
        """Send what the outbox holds, for ever."""
        await self._reach(self._bot.get_me)
        while True:
            try:
                delivery = await asyncio.to_thread(self._outbox.take, CHANNEL, now())
                await (asyncio.sleep(IDLE_S) if delivery is None else self._send(delivery))
            except Exception as error:
                log.error("delivering failed: %s", type(error).__name__)
                await asyncio.sleep(self._retry_s)

    async def _reach(self, act: Callable[[], Awaitable[object]]) -> None:
        """The first call, again and again until Telegram answers: the other channels do not wait for it."""
        while True:
            try:
                await self._bot.initialize()
                await act()
                return
            except TelegramError as error:
                log.warning("Telegram is not reached: %s", type(error).__name__)
                await asyncio.sleep(self._retry_s)

    async def _send(self, delivery: Delivery) -> None:
        try:
            for text, keyboard in render(delivery.reply):
                await self._bot.send_message(delivery.address, text, parse_mode="HTML", reply_markup=keyboard)
        except RetryAfter as error:
            await asyncio.to_thread(self._outbox.retry, delivery, now() + _length(error.retry_after))
        except (Forbidden, BadRequest) as error:
            log.warning("delivery %s refused: %s", delivery.id, type(error).__name__)
            await asyncio.to_thread(self._outbox.refused, delivery.id)
        except TelegramError as error:
            log.warning("delivery %s failed: %s", delivery.id, type(error).__name__)
            wait_s = min(self._retry_s * 2**delivery.attempts, LONGEST_RETRY_S)
            await asyncio.to_thread(self._outbox.retry, delivery, now() + timedelta(seconds=wait_s))
        else:
            await asyncio.to_thread(self._outbox.sent, delivery.id, now())

    async def _acknowledge(self, query: telegram.CallbackQuery) -> None:
        """Take the waiting mark off the button; an old button cannot be acknowledged, which is harmless."""
        try:
            await query.answer()
        except TelegramError as error:
            log.info("callback not acknowledged: %s", type(error).__name__)


def inbound(update: telegram.Update) -> InboundMessage | None:
    """The message of an update; None for kinds we do not serve."""
    chat = update.effective_chat
    if chat is None or chat.type != chat.PRIVATE:
        return None
    kind, text = _said(update)
    if kind is None:
        return None
    return InboundMessage(CHANNEL, str(update.update_id), str(chat.id), now(), kind, text)


def _said(update: telegram.Update) -> tuple[Kind | None, str]:
    """What was sent, and its words."""
    query, message = update.callback_query, update.message
    if query is not None:
        return Kind.BUTTON, query.data or ""
    if message is None:
        return None, ""
    if message.text is not None:
        return Kind.TEXT, words()["commands"].get(message.text.strip(), message.text)
    return Kind.ATTACHMENT, message.caption or ""


def render(reply: Reply) -> list[tuple[str, telegram.InlineKeyboardMarkup | None]]:
    """Messages of at most 4096 UTF-16 units, cut between lines; the buttons stand under the last one."""
    parts = _packed([line for block in reply.blocks for line in _lines(block)])
    return [(part, None) for part in parts[:-1]] + [(parts[-1], _keyboard(reply.buttons))]


def _keyboard(buttons: tuple[Button, ...]) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return telegram.InlineKeyboardMarkup(
        [[telegram.InlineKeyboardButton(button.label, callback_data=button.payload)] for button in buttons]
    )


def _lines(block: Block) -> list[str]:
    """A block as HTML lines, an empty one behind it."""
    safe = [html.escape(line, quote=False) for line in block.lines]
    match block.kind:
        case "heading":
            return [f"<b>{line}</b>" for line in safe]
        case "bullets":
            return [*(f"• {line}" for line in safe), ""]
        case "warning":
            return [*(f"⚠️ {line}" for line in safe), ""]
        case "source":
            return [f"<i>{line}</i>" for line in safe]
    return [*safe, ""]


def _packed(lines: list[str]) -> list[str]:
    parts: list[str] = []
    current = ""
    for line in (piece for whole in lines for piece in _pieces(whole)):
        longer = f"{current}\n{line}" if current else line
        if _units(longer) > LONGEST_MESSAGE:
            parts.append(current.strip())
            longer = line
        current = longer
    return [*parts, current.strip()] if current.strip() or not parts else parts


def _pieces(line: str) -> list[str]:
    """A line that is too long on its own, cut between words, never inside `&amp;`. Such a line carries no tag."""
    pieces = []
    while _units(line) > LONGEST_MESSAGE:
        cut = line.rfind(" ", 0, LONGEST_MESSAGE // 2)
        cut = cut if cut > 0 else LONGEST_MESSAGE // 2
        escaped = line.rfind("&", cut - 4, cut)
        cut = escaped if escaped > 0 and ";" not in line[escaped:cut] else cut
        pieces.append(line[:cut])
        line = line[cut:].strip()
    return [*pieces, line]


def _length(seconds: int | timedelta) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2

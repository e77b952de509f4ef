"""Telegram, driven through its emulator by webhook."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.channels import telegram
from bot.wording import words
from integrations.stand_ins.telegram import app as stand_in
from tests.conformance.driver import LABELS, Arrived, Driver, Place
from tests.serving import free_port, served, until
from web import webhooks

CHOSEN = words()["lines"]["chosen"].partition("{")[0]
TOKEN, SECRET = "1234:TEST", "a-secret"
numbers = count(1_000)


class TelegramDriver(Driver):
    """A person on Telegram."""

    longest = 4096
    pictures_are_read = True
    most_buttons = 100

    def __init__(self, control: httpx.Client, webhook: str) -> None:
        self._control, self._webhook = control, webhook
        self._chat = next(numbers)

    @classmethod
    @contextmanager
    def running(cls, place: Place) -> Iterator[Callable[[], Driver]]:
        """The emulator and the channel beside it."""
        port = free_port()
        address = f"http://127.0.0.1:{port}{webhooks.TELEGRAM_PATH}"
        emulator = stand_in(TOKEN, retry_s=0.05)
        with (
            served(emulator) as api,
            httpx.Client(base_url=api) as control,
            served(channel_app(place, api, address), port),
        ):
            yield lambda: cls(control, address)

    def write(self, text: str) -> None:
        self._do("message", text=text)

    def write_twice(self, text: str) -> None:
        person = {"id": self._chat, "is_bot": False, "first_name": "Lan"}
        message = {"message_id": 1, "date": 0, "from": person, "chat": {**person, "type": "private"}, "text": text}
        update = {"update_id": 10**6 + next(numbers), "message": message}
        for _ in range(2):
            headers = {webhooks.TELEGRAM_SECRET: SECRET}
            httpx.post(self._webhook, json=update, headers=headers).raise_for_status()

    def press(self, label: str) -> None:
        for message in reversed(self._sent()):
            for button in _buttons(message):
                if button["text"] == label:
                    self._do("callback", message_id=message["message_id"], data=button["callback_data"])
                    return
        raise AssertionError(f"no button {label}")

    def send_picture(self, content: bytes = b"") -> None:
        self._do("photo", **({"content": b64encode(content).decode()} if content else {}))

    def arrived(self) -> list[Arrived]:
        return [
            Arrived(_without_choice(item["text"]), tuple(button["text"] for button in _buttons(item)))
            for item in self._sent()
            if "text" in item
        ]

    def take_sheet(self, is_large: bool) -> bytes:
        before = len(self._documents())
        self.press(LABELS[is_large])
        until(lambda: len(self._documents()) > before)
        return self._file(self._documents()[-1])

    def _documents(self) -> list[str]:
        return [item["document"]["file_id"] for item in self._sent() if "document" in item]

    def _file(self, file_id: str) -> bytes:
        found = self._control.get(f"/bot{TOKEN}/getFile", params={"file_id": file_id}).json()["result"]
        return self._control.get(f"/file/bot{TOKEN}/{found['file_path']}").content

    def cut_off(self) -> None:
        self._do("fault", mode="500_html", method="sendMessage")

    def reconnect(self) -> None:
        self._do("fault", mode="ok")

    def _do(self, order: str, **content: Any) -> None:
        self._control.post(f"/__control/{order}", json={"chat_id": self._chat, **content}).raise_for_status()

    def _sent(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = self._control.get("/__control/sent", params={"chat_id": self._chat}).json()
        return sent


def _without_choice(text: str) -> str:
    """A message without the line that shows which of its buttons was pressed."""
    return text.partition(CHOSEN)[0].rstrip()


def _buttons(message: dict[str, Any]) -> list[dict[str, str]]:
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def channel_app(place: Place, api: str, address: str) -> Starlette:
    """The channel's tasks beside its route."""
    bot = telegram.make_bot(TOKEN, api)
    channel = telegram.Telegram(bot, place.push, place.outbox, 0.05, enclosures=place.enclosures)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        work = (channel.deliver(), channel.set_webhook(address, SECRET))
        tasks = [asyncio.create_task(item) for item in work]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bot.shutdown()

    return Starlette(routes=[webhooks.telegram(channel.receive, SECRET)], lifespan=lifespan)

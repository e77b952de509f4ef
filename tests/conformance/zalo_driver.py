"""Zalo, driven through its emulator by signed webhook."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.channels import zalo
from bot.loop import Loop
from bot.present import now
from bot.zalo_tokens import ZaloTokens
from integrations.stand_ins.zalo import app
from integrations.stand_ins.zalo.account import Account
from integrations.zalo import ZaloClient, ZaloSettings
from integrations.zalo_photos import ZaloPhotos
from integrations.zalo_tokens import OAuthClient, OAuthSettings, Tokens
from tests.conformance.driver import LABELS, Arrived, Driver, Place
from tests.serving import free_port, served, until
from web import webhooks

ACCOUNT = Account(retries_s=(0.1, 0.1, 0.1), rate_per_s=1000)
numbers = count(1)


class ZaloDriver(Driver):
    """A person on Zalo."""

    longest = 2000
    pictures_are_read = True
    most_buttons = 5

    def __init__(self, control: httpx.Client) -> None:
        self._control = control
        self._user = f"citizen-{next(numbers)}"

    @classmethod
    @contextmanager
    def running(cls, place: Place) -> Iterator[Callable[[], Driver]]:
        """The emulator, and the channel with two senders beside it."""
        port = free_port()
        address = f"http://127.0.0.1:{port}{webhooks.ZALO_PATH}"
        book = ZaloTokens(place.store, ACCOUNT.app_id, "key")
        book.seed(ACCOUNT.refresh_token, now())
        with served(app(ACCOUNT, address)) as api, httpx.Client(base_url=api) as control:
            oauth = OAuthClient(OAuthSettings(ACCOUNT.app_id, ACCOUNT.app_secret, api), now)
            client = ZaloClient(ZaloSettings(api), Tokens(oauth, book, now))
            seal = zalo.Seal(ACCOUNT.app_id, ACCOUNT.oa_secret)
            photos, goes = ZaloPhotos([api]), place.enclosures
            channel = zalo.Zalo(client, place.push, place.outbox, seal, retry_s=0.05, photos=photos, enclosures=goes)
            sender = Loop(channel.step, 2)
            place.outbox.listen(sender.ring)
            with served(Starlette(routes=[webhooks.zalo(channel.receive)]), port):
                control.post("/__control/paid", json={"messages": 1000})
                sender.start()
                yield lambda: cls(control)
                sender.stop()
            oauth.close(), client.close()

    def write(self, text: str) -> None:
        self._do("text", text=text)

    def write_twice(self, text: str) -> None:
        for _ in range(2):
            self._do("text", text=text, msg_id=f"{self._user}-twice")

    def press(self, label: str) -> None:
        pressed = [item for item in self._sent() if label in [button["title"] for button in _buttons(item)]]
        self._do("press", message_id=pressed[-1]["message_id"], title=label)

    def send_picture(self, content: bytes = b"") -> None:
        self._do("image", **({"content": b64encode(content).decode()} if content else {}))

    def arrived(self) -> list[Arrived]:
        return [
            Arrived(item["message"]["text"], tuple(button["title"] for button in _buttons(item)))
            for item in self._sent()
            if "text" in item["message"]
        ]

    def take_sheet(self, is_large: bool) -> bytes:
        before = len(self._tokens())
        self.press(LABELS[is_large])
        until(lambda: len(self._tokens()) > before)
        return self._control.get(f"/files/{self._tokens()[-1]}").content

    def _tokens(self) -> list[str]:
        attached = (item["message"].get("attachment", {}) for item in self._sent())
        return [item["payload"]["token"] for item in attached if item.get("type") == "file"]

    def cut_off(self) -> None:
        self._fault(mode="500_html", path="message")

    def reconnect(self) -> None:
        self._fault(mode="ok")

    def _do(self, order: str, **content: Any) -> None:
        self._control.post(f"/__control/{order}", json={"user_id": self._user, **content}).raise_for_status()

    def _fault(self, **order: str) -> None:
        self._control.post("/__control/fault", json=order).raise_for_status()

    def _sent(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = self._control.get("/__control/sent", params={"user_id": self._user}).json()
        return sent


def _buttons(sent: dict[str, Any]) -> list[dict[str, str]]:
    buttons: list[dict[str, str]] = sent["message"].get("attachment", {}).get("payload", {}).get("buttons", [])
    return buttons

"""The web chat, driven over HTTP as its script does: posts, and a stream of answers that goes on after the last one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx

from bot.aside import SetAside
from bot.board import Board
from bot.callback import Callbacks
from bot.cards import Cards
from bot.drafts import Drafts
from bot.errands import Errands
from bot.mailbox import Mailbox
from bot.messages import Kind
from bot.present import now
from bot.search import Search
from bot.sessions import Numbers
from tests.conformance.driver import Arrived, Driver, Place
from tests.serving import served
from tests.town import Clock, access, assistant, catalogue, oversight
from web.app import create_app
from web.ports import Ports
from web.sheet_page import SheetPage


class _Inbox:
    """What wakes the workers, as the pages call it."""

    def __init__(self, place: Place) -> None:
        self.accept = place.accept


class WebchatDriver(Driver):
    """A person with a browser."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address)
        self._http.get("/").raise_for_status()
        self._replies: list[tuple[Arrived, dict[str, str]]] = []
        # with the payloads of the buttons by their labels
        self._seen = 0
        self._is_cut_off = False
        self._sources: list[dict[str, str]] = []
        # of the newest answer from a record

    @classmethod
    @contextmanager
    def running(cls, place: Place) -> Iterator[Callable[[], Driver]]:
        """The web application."""
        mailbox, numbers = Mailbox(place.store, place.outbox), Numbers(place.store)
        with served(
            create_app(
                Ports(
                    _Inbox(place),
                    mailbox,
                    place.desk,
                    Board(place.store),
                    Cards(catalogue, Clock()),
                    Search(place.store),
                    Drafts(place.store, assistant, Clock()),
                    place.officers,
                    numbers,
                    SetAside(place.store),
                    access(place.store),
                    oversight(place.store),
                    Errands(place.store, Callbacks("secret")),
                ),
                "secret",
                SheetPage.over(place.sheets, now).routes(),
            )
        ) as address:
            opened: list[WebchatDriver] = []

            def sit_down() -> Driver:
                opened.append(cls(address))
                return opened[-1]

            yield sit_down
            for driver in opened:
                driver._http.close()

    def write(self, text: str) -> None:
        self._post(Kind.TEXT, text)

    def write_twice(self, text: str) -> None:
        message_id = str(uuid4())
        for _ in range(2):
            self._post(Kind.TEXT, text, message_id)

    def press(self, label: str) -> None:
        self.arrived()
        self._post(Kind.BUTTON, next(payloads[label] for _, payloads in reversed(self._replies) if label in payloads))

    def send_picture(self, content: bytes = b"") -> None:
        self._post(Kind.ATTACHMENT, "")

    def arrived(self) -> list[Arrived]:
        if not self._is_cut_off:
            self._listen()
        return [shown for shown, _ in self._replies]

    def take_sheet(self, is_large: bool) -> bytes:
        """As chat.js links to it."""
        self.arrived()
        source = self._sources[-1]
        query = {"truong_hop": source["case_id"], "co_chu": "lon" if is_large else ""}
        wanted = {name: value for name, value in query.items() if value}
        return self._http.get(f"/phieu/{source['code']}.pdf", params=wanted).content

    def cut_off(self) -> None:
        self._is_cut_off = True

    def reconnect(self) -> None:
        self._is_cut_off = False

    def _post(self, kind: Kind, text: str, message_id: str = "") -> None:
        body = {"id": message_id or str(uuid4()), "kind": kind.value, "text": text}
        self._http.post("/chat/messages", json=body).raise_for_status()

    def _listen(self) -> None:
        """What waits comes first on the stream; then it says who answers."""
        with self._http.stream("GET", "/chat/events", headers={"Last-Event-ID": str(self._seen)}) as answer:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    self._seen = int(value)
                elif name == "data" and "blocks" in (content := json.loads(value)):
                    lines = [text for block in content["blocks"] for text in block["lines"]]
                    payloads = {button["label"]: button["payload"] for button in content["buttons"]}
                    self._replies.append((Arrived("\n".join(lines), tuple(payloads)), payloads))
                    self._sources = content["sources"] or self._sources
                elif name == "data":
                    return

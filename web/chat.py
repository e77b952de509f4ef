"""The web chat: one page, one form, one stream of answers."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.messages import InboundMessage, Kind
from web.cookies import SignedCookie
from web.pages import Pages
from web.ports import Delivery, Inbox, Line, Mailbox, Owner, Ports

CHANNEL = "webchat"
SESSION_AGE_S = 24 * 3600
MAX_TEXT = 20_000
POLL_S = 0.25
PING_S = 15
SPOKEN = ("authors", "attachment", "source", "owner", "status", "chat", "errors")
# the words that the script says too
FORM_WAIT_S = 3.0
# how long a page without scripts waits for its answer


class BadMessage(ValueError):
    """What the browser sent is not a message."""


class TextTooLong(ValueError):
    """The text is longer than we take."""


@dataclass(frozen=True)
class Chat:
    """The citizen's pages."""

    inbox: Inbox
    mailbox: Mailbox
    pages: Pages
    cookie: SignedCookie

    @classmethod
    def over(cls, ports: Ports, pages: Pages, secret: str) -> Chat:
        """The chat over its neighbours."""
        return cls(ports.inbox, ports.mailbox, pages, SignedCookie("chat", secret, SESSION_AGE_S))

    def routes(self) -> list[Route]:
        """Where the chat is found."""
        return [
            Route("/", self.show),
            Route("/chat/messages", self.receive, methods=["POST"]),
            Route("/chat/form", self.submit, methods=["POST"]),
            Route("/chat/events", self.events),
            Route("/chat/new", self.renew, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page with everything said so far."""
        return await self._page(request, self.cookie.read(request) or new_address())

    async def receive(self, request: Request) -> Response:
        """Commit one message from the script, then say that we have it."""
        address = self.cookie.read(request)
        if address is None:
            raise HTTPException(401)
        try:
            message = parse_message(await request.body(), address)
        except TextTooLong:
            return JSONResponse({"error": self.pages.words["chat"]["too_long"]}, 413)
        except BadMessage as error:
            raise HTTPException(400) from error
        new = await run_in_threadpool(self.inbox.accept, message)
        response = JSONResponse({"id": message.message_id, "new": new}, 202)
        self.cookie.write(response, request, address)
        return response

    async def submit(self, request: Request) -> Response:
        """Commit one message from the plain form, wait a little for the answer, show the page."""
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        draft = fields.get("text", "").replace("\r\n", "\n")
        address = self.cookie.read(request)
        if address is None:
            return await self._page(request, new_address(), 401, self.pages.words["status"]["expired"], draft)
        try:
            message = form_message(fields, draft, address)
        except TextTooLong:
            return await self._page(request, address, 413, self.pages.words["chat"]["too_long"], draft)
        except BadMessage:
            return await self._page(request, address, 400, self.pages.words["chat"]["empty"], draft)
        lines = await run_in_threadpool(self.mailbox.transcript, CHANNEL, address)
        if await run_in_threadpool(self.inbox.accept, message):
            await self._answered(address, last_id(lines))
        return RedirectResponse("/#box", 303)

    async def events(self, request: Request) -> Response:
        """The stream of answers after the last one that the browser has."""
        address = self.cookie.read(request)
        if address is None:
            raise HTTPException(401)
        seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after_id = int(seen) if re.fullmatch(r"[0-9]{1,18}", seen) else 0
        return EventSourceResponse(self._stream(address, after_id), ping=PING_S)

    async def renew(self, request: Request) -> Response:
        """Leave this conversation and start a fresh one."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise HTTPException(403)
        response = RedirectResponse("/", 303)
        self.cookie.write(response, request, new_address())
        return response

    async def _page(
        self, request: Request, address: str, status: int = 200, error: str = "", draft: str = ""
    ) -> Response:
        lines = await run_in_threadpool(self.mailbox.transcript, CHANNEL, address)
        owner = await run_in_threadpool(self.mailbox.owner, CHANNEL, address)
        spoken = {name: self.pages.words[name] for name in SPOKEN}
        values = {"lines": lines, "after": last_id(lines), "form_id": uuid4(), "spoken": spoken}
        response = self.pages.show(request, "chat.html", status, owner=owner, error=error, draft=draft, **values)
        self.cookie.write(response, request, address)
        return response

    async def _answered(self, address: str, after_id: int) -> None:
        for _ in range(int(FORM_WAIT_S / POLL_S)):
            deliveries, owner = await run_in_threadpool(self._news, address, after_id)
            if deliveries or owner in ("queue", "officer"):
                return
            await asyncio.sleep(POLL_S)

    async def _stream(self, address: str, after_id: int) -> AsyncIterator[ServerSentEvent]:
        told: Owner | None = None
        while True:
            deliveries, owner = await run_in_threadpool(self._news, address, after_id)
            for delivery in deliveries:
                after_id = delivery.id
                yield message_event(delivery)
            if owner != told:
                told = owner
                yield ServerSentEvent(event="owner", data=json.dumps({"owner": owner}))
            await asyncio.sleep(POLL_S)

    def _news(self, address: str, after_id: int) -> tuple[list[Delivery], Owner]:
        return self.mailbox.outgoing(CHANNEL, address, after_id), self.mailbox.owner(CHANNEL, address)


def new_address() -> str:
    """A session that nobody can guess."""
    return secrets.token_urlsafe(24)


def parse_message(body: bytes, address: str) -> InboundMessage:
    """The message in the script's JSON."""
    try:
        sent = json.loads(body)
        return inbound(address, sent["id"], Kind(sent["kind"]), sent["text"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, TextTooLong):
            raise
        raise BadMessage(str(error)) from error


def form_message(fields: dict[str, str], draft: str, address: str) -> InboundMessage:
    """The message in the plain form: a pressed button, an offered question, or what was typed."""
    kind = Kind.BUTTON if "button" in fields else Kind.TEXT
    return inbound(address, fields.get("id", ""), kind, fields.get("button") or fields.get("say") or draft)


def inbound(address: str, given_id: Any, kind: Kind, text: Any) -> InboundMessage:
    """One message, checked; its id counts within its session only."""
    if not (isinstance(given_id, str) and isinstance(text, str)):
        raise BadMessage("id and text are strings")
    if len(text) > MAX_TEXT:
        raise TextTooLong(len(text))
    if not storable(text) or (kind != Kind.ATTACHMENT and not text.strip()):
        raise BadMessage("no text")
    try:
        message_id = f"{address}:{UUID(given_id)}"
    except ValueError as error:
        raise BadMessage("id is no UUID") from error
    return InboundMessage(CHANNEL, message_id, address, datetime.now(UTC), kind, text)


def storable(text: str) -> bool:
    """Whether a database can keep the text: no NUL, no half of a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def last_id(lines: list[Line]) -> int:
    """The id of the last answer on the page."""
    return max((line.id for line in lines if line.id is not None), default=0)


def message_event(delivery: Delivery) -> ServerSentEvent:
    """One whole answer as the page's script reads it."""
    data = {**asdict(delivery.reply), "at": delivery.created_at.isoformat()}
    text = json.dumps(data, ensure_ascii=False, default=date.isoformat)
    return ServerSentEvent(event="message", id=str(delivery.id), data=text)

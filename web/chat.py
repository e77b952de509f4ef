"""The web chat: one page, one form, one stream of answers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import date
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import flood
from bot.messages import InboundMessage, Kind
from bot.present import now
from bot.sheet import CHAT_QUESTION
from bot.utterance import storable
from web.cookies import SignedCookie
from web.headers import FRAMED
from web.newest import BEAT_S, Newest
from web.pages import Pages
from web.ports import Delivery, Inbox, Line, Mailbox, NotKept, Owner, Ports, TooMany
from web.sessions import Card, Sessions, new_card

CHANNEL = "webchat"
CODE = re.compile(r"[0-9]\.[0-9]{6}")
# of a procedure that the address of the page asks about (a guidance sheet's QR code)
SESSION_AGE_S = 24 * 3600
MAX_TEXT = 20_000
POLL_S = 0.25
# of a page without scripts
LOOK_EVERY_S = 1.0
# of a stream, when no reply was announced: who answers may have changed
PING_S = 15
STREAM_AGE_S = 1800.0
RETRY_MS = 1000
SPOKEN = ("authors", "sheet", "attachment", "source", "owner", "status", "chat", "print", "errors")
# the words that the script says too
AGAIN_S = 8
# a message that could not be stored is sent again after so long
FORM_WAIT_S = 3.0
# how long a page without scripts waits for its answer


class BadMessage(ValueError):
    """What the browser sent is not a message."""


class TextTooLong(ValueError):
    """The text is longer than we take."""


def page_cookie(secret: str) -> SignedCookie:
    """What names the conversation of the chat as a page of its own."""
    return SignedCookie("chat", secret, SESSION_AGE_S)


def frame_cookie(secret: str) -> SignedCookie:
    """What names the conversation of the chat in a frame of an agency's site."""
    return SignedCookie("chat-embed", secret, SESSION_AGE_S, FRAMED, framed=True)


@dataclass(frozen=True)
class Chat:
    """The citizen's pages."""

    inbox: Inbox
    mailbox: Mailbox
    pages: Pages
    sessions: Sessions
    replies: Newest[str]
    # by address: when a stream is to look
    base: str = ""
    # where these pages are: at the root, or under the address that other sites may show in a frame
    stream_age_s: float = STREAM_AGE_S
    # then the browser connects again, and its session is looked at again

    @classmethod
    def over(cls, ports: Ports, pages: Pages, secret: str, replies: Newest[str]) -> Chat:
        """The chat as a page of its own."""
        return cls(ports.inbox, ports.mailbox, pages, Sessions(page_cookie(secret), ports.numbers), replies)

    @classmethod
    def framed(cls, ports: Ports, pages: Pages, secret: str, replies: Newest[str]) -> Chat:
        """The chat in a frame of an agency's site."""
        return cls(ports.inbox, ports.mailbox, pages, Sessions(frame_cookie(secret), ports.numbers), replies, FRAMED)

    def routes(self) -> list[Route]:
        """Where the chat is found."""
        short = Middleware(RequestBodyLimitMiddleware, max_body_size=flood.load().chat_bytes)
        return [
            Route(self.base or "/", self.show),
            Route(f"{self.base}/chat/messages", self.receive, methods=["POST"], middleware=[short]),
            Route(f"{self.base}/chat/form", self.submit, methods=["POST"], middleware=[short]),
            Route(f"{self.base}/chat/events", self.events),
            Route(f"{self.base}/chat/new", self.renew, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page with everything said so far."""
        return await self._page(request, await self.sessions.read(request) or new_card())

    async def receive(self, request: Request) -> Response:
        """Commit one message from the script, then say that we have it."""
        refuse_strangers(request)
        card = await self.sessions.read(request)
        if card is None:
            raise HTTPException(401)
        try:
            message = parse_message(await request.body(), card.address)
        except TextTooLong:
            return JSONResponse({"error": self.pages.words["chat"]["too_long"]}, 413)
        except BadMessage as error:
            raise HTTPException(400) from error
        try:
            new = await run_in_threadpool(self.inbox.accept, message, network(request))
        except TooMany as error:
            return JSONResponse({"error": error.reply.plain()}, 429, {"Retry-After": str(error.retry_after_s)})
        except NotKept:
            return JSONResponse({"error": self.pages.words["chat"]["not_kept"]}, 503, {"Retry-After": str(AGAIN_S)})
        response = JSONResponse({"id": message.message_id, "new": new}, 202)
        self.sessions.write(response, request, card)
        return response

    async def submit(self, request: Request) -> Response:
        """Commit one message from the plain form, wait a little for the answer, show the page."""
        refuse_strangers(request)
        async with request.form(max_files=0) as form:
            fields = {name: str(value) for name, value in form.items()}
        draft = fields.get("text", "").replace("\r\n", "\n")
        card = await self.sessions.read(request)
        if card is None:
            return await self._page(request, new_card(), 401, self.pages.words["status"]["expired"], draft)
        try:
            message = form_message(fields, draft, card.address)
        except TextTooLong:
            return await self._page(request, card, 413, self.pages.words["chat"]["too_long"], draft)
        except BadMessage:
            return await self._page(request, card, 400, self.pages.words["chat"]["empty"], draft)
        lines = await run_in_threadpool(self.mailbox.transcript, CHANNEL, card.address)
        try:
            new = await run_in_threadpool(self.inbox.accept, message, network(request))
        except TooMany as error:
            page = await self._page(request, card, 429, error.reply.plain(), draft)
            page.headers["Retry-After"] = str(error.retry_after_s)
            return page
        except NotKept:
            return await self._page(request, card, 503, self.pages.words["chat"]["not_kept"], draft)
        if new:
            await self._answered(card.address, last_id(lines))
        return RedirectResponse(f"{self.base or '/'}#box", 303)

    async def events(self, request: Request) -> Response:
        """The stream of answers after the last one that the browser has."""
        card = await self.sessions.read(request)
        if card is None:
            raise HTTPException(401)
        seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after_id = int(seen) if re.fullmatch(r"[0-9]{1,18}", seen) else 0
        response = EventSourceResponse(self._stream(card.address, after_id), ping=PING_S, ping_message_factory=ping)
        self.sessions.write(response, request, card)
        return response

    async def renew(self, request: Request) -> Response:
        """Leave this conversation and start a fresh one."""
        refuse_strangers(request)
        response = RedirectResponse(self.base or "/", 303)
        self.sessions.write(response, request, new_card())
        return response

    async def _page(
        self, request: Request, card: Card, status: int = 200, error: str = "", draft: str = ""
    ) -> Response:
        lines = await run_in_threadpool(self.mailbox.transcript, CHANNEL, card.address)
        owner = await run_in_threadpool(self.mailbox.owner, CHANNEL, card.address)
        asked = request.query_params.get(CHAT_QUESTION, "")
        spoken = {name: self.pages.words[name] for name in SPOKEN}
        values: dict[str, Any] = {
            "lines": lines,
            "after": last_id(lines),
            "form_id": uuid4(),
            "spoken": spoken,
            "base": self.base,
            "asked": asked if CODE.fullmatch(asked) else "",
        }
        response = self.pages.show(request, "chat.html", status, owner=owner, error=error, draft=draft, **values)
        self.sessions.write(response, request, card)
        return response

    async def _answered(self, address: str, after_id: int) -> None:
        for _ in range(int(FORM_WAIT_S / POLL_S)):
            deliveries, owner = await run_in_threadpool(self._news, address, after_id)
            if deliveries or owner in ("queue", "officer"):
                return
            await asyncio.sleep(POLL_S)

    async def _stream(self, address: str, after_id: int) -> AsyncIterator[ServerSentEvent]:
        told: Owner | None = None
        newest, look_at = -1, 0.0
        ends_at = time.monotonic() + self.stream_age_s
        while time.monotonic() < ends_at:
            await self.replies.look()
            if self.replies.of(address) == newest and time.monotonic() < look_at:
                await asyncio.sleep(BEAT_S)
                continue
            newest, look_at = self.replies.of(address), time.monotonic() + LOOK_EVERY_S
            deliveries, owner = await run_in_threadpool(self._news, address, after_id)
            for delivery in deliveries:
                after_id = delivery.id
                yield message_event(delivery)
            if owner != told:
                told = owner
                yield ServerSentEvent(event="owner", data=json.dumps({"owner": owner}), retry=RETRY_MS)
            await asyncio.sleep(BEAT_S)

    def _news(self, address: str, after_id: int) -> tuple[list[Delivery], Owner]:
        return self.mailbox.outgoing(CHANNEL, address, after_id), self.mailbox.owner(CHANNEL, address)


def refuse_strangers(request: Request) -> None:
    """Only our own pages may write: a session in a frame is guarded by no SameSite rule."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is not None:
        site = "same-origin" if urlsplit(origin).netloc == request.headers.get("host") else "cross-site"
    if site not in (None, "same-origin", "none"):
        raise HTTPException(403)


def network(request: Request) -> str:
    """The network a message comes from: an IPv4 address, or the 64 bits of an IPv6 address that one line is given."""
    host = request.client.host if request.client else ""
    return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host


def ping() -> ServerSentEvent:
    """A sign of life that the page's script can hear, other than a comment."""
    return ServerSentEvent(event="ping", data="1")


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
    return InboundMessage(CHANNEL, message_id, address, now(), kind, text)


def last_id(lines: list[Line]) -> int:
    """The id of the last answer on the page."""
    return max((line.id for line in lines if line.id is not None), default=0)


def message_event(delivery: Delivery) -> ServerSentEvent:
    """One whole answer as the page's script reads it."""
    data = {**asdict(delivery.reply), "at": delivery.created_at.isoformat()}
    text = json.dumps(data, ensure_ascii=False, default=date.isoformat)
    return ServerSentEvent(event="message", id=str(delivery.id), data=text)

"""The Bot API and the control routes as a web application."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from integrations.stand_ins.telegram.calls import Call, json_object
from integrations.stand_ins.telegram.chats import Chats
from integrations.stand_ins.telegram.markup import Json
from integrations.stand_ins.telegram.refusals import Rejected, bad_request
from integrations.stand_ins.telegram.updates import Updates

CALLS_KEPT = 10_000


class Method(Protocol):
    """A method of the Bot API."""

    __name__: str

    async def __call__(self, call: Call) -> object:
        """What the method gives back."""


Order = Callable[[Json], Json]


@dataclass(frozen=True)
class Record:
    """A call that was made."""

    method: str
    # as it was asked for
    at: float
    # seconds since 1970, when it was answered
    call: Call
    answer: Response


@dataclass
class Fault:
    """How the next calls go wrong."""

    mode: str = "ok"
    left: int | None = None
    # calls still to spoil; None means until told otherwise
    method: str = ""
    # lower case; empty means any but getUpdates
    retry_after_s: int = 1
    delay_s: float = 10.0
    after: int = 0
    # calls that still go well before

    def take(self, method: str) -> str:
        """The mode of this call."""
        meant = method == self.method if self.method else method != "getupdates"
        if not meant or self.left == 0:
            return "ok"
        if self.after:
            self.after -= 1
            return "ok"
        if self.left is not None:
            self.left -= 1
        return self.mode


class Api:
    """The routes of one bot."""

    def __init__(self, token: str, retry_s: float) -> None:
        self.token = token
        self.updates = Updates(retry_s)
        self.chats = chats = Chats(int(token.split(":")[0]), self.updates)
        self.fault = Fault()
        self.records: deque[Record] = deque(maxlen=CALLS_KEPT)
        methods = (
            self.updates.getUpdates, self.updates.setWebhook, self.updates.deleteWebhook, self.updates.getWebhookInfo,
            chats.getMe, chats.sendMessage, chats.sendPhoto, chats.sendDocument, chats.editMessageText,
            chats.editMessageReplyMarkup, chats.deleteMessage, chats.answerCallbackQuery, chats.sendChatAction,
            chats.setMyCommands, chats.getMyCommands, chats.getFile,
        )  # fmt: skip
        self.methods: Mapping[str, Method] = {method.__name__.lower(): method for method in methods}
        self.orders: Mapping[str, Order] = {
            "message": chats.user_writes, "photo": chats.user_sends_photo,
            "document": chats.user_sends_document, "location": chats.user_sends_location,
            "contact": chats.user_sends_contact, "callback": chats.user_presses, "voice": chats.user_sends_voice,
            "block": chats.user_blocks, "fault": self.set_fault,
        }  # fmt: skip

    async def method(self, request: Request) -> Response:
        """Answers one call of the bot and remembers it."""
        name, call = request.path_params["method"], Call({})
        try:
            method = self._method(request.path_params["token"], name)
            call = await Call.of(request)
            answer = await self._answer(method, call)
        except Rejected as refusal:
            answer = _refusal(refusal)
        self.records.append(Record(name, time.time(), call, answer))
        return answer

    def _method(self, token: str, name: str) -> Method:
        """The method, unless the token is malformed or another bot's, or the method unknown."""
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise Rejected(404, "Not Found")
        if token != self.token:
            raise Rejected(401, "Unauthorized")
        if name.lower() not in self.methods:
            raise Rejected(404, "Not Found: method not found")
        return self.methods[name.lower()]

    async def _answer(self, method: Method, call: Call) -> Response:
        """The answer to a call, spoilt if a fault is ordered."""
        fault = self.fault
        mode = fault.take(method.__name__.lower())
        if mode == "500_html":
            return HTMLResponse("<html><body><h1>500 Internal Server Error</h1></body></html>", 500)
        if mode == "429":
            wait_s = fault.retry_after_s
            raise Rejected(429, f"Too Many Requests: retry after {wait_s}", {"retry_after": wait_s})
        result = await method(call)
        if mode == "timeout":
            await asyncio.sleep(fault.delay_s)
        return JSONResponse({"ok": True, "result": result})

    async def download(self, request: Request) -> Response:
        """The content of a file."""
        file = self.chats.file_at(request.path_params["path"])
        if file is None or request.path_params["token"] != self.token:
            return _refusal(Rejected(404, "Not Found"))
        return Response(file.content, media_type=file.mime)

    async def control(self, request: Request) -> Response:
        """Does what a user does, or orders a fault."""
        order = self.orders.get(request.path_params["order"])
        if order is None:
            return _refusal(Rejected(404, "Not Found"))
        try:
            return JSONResponse(order(json_object(await request.body())))
        except Rejected as refusal:
            return _refusal(refusal)
        except (KeyError, TypeError, ValueError) as error:
            return _refusal(bad_request(f"{type(error).__name__}: {error}"))

    def set_fault(self, order: Json) -> Json:
        """The next calls go wrong."""
        if order.get("mode") not in ("ok", "429", "500_html", "timeout"):
            raise bad_request("mode is one of ok, 429, 500_html, timeout")
        method = str(order.get("method", "")).lower()
        retry_after_s, delay_s = int(order.get("retry_after_s", 1)), float(order.get("delay_s", 10))
        after = int(order.get("after", 0))
        self.fault = Fault(order["mode"], order.get("times"), method, retry_after_s, delay_s, after)
        return {"mode": self.fault.mode}

    async def sent(self, request: Request) -> Response:
        """The bot's messages as they now stand, once there are enough of them or the wait is over."""
        query = request.query_params
        chat_id, at_least = query.get("chat_id"), int(query.get("at_least", 0))
        await self.updates.until(lambda: len(self.chats.sent(chat_id)) >= at_least, float(query.get("wait_s", 0)))
        return JSONResponse(self.chats.sent(chat_id))

    async def calls(self, request: Request) -> Response:
        """The last calls, oldest first."""
        shown = [self._shown(record) for record in self.records]
        method = request.query_params.get("method")
        return JSONResponse([call for call in shown if method in (None, call["method"])])

    def _shown(self, record: Record) -> Json:
        """A call and its answer, for those who look on."""
        method = self.methods.get(record.method.lower())
        body = json.loads(bytes(record.answer.body)) if isinstance(record.answer, JSONResponse) else None
        return {"method": method.__name__ if method else record.method, "at": record.at, "status":
                record.answer.status_code, "parameters": record.call.values, "files": sorted(record.call.files),
                "answer": body}  # fmt: skip


def _refusal(refusal: Rejected) -> Response:
    """A refusal as Telegram writes it."""
    body: Json = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    return JSONResponse(body | ({"parameters": refusal.parameters} if refusal.parameters else {}), refusal.status)


def app(token: str = "1234:TEST", retry_s: float = 1.0) -> Starlette:
    """The stand-in as a web application."""
    api = Api(token, retry_s)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Stops pushing at the end."""
        yield
        await api.updates.close()

    routes = [
        Route("/bot{token}/{method}", api.method, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", api.download),
        Route("/__control/sent", api.sent),
        Route("/__control/calls", api.calls),
        Route("/__control/{order}", api.control, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)

"""The API, the token service and the control routes as a web application."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.stand_ins.zalo.account import Account, Clock, Json, Rejected
from integrations.stand_ins.zalo.files import UPLOAD_PATH, File, handed_in
from integrations.stand_ins.zalo.grants import Grants
from integrations.stand_ins.zalo.people import People
from integrations.stand_ins.zalo.pushes import Pushes

MESSAGE_PATH = "/v3.0/oa/message/cs"
TOKEN_PATH, PERMISSION_PATH = "/v4/oa/access_token", "/v4/oa/permission"
CALLS_KEPT = 10_000
MODES = ("ok", "code", "429", "500_html", "200_html", "timeout")
TOO_FAST, WRONG = -32, -201
PAGE = "<html><body><h1>Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """How the next calls go wrong."""

    mode: str = "ok"
    left: int | None = None
    # calls still to spoil; None means until told otherwise
    path: str = ""
    code: int = TOO_FAST
    retry_after_s: int = 1
    delay_s: float = 10.0

    def take(self, path: str) -> str:
        """The mode of this call."""
        if self.path not in path or self.left == 0:
            return "ok"
        if self.left is not None:
            self.left -= 1
        return self.mode


class Bucket:
    """Calls within a second."""

    def __init__(self, rate_per_s: float) -> None:
        self._rate = self._left = rate_per_s
        self._at = time.monotonic()

    def take(self) -> None:
        """Refuses what comes too fast."""
        now = time.monotonic()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            raise Rejected(TOO_FAST, "Reached the API rate limit")
        self._left -= 1


class Api:
    """The routes of one account."""

    def __init__(self, account: Account, webhook: str) -> None:
        self.account = account
        self.clock = Clock()
        self.pushes = Pushes(account)
        self.pushes.set_webhook({"url": webhook})
        self.grants = Grants(account, self.clock)
        self.people = people = People(account, self.clock, self.pushes)
        self.bucket = Bucket(account.rate_per_s)
        self.fault = Fault()
        self.calls: deque[Json] = deque(maxlen=CALLS_KEPT)
        self.orders: Mapping[str, Callable[[Json], Json]] = {
            "text": people.writes, "image": people.sends_image, "location": people.sends_location,
            "press": people.presses, "follow": people.follows, "unfollow": people.unfollows,
            "event": self.push_event, "clock": self.set_clock, "paid": self.set_paid, "fault": self.set_fault,
            "webhook": self.pushes.set_webhook, "spoil": self.pushes.set_spoil,
        }  # fmt: skip

    async def message(self, request: Request) -> Response:
        """A message of the account."""
        body = await request.body()
        return await self._answered(request, body, lambda: self._received(request, body))

    async def upload(self, request: Request) -> Response:
        """A file of the account, before it is sent."""
        file = await handed_in(request)
        return await self._answered(request, b"", lambda: self._handed_in(request, file))

    def _handed_in(self, request: Request, file: File | None) -> Json:
        self.grants.check(request.headers.get("access_token", ""))
        self.bucket.take()
        return self.people.files.take(file)

    async def token(self, request: Request) -> Response:
        """A pair of tokens; both answers and refusals are plain objects."""
        form = dict(parse_qsl((await request.body()).decode()))
        return await self._answered(request, b"", lambda: self.grants.answer(request.headers, form))

    async def permission(self, request: Request) -> Response:
        """An administrator agrees at once and is sent back with a code."""
        query = request.query_params
        code = self.grants.permit(query.get("code_challenge", ""))
        answer = urlencode({"code": code, "state": query.get("state", ""), "oa_id": self.account.oa_id})
        return RedirectResponse(f"{query.get('redirect_uri', '')}?{answer}")

    def _received(self, request: Request, body: bytes) -> Json:
        self.grants.check(request.headers.get("access_token", ""))
        self.bucket.take()
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Rejected(WRONG, "Invalid parameter: not JSON")
        data = self.people.receive(content)
        self.pushes.wake()
        return {"error": 0, "message": "Success", "data": data}

    async def _answered(self, request: Request, body: bytes, act: Callable[[], Json]) -> Response:
        """The answer to a call, spoilt if a fault is ordered, and remembered."""
        fault, path = self.fault, request.url.path
        answer = _spoilt(fault, mode := fault.take(path))
        if answer is None:
            try:
                answer = JSONResponse(act())
            except Rejected as refusal:
                answer = _refusal(refusal.code, str(refusal))
        call = {"path": path, "at": time.time(), "body": body.decode(), "status": answer.status_code}
        self.calls.append(call | {"answer": bytes(answer.body).decode()})
        if mode == "timeout":
            await asyncio.sleep(fault.delay_s)
        return answer

    async def control(self, request: Request) -> Response:
        """Does what a citizen does, or orders a fault."""
        try:
            self.people.base_url = str(request.base_url)
            return JSONResponse(self.orders[request.path_params["order"]](await request.json()))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    def push_event(self, order: Json) -> Json:
        """Any event."""
        self.pushes.push(order)
        return order

    def set_clock(self, order: Json) -> Json:
        """Time passes."""
        self.clock.go_on(float(order["hours"]))
        return {"now_s": self.clock.now_s()}

    def set_paid(self, order: Json) -> Json:
        """The account buys messages."""
        self.people.paid = int(order["messages"])
        return {"messages": self.people.paid}

    def set_fault(self, order: Json) -> Json:
        """The next calls go wrong."""
        if order.get("mode") not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        known = {"mode", "path", "code", "retry_after_s", "delay_s"}
        self.fault = Fault(left=order.get("times"), **{name: order[name] for name in known & set(order)})
        return {"mode": self.fault.mode}

    async def sent(self, request: Request) -> Response:
        """The account's messages, once there are enough of them or the wait is over."""
        user_id = request.query_params.get("user_id")
        return await self._once_enough(
            request, lambda: [item for item in self.people.sent if user_id in (None, item["user_id"])]
        )

    async def pushed(self, request: Request) -> Response:
        """The pushes that were made."""
        return await self._once_enough(request, lambda: self.pushes.made)

    async def _once_enough(self, request: Request, found: Callable[[], list[Json]]) -> Response:
        at_least, wait_s = int(request.query_params.get("at_least", 0)), float(request.query_params.get("wait_s", 0))
        await self.pushes.until(lambda: len(found()) >= at_least, wait_s)
        return JSONResponse(found())

    async def photo(self, request: Request) -> Response:
        """A picture that a citizen sent, as Zalo's file server gives it out."""
        number = request.path_params["number"]

        def given() -> Response:
            known = 0 < number <= len(self.people.pictures)
            return Response(self.people.pictures[number - 1], media_type="image/jpeg") if known else Response("", 404)

        fault, mode = self.fault, self.fault.take(request.url.path)
        if mode == "timeout":
            await asyncio.sleep(fault.delay_s)
        return _spoilt(fault, mode) or given()

    async def file(self, request: Request) -> Response:
        """A file of the account, as a citizen opens it."""
        found = self.people.files.find(request.path_params["token"])
        return Response(found.content, media_type="application/pdf") if found else Response("", 404)

    async def called(self, request: Request) -> Response:
        """The last calls, oldest first."""
        path = request.query_params.get("path", "")
        return JSONResponse([call for call in self.calls if path in call["path"]])

    async def tokens(self, request: Request) -> Response:
        """The pair in force."""
        held: dict[str, Any] = {name: getattr(self.grants, name) for name in ("access_token", "refresh_token", "given")}
        return JSONResponse(held)


def _spoilt(fault: Fault, mode: str) -> Response | None:
    """The answer of a fault; None where the call is carried out."""
    match mode:
        case "500_html" | "200_html":
            return HTMLResponse(PAGE, 500 if mode == "500_html" else 200)
        case "429":
            return HTMLResponse(PAGE, 429, {"Retry-After": str(fault.retry_after_s)})
        case "code":
            return _refusal(fault.code, "as ordered")
    return None


def _refusal(code: int, message: str) -> Response:
    """A refusal as Zalo writes it: with HTTP 200."""
    return JSONResponse({"error": code, "message": message})


def app(account: Account | None = None, webhook: str = "") -> Starlette:
    """The stand-in as a web application."""
    api = Api(account or Account(), webhook)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Stops pushing at the end."""
        yield
        await api.pushes.close()

    routes = [
        Route(MESSAGE_PATH, api.message, methods=["POST"]),
        Route(UPLOAD_PATH, api.upload, methods=["POST"]),
        Route(TOKEN_PATH, api.token, methods=["POST"]),
        Route(PERMISSION_PATH, api.permission),
        Route("/files/{token}", api.file),
        Route("/photos/{number:int}.jpg", api.photo),
        Route("/__control/sent", api.sent),
        Route("/__control/pushes", api.pushed),
        Route("/__control/calls", api.called),
        Route("/__control/tokens", api.tokens),
        Route("/__control/{order}", api.control, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)

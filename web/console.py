"""The officers' console: sign in, see the queue, hold one conversation at a time."""

from __future__ import annotations

import hmac
import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.cookies import SignedCookie
from web.pages import Pages
from web.ports import Desk, Officers, Ports, Session, SetAside, TicketView, TooManyAttempts

SESSION_AGE_S = 12 * 3600
LOGIN_AGE_S = 3600
MAX_TEXT = 4_000
MAX_TICKET = 2**31 - 1
VIEWS = ("waiting", "mine", "all")
BOXES = ("inbox", "outbox")
NUMBER = re.compile(r"[0-9]{1,9}")
INSIDE = re.compile(r"/console(/aside|/tickets/[0-9]{1,18})?")


class SignedOut(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True)
class Console:
    """The officers' pages."""

    desk: Desk
    officers: Officers
    aside: SetAside
    pages: Pages
    cookie: SignedCookie
    # the officer's session
    login: SignedCookie
    # proves that the sign-in form was ours

    @classmethod
    def over(cls, ports: Ports, pages: Pages, secret: str) -> Console:
        """The console over its neighbours."""
        cookie = SignedCookie("console", secret, SESSION_AGE_S, "/console")
        login = SignedCookie("console-login", secret, LOGIN_AGE_S, "/console")
        return cls(ports.desk, ports.officers, ports.aside, pages, cookie, login)

    def routes(self) -> list[Route]:
        """Where the console is found."""
        ticket = "/console/tickets/{id:int}"
        return [
            Route("/console/login", self.show_login),
            Route("/console/login", self.sign_in, methods=["POST"]),
            Route("/console/logout", self.sign_out, methods=["POST"]),
            Route("/console", self.show_queue),
            Route("/console/aside", self.show_aside),
            Route("/console/aside", self.look_after, methods=["POST"]),
            Route(ticket, self.show_ticket),
            Route(f"{ticket}/claim", self.claim, methods=["POST"]),
            Route(f"{ticket}/reply", self.reply, methods=["POST"]),
            Route(f"{ticket}/note", self.note, methods=["POST"]),
            Route(f"{ticket}/resolve", self.resolve, methods=["POST"]),
        ]

    async def show_login(self, request: Request) -> Response:
        """The sign-in form."""
        return self._login_page(request, request.query_params.get("next", ""))

    async def sign_in(self, request: Request) -> Response:
        """Open a session and go where the officer wanted to go."""
        fields = await form_fields(request)
        words, next_path = self.pages.words["console"], fields.get("next", "")
        if not same(self.login.read(request), fields.get("csrf")):
            return self._login_page(request, next_path, 403, words["form_expired"])
        username, address = fields.get("username", ""), request.client.host if request.client else ""
        try:
            session = await run_in_threadpool(self.officers.sign_in, username, fields.get("password", ""), address)
        except TooManyAttempts as error:
            sentence = words["too_many_attempts"].format(n=math.ceil(error.retry_after_s))
            response = self._login_page(request, next_path, 429, sentence, username)
            response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
            return response
        if session is None:
            return self._login_page(request, next_path, 401, words["wrong_password"], username)
        response = RedirectResponse(inside(next_path), 303)
        self.cookie.write(response, request, session.token)
        self.login.drop(response)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        try:
            session, _ = await self._form(request)
        except SignedOut:
            return RedirectResponse("/console/login", 303)
        await run_in_threadpool(self.officers.sign_out, session.token)
        response = RedirectResponse("/console/login", 303)
        self.cookie.drop(response)
        return response

    async def show_queue(self, request: Request) -> Response:
        """The queue: waiting, mine or all."""
        try:
            session = await self._session(request)
        except SignedOut:
            return RedirectResponse("/console/login", 303)
        asked = request.query_params.get("view", "")
        view = asked if asked in VIEWS else VIEWS[0]
        tickets = await run_in_threadpool(self.desk.tickets, view, session.officer_id)
        return self.pages.show(request, "queue.html", session=session, view=view, views=VIEWS, tickets=tickets)

    async def show_aside(self, request: Request) -> Response:
        """Messages and replies that were set aside."""
        try:
            session = await self._session(request)
        except SignedOut:
            return RedirectResponse("/console/login?next=/console/aside", 303)
        return await self._aside_page(request, session)

    async def look_after(self, request: Request) -> Response:
        """Try one of them again, or look at it no more."""
        try:
            session, fields = await self._form(request)
        except SignedOut:
            return RedirectResponse("/console/login?next=/console/aside", 303)
        acts = {"retry": self.aside.retry, "discard": self.aside.discard}
        act, box, number = acts.get(fields.get("act", "")), fields.get("box", ""), fields.get("id", "")
        if act is None or box not in BOXES or not NUMBER.fullmatch(number):
            raise HTTPException(400)
        if await run_in_threadpool(act, box, int(number), session.officer_id):
            return RedirectResponse("/console/aside", 303)
        return await self._aside_page(request, session, 409, self.pages.words["console"]["looked_after"])

    async def show_ticket(self, request: Request) -> Response:
        """One conversation."""
        try:
            session = await self._session(request)
        except SignedOut:
            return RedirectResponse(f"/console/login?next={request.url.path}", 303)
        return await self._ticket_page(request, session)

    async def claim(self, request: Request) -> Response:
        """Take the conversation, unless somebody else has it."""

        def take(ticket_id: int, session: Session, _: dict[str, str]) -> bool:
            return self.desk.claim(ticket_id, session.officer_id) or holds(session, self.desk.ticket(ticket_id))

        return await self._act(request, take)

    async def reply(self, request: Request) -> Response:
        """Answer the citizen, once per form."""

        def answer(ticket_id: int, session: Session, fields: dict[str, str]) -> bool:
            return self.desk.reply(ticket_id, session.officer_id, fields["reply"], fields["key"])

        return await self._act(request, answer, writes="reply")

    async def note(self, request: Request) -> Response:
        """Keep a note for colleagues."""

        def keep(ticket_id: int, session: Session, fields: dict[str, str]) -> bool:
            return self.desk.note(ticket_id, session.officer_id, fields["note"])

        return await self._act(request, keep, writes="note")

    async def resolve(self, request: Request) -> Response:
        """Close the conversation."""

        def close(ticket_id: int, session: Session, _: dict[str, str]) -> bool:
            done = self.desk.resolve(ticket_id, session.officer_id)
            return done or holds(session, self.desk.ticket(ticket_id), "resolved")

        return await self._act(request, close)

    async def _act(
        self, request: Request, act: Callable[[int, Session, dict[str, str]], bool], writes: str = ""
    ) -> Response:
        try:
            session, fields = await self._form(request)
        except SignedOut:
            return await self._signed_out(request)
        draft = {writes: fields.get(writes, "")} if writes else {}
        if writes and not (draft[writes].strip() and len(draft[writes]) <= MAX_TEXT):
            return await self._ticket_page(request, session, 400, self.pages.words["console"]["bad_text"], draft)
        ticket_id = ticket_number(request)
        try:
            done = await run_in_threadpool(act, ticket_id, session, {"key": "", **fields})
        except KeyError as error:
            raise HTTPException(404) from error
        if done:
            return RedirectResponse(f"/console/tickets/{ticket_id}#end", 303)
        ticket = await self._ticket(request)
        status, sentence = refusal(ticket, session, self.pages.words["console"])
        return await self._ticket_page(request, session, status, sentence, draft)

    async def _session(self, request: Request) -> Session:
        token = self.cookie.read(request)
        session = await run_in_threadpool(self.officers.session, token) if token else None
        if session is None:
            raise SignedOut
        return session

    async def _form(self, request: Request) -> tuple[Session, dict[str, str]]:
        session = await self._session(request)
        fields = await form_fields(request)
        if not same(session.csrf, fields.get("csrf")):
            raise HTTPException(403)
        return session, fields

    async def _ticket(self, request: Request) -> TicketView:
        try:
            return await run_in_threadpool(self.desk.ticket, ticket_number(request))
        except KeyError as error:
            raise HTTPException(404) from error

    def _login_page(
        self, request: Request, next_path: str, status: int = 200, error: str = "", username: str = ""
    ) -> Response:
        token = self.login.read(request) or secrets.token_urlsafe(24)
        values = {"csrf": token, "next_path": inside(next_path), "error": error, "username": username}
        response = self.pages.show(request, "login.html", status, **values)
        self.login.write(response, request, token)
        return response

    async def _ticket_page(
        self,
        request: Request,
        session: Session,
        status: int = 200,
        error: str = "",
        draft: dict[str, str] | None = None,
    ) -> Response:
        ticket = await self._ticket(request)
        values: dict[str, Any] = {"session": session, "ticket": ticket, "error": error, "draft": draft or {}}
        return self.pages.show(request, "ticket.html", status, key=uuid4(), held=holds(session, ticket), **values)

    async def _aside_page(self, request: Request, session: Session, status: int = 200, error: str = "") -> Response:
        items = await run_in_threadpool(self.aside.all)
        return self.pages.show(request, "aside.html", status, session=session, items=items, error=error)

    async def _signed_out(self, request: Request) -> Response:
        fields = await form_fields(request)
        draft = fields.get("reply") or fields.get("note") or ""
        return self.pages.show(request, "signed_out.html", 403, draft=draft, ticket_id=ticket_number(request))


def refusal(ticket: TicketView, session: Session, words: dict[str, str]) -> tuple[int, str]:
    """Why the desk said no: 409 if somebody else holds the ticket, 403 otherwise."""
    if ticket.summary.state == "resolved":
        return 403, words["resolved"]
    if ticket.officer_id is not None and ticket.officer_id != session.officer_id:
        return 409, words["taken"].format(name=ticket.summary.officer_name)
    return 403, words["not_held"]


def holds(session: Session, ticket: TicketView, state: str = "claimed") -> bool:
    """Whether the ticket is this officer's, in that state."""
    return ticket.summary.state == state and ticket.officer_id == session.officer_id


def ticket_number(request: Request) -> int:
    """The number in the address, if any ticket could have it."""
    number: int = request.path_params["id"]
    if number > MAX_TICKET:
        raise HTTPException(404)
    return number


def inside(path: str) -> str:
    """The path if it leads into the console, else the queue."""
    return path if INSIDE.fullmatch(path) else "/console"


def same(expected: str | None, given: str | None) -> bool:
    """Whether both are there and equal, in constant time."""
    return bool(expected and given) and hmac.compare_digest(str(expected).encode(), str(given).encode())


async def form_fields(request: Request) -> dict[str, str]:
    """The text fields of the form, with plain line ends."""
    async with request.form() as form:
        return {name: str(value).replace("\r\n", "\n") for name, value in form.items()}

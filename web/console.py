"""The officers' console: see the queue, hold one conversation at a time. The gate stands before it (web/access.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.forms import MAX_NUMBER, NUMBER, form_fields
from web.pages import Pages
from web.ports import Board, Desk, Ports, Session, SetAside, Sight, TicketView

MAX_TEXT = 4_000
VIEWS = ("waiting", "mine", "all")
BOXES = ("inbox", "outbox")


@dataclass(frozen=True)
class Console:
    """The officers' pages."""

    desk: Desk
    board: Board
    aside: SetAside
    sight: Sight
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> Console:
        """The console over its neighbours."""
        return cls(ports.desk, ports.board, ports.aside, ports.access.sight, pages)

    def routes(self) -> list[Route]:
        """Where the console is found."""
        ticket = "/console/tickets/{id:int}"
        return [
            Route("/console", self.show_queue),
            Route("/console/next", self.take_next, methods=["POST"]),
            Route("/console/aside", self.show_aside),
            Route("/console/aside", self.look_after, methods=["POST"]),
            Route(ticket, self.show_ticket),
            Route(f"{ticket}/claim", self.claim, methods=["POST"]),
            Route(f"{ticket}/reply", self.reply, methods=["POST"]),
            Route(f"{ticket}/note", self.note, methods=["POST"]),
            Route(f"{ticket}/resolve", self.resolve, methods=["POST"]),
        ]

    async def show_queue(self, request: Request) -> Response:
        """The queue: waiting, mine or all."""
        return await self._queue_page(request)

    async def take_next(self, request: Request) -> Response:
        """Take the first waiting ticket that the officer can take."""
        session: Session = request.state.session
        ticket_id = await run_in_threadpool(self.desk.take_next, session.officer_id)
        if ticket_id is None:
            return await self._queue_page(request, 409, self.pages.words["console"]["none_next"])
        return RedirectResponse(f"/console/tickets/{ticket_id}#end", 303)

    async def show_aside(self, request: Request) -> Response:
        """Messages and replies that were set aside."""
        session: Session = request.state.session
        return await self._aside_page(request, session)

    async def look_after(self, request: Request) -> Response:
        """Try one of them again, or look at it no more."""
        session: Session = request.state.session
        fields = await form_fields(request)
        acts = {"retry": self.aside.retry, "discard": self.aside.discard}
        act, box, number = acts.get(fields.get("act", "")), fields.get("box", ""), fields.get("id", "")
        if act is None or box not in BOXES or not NUMBER.fullmatch(number):
            raise HTTPException(400)
        if await run_in_threadpool(act, box, int(number), session.officer_id):
            return RedirectResponse("/console/aside", 303)
        return await self._aside_page(request, session, 409, self.pages.words["console"]["looked_after"])

    async def show_ticket(self, request: Request) -> Response:
        """One conversation."""
        session: Session = request.state.session
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
        session: Session = request.state.session
        fields = await form_fields(request)
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

    async def _ticket(self, request: Request) -> TicketView:
        try:
            return await run_in_threadpool(self.desk.ticket, ticket_number(request))
        except KeyError as error:
            raise HTTPException(404) from error

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

    async def _queue_page(self, request: Request, status: int = 200, error: str = "") -> Response:
        session: Session = request.state.session
        asked, desk = request.query_params.get("view", ""), request.query_params.get("desk", "")
        view = asked if asked in VIEWS else VIEWS[0]
        seen = await run_in_threadpool(self.sight.seen, session.officer_id, session.roles)
        states = await run_in_threadpool(self.board.states, seen)
        desk = desk if desk in {state.id for state in states} else ""
        listed, total = await run_in_threadpool(self.board.listed, view, session.officer_id, seen, desk)
        values: dict[str, Any] = {"view": view, "views": VIEWS, "desk": desk, "states": states, "error": error}
        return self.pages.show(request, "queue.html", status, session=session, listed=listed, total=total, **values)

    async def _aside_page(self, request: Request, session: Session, status: int = 200, error: str = "") -> Response:
        items = await run_in_threadpool(self.aside.all)
        return self.pages.show(request, "aside.html", status, session=session, items=items, error=error)


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
    if number > MAX_NUMBER:
        raise HTTPException(404)
    return number

"""The officers' console: the queue, what was set aside, and news. The gate stands before it (web/access.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.forms import NUMBER, form_fields
from web.pages import Pages
from web.ports import Board, Breaches, Desk, Ports, Role, Session, SetAside, Sight, at_most, pages
from web.pulse import Pulse
from web.shared import Reading, Shared

PING_S = 15
VIEWS = ("waiting", "mine", "snoozed", "all")
BOXES = ("inbox", "outbox")
OWN = frozenset({"mine", "snoozed"})
# of these each officer sees other tickets
NOBODY = 0
# in whose place a view is read that is the same for everybody


@dataclass(frozen=True)
class Console:
    """The officers' pages."""

    desk: Desk
    board: Board
    aside: SetAside
    sight: Sight
    breaches: Breaches
    pulse: Pulse
    pages: Pages
    shared: Shared

    @classmethod
    def over(cls, ports: Ports, pages: Pages, pulse: Pulse) -> Console:
        """The console over its neighbours."""
        behind, shared = ports.oversight.breaches, Shared(ports.board.newest)
        return cls(ports.desk, ports.board, ports.aside, ports.access.sight, behind, pulse, pages, shared)

    def routes(self) -> list[Route]:
        """Where the console is found."""
        return [
            Route("/console", self.show_queue),
            Route("/console/events", self.events),
            Route("/console/next", self.take_next, methods=["POST"]),
            Route("/console/aside", self.show_aside),
            Route("/console/aside", self.look_after, methods=["POST"]),
        ]

    async def show_queue(self, request: Request) -> Response:
        """The queue: waiting, mine or all."""
        return await self._queue_page(request)

    async def events(self, request: Request) -> Response:
        """Says that something changed, as long as the page is open: to the ticket of the page, or to any."""
        asked = request.query_params.get("ticket", "")
        ticket_id = int(asked) if NUMBER.fullmatch(asked) else 0
        return EventSourceResponse(self.pulse.stream(ticket_id), ping=PING_S)

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

    async def _queue_page(self, request: Request, status: int = 200, error: str = "") -> Response:
        session: Session = request.state.session
        asked, desk = request.query_params.get("view", ""), request.query_params.get("desk", "")
        view = asked if asked in VIEWS else VIEWS[0]
        seen = await run_in_threadpool(self.sight.seen, session.officer_id, session.roles)
        whose = session.officer_id if view in OWN else NOBODY
        wanted = request.query_params.get("page", "")
        page = int(wanted) if NUMBER.fullmatch(wanted) else 1
        lists = await self.shared.read(self._lists, view, whose, seen, desk, page)
        values: dict[str, Any] = {"view": view, "views": VIEWS, "lists": lists, "error": error, **lists.values}
        values["mentions"] = await run_in_threadpool(self.board.mentions, session.officer_id, seen)
        values["alarms"] = await run_in_threadpool(self._alarms, session)
        return self.pages.show(request, "queue.html", status, session=session, **values)

    def _lists(self, view: str, officer_id: int, seen: frozenset[str] | None, desk: str, page: int) -> Reading:
        """What a view shows, the same for all who look at it."""
        states = self.board.states(seen)
        desk = desk if desk in {state.id for state in states} else ""
        listed, total = self.board.listed(view, officer_id, seen, desk, page)
        return Reading(
            {
                "desk": desk,
                "states": states,
                "listed": listed,
                "total": total,
                "page": at_most(page, total),
                "last_page": pages(total),
            }
        )

    def _alarms(self, session: Session) -> tuple[int, int] | None:
        """How many limits were passed and how many are near at the desks that the officer leads; None: leads none."""
        led = self.sight.led(session.officer_id, session.roles)
        if not session.may(Role.LEAD, Role.ADMINISTRATOR) or (led is not None and not led):
            return None
        running = self.breaches.running(led)
        late = sum(item.is_passed for item in running)
        return late, len(running) - late

    async def _aside_page(self, request: Request, session: Session, status: int = 200, error: str = "") -> Response:
        items = await run_in_threadpool(self.aside.all)
        return self.pages.show(request, "aside.html", status, session=session, items=items, error=error)

"""Searching the conversations of one's desks. Each conversation that is shown is a look at it, and recorded."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.forms import form_fields
from web.pages import Pages
from web.ports import AccessLog, Hit, Ports, Search, Session, Sight, Why

MAX_ASKED = 200


@dataclass(frozen=True)
class SearchPage:
    """The page of the search. The words go in a form, so that they stand in no address."""

    search: Search
    sight: Sight
    log: AccessLog
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> SearchPage:
        """The page over its neighbours."""
        return cls(ports.search, ports.access.sight, ports.access.log, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/search", self.show), Route("/console/search", self.find, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """The empty form."""
        return self.pages.show(request, "search.html", session=request.state.session, asked="", hits=None)

    async def find(self, request: Request) -> Response:
        """What was found."""
        session: Session = request.state.session
        asked = (await form_fields(request)).get("asked", "").strip()[:MAX_ASKED]
        hits = await run_in_threadpool(self._found, session, asked)
        return self.pages.show(request, "search.html", session=session, asked=asked, hits=hits)

    def _found(self, session: Session, asked: str) -> list[Hit]:
        hits = self.search.find(asked, self.sight.seen(session.officer_id, session.roles))
        self.log.note(session.officer_id, [hit.ticket.id for hit in hits], Why.SEARCH)
        return hits

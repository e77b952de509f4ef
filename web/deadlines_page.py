"""Officers' page: the followed dossiers of their desks' units that are nearly due, and those that need a letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.deadline_cards import PAGE
from bot.deadlines import Deadline, Deadlines
from bot.desks import DeskPlan
from bot.sheet_signature import Signer
from integrations.dossiers import Dossiers
from web.letter_page import LetterPage, Occasion
from web.pages import Pages, load_pages
from web.ports import Role, Session, Sight


@dataclass(frozen=True)
class DeadlinesPage:
    """The lists. Officers see the units of their desks, leads those of the desks they lead, administrators all."""

    book: Deadlines
    desk_of: Callable[[str], DeskPlan]
    # unit id -> the desk that looks after it
    sight: Sight
    pages: Pages

    @classmethod
    def over(cls, book: Deadlines, desk_of: Callable[[str], DeskPlan], sight: Sight) -> DeadlinesPage:
        """The page over its neighbours."""
        return cls(book, desk_of, sight, load_pages())

    def routes(self, dossiers: Dossiers, clock: Callable[[], datetime], signer: Signer | None = None) -> list[Route]:
        """Where it is found, and the letters that it leads to."""
        letters = LetterPage(f"{PAGE}/letter", self._occasion, dossiers, clock, self.pages, signer)
        return [Route(PAGE, self.show), *letters.routes()]

    async def show(self, request: Request) -> Response:
        """What comes near, and what is late."""
        found = await run_in_threadpool(self._seen, request.state.session)
        values: dict[str, Any] = {
            "near": [item for item in found if not item.is_late],
            "late": [item for item in found if item.is_late],
        }
        return self.pages.show(request, "deadlines.html", session=request.state.session, **values)

    def _seen(self, session: Session) -> list[Deadline]:
        """The dossiers whose units a desk of the officer looks after."""
        desks = self._desks(session)
        return [item for item in self.book.standing() if desks is None or self.desk_of(item.unit).id in desks]

    def _desks(self, session: Session) -> frozenset[str] | None:
        """The desks that the officer serves at or looks after; None for all."""
        led = self.sight.led(session.officer_id, session.roles)
        own = self.sight.desks_of(session.officer_id) if session.may(Role.OFFICER) else frozenset()
        return None if led is None or own is None else led | own

    def _occasion(self, request: Request) -> Occasion:
        return Occasion(PAGE, tuple(item.code for item in self._seen(request.state.session) if item.is_late))

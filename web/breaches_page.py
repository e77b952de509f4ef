"""Leads' page: the limits that run out or were passed at their desks, with the cause; a day of them also as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.present import ZONE
from web.audit import harmless
from web.pages import Pages
from web.ports import Breach, Breaches, Ports, Role, Rotas, Session, Sight


@dataclass(frozen=True)
class BreachesPage:
    """The page of the breaches."""

    breaches: Breaches
    rotas: Rotas
    sight: Sight
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> BreachesPage:
        """Over its neighbours."""
        return cls(ports.oversight.breaches, ports.oversight.rotas, ports.access.sight, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/breaches", self.show), Route("/console/breaches.csv", self.download)]

    async def show(self, request: Request) -> Response:
        """What is owed now, and what was passed on a day; of all desks that are led, or of one."""
        return await run_in_threadpool(self._page, request)

    async def download(self, request: Request) -> Response:
        """What was passed on a day, as CSV."""
        led, day = self._asked(request)
        found = await run_in_threadpool(self.breaches.on, day, led)
        headers = {"Content-Disposition": f'attachment; filename="breaches-{day.isoformat()}.csv"'}
        return Response(as_csv(found, self.pages), media_type="text/csv; charset=utf-8", headers=headers)

    def _page(self, request: Request) -> Response:
        session: Session = request.state.session
        led, day = self._asked(request)
        values: dict[str, Any] = {
            "running": self.breaches.running(led),
            "passed": self.breaches.on(day, led),
            "plans": self.rotas.desks(self.sight.led(session.officer_id, session.roles)),
            "desk": request.query_params.get("desk", ""),
            "day": day,
            "seen": self._seen(session),
            "query": request.url.query,
        }
        return self.pages.show(request, "breaches.html", session=session, **values)

    def _asked(self, request: Request) -> tuple[frozenset[str] | None, date]:
        """The desks and the day that are asked for; 400 for what is no day, 403 for a desk that is not led."""
        session: Session = request.state.session
        led = self.sight.led(session.officer_id, session.roles)
        desk, day = request.query_params.get("desk", ""), request.query_params.get("day", "")
        if desk and desk not in {plan.id for plan in self.rotas.desks(led)}:
            raise HTTPException(403)
        try:
            return frozenset({desk}) if desk else led, date.fromisoformat(day) if day else self.breaches.today()
        except ValueError as error:
            raise HTTPException(400) from error

    def _seen(self, session: Session) -> frozenset[str]:
        """The desks whose conversations the session may open."""
        if not session.may(Role.OFFICER, Role.LEAD, Role.AUDITOR):
            return frozenset()
        seen = self.sight.seen(session.officer_id, session.roles)
        return frozenset(plan.id for plan in self.rotas.desks(seen))


def as_csv(found: list[Breach], pages: Pages) -> str:
    """Lines with a heading; minutes of the desk's working time. Spreadsheets know the letters by the mark in front."""
    words, tickets, file = pages.words["breaches"], pages.ticket_words, io.StringIO()
    writer = csv.writer(file)
    writer.writerow({**words["columns"], "over": words["minutes"]}.values())
    for item in found:
        cause = tickets["causes"][item.cause] if item.cause else ""
        writer.writerow(
            [
                item.code,
                item.ticket_id,
                item.desk_name,
                tickets["limits"][item.limit],
                item.due_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"),
                int(item.over.total_seconds() // 60),
                cause,
                harmless(item.holder) or words["nobody"],
                words["runs"] if item.runs else words["ended"],
            ]
        )
    return "\ufeff" + file.getvalue()

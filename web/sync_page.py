"""Leads' page: the dossiers that the City's system and the national one tell differently, by unit; also as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import sync_gauges, sync_plan
from bot.desks import DeskPlan
from bot.sync_book import Ongoing, SyncBook
from bot.sync_difference import Kind
from bot.sync_plan import SyncPlan, moment
from web.audit import harmless
from web.pages import Pages, load_pages
from web.ports import Session, Sight

MOST_ROWS = 200
# of the table on the page: the file has all


@dataclass(frozen=True)
class SyncPage:
    """The page of the differences. A lead sees the units of the desks they lead, an administrator all."""

    book: SyncBook
    plan: SyncPlan
    desk_of: Callable[[str], DeskPlan]
    # unit id -> the desk that looks after it
    sight: Sight
    clock: Callable[[], datetime]
    pages: Pages

    @classmethod
    def over(
        cls,
        book: SyncBook,
        plan: SyncPlan,
        desk_of: Callable[[str], DeskPlan],
        sight: Sight,
        clock: Callable[[], datetime],
    ) -> SyncPage:
        """The page over its neighbours."""
        return cls(book, plan, desk_of, sight, clock, load_pages())

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/sync", self.show), Route("/console/sync.csv", self.download)]

    async def show(self, request: Request) -> Response:
        """What differs now, and how much was compared in the last day."""
        return await run_in_threadpool(self._page, request)

    async def download(self, request: Request) -> Response:
        """What differs now, as CSV."""
        return await run_in_threadpool(self._file, request)

    def _page(self, request: Request) -> Response:
        led = self._led(request.state.session)
        chosen, kind = self._asked(request, led)
        standing = {unit: counted for unit, counted in self.book.standing().items() if unit in led}
        now = self.clock()
        values: dict[str, Any] = {
            "units": led,
            "unit": request.query_params.get("unit", ""),
            "kind": kind or "",
            "standing": standing,
            "alarmed": [unit for unit, counted in standing.items() if counted.total() >= self.plan.alarm_from],
            "alarm_from": self.plan.alarm_from,
            "found": self.book.ongoing(chosen, kind),
            "most_rows": MOST_ROWS,
            "hours": self.book.hours(now - sync_gauges.SPAN, chosen),
            "sync": sync_plan.words(),
            "query": request.url.query,
        }
        return self.pages.show(request, "sync.html", session=request.state.session, **values)

    def _file(self, request: Request) -> Response:
        chosen, kind = self._asked(request, self._led(request.state.session))
        name = f"sync-{self.clock().date().isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        found = as_csv(self.book.ongoing(chosen, kind))
        return Response(found, media_type="text/csv; charset=utf-8", headers=headers)

    def _led(self, session: Session) -> list[str]:
        """The units that the session looks after."""
        desks = self.sight.led(session.officer_id, session.roles)
        return [unit for unit in self.book.units() if desks is None or self.desk_of(unit).id in desks]

    def _asked(self, request: Request, led: Sequence[str]) -> tuple[Sequence[str], Kind | None]:
        """The units and the kind that are asked for; 400 for no kind, 403 for a unit that is not led."""
        unit, kind = request.query_params.get("unit", ""), request.query_params.get("kind", "")
        if unit and unit not in led:
            raise HTTPException(403)
        try:
            return [unit] if unit else led, Kind(kind) if kind else None
        except ValueError as error:
            raise HTTPException(400) from error


def as_csv(found: Sequence[Ongoing]) -> str:
    """Lines with a heading. Spreadsheets know the letters by the mark in front."""
    words, file = sync_plan.words(), io.StringIO()
    writer = csv.writer(file)
    writer.writerow(words.columns.values())
    for item in found:
        told = [words.said(item.kind, item.here), words.said(item.kind, item.there)]
        seen = [moment(at) if at else "" for at in (item.since, item.first_seen_at, item.last_seen_at)]
        writer.writerow([harmless(item.code), harmless(item.unit), words.kinds[item.kind], *told, *seen])
    return "\ufeff" + file.getvalue()

"""Leads' page: the dossiers that the City's system and the national one tell differently, by unit; also as a file."""

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
from bot.sync_plan import SyncPlan
from bot.sync_xlsx import row, xlsx
from web.audit import harmless
from web.pages import Pages, load_pages
from web.ports import Session, Sight

MOST_ROWS = 200
# of the table on the page: the file has all
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
        return [Route("/console/sync", self.show), Route("/console/sync.{suffix}", self.download)]

    async def show(self, request: Request) -> Response:
        """What differs now, and how much was compared in the last day."""
        return await run_in_threadpool(self._page, request)

    async def download(self, request: Request) -> Response:
        """What differs now, as a file: CSV or a workbook; 404 for anything else."""
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
        suffix = request.path_params["suffix"]
        if suffix not in FILES:
            raise HTTPException(404)
        written, media_type = FILES[suffix]
        name = f"sync-{self.clock().date().isoformat()}.{suffix}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(written(self.book.ongoing(chosen, kind)), media_type=media_type, headers=headers)

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
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(sync_plan.words().columns.values())
    writer.writerows([harmless(cell) for cell in row(item)] for item in found)
    return "\ufeff" + file.getvalue()


FILES: dict[str, tuple[Callable[[Sequence[Ongoing]], str | bytes], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (xlsx, SHEET),
}

"""Managers' page: what the closed days counted, as pictures and tables, and the same as a workbook or on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import periods, report
from bot.periods import Kind, NoPeriod
from bot.places import all_units
from bot.report import BREAKDOWNS, Changed, Report, Reports, Scope
from bot.report_pdf import pdf, written
from bot.report_xlsx import file_name, xlsx
from web.pages import Pages, load_pages

FILES: dict[str, tuple[Callable[[Report], bytes], str]] = {
    "xlsx": (xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": (pdf, "application/pdf"),
}
MOST_NAMED = 14
# columns of a picture with their names beneath; of more, the first and the last
MOST_ROWS = 200
# of a table on the page: the files have all
CHOICES = 8
# periods of each kind that can be chosen, the latest first


@dataclass(frozen=True)
class StatisticsPage:
    """The figures of all desks and wards: counts alone, of nobody in particular."""

    reports: Reports
    pages: Pages

    @classmethod
    def over(cls, reports: Reports) -> StatisticsPage:
        """The page over the reports."""
        return cls(reports, load_pages())

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/statistics", self.show), Route("/console/statistics.{suffix}", self.download)]

    async def show(self, request: Request) -> Response:
        """The report of a period, and what else can be chosen."""
        return await run_in_threadpool(self._page, request)

    async def download(self, request: Request) -> Response:
        """The same as a file."""
        return await run_in_threadpool(self._file, request)

    def _page(self, request: Request) -> Response:
        scope = self._asked(request)
        values: dict[str, Any] = {
            "report": self.reports.report(scope),
            "scope": scope,
            "periods": self._periods(scope),
            "units": sorted(all_units(), key=lambda unit: unit.name),
            "fields": report.fields(),
            "channels": report.words()["channels"],
            "kinds": report.words()["kinds"],
            "rule": report.words()["rule"],
            "breakdowns": BREAKDOWNS,
            "most_named": MOST_NAMED,
            "most_rows": MOST_ROWS,
            "written": written,
            "query": request.url.query,
        }
        return self.pages.show(request, "statistics.html", session=request.state.session, **values)

    def _file(self, request: Request) -> Response:
        """The report as a file; 404 for a form that there is none of, 409 when it is not what it was."""
        suffix = request.path_params["suffix"]
        if suffix not in FILES:
            raise HTTPException(404)
        try:
            made = self.reports.issue(self._asked(request))
        except Changed as error:
            raise HTTPException(409) from error
        printed, kind = FILES[suffix]
        headers = {"Content-Disposition": f'attachment; filename="{file_name(made, suffix)}"'}
        return Response(printed(made), media_type=kind, headers=headers)

    def _asked(self, request: Request) -> Scope:
        """What is asked for; the present month unless said; 400 for what there is not."""
        asked = request.query_params
        try:
            period = periods.read(asked["of"]) if asked.get("of") else periods.of(Kind.MONTH, self.reports.today())
        except NoPeriod as error:
            raise HTTPException(400) from error
        scope = Scope(period, asked.get("unit", ""), asked.get("field", ""), asked.get("channel", ""))
        units = {unit.code for unit in all_units()}
        known = ((scope.unit, units), (scope.field, report.fields()), (scope.channel, report.words()["channels"]))
        if any(said and said not in names for said, names in known):
            raise HTTPException(400)
        return scope

    def _periods(self, scope: Scope) -> dict[Kind, list[tuple[str, str]]]:
        """The latest periods of each kind, and the one that is shown: name and words."""
        found = {kind: _latest(kind, self.reports.today()) for kind in Kind}
        shown = (scope.period.name, report.period_name(scope.period))
        if shown not in found[scope.period.kind]:
            found[scope.period.kind].append(shown)
        return found


def _latest(kind: Kind, day: date) -> list[tuple[str, str]]:
    found = []
    for _ in range(CHOICES):
        period = periods.of(kind, day)
        found.append((period.name, report.period_name(period)))
        day = period.first - timedelta(days=1)
    return found

"""Auditors' page: who opened whose conversation, when and why; also as CSV."""

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
from web.forms import NUMBER
from web.pages import Pages
from web.ports import AccessLog, Accounts, Look, Ports

MOST_LINES = 100_000
# of a CSV
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# a spreadsheet would compute what begins so


@dataclass(frozen=True)
class Audit:
    """The access log."""

    log: AccessLog
    accounts: Accounts
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> Audit:
        """Over its neighbours."""
        return cls(ports.access.log, ports.access.accounts, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/access-log", self.show),
            Route("/console/access-log.csv", self.download),
        ]

    async def show(self, request: Request) -> Response:
        """The newest looks, of one officer or one day."""
        return await run_in_threadpool(self._page, request)

    def _page(self, request: Request) -> Response:
        officer_id, on = asked(request)
        values: dict[str, Any] = {
            "looks": self.log.looks(officer_id, on),
            "accounts": self.accounts.all(),
            "officer_id": officer_id,
            "on": on,
            "query": request.url.query,
        }
        return self.pages.show(request, "access_log.html", session=request.state.session, **values)

    async def download(self, request: Request) -> Response:
        """The same as CSV, all of it."""
        officer_id, on = asked(request)
        looks = await run_in_threadpool(self.log.looks, officer_id, on, MOST_LINES)
        headers = {"Content-Disposition": 'attachment; filename="access-log.csv"'}
        return Response(as_csv(looks, self.pages), media_type="text/csv; charset=utf-8", headers=headers)


def asked(request: Request) -> tuple[int | None, date | None]:
    """The officer and the day that are asked for; 400 for what is neither."""
    officer, day = request.query_params.get("officer", ""), request.query_params.get("day", "")
    if officer and not NUMBER.fullmatch(officer):
        raise HTTPException(400)
    try:
        return int(officer) if officer else None, date.fromisoformat(day) if day else None
    except ValueError as error:
        raise HTTPException(400) from error


def as_csv(looks: list[Look], pages: Pages) -> str:
    """Lines with a heading; spreadsheets know the letters by the mark in front."""
    words, file = pages.words["access_log"], io.StringIO()
    writer = csv.writer(file)
    writer.writerow(words["columns"].values())
    for look in looks:
        times = [at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S") for at in (look.at, look.until)]
        who = [harmless(look.officer_name), harmless(look.username)]
        writer.writerow([*times, *who, look.conversation_id, look.ticket_id or "", words["why"][look.why]])
    return "\ufeff" + file.getvalue()


def harmless(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text

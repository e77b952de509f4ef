"""The guidance sheets on the web: one address a procedure and case, and the page that checks a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import flood
from bot.flood import Flood
from bot.sheet import NoCase
from bot.sheets import CHECK_PATH, Sheets, file_name
from knowledge.errors import NotFound
from web.chat import network, refuse_strangers
from web.pages import Pages, load_pages

MOST_BYTES = 500_000
# of a file to check: our sheets have 50 to 100 kB
AGE = "public, max-age=600"
# the same for everybody; another edition is seen ten minutes later
CHANNEL = "sheet"


@dataclass(frozen=True)
class SheetPage:
    """Where a sheet is taken, and where it is checked. Nobody has to be known for either, and nothing is kept."""

    sheets: Sheets
    pages: Pages
    guard: Flood

    @classmethod
    def over(cls, sheets: Sheets, clock: Callable[[], datetime]) -> SheetPage:
        """The pages over the sheets, with limits of their own."""
        return cls(sheets, load_pages(), Flood(flood.load().of_sheets(), clock))

    def routes(self) -> list[Route]:
        """Where they are found."""
        small = Middleware(RequestBodyLimitMiddleware, max_body_size=MOST_BYTES)
        return [
            Route("/phieu/{code}.pdf", self.give),
            Route(CHECK_PATH, self.show),
            Route(CHECK_PATH, self.check, methods=["POST"], middleware=[small]),
        ]

    async def give(self, request: Request) -> Response:
        """The sheet as a file."""
        self._hold_back(request)
        code, case_id = request.path_params["code"], request.query_params.get("truong_hop", "")
        is_large = request.query_params.get("co_chu") == "lon"
        try:
            content = await run_in_threadpool(self.sheets.pdf, code, case_id, is_large)
        except (NotFound, NoCase) as error:
            raise HTTPException(404) from error
        headers = {"Content-Disposition": f'attachment; filename="{file_name(code, is_large)}"', "Cache-Control": AGE}
        return Response(content, media_type="application/pdf", headers=headers)

    async def show(self, request: Request) -> Response:
        """The form that takes a file."""
        return self.pages.show(request, "sheet_check.html", checked=None, missing=False)

    async def check(self, request: Request) -> Response:
        """What the file is."""
        refuse_strangers(request)
        self._hold_back(request)
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("phieu")
            content = await file.read() if isinstance(file, UploadFile) else b""
        if not content:
            return self.pages.show(request, "sheet_check.html", 400, checked=None, missing=True)
        checked = await run_in_threadpool(self.sheets.check, content)
        return self.pages.show(request, "sheet_check.html", checked=checked, missing=False)

    def _hold_back(self, request: Request) -> None:
        """Raises 429 for whoever takes too many in a minute."""
        where = network(request)
        excess = self.guard.excess(CHANNEL, where, where, lambda: False)
        if excess is not None:
            raise HTTPException(429, headers={"Retry-After": str(excess.retry_after_s)})

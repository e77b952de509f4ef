"""The page of what citizens ask about their own data: each with its last day, to be done, extended once, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import data_law
from bot.data_requests import DataRequests
from web.forms import MAX_NUMBER, form_fields
from web.pages import Pages
from web.ports import Session

PATH = "/console/data-requests"


@dataclass(frozen=True)
class DataRequestsPage:
    """The list and its one form."""

    requests: DataRequests
    pages: Pages

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route(PATH, self.show), Route(f"{PATH}/{{id:int}}", self.decide, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Every request, those that end soonest on top."""
        return await run_in_threadpool(self._page, request)

    async def decide(self, request: Request) -> Response:
        """What the pressed button says; 409 with the reason when it cannot be."""
        session: Session = request.state.session
        fields, request_id, officer_id = await form_fields(request), request.path_params["id"], session.officer_id
        acts = {
            "finish": lambda: self.requests.finish(request_id, officer_id),
            "extend": lambda: self.requests.extend(request_id, officer_id),
            "refuse": lambda: self.requests.refuse(
                request_id, officer_id, fields.get("ground", ""), fields.get("words", "")
            ),
        }
        act = acts.get(fields.get("act", ""))
        if act is None or request_id > MAX_NUMBER:
            raise HTTPException(400 if act is None else 404)
        hindrance = await run_in_threadpool(act)
        if hindrance is None:
            return RedirectResponse(PATH, 303)
        error = self.pages.words["data_requests"]["hindrances"][hindrance]
        return await run_in_threadpool(self._page, request, 409, error)

    def _page(self, request: Request, status: int = 200, error: str = "") -> Response:
        values: dict[str, Any] = {
            "requests": self.requests.all(),
            "today": self.requests.today(),
            "law": data_law.load(),
        }
        session: Session = request.state.session
        return self.pages.show(request, "data_requests.html", status, session=session, error=error, **values)

"""Editors' pages: which records leave something open or are to be checked again, and one record. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.pages import Pages
from web.ports import Cards, Ports, Records, Want

MAX_CODE = 40


@dataclass(frozen=True)
class CataloguePage:
    """The catalogue as editors see it."""

    records: Records
    cards: Cards
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> CataloguePage:
        """Over its neighbours."""
        return cls(ports.oversight.records, ports.cards, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/catalogue", self.show), Route("/console/record", self.show_record)]

    async def show(self, request: Request) -> Response:
        """The records of a kind and a field, those that were checked longest ago first."""
        return await run_in_threadpool(self._list, request)

    async def show_record(self, request: Request) -> Response:
        """One record: what it leaves open, and what citizens are told of it."""
        return await run_in_threadpool(self._record, request)

    def _list(self, request: Request) -> Response:
        want, field = request.query_params.get("want", Want.OPEN.value), request.query_params.get("field", "")
        fields = self.records.fields()
        if want not in set(Want) or field not in ("", *fields):
            raise HTTPException(400)
        values: dict[str, Any] = {"wants": list(Want), "want": want, "fields": fields, "field": field}
        entries = self.records.find(Want(want), field)
        return self.pages.show(request, "catalogue.html", session=request.state.session, entries=entries, **values)

    def _record(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        if not 0 < len(code) <= MAX_CODE:
            raise HTTPException(400)
        try:
            entry = self.records.of(code)
        except KeyError as error:
            raise HTTPException(404) from error
        card = self.cards.card(code)
        return self.pages.show(request, "record.html", session=request.state.session, entry=entry, card=card)

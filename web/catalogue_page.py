"""Editors' pages: which records leave something open or are to be checked again, and one record.

A record is changed in a draft (web/draft_page.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.records import Entry
from web.pages import Pages
from web.ports import Cards, Editing, Ports, Records, Want

MAX_CODE = 40
MAX_WORDS = 120


@dataclass(frozen=True)
class CataloguePage:
    """The catalogue as editors see it."""

    records: Records
    cards: Cards
    editing: Editing
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> CataloguePage:
        """Over its neighbours."""
        return cls(ports.oversight.records, ports.cards, ports.oversight.editing, pages)

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
        asked = {name: request.query_params.get(name, "") for name in ("want", "field", "part", "words")}
        want, fields = asked["want"] or Want.OPEN.value, self.records.fields()
        if want not in set(Want) or asked["field"] not in ("", *fields) or len(asked["words"]) > MAX_WORDS:
            raise HTTPException(400)
        entries = self.records.find(Want(want), asked["field"], asked["words"])
        values: dict[str, Any] = {
            "counts": self.records.counts(asked["field"], asked["words"]),
            "parts": open_parts(entries),
            "entries": [entry for entry in entries if asked["part"] in ("", *entry.parts)],
            "drafts": self.editing.drafts.all(),
        }
        chosen: dict[str, Any] = {"wants": list(Want), "want": want, "fields": fields, "field": asked["field"]}
        more: dict[str, Any] = {"part": asked["part"], "asked": asked["words"]}
        return self.pages.show(request, "catalogue.html", session=request.state.session, **values, **chosen, **more)

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


def open_parts(entries: Iterable[Entry]) -> dict[str, int]:
    """How many of the records leave a part open, the most frequent first."""
    return dict(Counter(part for entry in entries for part in entry.parts).most_common())

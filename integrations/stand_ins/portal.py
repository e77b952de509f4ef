"""A stand-in for the City's dossier system: same addresses, same shapes, invented people.

    python -m integrations.stand_ins --only city

What it serves stands in data/city.openapi.yaml; how it goes wrong when it is told to, in faults.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.stand_ins.faults import ZONE, Faults, Row, Spoiling, dated, found
from integrations.stand_ins.tokens import CLIENT_ID, CLIENT_SECRET, Tokens

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "DATA", "DESCRIPTION", "SEARCH_PATH", "TOKEN_PATH", "app"]

DATA = Path(__file__).parent / "data" / "dossiers.json"
DESCRIPTION = Path(__file__).parent / "data" / "city.openapi.yaml"
TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"
SEARCH_PATH = "/pa/dossier-search/dvc"
MOMENTS = "%Y-%m-%dT%H:%M:%S.000%z"
COUNT = re.compile(r"[0-9]{1,4}").fullmatch
REQUIRED: Mapping[str, Callable[[str], object]] = {"page": COUNT, "size": COUNT, "spec": "slice".__eq__, "code": bool}


def _older(row: Row) -> Row:
    return {**row, "statusCurrentTask": "Mới đăng ký", "updatedDate": row["appliedDate"], "dossierHistory": []}


SPOILING = Spoiling("code", {"procedure": 7, "statusCurrentTask": [], "appliedDate": {"day": 1}}, _older)


@dataclass
class City:
    """What the stand-in knows and remembers."""

    dossiers: Sequence[Row]
    clock: Callable[[], datetime]
    tokens: Tokens
    faults: Faults

    async def search(self, request: Request) -> Response:
        """Answers a search by dossier code, unless a fault is ordered."""
        if not self.tokens.admits(request.headers.get("Authorization", "")):
            return JSONResponse({"error": "invalid_token"}, 401)
        query = request.query_params
        if not all(name in query and check(query[name]) for name, check in REQUIRED.items()):
            return JSONResponse({"error": "bad_request"}, 400)
        mode = self.faults.take()
        rows = found(self.dossiers, query["code"], mode, SPOILING)
        return await self.faults.answer(_slice([dated(row, self.clock(), MOMENTS) for row in rows]), mode)


def app(
    dossiers: Sequence[Row] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(ZONE),
    token_lifetime_s: float = 300,
    slow_s: float = 10,
) -> Starlette:
    """The stand-in as a web application."""
    faults = Faults(slow_s)
    tokens = Tokens(clock, token_lifetime_s, lambda: faults.asked.update(["logins"]))
    city = City(json.loads(DATA.read_text("utf-8")) if dossiers is None else dossiers, clock, tokens, faults)
    return Starlette(
        routes=[
            Route(TOKEN_PATH, tokens.issue, methods=["POST"]),
            Route(SEARCH_PATH, city.search, methods=["GET"]),
            faults.route(),
        ]
    )


def _slice(rows: list[Any]) -> Row:
    """Rows in the slice that Spring writes."""
    return {"content": rows, "number": 0, "size": 10, "numberOfElements": len(rows), "first": True, "last": True}

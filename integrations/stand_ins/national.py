"""A stand-in for the national services: a login gives a session, TraCuuHoSo looks a dossier up; invented people.

    python -m integrations.stand_ins --only national

What it serves stands in data/national.openapi.yaml; how it goes wrong when it is told to, in faults.py. Like the
services that public code shows, it says with HTTP 200 that something is wrong: `error_code` tells.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.stand_ins.faults import ZONE, Faults, Row, Spoiling, dated, found

DATA = Path(__file__).parent / "data" / "national.json"
DESCRIPTION = Path(__file__).parent / "data" / "national.openapi.yaml"
LOGIN_PATH = "/api/login"
CALL_PATH = "/api/integration"
USERNAME = "mot-cua"
PASSWORD = "stand-in-secret"
UNIT = "000.00.00.H29"
DSTCODE = "VN:GOV:000.00.00.G22:vpcpdvcqg"
MOMENTS = "%Y%m%d%H%M%S"
LOGIN = ("username", "password")
CALL = ("session", "madonvi", "service", "mahoso")


def _older(row: Row) -> Row:
    return {**row, "TrangThaiHoSo": "1", "NgayCapNhat": row["NgayNopHoSo"], "TienTrinh": []}


SPOILING = Spoiling("MaHoSo", {"TenTTHC": 7, "TrangThaiHoSo": [], "NgayNopHoSo": {"day": 1}}, _older)


@dataclass
class National:
    """What the stand-in knows and remembers."""

    dossiers: Sequence[Row]
    clock: Callable[[], datetime]
    session_lifetime_s: float
    faults: Faults
    sessions: dict[str, datetime] = field(default_factory=dict)
    # session -> the moment it ends

    async def login(self, request: Request) -> Response:
        """Gives a session for our name and password."""
        asked = await _body(request, LOGIN)
        if asked is None:
            return JSONResponse({"error_code": "400", "message": "Bad request"}, 400)
        is_ours = hmac.compare_digest(asked["username"].encode(errors="replace"), USERNAME.encode())
        if not (is_ours and hmac.compare_digest(asked["password"].encode(errors="replace"), PASSWORD.encode())):
            return JSONResponse({"error_code": 1, "message": "Wrong username or password"})
        session = secrets.token_urlsafe(24)
        self.sessions[session] = self.clock() + timedelta(seconds=self.session_lifetime_s)
        self.faults.asked["logins"] += 1
        return JSONResponse({"error_code": 0, "message": "Success", "session": session})

    async def call(self, request: Request) -> Response:
        """Answers TraCuuHoSo, unless a fault is ordered."""
        asked = await _body(request, CALL)
        if asked is None:
            return JSONResponse({"error_code": "400", "message": "Bad request"}, 400)
        ends_at = self.sessions.get(asked["session"])
        if ends_at is None or self.clock() >= ends_at:
            return JSONResponse({"error_code": 2, "message": "Session expired"})
        if asked["service"] != "TraCuuHoSo" or asked["madonvi"] != UNIT:
            return JSONResponse({"error_code": 3, "message": "No such service"})
        mode = self.faults.take()
        rows = [dated(row, self.clock(), MOMENTS) for row in found(self.dossiers, asked["mahoso"], mode, SPOILING)]
        return await self.faults.answer({"error_code": "00", "message": "Success", "result": rows}, mode)


def app(
    dossiers: Sequence[Row] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(ZONE),
    session_lifetime_s: float = 300,
    slow_s: float = 10,
) -> Starlette:
    """The stand-in as a web application."""
    faults = Faults(slow_s)
    known = json.loads(DATA.read_text("utf-8")) if dossiers is None else dossiers
    national = National(known, clock, session_lifetime_s, faults)
    return Starlette(
        routes=[
            Route(LOGIN_PATH, national.login, methods=["POST"]),
            Route(CALL_PATH, national.call, methods=["POST"]),
            faults.route(),
        ]
    )


async def _body(request: Request, names: Sequence[str]) -> Mapping[str, str] | None:
    """The request's object with these texts; None when it, or the header that every request carries, is not there."""
    try:
        content: Any = await request.json()
    except (ValueError, RecursionError):
        return None
    if request.headers.get("dstcode") != DSTCODE or not isinstance(content, dict):
        return None
    return content if all(isinstance(content.get(name), str) for name in names) else None

"""A stand-in for the City's dossier system: same addresses, same shapes, invented people.

    python -m integrations.stand_ins.portal --port 8099 [--with-owner]

Serves the token endpoint, the dossier search and, for demo and tests, faults on request:

    POST /__control {"mode": "slow" | "500" | "503" | "html" | "other_person" | "empty" | "ok", "times": n}

A fault holds for the next n searches, or until the next control request when times is left out.
Like the real system it answers with the applicant's personal data; dropping it is our client's work.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DATA = Path(__file__).parent / "data" / "dossiers.json"
TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"
SEARCH_PATH = "/pa/dossier-search/dvc"
CLIENT_ID = "mot-cua"
CLIENT_SECRET = "stand-in-secret"
MODES = ("ok", "slow", "500", "503", "html", "other_person", "empty")

Row = Mapping[str, Any]


@dataclass
class Fault:
    """How the next searches go wrong."""

    mode: str = "ok"
    left: int | None = None
    # searches still to spoil; None means until told otherwise

    def take(self) -> str:
        """The mode of this search."""
        mode = self.mode
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.mode, self.left = "ok", None
        return mode


@dataclass
class Portal:
    """What the stand-in knows and remembers."""

    dossiers: Sequence[Row]
    clock: Callable[[], datetime]
    token_lifetime_s: float
    slow_s: float
    fault: Fault = field(default_factory=Fault)
    tokens: dict[str, datetime] = field(default_factory=dict)
    # access token -> the moment it expires

    async def token(self, request: Request) -> Response:
        """Issues an access token for our client credentials."""
        form = parse_qs((await request.body()).decode())
        if not _is_ours(request.headers.get("Authorization", "")):
            return JSONResponse({"error": "unauthorized_client"}, 401)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = self.clock() + timedelta(seconds=self.token_lifetime_s)
        return JSONResponse({"access_token": token, "expires_in": self.token_lifetime_s, "token_type": "Bearer"})

    async def search(self, request: Request) -> Response:
        """Answers a search by dossier code, unless a fault is ordered."""
        expires_at = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if expires_at is None or self.clock() >= expires_at:
            return JSONResponse({"error": "invalid_token"}, 401)
        mode = self.fault.take()
        if mode == "slow":
            await asyncio.sleep(self.slow_s)
        if mode in ("500", "503"):
            return JSONResponse({"message": "Internal error"}, int(mode))
        if mode == "html":
            return HTMLResponse("<html><body>Hệ thống đang bảo trì</body></html>")
        return JSONResponse(_page(self._found(request.query_params.get("code", ""), mode)))

    async def control(self, request: Request) -> Response:
        """Orders a fault."""
        order = await request.json()
        if order.get("mode") not in MODES:
            return JSONResponse({"error": f"mode is one of {', '.join(MODES)}"}, 400)
        self.fault.mode, self.fault.left = order["mode"], order.get("times")
        return JSONResponse({"mode": self.fault.mode, "times": self.fault.left})

    def _found(self, code: str, mode: str) -> list[Row]:
        """The dossiers that answer a search."""
        if mode == "empty":
            return []
        wanted = [row for row in self.dossiers if (row["code"] == code) is (mode != "other_person")]
        return [_dated(row, self.clock()) for row in wanted[:1]]


def app(
    dossiers: Sequence[Row] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(ZONE),
    token_lifetime_s: float = 300,
    slow_s: float = 10,
) -> Starlette:
    """The stand-in as a web application."""
    portal = Portal(json.loads(DATA.read_text()) if dossiers is None else dossiers, clock, token_lifetime_s, slow_s)
    return Starlette(
        routes=[
            Route(TOKEN_PATH, portal.token, methods=["POST"]),
            Route(SEARCH_PATH, portal.search, methods=["GET"]),
            Route("/__control", portal.control, methods=["POST"]),
        ]
    )


def _is_ours(authorization: str) -> bool:
    """Whether the HTTP Basic credentials are those of our client."""
    ours = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    return hmac.compare_digest(authorization.encode(), f"Basic {ours}".encode())


def _page(rows: list[Row]) -> Row:
    """Rows in the slice that Spring writes."""
    return {"content": rows, "number": 0, "size": 10, "numberOfElements": len(rows), "first": True, "last": True}


def _dated(row: Row, today: datetime) -> Row:
    """The dossier with its relative days ({"days_from_today": n}) written as moments, five in the afternoon."""
    dated = dict(row)
    for name, value in row.items():
        if isinstance(value, dict) and "days_from_today" in value:
            day = today.astimezone(ZONE).date() + timedelta(days=value["days_from_today"])
            dated[name] = datetime.combine(day, time(17), ZONE).strftime("%Y-%m-%dT%H:%M:%S.000%z")
    return dated


def main() -> None:
    """Serves the stand-in on the loopback."""
    parser = argparse.ArgumentParser(description="Stand-in for the City's dossier system")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--with-owner", action="store_true", help="end when standard input closes: its owner is gone")
    options = parser.parse_args()
    print(f"portal stand-in: http://127.0.0.1:{options.port}", flush=True)
    if options.with_owner:
        threading.Thread(target=_end_with_owner, daemon=True).start()
    uvicorn.run(app(), host="127.0.0.1", port=options.port, log_level="warning")


def _end_with_owner() -> None:
    """Whoever holds the other end of our standard input may be killed: the pipe tells, whatever happened."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

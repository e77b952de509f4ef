"""How a stand-in goes wrong when it is told to.

    POST /__control {"mode": "slow", "times": 1, "seconds": 5}      GET /__control

A fault holds for the next `times` look-ups, or until the next order when that is left out. GET tells what was asked.
Like the real systems the stand-ins answer with everybody's personal data; dropping it is our client's work.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MODES = (
    "ok", "slow", "500", "503", "429", "html", "truncated", "wrong_types", "other_person", "old", "empty",
)  # fmt: skip
RETRY_AFTER_S = 2
CONTROL_PATH = "/__control"

Row = Mapping[str, Any]


@dataclass
class Faults:
    """What is ordered, and what was asked."""

    slow_s: float
    mode: str = "ok"
    left: int | None = None
    # look-ups still to spoil; None means until told otherwise
    asked: Counter[str] = field(default_factory=Counter)
    # "logins", "searches"

    def take(self) -> str:
        """The mode of this look-up."""
        self.asked["searches"] += 1
        mode = self.mode
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.mode, self.left = "ok", None
        return mode

    async def answer(self, content: object, mode: str) -> Response:
        """The content, as badly as was ordered."""
        if mode == "slow":
            await asyncio.sleep(self.slow_s)
        if mode in ("500", "503"):
            return JSONResponse({"message": "Internal error"}, int(mode))
        if mode == "429":
            return JSONResponse({"message": "Too many requests"}, 429, {"Retry-After": str(RETRY_AFTER_S)})
        if mode == "html":
            return HTMLResponse("<html><body>Hệ thống đang bảo trì</body></html>")
        whole = json.dumps(content, ensure_ascii=False).encode()
        return Response(whole[: len(whole) // 2] if mode == "truncated" else whole, media_type="application/json")

    async def control(self, request: Request) -> Response:
        """Orders a fault, or tells what was asked."""
        if request.method == "GET":
            return JSONResponse(self.asked)
        order = await request.json()
        if order.get("mode") not in MODES:
            return JSONResponse({"error": f"mode is one of {', '.join(MODES)}"}, 400)
        self.mode, self.left = order["mode"], order.get("times")
        self.slow_s = order.get("seconds", self.slow_s)
        return JSONResponse({"mode": self.mode, "times": self.left})

    def route(self) -> Route:
        """Where faults are ordered."""
        return Route(CONTROL_PATH, self.control, methods=["GET", "POST"])


@dataclass(frozen=True)
class Spoiling:
    """How one portal's records go wrong."""

    code: str
    # name of the field
    wrong_types: Row
    # fields with values of another type
    older: Callable[[Row], Row]
    # the record as it was some time ago


def found(dossiers: Sequence[Row], code: str, mode: str, spoiling: Spoiling) -> list[Row]:
    """The records that answer a look-up."""
    if mode == "empty":
        return []
    wanted = [row for row in dossiers if (row[spoiling.code] == code) is (mode != "other_person")][:1]
    if mode == "wrong_types":
        return [{**row, **spoiling.wrong_types} for row in wanted]
    return [spoiling.older(row) for row in wanted] if mode == "old" else wanted


def dated(value: Any, today: datetime, form: str) -> Any:
    """A record with its relative days ({"days_from_today": n}) written as moments, five in the afternoon."""
    if isinstance(value, list):
        return [dated(part, today, form) for part in value]
    if not isinstance(value, dict):
        return value
    if "days_from_today" in value:
        day = today.astimezone(ZONE).date() + timedelta(days=value["days_from_today"])
        return datetime.combine(day, time(17), ZONE).strftime(form)
    return {name: dated(part, today, form) for name, part in value.items()}

"""A stand-in for the LGSP gateway: lets through to a portal behind it whoever shows the header, and a token of its own.

    python -m integrations.stand_ins --only lgsp-city lgsp-national

What it asks for stands in data/lgsp.openapi.yaml. Faults are those of the portal behind.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from integrations.stand_ins.faults import CONTROL_PATH, ZONE
from integrations.stand_ins.tokens import Tokens

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DESCRIPTION = Path(__file__).parent / "data" / "lgsp.openapi.yaml"
TOKEN_PATH = "/token"
HEADER = "lgspaccesstoken"
KEYS = {
    "AccessKey": "stand-in-access",
    "SecretKey": "stand-in-secret",
    "AppName": "mot-cua",
    "PartnerCode": "000.00.01.H29",
    "PartnerCodeCus": "000.00.01.H29",
}


class Gateway:
    """An application behind the gateway."""

    def __init__(self, portal: Starlette, tokens: Tokens | None) -> None:
        self._portal = portal
        self._tokens = tokens
        # None: the portal behind asks for its own

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] == CONTROL_PATH:
            await self._portal(scope, receive, send)
            return
        answer = await self._answer(Request(scope, receive))
        await (answer or self._portal)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """What the gateway says itself; None when the portal behind is to answer."""
        if not _is_ours(request.headers.get(HEADER, "")):
            return JSONResponse({"error": "unknown_partner"}, 401)
        if self._tokens is None:
            return None
        if request.url.path == TOKEN_PATH:
            return await self._tokens.issue(request) if request.method == "POST" else Response(status_code=405)
        is_let_in = self._tokens.admits(request.headers.get("Authorization", ""))
        return None if is_let_in else JSONResponse({"error": "invalid_token"}, 401)


def app(
    portal: Starlette,
    own_tokens: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(ZONE),
    token_lifetime_s: float = 300,
) -> Gateway:
    """The gateway in front of a portal's stand-in."""
    return Gateway(portal, Tokens(clock, token_lifetime_s, lambda: None) if own_tokens else None)


def _is_ours(header: str) -> bool:
    """Whether the header says who we are."""
    try:
        keys = json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        return False
    return hmac.compare_digest(json.dumps(keys, sort_keys=True), json.dumps(KEYS, sort_keys=True))

"""OAuth2 client credentials as a stand-in gives them."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CLIENT_ID = "mot-cua"
CLIENT_SECRET = "stand-in-secret"


@dataclass
class Tokens:
    """The tokens that were given."""

    clock: Callable[[], datetime]
    lifetime_s: float
    given: Callable[[], None]
    # told of each new token
    until: dict[str, datetime] = field(default_factory=dict)
    # access token -> the moment it expires

    async def issue(self, request: Request) -> Response:
        """Issues an access token for our client credentials."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        if not _is_ours(request.headers.get("Authorization", "")):
            return JSONResponse({"error": "unauthorized_client"}, 401)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_urlsafe(24)
        self.until[token] = self.clock() + timedelta(seconds=self.lifetime_s)
        self.given()
        return JSONResponse({"access_token": token, "expires_in": self.lifetime_s, "token_type": "Bearer"})

    def admits(self, authorization: str) -> bool:
        """Whether a request's token is good."""
        ends_at = self.until.get(authorization.removeprefix("Bearer "))
        return ends_at is not None and self.clock() < ends_at


def _is_ours(authorization: str) -> bool:
    """Whether the HTTP Basic credentials are those of our client."""
    ours = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    return hmac.compare_digest(authorization.encode(errors="replace"), f"Basic {ours}".encode())

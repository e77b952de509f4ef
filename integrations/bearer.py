"""OAuth2 client credentials: a line whose requests carry a token, renewed when it ends or is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from integrations.errors import BadAnswer
from integrations.line import Line
from integrations.passes import Pass, Passes

TOKEN_MARGIN_S = 30.0
# a token is not used in the last moments of its life


@dataclass(frozen=True)
class Client:
    """Who we are, and where tokens are given."""

    token_url: str
    # the whole address of the token endpoint
    client_id: str
    client_secret: str = field(repr=False)
    # issued to us, never taken from a web page


class Bearer:
    """A line with a token. Safe to share between threads."""

    def __init__(self, line: Line, client: Client, clock: Callable[[], datetime]) -> None:
        self._line = line
        self._client = client
        self._clock = clock
        self._passes = Passes(self._new, clock)

    def ask(self, method: str, address: str, **content: Any) -> httpx.Response:
        """The answer to a request that may be repeated, once more with a new token when the first is refused."""
        token = self._passes.usable()
        answer = self._ask(method, address, token, content)
        if answer.status_code == 401:
            answer = self._ask(method, address, self._passes.instead_of(token), content)
        return answer

    def _ask(self, method: str, address: str, token: Pass, content: Mapping[str, Any]) -> httpx.Response:
        headers = {**content.get("headers", {}), "Authorization": f"Bearer {token.value}"}
        return self._line.ask(method, address, **{**content, "headers": headers})

    def _new(self) -> Pass:
        """A token for our client credentials."""
        asked_at = self._clock()
        form = {"grant_type": "client_credentials"}
        answer = self._line.ask("POST", self._client.token_url, data=form, headers=self._basic())
        token, lifetime_s = _token(self._line.accepted(answer), self._line.name)
        margin_s = min(TOKEN_MARGIN_S, lifetime_s / 2)
        return Pass(token, asked_at + timedelta(seconds=lifetime_s - margin_s))

    def _basic(self) -> dict[str, str]:
        """HTTP Basic credentials as a header."""
        auth = httpx.BasicAuth(self._client.client_id, self._client.client_secret)
        signed = next(auth.auth_flow(httpx.Request("POST", self._client.token_url)))
        return {"Authorization": signed.headers["Authorization"]}


def _token(answer: Mapping[str, Any], name: str) -> tuple[str, float]:
    """The access token and its lifetime in seconds."""
    token = answer.get("access_token")
    try:
        lifetime_s = float(answer.get("expires_in", 60))
    except (TypeError, ValueError, OverflowError):
        raise BadAnswer(f"{name}: expires_in is not a number") from None
    if not isinstance(token, str) or not token or not 0 < lifetime_s < 1e8:
        raise BadAnswer(f"{name}: not a usable token")
    return token, lifetime_s

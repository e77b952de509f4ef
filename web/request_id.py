"""A number for each request: in its answer, and in every line that is logged while it is answered."""

from __future__ import annotations

import secrets
from string import ascii_lowercase

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import logs

HEADER = "X-Request-Id"
LETTERS, LENGTH = ascii_lowercase, 16
# no digits: the log blanks long numbers


class RequestId:
    """Gives each request a number of ours; what a visitor calls theirs is not believed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under its number."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        logs.about(request=number)

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        await self._app(scope, receive, numbered)

"""A portal of no protocol: it lets us in as each of them does and then answers with whatever bytes it is given."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from integrations.stand_ins import lgsp, national, portal

ENTRANCES = {
    portal.TOKEN_PATH: {"access_token": "t", "expires_in": 300},
    lgsp.TOKEN_PATH: {"access_token": "t", "expires_in": 300},
    national.LOGIN_PATH: {"error_code": "0", "session": "s"},
}


def answering(body: Callable[[], bytes], lets_in: bool = True) -> httpx.MockTransport:
    """What a client talks to in place of a server; `body` is asked for each answer, to the entrances too if told so."""

    def handle(request: httpx.Request) -> httpx.Response:
        if lets_in and request.url.path in ENTRANCES:
            return httpx.Response(200, json=ENTRANCES[request.url.path])
        return httpx.Response(200, content=body())

    return httpx.MockTransport(handle)

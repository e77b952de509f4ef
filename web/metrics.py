"""Metrics: what the processes of this host count and what waits in the database, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.meters import MEDIA_TYPE

LOOPBACK = ("127.0.0.0/8", "::1/128")


def route(text: Callable[[], bytes], networks: Sequence[str] = ()) -> Route:
    """Where a monitor of this machine, or of `networks`, reads. A proxy in front of us must not pass /metrics on."""

    async def metrics(request: Request) -> Response:
        admit(request, networks)
        return Response(await run_in_threadpool(text), media_type=MEDIA_TYPE)

    return Route("/metrics", metrics)


def admit(request: Request, networks: Sequence[str]) -> None:
    """Raises HTTPException 404: whoever comes from elsewhere finds no such page."""
    if request.client is None or not _within(request.client.host, (*LOOPBACK, *networks)):
        raise HTTPException(404)


def _within(host: str, networks: Sequence[str]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)

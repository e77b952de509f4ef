"""Metrics: the counts of this process in the text format of Prometheus, for the machine itself only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.figures import Figure

LOOPBACK = {"127.0.0.1", "::1"}
MEDIA_TYPE = "text/plain; version=0.0.4"


def route(figures: Callable[[], Iterable[Figure]]) -> Route:
    """Where a monitor on this machine reads the counts. A proxy in front of us must not pass /metrics on."""

    async def metrics(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            raise HTTPException(404)
        return PlainTextResponse(text(figures()), media_type=MEDIA_TYPE)

    return Route("/metrics", metrics)


def text(figures: Iterable[Figure]) -> str:
    """A line a count, each name with its type once; labels come from closed lists and need no escaping."""
    lines = []
    for name, group in groupby(figures, lambda figure: f"mot_cua_{figure.name}_total"):
        lines.append(f"# TYPE {name} counter")
        for figure in group:
            labels = ",".join(f'{label}="{value}"' for label, value in figure.labels.items())
            lines.append(f"{name}{{{labels}}} {figure.count}" if labels else f"{name} {figure.count}")
    return "\n".join(lines) + "\n"

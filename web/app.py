"""The web application: chat, console, health and whatever routes the channels bring."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from web.access import Gate
from web.account import Account
from web.administration import Administration
from web.attachment import AttachmentPage
from web.audit import Audit
from web.breaches_page import BreachesPage
from web.catalogue_page import CataloguePage
from web.chat import Chat
from web.console import Console
from web.desks_page import DesksPage
from web.draft_page import DraftPage
from web.forms import form_fields
from web.headers import FRAMED, SECURITY, SecurityHeaders
from web.newest import Newest
from web.pages import STATIC, Pages, load_pages
from web.ports import NotKept, Ports
from web.presence import Presence
from web.pulse import Pulse
from web.releases_page import ReleasesPage
from web.request_id import RequestId
from web.search_page import SearchPage
from web.sign_in import SignIn
from web.ticket_page import TicketPage

MAX_BODY_BYTES = 1_000_000
GZIP_LEVEL = 4
# a third of the time of 9, and 4 % more to send
WIDGET_AGE = "public, max-age=300"
# short: agencies name it without a fingerprint


def create_app(
    ports: Ports,
    secret: str,
    extra_routes: Sequence[BaseRoute] = (),
    embedders: Sequence[str] = (),
    stream_age_s: float = 1800.0,
) -> Starlette:
    """The whole application over its neighbours; the embedders are sites that may frame the chat.

    `stream_age_s`: how long a page of the console listens before it connects again.
    """
    pages, presence = load_pages(), Presence()
    pulse = Pulse(Newest(ports.board.newest, ports.board.news), presence.changes, stream_age_s)
    replies = Newest(ports.mailbox.newest, ports.mailbox.news)
    entrance = SignIn.over(ports, pages, secret)
    gate = Gate(ports.officers, ports.access.log, ports.access.sight, entrance.cookie, entrance.ask)
    routes: list[BaseRoute] = [
        *Chat.over(ports, pages, secret, replies).routes(),
        *Chat.framed(ports, pages, secret, replies).routes(),
        Route("/widget.js", partial(widget, pages)),
        *entrance.routes(),
        *Account.over(ports, pages, entrance).routes(),
        *Console.over(ports, pages, pulse).routes(),
        *TicketPage.over(ports, pages, presence).routes(),
        *AttachmentPage(ports, pages).routes(),
        *SearchPage.over(ports, pages).routes(),
        *Administration.over(ports, pages).routes(),
        *Audit.over(ports, pages).routes(),
        *BreachesPage.over(ports, pages).routes(),
        *DesksPage.over(ports, pages).routes(),
        *CataloguePage.over(ports, pages).routes(),
        *DraftPage.over(ports, pages).routes(),
        *ReleasesPage.over(ports, pages).routes(),
        *extra_routes,
        Route("/health", health),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(
        routes=[gate.over(route) for route in routes],
        middleware=[
            Middleware(RequestId),
            Middleware(SecurityHeaders, embedders=embedders),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=GZIP_LEVEL),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES),
        ],
        exception_handlers={
            HTTPException: partial(refused, pages),
            NotKept: partial(not_kept, pages),
            Exception: partial(failed, pages),
        },
    )


async def health(request: Request) -> Response:
    """This process is alive."""
    return JSONResponse({"status": "ok"})


async def widget(pages: Pages, request: Request) -> Response:
    """The script that puts the chat on an agency's page."""
    response = pages.show(request, "widget.js", media_type="text/javascript")
    response.headers["Cache-Control"] = WIDGET_AGE
    return response


async def refused(pages: Pages, request: Request, error: Exception) -> Response:
    """The error in a sentence: a page for people, JSON for scripts. Words that were not taken are given back."""
    assert isinstance(error, HTTPException)
    draft = ""
    if request.method == "POST" and request.url.path.startswith("/console/") and error.status_code == 403:
        fields = await form_fields(request)
        draft = fields.get("reply") or fields.get("note") or ""
    response = _sentence(pages, request, error.status_code, draft)
    response.headers.update(error.headers or {})
    return response


async def not_kept(pages: Pages, request: Request, error: Exception) -> Response:
    """A vendor's message that could not be stored: anything but 200 brings it again."""
    return _sentence(pages, request, 503)


async def failed(pages: Pages, request: Request, error: Exception) -> Response:
    """Our own mistake; this answer passes outside the middleware, so it carries its own headers."""
    response = _sentence(pages, request, 500)
    response.headers.update({**SECURITY, "Cache-Control": "no-store"})
    return response


def _sentence(pages: Pages, request: Request, status: int, draft: str = "") -> Response:
    if "text/html" in request.headers.get("accept", ""):
        back = next((base for base in (FRAMED, "/console") if request.url.path.startswith(f"{base}/")), "/")
        return pages.show(request, "error.html", status, sentence=pages.error(status), back=back, draft=draft)
    return JSONResponse({"error": pages.error(status)}, status)

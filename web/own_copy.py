"""A citizen's own data from the web chat: a page and a file, for whoever has the conversation's cookie."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.own_data import Copies, Copy
from web.chat import CHANNEL, frame_cookie, page_cookie
from web.headers import FRAMED
from web.pages import Pages, load_pages
from web.ports import Numbers
from web.sessions import Sessions

NAME = "du-lieu-cua-toi.json"


@dataclass(frozen=True)
class OwnCopy:
    """The copy of one conversation."""

    copies: Copies
    sessions: Sessions
    pages: Pages
    base: str = ""
    # where the chat is whose conversation it is

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route(f"{self.base}/chat/data", self.show), Route(f"{self.base}/chat/data.json", self.download)]

    async def show(self, request: Request) -> Response:
        """The copy as a page; without a conversation it is empty."""
        copy = await self._copy(request)
        return self.pages.show(request, "own_copy.html", copy=copy, base=self.base, file=NAME)

    async def download(self, request: Request) -> Response:
        """The same as a file."""
        headers = {"Content-Disposition": f'attachment; filename="{NAME}"', "Cache-Control": "no-store"}
        return Response(as_json(await self._copy(request)), media_type="application/json", headers=headers)

    async def _copy(self, request: Request) -> Copy:
        card = await self.sessions.read(request)
        return await run_in_threadpool(self.copies.of, CHANNEL, card.address if card else "")


def routes(copies: Copies, numbers: Numbers, secret: str) -> list[Route]:
    """The copies of the chat as a page of its own and in a frame."""
    pages = load_pages()
    return [
        route
        for base, cookie in (("", page_cookie(secret)), (FRAMED, frame_cookie(secret)))
        for route in OwnCopy(copies, Sessions(cookie, numbers), pages, base).routes()
    ]


def as_json(copy: Copy) -> str:
    """Kinds of data with their rows, in the citizen's language; days as ISO dates."""
    kinds = [
        {
            "loại": kind.what,
            "để làm gì": kind.why,
            "căn cứ": kind.basis,
            "giữ đến": kind.until.isoformat() if kind.until else None,
            "nội dung": list(kind.rows),
        }
        for kind in copy.categories
    ]
    return json.dumps({"lập lúc": copy.made_at.isoformat(), "dữ liệu": kinds}, ensure_ascii=False, indent=2)

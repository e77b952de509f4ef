"""What a citizen sent besides words, opened through the channel that has it. Nothing of it is kept here.

Only what a browser shows as a picture is shown; everything else is saved as a file that nothing opens by itself. What
it is, its own first bytes say. The headers of every page (web/headers.py) keep it from being read as anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.forms import MAX_NUMBER, NUMBER
from web.pages import Pages
from web.ports import NoFile, Ports

PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
# by how they begin
WEBP = (b"RIFF", b"WEBP")
# at the beginning and after the length
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True)
class AttachmentPage:
    """One file of one ticket. The gate stands before it and records the look."""

    ports: Ports
    pages: Pages

    def routes(self) -> list[Route]:
        """Where it is found: ?line= names the message."""
        return [Route("/console/tickets/{id:int}/file", self.show)]

    async def show(self, request: Request) -> Response:
        """The file, or a page that says why not."""
        asked = request.query_params.get("line", "")
        line = int(asked) if NUMBER.fullmatch(asked) else 0
        if not 0 < line <= MAX_NUMBER:
            raise HTTPException(400)
        found = await run_in_threadpool(self.ports.errands.attachment, request.path_params["id"], line)
        fetch = self.ports.files.get(found[0]) if found else None
        try:
            if found is None or fetch is None:
                raise NoFile("not given out")
            content = await fetch(found[1].ref)
        except NoFile:
            sentence = self.pages.words["console"]["no_file"]
            return self.pages.show(request, "error.html", 400, sentence=sentence, back="/console")
        return answer(content)


def answer(content: bytes) -> Response:
    """A picture to look at, anything else to save."""
    kind = next((kind for start, kind in PICTURES.items() if content.startswith(start)), UNKNOWN)
    if (content[:4], content[8:12]) == WEBP:
        kind = "image/webp"
    way = "attachment" if kind == UNKNOWN else "inline"
    return Response(content, media_type=kind, headers={"Content-Disposition": way})

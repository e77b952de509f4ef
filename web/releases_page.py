"""Editors' page of releases: what is served, what waits for signatures, and the way back. Auditors may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.catalogue_drafts import CatalogueError, Outdated, Stale
from bot.catalogue_releases import NothingApproved, Waiting
from knowledge.errors import KnowledgeError, Tampered, Unapproved, UnknownRelease
from web.draft_page import reason_of
from web.forms import form_fields
from web.pages import Pages
from web.ports import Editing, Ports, Role

MAX_KEY_BYTES = 200
NEEDS_REASON = ("publish", "discard", "return")
REFUSALS: Mapping[type[Exception], str] = {
    NothingApproved: "nothing_approved",
    Waiting: "waiting",
    Outdated: "release_outdated",
    Stale: "release_stale",
    Unapproved: "unsigned",
    Tampered: "damaged",
    UnknownRelease: "release_stale",
    KnowledgeError: "damaged",
}
# why an act was not done -> its sentence in web/data/texts.yaml


@dataclass(frozen=True)
class ReleasesPage:
    """The releases of the catalogue."""

    editing: Editing
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> ReleasesPage:
        """Over its neighbours."""
        return cls(ports.oversight.editing, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/releases", self.show), Route("/console/releases", self.change, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Every release; the differences of one that is asked for."""
        return await run_in_threadpool(self._page, request)

    async def change(self, request: Request) -> Response:
        """What the pressed button says."""
        fields, key = await form_fields(request), await key_of(request)
        return await run_in_threadpool(self._changed, request, fields, key)

    def _changed(self, request: Request, fields: Mapping[str, str], key: bytes) -> Response:
        releases, by, why = self.editing.releases, request.state.session.username, reason_of(fields)
        release, act = fields.get("release", ""), fields.get("act", "")
        acts: dict[str, Callable[[], object]] = {
            "make": lambda: releases.make(by),
            "sign": lambda: releases.sign(release, by, key),
            "publish": lambda: releases.publish(release, by, why),
            "discard": lambda: releases.discard(release, by, why),
            "return": lambda: releases.return_to(release, by, why),
        }
        if act not in acts:
            raise HTTPException(400)
        if act in NEEDS_REASON and not why:
            return self._page(request, "no_reason", 400)
        if act in NEEDS_REASON and not fields.get("sure"):
            return self._page(request, "not_sure", 400)
        try:
            acts[act]()
        except (CatalogueError, KnowledgeError) as error:
            name = next(name for kind, name in REFUSALS.items() if isinstance(error, kind))
            return self._page(request, "wrong_key" if act == "sign" and name == "unsigned" else name, 409)
        return RedirectResponse("/console/releases", 303)

    def _page(self, request: Request, why: str = "", status: int = 200) -> Response:
        releases = self.editing.releases
        asked = request.query_params.get("show", "")
        values: dict[str, Any] = {
            "releases": releases.all(),
            "ready": releases.ready(),
            "approvers": releases.approvers(),
            "asked": asked,
            "changes": self._changes(asked) if asked else [],
            "label": self.editing.drafts.form.label,
            "entries": self.editing.book.entries(),
            "may_write": request.state.session.may(Role.EDITOR),
            "why": why,
        }
        return self.pages.show(request, "releases.html", status, session=request.state.session, **values)

    def _changes(self, release: str) -> list[Any]:
        try:
            return self.editing.releases.changes(release)
        except KnowledgeError as error:
            raise HTTPException(400) from error


async def key_of(request: Request) -> bytes:
    """The bytes of the person's key file; empty when none was chosen."""
    async with request.form() as form:
        file = form.get("key")
        return await file.read(MAX_KEY_BYTES) if isinstance(file, UploadFile) else b""

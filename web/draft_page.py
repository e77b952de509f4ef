"""Editors' pages of a draft: the form that changes a record, and what a second person reads before approving it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import card_changes, record_form
from bot.catalogue_drafts import CatalogueError, Draft, Outdated, OwnDraft, Stale, Stand, Unready
from bot.present import ZONE
from knowledge import difference
from knowledge.errors import KnowledgeError, NotFound
from knowledge.procedure import Procedure
from knowledge.record import procedure
from web.forms import MAX_NUMBER, NUMBER, form_fields
from web.pages import Pages
from web.ports import Editing, Ports, Session

MAX_WHY = 200
REFUSALS: Mapping[type[Exception], str] = {
    Stale: "stale",
    OwnDraft: "own",
    Unready: "unready",
    Outdated: "outdated",
    KnowledgeError: "damaged",
}
# why an act was not done -> its sentence in web/data/texts.yaml


@dataclass(frozen=True)
class DraftPage:
    """The drafts of records."""

    editing: Editing
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> DraftPage:
        """Over its neighbours."""
        return cls(ports.oversight.editing, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/drafts", self.begin, methods=["POST"]),
            Route("/console/drafts/{id:int}", self.show),
            Route("/console/drafts/{id:int}", self.write, methods=["POST"]),
            Route("/console/drafts/{id:int}/review", self.show_review),
            Route("/console/drafts/{id:int}/review", self.decide, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Edit a procedure: its open draft, or a new one."""
        session: Session = request.state.session
        code = (await form_fields(request)).get("code", "")
        try:
            draft_id = await run_in_threadpool(self.editing.drafts.open, code, session.username)
        except NotFound as error:
            raise HTTPException(400) from error
        return RedirectResponse(f"/console/drafts/{draft_id}", 303)

    async def show(self, request: Request) -> Response:
        """The form."""
        return await run_in_threadpool(self._form, request, self._draft(request))

    async def write(self, request: Request) -> Response:
        """Keep what was typed, then do what the pressed button says."""
        fields, texts = await form_fields(request), await typed(request)
        return await run_in_threadpool(self._written, request, fields, texts)

    async def show_review(self, request: Request) -> Response:
        """What changes, in the citizen's words and field by field."""
        return await run_in_threadpool(self._review, request, self._draft(request))

    async def decide(self, request: Request) -> Response:
        """What the pressed button says."""
        return await run_in_threadpool(self._decided, request, await form_fields(request))

    def _draft(self, request: Request) -> Draft:
        draft_id = request.path_params["id"]
        try:
            return self.editing.drafts.of(draft_id if draft_id <= MAX_NUMBER else 0)
        except KeyError as error:
            raise HTTPException(404) from error

    def _written(self, request: Request, fields: Mapping[str, str], texts: dict[str, str]) -> Response:
        draft, by, drafts = self._draft(request), request.state.session.username, self.editing.drafts
        act, _, path = fields.get("act", "").partition(" ")
        version, why = version_of(fields), reason_of(fields)
        try:
            texts = changed(drafts.form, texts, act, path)
            drafts.save(draft.id, version, texts, by)
            if act == "send":
                drafts.send(draft.id, version + 1, by)
            elif act == "update":
                drafts.update(draft.id, version + 1, by)
            elif act == "drop" and why:
                drafts.drop(draft.id, version + 1, by, why)
        except KeyError as error:
            raise HTTPException(400) from error
        except (CatalogueError, KnowledgeError) as error:
            return self._form(request, self._draft(request), texts, refusal(error), 409)
        if act == "drop" and not why:
            return self._form(request, self._draft(request), texts, "no_reason", 400)
        return RedirectResponse(after(draft.id, act, path, texts), 303)

    def _decided(self, request: Request, fields: Mapping[str, str]) -> Response:
        draft, by = self._draft(request), request.state.session.username
        version, why, drafts = version_of(fields), reason_of(fields), self.editing.drafts
        acts: dict[str, Callable[[], object]] = {
            "approve": lambda: drafts.approve(draft.id, version, by),
            "refuse": lambda: drafts.refuse(draft.id, version, by, why),
            "take_back": lambda: drafts.take_back(draft.id, version, by),
            "measure": lambda: self.editing.effect.start(draft),
            "stop": lambda: self.editing.effect.stop(draft),
        }
        act = fields.get("act", "")
        if act not in acts:
            raise HTTPException(400)
        if act == "refuse" and not why:
            return self._review(request, draft, "no_reason", 400)
        try:
            acts[act]()
        except (CatalogueError, KnowledgeError) as error:
            return self._review(request, self._draft(request), refusal(error), 409)
        return RedirectResponse(f"/console/drafts/{draft.id}/review", 303)

    def _form(
        self, request: Request, draft: Draft, texts: Mapping[str, str] | None = None, why: str = "", status: int = 200
    ) -> Response:
        form, shown = self.editing.drafts.form, dict(draft.texts if texts is None else texts)
        _, faults = record_form.read(form, shown, draft.base)
        values: dict[str, Any] = {
            "draft": draft,
            "nodes": record_form.nodes(form, shown, faults),
            "faults": [(".".join(map(str, fault.where)), form.sentence(fault)) for fault in faults],
            "label": form.label,
            "others": differing(draft.texts, shown) if why == "stale" else [],
            "is_outdated": self._is_outdated(draft),
            "why": why,
        }
        return self.pages.show(request, "draft.html", status, session=request.state.session, **values)

    def _review(self, request: Request, draft: Draft, why: str = "", status: int = 200) -> Response:
        drafts = self.editing.drafts
        before, (record, faults) = drafts.before(draft), drafts.record(draft)
        cards = [] if faults else card_changes.cards(as_told(before), as_told(record), self._today())
        values: dict[str, Any] = {
            "draft": draft,
            "cards": cards,
            "changes": list(difference.changes({draft.code: before}, {draft.code: record}, frozenset())),
            "faults": faults,
            "label": drafts.form.label,
            "entries": self.editing.book.entries(draft.id),
            "effect": self.editing.effect.state(draft),
            "is_outdated": self._is_outdated(draft),
            "why": why,
        }
        return self.pages.show(request, "draft_review.html", status, session=request.state.session, **values)

    def _is_outdated(self, draft: Draft) -> bool:
        """Of a draft that is still open; where no record can be read, the acts say so."""
        try:
            return draft.stand in (Stand.WRITING, Stand.SENT) and self.editing.drafts.is_outdated(draft)
        except KnowledgeError:
            return True

    def _today(self) -> date:
        return self.editing.clock().astimezone(ZONE).date()


def changed(form: record_form.Form, texts: dict[str, str], act: str, path: str) -> dict[str, str]:
    """The texts after a button that adds or takes a row. Raises KeyError."""
    shaped = record_form.shaped(form, texts)
    if act == "add":
        return record_form.grown(form, shaped, path)
    return record_form.shrunk(form, shaped, path) if act == "remove" else shaped


def after(draft_id: int, act: str, path: str, texts: Mapping[str, str]) -> str:
    """Where an editor goes on: at the new row, where a row went, or at what a second person reads."""
    where = f"/console/drafts/{draft_id}"
    if act in ("send", "drop"):
        return f"{where}/review"
    if act == "add":
        numbers = (name[len(path) + 1 :].partition(".")[0] for name in texts if name.startswith(f"{path}."))
        return f"{where}#{path}.{max(map(int, numbers))}"
    return f"{where}#{path.rpartition('.')[0]}" if act == "remove" else where


def differing(theirs: Mapping[str, str], mine: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Path, the text that is kept, the text that was typed, where they differ."""
    paths = dict.fromkeys((*theirs, *mine))
    return [(path, theirs.get(path, ""), mine.get(path, "")) for path in paths if theirs.get(path) != mine.get(path)]


def as_told(record: Mapping[str, Any]) -> Procedure:
    """The procedure that citizens are told of."""
    return procedure(record, reviewed=True)


def refusal(error: Exception) -> str:
    """The name of the sentence for what was not done."""
    return next(name for kind, name in REFUSALS.items() if isinstance(error, kind))


def version_of(fields: Mapping[str, str]) -> int:
    """The version that the page showed; 400 when the form does not say it."""
    if not NUMBER.fullmatch(fields.get("version", "")):
        raise HTTPException(400)
    return int(fields["version"])


def reason_of(fields: Mapping[str, str]) -> str:
    """The reason, maybe empty; 400 when it is too long."""
    why = fields.get("why", "").strip()
    if len(why) > MAX_WHY:
        raise HTTPException(400)
    return why


async def typed(request: Request) -> dict[str, str]:
    """What was typed, by path; the ticked boxes of one name together."""
    async with request.form() as form:
        found: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            found.setdefault(name, []).append(str(value).replace("\r\n", "\n"))
    return {name: " ".join(values) for name, values in found.items()}

"""Editors' pages of lost questions: what citizens asked in vain, by number, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import periods
from bot.catalogue_drafts import Stale
from bot.lost_clusters import Filter, LostClusters
from bot.lost_decisions import Become, Choice, Gone, LostDecisions, Unfit
from bot.lost_questions import Reason
from bot.periods import Kind, NoPeriod, Period
from bot.present import ZONE
from knowledge.errors import KnowledgeError, NotFound
from nlu.understanding import Candidate
from web.forms import MAX_NUMBER, NUMBER, form_fields, ticked
from web.pages import Pages, load_pages
from web.ports import Editing

NEAREST = 5
# procedures that a question may mean
MAX_CODE, MAX_WORDS = 40, 1_000
REFUSALS: Mapping[type[Exception], str] = {
    Gone: "gone",
    Unfit: "unfit",
    Stale: "stale",
    NotFound: "no_record",
    KnowledgeError: "damaged",
}
# why nothing was done -> its sentence in web/data/texts.yaml
Nearest = Callable[[str], Sequence[Candidate]]
# the procedures that a text may mean, the likeliest first


@dataclass(frozen=True)
class LostQuestionsPage:
    """The ledger of lost questions."""

    clusters: LostClusters
    decisions: LostDecisions
    editing: Editing
    nearest: Nearest
    pages: Pages

    @classmethod
    def over(
        cls, clusters: LostClusters, decisions: LostDecisions, editing: Editing, nearest: Nearest
    ) -> LostQuestionsPage:
        """The pages over their neighbours."""
        return cls(clusters, decisions, editing, nearest, load_pages())

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/lost-questions", self.show),
            Route("/console/lost-questions.jsonl", self.download),
            Route("/console/lost-questions/{id:int}", self.show_cluster),
            Route("/console/lost-questions/{id:int}", self.decide, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The clusters of a reason and a period, the largest first; what was made of others below."""
        return await run_in_threadpool(self._list, request)

    async def download(self, request: Request) -> Response:
        """The test sentences, one JSON object a line."""
        rows = await run_in_threadpool(lambda: list(self.decisions.tests()))
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        headers = {"Content-Disposition": 'attachment; filename="lost-questions.jsonl"'}
        return Response(lines, media_type="application/jsonl", headers=headers)

    async def show_cluster(self, request: Request) -> Response:
        """One cluster: its questions, what was answered, and the procedures that are nearest."""
        return await run_in_threadpool(self._cluster, request)

    async def decide(self, request: Request) -> Response:
        """Make of the ticked questions what the pressed button says."""
        fields, chosen = await form_fields(request), await ticked(request, "question")
        return await run_in_threadpool(self._decided, request, fields, chosen)

    def _list(self, request: Request) -> Response:
        reason, named = request.query_params.get("reason", ""), request.query_params.get("of", "")
        if reason not in ("", *Reason):
            raise HTTPException(400)
        values: dict[str, Any] = {
            "clusters": self.clusters.all(Filter(reason, _period(named))),
            "reasons": list(Reason),
            "reason": reason,
            "periods": _recent(self.editing.clock().astimezone(ZONE).date()),
            "of": named,
            "notes": self.decisions.made(Become.MISSING),
            "tests": self.decisions.made(Become.TEST),
            "taught": self.decisions.made(Become.EXAMPLE, Become.ALIAS),
        }
        return self.pages.show(request, "lost_questions.html", session=request.state.session, **values)

    def _cluster(
        self, request: Request, why: str = "", typed: Mapping[str, str] | None = None, status: int = 200
    ) -> Response:
        try:
            questions = self.clusters.of(min(request.path_params["id"], MAX_NUMBER))
        except KeyError as error:
            if why:
                return RedirectResponse("/console/lost-questions", 303)
            raise HTTPException(404) from error
        values: dict[str, Any] = {
            "questions": questions,
            "nearest": self.nearest(questions[0].text)[:NEAREST],
            "kinds": list(Become),
            "typed": typed or {},
            "why": why,
        }
        return self.pages.show(request, "lost_cluster.html", status, session=request.state.session, **values)

    def _decided(self, request: Request, fields: Mapping[str, str], chosen: Sequence[str]) -> Response:
        choice, by = _choice(fields), request.state.session.username
        if any(not NUMBER.fullmatch(one) for one in chosen):
            raise HTTPException(400)
        if not fields.get("sure"):
            return self._cluster(request, "not_sure", fields, 400)
        try:
            draft_id = self.decisions.decide([int(one) for one in chosen], choice, by)
        except tuple(REFUSALS) as error:
            name = next(name for kind, name in REFUSALS.items() if isinstance(error, kind))
            return self._cluster(request, name, fields, 409)
        if draft_id is None:
            return RedirectResponse("/console/lost-questions", 303)
        self.editing.effect.start(self.editing.drafts.of(draft_id))
        return RedirectResponse(f"/console/drafts/{draft_id}/review#effect", 303)


def _choice(fields: Mapping[str, str]) -> Choice:
    """What the form says; 400 for what no page sends. A typed code goes before a chosen one."""
    kind, text = fields.get("kind", ""), fields.get("text", "")
    code = fields.get("other", "").strip() or fields.get("code", "")
    if kind not in set(Become) or len(text) > MAX_WORDS or len(code) > MAX_CODE:
        raise HTTPException(400)
    return Choice(Become(kind), text, code)


def _period(name: str) -> Period | None:
    """The period of a name, None for none; 400 when there is no such."""
    try:
        return periods.read(name) if name else None
    except NoPeriod as error:
        raise HTTPException(400) from error


def _recent(today: date) -> list[Period]:
    """The periods that hold today: week, month, quarter, year."""
    return [periods.of(kind, today) for kind in (Kind.WEEK, Kind.MONTH, Kind.QUARTER, Kind.YEAR)]

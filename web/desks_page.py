"""The desks' page: who serves where, the weekly rota and who is away; for administrators and the leads of a desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.desks import DeskPlan
from web.forms import NUMBER, form_fields, ticked
from web.pages import Pages
from web.ports import Ports, Records, Role, Rotas, Session, Sight, Slot, Staffing, Unfit, choices, half_day

MAX_WHY = 120
HALVES = ("", "am", "pm")
NEEDS_REASON = {"leave", "release"}


@dataclass(frozen=True)
class Form:
    """What a form of the page says."""

    desk: str
    officer_id: int
    act: str
    fields: dict[str, str]
    skills: list[str]
    slots: list[str]

    @property
    def why(self) -> str:
        """The reason, for the record."""
        return self.fields.get("why", "").strip()

    def number(self, name: str) -> int:
        """The number in a field. Raises ValueError."""
        if not NUMBER.fullmatch(self.fields.get(name, "")):
            raise ValueError(name)
        return int(self.fields[name])


@dataclass(frozen=True)
class DesksPage:
    """The page of the desks."""

    rotas: Rotas
    staffing: Staffing
    records: Records
    sight: Sight
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> DesksPage:
        """Over its neighbours."""
        behind = ports.oversight
        return cls(behind.rotas, behind.staffing, behind.records, ports.access.sight, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route("/console/desks", self.show), Route("/console/desks", self.change, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """One desk, chosen among those that are led."""
        desk = request.query_params.get("desk", "")
        return await run_in_threadpool(self._page, request, desk)

    async def change(self, request: Request) -> Response:
        """What the pressed button says."""
        session: Session = request.state.session
        form = await asked(request)
        acts = self._acts(form, session)
        if form.act not in acts:
            raise HTTPException(400)
        if form.desk not in {plan.id for plan in self._led(session)}:
            raise HTTPException(403)
        if form.act in NEEDS_REASON and not form.why:
            return await self._refused(request, form, 400, "no_reason")
        try:
            freed = await run_in_threadpool(acts[form.act])
        except ValueError as error:
            raise HTTPException(400) from error
        except (Unfit, KeyError):
            return await self._refused(request, form, 409, "staffing_refused")
        told = f"&freed={freed}" if freed else ""
        return RedirectResponse(f"/console/desks?desk={form.desk}{told}", 303)

    def _acts(self, form: Form, session: Session) -> dict[str, Callable[[], int | None]]:
        """What each button does; how many tickets went back to a queue."""
        staffing, by = self.staffing, session.username
        here = (form.desk, form.officer_id)
        return {
            "join": lambda: staffing.join(*here, self._skills(form), capacity(form), leads(form, session), by),
            "leave": lambda: staffing.leave(*here, form.why, by),
            "release": lambda: staffing.release(*here, form.why, by),
            "plan": lambda: staffing.plan(*here, [slot(text) for text in form.slots], by),
            "away": lambda: self._away(form, by),
            "back": lambda: self._back(form, by),
        }

    def _skills(self, form: Form) -> list[str]:
        if not set(form.skills) <= {*self.records.fields(), *self.rotas.of(form.desk).plan.fields}:
            raise ValueError("skill")
        return form.skills

    def _away(self, form: Form, by: str) -> None:
        first, last = (date.fromisoformat(form.fields.get(name, "")) for name in ("first", "last"))
        half = form.fields.get("half", "")
        if half not in HALVES:
            raise ValueError("half")
        self._must_serve(form)
        starts_at, ends_at = half_day(self.rotas.of(form.desk).plan, first, last, half)
        self.staffing.away(form.officer_id, starts_at, ends_at, by)

    def _back(self, form: Form, by: str) -> None:
        self._must_serve(form)
        self.staffing.back(form.number("absence"), form.officer_id, by)

    def _must_serve(self, form: Form) -> None:
        """Raises KeyError: a lead says nothing of other desks' officers."""
        if form.officer_id not in {one.officer_id for one in self.rotas.of(form.desk).serving}:
            raise KeyError(form.officer_id)

    def _led(self, session: Session) -> list[DeskPlan]:
        return self.rotas.desks(self.sight.led(session.officer_id, session.roles))

    async def _refused(self, request: Request, form: Form, status: int, why: str) -> Response:
        error = self.pages.words["console"][why]
        return await run_in_threadpool(self._page, request, form.desk, status, error)

    def _page(self, request: Request, desk: str, status: int = 200, error: str = "") -> Response:
        session: Session = request.state.session
        plans = self._led(session)
        if desk and desk not in {plan.id for plan in plans}:
            raise HTTPException(403)
        rota = self.rotas.of(desk or plans[0].id) if plans else None
        freed = request.query_params.get("freed", "")
        values: dict[str, Any] = {
            "plans": plans,
            "rota": rota,
            "fields": sorted(rota.plan.fields) or self.records.fields() if rota else [],
            "choices": choices,
            "halves": HALVES,
            "may_name_leads": session.may(Role.ADMINISTRATOR),
            "freed": freed if NUMBER.fullmatch(freed) else "",
            "error": error,
        }
        return self.pages.show(request, "desks.html", status, session=session, **values)


async def asked(request: Request) -> Form:
    """The form; 400 when it names no officer or says too much."""
    fields = await form_fields(request)
    officer = fields.get("officer", "")
    if not NUMBER.fullmatch(officer) or len(fields.get("why", "")) > MAX_WHY:
        raise HTTPException(400)
    skills, slots = await ticked(request, "skill"), await ticked(request, "slot")
    return Form(fields.get("desk", ""), int(officer), fields.get("act", ""), fields, skills, slots)


def capacity(form: Form) -> int | None:
    """How many tickets the officer may hold; None: as many as the desk allows. Raises ValueError."""
    return form.number("capacity") if form.fields.get("capacity") else None


def leads(form: Form, session: Session) -> bool | None:
    """Whether the officer looks after the desk; None when it is not the session's to say."""
    return "lead" in form.fields if session.may(Role.ADMINISTRATOR) else None


def slot(text: str) -> Slot:
    """A stretch of the rota as its box names it: "0 07:30-11:30". Raises ValueError."""
    weekday, _, hours = text.partition(" ")
    opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
    return Slot(int(weekday), opens, closes)

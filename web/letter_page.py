"""The apology letter in the console: for the officer who holds a ticket about a late dossier, or whose unit owes one.

The name and the number that an officer types go into the file and nowhere else: nothing of the form is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.following import calendar
from bot.letter import LONGEST_NAME, LONGEST_NUMBER, LONGEST_REASON, Incomplete, Letter, NotLate, Wish, letter
from bot.letter_docx import docx
from bot.letter_pdf import pdf
from bot.present import ZONE
from bot.progress import Clock, Progress, progress
from bot.sheet_signature import Signer
from integrations.dossiers import Dossiers, Found
from integrations.errors import IntegrationError
from web.forms import form_fields
from web.pages import Pages, load_pages
from web.ports import Desk, Session, TicketView
from web.ticket_page import holds, ticket_number

ADDRESS = "/console/tickets/{id:int}/letter"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LENGTHS = {"reason": LONGEST_REASON, "applicant": LONGEST_NAME, "number": LONGEST_NUMBER}
Fields = dict[str, str]


@dataclass(frozen=True)
class Occasion:
    """What leads an officer to a letter, and about which dossiers it may be."""

    path: str
    # of the page that leads here
    codes: tuple[str, ...]
    # no other dossier can be looked up here
    ticket_id: int | None = None
    # None: the list of deadlines leads here
    may_write: bool = True
    # otherwise the officer is led back


@dataclass(frozen=True)
class LetterPage:
    """The form, and the file that it makes."""

    address: str
    occasion: Callable[[Request], Occasion]
    # of whoever asks; raises HTTPException
    dossiers: Dossiers
    clock: Callable[[], datetime]
    pages: Pages
    signer: Signer | None = None

    @classmethod
    def over(
        cls, desk: Desk, dossiers: Dossiers, clock: Callable[[], datetime], signer: Signer | None = None
    ) -> LetterPage:
        """The page of a ticket, over its neighbours."""
        return cls(ADDRESS, partial(of_ticket, desk), dossiers, clock, load_pages(), signer)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route(self.address, self.show), Route(self.address, self.make, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """The form with the dossier's facts, or why there is no letter."""
        occasion = await run_in_threadpool(self.occasion, request)
        if not occasion.may_write:
            return RedirectResponse(occasion.path, 303)
        return await self._form(request, occasion, request.query_params.get("code", ""))

    async def make(self, request: Request) -> Response:
        """The file, DOCX or PDF; a form that lacks something comes back as it was."""
        occasion, fields = await run_in_threadpool(self.occasion, request), await form_fields(request)
        if not occasion.may_write:
            return RedirectResponse(occasion.path, 303)
        code = fields.get("code", "")
        try:
            found = await run_in_threadpool(self._found, occasion, code)
            made = letter(found.dossier, wish(fields), calendar(), self._today())
        except (Incomplete, NotLate):
            return await self._form(request, occasion, code, 400, "incomplete", fields)
        except IntegrationError:
            return await self._form(request, occasion, code, 503, fields=fields)
        return await run_in_threadpool(self._file, made, fields.get("form") == "pdf")

    def _file(self, made: Letter, is_pdf: bool) -> Response:
        content = pdf(made, self.signer) if is_pdf else docx(made)
        suffix, kind = ("pdf", "application/pdf") if is_pdf else ("docx", WORD)
        headers = {"Content-Disposition": f'attachment; filename="thu-xin-loi-{made.code}.{suffix}"'}
        return Response(content, media_type=kind, headers=headers)

    async def _form(
        self,
        request: Request,
        occasion: Occasion,
        code: str,
        status: int = 200,
        problem: str = "",
        fields: Fields | None = None,
    ) -> Response:
        values: dict[str, Any] = {"session": request.state.session, "occasion": occasion, "code": code}
        values |= {"found": None, "standing": None, "problem": problem, "fields": fields or {}, "lengths": LENGTHS}
        try:
            if code:
                values |= await run_in_threadpool(self._facts, occasion, code)
        except IntegrationError:
            values["problem"] = "unreachable"
        values |= {"is_late": is_late(values["standing"]), "signs": self.signer is not None}
        return self.pages.show(request, "letter.html", status, **values)

    def _facts(self, occasion: Occasion, code: str) -> dict[str, Any]:
        found = self._found(occasion, code)
        return {"found": found, "standing": progress(found.dossier, calendar(), self._today())}

    def _found(self, occasion: Occasion, code: str) -> Found:
        """One of the dossiers that a letter may be about. Raises 404 and integrations' errors."""
        if code not in occasion.codes:
            raise HTTPException(404)
        return self.dossiers.find(code)

    def _today(self) -> date:
        return self.clock().astimezone(ZONE).date()


def of_ticket(desk: Desk, request: Request) -> Occasion:
    """A ticket, for its holder alone: others are led back to it, where it can be claimed. Raises 404."""
    session: Session = request.state.session
    number = ticket_number(request)
    try:
        ticket = desk.ticket(number)
    except KeyError as error:
        raise HTTPException(404) from error
    may_write = holds(session.officer_id, ticket)
    return Occasion(f"/console/tickets/{number}", named(ticket), number, may_write)


def named(ticket: TicketView) -> tuple[str, ...]:
    """The codes of dossiers that the citizen named, each once."""
    return tuple(dict.fromkeys(code for turn in ticket.evidence for code in turn.dossiers))


def is_late(standing: Progress | None) -> bool:
    """Whether there is something to apologise for."""
    return standing is not None and standing.clock is Clock.LATE


def wish(fields: Fields) -> Wish:
    """What the officer filled in. Raises Incomplete."""
    try:
        new_due_on = date.fromisoformat(fields.get("new_due_on", ""))
    except ValueError as error:
        raise Incomplete("new_due_on") from error
    return Wish(fields.get("reason", ""), new_due_on, fields.get("applicant", ""), fields.get("number", ""))

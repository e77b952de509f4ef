"""One ticket: what was said and why, what is owed, and everything an officer may do. The gate stands before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.canned import load
from bot.messages import Reply
from web.errand_forms import paper, until
from web.forms import MAX_NUMBER, NUMBER, Unfit, form_fields
from web.pages import Pages
from web.ports import (
    OFFICERS_ENDINGS,
    AccessLog,
    Board,
    Cards,
    Case,
    Desk,
    Drafts,
    Ending,
    Errands,
    Ports,
    Refusal,
    Role,
    Session,
    Sight,
    State,
    TicketView,
    UnknownNames,
    Why,
    WhyNot,
)
from web.presence import Presence

MAX_TEXT = 4_000
MAX_WANTED = 200
# characters of what is looked for
MOST_AGENCIES, LONGEST_AGENCY = 10, 200
# of one complaint; characters of a name
ADDRESS = "/console/tickets/{id:int}"
Fields = dict[str, str]
Verdict = bool | State | Refusal
WRITTEN = {"reply": "reply", "ask": "reply", "note": "note", "forward": "agencies", "answer": "answer"}
# the field that an act sends on; it may not be empty
TYPED = ("reply", "note", "why", "own", "agencies", "answer")
# fields that are kept when an act is refused
EDIT = "edit"
# the draft is asked for to be changed
LEAVING = {"give-back", "transfer", "hand", "snooze"}
# after these the officer turns to another ticket
CONFLICTS = {WhyNot.TAKEN, WhyNot.FULL, WhyNot.NOT_NOW}


@dataclass(frozen=True)
class TicketPage:
    """The page of one ticket, and its forms."""

    desk: Desk
    board: Board
    cards: Cards
    drafts: Drafts
    errands: Errands
    sight: Sight
    log: AccessLog
    presence: Presence
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages, presence: Presence) -> TicketPage:
        """The page over its neighbours."""
        desk = (ports.desk, ports.board, ports.cards, ports.drafts, ports.errands)
        return cls(*desk, ports.access.sight, ports.access.log, presence, pages)

    def routes(self) -> list[Route]:
        """Where the page is found, and a route for each act."""
        acts = [Route(f"{ADDRESS}/{name}", self._acting(name), methods=["POST"]) for name in self._acts()]
        here = Route(f"{ADDRESS}/presence", self.note_presence, methods=["POST"])
        number = Route(f"{ADDRESS}/number", self.show_number, methods=["POST"])
        return [here, number, Route(ADDRESS, self.show), Route(f"{ADDRESS}/transcript.txt", self.export), *acts]

    async def show(self, request: Request) -> Response:
        """One conversation; whoever was told of it by a mention has seen it."""
        session: Session = request.state.session
        page = await self._page(request)
        await run_in_threadpool(self.board.opened, ticket_number(request), session.officer_id)
        return page

    async def show_number(self, request: Request) -> Response:
        """The number to call back on, this once: for the holder and for leads, and each look is recorded."""
        session: Session = request.state.session
        try:
            number = await run_in_threadpool(self._number, session, ticket_number(request))
        except KeyError as error:
            raise HTTPException(404) from error
        if not number:
            return await self._page(request, 403, self.pages.words["console"]["no_number"])
        return await self._page(request, number=number)

    def _number(self, session: Session, ticket_id: int) -> str:
        """Raises KeyError."""
        number = self.errands.number(ticket_id, session.officer_id, leads=session.may(Role.LEAD))
        if number:
            self.log.note(session.officer_id, [ticket_id], Why.NUMBER)
        return number

    async def note_presence(self, request: Request) -> Response:
        """The officer writes to the citizen, or has stopped."""
        session: Session = request.state.session
        typing = (await form_fields(request)).get("typing") == "1"
        self.presence.note(ticket_number(request), session.officer_id, session.name, typing)
        return Response(status_code=204)

    async def export(self, request: Request) -> Response:
        """What was said, as a text to keep; without the notes."""
        ticket, case = await self._case(request)
        values: dict[str, Any] = {"session": request.state.session, "ticket": ticket, "case": case}
        answer = self.pages.show(request, "transcript.txt", media_type="text/plain; charset=utf-8", **values)
        answer.headers["Content-Disposition"] = f'attachment; filename="{ticket.summary.code}.txt"'
        return answer

    def _acts(self) -> dict[str, Callable[[int, int, Fields], Verdict]]:
        """What an officer may do: (ticket, officer, fields) to what became of it."""
        desk = self.desk
        return {
            "claim": lambda ticket, officer, _: self._claim(ticket, officer),
            "reply": lambda ticket, officer, form: desk.reply(ticket, officer, form["reply"], form.get("key", "")),
            "ask": lambda ticket, officer, form: desk.ask(ticket, officer, form["reply"], form.get("key", "")),
            "card": lambda ticket, officer, form: desk.send(ticket, officer, self._card(form), form.get("key", "")),
            "draft": self._approve,
            "note": lambda ticket, officer, form: desk.note(ticket, officer, form["note"]),
            "give-back": lambda ticket, officer, form: desk.give_back(ticket, officer, comment(form)),
            "transfer": lambda ticket, officer, form: desk.transfer(ticket, officer, form.get("to", ""), comment(form)),
            "hand": lambda ticket, officer, form: desk.hand_to(ticket, officer, colleague(form), comment(form)),
            "resolve": lambda ticket, officer, form: self._close(ticket, officer, ending(form)),
            "unclear": lambda ticket, officer, _: desk.mark_unclear(ticket, officer),
            "forward": lambda ticket, officer, form: desk.forward(ticket, officer, agencies(form)),
            "answer": lambda ticket, officer, form: desk.answer(ticket, officer, form["answer"]),
            "reopen": lambda ticket, officer, _: desk.reopen(ticket, officer),
            **self._errand_acts(),
        }

    def _errand_acts(self) -> dict[str, Callable[[int, int, Fields], Verdict]]:
        """What an officer may put off and ask for."""
        errands = self.errands
        return {
            "snooze": lambda ticket, officer, form: errands.snooze(
                ticket, officer, until(form, errands, ticket), form.get("why", "")
            ),
            "wake": lambda ticket, officer, _: errands.wake(ticket, officer),
            "ask-number": lambda ticket, officer, form: errands.ask_number(ticket, officer, form.get("key", "")),
            "ask-paper": lambda ticket, officer, form: errands.ask_paper(
                ticket, officer, paper(form), form.get("key", "")
            ),
            "ask-place": lambda ticket, officer, form: errands.ask_place(ticket, officer, form.get("key", "")),
        }

    def _claim(self, ticket_id: int, officer_id: int) -> Verdict:
        """Pressed twice it is taken once."""
        verdict = self.desk.take(ticket_id, officer_id)
        mine = isinstance(verdict, Refusal) and verdict.why is WhyNot.TAKEN and verdict.holder_id == officer_id
        return mine or verdict

    def _close(self, ticket_id: int, officer_id: int, how: Ending) -> Verdict:
        """Pressed twice it is closed once."""
        done = self.desk.resolve(ticket_id, officer_id, how)
        return done or holds(officer_id, self.desk.ticket(ticket_id), "resolved")

    def _card(self, form: Fields) -> Reply:
        card = self.cards.card(form.get("code", ""))
        if card is None:
            raise Unfit("code")
        return card

    def _approve(self, ticket_id: int, officer_id: int, form: Fields) -> Verdict:
        """What the officer has seen goes, not what the assistant says by now."""
        draft = self.drafts.draft(ticket_id)
        if draft is None or seal(draft) != form.get("seen"):
            raise Unfit("seen")
        return self.desk.send(ticket_id, officer_id, draft, form.get("key", ""))

    def _acting(self, name: str) -> Callable[[Request], Any]:
        async def acting(request: Request) -> Response:
            return await self._act(request, name)

        return acting

    async def _act(self, request: Request, name: str) -> Response:
        session: Session = request.state.session
        fields = await form_fields(request)
        field, ticket_id, words = WRITTEN.get(name), ticket_number(request), self.pages.words["console"]
        draft = {name: text for name, text in fields.items() if name in TYPED}
        if field and not (draft.get(field, "").strip() and len(draft[field]) <= MAX_TEXT):
            return await self._page(request, 400, words["bad_text"], draft)
        try:
            verdict = await run_in_threadpool(self._acts()[name], ticket_id, session.officer_id, fields)
        except Unfit:
            return await self._page(request, 400, words["incomplete"], draft)
        except UnknownNames as error:
            names = ", ".join(f"@{name}" for name in error.names)
            return await self._page(request, 400, words["unknown_names"].format(names=names), draft)
        except KeyError as error:
            raise HTTPException(404) from error
        if verdict and not isinstance(verdict, Refusal):
            return RedirectResponse("/console" if name in LEAVING else f"/console/tickets/{ticket_id}#end", 303)
        status, sentence = refused(verdict, words) if isinstance(verdict, Refusal) else (0, "")
        if not sentence:
            ticket = await run_in_threadpool(self.desk.ticket, ticket_id)
            status, sentence = refusal(ticket, session.officer_id, words)
        return await self._page(request, status, sentence, draft)

    async def _case(self, request: Request) -> tuple[TicketView, Case]:
        session: Session = request.state.session
        ticket_id = ticket_number(request)
        seen = await run_in_threadpool(self.sight.seen, session.officer_id, session.roles)
        try:
            ticket = await run_in_threadpool(self.desk.ticket, ticket_id)
            return ticket, await run_in_threadpool(self.board.case, ticket_id, session.officer_id, seen)
        except KeyError as error:
            raise HTTPException(404) from error

    async def _page(
        self, request: Request, status: int = 200, error: str = "", draft: Fields | None = None, number: str = ""
    ) -> Response:
        session: Session = request.state.session
        ticket, case = await self._case(request)
        values: dict[str, Any] = {"session": session, "ticket": ticket, "case": case, "error": error}
        values |= await run_in_threadpool(self._aids, request, ticket, case)
        if draft is None:
            draft = {"reply": values["prepared"]}
        values |= {"draft": draft or {}, "held": holds(session.officer_id, ticket), "key": uuid4(), "number": number}
        return self.pages.show(request, "ticket.html", status, endings=sorted(OFFICERS_ENDINGS), **values)

    def _aids(self, request: Request, ticket: TicketView, case: Case) -> dict[str, Any]:
        """What helps an officer to answer: who else is here, cards, sentences, the assistant's draft."""
        session: Session = request.state.session
        if session.may(Role.OFFICER, Role.LEAD):
            self.presence.note(ticket.summary.id, session.officer_id, session.name)
        about = (session.name, ticket.summary.code, case.desk.name)
        sentences = {one.id: (one.title, one.filled(*about)) for one in load()}
        wanted, asked = request.query_params.get("card", "")[:MAX_WANTED], request.query_params.get("draft", "")
        drafted = self.drafts.draft(ticket.summary.id) if asked else None
        _, prepared = sentences.get(request.query_params.get("canned", ""), ("", ""))
        return {
            "complaint": self.desk.complaint(ticket.summary.id),
            "others": self.presence.others(ticket.summary.id, session.officer_id),
            "papers": self.cards.papers(talked_about(ticket)),
            "wanted": wanted,
            "found": self.cards.find(wanted),
            "card": self.cards.card(wanted),
            "sentences": sentences,
            "asked": asked,
            "drafted": drafted,
            "seal": seal(drafted) if drafted else "",
            "prepared": drafted.plain() if drafted and asked == EDIT else prepared,
        }


def talked_about(ticket: TicketView) -> str:
    """The code of the procedure that the assistant answered about last; "" when it answered about none."""
    return next((turn.sources[-1].code for turn in reversed(ticket.evidence) if turn.sources), "")


def seal(reply: Reply) -> str:
    """A short name for exactly this reply."""
    return sha256(reply.plain().encode()).hexdigest()[:16]


def comment(form: Fields) -> str:
    """What an officer says to the next one. Raises Unfit."""
    words = form.get("comment", "").strip()
    if len(words) > MAX_TEXT:
        raise Unfit("comment")
    return words


def colleague(form: Fields) -> int:
    """To whom a ticket goes. Raises Unfit."""
    if not NUMBER.fullmatch(form.get("to", "")):
        raise Unfit("to")
    return int(form["to"])


def agencies(form: Fields) -> list[str]:
    """To whom a complaint was forwarded, a line each. Raises Unfit."""
    named = [" ".join(line.split()) for line in form.get("agencies", "").splitlines() if line.strip()]
    if not 0 < len(named) <= MOST_AGENCIES or max(map(len, named)) > LONGEST_AGENCY:
        raise Unfit("agencies")
    return named


def ending(form: Fields) -> Ending:
    """How a ticket is closed. Raises Unfit."""
    if form.get("ending") not in OFFICERS_ENDINGS:
        raise Unfit("ending")
    return Ending(form["ending"])


def refused(verdict: Refusal, words: dict[str, Any]) -> tuple[int, str]:
    """Status and sentence for an act that the desk refused: 409 if others or the moment stand against it."""
    sentence = words["refusals"][verdict.why].format(name=verdict.holder_name)
    return 409 if verdict.why in CONFLICTS else 403, sentence


def refusal(ticket: TicketView, officer_id: int, words: dict[str, Any]) -> tuple[int, str]:
    """Why words were not taken: 409 if somebody else holds the ticket, 403 otherwise."""
    if ticket.summary.state == "resolved":
        return 403, words["resolved"]
    if ticket.officer_id is not None and ticket.officer_id != officer_id:
        return 409, words["taken"].format(name=ticket.summary.officer_name)
    return 403, words["not_held"]


def holds(officer_id: int, ticket: TicketView, state: str = "claimed") -> bool:
    """Whether the ticket is this officer's, in that state."""
    return ticket.summary.state == state and ticket.officer_id == officer_id


def ticket_number(request: Request) -> int:
    """The number in the address, if any ticket could have it."""
    number: int = request.path_params["id"]
    if number > MAX_NUMBER:
        raise HTTPException(404)
    return number

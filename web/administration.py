"""Administrators' pages: the officers' accounts, and the switches of the assistant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import passwords
from web.forms import MAX_NUMBER, form_fields, ticked
from web.pages import Pages
from web.ports import Accounts, LastAdministrator, Mode, Officers, Ports, Role, Session, SwitchBook

LONGEST = {"username": 60, "name": 120, "email": 200, "why": 200, "text": 500}
CHANNELS = ("", "webchat", "telegram", "zalo", "terminal")


@dataclass(frozen=True)
class Administration:
    """Accounts and switches."""

    officers: Officers
    accounts: Accounts
    switches: SwitchBook
    pages: Pages

    @classmethod
    def over(cls, ports: Ports, pages: Pages) -> Administration:
        """Over its neighbours."""
        return cls(ports.officers, ports.access.accounts, ports.access.switches, pages)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/officers", self.show_officers),
            Route("/console/officers", self.add_officer, methods=["POST"]),
            Route("/console/officers/{id:int}", self.change_officer, methods=["POST"]),
            Route("/console/switches", self.show_switches),
            Route("/console/switches", self.turn, methods=["POST"]),
        ]

    async def show_officers(self, request: Request) -> Response:
        """Every account, and what was done lately."""
        return await run_in_threadpool(self._officers_page, request)

    async def add_officer(self, request: Request) -> Response:
        """A new account; its password is shown this once."""
        session: Session = request.state.session
        fields, roles = bounded(await form_fields(request)), known_roles(await ticked(request, "role"))
        username, name = fields.get("username", "").strip(), fields.get("name", "").strip()
        if not username or not name:
            raise HTTPException(400)
        password, more = passwords.draw(), {"email": fields.get("email", "").strip(), "by": session.username}
        made = await run_in_threadpool(
            lambda: self.officers.add(username, name, password, roles, must_change=True, **more)
        )
        if not made:
            error = self.pages.words["console"]["name_taken"]
            return await run_in_threadpool(lambda: self._officers_page(request, 409, error))
        return await run_in_threadpool(lambda: self._officers_page(request, password=(username, password)))

    async def change_officer(self, request: Request) -> Response:
        """What the pressed button says."""
        session: Session = request.state.session
        fields, roles = await form_fields(request), known_roles(await ticked(request, "role"))
        officer_id, by = request.path_params["id"], session.username
        acts = {
            "roles": lambda: self.accounts.set_roles(officer_id, roles, by),
            "disable": lambda: self.accounts.disable(officer_id, by),
            "enable": lambda: self.accounts.enable(officer_id, by),
            "reset": lambda: self.accounts.reset_second_step(officer_id, by),
            "password": lambda: self.accounts.give_password(officer_id, by),
        }
        act = acts.get(fields.get("act", ""))
        if act is None or officer_id > MAX_NUMBER:
            raise HTTPException(400 if act is None else 404)
        try:
            password = await run_in_threadpool(act)
        except KeyError as error:
            raise HTTPException(404) from error
        except LastAdministrator:
            told = self.pages.words["console"]["last_administrator"]
            return await run_in_threadpool(lambda: self._officers_page(request, 409, told))
        if not password:
            return RedirectResponse("/console/officers", 303)
        name = next(account.username for account in self.accounts.all() if account.id == officer_id)
        return await run_in_threadpool(lambda: self._officers_page(request, password=(name, password)))

    async def show_switches(self, request: Request) -> Response:
        """How the switches stand, and who changed them."""
        return await run_in_threadpool(self._switches_page, request)

    async def turn(self, request: Request) -> Response:
        """Turn a switch; without a reason nothing is turned."""
        session: Session = request.state.session
        fields = bounded(await form_fields(request))
        kind, channel, why = fields.get("kind", ""), fields.get("channel", ""), fields.get("why", "").strip()
        if channel not in CHANNELS or kind not in ("mode", "notice") or (kind == "mode" and bad_mode(fields)):
            raise HTTPException(400)
        if not why:
            told = self.pages.words["console"]["no_reason"]
            return await run_in_threadpool(lambda: self._switches_page(request, 400, told, fields))
        if kind == "mode":
            mode = Mode(fields["mode"])
            await run_in_threadpool(self.switches.set_mode, mode, channel, session.username, why)
        else:
            text = fields.get("text", "")
            await run_in_threadpool(self.switches.set_notice, text, channel, session.username, why)
        return RedirectResponse("/console/switches", 303)

    def _officers_page(
        self, request: Request, status: int = 200, error: str = "", password: tuple[str, str] | None = None
    ) -> Response:
        values: dict[str, Any] = {
            "accounts": self.accounts.all(),
            "events": self.accounts.events(),
            "roles": list(Role),
        }
        given: dict[str, Any] = {"session": request.state.session, "error": error, "password": password}
        return self.pages.show(request, "officers.html", status, **values, **given)

    def _switches_page(
        self, request: Request, status: int = 200, error: str = "", draft: dict[str, str] | None = None
    ) -> Response:
        values: dict[str, Any] = {
            "standing": self.switches.standing(),
            "changes": self.switches.changes(),
            "modes": list(Mode),
        }
        given: dict[str, Any] = {
            "session": request.state.session,
            "error": error,
            "draft": draft or {},
            "channels": CHANNELS,
        }
        return self.pages.show(request, "switches.html", status, **values, **given)


def known_roles(names: list[str]) -> list[Role]:
    """The roles of the ticked boxes; 400 for any other."""
    try:
        return [Role(name) for name in names]
    except ValueError as error:
        raise HTTPException(400) from error


def bad_mode(fields: dict[str, str]) -> bool:
    """Whether the form names no mode."""
    return fields.get("mode") not in set(Mode)


def bounded(fields: dict[str, str]) -> dict[str, str]:
    """The fields, if none is too long; 400 otherwise."""
    if any(len(value) > LONGEST.get(name, LONGEST["text"]) for name, value in fields.items()):
        raise HTTPException(400)
    return fields

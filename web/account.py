"""An officer's own account: password, second step, where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import passwords
from web.cookies import SignedCookie
from web.forms import NUMBER, address_of, form_fields
from web.pages import Pages
from web.ports import Offer, Officers, Ports, SecondSteps, Session, Stage, TooManyAttempts
from web.sign_in import SignIn, later

QR_SCALE = 5


@dataclass(frozen=True)
class Account:
    """The pages of one's own account."""

    officers: Officers
    second_steps: SecondSteps
    pages: Pages
    cookie: SignedCookie
    entrance: SignIn

    @classmethod
    def over(cls, ports: Ports, pages: Pages, entrance: SignIn) -> Account:
        """Over its neighbours."""
        return cls(ports.officers, ports.access.second_steps, pages, entrance.cookie, entrance)

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/account", self.show),
            Route("/console/account/sessions", self.end_session, methods=["POST"]),
            Route("/console/account/password", self.show_password),
            Route("/console/account/password", self.change_password, methods=["POST"]),
            Route("/console/account/second-step", self.show_enrolment),
            Route("/console/account/second-step", self.enrol, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What there is, and the open sessions."""
        return await run_in_threadpool(self._page, request)

    def _page(self, request: Request) -> Response:
        session: Session = request.state.session
        values: dict[str, Any] = {
            "sessions": self.officers.sessions(session.officer_id),
            "has_second_step": self.second_steps.is_set(session.officer_id),
            "codes_left": self.second_steps.codes_left(session.officer_id),
        }
        return self.pages.show(request, "account.html", session=session, **values)

    async def end_session(self, request: Request) -> Response:
        """End one of one's own sessions."""
        session: Session = request.state.session
        number = (await form_fields(request)).get("id", "")
        if not NUMBER.fullmatch(number):
            raise HTTPException(400)
        await run_in_threadpool(self.officers.end, session.officer_id, int(number))
        return RedirectResponse("/console/account", 303)

    async def show_password(self, request: Request) -> Response:
        """The form for another password."""
        return self._password_page(request)

    async def change_password(self, request: Request) -> Response:
        """Every session ends, this browser gets a new one."""
        session: Session = request.state.session
        fields, words = await form_fields(request), self.pages.words["console"]
        old, new = fields.get("old", ""), fields.get("new", "")
        fault = "same" if old == new else passwords.fault(new, session.username)
        if fault:
            return self._password_page(request, 400, words["password_faults"][fault])
        try:
            opened = await run_in_threadpool(self.officers.change_password, session, old, new, address_of(request))
        except TooManyAttempts as error:
            return later(error, lambda words: self._password_page(request, 429, words), words)
        if opened is None:
            return self._password_page(request, 401, words["wrong_old_password"])
        return await self.entrance.enter(request, opened, "/console/account")

    async def show_enrolment(self, request: Request) -> Response:
        """The picture to take with an authenticator application."""
        session: Session = request.state.session
        if await run_in_threadpool(self.second_steps.is_set, session.officer_id):
            return RedirectResponse("/console/account", 303)
        return self._enrolment_page(request, self.second_steps.offer(session.officer_id, session.username))

    async def enrol(self, request: Request) -> Response:
        """The first code proves that the picture was taken; the recovery codes are shown this once."""
        session: Session = request.state.session
        fields = await form_fields(request)
        seal, code = fields.get("seal", ""), fields.get("code", "")
        codes = await run_in_threadpool(self.second_steps.enrol, session.officer_id, session.username, seal, code)
        if codes is None:
            offer = self.second_steps.again(session.officer_id, session.username, seal)
            return self._enrolment_page(request, offer, 400, self.pages.words["console"]["wrong_code"])
        opened = await run_in_threadpool(self.officers.advance, session)
        response = self.pages.show(request, "recovery_codes.html", session=opened, codes=codes)
        self.cookie.write(response, request, opened.token)
        return response

    def _password_page(self, request: Request, status: int = 200, error: str = "") -> Response:
        session: Session = request.state.session
        values: dict[str, Any] = {"session": session, "error": error, "must": session.stage is Stage.PASSWORD}
        return self.pages.show(request, "password.html", status, shortest=passwords.SHORTEST, **values)

    def _enrolment_page(self, request: Request, offer: Offer, status: int = 200, error: str = "") -> Response:
        session: Session = request.state.session
        values: dict[str, Any] = {
            "session": session,
            "offer": offer,
            "error": error,
            "must": session.stage is Stage.ENROL,
        }
        return self.pages.show(request, "enrol.html", status, picture=picture(offer.uri), **values)


def picture(uri: str) -> Markup:
    """A QR code as a drawing inside the page: black on white by day and by night, no other file."""
    return Markup(segno.make(uri, error="m").svg_inline(scale=QR_SCALE, border=4, dark="#000", light="#fff"))

"""Signing in: password, second step, the agency's identity provider. Every step brings another session token."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from integrations.errors import IntegrationError, Refused
from integrations.oidc import Begun, Identity
from web.access import STEPS, home
from web.cookies import SignedCookie
from web.forms import address_of, form_fields, inside, page_of, same
from web.pages import Pages
from web.ports import IdentityProvider, Officers, Ports, SecondSteps, Session, Stage, TooManyAttempts

SESSION_AGE_S = 12 * 3600
LOGIN_AGE_S = 3600
PROVIDER_AGE_S = 600


@dataclass(frozen=True)
class SignIn:
    """The way into the console."""

    officers: Officers
    second_steps: SecondSteps
    provider: IdentityProvider | None
    pages: Pages
    cookie: SignedCookie
    # the officer's session
    login: SignedCookie
    # proves that the sign-in form was ours
    begun: SignedCookie
    # a sign-in that is at the identity provider

    @classmethod
    def over(cls, ports: Ports, pages: Pages, secret: str) -> SignIn:
        """Over its neighbours."""
        return cls(
            ports.officers,
            ports.access.second_steps,
            ports.access.provider,
            pages,
            SignedCookie("console", secret, SESSION_AGE_S, "/console"),
            SignedCookie("console-login", secret, LOGIN_AGE_S, "/console"),
            SignedCookie("console-provider", secret, PROVIDER_AGE_S, "/console"),
        )

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [
            Route("/console/login", self.show_login),
            Route("/console/login", self.sign_in, methods=["POST"]),
            Route("/console/oidc", self.to_provider),
            Route("/console/oidc/back", self.from_provider),
            Route("/console/second-step", self.show_second_step),
            Route("/console/second-step", self.take_code, methods=["POST"]),
            Route("/console/logout", self.sign_out, methods=["POST"]),
        ]

    async def show_login(self, request: Request) -> Response:
        """The sign-in form."""
        return self._login_page(request, request.query_params.get("next", ""))

    async def sign_in(self, request: Request) -> Response:
        """Open a session and go where the officer wanted to go."""
        fields = await form_fields(request)
        words, next_path = self.pages.words["console"], fields.get("next", "")
        if not same(self.login.read(request), fields.get("csrf")):
            return self._login_page(request, next_path, 403, words["form_expired"])
        username, agent = fields.get("username", ""), request.headers.get("user-agent", "")
        try:
            session = await run_in_threadpool(
                self.officers.sign_in, username, fields.get("password", ""), address_of(request), agent
            )
        except TooManyAttempts as error:
            return later(error, lambda words: self._login_page(request, next_path, 429, words, username), words)
        if session is None:
            return self._login_page(request, next_path, 401, words["wrong_password"], username)
        return await self.enter(request, session, next_path)

    async def enter(self, request: Request, session: Session, next_path: str) -> Response:
        """To the step that is left, or in. A session that this browser had before ends."""
        before = self.cookie.read(request)
        if before:
            await run_in_threadpool(self.officers.sign_out, before)
        if session.stage is Stage.OPEN:
            wanted = inside(next_path)
            response = RedirectResponse(home(session) if wanted == "/console" else wanted, 303)
        else:
            response = RedirectResponse(f"{STEPS[session.stage]}?next={inside(next_path)}", 303)
        self.cookie.write(response, request, session.token)
        self.login.drop(response)
        self.begun.drop(response)
        return response

    async def show_second_step(self, request: Request) -> Response:
        """The form for the code."""
        return self._code_page(request, request.query_params.get("next", ""))

    async def take_code(self, request: Request) -> Response:
        """The right code opens the session, under another token."""
        session: Session = request.state.session
        fields = await form_fields(request)
        words, next_path = self.pages.words["console"], fields.get("next", "")
        try:
            code = fields.get("code", "")
            right = await run_in_threadpool(self.second_steps.check, session.officer_id, address_of(request), code)
        except TooManyAttempts as error:
            return later(error, lambda words: self._code_page(request, next_path, 429, words), words)
        if not right:
            return self._code_page(request, next_path, 401, words["wrong_code"])
        opened = await run_in_threadpool(self.officers.advance, session)
        return await self.enter(request, opened, next_path)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await run_in_threadpool(self.officers.sign_out, request.state.session.token)
        response = RedirectResponse("/console/login", 303)
        self.cookie.drop(response)
        return response

    async def to_provider(self, request: Request) -> Response:
        """To the identity provider's own page."""
        if self.provider is None:
            raise HTTPException(404)
        next_path = inside(request.query_params.get("next", ""))
        try:
            begun = await run_in_threadpool(self.provider.begin)
        except IntegrationError:
            return self._login_page(request, next_path, 503, self.pages.words["console"]["provider_down"])
        response = RedirectResponse(begun.url, 303)
        self.begun.write(response, request, " ".join((begun.state, begun.nonce, begun.verifier, next_path)))
        return response

    async def from_provider(self, request: Request) -> Response:
        """Back from there: a session for the officer who is meant, if there is one."""
        kept = (self.begun.read(request) or "").split(" ")
        if self.provider is None or len(kept) != 4:
            raise HTTPException(400)
        *secrets_kept, next_path = kept
        words, asked = self.pages.words["console"], request.query_params
        begun = Begun("", *secrets_kept)
        try:
            identity = await run_in_threadpool(
                self.provider.redeem, begun, asked.get("state", ""), asked.get("code", "")
            )
            session = await run_in_threadpool(self._session_of, request, identity)
        except Refused:
            return self._from_provider_again(request, next_path, 403, words["provider_refused"])
        except IntegrationError:
            return self._from_provider_again(request, next_path, 503, words["provider_down"])
        if session is None:
            return self._from_provider_again(request, next_path, 403, words["no_officer"])
        return await self.enter(request, session, next_path)

    def _session_of(self, request: Request, identity: Identity) -> Session | None:
        return self.officers.sign_in_as(identity, address_of(request), request.headers.get("user-agent", ""))

    def _from_provider_again(self, request: Request, next_path: str, status: int, error: str) -> Response:
        response = self._login_page(request, next_path, status, error)
        self.begun.drop(response)
        return response

    async def ask(self, request: Request) -> Response:
        """Nobody is signed in: the form, and what was being written to be copied."""
        where = page_of(request.url.path)
        login = "/console/login" if where == "/console" else f"/console/login?next={where}"
        if request.method == "POST":
            fields = await form_fields(request)
            draft = fields.get("reply") or fields.get("note") or ""
            if draft:
                return self.pages.show(request, "signed_out.html", 403, draft=draft, back=login)
        return RedirectResponse(login, 303)

    def _login_page(
        self, request: Request, next_path: str, status: int = 200, error: str = "", username: str = ""
    ) -> Response:
        token = self.login.read(request) or secrets.token_urlsafe(24)
        values = {"csrf": token, "next_path": inside(next_path), "error": error, "username": username}
        has_provider = self.provider is not None
        response = self.pages.show(request, "login.html", status, has_provider=has_provider, **values)
        self.login.write(response, request, token)
        return response

    def _code_page(self, request: Request, next_path: str, status: int = 200, error: str = "") -> Response:
        values = {"session": request.state.session, "next_path": inside(next_path), "error": error}
        return self.pages.show(request, "second_step.html", status, **values)


def later(error: TooManyAttempts, page: Callable[[str], Response], words: dict[str, str]) -> Response:
    """The page that says how long to wait."""
    wait_s = math.ceil(error.retry_after_s)
    response = page(words["too_many_attempts"].format(n=wait_s))
    response.headers["Retry-After"] = str(wait_s)
    return response

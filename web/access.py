"""Who may open what: one table, and the gate that holds it. A route without a rule keeps the application from starting.

The gate asks, in this order: is somebody signed in, has the sign-in every step, has the officer a role, does the form
carry the session's token, does the conversation belong to a desk of the officer. A look at a conversation is recorded
before the page is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from web.cookies import SignedCookie
from web.forms import MAX_NUMBER, form_fields, same
from web.ports import AccessLog, Officers, Role, Session, Sight, Stage, Why

OFFICER, LEAD, EDITOR, AUDITOR, ADMINISTRATOR, PRIVACY = Role
BACKGROUND = "x-background"
# the header of a page that refreshes itself: that is no use of the session


@dataclass(frozen=True)
class Rule:
    """Who may use a route."""

    roles: frozenset[Role] = frozenset(Role)
    # one of them is enough; all of them: whoever is signed in
    stages: frozenset[Stage] = frozenset({Stage.OPEN})
    # of the sign-in at which the route may be used
    looks: Why | None = None
    # the page shows the conversation of the ticket {id}: only its desk may, and the look is recorded
    is_open: bool = False
    # to everybody
    in_background: bool = False
    # a stream that stays open is no use of the session


def of(*roles: Role, looks: Why | None = None, in_background: bool = False) -> Rule:
    """For officers with one of the roles."""
    return Rule(frozenset(roles), looks=looks, in_background=in_background)


def at(*stages: Stage) -> Rule:
    """For every officer, at these stages of the sign-in."""
    return Rule(stages=frozenset(stages))


EVERYBODY = Rule(is_open=True)
SIGNED_IN = at(Stage.OPEN)
DESK = of(OFFICER, LEAD, looks=Why.TICKET)

RULES: Mapping[str, Rule] = {
    "GET /": EVERYBODY,
    "GET /chat/events": EVERYBODY,
    "POST /chat/messages": EVERYBODY,
    "POST /chat/form": EVERYBODY,
    "POST /chat/new": EVERYBODY,
    "GET /embed": EVERYBODY,
    "GET /embed/chat/events": EVERYBODY,
    "POST /embed/chat/messages": EVERYBODY,
    "POST /embed/chat/form": EVERYBODY,
    "POST /embed/chat/new": EVERYBODY,
    "GET /widget.js": EVERYBODY,
    "GET /phieu/{code}.pdf": EVERYBODY,  # facts of the catalogue, no personal data
    "GET /xac-minh-phieu": EVERYBODY,
    "POST /xac-minh-phieu": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /metrics": EVERYBODY,  # of this machine: web/metrics.py refuses others
    "GET /ready": EVERYBODY,  # of this machine, like /metrics
    "GET /static": EVERYBODY,
    "POST /webhooks/telegram": EVERYBODY,
    "POST /webhooks/zalo": EVERYBODY,
    "GET /console/login": EVERYBODY,
    "POST /console/login": EVERYBODY,
    "GET /console/oidc": EVERYBODY,
    "GET /console/oidc/back": EVERYBODY,
    "GET /console/second-step": at(Stage.CODE),
    "POST /console/second-step": at(Stage.CODE),
    "POST /console/logout": at(*Stage),
    "GET /console/account": SIGNED_IN,
    "POST /console/account/sessions": SIGNED_IN,
    "GET /console/account/password": at(Stage.PASSWORD, Stage.OPEN),
    "POST /console/account/password": at(Stage.PASSWORD, Stage.OPEN),
    "GET /console/account/second-step": at(Stage.ENROL, Stage.OPEN),
    "POST /console/account/second-step": at(Stage.ENROL, Stage.OPEN),
    "GET /console": of(OFFICER, LEAD, AUDITOR),
    "GET /console/events": of(OFFICER, LEAD, AUDITOR, ADMINISTRATOR, in_background=True),
    "POST /console/next": of(OFFICER, LEAD),
    "GET /console/search": of(OFFICER, LEAD, AUDITOR),
    "POST /console/search": of(OFFICER, LEAD, AUDITOR),  # web/search_page.py records each look
    "GET /console/aside": of(OFFICER, LEAD, ADMINISTRATOR),
    "POST /console/aside": of(OFFICER, LEAD, ADMINISTRATOR),
    "GET /console/tickets/{id:int}": of(OFFICER, LEAD, AUDITOR, looks=Why.TICKET),
    "GET /console/tickets/{id:int}/transcript.txt": of(OFFICER, LEAD, AUDITOR, looks=Why.EXPORT),
    "POST /console/tickets/{id:int}/presence": DESK,
    "POST /console/tickets/{id:int}/claim": DESK,
    "POST /console/tickets/{id:int}/reply": DESK,
    "POST /console/tickets/{id:int}/ask": DESK,
    "POST /console/tickets/{id:int}/card": DESK,
    "POST /console/tickets/{id:int}/draft": DESK,
    "POST /console/tickets/{id:int}/note": DESK,
    "POST /console/tickets/{id:int}/give-back": DESK,
    "POST /console/tickets/{id:int}/transfer": DESK,
    "POST /console/tickets/{id:int}/hand": DESK,
    "POST /console/tickets/{id:int}/unclear": DESK,
    "POST /console/tickets/{id:int}/forward": DESK,
    "POST /console/tickets/{id:int}/answer": DESK,
    "POST /console/tickets/{id:int}/reopen": DESK,
    "POST /console/tickets/{id:int}/resolve": DESK,
    "POST /console/tickets/{id:int}/snooze": DESK,
    "POST /console/tickets/{id:int}/wake": DESK,
    "POST /console/tickets/{id:int}/ask-number": DESK,
    "POST /console/tickets/{id:int}/ask-paper": DESK,
    "POST /console/tickets/{id:int}/ask-place": DESK,
    "POST /console/tickets/{id:int}/number": DESK,  # the holder and leads: web/ticket_page.py records each look
    "GET /console/tickets/{id:int}/file": of(OFFICER, LEAD, looks=Why.FILE),
    "GET /console/tickets/{id:int}/letter": of(OFFICER, LEAD, looks=Why.LETTER),  # of the holder: web/letter_page.py
    "POST /console/tickets/{id:int}/letter": of(OFFICER, LEAD, looks=Why.LETTER),
    "GET /console/breaches": of(LEAD, ADMINISTRATOR),  # of the desks that are led (bot/roles.py)
    "GET /console/breaches.csv": of(LEAD, ADMINISTRATOR),
    "GET /console/deadlines": of(OFFICER, LEAD, ADMINISTRATOR),  # of the units of their desks (web/deadlines_page.py)
    "GET /console/deadlines/letter": of(
        OFFICER, LEAD
    ),  # a dossier's public state, no conversation: no look is recorded
    "POST /console/deadlines/letter": of(OFFICER, LEAD),
    "GET /console/sync": of(LEAD, ADMINISTRATOR),  # of the units of desks that are led (web/sync_page.py)
    "GET /console/sync.{suffix}": of(LEAD, ADMINISTRATOR),
    "GET /console/statistics": of(LEAD, AUDITOR, ADMINISTRATOR),  # counts of nobody in particular
    "GET /console/statistics.{suffix}": of(LEAD, AUDITOR, ADMINISTRATOR),
    "GET /console/desks": of(LEAD, ADMINISTRATOR),
    "POST /console/desks": of(LEAD, ADMINISTRATOR),
    "GET /console/catalogue": of(EDITOR),
    "GET /console/record": of(EDITOR),
    "POST /console/drafts": of(EDITOR),
    "GET /console/drafts/{id:int}": of(EDITOR),
    "POST /console/drafts/{id:int}": of(EDITOR),
    "GET /console/drafts/{id:int}/review": of(EDITOR),
    "POST /console/drafts/{id:int}/review": of(EDITOR),  # nobody approves what they wrote: bot/catalogue_drafts.py
    "GET /console/lost-questions": of(EDITOR),  # without personal data: bot/lost_questions.py
    "GET /console/lost-questions.jsonl": of(EDITOR),
    "GET /console/lost-questions/{id:int}": of(EDITOR),
    "POST /console/lost-questions/{id:int}": of(EDITOR),
    "GET /console/releases": of(EDITOR, AUDITOR),
    "POST /console/releases": of(EDITOR),
    "GET /console/access-log": of(AUDITOR),
    "GET /console/access-log.csv": of(AUDITOR),
    "GET /console/data-requests": of(PRIVACY),
    "POST /console/data-requests/{id:int}": of(PRIVACY),
    "GET /p/{token}": EVERYBODY,  # of whoever has the address: bot/payment.py
    "GET /chat/data": EVERYBODY,  # of whoever has the conversation's cookie
    "GET /chat/data.json": EVERYBODY,
    "GET /embed/chat/data": EVERYBODY,
    "GET /embed/chat/data.json": EVERYBODY,
    "GET /console/officers": of(ADMINISTRATOR),
    "POST /console/officers": of(ADMINISTRATOR),
    "POST /console/officers/{id:int}": of(ADMINISTRATOR),
    "GET /console/switches": of(ADMINISTRATOR),
    "POST /console/switches": of(ADMINISTRATOR),
}
HOMES = (
    "/console",
    "/console/officers",
    "/console/access-log",
    "/console/catalogue",
    "/console/data-requests",
    "/console/account",
)
STEPS = {
    Stage.CODE: "/console/second-step",
    Stage.ENROL: "/console/account/second-step",
    Stage.PASSWORD: "/console/account/password",
}


class NoRule(Exception):
    """A route that nobody said who may use."""


@dataclass(frozen=True)
class Gate:
    """Stands before every route."""

    officers: Officers
    log: AccessLog
    sight: Sight
    cookie: SignedCookie
    signed_out: Callable[[Request], Awaitable[Response]]
    # what to answer when nobody is signed in

    def over(self, route: BaseRoute) -> BaseRoute:
        """The route behind the gate. Raises NoRule."""
        rules = [rule for _, rule in rules_of(route)]
        if all(rule.is_open for rule in rules):
            return route
        if not isinstance(route, Route) or len(rules) != 1:
            raise NoRule(f"one method for a guarded route: {route}")
        return Route(route.path, partial(self._pass, rules[0], route.endpoint), methods=route.methods)

    async def _pass(self, rule: Rule, endpoint: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        session = await self._session(request, rule)
        if session is None:
            return await self.signed_out(request)
        if session.stage not in rule.stages:
            return RedirectResponse(STEPS.get(session.stage, home(session)), 303)
        if not session.may(*rule.roles):
            raise HTTPException(403)
        if request.method == "POST" and not same(session.csrf, (await form_fields(request)).get("csrf")):
            raise HTTPException(403)
        if rule.looks is not None:
            await run_in_threadpool(self._look, session, request.path_params["id"], rule.looks)
        request.state.session = session
        return await endpoint(request)

    async def _session(self, request: Request, rule: Rule) -> Session | None:
        token = self.cookie.read(request)
        if not token:
            return None
        in_use = not rule.in_background and BACKGROUND not in request.headers
        return await run_in_threadpool(self.officers.session, token, in_use=in_use)

    def _look(self, session: Session, ticket_id: int, why: Why) -> None:
        if ticket_id > MAX_NUMBER:
            raise HTTPException(404)
        if not self.sight.reaches(session.officer_id, session.roles, ticket_id):
            raise HTTPException(403)
        self.log.note(session.officer_id, [ticket_id], why if session.may(OFFICER, LEAD) else Why.AUDIT)


def rules_of(route: BaseRoute) -> Iterator[tuple[str, Rule]]:
    """The method and path of a route, with its rule. Raises NoRule."""
    if isinstance(route, Mount):
        names = [f"GET {route.path}"]
    elif isinstance(route, Route):
        names = [f"{method} {route.path}" for method in sorted((route.methods or set()) - {"HEAD"})]
    else:
        raise NoRule(str(route))
    for name in names:
        if name not in RULES:
            raise NoRule(f"{name}: say in web/access.py who may use it")
        yield name, RULES[name]


def home(session: Session) -> str:
    """The first page that the officer may open."""
    return next(path for path in HOMES if session.may(*RULES[f"GET {path}"].roles))

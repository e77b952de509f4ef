"""Who may open what: every route has a rule, and every route is tried as every role and as nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from bot import keys, tables
from bot.data_requests import DataRequests
from bot.deadlines import Deadlines
from bot.desks import load
from bot.handoff import Desk
from bot.officers import Officers, Stage
from bot.own_data import Copies
from bot.payment import Payments
from bot.present import now
from bot.roles import Role, Sight
from bot.store import Store
from tests import compared, lost, sheets, week
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import COPY, QUICK, Book, Script, access, oversight, rows, say, temporary_store, worker
from web import metrics, own_copy, readiness, webhooks
from web.access import RULES, STEPS, NoRule, rules_of
from web.app import create_app
from web.data_requests_page import DataRequestsPage
from web.deadlines_page import DeadlinesPage
from web.letter_page import LetterPage
from web.pages import load_pages
from web.payment_page import PaymentPage
from web.ports import Ports

NOBODY = "nobody"
PEOPLE = (NOBODY, *Role)
GUARDED = sorted(name for name, rule in RULES.items() if not rule.is_open)
OPENED = [
    (name, role)
    for name in GUARDED
    for role in Role
    if role in RULES[name].roles or Stage.OPEN not in RULES[name].stages
]
# route and role; one of a step of signing in sends on whoever is past it
STRICT = ("default-src 'self'", "frame-ancestors 'self'", "object-src 'none'")


@pytest.fixture
def ports(database: Store) -> Ports:
    """The real desk with ticket 1, an officer for each role."""
    return prepared(database)


def prepared(database: Store) -> Ports:
    officers = Officers(database, QUICK)
    for role in Role:
        officers.add(role.value, f"Cán bộ {role}", PASSWORD, [role])
    say(database, "gặp cán bộ")
    worker(database, Script()).step()
    town = MemoryTown(store=database)
    ports = town.ports()
    assert ports.oversight.editing.drafts.open(COPY, "somebody") == 1
    return replace(ports, desk=Desk(database), officers=officers, access=access(database))


@pytest.fixture
def app(ports: Ports) -> Starlette:
    """The application with every channel's webhook."""
    return application(ports)


@dataclass(frozen=True)
class House:
    """An application that nobody changes: only doors are tried, not what is done behind them."""

    app: Starlette
    store: Store
    browsers: Mapping[str, TestClient]
    # one signed in for each role, and nobody's


@pytest.fixture(scope="module")
def house() -> House:
    """Made once for all the doors: an application for each would cost minutes."""
    store = temporary_store()
    app = application(prepared(store))
    return House(app, store, {who: signed_in(app, who) for who in PEOPLE})


def application(ports: Ports) -> Starlette:
    async def telegram(update: dict[str, Any]) -> None: ...

    async def zalo(body: bytes, headers: Any) -> bool:
        return True

    own = temporary_store()
    routes = [
        webhooks.telegram(telegram, "s"),
        webhooks.zalo(zalo),
        metrics.route(bytes),
        readiness.route(dict),
        *sheets.routes(),
        *DataRequestsPage(DataRequests(own), load_pages()).routes(),
        *own_copy.routes(Copies(own), ports.numbers, "secret"),
        *week.routes(temporary_store()),
        *compared.routes(temporary_store()),
        *_lost_questions(),
        *_deadlines(),
        *PaymentPage.over(
            Payments({}, keys.box(keys.PAYMENT, "secret"), "", lambda: datetime.now(UTC)), sheets.told
        ).routes(),
        *LetterPage.over(ports.desk, Book(), lambda: datetime.now(UTC)).routes(),
    ]
    return create_app(ports, "secret", routes, stream_age_s=0)


def _lost_questions() -> list[Route]:
    """The pages of lost questions over a database with three."""
    store = temporary_store()
    lost.fill(store)
    return lost.routes(store, oversight(store).editing)


def _deadlines() -> list[Route]:
    """The page of the deadlines over an empty database."""
    page = DeadlinesPage.over(Deadlines(temporary_store(), 2, now), lambda unit: load().everyone, Sight())
    return page.routes(Book(), now)


def browser(app: Starlette, base_url: str = "http://testserver") -> TestClient:
    return TestClient(app, base_url, follow_redirects=False, headers={"Accept": "text/html"})


def signed_in(app: Starlette, who: str) -> TestClient:
    """A browser of an officer with that role alone; of nobody, a fresh one."""
    client = browser(app)
    if who != NOBODY:
        csrf = re.findall(r'name="csrf" value="([^"]*)"', client.get("/console/login").text)[0]
        form = {"csrf": csrf, "username": who, "password": PASSWORD, "next": ""}
        assert client.post("/console/login", data=form).status_code == 303
    return client


def csrf_of(client: TestClient) -> str:
    return re.findall(r'name="csrf" value="([^"]*)"', client.get("/console/account").text)[0]


def tried(client: TestClient, name: str, **fields: str) -> Response:
    method, _, path = name.partition(" ")
    address = path.replace("{id:int}", "1").replace("{suffix}", "xlsx")
    return client.get(address) if method == "GET" else client.post(address, data=fields)


def shut(answer: Response) -> bool:
    """Whether the gate refused; an officer who does not hold a ticket is told so in other words, by the desk."""
    assert answer.status_code in (200, 204, 303, 400, 403, 404, 409)
    return answer.status_code == 403 and "không được phép" in answer.text


def test_every_route_has_a_rule_and_every_rule_a_route(app: Starlette) -> None:
    """The table of rules and the application's routes are the same list."""
    assert {name for route in app.routes for name, _ in rules_of(route)} == set(RULES)


@pytest.mark.parametrize(
    "route",
    [
        Route("/console/new", lambda request: PlainTextResponse("")),
        Route("/console", lambda request: PlainTextResponse(""), methods=["DELETE"]),
        Mount("/files", routes=[]),
    ],
    ids=["new", "method", "folder"],
)
def test_a_route_without_a_rule_does_not_start(ports: Ports, route: Route | Mount) -> None:
    """An application with a route that nobody said who may use is not made."""
    with pytest.raises(NoRule):
        create_app(ports, "secret", [route])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "who"), OPENED)
def test_each_route_opens_for_its_roles(request: pytest.FixtureRequest, name: str, who: str) -> None:
    """A route opens for the roles of its rule."""
    if name.startswith("POST"):  # what it does must not be seen by the next
        client = signed_in(request.getfixturevalue("app"), who)
    else:
        client = request.getfixturevalue("house").browsers[who]
    answer = tried(client, name, csrf=csrf_of(client))
    if Stage.OPEN in RULES[name].stages:
        assert not shut(answer)
    else:
        assert answer.status_code == 303


@pytest.mark.parametrize(
    ("name", "who"), [(name, who) for name in GUARDED for who in Role if (name, who) not in OPENED]
)
def test_each_route_is_shut_for_other_roles(house: House, name: str, who: str) -> None:
    """An officer with another role gets 403."""
    client = house.browsers[who]
    assert shut(tried(client, name, csrf=csrf_of(client)))


@pytest.mark.parametrize("name", GUARDED)
def test_nobody_is_sent_to_sign_in(house: House, name: str) -> None:
    """Whoever has not signed in is sent to the page where one does."""
    answer = tried(house.browsers[NOBODY], name)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/console/login")


@pytest.mark.parametrize("name", [name for name in GUARDED if name.startswith("POST")])
@pytest.mark.parametrize("csrf", ["", "another"])
def test_each_form_needs_its_token(house: House, name: str, csrf: str) -> None:
    """A form without the session's token changes nothing, whoever is signed in."""
    rule, database = RULES[name], house.store
    client = house.browsers[sorted(rule.roles)[0]]
    before = [rows(database, table) for table in (tables.officer, tables.switch, tables.ticket, tables.officer_role)]
    if Stage.OPEN in rule.stages:
        assert tried(client, name, csrf=csrf, act="disable", kind="mode", mode="off", why="x").status_code == 403
    after = [rows(database, table) for table in (tables.officer, tables.switch, tables.ticket, tables.officer_role)]
    assert before == after


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if rule.is_open and name[:3] == "GET"))
def test_what_is_open_is_open(house: House, name: str) -> None:
    """What is open to everybody asks nobody to sign in."""
    path = name.split()[1]
    streams = path.endswith("/events")
    answer = browser(house.app).get({"/static": "/static/base.css"}.get(path, path)) if not streams else None
    assert answer is None or answer.status_code in (200, 400, 404)


STAGES = [stage for stage in Stage if stage is not Stage.OPEN]


def at_stage(app: Starlette, store: Store, stage: Stage) -> tuple[TestClient, str]:
    """A browser whose sign-in lacks a step, and the token of its forms."""
    client = signed_in(app, "officer")
    csrf = csrf_of(client)
    newest = sa.select(sa.func.max(tables.officer_session.c.created_at)).scalar_subquery()
    with store.writing() as connection:
        step = sa.update(tables.officer_session).where(tables.officer_session.c.created_at == newest)
        connection.execute(step.values(stage=stage.value))
    return client, csrf


@pytest.fixture(scope="module")
def waiting(house: House) -> Mapping[Stage, tuple[TestClient, str]]:
    """A browser and its token at each stage of signing in."""
    return {stage: at_stage(house.app, house.store, stage) for stage in STAGES}


@pytest.mark.parametrize(
    ("name", "stage"), [(name, stage) for name in GUARDED for stage in STAGES if stage in RULES[name].stages]
)
def test_the_page_of_a_step_opens(app: Starlette, database: Store, name: str, stage: Stage) -> None:
    """A sign-in that lacks a step opens the page of that step and the way out."""
    client, csrf = at_stage(app, database, stage)
    assert tried(client, name, csrf=csrf).status_code in (200, 303, 400, 401)


@pytest.mark.parametrize(
    ("name", "stage"), [(name, stage) for name in GUARDED for stage in STAGES if stage not in RULES[name].stages]
)
def test_a_step_comes_before_everything_else(
    waiting: Mapping[Stage, tuple[TestClient, str]], name: str, stage: Stage
) -> None:
    """A sign-in that lacks a step is sent to the page of that step from everywhere else."""
    client, csrf = waiting[stage]
    answer = tried(client, name, csrf=csrf)
    assert (answer.status_code, answer.headers["location"]) == (303, STEPS[stage])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_and_headers(app: Starlette, scheme: str) -> None:
    """The session's cookie is hidden from scripts, of the console alone, and of HTTPS alone where there is HTTPS."""
    client = browser(app, f"{scheme}://testserver")
    page = client.get("/console/login")
    csrf = re.findall(r'name="csrf" value="([^"]*)"', page.text)[0]
    form = {"csrf": csrf, "username": "officer", "password": PASSWORD, "next": ""}
    cookies = client.post("/console/login", data=form).headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("console=") and "Max-Age=43200" in cookie)
    assert all(part in session for part in ("HttpOnly", "SameSite=lax", "Path=/console"))
    assert ("Secure" in session) == (scheme == "https")
    assert ("strict-transport-security" in page.headers) == (scheme == "https")
    assert all(part in page.headers["content-security-policy"] for part in STRICT)
    assert page.headers["cache-control"] == "no-store"


def test_signing_in_again_ends_the_session_before(app: Starlette, database: Store) -> None:
    """A browser that signs in again has another token; the one it had is good no more."""
    client = signed_in(app, "officer")
    old = client.cookies["console"]
    csrf = re.findall(r'name="csrf" value="([^"]*)"', client.get("/console/login").text)[0]
    client.post("/console/login", data={"csrf": csrf, "username": "officer", "password": PASSWORD, "next": ""})
    assert client.get("/console").status_code == 200
    stale = browser(app)
    stale.cookies.set("console", old, path="/console")
    assert stale.get("/console").status_code == 303


@pytest.mark.parametrize(("headers", "moves"), [({}, True), ({"X-Background": "1"}, False)], ids=str)
def test_a_page_that_refreshes_itself_is_no_use(
    app: Starlette, database: Store, headers: dict[str, str], moves: bool
) -> None:
    """The console's own refreshing does not keep a session alive."""
    client = signed_in(app, "officer")
    before = datetime.now(UTC) - timedelta(minutes=20)
    with database.writing() as connection:
        connection.execute(sa.update(tables.officer_session).values(seen_at=before))
    assert client.get("/console", headers=headers).status_code == 200
    assert (rows(database, tables.officer_session)[0]["seen_at"] > before) == moves


# Whose conversations


def desks(database: Store, ports: Ports, own: frozenset[str] | None) -> Starlette:
    """The application where ticket 1 belongs to the desk `ho_tich`, and officers to the given desks."""
    sight = Sight(lambda officer: own, lambda ticket: "ho_tich")
    return application(replace(ports, access=access(database, sight=sight)))


@pytest.mark.parametrize(
    ("own", "status"), [(frozenset({"ho_tich"}), 200), (frozenset({"dat_dai"}), 403), (frozenset(), 403), (None, 200)]
)
def test_another_desks_conversation_stays_shut(
    database: Store, ports: Ports, own: frozenset[str] | None, status: int
) -> None:
    """An officer opens and changes the conversations of their desks; a refused look is no look."""
    client = signed_in(desks(database, ports, own), "officer")
    assert client.get("/console/tickets/1").status_code == status
    claimed = client.post("/console/tickets/1/claim", data={"csrf": csrf_of(client)})
    assert claimed.status_code == (303 if status == 200 else 403)
    assert len(rows(database, tables.access_log)) == (1 if status == 200 else 0)


@pytest.mark.parametrize(("who", "why"), [("officer", "ticket"), ("lead", "ticket"), ("auditor", "audit")])
def test_each_look_is_recorded(app: Starlette, database: Store, who: str, why: str) -> None:
    """Who opens a conversation is recorded with its purpose; what is no conversation leaves no entry."""
    client = signed_in(app, who)
    assert client.get("/console").status_code == 200
    assert client.get("/console/tickets/99").status_code == 404
    assert rows(database, tables.access_log) == []
    assert client.get("/console/tickets/1").status_code == 200
    looks = [(row["conversation_id"], row["ticket_id"], row["why"]) for row in rows(database, tables.access_log)]
    assert looks == [(1, 1, why)]


def test_every_page_of_a_conversation_is_logged() -> None:
    """Each route under a ticket says what the look is for."""
    assert [name for name, rule in RULES.items() if "/tickets/" in name and rule.looks is None] == []

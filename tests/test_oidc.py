"""Signing in with the agency's identity provider, over real HTTP: who is let in, and what is not believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from bot import tables
from bot.errors import BadSettings
from bot.officers import Officers
from bot.roles import Role
from bot.settings import Settings
from bot.store import Store
from bot.wiring import identity_provider
from integrations.errors import BadAnswer, Refused, Unavailable
from integrations.oidc import IdentityProvider, OidcSettings
from integrations.stand_ins import identity
from integrations.stand_ins.identity import CLIENT_ID, CLIENT_SECRET, Person, Provider
from tests.memory_ports import PASSWORD, MemoryTown
from tests.serving import free_port, served
from tests.town import QUICK, access, rows
from web.app import create_app

pytestmark = pytest.mark.slow

BACK = "http://testserver/console/oidc/back"
Start = Callable[..., IdentityProvider]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a provider with a person and maybe a flaw; our side of it."""
    with ExitStack() as servers:

        def started(person: Person | None = None, flaw: str = "", slash: str = "", **changes: str) -> IdentityProvider:
            port = free_port()
            issuer = f"http://127.0.0.1:{port}"
            servers.enter_context(served(identity.create_app(Provider(issuer, BACK, person, flaw)), port))
            known = OidcSettings(issuer + slash, CLIENT_ID, CLIENT_SECRET, BACK)
            return IdentityProvider(replace(known, **changes))

        yield started


def visited(url: str) -> dict[str, str]:
    """What the provider sends the browser back with."""
    answer = httpx.get(url)
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_who_the_provider_vouches_for(start: Start) -> None:
    """Code, PKCE, state and nonce: the identity is that of the person at the provider."""
    ours = start(Person("s-9", "Lan@HCM.example", amr=("pwd", "otp")))
    begun = ours.begin()
    back = visited(begun.url)
    found = ours.redeem(begun, back["state"], back["code"])
    assert (found.subject, found.email, found.two_steps) == ("s-9", "lan@hcm.example", True)
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["code_challenge_method"] == ["S256"] and begun.verifier not in begun.url
    assert begun.verifier not in repr(begun) and CLIENT_SECRET not in repr(ours)


def test_an_email_counts_when_it_is_verified(start: Start) -> None:
    """An e-mail that the provider has not verified is none."""
    ours = start(Person(email_verified=False))
    begun = ours.begin()
    back = visited(begun.url)
    assert ours.redeem(begun, back["state"], back["code"]).email == ""


@pytest.mark.parametrize("flaw", ["issuer", "audience", "nonce", "key", "expired", "unsigned"])
def test_a_flawed_token_is_not_believed(start: Start, flaw: str) -> None:
    """A token of another issuer, for another client, of another sign-in, by another key, too old, unsigned."""
    ours = start(flaw=flaw)
    begun = ours.begin()
    back = visited(begun.url)
    with pytest.raises(BadAnswer):
        ours.redeem(begun, back["state"], back["code"])


@pytest.mark.parametrize("flaw", ["state", "code", "no code", "verifier", "twice", "secret"])
def test_another_sign_ins_answer_is_refused(start: Start, flaw: str) -> None:
    """A foreign state, a made-up or spent code, a wrong verifier and a wrong secret are refused."""
    ours = start(**({"client_secret": "wrong"} if flaw == "secret" else {}))
    begun = ours.begin()
    back = visited(begun.url)
    if flaw == "twice":
        ours.redeem(begun, back["state"], back["code"])
    changed = replace(begun, verifier="v" * 43) if flaw == "verifier" else begun
    code = {"code": "made-up", "no code": ""}.get(flaw, back["code"])
    with pytest.raises(Refused):
        ours.redeem(changed, "another" if flaw == "state" else back["state"], code)


def test_a_provider_that_is_down(start: Start) -> None:
    """A provider that fails, or that nobody serves, is unavailable; one that names another issuer is not believed."""
    with pytest.raises(Unavailable):
        start(flaw="down").begin()
    with pytest.raises(Unavailable):
        IdentityProvider(OidcSettings(f"http://127.0.0.1:{free_port()}", CLIENT_ID, CLIENT_SECRET, BACK)).begin()
    with pytest.raises(BadAnswer):
        start(slash="/").begin()


@pytest.mark.parametrize(
    "change",
    [{"code_challenge": None}, {"nonce": None}, {"response_type": "token"}, {"redirect_uri": "https://evil.example/"}],
    ids=str,
)
def test_the_stand_in_is_strict(start: Start, change: dict[str, str | None]) -> None:
    """The provider that we test against gives no code without PKCE or nonce, nor to another address."""
    base, _, query = start().begin().url.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()} | change
    answer = httpx.get(base, params={name: value for name, value in asked.items() if value is not None})
    assert "code=" not in answer.headers.get("location", "")


# In the browser


def browser(database: Store, provider: IdentityProvider | None, email: str = "lan@hcm.example") -> TestClient:
    officers = Officers(database, QUICK)
    officers.add("phuc", "Phúc", PASSWORD, [Role.OFFICER], email=email)
    ports = replace(MemoryTown(store=database).ports(), officers=officers, access=access(database, provider=provider))
    return TestClient(create_app(ports, "secret"), follow_redirects=False, headers={"Accept": "text/html"})


def test_in_and_where_one_wanted_to_go(database: Store, start: Start) -> None:
    """The button leads to the provider and back into the console, to the page that was asked for."""
    client = browser(database, start())
    assert 'href="/console/oidc?next=/console/aside"' in client.get("/console/login?next=/console/aside").text
    away = client.get("/console/oidc?next=/console/aside")
    back = client.get("/console/oidc/back", params=visited(away.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (303, "/console/aside")
    assert "Phúc" in client.get("/console").text
    assert rows(database, tables.officer)[0]["subject"] == "s-lan"


@pytest.mark.parametrize(
    ("flaw", "email", "status", "sentence"),
    [
        ("", "ai-khac@hcm.example", 403, "chưa gắn với cán bộ nào"),
        ("key", "lan@hcm.example", 503, "Chưa nối được"),
        ("state", "lan@hcm.example", 403, "không còn hiệu lực"),
    ],
)
def test_out(database: Store, start: Start, flaw: str, email: str, status: int, sentence: str) -> None:
    """A stranger, a token that is not believed and a foreign answer get a sentence, and no session."""
    client = browser(database, start(flaw=flaw if flaw != "state" else ""), email)
    back = visited(client.get("/console/oidc").headers["location"])
    answer = client.get("/console/oidc/back", params={**back, **({"state": "x"} if flaw == "state" else {})})
    assert answer.status_code == status and sentence in answer.text
    assert rows(database, tables.officer_session) == []
    again = client.get("/console/oidc/back", params=back)
    assert again.status_code == 400


def test_without_a_provider_there_is_no_button(database: Store) -> None:
    """Where none is set there is neither a button nor an address."""
    client = browser(database, None)
    assert "oidc" not in client.get("/console/login").text
    assert client.get("/console/oidc").status_code == 404
    assert client.get("/console/oidc/back?code=x&state=y").status_code == 400


@pytest.mark.parametrize("missing", ["oidc_client_id", "oidc_client_secret", "oidc_redirect_url"])
def test_settings_are_whole(missing: str) -> None:
    """A provider without one of its settings is refused at the start, with the names that are needed."""
    whole = {
        "oidc_issuer": "https://id.example",
        "oidc_client_id": "a",
        "oidc_client_secret": "b",
        "oidc_redirect_url": "https://motcua.example/console/oidc/back",
    }
    assert identity_provider(Settings(**whole)) is not None and identity_provider(Settings()) is None
    with pytest.raises(BadSettings, match=re.escape("MOT_CUA_OIDC_CLIENT_ID")):
        identity_provider(Settings(**{**whole, missing: ""}))


@pytest.mark.parametrize("issuer", ["http://id.example", "id.example", "http://127.0.0.1.evil.example"])
def test_a_provider_is_reached_by_https(issuer: str) -> None:
    """Beyond the loopback a provider is believed over HTTPS alone."""
    with pytest.raises(BadSettings, match="https"):
        identity_provider(
            Settings(oidc_issuer=issuer, oidc_client_id="a", oidc_client_secret="b", oidc_redirect_url="c")
        )

"""Whom we ask: the addresses that an operator set. Nobody who answers can send us on to another, ours least of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.errors import BadAnswer, IntegrationError
from integrations.oidc import IdentityProvider, OidcSettings
from integrations.zalo import ZaloClient, ZaloSettings
from integrations.zalo_tokens import Tokens
from nlu.errors import Unavailable
from nlu.rasa_client import RasaClient
from tests.portals import CODES, client, reaching
from tests.serving import served

pytestmark = pytest.mark.slow

METHODS = ["GET", "POST"]


@dataclass
class Inside:
    """A server that nobody outside should make us ask."""

    address: str = ""
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """Answers everything, and remembers it."""

        async def answer(request: Request) -> Response:
            self.asked.append(request.url.path)
            return JSONResponse({"content": [], "error_code": "0", "session": "s", "access_token": "t"})

        return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


@contextmanager
def sent_on(status: int) -> Iterator[tuple[str, Inside]]:
    """A neighbour that sends everybody on to a server inside, and that server."""
    inside = Inside()

    async def move(request: Request) -> Response:
        return RedirectResponse(f"{inside.address}{request.url.path}", status)

    with served(inside.app()) as there:
        inside.address = there
        with served(Starlette(routes=[Route("/{path:path}", move, methods=METHODS)])) as here:
            yield here, inside


def portal(name: str) -> Callable[[str], None]:
    """A look-up in a portal."""

    def ask(address: str) -> None:
        with closing(client(name, reaching(name, address, portal_timeout_s=5.0))) as made:
            made.find(CODES[name])

    return ask


def rasa(address: str) -> None:
    """A message to Rasa."""
    with closing(RasaClient(address, 5.0)) as made:
        made.read("xin chào")


def provider(address: str) -> None:
    """An officer's sign-in."""
    IdentityProvider(OidcSettings(address, "a", "b", f"{address}/back")).begin()


def zalo(address: str) -> None:
    """A text to somebody on Zalo."""
    with closing(ZaloClient(ZaloSettings(address), cast(Tokens, Token()))) as made:
        made.send_text("lan", "xin chào")


class Token:
    """A token that is always good."""

    def usable(self) -> str:
        """The token."""
        return "t"

    def instead_of(self, refused: str) -> str:
        """The same one again."""
        return refused


ASKING = {
    "zalo": zalo,
    **{name: portal(name) for name in CODES},
    "rasa": rasa,
    "identity provider": provider,
}


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("who", ASKING)
def test_nobody_is_followed(who: str, status: int) -> None:
    """A portal, gateway, provider or engine that redirects is a failure; where it points to is not asked."""
    with sent_on(status) as (here, inside), pytest.raises((IntegrationError, Unavailable)):
        ASKING[who](here)
    assert inside.asked == []


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "leads",
    ["http://169.254.169.254/", "http://127.0.0.1:1/", "file:///etc/passwd", "https://a:b@id.example/", "x", ""],
)
def test_a_providers_document_leads_nowhere_else(name: str, leads: str) -> None:
    """An address in the discovery document is asked over https, or lies at the issuer's own origin."""
    document: dict[str, str] = {}

    async def discovery(request: Request) -> Response:
        return JSONResponse(document)

    with served(Starlette(routes=[Route("/.well-known/openid-configuration", discovery)])) as issuer:
        good = {key: f"{issuer}/{key}" for key in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        document.update({"issuer": issuer, **good})
        made = IdentityProvider(OidcSettings(issuer, "a", "b", f"{issuer}/back"))
        assert made.begin().url.startswith(good["authorization_endpoint"])
        document[name] = leads
        with pytest.raises(BadAnswer):
            made.begin()

"""An identity provider over real HTTP: OpenID Connect with PKCE, by authlib's own server classes.

It is strict: one client, its exact redirect address, its secret, PKCE by S256, a nonce, codes good once. Whoever comes
to its page is signed in as `person` at once. `flaw` makes it lie in one way, for tests of what must not be believed.

python -m integrations.stand_ins.identity --port 9400 --back http://127.0.0.1:8000/console/oidc/back
"""

from __future__ import annotations

import argparse
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "mot-cua", "stand-in-secret"
CODE_AGE_S = 60
FLAWS = ("issuer", "audience", "nonce", "key", "expired", "unsigned", "down")


@dataclass(frozen=True)
class Person:
    """Who is signed in at the provider."""

    sub: str = "s-lan"
    email: str = "lan@hcm.example"
    email_verified: bool = True
    amr: tuple[str, ...] = ("pwd",)


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code that waits to be redeemed; authlib asks for its parts by these names."""

    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    amr: list[str]
    made_at: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        """As it was asked for."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """As it was asked for."""
        return self.scope

    def get_nonce(self) -> str:
        """As it was given."""
        return self.nonce

    def get_auth_time(self) -> int:
        """In seconds since 1970."""
        return int(self.made_at)

    def get_acr(self) -> None:
        """None is said."""

    def get_amr(self) -> list[str]:
        """How the person signed in (RFC 8176)."""
        return self.amr


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]
    """The one application that is registered."""

    back: str

    def get_client_id(self) -> str:
        """Its name."""
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        """Its one address."""
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        """No other than these."""
        return " ".join(name for name in scope.split() if name in ("openid", "email"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Letter by letter."""
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        """The one secret."""
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """By HTTP Basic alone."""
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        """Codes alone."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes alone."""
        return grant_type == "authorization_code"


class Provider(AuthorizationServer):  # type: ignore[misc]
    """What the provider knows."""

    def __init__(self, issuer: str, back: str, person: Person | None = None, flaw: str = "") -> None:
        super().__init__(scopes_supported=["openid", "email"])
        self.issuer, self.client, self.person, self.flaw = issuer, Client(back), person or Person(), flaw
        self.codes: dict[str, Code] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.published = RSAKey.generate_key(2048, {"kid": "one"}) if flaw == "key" else self.key
        self.register_grant(_Grant, [_Claims(require_nonce=True), _Pkce(required=True)])
        self.register_token_generator("default", _bearer)

    def query_client(self, client_id: str) -> Client | None:
        """The one client."""
        return self.client if client_id == CLIENT_ID else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing is asked for with it later."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        """Made by `asked` already."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """As Starlette says it."""
        content = json.dumps(body) if isinstance(body, dict) else body
        return Response(content, status, dict(headers))


class _Grant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        data = request.payload.data
        self.server.codes[code] = Code(
            data["redirect_uri"],
            data["scope"],
            "another" if self.server.flaw == "nonce" else data["nonce"],
            data["code_challenge"],
            data["code_challenge_method"],
            list(request.user.amr),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.codes.get(code)
        return found if found and time.time() - found.made_at < CODE_AGE_S else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.server.codes = {code: kept for code, kept in self.server.codes.items() if kept is not authorization_code}

    def authenticate_user(self, authorization_code: Code) -> Person:
        person: Person = self.server.person
        return person


class _Pkce(CodeChallenge):  # type: ignore[misc]
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]


class _Claims(OpenIDCode):  # type: ignore[misc]
    server: Provider

    def __call__(self, grant: _Grant) -> None:
        self.server = grant.server
        super().__call__(grant)

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self.server.codes.values())

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return self.server.key

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": "RS256", "kid": "one"}

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        signed: str = super().encode_id_token(token, request)
        if self.server.flaw != "unsigned":
            return signed
        header = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        return f"{header}.{signed.split('.')[1]}."

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": "https://another.example" if self.server.flaw == "issuer" else self.server.issuer}

    def get_compatible_claims(self, request: OAuth2Request) -> dict[str, Any]:
        now = int(time.time()) - (7200 if self.server.flaw == "expired" else 0)
        audience = "another" if self.server.flaw == "audience" else CLIENT_ID
        return {**self.get_client_claims(request.client), "aud": [audience], "iat": now, "exp": now + 3600}

    def generate_user_info(self, user: Person, scope: str) -> dict[str, Any]:
        return {"sub": user.sub, "email": user.email, "email_verified": user.email_verified}


def _bearer(**asked: Any) -> dict[str, Any]:
    return {"token_type": "Bearer", "access_token": generate_token(40), "expires_in": 300, "scope": asked["scope"]}


def create_app(provider: Provider) -> Starlette:
    """The provider's four addresses."""

    async def discovery(request: Request) -> Response:
        if provider.flaw == "down":
            return Response(status_code=503)
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return JSONResponse(
            {"issuer": provider.issuer, **{name: provider.issuer + path for name, path in ends.items()}}
        )

    async def authorize(request: Request) -> Response:
        return await run_in_threadpool(_authorize, provider, Asked(request, dict(request.query_params)))

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        return await run_in_threadpool(provider.create_token_response, Asked(request, form))

    async def keys(request: Request) -> Response:
        return JSONResponse({"keys": [provider.published.as_dict(private=False)]})

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/authorize", authorize),
            Route("/token", token, methods=["POST"]),
            Route("/keys", keys),
        ]
    )


def _authorize(provider: Provider, request: OAuth2Request) -> Response:
    try:
        grant = provider.get_consent_grant(request, provider.person)
    except OAuth2Error as error:
        return JSONResponse(dict(error.get_body()), error.status_code)
    response: Response = provider.create_authorization_response(request, provider.person, grant)
    return response


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request as authlib reads it. It wants HTTPS; the loopback needs none."""

    def __init__(self, request: Request, data: dict[str, str]) -> None:
        super().__init__(request.method, str(request.url.replace(scheme="https")), headers=request.headers)
        self.payload = BasicOAuth2Payload(data)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a POST."""
        return dict(self.payload.data)

    @property
    def args(self) -> dict[str, str]:
        """The fields of a GET."""
        return dict(self.payload.data)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m integrations.stand_ins.identity", description=__doc__)
    parser.add_argument("--port", type=int, default=9400)
    parser.add_argument("--back", required=True, help="our /console/oidc/back")
    parser.add_argument("--email", default=Person.email)
    options = parser.parse_args()
    person = replace(Person(), email=options.email, sub=f"s-{options.email}")
    provider = Provider(f"http://127.0.0.1:{options.port}", options.back, person)
    uvicorn.run(create_app(provider), port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

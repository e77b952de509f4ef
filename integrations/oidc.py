"""The agency's identity provider: OpenID Connect, authorization code with PKCE, state and nonce.

Discovery and keys are read at each sign-in: officers sign in seldom, and a changed key is never a wrong one. The
identity token is believed when its signature (joserfc) and every claim (authlib) hold; nothing else is asked for.

Raises the errors of `integrations.errors`; no token is ever part of a message, a `repr` or the log.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from integrations.errors import BadAnswer, Refused, Unavailable

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid email"
SIGNATURES = ["RS256", "PS256", "ES256"]
# never "none", and never a secret shared with us
LEEWAY_S = 60
TWO_STEPS = {"mfa", "otp", "hwk", "fido"}
# RFC 8176: the provider asked for more than a password


@dataclass(frozen=True)
class Identity:
    """Whom an identity provider vouches for."""

    subject: str
    email: str
    # lower case; empty unless the provider has verified it
    two_steps: bool
    # the provider asked for more than a password


@dataclass(frozen=True)
class OidcSettings:
    """Where the provider is and who we are there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    timeout_s: float = 5.0


@dataclass(frozen=True)
class Begun:
    """A sign-in that was sent to the provider. The browser keeps it, signed, until it comes back."""

    url: str
    # of the provider's page
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class IdentityProvider:
    """One provider. `transport` stands in for the network in tests."""

    def __init__(self, settings: OidcSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport

    def begin(self) -> Begun:
        """Where to send the officer. Raises Unavailable and BadAnswer."""
        with self._http() as http:
            known = self._discover(http)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = prepare_grant_uri(
            known["authorization_endpoint"],
            self._settings.client_id,
            "code",
            redirect_uri=self._settings.redirect_url,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(url, state, nonce, verifier)

    def redeem(self, begun: Begun, state: str, code: str) -> Identity:
        """Whom the provider sent back. Raises Refused (not this sign-in, or a spent code), Unavailable, BadAnswer."""
        if not code or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise Refused("identity provider: the answer does not belong to this sign-in")
        with self._http() as http:
            known = self._discover(http)
            tokens = self._tokens(http, known["token_endpoint"], code, begun.verifier)
            keys = _json(_get(http, known["jwks_uri"]), "keys")
        return _identity(_claims(tokens, keys, self._settings, begun.nonce))

    def _http(self) -> httpx.Client:
        return httpx.Client(timeout=self._settings.timeout_s, transport=self._transport, follow_redirects=False)

    def _discover(self, http: httpx.Client) -> dict[str, str]:
        """Raises BadAnswer when the document is another issuer's (OIDC Discovery 4.3)."""
        known = _json(_get(http, self._settings.issuer.rstrip("/") + DISCOVERY), "discovery")
        if known.get("issuer") != self._settings.issuer:
            raise BadAnswer("identity provider: discovery names another issuer")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(isinstance(known.get(name), str) for name in wanted):
            raise BadAnswer("identity provider: discovery lacks an address")
        if not all(_is_as_safe(known[name], self._settings.issuer) for name in wanted):
            raise BadAnswer("identity provider: discovery leads into the open")
        return {name: known[name] for name in wanted}

    def _tokens(self, http: httpx.Client, url: str, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.redirect_url,
            "code_verifier": verifier,
        }
        try:
            answer = http.post(url, data=form, auth=(self._settings.client_id, self._settings.client_secret))
        except httpx.HTTPError as error:
            raise Unavailable(f"identity provider: {type(error).__name__}") from error
        if 400 <= answer.status_code < 500:
            raise Refused(f"identity provider: the code was refused with {answer.status_code}")
        return _json(answer, "tokens")


def _is_as_safe(address: str, issuer: str) -> bool:
    """Whether an address is asked over https, or lies at the very origin that the operator set."""
    try:
        asked, known = httpx.URL(address), httpx.URL(issuer)
    except httpx.InvalidURL:
        return False
    own = (asked.scheme, asked.host, asked.port) == (known.scheme, known.host, known.port)
    return bool(asked.host) and not asked.userinfo and (asked.scheme == "https" or own)


def _get(http: httpx.Client, url: str) -> httpx.Response:
    try:
        return http.get(url)
    except httpx.HTTPError as error:
        raise Unavailable(f"identity provider: {type(error).__name__}") from error


def _json(answer: httpx.Response, what: str) -> dict[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise Unavailable(f"identity provider: {what} answered {answer.status_code}")
    try:
        content = answer.json()
    except ValueError as error:
        raise BadAnswer(f"identity provider: {what} is no JSON") from error
    if not isinstance(content, dict):
        raise BadAnswer(f"identity provider: {what} is no object")
    return content


def _claims(tokens: Mapping[str, Any], keys: dict[str, Any], settings: OidcSettings, nonce: str) -> Mapping[str, Any]:
    """The claims of the identity token, all of them checked. Raises BadAnswer."""
    try:
        token = jwt.decode(str(tokens.get("id_token", "")), KeySet.import_key_set(keys), algorithms=SIGNATURES)  # type: ignore[arg-type]
        expected = {
            "iss": {"essential": True, "value": settings.issuer},
            "aud": {"essential": True, "value": settings.client_id},
        }
        asked = {"nonce": nonce, "client_id": settings.client_id, "access_token": tokens.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, expected, asked)
        claims.validate(leeway=LEEWAY_S)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise BadAnswer(f"identity provider: the identity token is not good ({type(error).__name__})") from error
    return dict(claims)


def _identity(claims: Mapping[str, Any]) -> Identity:
    verified = claims.get("email_verified") is True
    email = str(claims.get("email") or "").lower() if verified else ""
    return Identity(str(claims["sub"]), email, bool(TWO_STEPS.intersection(claims.get("amr") or ())))

"""Zalo's tokens: an access token of 25 hours, and a refresh token that works once and brings the next pair.

Whoever refreshes holds a lease in the token book, so that of many workers one uses the refresh token. A refresh that
was answered by Zalo but not kept by us (the process died, the answer was lost) leaves a dead refresh token: the lease
runs out, the next refresher is refused, and an operator has to authorise us again. Therefore we refresh hours before
the access token ends: until then messages go on with the old one, and the log asks for a person.

Raises the errors of `integrations.errors`; no token is ever part of a message, a `repr` or the log.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from integrations.errors import BadAnswer, IntegrationError, Refused, Unavailable

log = logging.getLogger(__name__)

EARLY = timedelta(hours=6)
# a refresh is tried this long before the access token ends
LEASE = timedelta(seconds=60)
# how long one refresher keeps the others out; also the wait after a refresh that failed
BUSY_S = 1.0
# when to ask again while another worker refreshes
SPENT = -14020
# Zalo's error for a refresh token that was used before or is too old


@dataclass(frozen=True)
class TokenPair:
    """What one refresh brings."""

    access_token: str = field(repr=False)
    # empty when only a refresh token was handed to us
    refresh_token: str = field(repr=False)
    # good for one use
    expires_at: datetime
    # aware; the end of the access token


class TokenBook(Protocol):
    """Where the pair is kept, shared by every worker."""

    def current(self) -> TokenPair | None:
        """The pair in use; None before anybody authorised us."""

    def lease(self, pair: TokenPair, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may use the pair's refresh token until then."""

    def replace(self, used: TokenPair, fresh: TokenPair, now: datetime) -> None:
        """Keep the fresh pair in the used one's place, in one transaction that also ends the lease."""


class Grant(Protocol):
    """Whoever gives a new pair for a refresh token."""

    def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair. Raises Refused, Unavailable, BadAnswer."""


@dataclass(frozen=True)
class OAuthSettings:
    """Where tokens are given and who we are."""

    app_id: str
    app_secret: str = field(repr=False)
    # the application's secret, not the one that signs webhooks
    base_url: str = "https://oauth.zaloapp.com"
    token_path: str = "/v4/oa/access_token"
    permission_path: str = "/v4/oa/permission"
    timeout_s: float = 10.0
    # for each of connect, send, receive; all of them stay below LEASE


class OAuthClient:
    """Asks Zalo for tokens. Never repeats a request by itself: a refresh token works once."""

    def __init__(
        self, settings: OAuthSettings, clock: Callable[[], datetime], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http = httpx.Client(
            base_url=settings.base_url, timeout=settings.timeout_s, transport=transport, trust_env=False
        )

    def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair; the given refresh token is dead afterwards."""
        return self._granted({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def redeem(self, code: str, verifier: str) -> TokenPair:
        """The first pair, for the code that an administrator's permission brought (PKCE, good for 10 minutes)."""
        return self._granted({"grant_type": "authorization_code", "code": code, "code_verifier": verifier})

    def permission_url(self, redirect_uri: str, challenge: str, state: str) -> str:
        """Where an administrator of the account lets us in; `challenge` is base64url of SHA-256 of the verifier."""
        query = {
            "app_id": self._settings.app_id,
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "state": state,
        }
        return f"{self._settings.base_url}{self._settings.permission_path}?{urlencode(query)}"

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _granted(self, form: Mapping[str, str]) -> TokenPair:
        asked_at = self._clock()
        try:
            answer = self._http.post(
                self._settings.token_path,
                data={**form, "app_id": self._settings.app_id},
                headers={"secret_key": self._settings.app_secret},
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"zalo tokens: {type(error).__name__}") from None
        return _pair(_content(answer), asked_at)


class Tokens:
    """The access token to send with. Safe to share between threads and processes over one book."""

    def __init__(self, grant: Grant, book: TokenBook, clock: Callable[[], datetime], early: timedelta = EARLY) -> None:
        self._grant = grant
        self._book = book
        self._clock = clock
        self._early = early

    def usable(self) -> str:
        """A token that has not ended; refreshed when its end is near."""
        pair, now = self._pair(), self._clock()
        if now < pair.expires_at - self._early:
            return pair.access_token
        return self._newer(pair, still_good=now < pair.expires_at)

    def instead_of(self, refused: str) -> str:
        """Another token than the one Zalo has just refused."""
        pair = self._pair()
        return pair.access_token if pair.access_token != refused else self._newer(pair, still_good=False)

    def _newer(self, pair: TokenPair, still_good: bool) -> str:
        """The token after a refresh, by us or by whoever is quicker; the old one while it is good."""
        now = self._clock()
        if self._book.lease(pair, now, now + LEASE):
            return self._refreshed(pair, still_good)
        held = self._pair()
        if still_good or held.access_token != pair.access_token:
            return held.access_token
        raise Unavailable("zalo tokens: another worker refreshes, or the last refresh failed", BUSY_S)

    def _refreshed(self, pair: TokenPair, still_good: bool) -> str:
        """A failed refresh leaves everything as it was; it is tried again when the lease is over."""
        try:
            fresh = self._grant.refresh(pair.refresh_token)
        except IntegrationError as error:
            log.error("refresh failed, messages stop after %s: %s", pair.expires_at.isoformat(), error)
            if still_good:
                return pair.access_token
            raise
        self._book.replace(pair, fresh, self._clock())
        return fresh.access_token

    def _pair(self) -> TokenPair:
        pair = self._book.current()
        if pair is None:
            raise Refused("zalo tokens: nobody has authorised us yet")
        return pair


def pkce() -> tuple[str, str]:
    """A fresh challenge and its verifier of 43 characters."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("="), verifier


def _content(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object; Zalo answers refusals with HTTP 200 too."""
    if answer.status_code == 429 or answer.status_code >= 500:
        raise Unavailable(f"zalo tokens: HTTP {answer.status_code}")
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        raise Unavailable("zalo tokens: not JSON") from None
    if not isinstance(content, dict):
        raise BadAnswer("zalo tokens: not a JSON object")
    return content


def _pair(content: Mapping[str, Any], asked_at: datetime) -> TokenPair:
    """The pair; `expires_in` comes as text, in seconds."""
    if code := content.get("error"):
        why = "the refresh token was used or is over: authorise again" if str(code) == str(SPENT) else "refused"
        raise Refused(f"zalo tokens: error {str(code)[:20]}: {why}")
    access, refresh = content.get("access_token"), content.get("refresh_token")
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise BadAnswer("zalo tokens: no pair")
    try:
        lifetime = timedelta(seconds=float(content["expires_in"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        lifetime = timedelta(0)
        # the pair must be kept all the same: its refresh token is the only one that works
    return TokenPair(access, refresh, asked_at + lifetime)

"""Zalo's tokens: one refresher among many, over a real database and the token service's stand-in."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot import keys, tables
from bot.store import Store
from bot.zalo_tokens import ZaloTokens, keep_fresh
from integrations.errors import IntegrationError, Refused, Unavailable
from integrations.stand_ins.zalo import app
from integrations.stand_ins.zalo.account import Account
from integrations.zalo_tokens import LEASE, OAuthClient, OAuthSettings, TokenPair, Tokens, pkce
from tests.serving import served, until
from tests.town import rows

ACCOUNT = Account()
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "the application's secret"


@dataclass
class Desk:
    """A worker's view of the tokens, with a clock moved by hand."""

    api: str
    store: Store
    http: httpx.Client
    closing: ExitStack
    at: datetime = NOON

    def oauth(self, secret: str = ACCOUNT.app_secret) -> OAuthClient:
        """A client of the token service."""
        client = OAuthClient(OAuthSettings(ACCOUNT.app_id, secret, self.api, timeout_s=1), lambda: self.at)
        self.closing.callback(client.close)
        return client

    def book(self) -> ZaloTokens:
        """The shared book."""
        return ZaloTokens(self.store, ACCOUNT.app_id, KEY)

    def tokens(self) -> Tokens:
        """One more worker."""
        return Tokens(self.oauth(), self.book(), lambda: self.at)

    def pair(self) -> TokenPair:
        """What the book holds."""
        held = self.book().current()
        assert held is not None
        return held

    def fault(self, mode: str, **more: Any) -> None:
        """The next calls of the token service go wrong."""
        self.http.post("/__control/fault", json={"mode": mode, "path": "token", **more}).raise_for_status()

    def asked(self) -> list[str]:
        """What the token service answered."""
        return [call["answer"] for call in self.http.get("/__control/calls", params={"path": "token"}).json()]


@pytest.fixture
def desk(database: Store) -> Iterator[Desk]:
    """A book that was seeded at noon."""
    with served(app()) as api, httpx.Client(base_url=api, timeout=10) as http, ExitStack() as closing:
        made = Desk(api, database, http, closing)
        made.book().seed(ACCOUNT.refresh_token, NOON)
        yield made


def test_the_first_token_comes_from_the_seed(desk: Desk) -> None:
    """The refresh token of the settings brings the first pair, which is kept for 25 hours."""
    assert desk.tokens().usable() == "access-1"
    assert desk.pair() == TokenPair("access-1", "refresh-1", NOON + timedelta(hours=25))


def test_tokens_are_kept_fresh_while_nobody_writes(desk: Desk) -> None:
    """Without any message the first pair is fetched; a service that is down ends nothing."""
    stop, down = (
        threading.Event(),
        Tokens(desk.oauth("wrong"), ZaloTokens(desk.store, "another app", KEY), lambda: desk.at),
    )
    threads = [threading.Thread(target=keep_fresh, args=[tokens, stop]) for tokens in (desk.tokens(), down)]
    for thread in threads:
        thread.start()
    until(lambda: desk.pair().access_token == "access-1")
    assert all(thread.is_alive() for thread in threads)
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(("hours", "token"), [(18.9, "access-1"), (19.1, "access-2"), (26, "access-2")])
def test_tokens_are_refreshed_six_hours_early(desk: Desk, hours: float, token: str) -> None:
    """A token is used until six hours before its end."""
    desk.tokens().usable()
    desk.at = NOON + timedelta(hours=hours)
    assert desk.tokens().usable() == token


def test_a_refused_token_is_replaced_once(desk: Desk) -> None:
    """Two workers who were refused with the same token get the same new one."""
    first, second = desk.tokens(), desk.tokens()
    refused = first.usable()
    assert (first.instead_of(refused), second.instead_of(refused)) == ("access-2", "access-2")


def test_workers_at_once_use_the_refresh_token_once(desk: Desk) -> None:
    """Of eight workers who refresh together one asks Zalo; the others take its token or come again."""
    desk.fault("timeout", delay_s=0.3)
    got: list[str] = []
    together = threading.Barrier(8)

    def work() -> None:
        store = Store(str(desk.store.engine.url))
        tokens = Tokens(desk.oauth(), ZaloTokens(store, ACCOUNT.app_id, KEY), lambda: desk.at)
        together.wait()
        got.append(outcome(tokens.usable))
        store.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) <= {"access-1", "Unavailable"} and "access-1" in got
    assert len(desk.asked()) == 1 and desk.tokens().usable() == "access-1"


def outcome(act: Callable[[], str]) -> str:
    """What came back: a value, or the name of the error."""
    try:
        return act()
    except IntegrationError as error:
        return type(error).__name__


def test_a_refresher_that_died_before_asking_is_replaced(desk: Desk) -> None:
    """A lease that nobody used is over after a minute, then another worker refreshes."""
    assert desk.book().lease(desk.pair(), desk.at, desk.at + LEASE)
    assert outcome(desk.tokens().usable) == "Unavailable"
    desk.at += LEASE + SECOND
    assert desk.tokens().usable() == "access-1"


def test_a_refresher_that_died_before_its_commit_stops_nothing_at_once(desk: Desk) -> None:
    """When Zalo's answer was lost, messages go on with the old token until its end; then a person has to act."""
    desk.tokens().usable()
    desk.at = NOON + timedelta(hours=20)
    assert desk.book().lease(desk.pair(), desk.at, desk.at + LEASE)
    desk.oauth().refresh(desk.pair().refresh_token)
    assert desk.tokens().usable() == "access-1"
    desk.at += LEASE + SECOND
    assert desk.tokens().usable() == "access-1" and "-14020" in desk.asked()[-1]
    desk.at = NOON + timedelta(hours=25)
    with pytest.raises(Refused, match="authorise again"):
        desk.tokens().usable()


def test_an_operator_mends_a_lost_pair(desk: Desk) -> None:
    """A new refresh token in the settings takes the dead one's place; the same one is not taken twice."""
    desk.tokens().usable()
    desk.book().seed(ACCOUNT.refresh_token, desk.at)
    assert desk.pair().refresh_token == "refresh-1"
    desk.book().seed("from-a-new-authorisation", desk.at)
    assert desk.pair() == TokenPair("", "from-a-new-authorisation", desk.at)


def test_a_new_authorisation_is_kept(desk: Desk) -> None:
    """A code that an administrator's permission brought becomes the pair in use; the old seed does not come back."""
    challenge, verifier = pkce()
    back = desk.http.get(desk.oauth().permission_url("http://127.0.0.1/back", challenge, "st")).headers["Location"]
    desk.book().keep(desk.oauth().redeem(httpx.URL(back).params["code"], verifier), desk.at)
    desk.book().seed(ACCOUNT.refresh_token, desk.at)
    assert desk.tokens().usable() == "access-1" and desk.pair().refresh_token == "refresh-1"


def test_a_code_is_worth_nothing_without_its_verifier(desk: Desk) -> None:
    """Whoever only saw the code in an address gets no tokens."""
    back = desk.http.get(desk.oauth().permission_url("http://127.0.0.1/back", pkce()[0], "st")).headers["Location"]
    with pytest.raises(Refused):
        desk.oauth().redeem(httpx.URL(back).params["code"], pkce()[1])


@pytest.mark.parametrize(
    ("mode", "error"), [("500_html", Unavailable), ("200_html", Unavailable), ("429", Unavailable), ("code", Refused)]
)
def test_a_failed_refresh_changes_nothing(desk: Desk, mode: str, error: type[IntegrationError]) -> None:
    """After a failed refresh the book is as it was, and a minute later it is tried again."""
    before = desk.pair()
    desk.fault(mode, times=1, code=-14003)
    with pytest.raises(error):
        desk.tokens().usable()
    assert desk.pair() == before and outcome(desk.tokens().usable) == "Unavailable"
    desk.at += LEASE + SECOND
    assert desk.tokens().usable() == "access-1"


def test_a_wrong_secret_does_not_use_the_token_up(desk: Desk) -> None:
    """Whoever mends a wrong application secret needs no new authorisation."""
    with pytest.raises(Refused):
        Tokens(desk.oauth("wrong"), desk.book(), lambda: desk.at).usable()
    desk.at += LEASE + SECOND
    assert desk.tokens().usable() == "access-1"


def test_whoever_comes_late_changes_nothing(desk: Desk) -> None:
    """A refresher that was overtaken neither leases nor overwrites the newer pair."""
    old = desk.pair()
    desk.tokens().usable()
    desk.book().replace(old, TokenPair("late", "late", NOON), desk.at)
    assert desk.pair().access_token == "access-1"
    assert not desk.book().lease(old, desk.at, desk.at + LEASE)


def test_without_authorisation_nothing_is_sent(desk: Desk) -> None:
    """Where nobody authorised us, an operator is asked for."""
    with pytest.raises(Refused, match="authorised"):
        Tokens(desk.oauth(), ZaloTokens(desk.store, "another app", KEY), lambda: desk.at).usable()


@pytest.mark.parametrize(
    ("answer", "lifetime_s"),
    [
        ({"access_token": "a", "refresh_token": "r", "expires_in": "90000"}, 90_000),
        ({"access_token": "a", "refresh_token": "r", "expires_in": 3600, "error": 0}, 3600),
        ({"access_token": "a", "refresh_token": "r"}, 0),
        ({"access_token": "a", "refresh_token": "r", "expires_in": "soon"}, 0),
    ],
)
def test_a_pair_is_never_thrown_away(answer: dict[str, Any], lifetime_s: int) -> None:
    """A pair whose lifetime cannot be read is kept all the same, because its refresh token is the only one."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    client = OAuthClient(OAuthSettings("1", "s"), lambda: NOON, transport)
    assert client.refresh("old") == TokenPair("a", "r", NOON + timedelta(seconds=lifetime_s))


def test_tokens_are_not_written_out() -> None:
    """No token and no secret stands in a repr."""
    pair, settings = TokenPair("token-1", "token-2", NOON), OAuthSettings("1", "secret-3")
    assert not any(word in f"{pair} {settings}" for word in ("token-1", "token-2", "secret-3"))


def test_the_address_of_the_permission() -> None:
    """An administrator is sent to Zalo with our id, our address and the challenge."""
    address = httpx.URL(
        OAuthClient(OAuthSettings("7", "s"), lambda: NOON).permission_url("https://a.vn/b?c", "ch", "st")
    )
    assert (address.host, address.path) == ("oauth.zaloapp.com", "/v4/oa/permission")
    expected = {"app_id": "7", "redirect_uri": "https://a.vn/b?c", "code_challenge": "ch", "state": "st"}
    assert dict(address.params) == expected


def test_no_token_is_readable_in_the_database(desk: Desk) -> None:
    """Neither token of a pair, nor of the one before it, stands in a row as it is; another key opens nothing."""
    book = desk.book()
    book.keep(TokenPair("access-7f3a", "refresh-91bc", NOON), NOON)
    book.replace(desk.pair(), TokenPair("access-2222", "refresh-3333", NOON), NOON)
    assert desk.pair() == TokenPair("access-2222", "refresh-3333", NOON)
    assert not re.search(r"access-|refresh-", str(rows(desk.store, tables.zalo_token)))
    assert ZaloTokens(desk.store, ACCOUNT.app_id, "another secret").current() is None


def test_a_pair_from_before_is_closed_once(desk: Desk) -> None:
    """A readable pair is read, closed at the next start, and then left as it is; an old seed stays used."""
    old = {"app_id": ACCOUNT.app_id, "seed": "s", "expires_at": NOON, "refreshed_at": NOON}
    with desk.store.writing() as connection:
        connection.execute(sa.delete(tables.zalo_token))
        connection.execute(
            sa.insert(tables.zalo_token).values(access_token="access-1", refresh_token="refresh-1", **old)
        )
    assert desk.pair() == TokenPair("access-1", "refresh-1", NOON)
    desk.book().close_plain()
    closed = rows(desk.store, tables.zalo_token)
    desk.book().close_plain()
    assert rows(desk.store, tables.zalo_token) == closed and closed[0]["seed"] == "s"
    assert "refresh-1" not in str(closed) and desk.pair().refresh_token == "refresh-1"
    assert desk.book().lease(desk.pair(), NOON, NOON + SECOND)
    assert not desk.book().lease(TokenPair("access-1", "refresh-0", NOON), NOON + SECOND, NOON + 2 * SECOND)


def test_a_new_key_keeps_the_tokens(desk: Desk) -> None:
    """The change of the secret closes both tokens anew, also a pair that was readable."""
    desk.book().keep(TokenPair("access-1", "refresh-1", NOON), NOON)
    with desk.store.writing() as connection:
        connection.execute(sa.update(tables.zalo_token).values(access_token="access-1"))
    assert keys.close_anew(desk.store, KEY, "the next").unreadable == 0
    assert ZaloTokens(desk.store, ACCOUNT.app_id, "the next").current() == TokenPair("access-1", "refresh-1", NOON)
    assert desk.book().current() is None

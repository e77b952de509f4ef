"""The Zalo stand-in: as strict as the real service is described, judged by raw calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from integrations.stand_ins.zalo import app
from integrations.stand_ins.zalo.account import Account
from tests.serving import served, until

pytestmark = pytest.mark.slow

ACCOUNT = Account(retries_s=(0.05, 0.05), answer_within_s=0.5)

Json = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """The stand-in on a real server."""

    http: httpx.Client
    token: str

    def do(self, order: str, **content: Any) -> Json:
        """Gives a control order."""
        done: Json = self.http.post(f"/__control/{order}", json=content).raise_for_status().json()
        return done

    def send(self, message: object, user_id: str = "lan", token: str | None = None) -> int:
        """The error number that a message is answered with."""
        headers = {"access_token": self.token if token is None else token}
        body = {"recipient": {"user_id": user_id}, "message": message}
        return int(self.http.post("/v3.0/oa/message/cs", json=body, headers=headers).json()["error"])

    def refresh(self, refresh_token: str, secret: str = ACCOUNT.app_secret) -> Json:
        """What the token service answers."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "app_id": ACCOUNT.app_id}
        answer: Json = self.http.post("/v4/oa/access_token", data=form, headers={"secret_key": secret}).json()
        return answer

    def pushes(self, at_least: int) -> list[Json]:
        """The pushes that were made, once there are so many."""
        found: list[Json] = self.http.get("/__control/pushes", params={"at_least": at_least, "wait_s": 5}).json()
        return found


@contextmanager
def serving(account: Account = ACCOUNT) -> Iterator[Service]:
    """A stand-in where lan has written, and a token."""
    with served(app(account)) as address, httpx.Client(base_url=address, timeout=10) as http:
        service = Service(http, "")
        pair = service.refresh(account.refresh_token)
        service.do("text", user_id="lan", text="chào")
        yield replace(service, token=pair["access_token"])


@pytest.fixture
def service() -> Iterator[Service]:
    """A fresh stand-in."""
    with serving() as fresh:
        yield fresh


@contextmanager
def webhook(*statuses: int) -> Iterator[tuple[str, list[Request]]]:
    """Somebody's webhook that answers so, then 200, and what it got."""
    left, got = list(statuses), []

    async def take(request: Request) -> Response:
        await request.body()
        got.append(request)
        return PlainTextResponse("", left.pop(0) if left else 200)

    with served(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as address:
        yield f"{address}/hook", got


def pressed(**button: Any) -> Json:
    """A message with one button, sound but for what is given."""
    whole = {"title": "A", "type": "oa.query.hide", "payload": "#a"} | button
    return {"text": "x", "attachment": {"type": "template", "payload": {"buttons": [whole]}}}


def listed(*elements: Json) -> Json:
    """A list."""
    payload = {"template_type": "list", "elements": list(elements)}
    return {"attachment": {"type": "template", "payload": payload}}


BUTTON = pressed()["attachment"]["payload"]["buttons"][0]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "x"}, 0),
        ({"text": "x" * 2000}, 0),
        ({"text": "x" * 2001}, -210),
        ({"text": "😀" * 1001}, -210),
        ({"text": " "}, -201),
        ({"text": 5}, -201),
        ({"text": "x", "parse_mode": "HTML"}, -201),
        (None, -201),
        (pressed(), 0),
        (pressed(type="oa.open.url", payload={"url": "https://a.vn"}), 0),
        (pressed(type="oa.open.url", payload="https://a.vn"), -201),
        (pressed(type="callback"), -201),
        (pressed(title="x" * 101), -201),
        (pressed(payload="x" * 1001), -201),
        ({"text": "x", "attachment": {"type": "template", "payload": {"buttons": [BUTTON] * 5}}}, 0),
        ({"text": "x", "attachment": {"type": "template", "payload": {"buttons": [BUTTON] * 6}}}, -201),
        ({"attachment": {"type": "template", "payload": {"template_type": "carousel"}}}, -233),
        (listed({"title": "A", "subtitle": "b"}, {"title": "C"}), 0),
        (listed({"title": "A"}), -201),
        (listed(*[{"title": "A", "subtitle": "b"}] * 6), -201),
    ],
)
def test_shapes(service: Service, message: object, code: int) -> None:
    """A message is taken only in the described shape and within the described lengths."""
    assert service.send(message) == code


def test_tokens_work_as_described(service: Service) -> None:
    """An unknown token is -216, one that is over -220; a refresh token works once and brings the next pair."""
    assert (service.send({"text": "x"}, token="wrong"), service.send({"text": "x"}, token="")) == (-216, -216)
    service.do("clock", hours=25.1)
    assert service.send({"text": "x"}) == -220
    assert service.refresh(ACCOUNT.refresh_token)["error"] == -14020
    assert service.refresh("refresh-1", "wrong secret")["error"] == -14004
    pair = service.refresh("refresh-1")
    assert (pair["refresh_token"], pair["expires_in"]) == ("refresh-2", "90000")
    assert service.send({"text": "x"}, token=pair["access_token"]) == 0


def test_free_messages_are_counted(service: Service) -> None:
    """Eight messages an interaction are free; then the account pays or has no quota; writing again frees eight more."""
    assert [service.send({"text": "x"}) for _ in range(9)] == [0] * 8 + [-211]
    service.do("paid", messages=1)
    assert [service.send({"text": "x"}) for _ in range(2)] == [0, -211]
    service.do("text", user_id="lan", text="còn nữa")
    assert service.send({"text": "x"}) == 0


@pytest.mark.parametrize(("hours", "paid", "code"), [(24, 0, 0), (47, 0, 0), (49, 0, -211), (49, 1, 0), (169, 1, -230)])
def test_window(hours: float, paid: int, code: int) -> None:
    """Writing is free for 48 hours, paid for seven days and refused afterwards."""
    with serving(replace(ACCOUNT, token_lifetime_s=10**7)) as service:
        service.do("paid", messages=paid)
        service.do("clock", hours=hours)
        assert service.send({"text": "x"}) == code


def test_who_cannot_be_written_to(service: Service) -> None:
    """Nobody is written to who never wrote, is unknown, or left; whoever follows again can be."""
    assert service.send({"text": "x"}, user_id="stranger") == -201
    service.do("unfollow", user_id="lan")
    assert service.send({"text": "x"}) == -213
    service.do("follow", user_id="lan")
    assert service.send({"text": "x"}) == 0


def test_rate() -> None:
    """More calls in a second than agreed are refused with -32, and HTTP 200."""
    with serving(replace(ACCOUNT, rate_per_s=3)) as service:
        service.do("paid", messages=20)
        assert -32 in [service.send({"text": "x"}) for _ in range(12)]


@pytest.mark.parametrize(
    ("mode", "status", "start"),
    [("429", 429, "<html>"), ("500_html", 500, "<html>"), ("200_html", 200, "<html>"), ("code", 200, '{"error":-227')],
)
def test_faults(service: Service, mode: str, status: int, start: str) -> None:
    """A fault spoils as many calls as ordered."""
    service.do("fault", mode=mode, times=1, code=-227, path="message")
    answer = service.http.post("/v3.0/oa/message/cs", json={})
    assert (answer.status_code, answer.text[: len(start)]) == (status, start)
    assert service.send({"text": "x"}) == 0


def test_events_are_signed_over_the_raw_body(service: Service) -> None:
    """An event carries the SHA-256 of app id, raw body, timestamp and the account's secret; all ids are text."""
    with webhook() as (address, _):
        service.do("webhook", url=address)
        service.do("location", user_id="lan", latitude=10.7, longitude=106.6)
        push = service.pushes(1)[0]
    event = json.loads(push["body"])
    signed = f"{ACCOUNT.app_id}{push['body']}{event['timestamp']}{ACCOUNT.oa_secret}"
    assert push["headers"]["X-ZEvent-Signature"] == "mac=" + hashlib.sha256(signed.encode()).hexdigest()
    assert event["event_name"] == "user_send_location" and event["sender"] == {"id": "lan"}
    assert event["message"]["attachments"][0]["payload"]["coordinates"]["latitude"] == "10.7"


def test_an_event_is_pushed_until_it_is_taken(service: Service) -> None:
    """A webhook that fails gets the same event again, the same bytes, and the next event only afterwards."""
    with webhook(500, 403) as (address, _):
        service.do("webhook", url=address)
        service.do("text", user_id="lan", text="một")
        service.do("text", user_id="lan", text="hai")
        pushes = service.pushes(4)
    assert [push["status"] for push in pushes] == [500, 403, 200, 200]
    assert pushes[0]["body"] == pushes[2]["body"] and "hai" in pushes[3]["body"]


def test_a_webhook_that_never_answers_is_switched_off(service: Service) -> None:
    """After the last retry nothing is pushed any more until the webhook is set anew."""
    with webhook(*[500] * 3) as (address, got):
        service.do("webhook", url=address)
        service.do("text", user_id="lan", text="một")
        service.pushes(3)
        service.do("text", user_id="lan", text="hai")
        service.do("webhook", url=address)
        service.do("text", user_id="lan", text="ba")
        assert "ba" in service.pushes(4)[3]["body"] and len(got) == 4


def test_pushes_stay_on_the_loopback(service: Service) -> None:
    """The stand-in reaches for nobody else's address."""
    assert service.http.post("/__control/webhook", json={"url": "https://example.org/"}).status_code == 400


def test_only_a_button_that_is_there_is_pressed(service: Service) -> None:
    """A press comes back as the payload in a user_send_text; there is no press of what was not sent."""
    with webhook() as (address, _):
        service.send(pressed())
        service.do("webhook", url=address)
        wrong = {"user_id": "lan", "message_id": "oa-1", "title": "B"}
        assert service.http.post("/__control/press", json=wrong).status_code == 400
        assert service.do("press", user_id="lan", message_id="oa-1", title="A")["message"]["text"] == "#a"
        until(lambda: service.pushes(1))


def test_the_account_hears_its_own_echo(service: Service) -> None:
    """What the account sends is pushed to it as oa_send_text."""
    with webhook() as (address, _):
        service.do("webhook", url=address)
        service.send({"text": "x"})
        assert service.pushes(1)[0]["event"]["event_name"] == "oa_send_text"

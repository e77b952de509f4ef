"""Zalo's client: what each answer means, over a transport; what Zalo takes, over the stand-in on a real server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from integrations.errors import BadAnswer, IntegrationError, Refused, Unavailable, Undeliverable
from integrations.stand_ins.zalo import app
from integrations.stand_ins.zalo.account import Account
from integrations.zalo import CODES, Element, Press, Remedy, ZaloClient, ZaloSettings
from integrations.zalo_tokens import OAuthClient, OAuthSettings, TokenPair, Tokens
from tests.serving import served

ACCOUNT = Account()
TAKEN = {"error": 0, "message": "Success", "data": {"message_id": "m1", "user_id": "lan"}}
HTML = httpx.Response(200, text="<html><body>Bad Gateway</body></html>")


class OneWorker:
    """A token book for one worker."""

    def __init__(self, pair: TokenPair) -> None:
        self.pair = pair

    def current(self) -> TokenPair:
        return self.pair

    def lease(self, pair: TokenPair, now: datetime, until: datetime) -> bool:
        return pair == self.pair

    def replace(self, used: TokenPair, fresh: TokenPair, now: datetime) -> None:
        self.pair = fresh


class Renewing:
    """A grant that gives token 2, 3, 4..."""

    def __init__(self) -> None:
        self.given = 1

    def refresh(self, refresh_token: str) -> TokenPair:
        self.given += 1
        return TokenPair(f"token-{self.given}", "next", datetime.now(UTC) + timedelta(hours=25))


class Answers:
    """A transport that gives these answers in turn and keeps what was sent."""

    def __init__(self, *answers: Any) -> None:
        self._left = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def client(answers: Answers, **settings: Any) -> ZaloClient:
    """A client that holds token-1."""
    book = OneWorker(TokenPair("token-1", "next", datetime.now(UTC) + timedelta(hours=25)))
    tokens = Tokens(Renewing(), book, lambda: datetime.now(UTC))
    return ZaloClient(ZaloSettings(**settings), tokens, httpx.MockTransport(answers))


EXPECTED: Mapping[Remedy, type[IntegrationError]] = {
    Remedy.REFRESH: Refused,
    Remedy.SLOW_DOWN: Unavailable,
    Remedy.LATER: Unavailable,
    Remedy.WINDOW: Undeliverable,
    Remedy.RECIPIENT: Undeliverable,
    Remedy.MESSAGE: Undeliverable,
    Remedy.OPERATOR: Refused,
}


@pytest.mark.parametrize("code", CODES)
def test_every_code_becomes_what_the_caller_can_do(code: int) -> None:
    """Each known error is the one leaf of the tree that its remedy names, written as number or as text."""
    for written in (code, str(code)):
        with pytest.raises(EXPECTED[CODES[code]], match="zalo") as raised:
            client(Answers(*[{"error": written, "message": "x"}] * 2)).send_text("lan", "chào")
        if isinstance(raised.value, Undeliverable):
            assert raised.value.reason == CODES[code].value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": -9999, "message": "?"}, BadAnswer),
        ({"message": "no error"}, BadAnswer),
        ({"error": None}, BadAnswer),
        (httpx.Response(200, json=[]), BadAnswer),
        (HTML, Unavailable),
        (httpx.Response(502, text="<html>"), Unavailable),
        (httpx.Response(404, text="<html>"), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
        (httpx.ConnectError("down"), Unavailable),
    ],
)
def test_other_answers(answer: Any, error: type[IntegrationError]) -> None:
    """A page instead of JSON is an outage; JSON that nobody has described is not believed."""
    with pytest.raises(error):
        client(Answers(answer)).send_text("lan", "chào")


@pytest.mark.parametrize(
    ("answer", "retry_after_s"),
    [
        (httpx.Response(429, headers={"Retry-After": "7"}), 7.0),
        (httpx.Response(503), None),
        ({"error": -32}, 1.0),
        ({"error": -211}, None),
    ],
)
def test_how_long_to_wait(answer: Any, retry_after_s: float | None) -> None:
    """The wait that is asked for is told; a rate limit asks for a second; a quota says nothing."""
    with pytest.raises(Unavailable) as raised:
        client(Answers(answer)).send_text("lan", "chào")
    assert raised.value.retry_after_s == retry_after_s


@pytest.mark.parametrize("refusal", [{"error": -216}, {"error": -220}, httpx.Response(401)])
def test_an_expired_token_is_replaced_and_the_message_sent(refusal: Any) -> None:
    """A refused token is refreshed and the message sent once more; a second refusal calls an operator."""
    answers = Answers(refusal, TAKEN)
    assert client(answers).send_text("lan", "chào") == "m1"
    assert [request.headers["access_token"] for request in answers.requests] == ["token-1", "token-2"]
    with pytest.raises(Refused):
        client(Answers(refusal, refusal)).send_text("lan", "chào")


def test_what_sources_disagree_on_is_configured() -> None:
    """Address, path, header and the shape of buttons follow the settings."""
    answers = Answers(TAKEN)
    chosen = {"base_url": "https://b.vn", "message_path": "/v4/send", "token_header": "X-Token"}
    buttons = {"button_type": "oa.query.show", "button_template": "button"}
    client(answers, **chosen, **buttons).send_text("lan", "chào", [Press("A", "#a")])
    request = answers.requests[0]
    assert (str(request.url), request.headers["X-Token"]) == ("https://b.vn/v4/send", "token-1")
    assert b'"template_type":"button"' in request.content and b'"type":"oa.query.show"' in request.content


def test_errors_hold_nothing_of_the_message() -> None:
    """Neither words nor the person's id stand in an error."""
    with pytest.raises(Undeliverable) as raised:
        client(Answers({"error": -230, "message": "lan said bí mật"})).send_text("lan", "bí mật")
    assert "lan" not in str(raised.value).replace("zalo", "") and "bí mật" not in str(raised.value)


@contextmanager
def at_the_stand_in(closing: ExitStack) -> Iterator[tuple[ZaloClient, httpx.Client]]:
    """A client of the stand-in, where lan has written."""
    with served(app()) as api, httpx.Client(base_url=api, timeout=10) as http:
        http.post("/__control/text", json={"user_id": "lan", "text": "chào"}).raise_for_status()
        oauth = OAuthClient(OAuthSettings(ACCOUNT.app_id, ACCOUNT.app_secret, api), lambda: datetime.now(UTC))
        book = OneWorker(TokenPair("", ACCOUNT.refresh_token, datetime.now(UTC)))
        made = ZaloClient(ZaloSettings(api, timeout_s=1), Tokens(oauth, book, lambda: datetime.now(UTC)))
        closing.callback(oauth.close)
        closing.callback(made.close)
        with closing:
            yield made, http


def test_texts_buttons_and_lists_arrive() -> None:
    """What the client writes is taken by a service that checks every shape."""
    with at_the_stand_in(ExitStack()) as (zalo, http):
        zalo.send_text("lan", "Một câu")
        zalo.send_text("lan", "Chọn ạ", [Press(f"Nút {number}", f"#p:{number}") for number in range(5)])
        elements = [Element("Khai sinh", "Ở phường", url="https://a.vn"), Element("Kết hôn")]
        assert zalo.send_list("lan", elements, [Press("Khác", "#none")]) == "oa-3"
        sent = [item["message"] for item in http.get("/__control/sent").json()]
    assert sent[0] == {"text": "Một câu"}
    assert len(sent[1]["attachment"]["payload"]["buttons"]) == 5
    assert [element["title"] for element in sent[2]["attachment"]["payload"]["elements"]] == ["Khai sinh", "Kết hôn"]


def test_a_token_that_ended_at_zalo_is_replaced() -> None:
    """When Zalo's clock is ahead of ours the message is sent all the same, with a new pair."""
    with at_the_stand_in(ExitStack()) as (zalo, http):
        zalo.send_text("lan", "một")
        http.post("/__control/clock", json={"hours": 25.1})
        zalo.send_text("lan", "hai")
        answers = [call["answer"] for call in http.get("/__control/calls", params={"path": "message"}).json()]
        assert ["-220" in answer for answer in answers] == [False, True, False]
        assert http.get("/__control/tokens").json()["given"] == 2


@pytest.mark.parametrize(
    ("text", "buttons", "reason"),
    [("a" * 2001, 0, "message"), ("", 0, "message"), ("a", 6, "message")],
)
def test_what_zalo_never_takes(text: str, buttons: int, reason: str) -> None:
    """A text that is too long or empty, or a sixth button, is our mistake and is not tried again."""
    with at_the_stand_in(ExitStack()) as (zalo, _), pytest.raises(Undeliverable) as raised:
        zalo.send_text("lan", text, [Press("Nút", "#a")] * buttons)
    assert raised.value.reason == reason

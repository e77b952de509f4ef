"""Rasa is asked within a time limit, and whatever is no sound answer is Unavailable."""

import json
from collections.abc import Callable

import httpx
import pytest

from nlu.errors import Unavailable
from nlu.rasa_client import RasaClient
from nlu.understanding import Entity

Handler = Callable[[httpx.Request], httpx.Response]


def parsed(**changes: object) -> httpx.Response:
    code = {"entity": "dossier_code", "value": "H29.19-260312-0005", "start": 3, "end": 21, "confidence_entity": 0.9}
    answer = {"intent": {"name": "dossier_status", "confidence": 0.97}, "entities": [code], "text": "..."}
    return httpx.Response(200, json=answer | changes)


def client(handler: Handler) -> RasaClient:
    return RasaClient("http://127.0.0.1:5005", transport=httpx.MockTransport(handler))


def fails(error: type[httpx.HTTPError]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)  # type: ignore[call-arg]

    return handler


def test_an_answer_becomes_a_reading() -> None:
    with client(lambda request: parsed()) as rasa:
        reading = rasa.read("hs H29.19-260312-0005")
    assert (reading.intent, reading.confidence, reading.engine) == ("dossier_status", 0.97, "rasa")
    assert reading.entities == (Entity("dossier_code", "H29.19-260312-0005", 3, 21, 0.9),)


@pytest.mark.parametrize(
    "handler",
    [
        fails(httpx.ReadTimeout),
        fails(httpx.ConnectTimeout),
        fails(httpx.ConnectError),
        fails(httpx.RemoteProtocolError),
        lambda request: httpx.Response(500, json={"reason": "ParsingError"}),
        lambda request: httpx.Response(302, headers={"location": "/"}),
        lambda request: httpx.Response(200, html="<h1>Bad gateway</h1>"),
        lambda request: httpx.Response(200, text='{"intent": '),
        lambda request: httpx.Response(200, json=[]),
        lambda request: httpx.Response(200, json={"intent": None, "entities": []}),
        lambda request: parsed(intent={"name": "bomb", "confidence": 0.9}),
        lambda request: parsed(intent={"name": None, "confidence": 0.0}),
        lambda request: parsed(intent={"name": "greet", "confidence": 7}),
        lambda request: parsed(entities=[{"entity": "date"}]),
    ],
)
def test_whatever_is_no_sound_answer_is_unavailable(handler: Handler) -> None:
    with client(handler) as rasa, pytest.raises(Unavailable) as caught:
        rasa.read("bí mật")
    assert "bí mật" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "sent", "start"),
    [("/officer", "officer", 4), (" //deny x", "deny x", 6), ("1/2 là gì", "1/2 là gì", 3), (" ở đâu", "ở đâu", 4)],
)
def test_a_message_cannot_choose_its_own_intent_and_offsets_still_fit(said: str, sent: str, start: int) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["text"])
        return parsed()

    with client(handler) as rasa:
        reading = rasa.read(said)
    assert (asked, reading.entities[0].start) == ([sent], start)

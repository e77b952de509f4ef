"""Rasa is asked within a time limit, and whatever is no sound answer is Unavailable."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from nlu.errors import Unavailable
from nlu.rasa_client import RasaClient
from nlu.understanding import Entity

RASA = Path(__file__).parents[1] / "nlu/rasa"
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real Rasa server and the file it logs to."""
    if not (RASA / ".venv/requirements.sha256").exists():
        pytest.skip("the Rasa environment is not installed: run nlu/rasa/environment.sh")
    subprocess.run([RASA / "train.sh"], check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("rasa") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([RASA / "serve.sh", str(port)], stdout=output, stderr=output)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_ready(base_url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        try:
            httpx.get(base_url, trust_env=False)
            return
        except httpx.HTTPError:
            assert process.poll() is None, "Rasa stopped while starting"
            time.sleep(0.5)
    raise AssertionError("Rasa did not start within two minutes")


@pytest.mark.slow
@pytest.mark.rasa
@pytest.mark.parametrize("said", ["👍", "‹số CMND›", "/officer", "xyzzy", "hs H29.19-260312-0005 tới đâu rồi"])
def test_a_real_server_reads_any_message_and_logs_none(server: tuple[str, Path], said: str) -> None:
    base_url, log = server
    with RasaClient(base_url, timeout_s=10) as rasa:
        reading = rasa.read(said)
        rasa.read("con tôi tên Bí Mật Quốc Gia 0903123456")
    assert reading.engine == "rasa" and all(said[e.start : e.end] for e in reading.entities)
    logged = log.read_text(encoding="utf-8")
    assert "Bí Mật" not in logged and "0903123456" not in logged and said not in logged

"""Rasa hangs, drips, lies or is gone: the embedded engine reads the turn, and later turns do not wait."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import httpx
import pytest

from bot import tables
from bot.store import Store
from integrations.stand_ins import rasa
from nlu.errors import Unavailable
from nlu.rasa_client import RasaClient
from nlu.rest import REST_S, Rest
from nlu.retrieval import Entry, Retrieval
from nlu.scope import Scope
from nlu.training import Example
from nlu.understander import Interpreter
from nlu.understanding import Reading, Understander
from tests import silences, town
from tests.serving import served, until
from tests.town import rows, say

pytestmark = pytest.mark.slow

TIMEOUT_S = 0.3
IN_TIME_S = 2 * TIMEOUT_S + 3.0
# a wait on the socket may begin just before the end; and three seconds for a busy machine
INTENTS = ("ask_documents", "greet")
FAULTS = ("slow", "500", "503", "429", "html", "truncated", "wrong_types", "old", "empty")


class Embedded:
    """The engine that always answers."""

    def read(self, text: str) -> Reading:
        """A greeting."""
        return Reading("greet", 0.9, (), engine="embedded")


class Seconds:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def client(address: str) -> RasaClient:
    """Rasa at an address, with little time."""
    return RasaClient(address, TIMEOUT_S, known_intents=INTENTS)


@contextmanager
def spoiled(mode: str) -> Iterator[str]:
    """A Rasa server with a fault."""
    with served(rasa.app(slow_s=IN_TIME_S)) as address:
        httpx.post(f"{address}/__control", json={"mode": mode}, trust_env=False).raise_for_status()
        yield address


@contextmanager
def dripping() -> Iterator[str]:
    """A Rasa server that sends a letter of its answer at a time, each within the time limit of a wait."""

    async def app(scope: dict, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(TIMEOUT_S / 3)

    with served(app) as address:  # type: ignore[arg-type]
        yield address


WAYS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "hangs": silences.silent,
    "drops": silences.dropping,
    "refuses": silences.refusing,
    "drips": dripping,
    **{mode: lambda mode=mode: spoiled(mode) for mode in FAULTS},  # type: ignore[misc]
}


def interpreter(*engines: Understander) -> Interpreter:
    """An interpreter over two procedures."""
    names = ("Đăng ký khai sinh", "Đăng ký thường trú")
    entries = [Entry(town.BIRTH, names[0], (), True), Entry(town.RESIDENCE, names[1], (), True)]
    scope = Scope.taught([Example("xin chào", "greet"), Example("giá vàng", "off_topic")], names, None)
    return Interpreter([*engines, Embedded()], scope, Retrieval(entries))


def asked(interpreter: Interpreter, times: int = 1) -> tuple[list[str], list[float]]:
    """Which engines answered, and after how many seconds."""
    engines, waits_s = [], []
    for _ in range(times):
        begun = time.monotonic()
        engines.append(interpreter.understand("xin chào").engine)
        waits_s.append(time.monotonic() - begun)
    return engines, waits_s


@pytest.mark.parametrize("way", WAYS)
def test_a_turn_goes_on_without_rasa(way: str) -> None:
    """Whatever Rasa does the turn is read within its time, by the embedded engine, and the next ones do not wait."""
    with WAYS[way]() as address, client(address) as spoiled:
        engines, waits_s = asked(interpreter(spoiled), 20)
    assert engines == ["embedded"] * 20
    assert waits_s[0] < IN_TIME_S and statistics.median(waits_s[1:]) < TIMEOUT_S / 3


def test_a_sound_rasa_is_asked_first() -> None:
    """The stand-in without a fault answers every message: what the other tests see is the fault's doing."""
    with served(rasa.app()) as address, client(address) as sound:
        assert asked(interpreter(sound), 3)[0] == ["rasa"] * 3


def test_the_second_server_answers_for_the_first() -> None:
    """Of two servers one that hangs is left alone, and the other answers."""
    with silences.silent() as hanging, served(rasa.app()) as address, ExitStack() as closing:
        both = [closing.enter_context(client(one)) for one in (hanging, address)]
        engines, waits_s = asked(interpreter(*both), 10)
    assert engines == ["rasa"] * 10 and statistics.median(waits_s) < TIMEOUT_S / 3


def test_one_message_tries_for_all() -> None:
    """After a rest one caller asks again and the others do not; a sound answer opens the way to everybody."""
    clock = Seconds()
    rest = Rest(clock=clock)
    assert [rest.is_over(), rest.is_over()] == [True, True]
    rest.begin()
    assert not rest.is_over()
    clock.now += REST_S
    assert [rest.is_over() for _ in range(5)] == [True, False, False, False, False]
    rest.end()
    assert [rest.is_over(), rest.is_over()] == [True, True]


@pytest.mark.slow
def test_rasa_is_used_again() -> None:
    """A server that is sound again is asked again by itself."""
    with served(rasa.app()) as address, client(address) as server:
        reading = interpreter(server)
        for mode, engine in (("500", "embedded"), ("ok", "embedded")):
            httpx.post(f"{address}/__control", json={"mode": mode}, trust_env=False).raise_for_status()
            assert asked(reading)[0] == [engine]
        until(lambda: asked(reading)[0] == ["rasa"], REST_S + IN_TIME_S)


def test_others_do_not_wait(database: Store) -> None:
    """While Rasa hangs twelve citizens are answered: one waits for it, the others do not; turns name the engine."""
    with silences.silent() as address, client(address) as hanging:
        reading = interpreter(hanging)
        for number in range(12):
            say(database, "xin chào", f"m{number}", f"p{number}")
        one = town.worker(database, reading)
        while one.step():
            pass
    turns = rows(database, tables.turn)
    assert [row["engine"] for row in turns] == ["embedded"] * 12 and len(rows(database, tables.outbox)) == 12
    waited = sorted(row["elapsed_ms"] for row in turns)
    assert waited[-1] < IN_TIME_S * 1000 and waited[-2] < TIMEOUT_S * 1000


def test_a_fault_is_no_word_of_the_citizen() -> None:
    """What Rasa does wrong is said without what was asked."""
    for way in ("drips", "html", "hangs"):
        with WAYS[way]() as address, client(address) as server, pytest.raises(Unavailable) as caught:
            server.read("bí mật")
        assert "bí mật" not in str(caught.value)

"""Logs: one line an event, in JSON, with ids of ours and without a word or a number of a citizen."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bot import logs
from bot.observation import Observer
from bot.settings import Settings
from bot.store import Store
from bot.worker import Worker
from tests import town
from tests.town import Clock
from web.request_id import RequestId


class Written:
    """A log in memory."""

    def __init__(self) -> None:
        self._stream = StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(logs.formatter(as_json=True))

    def lines(self) -> list[dict[str, object]]:
        """Everything written, read back."""
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    made, room = Written(), logging.getLogger("bot")
    level = room.level
    room.addHandler(made.handler)
    room.setLevel(logging.INFO)
    yield made
    room.removeHandler(made.handler)
    room.setLevel(level)


def test_a_turn_is_one_line(database: Store, written: Written) -> None:
    """A turn logs its number, how it ended, who read it and the time of each step: no text, no address."""
    made = town.assistant()
    worker = Worker(database, lambda: made, Clock(), observer=Observer())
    town.say(database, "xin chào, em là Quokka", address="a-citizen")
    assert worker.step()
    (line,) = written.lines()
    assert (line["event"], line["level"], line["logger"]) == ("turn", "info", "bot.observation")
    assert set(line) - {"event", "level", "logger", "at"} == {
        "turn", "channel", "outcome", "engine", "waited_ms", "steps_ms",
    }  # fmt: skip
    steps = line["steps_ms"]
    assert isinstance(steps, dict) and list(steps) == [
        "understand", "decide", "perform", "compose", "remember", "record",
    ]  # fmt: skip
    assert not {"a-citizen", "okka"} & set(json.dumps(line).lower().split('"'))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("call 0912 345 678 now", "call ‹digits› now"),
        ("079201934567", "‹digits›"),
        (["0912.945.678", 3], ["‹digits›", 3]),
        ({"a": 912345678, "b": 1.5}, {"a": "‹digits›", "b": 1.5}),
        ("delivery 1234567 failed", "delivery 1234567 failed"),
        (True, True),
    ],
)
def test_long_numbers_are_blanked(said: object, shown: object) -> None:
    """Eight digits and more, with or without pauses, leave in no field; short numbers of ours stay."""
    assert logs.blanked(None, "info", {"event": said}) == {"event": shown}


def test_an_error_s_own_words_are_blanked_too(written: Written) -> None:
    """A traceback that quotes a number is written without it, and the time of the line stays."""
    try:
        raise ValueError("bad number 0912345678")
    except ValueError:
        logging.getLogger("bot.anything").warning("it failed for %s", "0912345678", exc_info=sys.exc_info())
    (line,) = written.lines()
    assert "0912345678" not in json.dumps(line) and "ValueError" in str(line["exception"])
    assert line["event"] == "it failed for ‹digits›"
    assert str(line["at"]).endswith("Z") and "digits" not in str(line["at"])


@pytest.mark.parametrize(
    ("chosen", "at_terminal", "is_json"),
    [("auto", True, False), ("auto", False, True), ("json", True, True), ("plain", False, False)],
)
def test_who_reads_the_lines(chosen: str, at_terminal: bool, is_json: bool) -> None:
    """JSON where no terminal is, unless it is said."""
    assert logs.is_json(Settings(log_format=chosen), at_terminal) is is_json


def test_plain_lines_are_for_people() -> None:
    """At a terminal a line is words, blanked all the same."""
    record = logging.LogRecord("bot.x", logging.WARNING, "", 0, "portal rests for 0912345678", (), None)
    line = logs.formatter(as_json=False).format(record)
    assert "portal rests for ‹digits›" in line and "{" not in line


def test_a_request_has_a_number(written: Written) -> None:
    """The answer's number stands in every line of its request; a visitor's own is not taken."""

    async def page(request: Request) -> Response:
        logging.getLogger("bot.anything").warning("something")
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(RequestId)])
    client = TestClient(app)
    numbers = [client.get("/", headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] for _ in range(2)]
    assert [line["request"] for line in written.lines()] == numbers
    assert len(set(numbers)) == 2 and "mine" not in numbers

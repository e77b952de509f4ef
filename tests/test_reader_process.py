"""Readers: one line each way, and whatever a reader does, it is gone in time and has taken no more than it may."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path

import pytest

from integrations.errors import BadAnswer, IntegrationError, Unavailable
from integrations.reader_process import Bounds, ReaderProcess
from integrations.readers import protocol

STAND_IN = f"{sys.executable} -m integrations.stand_ins.reader"
QUICK = Bounds(timeout_s=2.0, memory_mb=500)


def read(arguments: str, content: bytes = b"OggS", bounds: Bounds = QUICK) -> tuple[str, ...]:
    """What the stand-in answers."""
    return asyncio.run(ReaderProcess(f"{STAND_IN} {arguments}", bounds).read(content))


def test_a_question_is_one_line_with_the_file() -> None:
    """The file and the longest sound travel as one line of ASCII."""
    line = protocol.question(b"\0\xff\n", 30)
    assert line.count(b"\n") == 1 and line.endswith(b"\n") and line.isascii()
    asked = json.loads(line)
    assert (base64.b64decode(asked["content"]), asked["longest_s"]) == (b"\0\xff\n", 30)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (b'{"lines": []}', ()),
        ('{"lines": ["làm khai sinh", "cần gì"]}'.encode(), ("làm khai sinh", "cần gì")),
        (json.dumps({"lines": ["a" * 9_999]}).encode(), ("a" * protocol.LONGEST_LINE,)),
        (json.dumps({"lines": ["a"] * 999}).encode(), ("a",) * protocol.MOST_LINES),
    ],
)
def test_an_answer_is_lines_of_text(line: bytes, lines: tuple[str, ...]) -> None:
    """Lines come through as they are, not more or longer ones than we are willing to look through."""
    assert protocol.answer(line) == lines


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"lines": "x"}', b'{"lines": [1]}', b'{"error": "other"}', b"{"])
def test_anything_else_is_no_answer(line: bytes) -> None:
    """What has another shape is refused whole."""
    with pytest.raises(ValueError):
        protocol.answer(line)


@pytest.mark.parametrize("fault", protocol.Fault)
def test_a_reader_says_why_it_read_nothing(fault: protocol.Fault) -> None:
    """A file that cannot be read is told by a word of the list."""
    with pytest.raises(protocol.Unread, match=fault.value):
        protocol.answer(json.dumps({"error": fault.value}).encode())


def test_a_file_comes_through_whole() -> None:
    """What a program is given is the file itself, also a large one, and its answer is kept letter by letter."""
    text = "làm giấy khai sinh\ncần giấy tờ gì"
    assert read("--echo", text.encode()) == ("làm giấy khai sinh", "cần giấy tờ gì")
    assert read("--echo", b"x" * 2**19, Bounds(timeout_s=10)) == ("x" * protocol.LONGEST_LINE,)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("dies", Unavailable),
        ("late", Unavailable),
        ("nonsense", BadAnswer),
        ("endless", Unavailable),
        ("greedy", Unavailable),
        ("writes", Unavailable),
        ("unreadable", BadAnswer),
    ],
)
def test_a_faulty_reader_is_an_error_in_time(fault: str, error: type[IntegrationError]) -> None:
    """A reader that dies, hangs, babbles, or wants more memory or a file is one error, never a hang of ours."""
    with pytest.raises(error):
        read(f"--fault {fault}")


def test_a_program_that_is_not_there_is_unavailable() -> None:
    """A command of the settings that cannot be started is told like a reader that is down."""
    with pytest.raises(Unavailable):
        asyncio.run(ReaderProcess("/no/such/program").read(b""))


def test_a_reader_gets_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of the environment do not reach a reader."""
    monkeypatch.setenv("MOT_CUA_TELEGRAM_TOKEN", "1234:secret")
    program = tmp_path / "reader.py"
    program.write_text("import json, os, sys; sys.stdin.readline(); print(json.dumps({'lines': sorted(os.environ)}))")
    told = asyncio.run(ReaderProcess(f"{sys.executable} {program}", QUICK).read(b""))
    assert "PATH" in told and not [name for name in told if name.startswith("MOT_CUA_")]

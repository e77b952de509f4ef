"""The program as a process: how it ends, how it comes back, and how it refuses to start."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.end_to_end.program import START_S, STOP_S, Program, answers, port_of, running, started
from tests.serving import until
from web.__main__ import main

pytestmark = pytest.mark.slow

QUESTION = "Làm giấy khai sinh cho bé cần giấy tờ gì?"
TURNS_S = 60
SOON_S = 5


@contextmanager
def citizen(program: Program, cookies: httpx.Cookies | None = None) -> Iterator[httpx.Client]:
    """Somebody at the web chat."""
    with httpx.Client(base_url=program.address, trust_env=False, timeout=10, cookies=cookies) as http:
        http.get("/").raise_for_status()
        yield http


def ask(http: httpx.Client, text: str) -> None:
    """Send one message; it is committed when this is over."""
    message = {"id": str(uuid4()), "kind": "text", "text": text}
    assert http.post("/chat/messages", json=message).status_code == 202


def count(program: Program, query: str) -> int:
    """A number from the database."""
    with closing(sqlite3.connect(program.folder / "mot_cua.db")) as database:
        return int(database.execute(query).fetchone()[0])


def first_child(program: Program) -> str:
    """The number of the process that the program started first."""
    children = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children")
    until(lambda: children.read_text().split(), START_S)
    return children.read_text().split()[0]


def runs(process: str) -> bool:
    """Whether a process is there and has not ended; one that ended may wait for ever for a parent that is gone."""
    try:
        return "(zombie)" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def minute_passes(program: Program) -> None:
    """What the dead process held is free again: its lease lasts a minute."""
    with closing(sqlite3.connect(program.folder / "mot_cua.db")) as database, database:
        earlier = "strftime('%Y-%m-%d %H:%M:%f000', lease_until, '-61 seconds')"
        database.execute(f"UPDATE inbox SET lease_until = {earlier} WHERE lease_until IS NOT NULL")


def test_sigterm_ends_the_neighbours(tmp_path: Path) -> None:
    """Whoever ends the demo ends the portal stand-in and Rasa too, without a word of complaint."""
    with running(tmp_path, "--demo") as program:
        stand_in = program.named("Portal stand-in")
        assert answers(stand_in)
        assert program.stop() == 0
        assert not answers(stand_in) and not answers(program.address)
        assert "Traceback" not in program.printed()


def test_sigterm_during_the_start(tmp_path: Path) -> None:
    """Whoever ends the demo while it starts ends the portal stand-in too."""
    with started(tmp_path, "--demo") as program:
        stand_in = first_child(program)
        assert program.stop() == 0
        until(lambda: not runs(stand_in), STOP_S)


def test_sigkill_ends_the_stand_in(tmp_path: Path) -> None:
    """Even a demo that is killed leaves no portal stand-in behind."""
    with started(tmp_path, "--demo") as program:
        stand_in = first_child(program)
        program.process.kill()
        until(lambda: not runs(stand_in), STOP_S)


@pytest.mark.parametrize("questions", [1, 20])
def test_killed_after_accepting(tmp_path: Path, questions: int) -> None:
    """A program that is killed after it accepted messages answers each of them exactly once after its restart."""
    with running(tmp_path) as first, citizen(first) as http:
        for _ in range(questions):
            ask(http, QUESTION)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(STOP_S)
    minute_passes(first)
    with running(tmp_path, port=port_of(first.address)) as second:
        done = "SELECT count(*) FROM inbox WHERE status = 'done'"
        until(lambda: count(second, done) == questions, TURNS_S)
        assert count(second, "SELECT count(*) FROM outbox") == questions
        with citizen(second, http.cookies) as again:
            assert again.get("/").text.count("<summary>Nguồn: thủ tục 1.001193") == questions


def test_killed_again_and_again(tmp_path: Path) -> None:
    """However often the program is killed while it answers, every question has one answer in the end."""
    for _ in range(3):
        with running(tmp_path) as program, citizen(program) as http:
            for _ in range(4):
                ask(http, QUESTION)
            until(lambda: count(program, "SELECT count(*) FROM turn") % 4)
            program.process.send_signal(signal.SIGKILL)
            program.process.wait(STOP_S)
    minute_passes(program)
    with running(tmp_path) as program:
        until(lambda: count(program, "SELECT count(*) FROM inbox WHERE status <> 'done'") == 0, TURNS_S)
        assert [count(program, f"SELECT count(*) FROM {table}") for table in ("inbox", "turn", "outbox")] == [12] * 3


def test_taken_port_is_said(tmp_path: Path) -> None:
    """A taken port is one clear sentence and exit code 1."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with started(tmp_path, port=port) as program:
            assert program.process.wait(START_S) == 1
    assert (
        program.printed() == f"error: 127.0.0.1:{port} is taken by another program: set MOT_CUA_PORT to a free port\n"
    )


BAD = [
    *(("PORT", port) for port in ("abc", "", "8000.5", "70000", "-1")),
    ("DATA_DIR", "/proc/none"),
    ("DATABASE_URL", "nonsense"),
    ("PORTAL_TIMEOUT_S", "soon"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_impossible_setting_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    """A setting that cannot work is one clear sentence and exit code 1."""
    monkeypatch.setenv(f"MOT_CUA_{name}", value)
    with interrupts_kept():
        assert main([]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: ") and (name != "PORT" or "MOT_CUA_PORT" in line)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """What the program does about signals ends with it."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def test_time_until_the_first_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo answers a question as soon as its page is there, also at its very first start; the times are printed."""
    times = []
    for start in ("first start", "second start"):
        begun = time.monotonic()
        with running(tmp_path, "--demo", data=tmp_path / "empty") as program, citizen(program) as http:
            up_s, told = time.monotonic() - begun, count(program, "SELECT count(*) FROM outbox")
            ask(http, QUESTION)
            until(lambda: count(program, "SELECT count(*) FROM outbox") > told, SOON_S)  # noqa: B023
            times.append(f"{start}: page after {up_s:.1f} s, answer after {time.monotonic() - begun:.1f} s")
    with capsys.disabled():
        print("", *times, sep="\n")

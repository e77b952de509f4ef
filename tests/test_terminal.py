"""The terminal: what is typed, what is printed, and one talk in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from bot.channels.terminal import Terminal
from bot.handoff import Desk
from bot.messages import Block, Button, Kind, Reply, Source
from bot.officers import Officers
from bot.outbox import Outbox
from bot.store import Store, open_store
from integrations.stand_ins import portal as portal_stand_in
from integrations.stand_ins.settings import environment as reaching
from tests.end_to_end.program import START_S, data_folder
from tests.serving import served, until

ROOT = Path(__file__).parents[1]
ROWS, COLUMNS = 60, 160
TURN_S = 60
CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][AB0])|\r")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38;5;\d+)m")
UP = "\x1b[A"
CHOICES = Reply(
    blocks=(
        Block("heading", ("Đăng ký khai sinh",)),
        Block("bullets", ("Tờ khai [1 bản]", "Giấy chứng sinh")),
        Block("source", ("Nguồn: mã thủ tục 1.001193.",)),
    ),
    buttons=(Button("Lệ phí", "a:fee"), Button("Gặp cán bộ", "officer")),
    sources=(Source("1.001193", "", date(2025, 7, 1), date(2026, 11, 2), ""),),
)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that prints into memory."""
    store = open_store(f"sqlite:///{tmp_path / 'mot_cua.db'}")
    yield Terminal(lambda message: True, Outbox(store), Console(file=io.StringIO(), width=COLUMNS), "Cán bộ:")
    store.close()


def shown(terminal: Terminal, reply: Reply) -> str:
    """What a reply prints."""
    terminal.show(reply)
    printed = terminal._console.file
    assert isinstance(printed, io.StringIO)
    return printed.getvalue()


def test_reply_is_printed_whole(terminal: Terminal) -> None:
    """Every line of a reply is printed as it is, with its mark, and each button with its number."""
    assert shown(terminal, CHOICES).splitlines() == [
        "Đăng ký khai sinh",
        "  - Tờ khai [1 bản]",
        "  - Giấy chứng sinh",
        "Nguồn: mã thủ tục 1.001193.",
        "  [1] Lệ phí",
        "  [2] Gặp cán bộ",
        "",
    ]


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("/1", Kind.BUTTON, "a:fee"),
        (" /2 ", Kind.BUTTON, "officer"),
        ("/0", Kind.TEXT, "/0"),
        ("/3", Kind.TEXT, "/3"),
        ("/²", Kind.TEXT, "/²"),
        ("1", Kind.BUTTON, "a:fee"),
        (" 2 ", Kind.BUTTON, "officer"),
        ("3", Kind.TEXT, "3"),
        ("1 bản", Kind.TEXT, "1 bản"),
        ("/", Kind.TEXT, "/"),
        ("lệ phí?", Kind.TEXT, "lệ phí?"),
        ("", Kind.TEXT, ""),
    ],
)
def test_number_presses_a_button(terminal: Terminal, typed: str, kind: Kind, text: str) -> None:
    """The number of a shown button, with or without a slash, presses it; everything else is words."""
    shown(terminal, CHOICES)
    message = terminal.message(typed)
    assert (message.channel, message.kind, message.text) == ("terminal", kind, text)


def test_buttons_stay_until_others_come(terminal: Terminal) -> None:
    """A reply without buttons leaves those of the one before; then only the slash tells a choice from a number."""
    shown(terminal, CHOICES)
    shown(terminal, Reply((Block("paragraph", ("Dạ vâng. Mấy bản ạ?",)),)))
    assert terminal.message("/1").kind is Kind.BUTTON
    assert terminal.message("1").kind is Kind.TEXT


def test_officer_is_named(terminal: Terminal) -> None:
    """What an officer wrote stands under a word that says so, with colours or without."""
    reply = Reply((Block("paragraph", ("Chào anh.",)),), author="officer")
    assert shown(terminal, reply).splitlines() == ["Cán bộ:", "Chào anh.", ""]


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours(database: Store, monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool) -> None:
    """A terminal gets colours, unless NO_COLOR is set."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    console = Console(file=io.StringIO(), width=COLUMNS, force_terminal=True)
    printed = shown(Terminal(lambda message: True, Outbox(database), console), CHOICES)
    assert bool(COLOUR.search(printed)) == coloured and "Đăng ký khai sinh" in printed


def test_every_message_is_its_own(terminal: Terminal) -> None:
    """The same words typed twice are two messages of one conversation."""
    first, second = terminal.message("chào"), terminal.message("chào")
    assert first.message_id != second.message_id and first.address == second.address
    assert first.received_at.tzinfo is not None


@dataclass
class Screen:
    """A program in a pseudo-terminal."""

    keyboard: int
    # writing end
    seen: list[str]

    def text(self) -> str:
        """Everything printed so far, without control sequences."""
        return CONTROL.sub("", "".join(self.seen))

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self.keyboard, f"{line}\r".encode())

    def shows(self, words: str, after: str = "") -> bool:
        """Whether words were printed, behind other words."""
        return words in self.text().rpartition(after)[2] if after else words in self.text()


@contextmanager
def at_terminal(command: list[str], environment: dict[str, str]) -> Iterator[tuple[Screen, subprocess.Popen[bytes]]]:
    """A program that believes to sit at a terminal."""
    keyboard, line = pty.openpty()
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    program = subprocess.Popen(command, stdin=line, stdout=line, stderr=line, env=environment, cwd=ROOT)
    os.close(line)
    screen = Screen(keyboard, [])
    reader = threading.Thread(target=_read, args=[screen])
    reader.start()
    try:
        yield screen, program
    finally:
        program.kill()
        program.wait()
        reader.join()
        os.close(keyboard)


def _read(screen: Screen) -> None:
    """Keep what is printed until the program is gone."""
    rest = b""
    while True:
        try:
            rest += os.read(screen.keyboard, 65536)
        except OSError:
            return
        whole = rest.decode("utf-8", errors="ignore")
        screen.seen.append(whole)
        rest = rest[len(whole.encode()) :]


@pytest.fixture
def portal() -> Iterator[dict[str, str]]:
    """The settings of a portal stand-in."""
    with served(portal_stand_in.app()) as base:
        yield {f"MOT_CUA_{name.upper()}": value for name, value in reaching("city", base).items()}


@pytest.mark.slow
def test_talk_at_a_terminal(tmp_path: Path, portal: dict[str, str]) -> None:
    """At a terminal one asks, chooses by number, asks again with the up arrow, and reads what an officer writes."""
    data = data_folder(tmp_path)
    environment = {**os.environ, **portal, "MOT_CUA_DATA_DIR": str(data), "PROMPT_TOOLKIT_NO_CPR": "1"}
    environment |= {"TERM": "xterm", "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8"}
    with at_terminal([sys.executable, "-m", "bot", "chat"], environment) as (screen, program):
        until(lambda: screen.shows("/thoat để ra"), START_S)
        screen.types("lệ phí đăng ký khai sinh")
        until(lambda: screen.shows("Nguồn: mã thủ tục 1.001193") and screen.shows("[1]"), TURN_S)
        screen.types("1")
        until(lambda: screen.text().count("Nguồn: mã thủ tục 1.001193") == 2, TURN_S)
        screen.types(UP + UP)
        until(lambda: screen.text().count("Nguồn: mã thủ tục 1.001193") == 3, TURN_S)
        assert COLOUR.search("".join(screen.seen))
        screen.types("H29.19-260312-0005")
        until(lambda: screen.shows("# Hồ sơ") or screen.shows("Hồ sơ H29.19-260312-0005"), TURN_S)
        screen.types("gặp cán bộ")
        until(lambda: screen.shows("chuyển cuộc trò chuyện cho cán bộ"), TURN_S)
        _officer_answers(data, "Chào anh, tôi là Lan.")
        until(lambda: screen.shows("Chào anh, tôi là Lan.", "Cán bộ:"), TURN_S)
        screen.types("/thoat")
        assert program.wait(TURN_S) == 0


@pytest.mark.slow
def test_questions_from_a_pipe(tmp_path: Path) -> None:
    """Lines from a pipe are answered one after the other, without control sequences, and the program ends."""
    environment = {**os.environ, "MOT_CUA_DATA_DIR": str(data_folder(tmp_path)), "MOT_CUA_ENCODER": "none"}
    command = [sys.executable, "-m", "bot", "chat"]
    questions = "lệ phí đăng ký khai sinh\n1\n"
    done = subprocess.run(
        command, input=questions, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=START_S
    )
    first, _, second = done.stdout.partition("> 1\n")
    assert done.returncode == 0 and "\x1b" not in done.stdout
    assert "> lệ phí đăng ký khai sinh" in first
    assert all("Nguồn: mã thủ tục 1.001193" in answer for answer in (first, second))


def _officer_answers(folder: Path, words: str) -> None:
    """An officer in another process takes the only ticket and writes."""
    store = open_store(f"sqlite:///{folder / 'mot_cua.db'}")
    officers, desk = Officers(store), Desk(store)
    officers.add("lan", "Nguyễn Thị Lan", "mot-cua-2026")
    session = officers.sign_in("lan", "mot-cua-2026", "127.0.0.1")
    assert session is not None
    (waiting,) = desk.tickets("waiting", session.officer_id)
    assert desk.claim(waiting.id, session.officer_id)
    assert desk.reply(waiting.id, session.officer_id, words, "1")
    store.close()

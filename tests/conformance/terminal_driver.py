"""The terminal, driven by lines that are typed and by what is printed."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console

from bot.channels.terminal import Terminal
from bot.wording import words
from tests.conformance.driver import LABELS, Arrived, Driver, Place
from tests.serving import until

CHOICE = re.compile(r"  \[(\d+)\] (.*)")
SAVED = re.compile(words()["terminal_saved"].replace("{path}", r"(\S+)"))


class TerminalDriver(Driver):
    """A person at a prompt."""

    sends_pictures = False
    is_kept = False
    # whoever leaves the prompt has left the conversation

    def __init__(self, place: Place) -> None:
        self._place, self._printed = place, io.StringIO()
        self._typed: SimpleQueue[str] = SimpleQueue()
        screen = Console(file=self._printed, width=100_000)
        self._terminal = Terminal(place.push, place.outbox, screen, enclosures=place.enclosures, folder=place.folder)
        lines = iter(self._typed.get, "/thoat")
        self.talk = threading.Thread(target=self._terminal.run, args=["", lines])
        self.talk.start()

    @classmethod
    @contextmanager
    def running(cls, place: Place) -> Iterator[Callable[[], Driver]]:
        """One terminal for each citizen; all are closed at the end."""
        opened: list[TerminalDriver] = []

        def sit_down() -> Driver:
            opened.append(cls(place))
            return opened[-1]

        yield sit_down
        for driver in opened:
            driver.write("/thoat")
            driver.talk.join()

    def write(self, text: str) -> None:
        self._typed.put(text)

    def write_twice(self, text: str) -> None:
        message = self._terminal.message(text)
        for _ in range(2):
            self._place.push(message)

    def press(self, label: str) -> None:
        until(lambda: label in self._numbers())  # they are printed below what they belong to, a moment later
        self.write(f"/{self._numbers()[label]}")

    def _numbers(self) -> dict[str, str]:
        """What can be chosen -> its number, as printed last."""
        return {found: number for number, found in CHOICE.findall(self._printed.getvalue())}

    def arrived(self) -> list[Arrived]:
        whole = self._printed.getvalue().lstrip("\n").split("\n\n")[:-1]
        return [Arrived(CHOICE.sub("", part), tuple(label for _, label in CHOICE.findall(part))) for part in whole]

    def send_picture(self, content: bytes = b"") -> None:
        raise NotImplementedError

    def take_sheet(self, is_large: bool) -> bytes:
        before = len(self._saved())
        self.press(LABELS[is_large])
        until(lambda: len(self._saved()) > before)
        return Path(self._saved()[-1]).read_bytes()

    def _saved(self) -> list[str]:
        return SAVED.findall(self._printed.getvalue())

    def cut_off(self) -> None:
        raise NotImplementedError

    def reconnect(self) -> None:
        raise NotImplementedError

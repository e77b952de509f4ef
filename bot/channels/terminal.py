"""The terminal: a citizen's chat at a prompt. Buttons are chosen by their number: 1, 2.

/1 chooses too, also when a reply without buttons came in between. Earlier inputs come back with the up arrow and
Ctrl+R. Colours are left out when NO_COLOR is set and when the output is no terminal; input that is no terminal is read
line by line, each answered before the next is read.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console

from bot.enclosures import Enclosures, File, no_file
from bot.messages import Button, InboundMessage, Kind, Reply
from bot.outbox import Outbox
from bot.present import now
from bot.wording import words

CHANNEL = "terminal"
LARGEST_FILE = 50 * 2**20
# bytes
POLL_S = 0.1
ANSWER_S = 60.0
# how long a line from a file waits for its answer; an officer may take longer
STYLES = {"heading": "bold cyan", "warning": "yellow", "paragraph": "", "bullets": "", "source": "dim"}
PROMPT = "> "
LEAVE = {"/thoat", "/quit", "/exit"}


class Terminal:
    """One chat: what is typed goes to the inbox, what the outbox holds is printed."""

    def __init__(
        self,
        accept: Callable[[InboundMessage], bool],
        outbox: Outbox,
        console: Console,
        officer: str = "",
        enclosures: Enclosures | None = None,
        folder: Path = Path(),
    ) -> None:
        self._accept = accept
        self._officer = officer
        # stands over what an officer wrote
        self._outbox = outbox
        self._console = console
        self._enclosures = enclosures or Enclosures(no_file)
        self._folder = folder
        # where files are saved
        self._address = uuid.uuid4().hex
        self._buttons: tuple[Button, ...] = ()
        self._buttons_are_last = False
        # whether the newest reply offers them: only then a bare number means one
        self._answered = threading.Event()
        self._stop = threading.Event()

    def run(self, greeting: str, typed: Iterable[str] | None = None) -> None:
        """Talk until the citizen leaves; what is typed comes from the prompt, or from standard input."""
        printer = threading.Thread(target=self._print_replies, daemon=True)
        printer.start()
        self._console.print(greeting, style="dim")
        if typed is None:
            typed = self._typed() if sys.stdin.isatty() else self._piped()
        for text in typed:
            if text.strip() in LEAVE:
                break
            self._answered.clear()
            self._accept(self.message(text))
        self._stop.set()
        printer.join()

    def _typed(self) -> Iterator[str]:
        """What is typed at the prompt. Its history is not kept: people type personal numbers."""
        session: PromptSession[str] = PromptSession(history=InMemoryHistory())
        with patch_stdout(raw=True):
            while True:
                try:
                    yield session.prompt(PROMPT)
                except (EOFError, KeyboardInterrupt):
                    return

    def _piped(self) -> Iterator[str]:
        """The lines of a file or of another program."""
        for line in sys.stdin:
            text = line.rstrip("\n")
            self._console.print(PROMPT + text, markup=False, highlight=False)
            yield text
            self._answered.wait(ANSWER_S)

    def message(self, text: str) -> InboundMessage:
        """What was typed: a button's number, or words."""
        typed = text.strip()
        number = typed.removeprefix("/")
        chooses = typed.startswith("/") or self._buttons_are_last
        pressed = chooses and number.isdecimal() and 1 <= int(number) <= len(self._buttons)
        kind = Kind.BUTTON if pressed else Kind.TEXT
        said = self._buttons[int(number) - 1].payload if pressed else text
        return InboundMessage(CHANNEL, uuid.uuid4().hex, self._address, now(), kind, said)

    def show(self, reply: Reply) -> None:
        """Print a reply; its buttons become the ones that can be chosen."""
        if reply.author == "officer":
            self._console.print(self._officer, style="bold magenta", markup=False, highlight=False)
        for block in reply.blocks:
            mark = "  - " if block.kind == "bullets" else ""
            for line in block.lines:
                self._console.print(mark + line, style=STYLES[block.kind], markup=False, highlight=False)
        self._buttons_are_last = bool(reply.buttons)
        if reply.buttons:
            self._buttons = reply.buttons
            for number, button in enumerate(reply.buttons, start=1):
                self._console.print(f"  [{number}] {button.label}", style="green", markup=False, highlight=False)
        self._console.print()

    def save(self, file: File) -> None:
        """Keep a file in the folder, in place of an earlier one of its name, and say where. Raises OSError."""
        path = self._folder / file.name
        path.write_bytes(file.content)
        said = str(words()["terminal_saved"]).format(path=path)
        self._console.print(said, style="bold", markup=False, highlight=False)

    def _print_replies(self) -> None:
        while not self._stop.is_set():
            delivery = self._outbox.take(CHANNEL, now(), self._address)
            if delivery is None:
                self._stop.wait(POLL_S)
                continue
            self.show(self._without_file(delivery.reply))
            self._outbox.sent(delivery.id, now())
            self._answered.set()

    def _without_file(self, reply: Reply) -> Reply:
        """What is left to print once the sheet of a reply was saved."""
        told, file = self._enclosures.of(reply, LARGEST_FILE)
        try:
            if file is not None:
                self.save(file)
        except OSError:
            return self._enclosures.instead(reply)
        return told

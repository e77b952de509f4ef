"""The terminal: a citizen's chat at a prompt. Buttons are chosen by their number with a slash: /1, /2."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console

from bot.messages import Button, InboundMessage, Kind, Reply
from bot.outbox import Outbox
from bot.worker import now

CHANNEL = "terminal"
POLL_S = 0.1
STYLES = {"heading": "bold cyan", "warning": "yellow", "paragraph": "", "bullets": "", "source": "dim"}
PROMPT = "> "
LEAVE = {"/thoat", "/quit", "/exit"}


class Terminal:
    """One chat: what is typed goes to the inbox, what the outbox holds is printed."""

    def __init__(self, accept: Callable[[InboundMessage], bool], outbox: Outbox, console: Console) -> None:
        self._accept = accept
        self._outbox = outbox
        self._console = console
        self._address = uuid.uuid4().hex
        self._buttons: tuple[Button, ...] = ()
        self._stop = threading.Event()

    def run(self, greeting: str) -> None:
        """Talk until the citizen leaves."""
        printer = threading.Thread(target=self._print_replies, daemon=True)
        printer.start()
        session: PromptSession[str] = PromptSession()
        self._console.print(greeting, style="dim")
        with patch_stdout(raw=True):
            while True:
                try:
                    text = session.prompt(PROMPT)
                except (EOFError, KeyboardInterrupt):
                    break
                if text.strip() in LEAVE:
                    break
                self._accept(self.message(text))
        self._stop.set()
        printer.join()

    def message(self, text: str) -> InboundMessage:
        """What was typed: a button's number, or words."""
        number = text.strip().removeprefix("/")
        pressed = text.strip().startswith("/") and number.isdecimal() and 1 <= int(number) <= len(self._buttons)
        kind = Kind.BUTTON if pressed else Kind.TEXT
        said = self._buttons[int(number) - 1].payload if pressed else text
        return InboundMessage(CHANNEL, uuid.uuid4().hex, self._address, now(), kind, said)

    def show(self, reply: Reply) -> None:
        """Print a reply; its buttons become the ones that can be chosen."""
        for block in reply.blocks:
            mark = "  - " if block.kind == "bullets" else ""
            for line in block.lines:
                self._console.print(mark + line, style=STYLES[block.kind], markup=False, highlight=False)
        if reply.buttons:
            self._buttons = reply.buttons
            for number, button in enumerate(reply.buttons, start=1):
                self._console.print(f"  [/{number}] {button.label}", style="green", markup=False, highlight=False)
        self._console.print()

    def _print_replies(self) -> None:
        while not self._stop.is_set():
            delivery = self._outbox.take(CHANNEL, now(), self._address)
            if delivery is None:
                self._stop.wait(POLL_S)
                continue
            self.show(delivery.reply)
            self._outbox.sent(delivery.id, now())

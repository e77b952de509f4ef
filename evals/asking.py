"""Assistants to measure, and what they say to labelled questions."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from bot import ask, portals, wiring
from bot.assistant import Assistant
from bot.messages import InboundMessage
from bot.settings import Settings
from bot.utterance import admit
from evals.scoring import Label
from integrations.stand_ins.settings import environment
from knowledge.importing import SERVED
from nlu.understanding import Candidate

ROOT = Path(__file__).parents[1]
PORTAL_START_S = 30.0


def shipped(settings: Settings) -> Assistant:
    """The assistant over the procedures that come with the program, whatever was imported."""
    with tempfile.TemporaryDirectory() as empty:
        return wiring.build_assistant(replace(settings, data_dir=Path(empty)))


def full(settings: Settings) -> Assistant | None:
    """The assistant over everything that is served; None when nothing was imported."""
    imported = settings.catalogue_dir / SERVED
    return wiring.build_assistant(settings) if imported.exists() else None


def answers(assistant: Assistant, labels: Sequence[Label], what: str = "asking") -> dict[str, dict[str, Any]]:
    """The machine's interface's answer to each question, by its id."""
    return {
        item.id: next(ask.run(assistant, ask.Question(item.id, (item.text,)), date.today()))
        for item in told(labels, what)
    }


def candidates(assistant: Assistant, text: str) -> tuple[Candidate, ...]:
    """What understanding alone makes of a text, without a turn around it."""
    return assistant.interpreter.understand(read(text)).candidates


def read(text: str) -> str:
    """A text as the assistant reads it: normalised and masked."""
    return admit(InboundMessage("machine", "1", "1", datetime.now(UTC), text=text)).text


def told(items: Sequence[Label], what: str) -> Iterable[Label]:
    """The questions, with the progress on standard error."""
    return track(items, description=what, console=Console(stderr=True))


@contextlib.contextmanager
def with_portal(assistant: Assistant) -> Iterator[Assistant]:
    """The assistant with a stand-in for the city's dossier system, while that runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    reaching = Settings(**environment("city", f"http://127.0.0.1:{port}"))  # type: ignore[arg-type]
    command = [sys.executable, "-m", "integrations.stand_ins", "--only", "city", "--ports", str(port), "--with-owner"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT) as process:
        try:
            _wait(port)
            with contextlib.closing(portals.dossiers(reaching)) as portal:
                yield replace(assistant, portal=portal)
        finally:
            process.terminate()


def _wait(port: int) -> None:
    """Until somebody listens. Raises ConnectionRefusedError when nobody does in time."""
    ends_at = time.monotonic() + PORTAL_START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)

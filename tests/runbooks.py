"""The commands of docs/tasks, read out of the documents and run as an operator types them.

A block is a fence of `sh`, or indented lines that begin with a program of ours. A comment before a block, unseen by
readers, says what the runner has to know:

    <!-- not run: REASON -->           it cannot be run here
    <!-- given: COMMAND -->            what an operator has done before
    <!-- runs until stopped -->        it goes on beside the following blocks; with
    <!-- runs until stopped; ready when http://127.0.0.1:8000/health answers -->
                                       these begin once that address answers
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from tests.serving import free_port, until

ROOT = Path(__file__).parents[1]
TASKS = ROOT / "docs" / "tasks"
OWN = ("var", ".git", "__pycache__")
# of the installation itself: each run has its own, or none
USUAL_PORT = ":8000"
START_S, COMMAND_S, STOP_S = 120, 300, 30
FENCE = re.compile(r" *```(\w*)$")
OURS = re.compile(r" {4,7}(?:MOT_CUA_\w+=\S+ )*(?:\.venv/bin/python|make) ")
MARKER = re.compile(r" *<!-- (not run: |given: |runs until stopped)(.*?) -->$")
READY = re.compile(r"; ready when (\S+) answers$")


@dataclass(frozen=True)
class Block:
    """Some lines for a shell."""

    text: str
    not_run: str = ""
    # why
    given: str = ""
    # a command to run before
    goes_on: bool = False
    ready_at: str = ""
    # address


def blocks(document: str) -> Iterator[Block]:
    """The commands of a document in their order."""
    lines, marks = iter(document.splitlines()), dict[str, str]()
    for line in lines:
        found, fence = MARKER.match(line), FENCE.match(line)
        if found:
            marks[found[1]] = found[2]
        elif fence and fence[1] == "sh":
            yield _block(_until_fence(lines), marks)
            marks = {}
        elif fence:
            _until_fence(lines)
        elif OURS.match(line):
            yield _block([line, *_while_indented(lines)], marks)
            marks = {}


class Scratch:
    """An installation beside the real one: the same program, nothing in its data folder, a port of its own."""

    def __init__(self, folder: Path) -> None:
        for path in ROOT.iterdir():
            if path.name not in OWN:
                (folder / path.name).symlink_to(path)
        self._folder = folder
        self._port = f":{free_port()}"
        self._log = folder / "log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOT_CUA_")}
        said = {"PORT": self._port[1:], "CACHE_DIR": str(ROOT / "var" / "cache")}
        self._environment = kept | {f"MOT_CUA_{name}": value for name, value in said.items()}

    def follow(self, document: str) -> None:
        """Do what a document says; a command that fails, or ends though it should go on, fails."""
        with ExitStack() as closing:
            for block in blocks(document):
                if block.given:
                    self._run(block.given)
                if block.goes_on:
                    self._start(block, closing)
                elif not block.not_run:
                    self._run(block.text)

    def _run(self, text: str) -> None:
        done = subprocess.run(self._shell(text), **self._as_there(), capture_output=True, timeout=COMMAND_S)
        assert done.returncode == 0, f"{text}\n{done.stdout.decode()}{done.stderr.decode()}"

    def _start(self, block: Block, closing: ExitStack) -> None:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._shell(block.text), **self._as_there(), stdout=log, stderr=log, start_new_session=True
            )
        closing.callback(_end, process, block)
        if block.ready_at:
            address = block.ready_at.replace(USUAL_PORT, self._port)
            until(lambda: _answers(address) or process.poll() is not None, START_S)
        assert process.poll() is None, f"{block.text}\n{self._log.read_text()}"

    def _shell(self, text: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", text.replace(USUAL_PORT, self._port)]

    def _as_there(self) -> dict[str, object]:
        return {"cwd": self._folder, "env": self._environment}


def _block(lines: list[str], marks: dict[str, str]) -> Block:
    going = marks.get("runs until stopped")
    ready = READY.fullmatch(going or "")
    text = "\n".join(line.strip() for line in lines)
    return Block(
        text, marks.get("not run: ", ""), marks.get("given: ", ""), going is not None, ready[1] if ready else ""
    )


def _until_fence(lines: Iterator[str]) -> list[str]:
    found = []
    for line in lines:
        if FENCE.match(line):
            break
        found.append(line)
    return found


def _while_indented(lines: Iterator[str]) -> list[str]:
    found = []
    for line in lines:
        if not line.startswith("    "):
            break
        found.append(line)
    return found


def _answers(address: str) -> bool:
    try:
        build_opener(ProxyHandler({})).open(address, timeout=5).close()
        return True
    except (URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes], block: Block) -> None:
    """It must have gone on until now; it and its children end."""
    went_on = process.poll() is None
    if went_on:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert went_on, f"ended by itself: {block.text}"

"""`python -m web` as a process of its own, with its own folder and ports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.serving import free_port, until

ROOT = Path(__file__).parents[2]
START_S = 120
STOP_S = 60


@dataclass
class Program:
    """The running program."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path
    # its data
    log: Path
    # everything it and its children printed

    def printed(self) -> str:
        """Everything printed so far."""
        return self.log.read_text("utf-8")

    def named(self, name: str) -> str:
        """What stands behind a name in the welcome."""
        found = re.search(rf"^{re.escape(name)}  +(.+)$", self.printed(), re.MULTILINE)
        assert found, self.printed()
        return found[1]

    def healthy(self) -> bool:
        """Whether it answers."""
        assert self.process.poll() is None, self.printed()
        return answers(f"{self.address}/health")

    def stop(self) -> int:
        """End it as an operator does; the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_S)


def data_folder(folder: Path) -> Path:
    """An empty data folder; those of one test run share the search index, which takes long to build."""
    data, shared = folder / "data", folder.parent / "cache"
    data.mkdir(exist_ok=True)
    shared.mkdir(exist_ok=True)
    if not (data / "cache").exists():
        (data / "cache").symlink_to(shared)
    return data


def answers(address: str) -> bool:
    """Whether an HTTP server is there."""
    try:
        httpx.get(address, trust_env=False, timeout=5)
        return True
    except httpx.HTTPError:
        return False


@contextmanager
def running(folder: Path, *arguments: str, port: int = 0, data: Path | None = None) -> Iterator[Program]:
    """The program until the end of the block, once it answers."""
    with started(folder, *arguments, port=port, data=data) as program:
        until(program.healthy, START_S)
        yield program


@contextmanager
def started(
    folder: Path,
    *arguments: str,
    port: int = 0,
    data: Path | None = None,
    begin: Sequence[str] = ("-m", "web"),
    **settings: str,
) -> Iterator[Program]:
    """The program from its first moment; `begin` is what Python is given to start it."""
    port, data = port or free_port(), data or data_folder(folder)
    log = folder / f"log-{time.monotonic_ns()}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOT_CUA_")}
    environment |= {"MOT_CUA_DATA_DIR": str(data), "MOT_CUA_PORT": str(port)}
    if "--demo" in arguments:
        environment["MOT_CUA_RASA_URL"] = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, *begin, *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment | settings, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield Program(process, f"http://127.0.0.1:{port}", data, log)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Gently; a program that does not listen is killed with its children."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        process.wait()
        for child in children:
            os.kill(int(child), signal.SIGKILL)


def port_of(address: str) -> int:
    """The port of an address."""
    port = urlsplit(address).port
    assert port
    return port

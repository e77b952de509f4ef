"""The cluster as processes, PostgreSQL, web, answering, Rasa: one of each kind is killed under load."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from bot import tables
from bot.settings import Settings
from bot.store import ROOT, Store
from tests.end_to_end.program import START_S, answers
from tests.serving import free_port, until
from tests.test_postgresql import count, later, safely, wrong
from tests.town import rows

pytestmark = pytest.mark.slow

ANSWERED_S = 90
QUESTION = "Làm giấy khai sinh cho bé cần giấy tờ gì?"
KINDS = {
    "web": r"-m web$",
    "worker": r"-m bot work$",
    "PostgreSQL": r"bin/postgres",
    "Rasa": r"stand_ins.rasa|bin/rasa run",
}
KILLED = ("worker 1", "Rasa 1", "web 1", "PostgreSQL")


@contextmanager
def cluster(folder: Path, port: int, rasa: str) -> Iterator[subprocess.Popen[bytes]]:
    """The cluster without its balancer; what it prints is in `log`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOT_CUA_")}
    environment |= {"MOT_CUA_DATA_DIR": str(folder), "MOT_CUA_PORT": str(port), "MOT_CUA_ENCODER": "none"}
    environment |= {"MOT_CUA_FLOOD_TIMES": "100", "MOT_CUA_CACHE_DIR": str(ROOT / Settings().cache_dir)}
    command = [sys.executable, "-m", "web.cluster", "--no-balancer", "--rasa", rasa]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(60) == 0, (folder / "log").read_text()


def is_up(cluster: subprocess.Popen[bytes], addresses: Sequence[str]) -> bool:
    """Whether every web process answers."""
    assert cluster.poll() is None, "the cluster ended"
    return all(answers(f"{address}/health") for address in addresses)


def all_children(cluster: int) -> list[int]:
    """Every process that the cluster keeps."""
    told = "".join(path.read_text() for path in Path(f"/proc/{cluster}/task").glob("*/children"))
    return [int(number) for number in told.split()]


def killed(cluster: int, kind: str) -> None:
    """SIGKILL of one process of a kind."""
    commands = {number: Path(f"/proc/{number}/cmdline").read_bytes() for number in all_children(cluster)}
    plain = {number: command.replace(b"\0", b" ").decode().strip() for number, command in commands.items()}
    os.kill(next(number for number, command in plain.items() if re.search(KINDS[kind], command)), signal.SIGKILL)


def citizen(addresses: Sequence[str], messages: int, said: list[str]) -> None:
    """Somebody who writes, and sends again what nobody took: at the next address, as a balancer does."""
    with httpx.Client(trust_env=False, timeout=10) as http:
        for number in range(messages):
            identity, sent, attempt = str(uuid4()), False, 0
            while not sent:
                address = addresses[(number + attempt) % len(addresses)]
                sent, attempt = _sent(http, address, identity), attempt + 1
                time.sleep(0.05 if sent else 0.3)
            said.append(identity)


def _sent(http: httpx.Client, address: str, identity: str) -> bool:
    try:
        if not http.cookies and http.get(f"{address}/").status_code != 200:
            return False
        message = {"id": identity, "kind": "text", "text": QUESTION}
        return http.post(f"{address}/chat/messages", json=message).status_code == 202
    except httpx.HTTPError:
        return False


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL, who runs as somebody else, may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("rasa", ["stand-in", pytest.param("real", marks=pytest.mark.rasa)])
def test_every_kind_of_process_is_killed(folder: Path, rasa: str) -> None:
    """A web process, one that answers, a Rasa and PostgreSQL are killed while twelve write: 0 lost, 0 doubled."""
    port, said = free_port() - 5, []  # type: ignore[var-annotated]
    addresses = [f"http://127.0.0.1:{port + number}" for number in (1, 2)]
    rasas = [f"http://127.0.0.1:{port + number}" for number in (3, 4)]
    with cluster(folder, port, rasa) as running:
        until(lambda: is_up(running, addresses), START_S)
        until(lambda: all(map(answers, rasas)), START_S)
        found = re.search(r"^Database +(.+)$", (folder / "log").read_text(), re.MULTILINE)
        assert found
        store = Store(found[1])
        citizens = [threading.Thread(target=citizen, args=[addresses, 8, said]) for _ in range(12)]
        for thread in citizens:
            thread.start()
        for kind in ("worker", "Rasa", "web", "PostgreSQL"):
            before = len(said)
            until(lambda: len(said) >= min(before + 8, 96), ANSWERED_S)  # noqa: B023
            killed(running.pid, kind)
        for thread in citizens:
            thread.join(ANSWERED_S)
        until(lambda: safely(lambda: later(store) is None), START_S)
        until(lambda: safely(lambda: count(store, tables.turn) == 96), ANSWERED_S)
        until(lambda: is_up(running, addresses), START_S)
        assert wrong(store) == []
        assert {row["engine"] for row in rows(store, tables.turn)} >= {"rasa"}
        store.close()
    log = (folder / "log").read_text()
    assert [log.count(f"{name} ended with -9") for name in KILLED] == [1] * 4, log

"""A crew of worker processes: rung, answering, replaced when one ends, gone with its owner."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from pathlib import Path

import pytest

from bot.crew import Crew

ECHO = """
import os, sys
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
while os.read(0, 1):
    os.write(1, b".")
"""
# a worker that has written a reply whenever it is rung


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """Where each process writes its number."""
    return tmp_path / "started"


def crew(count: int, started: Path, heard: queue.Queue[float]) -> Crew:
    """A crew of echoes."""
    return Crew(count, os.environ, lambda: heard.put(time.monotonic()), ("-c", ECHO, str(started)))


def numbers(started: Path, count: int) -> list[int]:
    """The numbers of the first processes, once they run."""
    ends_at = time.monotonic() + 20
    while not started.exists() or len(started.read_text().split()) < count:
        assert time.monotonic() < ends_at, "no process was started"
        time.sleep(0.01)
    return [int(number) for number in started.read_text().split()]


def is_gone(number: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False


def test_every_process_is_rung_in_turn_and_answers(started: Path) -> None:
    """Four rings among two processes bring four answers."""
    heard: queue.Queue[float] = queue.Queue()
    two = crew(2, started, heard)
    two.start()
    numbers(started, 2)
    time.sleep(0.2)
    for _ in range(4):
        two.ring()
        heard.get(timeout=10)
    two.stop()
    assert all(map(is_gone, numbers(started, 2)))


def test_one_that_is_killed_is_followed_by_another(started: Path) -> None:
    """SIGKILL of a worker process costs a second, not the service."""
    heard: queue.Queue[float] = queue.Queue()
    one = crew(1, started, heard)
    one.start()
    os.kill(numbers(started, 1)[0], signal.SIGKILL)
    numbers(started, 2)
    time.sleep(0.2)
    one.ring()
    heard.get(timeout=10)
    one.stop()


def test_stopping_ends_a_process_that_only_just_starts(started: Path) -> None:
    """Nobody is left behind, whenever the end comes."""
    one = crew(1, started, queue.Queue())
    one.start()
    ended = threading.Thread(target=one.stop)
    ended.start()
    ended.join(20)
    assert not ended.is_alive()
    assert not started.exists() or all(map(is_gone, numbers(started, 1)))

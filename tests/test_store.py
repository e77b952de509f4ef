"""The database's queue of writers: one at a time, over threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import Store, open_store

HOLDER = """
import sys
from bot.store import Store
with Store(sys.argv[1]).writing():
    print("in", flush=True)
    sys.stdin.read()
"""
# another process that writes until its input ends
LONG_S = 30


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/town.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = open_store(url)
    yield made
    made.close()


@pytest.fixture
def holder(store: Store, url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    with process:
        assert process.stdout and process.stdout.readline() == "in\n"
        yield process
        process.kill()


def writer(store: Store) -> tuple[threading.Thread, threading.Event]:
    """A thread that writes once, and what it says when it has."""
    done = threading.Event()

    def write() -> None:
        with store.writing() as connection:
            connection.execute(sa.text("SELECT 1"))
        done.set()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread, done


def test_a_writer_waits_for_another_process_and_goes_on_when_it_ends(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    """While another process writes nobody here does; the moment it is done the turn is ours."""
    thread, done = writer(store)
    assert not done.wait(0.3)
    assert holder.stdin
    holder.stdin.close()
    assert done.wait(LONG_S)
    thread.join()


def test_a_process_that_is_killed_gives_its_turn_back(store: Store, holder: subprocess.Popen[str]) -> None:
    """Nobody waits for a process that was killed in the middle of a transaction."""
    thread, done = writer(store)
    assert not done.wait(0.3)
    holder.kill()
    assert done.wait(LONG_S)
    thread.join()


def test_a_failed_transaction_gives_its_turn_back(store: Store) -> None:
    """An exception undoes the transaction, and the next writer is not kept waiting."""
    with pytest.raises(ZeroDivisionError), store.writing():
        raise ZeroDivisionError
    thread, done = writer(store)
    assert done.wait(LONG_S)
    thread.join()


def test_a_database_in_memory_has_no_file_of_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no other process can reach leaves nothing on the disk."""
    monkeypatch.chdir(tmp_path)
    made = open_store("sqlite:///:memory:")
    writer(made)[0].join()
    made.close()
    assert list(tmp_path.iterdir()) == []

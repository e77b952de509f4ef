"""What every test run shares."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from bot.store import Store
from nlu import encoder
from tests import known_failures, postgresql, town

if "PYTEST_XDIST_WORKER" in os.environ:
    encoder.THREADS = 1  # more workers than cores: threads that wait for each other by spinning would starve all

LOOPBACK_NAMES = ("localhost", "")
outside: list[str] = []
# addresses beyond the loopback that the running test reached for


class Offline(OSError):
    """A test reached for the network."""


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: the interpreter tells every connection before it is made, nothing of ours is replaced."""
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = address[0] if isinstance(address, tuple) else address if event == "socket.getaddrinfo" else None
    if host is not None and not _is_loopback(host):
        outside.append(f"{event} {host}")
        raise Offline(f"tests stay on the loopback, not {host}")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return name in LOOPBACK_NAMES or ip_address(name).is_loopback or ip_address(name).is_unspecified
    except ValueError:
        return False


sys.addaudithook(_refuse_outside)


@pytest.fixture(autouse=True)
def offline() -> Iterator[list[str]]:
    """Fails a test that reached for the network, also when its code swallowed the refusal."""
    outside.clear()
    yield outside
    assert not outside, f"the test reached beyond the loopback: {outside}"


ON_BOTH = {
    f"test_{name}"
    for name in (
        "aside", "board", "bulk", "catalogue_drafts", "clock_steps", "data_requests", "daybook", "deadlines",
        "draft_effect", "handoff", "lost_questions", "metrics", "pending_media", "periods", "pipeline", "redelivery",
        "retention", "routing", "search", "second_step", "switches", "sync_monitor", "tickets", "timers",
        "zalo_tokens",
    )
}  # fmt: skip
# whose tests of the database run on SQLite and on PostgreSQL; what races on the latter is in test_postgresql.py


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of these files that asks for a database gets both kinds."""
    if "database" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
        metafunc.parametrize("database", kinds, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with the most slow tests come first: who is done with them goes on with what is soon done."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    all_of = Counter(item.path for item in items)
    items.sort(key=lambda item: -slow[item.path] / all_of[item.path])


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A real PostgreSQL with an empty database of ours to copy. Fails where there is none."""
    with postgresql.running() as running:
        postgresql.migrated(running)
        yield running


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of the small town."""
    if getattr(request, "param", "sqlite") == "sqlite":
        store = town.store(tmp_path)
        yield store
        store.close()
        return
    store = postgresql.store(request.getfixturevalue("server"))
    yield store
    store.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many labelled sentences and dialogues hold."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    suites = known_failures.judged(reports)
    for line in known_failures.lines(suites):
        terminalreporter.write_line(line)
    known_failures.write_if_asked(suites)

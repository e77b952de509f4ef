"""PostgreSQL that fails over, freezes, or keeps the locks of a frozen host: what was acknowledged is there, once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from bot import outbox, tables
from bot.errors import BadSettings
from bot.inbox import MESSAGE
from bot.locks import hold
from bot.loop import Loop
from bot.store import LINE, SERVER, Store, open_store
from bot.worker import Worker
from tests import postgresql, town
from tests.postgresql import Server
from tests.serving import until
from tests.test_postgresql import LATER_S, MINUTE, Moving, count, push, safely, send, wrong
from tests.town import rows, say
from tests.town_worker import Slow

pytestmark = pytest.mark.slow
FROZEN_S = 2.0
SOON = {"idle_in_transaction_session_timeout": 500}
WATCHED = {"lock_timeout": "10s", "statement_timeout": "1min", "idle_in_transaction_session_timeout": "1min"}


@dataclass(frozen=True)
class Pair:
    """A server and the one that takes its place."""

    primary: Server
    standby: Server
    name: str
    # of the database

    @property
    def url(self) -> str:
        """The address that finds whichever of the two is written to."""
        hosts = f"host={self.primary.folder}&host={self.standby.folder}"
        return f"postgresql+psycopg://{postgresql.OWNER}@/{self.name}?{hosts}&target_session_attrs=read-write"

    def wait_for_both(self) -> None:
        """From now on a commit is told once both have it."""
        self.primary.run(f"ALTER SYSTEM SET synchronous_standby_names = '{postgresql.STANDBY}'")
        self.primary.run("SELECT pg_reload_conf()")

    def freeze_sender(self) -> None:
        """The primary's changes do not reach the standby any more."""
        engine = sa.create_engine(self.primary.url("postgres"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            sender = connection.exec_driver_sql("SELECT pid FROM pg_stat_replication").scalar_one()
        os.kill(sender, signal.SIGSTOP)

    def fail_over(self) -> None:
        """The primary is gone in an instant, and the standby is told to take over."""
        self.primary.signal(signal.SIGKILL)
        self.standby.promote()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two servers, the second a copy of the first that follows it."""
    with postgresql.running() as primary:
        postgresql.migrated(primary)
        with postgresql.standby(primary) as standby:
            yield Pair(primary, standby, postgresql.TOWN)


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server of the test's own, that may be frozen."""
    with postgresql.running() as running:
        postgresql.migrated(running)
        yield running


@contextmanager
def town_at_work(url: str, clock: Moving) -> Iterator[Store]:
    """Two processes that answer and send, as threads; the database as a third one has it."""
    stores, assistant = [Store(url) for _ in range(3)], town.assistant(Slow())
    with ExitStack() as closing:
        for store in stores[1:]:
            answering = Loop(Worker(store, lambda: assistant, clock).step, 3)
            sending = Loop(lambda store=store: send(store, clock), 1)  # type: ignore[misc]
            store.listen(MESSAGE, answering.ring)
            store.listen(outbox.REPLY, sending.ring)
            for loop in (answering, sending):
                loop.start()
                closing.callback(loop.stop)
        yield stores[0]
    [store.close() for store in stores]


def all_sent(store: Store, messages: int) -> Callable[[], bool]:
    """Whether each message has a reply that was sent."""
    return lambda: safely(lambda: count(store, tables.outbox, tables.outbox.c.status == "sent") == messages)


def test_a_standby_takes_over_under_load(pair: Pair) -> None:
    """The primary is killed and the standby promoted while citizens write: everybody goes on, all are answered once."""
    clock = Moving()
    pair.wait_for_both()
    with town_at_work(pair.url, clock) as store:
        for number in range(60):
            push(store, town.message("xin chào", f"m{number}", f"p{number % 10}"))
            if number == 30:
                pair.fail_over()
                clock.ahead += MINUTE
        until(all_sent(store, 60), LATER_S)
        assert wrong(store) == []


def test_both_have_what_was_acknowledged(pair: Pair) -> None:
    """With a synchronous standby nothing is acknowledged that only one machine has; the vendor's repetition is kept."""
    pair.wait_for_both()
    store, told = Store(pair.url), threading.Event()
    push(store, town.message("xin chào", "before"))
    pair.freeze_sender()
    pushing = threading.Thread(target=lambda: (push(store, town.message("xin chào", "during")), told.set()))
    pushing.start()
    assert not told.wait(1.0)
    pair.fail_over()
    pushing.join(LATER_S)
    assert told.is_set() and [row["message_id"] for row in rows(store, tables.inbox)] == ["before", "during"]
    store.close()


def test_what_an_asynchronous_standby_loses(pair: Pair) -> None:
    """Without it, what was acknowledged in the moments that the standby lagged behind is gone with the primary."""
    store = Store(pair.url)
    push(store, town.message("xin chào", "before"))
    until(lambda: _has(pair.standby, "before"))
    pair.freeze_sender()
    push(store, town.message("xin chào", "during"))
    pair.fail_over()
    push(store, town.message("xin chào", "after"))
    assert [row["message_id"] for row in rows(store, tables.inbox)] == ["before", "after"]
    store.close()


def _has(server: Server, message_id: str) -> bool:
    engine = sa.create_engine(server.url(postgresql.TOWN), poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = sa.select(tables.inbox.c.id).where(tables.inbox.c.message_id == message_id)
        return connection.execute(found).first() is not None


def test_a_server_that_freezes_under_load(mortal: Server) -> None:
    """The server stands still for longer than a lease and goes on: nothing is lost, answered twice or out of order."""
    clock = Moving()
    with town_at_work(mortal.url(postgresql.TOWN), clock) as store:
        for number in range(30):
            push(store, town.message("xin chào", f"m{number}", f"p{number % 10}"))
        mortal.signal(signal.SIGSTOP)
        clock.ahead += MINUTE
        time.sleep(FROZEN_S)
        mortal.signal(signal.SIGCONT)
        for number in range(30, 60):
            push(store, town.message("xin chào", f"m{number}", f"p{number % 10}"))
        until(all_sent(store, 60), LATER_S)
        assert wrong(store) == []


def test_nobody_waits_for_ever_to_come_in(mortal: Server) -> None:
    """Whoever connects to a server that stands still is told within the time limit of the address."""
    mortal.signal(signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(BadSettings, match="no database"):
        open_store(f"{mortal.url(postgresql.TOWN)}&connect_timeout=2")
    assert time.monotonic() - begun < int(LINE["connect_timeout"])
    mortal.signal(signal.SIGCONT)


def test_a_frozen_host_gives_its_locks_back(mortal: Server) -> None:
    """Who stands still amid a transaction is put out, so that its conversation goes on elsewhere."""
    url = mortal.url(postgresql.TOWN)
    soon = " ".join(f"-c {name}={value}" for name, value in {**SERVER, **SOON}.items())
    frozen, other = Store(f"{url}&options={soon}"), Store(url)
    say(other, "xin chào", "1")
    with pytest.raises(sa.exc.DBAPIError), frozen.writing() as connection:
        hold(connection, 1)
        begun = time.monotonic()
        assert say(other, "xin chào", "2")
        assert time.monotonic() - begun < SERVER["lock_timeout"] / 1000
        connection.execute(sa.select(1))
    frozen.close()
    other.close()


def test_the_line_and_the_session_are_watched(mortal: Server) -> None:
    """Limits for a statement and for silence amid a transaction hold in each session."""
    store = Store(mortal.url(postgresql.TOWN))
    with store.reading() as connection:
        said = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in WATCHED}
    assert said == WATCHED
    store.close()

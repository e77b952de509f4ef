"""The database: one engine, reading and writing apart."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event

from bot.errors import BadSettings

ROOT = Path(__file__).parents[1]
BUSY_TIMEOUT_MS = 10_000
ANNOUNCED = "announced"


class Store:
    """A database that is reached through two context managers."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)
        self._heard: dict[str, list[Callable[[], object]]] = {}
        self._turn = Queue(self.engine.url.database) if self.engine.dialect.name == "sqlite" else nullcontext()
        # whose turn it is to write
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that is committed at the end, or undone by an exception.

        Whoever listens for what was announced in it is told once it is committed.
        """
        with self._turn, self.engine.connect().execution_options(writing=True) as connection:
            announced: set[str] = connection.info.setdefault(ANNOUNCED, set())
            announced.clear()
            with connection.begin():
                yield connection
            said = frozenset(announced)
        for what in said:
            self.tell(what)

    def listen(self, what: str, act: Callable[[], object]) -> Callable[[], None]:
        """Call `act`, which must not wait, after each transaction of this process in which `what` was announced.

        The answer ends it.
        """
        heard = self._heard.setdefault(what, [])
        heard.append(act)
        return lambda: heard.remove(act)

    def tell(self, what: str) -> None:
        """Wake whoever listens: it was announced in a transaction of this process, or another process said so."""
        for act in list(self._heard.get(what, ())):
            act()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees what is committed."""
        with self.engine.connect() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the newest shape."""
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        if isinstance(self._turn, Queue):
            self._turn.close()


class Queue:
    """Whose turn it is to write into a SQLite file, which lets one write at a time.

    Threads of this process and other processes wait here and go on the moment it is free; SQLite itself asks again
    and again after pauses that grow to 100 ms. A process that ends gives its turn back, however it ends.
    """

    def __init__(self, database: str | None) -> None:
        """`database`: the file; none or ":memory:" when no other process shares it."""
        self._thread = threading.Lock()
        self._shared = f"{database}.turn" if database and database != ":memory:" else ""
        self._file = -1

    def __enter__(self) -> None:
        self._thread.acquire()
        try:
            self._take()
        except BaseException:
            self._thread.release()
            raise

    def __exit__(self, *error: object) -> None:
        if self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._thread.release()

    def close(self) -> None:
        """Nobody of this process writes any more."""
        with self._thread:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _take(self) -> None:
        if self._shared and self._file < 0:
            self._file = os.open(self._shared, os.O_WRONLY | os.O_CREAT, 0o600)
        if self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_EX)


def announce(connection: sa.Connection, what: str) -> None:
    """Say in a transaction that there is work for others: a message in the inbox, a reply to send."""
    connection.info[ANNOUNCED].add(what)


def open_store(url: str) -> Store:
    """A migrated database; the folder of a SQLite file is made when it is missing. Raises BadSettings."""
    try:
        database = sa.make_url(url).database
        if url.startswith("sqlite") and database and database != ":memory:":
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        store = Store(url)
        store.migrate()
    except (OSError, ImportError, sa.exc.ArgumentError, sa.exc.OperationalError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BadSettings(f"no database: {why}; see MOT_CUA_DATABASE_URL and MOT_CUA_DATA_DIR") from error
    return store


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Write-ahead log, waiting for locks, foreign keys, noughts over deleted data; a writer takes its lock at once."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

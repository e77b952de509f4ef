"""The database: one engine, reading and writing apart."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from bot.errors import BadSettings
from bot.locks import key
from bot.wire import Wire

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
BUSY_TIMEOUT_MS = 10_000
ANNOUNCED = "announced"
LONGEST_STATEMENT_MS = LONGEST_SILENCE_MS = 60_000
# as long as a lease (bot/inbox.py): what takes longer is somebody else's by then
LONGEST_DUTY = "10min"
PAGES_KIB = 512
# of the database that each connection keeps; the system keeps the file itself
POOL = {"hide_parameters": True, "pool_pre_ping": True, "pool_size": 5, "max_overflow": 10}
# errors quote no citizen; a connection that was lost meanwhile is replaced before it is used
SERVER = {
    "lock_timeout": BUSY_TIMEOUT_MS,
    "statement_timeout": LONGEST_STATEMENT_MS,
    "idle_in_transaction_session_timeout": LONGEST_SILENCE_MS,
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# of our sessions at the server: a host of ours that stands still or vanishes gives its locks back
LINE = {
    "application_name": "mot_cua",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "options": " ".join(f"-c {name}={value}" for name, value in SERVER.items()),
}
# of libpq: a server that vanishes is noticed within half a minute. An address may say otherwise


class Store:
    """A database that is reached through two context managers."""

    def __init__(self, url: str) -> None:
        self._heard: dict[str, list[Callable[[], object]]] = {}
        self._turn: Queue | AbstractContextManager[None] = nullcontext()
        # whose turn it is to write
        self._wire: Wire | None = None
        # to the other processes over the same database
        if sa.make_url(url).get_backend_name() == "sqlite":
            self.engine = sa.create_engine(url, hide_parameters=True, **_pool(url))
            self._turn = Queue(self.engine.url.database)
            _prepare_sqlite(self.engine)
        else:
            self.engine = sa.create_engine(_with_line(url), connect_args={"prepare_threshold": None}, **POOL)
            # a plan kept from when a table was small would look through all of it later
            self._wire = Wire(self.engine, self._overhear)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that is committed at the end, or undone by an exception.

        Whoever listens for what was announced in it is told once it is committed. What the transaction read may change
        before it writes, where many write at a time: bot/locks.py.
        """
        with self._turn, self.engine.connect().execution_options(writing=True) as connection:
            announced: set[str] = connection.info.setdefault(ANNOUNCED, set())
            announced.clear()
            with connection.begin():
                yield connection
                if self._wire is not None:
                    self._wire.send(connection, announced)
            said = frozenset(announced)
        for what in said:
            self.tell(what)

    def listen(self, what: str, act: Callable[[], object]) -> Callable[[], None]:
        """Call `act`, which must not wait, after each transaction in which `what` was announced.

        Of this process at once; of another one on the same PostgreSQL within milliseconds, most of the time. The answer
        ends it.
        """
        heard = self._heard.setdefault(what, [])
        heard.append(act)
        if self._wire is not None:
            self._wire.start()
        return lambda: heard.remove(act)

    def tell(self, what: str) -> None:
        """Wake whoever listens: it was announced in a transaction of this process, or another process said so."""
        for act in list(self._heard.get(what, ())):
            act()

    def _overhear(self, what: str) -> None:
        """Another process announced something; "": anything may have been, while nothing was heard."""
        for name in [what] if what else list(self._heard):
            self.tell(name)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees what is committed."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def duty(self, name: str) -> Iterator[bool]:
        """Whether a duty that one of many processes has is the caller's: the others hear no until the block ends."""
        if self._wire is None:
            yield True
            return
        with self.engine.connect() as connection:
            connection.execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{LONGEST_DUTY}'"))
            yield bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(key(name)))).scalar())

    def migrate(self) -> None:
        """Bring the tables to the newest shape; of many processes that start together one does it.

        Tables that a newer program has changed already are left alone: the version before works on them too
        (docs/decisions/0024-postgresql.md).
        """
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        with self.engine.connect() as connection:
            if self._wire is None:
                _upgrade(config, connection)
                return
            with connection.begin():
                connection.execute(sa.text("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key("migrations"))))
                _upgrade(config, connection)

    def close(self) -> None:
        """Give back every connection."""
        if self._wire is not None:
            self._wire.stop()
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


def _upgrade(config: Config, connection: sa.Connection) -> None:
    config.attributes["connection"] = connection
    if connection.dialect.name != "sqlite":
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            log.warning("the tables are those of a newer program (%s)", found)
            return
    command.upgrade(config, "head")


def _with_line(url: str) -> sa.URL:
    """The address with how the line to the server is watched, unless it says so itself."""
    asked = sa.make_url(url)
    return asked.update_query_dict({name: value for name, value in LINE.items() if name not in asked.query})


def _pool(url: str) -> dict[str, Any]:
    """Of a file the connection that was used last is used next: a few are warm, the others hold little."""
    return {"pool_use_lifo": True} if sa.make_url(url).database not in (None, "", ":memory:") else {}


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
        connection.execute(f"PRAGMA cache_size=-{PAGES_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

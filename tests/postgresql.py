"""A real PostgreSQL of the test run: its own data, reached over a socket in its own folder, gone at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from bot import tables
from bot.store import Store, open_store

OWNER = "mot_cua"
SYSTEM_USER = "postgres"
# the server refuses to run as root
MEMORY = "/dev/shm"
# where Linux has it: ten times as fast as the disk of a busy machine
SETTINGS = {
    "fsync": "off",
    # the machine of the tests does not lose its power; what a killed server had committed is there all the same
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
}
TEMPLATE, TOWN = "empty_town", "town"
STANDBY = "standby"
# its name at the primary


class NoServer(AssertionError):
    """There is no PostgreSQL on this machine: the tests on it cannot hold."""


@lru_cache(maxsize=1)
def binaries() -> Path:
    """Where initdb and pg_ctl lie. Raises NoServer."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found is None and not installed:
        raise NoServer("initdb is missing: run .ci/postgresql.sh, or apt-get install postgresql")
    return Path(found or installed[-1]).resolve().parent


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Begin, and wait until it answers."""
        said = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' {said}"
        self._control("start", "-o", options, "-l", str(self.folder / "log"))

    def is_there(self) -> bool:
        """Whether it runs."""
        try:
            first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            return "(zombie)" not in Path(f"/proc/{first}/status").read_text()
        except OSError:
            return False

    def stop(self) -> None:
        """End at once, as if it had crashed."""
        self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        """A standby becomes the server that is written to."""
        self._control("promote")

    def signal(self, number: signal.Signals) -> None:
        """To the server and everything that it started."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (first, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):  # one that ended meanwhile
                os.kill(process, number)

    def restart(self) -> None:
        """Die and come back; the connections are lost, what was committed is not."""
        self._control("restart", "-m", "immediate", "-l", str(self.folder / "log"))

    def make(self, template: str = "template1") -> str:
        """The address of a new database."""
        name = f"d{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def run(self, statement: str) -> None:
        """One statement of the server's owner."""
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def _control(self, *arguments: str) -> None:
        run("pg_ctl", "-D", str(self.folder / "data"), "-w", *arguments)


def run(program: str, *arguments: str) -> None:
    """A program of the server, never as root."""
    as_whom = ["runuser", "-u", SYSTEM_USER, "--"] if os.geteuid() == 0 else []
    command = [*as_whom, str(binaries() / program), *arguments]
    done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout.decode()


@contextmanager
def running() -> Iterator[Server]:
    """A server until the end of the block. Raises NoServer."""
    binaries()
    with _folder() as folder:
        run("initdb", "-D", str(folder / "data"), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        with _served(folder) as server:
            yield server


@contextmanager
def standby(primary: Server) -> Iterator[Server]:
    """A second server that follows the first one's every change, until the end of the block."""
    with _folder() as folder:
        follows = f"host={primary.folder} user={OWNER} application_name={STANDBY}"
        run("pg_basebackup", "-D", str(folder / "data"), "-d", follows, "-R", "-c", "fast", "-N")
        with _served(folder) as server:
            yield server


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of the server's own."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=MEMORY if Path(MEMORY).is_dir() else None))
    if os.geteuid() == 0:
        shutil.chown(folder, SYSTEM_USER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _served(folder: Path) -> Iterator[Server]:
    """A server over its data; a test may have ended it."""
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        if server.is_there():
            server.stop()


def migrated(server: Server) -> None:
    """Two empty databases of ours: one to copy, one to use again and again."""
    for name in (TEMPLATE, TOWN):
        server.run(f"CREATE DATABASE {name}")
        open_store(server.url(name)).close()


def store(server: Server) -> Store:
    """The town's database, emptied: a tenth of the time that a new one takes."""
    made = Store(server.url(TOWN))
    with made.engine.connect() as connection:
        named = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
        numbers = connection.exec_driver_sql(named).scalars().all()
        acts = [f'DELETE FROM "{table.name}"' for table in reversed(tables.metadata.sorted_tables)]
        acts += [f"SELECT setval('{name}', 1, false)" for name in numbers]
        connection.connection.dbapi_connection.execute("; ".join(acts))  # type: ignore[union-attr]
        connection.commit()
    return made

"""The database in one file: `python -m bot backup FILE`, `python -m bot restore FILE`.

A backup may be made while citizens write: it is the state of one moment. It holds everything that the database holds
of citizens, so nobody but its owner may read it. The application's secret (`secret_key` beside the database) is not in
it: without the same one officers set up their second step anew.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot import settings
from bot.errors import BotError
from bot.present import now
from bot.store import open_store

SHELVED = ".backup"
BEFORE = "before_restore"
# where the tables of PostgreSQL rest until others are in their place


class NoBackup(BotError):
    """What was asked for would lose something, or cannot be done. The text says why."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`backup FILE` and `restore FILE`."""
    backup = commands.add_parser("backup", help="the whole database into one file, while the program runs")
    backup.add_argument("file", type=Path)
    backup.add_argument(
        "--keep", type=_count, metavar="N", help="FILE is a folder: a dated file there, the N newest stay"
    )
    backup.set_defaults(run=lambda options: _back_up(options.file, options.keep))
    restore = commands.add_parser("restore", help="a backup into the database; the program must not run")
    restore.add_argument("file", type=Path)
    restore.add_argument("--replace", action="store_true", help="what is in the database now is lost")
    restore.set_defaults(run=lambda options: _restore(options.file, options.replace))


def back_up(url: str, file: Path) -> None:
    """Write the database into a new file. Raises NoBackup; then there is no file."""
    if file.exists():
        raise NoBackup(f"{file} is there already: a backup never replaces another one")
    with _draft(file) as draft:
        if url.startswith("sqlite"):
            _copy(_file_of(url), draft)
        else:
            _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")


def shelve(url: str, folder: Path, keep: int, at: datetime) -> Path:
    """A backup named after its moment; of those in the folder the newest `keep`, from 1, stay. Raises NoBackup."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"mot_cua-{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}{SHELVED}"
    back_up(url, file)
    for old in sorted(folder.glob(f"mot_cua-*{SHELVED}"))[:-keep]:
        old.unlink()
    return file


def restore(url: str, file: Path, *, replace: bool = False) -> None:
    """Fill an empty database from a backup, and bring it to the newest shape. Raises NoBackup; then nothing changed.

    `replace`: whatever the database holds goes.
    """
    is_sqlite = url.startswith("sqlite")
    _check(file, is_sqlite)
    if is_sqlite:
        _file_of(url).parent.mkdir(parents=True, exist_ok=True)
    if _tables(url) and not replace:
        raise NoBackup("the database is not empty; with --replace what it holds now is lost")
    if is_sqlite:
        _copy(file, _file_of(url))
    else:
        with _emptied(url):
            _run(url, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", file)
    open_store(url).close()


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _back_up(file: Path, keep: int | None) -> int:
    loaded = settings.load()
    if keep is None:
        back_up(loaded.database, file)
    else:
        file = shelve(loaded.database, file, keep, now())
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; keep {settings.key_path(loaded)} as well, elsewhere")
    return 0


def _restore(file: Path, replace: bool) -> int:
    restore(settings.load().database, file, replace=replace)
    print(f"restored from {file}")
    return 0


def _tables(url: str) -> list[str]:
    try:
        return sa.inspect(sa.create_engine(url, poolclass=sa.NullPool)).get_table_names()
    except sa.exc.OperationalError as error:
        raise NoBackup(f"no database: {str(error.orig).splitlines()[0]}") from error


def _check(file: Path, is_sqlite: bool) -> None:
    """Whether it is a whole backup of this kind of database."""
    if not file.is_file():
        raise NoBackup(f"{file} is no file")
    if is_sqlite:
        try:
            with closing(sqlite3.connect(file)) as connection:
                whole = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                ours = connection.execute("SELECT count(*) FROM alembic_version").fetchone()[0] == 1
        except sqlite3.DatabaseError as error:
            raise NoBackup(f"{file} is no backup of SQLite: {error}") from error
        if not (whole and ours):
            raise NoBackup(f"{file} is damaged")
    elif b" TABLE DATA public alembic_version " not in _run("", "pg_restore", "--list", file):
        raise NoBackup(f"{file} is no backup of ours")


def _copy(source: Path, target: Path) -> None:
    """A SQLite database as it is at one moment, whoever writes to it meanwhile."""
    if not source.exists():
        raise NoBackup(f"{source} is not there")
    with closing(sqlite3.connect(source)) as of, closing(sqlite3.connect(target)) as to:
        of.backup(to)


def _file_of(url: str) -> Path:
    name = sa.make_url(url).database
    if not name or name == ":memory:":
        raise NoBackup("a database in memory has no backup")
    return Path(name)


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A file for its owner's eyes that gets its name when it is whole."""
    draft = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield draft
        os.link(draft, file)
    except FileExistsError as error:
        raise NoBackup(f"{file} is there already: a backup never replaces another one") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _emptied(url: str) -> Iterator[None]:
    """PostgreSQL without our tables; they come back when what is done inside fails."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def do(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    do(f"ALTER SCHEMA public RENAME TO {BEFORE}", "CREATE SCHEMA public")
    try:
        yield
    except BaseException:
        do("DROP SCHEMA public CASCADE", f"ALTER SCHEMA {BEFORE} RENAME TO public")
        raise
    do(f"DROP SCHEMA {BEFORE} CASCADE")


def _line(url: str) -> tuple[str, str]:
    """An address as the programs of PostgreSQL take it, and the password apart."""
    asked = sa.make_url(url)
    parts = {name: str(value) for name, value in asked.get_dialect()().create_connect_args(asked)[1].items()}
    password = parts.pop("password", "")
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in parts.items()}
    return " ".join(f"{name}='{value}'" for name, value in quoted.items()), password


def _run(url: str, program: str, *arguments: object) -> bytes:
    """A program of PostgreSQL over a database; what it prints. The password is not seen among the processes."""
    environment = settings.environment(settings.load())
    if url:
        where, password = _line(url)
        environment |= {"PGPASSWORD": password} if password else {}
        arguments = (f"--dbname={where}", *arguments)
    try:
        done = subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True)
    except FileNotFoundError as error:
        raise NoBackup(f"{program} is missing: apt-get install postgresql-client") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it does not say why"]
        raise NoBackup(f"{program}: {said[0]}")
    return done.stdout

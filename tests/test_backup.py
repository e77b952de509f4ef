"""Backup and restore, on both engines: what was written is there again, and nothing is lost by a slip."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import backup, tables
from bot.__main__ import main
from bot.backup import NoBackup
from bot.store import Store, open_store
from tests.postgresql import Server
from tests.town import rows, say, worker

pytestmark = pytest.mark.slow

Make = Callable[[str], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes the address of an empty database."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path / name}.db"
    server: Server = request.getfixturevalue("server")
    return lambda name: server.make()


def town(url: str, *texts: str) -> Store:
    """A database in which citizens wrote and were answered."""
    store = open_store(url)
    for number, text in enumerate(texts):
        say(store, text, f"{number}", f"p{number}")
    while worker(store).step():
        pass
    return store


def everything(url: str) -> list[object]:
    """All rows of all tables."""
    store = Store(url)
    found = [(table.name, rows(store, table)) for table in tables.metadata.sorted_tables]
    store.close()
    return found  # type: ignore[return-value]


def test_a_backup_restores_everything(empty: Make, tmp_path: Path) -> None:
    """Backed up while the program runs, restored into an empty database: the same rows, and work goes on."""
    here, there, file = empty("here"), empty("there"), tmp_path / "backup"
    store = town(here, "xin chào", "gặp cán bộ", "khai sinh")
    backup.back_up(here, file)
    kept = everything(here)
    say(store, "muộn rồi", "late", "late")
    store.close()
    backup.restore(there, file)
    assert everything(there) == kept
    again = town(there, "thêm một câu")
    assert len({row["id"] for row in rows(again, tables.inbox)}) == 3  # message 0 is a redelivery of the first
    say(again, "câu khác", "new")
    assert len(rows(again, tables.inbox)) == 4
    again.close()


def test_a_backup_is_for_its_owner_only(empty: Make, tmp_path: Path) -> None:
    """Nobody else may read what citizens wrote."""
    here, file = empty("here"), tmp_path / "backup"
    town(here).close()
    backup.back_up(here, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup"]


def test_a_backup_replaces_no_other(empty: Make, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    here, file = empty("here"), tmp_path / "backup"
    town(here).close()
    file.write_text("older")
    with pytest.raises(NoBackup, match="already"):
        backup.back_up(here, file)
    assert file.read_text() == "older"


def test_the_newest_backups_stay_on_the_shelf(empty: Make, tmp_path: Path) -> None:
    """Night after night a file more, of which the newest stay, and nothing that is not a backup goes."""
    here, shelf = empty("here"), tmp_path / "shelf"
    town(here).close()
    nights = [datetime(2026, 11, day, 19, 15, tzinfo=UTC) for day in (20, 21, 22)]
    made = [backup.shelve(here, shelf, 2, night).name for night in nights]
    (shelf / "notes.txt").touch()
    backup.shelve(here, shelf, 1, nights[-1] + timedelta(days=1))
    assert made == [f"mot_cua-2026-11-{day}T191500Z.backup" for day in (20, 21, 22)]
    assert sorted(path.name for path in shelf.iterdir()) == ["mot_cua-2026-11-23T191500Z.backup", "notes.txt"]


def test_restore_refuses_what_is_not_empty(empty: Make, tmp_path: Path) -> None:
    """A database that holds something is replaced only when that is said."""
    here, there, file = empty("here"), empty("there"), tmp_path / "backup"
    town(here, "xin chào").close()
    town(there, "khai sinh", "lệ phí").close()
    backup.back_up(here, file)
    before = everything(there)
    with pytest.raises(NoBackup, match="--replace"):
        backup.restore(there, file)
    assert everything(there) == before
    backup.restore(there, file, replace=True)
    assert everything(there) == everything(here)


def test_restored_and_backed_up_again(empty: Make, tmp_path: Path) -> None:
    """A database that was restored over another one can be backed up and restored like any other."""
    here, third = empty("here"), empty("third")
    town(here, "xin chào").close()
    backup.back_up(here, tmp_path / "one")
    backup.restore(here, tmp_path / "one", replace=True)
    backup.back_up(here, tmp_path / "two")
    backup.restore(third, tmp_path / "two")
    assert everything(third) == everything(here)


@pytest.mark.parametrize("content", [b"", b"no backup at all", b"PGDMP\x01\x0e"])
def test_a_file_that_is_no_backup_changes_nothing(empty: Make, tmp_path: Path, content: bytes) -> None:
    """Whatever lies in the file, the database is as it was."""
    here, file = empty("here"), tmp_path / "backup"
    town(here, "xin chào").close()
    file.write_bytes(content)
    before = everything(here)
    with pytest.raises(NoBackup):
        backup.restore(here, file, replace=True)
    assert everything(here) == before


def test_a_backup_that_breaks_off_changes_nothing(server: Server, tmp_path: Path) -> None:
    """PostgreSQL: a backup whose second half is missing is not restored, and what was there is there."""
    here, file = server.make(), tmp_path / "backup"
    town(here, *(f"câu {number}" for number in range(20))).close()
    backup.back_up(here, file)
    file.write_bytes(file.read_bytes()[:-2000])
    before = everything(here)
    with pytest.raises(NoBackup):
        backup.restore(here, file, replace=True)
    assert everything(here) == before


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One command each; a slip is a sentence and exit code 1."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    town(f"sqlite:///{tmp_path / 'mot_cua.db'}", "xin chào").close()
    file = str(tmp_path / "backup")
    assert [main(["backup", file]), main(["backup", file]), main(["restore", file])] == [0, 1, 1]
    assert main(["restore", file, "--replace"]) == 0
    said = capsys.readouterr()
    assert "secret_key" in said.out and "already" in said.err and "--replace" in said.err


def test_both_engines_have_the_same_tables(server: Server, tmp_path: Path) -> None:
    """The migrations make the tables that the code names, on SQLite and on PostgreSQL."""
    for url in (server.make(), f"sqlite:///{tmp_path}/one.db"):
        store = open_store(url)
        found = sa.inspect(store.engine)
        made = {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}
        wanted = {table.name: {column.name for column in table.columns} for table in tables.metadata.sorted_tables}
        assert {**made, "alembic_version": set()} == {**wanted, "alembic_version": set()}
        store.close()


@pytest.mark.parametrize(
    ("url", "line", "password"),
    [
        (
            "postgresql+psycopg://me:se%20cret@/d?host=a:1&host=b:2",
            "dbname='d' host='a,b' port='1,2' user='me'",
            "se cret",
        ),
        ("postgresql+psycopg://me@h/it's?sslmode=require", "dbname='it\\'s' host='h' sslmode='require' user='me'", ""),
    ],
)
def test_the_password_is_no_part_of_a_command(url: str, line: str, password: str) -> None:
    """Whoever lists the processes sees where the database is, and no password; several hosts are named as they are."""
    where, secret = backup._line(url)
    assert (sorted(where.split(" ")), secret) == (sorted(line.split(" ")), password)

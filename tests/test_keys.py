"""The change of the secret key: what is encrypted stays readable, whatever interrupts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from bot import keys, register, settings, tables
from bot.__main__ import main
from bot.errors import BadSettings
from bot.officers import Officers
from bot.second_factor import Sealer, load
from bot.second_step import SecondSteps
from bot.settings import Settings, next_key
from bot.store import Store, open_store
from bot.tries import Tries
from tests.memory_ports import PASSWORD
from tests.town import DOSSIER_CODE, QUICK, Clock, rows, say

LAN = 1
RUNBOOK = Path(__file__).parents[1] / "docs" / "tasks" / "rotate-keys.md"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the present key."""
    path = tmp_path / "secret_key"
    path.write_text("the present key")
    return path


@pytest.fixture
def totp(database: Store, path: Path) -> pyotp.TOTP:
    """The authenticator of officer Lan."""
    Officers(database, QUICK).add("lan", "Nguyễn Thị Lan", PASSWORD)
    return enrolled(database, path.read_text())


def enrolled(database: Store, key: str) -> pyotp.TOTP:
    clock = Clock()
    steps = SecondSteps(database, key, clock)
    offer = steps.offer(LAN, "lan")
    totp = pyotp.TOTP(offer.secret)
    assert steps.enrol(LAN, "lan", offer.seal, totp.at(clock.at))
    return totp


def opens(database: Store, key: str, totp: pyotp.TOTP, later: timedelta = timedelta(minutes=1)) -> bool:
    """Whether the authenticator's code is right under a key."""
    clock = Clock()
    clock.at += later
    try:
        return SecondSteps(database, key, clock).check(LAN, "10.0.0.1", totp.at(clock.at))
    except InvalidToken:
        return False


def test_what_is_encrypted_stays_readable(database: Store, path: Path, totp: pyotp.TOTP) -> None:
    """After the change the authenticator works with the new key, and the old key opens nothing."""
    old = path.read_text()
    assert keys.rotate(database, path) == keys.Change(renewed=1, unreadable=0, asked_again=0)
    assert not opens(database, old, totp) and opens(database, path.read_text(), totp)
    assert not next_key(path).exists() and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("closed", [False, True])
def test_an_interrupted_change_is_finished(database: Store, path: Path, totp: pyotp.TOTP, closed: bool) -> None:
    """Stopped before or after the database was changed, the command goes on with the same new key."""
    next_key(path).write_text("the coming key")
    if closed:
        keys.close_anew(database, path.read_text(), "the coming key")
    with pytest.raises(BadSettings, match="was not finished"):
        settings.secret_key(Settings(data_dir=path.parent))
    assert keys.rotate(database, path).renewed == 1
    assert settings.secret_key(Settings(data_dir=path.parent)) == "the coming key"
    assert opens(database, "the coming key", totp)


def test_what_was_lost_before_is_said_and_left(database: Store, path: Path, totp: pyotp.TOTP) -> None:
    """A value that neither key opens stays as it is and is counted."""
    path.write_text("a key that closed nothing here")
    before = rows(database, tables.officer)
    assert keys.rotate(database, path) == keys.Change(renewed=0, unreadable=1, asked_again=0)
    assert rows(database, tables.officer) == before


def test_digits_that_wait_are_asked_for_again(database: Store, path: Path) -> None:
    """A seal of the old key becomes too few digits: no try is counted."""
    say(database, "1234")
    sealer = Sealer(path.read_text())
    seal = sealer.seal(DOSSIER_CODE, "1234")
    with database.writing() as connection:
        connection.execute(sa.update(tables.inbox).values(seal=vars(seal)))
    assert keys.rotate(database, path).asked_again == 1
    (row,) = rows(database, tables.inbox)
    attempt = Tries(database, Sealer(path.read_text()), load()).enter(
        row["conversation_id"], row["id"], replace(seal, **row["seal"]), Clock().at
    )
    assert attempt.too_short and rows(database, tables.factor_try) == []


def test_no_key_no_change(database: Store, tmp_path: Path) -> None:
    """Where no key was ever made the command says so and makes none."""
    with pytest.raises(BadSettings, match="is not there"):
        keys.rotate(database, tmp_path / "secret_key")
    assert not (tmp_path / "secret_key").exists()


def test_every_encrypted_column_is_changed() -> None:
    """What the register calls encrypted is what the command encrypts anew, each with a purpose of its own."""
    columns = {f"{item.column.table.name}.{item.column.name}" for item in keys.ENCRYPTED}
    assert columns == register.load().columns("encrypted")
    assert len({item.purpose for item in keys.ENCRYPTED}) == len(keys.ENCRYPTED)


def test_the_runbook_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command of docs/tasks/rotate-keys.md changes the key; it wants to hear that the program is stopped."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    chosen = Settings(data_dir=tmp_path)
    old = settings.secret_key(chosen)
    open_store(chosen.database).close()
    (command,) = [line.split()[3:] for line in RUNBOOK.read_text("utf-8").splitlines() if " -m bot " in line]
    assert main(command) == 0 and settings.secret_key(chosen) != old
    assert capsys.readouterr().out == "new key; encrypted anew: 0; asked for their digits again: 0\n"
    with pytest.raises(SystemExit):
        main(["rotate-key"])

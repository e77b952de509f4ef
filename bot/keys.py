"""Keys that are made of the application's secret, the columns they close, and the change of the secret.

The change may be interrupted anywhere and is then begun again: the next secret is written beside the present one, one
transaction closes anew what either of them opens, and the next one takes the present one's place. While there are two,
the program does not start (bot/settings.py). docs/tasks/rotate-keys.md.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot import settings, tables
from bot.errors import BadSettings
from bot.store import Store, open_store

SECOND_STEP, CALL_BACK, PAYMENT = "second step", "call back", "payment"
ZALO_ACCESS, ZALO_REFRESH = "zalo access", "zalo refresh"
CLOSED = "gAAAA"
# how every value that was encrypted begins (Fernet's version and the first bytes of its time)


@dataclass(frozen=True)
class Encrypted:
    """A column whose values are encrypted."""

    column: sa.Column[Any]
    purpose: str
    # what its key is made for: one key does not open another's values


ENCRYPTED: tuple[Encrypted, ...] = (
    Encrypted(tables.officer.c.totp_secret, SECOND_STEP),
    Encrypted(tables.ticket.c.callback, CALL_BACK),
    Encrypted(tables.zalo_token.c.access_token, ZALO_ACCESS),
    Encrypted(tables.zalo_token.c.refresh_token, ZALO_REFRESH),
)
# every column that bot/data/register.yaml calls encrypted


@dataclass(frozen=True)
class Change:
    """What a change of the secret did."""

    renewed: int
    # values that are now encrypted with the new key
    unreadable: int
    # values that neither key opens; left as they are
    asked_again: int
    # citizens whose digits waited to be compared, and who are asked for them again


def box(purpose: str, secret: str) -> Fernet:
    """What encrypts for one purpose."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose} {secret}".encode()).digest()))


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`rotate-key`."""
    parser = commands.add_parser("rotate-key", help="a new secret key; stop every process of the program before")
    parser.add_argument("--stopped", action="store_true", required=True, help="I have stopped every process")
    parser.set_defaults(run=_rotate)


def rotate(store: Store, path: Path) -> Change:
    """Change the secret in a file, and everything that is closed with it. Raises BadSettings when there is none."""
    if not path.exists():
        raise BadSettings(f"{path} is not there: nothing was ever closed with a key here")
    coming = settings.next_key(path)
    if not coming.exists():
        _write(coming, secrets.token_urlsafe(48))
    change = close_anew(store, path.read_text(), coming.read_text())
    os.replace(coming, path)
    _sync(path.parent)
    return change


def close_anew(store: Store, present: str, coming: str, encrypted: Sequence[Encrypted] = ENCRYPTED) -> Change:
    """Close with the coming secret what the present one, or already the coming one, opens."""
    renewed = unreadable = 0
    with store.writing() as connection:
        for item in encrypted:
            boxes = MultiFernet([box(item.purpose, secret) for secret in (coming, present)])
            opened, closed = _renew(connection, item.column, boxes)
            renewed, unreadable = renewed + opened, unreadable + closed
        return Change(renewed, unreadable, _ask_again(connection))


def _rotate(options: argparse.Namespace) -> int:
    loaded = settings.load()
    change = rotate(open_store(loaded.database), settings.key_path(loaded))
    print(f"new key; encrypted anew: {change.renewed}; asked for their digits again: {change.asked_again}")
    if change.unreadable:
        print(f"{change.unreadable} values were closed with neither key and are as they were: reset these second steps")
    return 0


def _renew(connection: sa.Connection, column: sa.Column[Any], boxes: MultiFernet) -> tuple[int, int]:
    """How many values of a column were closed anew, and how many cannot be opened."""
    table, failed = column.table, 0
    key = list(table.primary_key)
    kept = connection.execute(sa.select(column, *key).where(column.is_not(None))).all()
    for value, *row in kept:
        try:
            renewed = _closed_anew(boxes, value.encode()).decode()
        except InvalidToken:
            failed += 1
            continue
        this = sa.and_(*(part == found for part, found in zip(key, row, strict=True)))
        connection.execute(sa.update(table).where(this).values({column.name: renewed}))
    return len(kept) - failed, failed


def _closed_anew(boxes: MultiFernet, value: bytes) -> bytes:
    """A value under the first key; one from before its column was encrypted is closed now. Raises InvalidToken."""
    return boxes.rotate(value) if value.startswith(CLOSED.encode()) else boxes.encrypt(value)


def _ask_again(connection: sa.Connection) -> int:
    """Digits that wait for their turn cannot be compared any more: they become too few, which costs no try."""
    said = tables.inbox.c
    waiting = connection.execute(sa.select(said.id, said.seal).where(said.seal.is_not(None))).all()
    for number, seal in waiting:
        connection.execute(sa.update(tables.inbox).where(said.id == number).values(seal={**seal, "digest": ""}))
    return len(waiting)


def _write(path: Path, secret: str) -> None:
    """All of it or nothing, readable by us alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

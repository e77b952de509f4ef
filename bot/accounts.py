"""What administrators do with the officers' accounts. Each act is one transaction, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import desks, roster, second_step, tables
from bot.desks import Desks
from bot.locks import alone
from bot.officers import end_all, give, record
from bot.passwords import Passwords, draw
from bot.roles import Role
from bot.staffing import hand_back
from bot.store import Store

MOST_EVENTS = 50


@dataclass(frozen=True)
class Account:
    """One officer, as administrators see them."""

    id: int
    username: str
    name: str
    email: str
    roles: frozenset[Role]
    has_second_step: bool
    disabled_at: datetime | None


@dataclass(frozen=True)
class Event:
    """Something that was done to an account."""

    at: datetime
    by: str
    username: str
    kind: str
    text: str


class LastAdministrator(Exception):
    """Nobody would be left who can undo it."""


class Accounts:
    """The accounts of all officers. An unknown number raises KeyError."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        served: Desks | None = None,
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._passwords = passwords or Passwords()
        self._clock = clock

    def all(self) -> list[Account]:
        """Every account, by username."""
        with self._store.reading() as connection:
            pairs = connection.execute(sa.select(tables.officer_role.c.officer_id, tables.officer_role.c.role)).all()
            rows = connection.execute(sa.select(tables.officer).order_by(tables.officer.c.username)).mappings()
            return [
                _account(row, frozenset(Role(role) for number, role in pairs if number == row["id"])) for row in rows
            ]

    def named(self, username: str) -> Account:
        """The account of that username."""
        return {account.username: account for account in self.all()}[username]

    def events(self) -> list[Event]:
        """What was done lately, the newest first."""
        done = tables.officer_event.c
        query = sa.select(tables.officer_event, tables.officer.c.username).join(tables.officer).order_by(done.id.desc())
        with self._store.reading() as connection:
            rows = connection.execute(query.limit(MOST_EVENTS)).mappings()
            return [Event(row["at"], row["by"], row["username"], row["kind"], row["text"]) for row in rows]

    def set_roles(self, officer_id: int, roles: Collection[Role], by: str) -> None:
        """These roles from now on, also in sessions that are open; who answers no more gives their tickets back.

        Raises LastAdministrator.
        """
        with self._store.writing() as connection:
            _must_exist(connection, officer_id)
            with _keeping_an_administrator(connection):
                give(connection, officer_id, roles)
            record(connection, officer_id, by, "roles", " ".join(sorted(roles)), self._clock())
            self._hand_back(connection, officer_id, by)

    def disable(self, officer_id: int, by: str) -> None:
        """No sign-in any more, the open sessions end now, tickets go back to their queues. Raises LastAdministrator."""
        now = self._clock()
        with self._store.writing() as connection:
            _must_exist(connection, officer_id)
            with _keeping_an_administrator(connection):
                _set(connection, officer_id, disabled_at=now)
            end_all(connection, officer_id, now)
            record(connection, officer_id, by, "disabled", "", now)
            self._hand_back(connection, officer_id, by)

    def enable(self, officer_id: int, by: str) -> None:
        """May sign in again."""
        with self._store.writing() as connection:
            _must_exist(connection, officer_id)
            _set(connection, officer_id, disabled_at=None)
            record(connection, officer_id, by, "enabled", "", self._clock())

    def reset_second_step(self, officer_id: int, by: str) -> None:
        """The officer lost the telephone: no second step, no session."""
        now = self._clock()
        with self._store.writing() as connection:
            _must_exist(connection, officer_id)
            second_step.forget(connection, officer_id)
            end_all(connection, officer_id, now)
            record(connection, officer_id, by, "reset", "", now)

    def give_password(self, officer_id: int, by: str) -> str:
        """A new password, to be told once; the officer must change it. The open sessions end."""
        password, now = draw(), self._clock()
        hashed = self._passwords.hash(password)
        with self._store.writing() as connection:
            _must_exist(connection, officer_id)
            _set(connection, officer_id, password_hash=hashed, must_change=True)
            end_all(connection, officer_id, now)
            record(connection, officer_id, by, "password", "", now)
        return password

    def _hand_back(self, connection: sa.Connection, officer_id: int, by: str) -> None:
        kept = roster.serves(connection, self._desks, officer_id)
        hand_back(connection, self._desks, officer_id, kept, by, "", self._clock())


def _account(row: sa.RowMapping, roles: frozenset[Role]) -> Account:
    named = {name: row[name] for name in ("id", "username", "name", "disabled_at")}
    return Account(email=row["email"] or "", roles=roles, has_second_step=row["totp_secret"] is not None, **named)


def _must_exist(connection: sa.Connection, officer_id: int) -> None:
    if connection.execute(sa.select(tables.officer.c.id).where(tables.officer.c.id == officer_id)).first() is None:
        raise KeyError(officer_id)


@contextmanager
def _keeping_an_administrator(connection: sa.Connection) -> Iterator[None]:
    """Raises LastAdministrator, which undoes the transaction, when what is done inside takes the last one away."""
    alone(connection, "administrators")
    before = _administrators(connection)
    yield
    if before and not _administrators(connection):
        raise LastAdministrator


def _administrators(connection: sa.Connection) -> set[int]:
    """Those who can sign in."""
    query = (
        sa.select(tables.officer.c.id)
        .join(tables.officer_role)
        .where(tables.officer_role.c.role == Role.ADMINISTRATOR.value, tables.officer.c.disabled_at.is_(None))
    )
    return set(connection.execute(query).scalars())


def _set(connection: sa.Connection, officer_id: int, **values: object) -> None:
    connection.execute(sa.update(tables.officer).where(tables.officer.c.id == officer_id).values(**values))

"""Officers: accounts, sign-in and sessions. Passwords are hashed with argon2, sessions kept on the server."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import argon2
import sqlalchemy as sa

from bot import tables
from bot.store import Store

SESSION_LENGTH = timedelta(hours=12)
FAILURE_WINDOW = timedelta(minutes=15)
MOST_FAILURES = 5
UNKNOWN_OFFICER_HASH = argon2.PasswordHasher().hash(secrets.token_urlsafe())


@dataclass(frozen=True)
class Session:
    """A signed-in officer."""

    token: str
    csrf: str
    officer_id: int
    name: str
    expires_at: datetime


class TooManyAttempts(Exception):
    """Sign-in is closed for a while."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Officers:
    """The accounts of the officers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hasher = argon2.PasswordHasher()

    def add(self, username: str, name: str, password: str) -> bool:
        """A new account; False when the username is taken."""
        hashed = self._hasher.hash(password)
        with self._store.writing() as connection:
            if connection.execute(_by_username(username)).first():
                return False
            connection.execute(sa.insert(tables.officer).values(username=username, name=name, password_hash=hashed))
        return True

    def any(self) -> bool:
        """Whether there is any account."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(tables.officer.c.id).limit(1)).first() is not None

    def sign_in(self, username: str, password: str, address: str) -> Session | None:
        """A new session, or None when name or password is wrong. Raises TooManyAttempts."""
        now = datetime.now(UTC)
        with self._store.reading() as connection:
            _refuse_many(connection, (username, address), now)
            officer = connection.execute(_by_username(username)).first()
        if not self._fits(officer.password_hash if officer else UNKNOWN_OFFICER_HASH, password) or officer is None:
            with self._store.writing() as connection:
                rows = [{"who": who, "at": now} for who in {f"name:{username[:100]}", f"from:{address[:100]}"}]
                connection.execute(sa.insert(tables.sign_in_failure), rows)
            return None
        session = Session(
            secrets.token_urlsafe(32), secrets.token_urlsafe(24), officer.id, officer.name, now + SESSION_LENGTH
        )
        with self._store.writing() as connection:
            connection.execute(
                sa.insert(tables.officer_session).values(
                    token_hash=_hash(session.token),
                    officer_id=officer.id,
                    csrf=session.csrf,
                    expires_at=session.expires_at,
                )
            )
        return session

    def session(self, token: str) -> Session | None:
        """The session of a token, when it is known and not over."""
        query = (
            sa.select(tables.officer_session, tables.officer.c.name)
            .join(tables.officer)
            .where(tables.officer_session.c.token_hash == _hash(token))
        )
        with self._store.reading() as connection:
            row = connection.execute(query).first()
        if row is None or row.expires_at < datetime.now(UTC):
            return None
        return Session(token, row.csrf, row.officer_id, row.name, row.expires_at)

    def sign_out(self, token: str) -> None:
        """Forget a session."""
        with self._store.writing() as connection:
            gone = tables.officer_session.c.token_hash == _hash(token)
            connection.execute(sa.delete(tables.officer_session).where(gone))

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except argon2.exceptions.VerifyMismatchError:
            return False


def _by_username(username: str) -> sa.Select[tuple[int, str, str, str]]:
    return sa.select(tables.officer).where(tables.officer.c.username == username)


def _refuse_many(connection: sa.Connection, who: tuple[str, str], now: datetime) -> None:
    names = (f"name:{who[0][:100]}", f"from:{who[1][:100]}")
    query = (
        sa.select(sa.func.count())
        .select_from(tables.sign_in_failure)
        .where(tables.sign_in_failure.c.at > now - FAILURE_WINDOW)
    )
    limits = zip(names, (MOST_FAILURES, MOST_FAILURES * 4), strict=True)
    for name, limit in limits:
        count = connection.execute(query.where(tables.sign_in_failure.c.who == name)).scalar_one()
        if count >= limit:
            raise TooManyAttempts(FAILURE_WINDOW.total_seconds())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Officers at the door: sign-in and sessions. A session is kept on the server and ends by rest, by age or by hand.

A right password opens a session at a stage; only what the stage asks for can be done with it. Every stage that is
passed brings another token (docs/decisions/0016-access.md).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import attempts, tables
from bot.attempts import TooManyAttempts
from bot.passwords import NONE, Passwords
from bot.roles import Role
from bot.store import Store
from integrations.oidc import Identity

__all__ = ["Identity", "Officers", "OpenSession", "Session", "Stage", "TooManyAttempts"]

SESSION_LENGTH = timedelta(hours=12)
IDLE = timedelta(minutes=30)
CODE_WAIT = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
# how exactly a session's last use is kept
KNOWN_FOR = timedelta(days=30)
# an address from which an officer signed in


class Stage(StrEnum):
    """What is still to be done before the console opens."""

    CODE = "code"
    ENROL = "enrol"
    PASSWORD = "password"
    OPEN = "open"


@dataclass(frozen=True)
class Session:
    """A signed-in officer."""

    token: str
    csrf: str
    officer_id: int
    username: str
    name: str
    roles: frozenset[Role]
    stage: Stage
    expires_at: datetime
    id: int

    def may(self, *roles: Role) -> bool:
        """Whether the officer has one of the roles."""
        return bool(self.roles.intersection(roles))


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it in the list."""

    id: int
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime


class Officers:
    """Who may use the console. `required`: the roles that need a second step."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords | None = None,
        required: Collection[Role] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._passwords = passwords or Passwords()
        self._required = frozenset(required)
        self._clock = clock

    def add(
        self,
        username: str,
        name: str,
        password: str,
        roles: Collection[Role] = (Role.OFFICER,),
        *,
        email: str = "",
        by: str = "command",
        must_change: bool = False,
    ) -> bool:
        """A new account; False when its username or e-mail is taken."""
        values = {"username": username, "name": name, "email": email.lower() or None, "must_change": must_change}
        hashed = self._passwords.hash(password)
        try:
            with self._store.writing() as connection:
                made = connection.execute(sa.insert(tables.officer).values(password_hash=hashed, **values))
                officer_id = int(made.inserted_primary_key[0])  # type: ignore[index]
                give(connection, officer_id, roles)
                record(connection, officer_id, by, "added", " ".join(sorted(roles)), self._clock())
        except sa.exc.IntegrityError:
            return False
        return True

    def any(self) -> bool:
        """Whether there is any account."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(tables.officer.c.id).limit(1)).first() is not None

    def sign_in(self, username: str, password: str, address: str, agent: str = "") -> Session | None:
        """A new session, or None when name or password is wrong. Raises TooManyAttempts."""
        now = self._clock()
        with self._store.reading() as connection:
            officer = _officer(connection, tables.officer.c.username == username)
            is_known = officer is not None and _came_from(connection, officer["id"], address, now)
            attempts.refuse_guesser(connection, username, address, now, is_known=is_known)
        fits = self._passwords.fits(officer["password_hash"] if officer else None, password)
        if officer is None or not fits:
            with self._store.writing() as connection:
                attempts.count(connection, username, address, now)
            return None
        outdated = self._passwords.is_outdated(officer["password_hash"])
        anew = self._passwords.hash(password) if outdated else officer["password_hash"]
        with self._store.writing() as connection:
            attempts.forgive(connection, username, address)
            if outdated:
                _change(connection, officer["id"], password_hash=anew)
            return self._open(connection, officer, address, agent)

    def sign_in_as(self, identity: Identity, address: str, agent: str = "") -> Session | None:
        """A session for whom an identity provider vouches; None when no officer of ours is meant."""
        with self._store.writing() as connection:
            officer = _officer(connection, tables.officer.c.subject == identity.subject)
            if officer is None and identity.email:
                unbound = sa.and_(tables.officer.c.email == identity.email, tables.officer.c.subject.is_(None))
                officer = _officer(connection, unbound)
            if officer is None:
                return None
            _change(connection, officer["id"], subject=identity.subject)
            if officer["must_change"]:
                # a password that somebody else knows and that nobody needs
                _change(connection, officer["id"], password_hash=NONE, must_change=False)
            known = {**officer, "must_change": False}
            return self._open(connection, known, address, agent, two_steps=identity.two_steps)

    def advance(self, session: Session) -> Session:
        """The stage of a session is done: the next one, by another token. The old token is good no more."""
        with self._store.writing() as connection:
            kept = (
                connection.execute(sa.select(tables.officer_session).where(tables.officer_session.c.id == session.id))
                .mappings()
                .one()
            )
            _end(connection, self._clock(), tables.officer_session.c.id == session.id)
            officer = _officer(connection, tables.officer.c.id == session.officer_id)
            if officer is None:
                raise KeyError(session.officer_id)
            return self._open(connection, officer, kept["address"], kept["agent"], two_steps=True)

    def session(self, token: str, *, in_use: bool = True) -> Session | None:
        """The session of a token, when it is not over. A page that refreshes itself is no use of it."""
        now, kept = self._clock(), tables.officer_session.c
        query = (
            sa.select(tables.officer_session, tables.officer.c.username, tables.officer.c.name)
            .join(tables.officer)
            .where(kept.token_hash == _hash(token), _is_live(now), tables.officer.c.disabled_at.is_(None))
        )
        with self._store.reading() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            roles = roles_of(connection, row["officer_id"])
        if in_use and now - row["seen_at"] >= SEEN_EVERY:
            with self._store.writing() as connection:
                this = kept.token_hash == _hash(token)
                connection.execute(sa.update(tables.officer_session).where(this).values(seen_at=now))
        return _session(token, row, roles)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._store.writing() as connection:
            _end(connection, self._clock(), tables.officer_session.c.token_hash == _hash(token))

    def sessions(self, officer_id: int) -> list[OpenSession]:
        """An officer's live sessions, the last used first."""
        kept = tables.officer_session.c
        query = sa.select(tables.officer_session).where(kept.officer_id == officer_id, _is_live(self._clock()))
        with self._store.reading() as connection:
            rows = connection.execute(query.order_by(kept.seen_at.desc(), kept.id.desc())).mappings()
            names = OpenSession.__dataclass_fields__
            return [OpenSession(**{name: row[name] for name in names}) for row in rows]

    def end(self, officer_id: int, session_id: int) -> None:
        """End one of an officer's sessions."""
        kept = tables.officer_session.c
        with self._store.writing() as connection:
            _end(connection, self._clock(), sa.and_(kept.officer_id == officer_id, kept.id == session_id))

    def change_password(self, session: Session, old: str, new: str, address: str) -> Session | None:
        """A new password: every session ends and another one opens. None when the old password is wrong.

        Raises TooManyAttempts: whoever finds an open browser may not guess either.
        """
        now = self._clock()
        with self._store.reading() as connection:
            attempts.refuse_guesser(connection, session.username, address, now, is_known=True)
            officer = _officer(connection, tables.officer.c.id == session.officer_id)
        if officer is None or not self._passwords.fits(officer["password_hash"], old):
            with self._store.writing() as connection:
                attempts.count(connection, session.username, address, now)
            return None
        hashed = self._passwords.hash(new)
        with self._store.writing() as connection:
            _change(connection, session.officer_id, password_hash=hashed, must_change=False)
            end_all(connection, session.officer_id, now)
            record(connection, session.officer_id, session.username, "password", "", now)
            return self._open(connection, {**officer, "must_change": False}, address, "", two_steps=True)

    def _open(
        self,
        connection: sa.Connection,
        officer: Any,
        address: str,
        agent: str,
        *,
        two_steps: bool = False,
    ) -> Session:
        now, token = self._clock(), secrets.token_urlsafe(32)
        roles = roles_of(connection, officer["id"])
        stage = self._stage(officer, roles, two_steps)
        values = {
            "officer_id": officer["id"],
            "csrf": secrets.token_urlsafe(24),
            "stage": stage.value,
            "expires_at": now + (CODE_WAIT if stage is Stage.CODE else SESSION_LENGTH),
        }
        told = {"address": address[:100], "agent": agent[:120], "created_at": now, "seen_at": now}
        made = connection.execute(sa.insert(tables.officer_session).values(token_hash=_hash(token), **values, **told))
        session_id = int(made.inserted_primary_key[0])  # type: ignore[index]
        names = {"username": officer["username"], "name": officer["name"]}
        return _session(token, {**values, **names, "id": session_id}, roles)

    def _stage(self, officer: Any, roles: frozenset[Role], two_steps: bool) -> Stage:
        if officer["totp_secret"] and not two_steps:
            return Stage.CODE
        if not officer["totp_secret"] and not two_steps and roles & self._required:
            return Stage.ENROL
        return Stage.PASSWORD if officer["must_change"] else Stage.OPEN


def roles_of(connection: sa.Connection, officer_id: int) -> frozenset[Role]:
    """The roles of an officer."""
    query = sa.select(tables.officer_role.c.role).where(tables.officer_role.c.officer_id == officer_id)
    return frozenset(Role(name) for name in connection.execute(query).scalars())


def give(connection: sa.Connection, officer_id: int, roles: Collection[Role]) -> None:
    """These roles and no other."""
    connection.execute(sa.delete(tables.officer_role).where(tables.officer_role.c.officer_id == officer_id))
    rows = [{"officer_id": officer_id, "role": role.value} for role in sorted(set(roles))]
    if rows:
        connection.execute(sa.insert(tables.officer_role), rows)


def record(connection: sa.Connection, officer_id: int, by: str, kind: str, text: str, now: datetime) -> None:
    """Who did what to an account."""
    values = {"officer_id": officer_id, "by": by, "kind": kind, "text": text[:200], "at": now}
    connection.execute(sa.insert(tables.officer_event).values(**values))


def end_all(connection: sa.Connection, officer_id: int, now: datetime) -> None:
    """End every session of an officer."""
    _end(connection, now, tables.officer_session.c.officer_id == officer_id)


def _end(connection: sa.Connection, now: datetime, which: sa.ColumnElement[bool]) -> None:
    live = tables.officer_session.c.ended_at.is_(None)
    connection.execute(sa.update(tables.officer_session).where(which, live).values(ended_at=now))


def _officer(connection: sa.Connection, which: sa.ColumnElement[bool]) -> sa.RowMapping | None:
    """The account that is meant, unless it is disabled."""
    query = sa.select(tables.officer).where(which, tables.officer.c.disabled_at.is_(None))
    return connection.execute(query).mappings().first()


def _change(connection: sa.Connection, officer_id: int, **values: object) -> None:
    connection.execute(sa.update(tables.officer).where(tables.officer.c.id == officer_id).values(**values))


def _came_from(connection: sa.Connection, officer_id: int, address: str, now: datetime) -> bool:
    """Whether the officer got past the password from that address lately."""
    kept = tables.officer_session.c
    query = sa.select(kept.id).where(
        kept.officer_id == officer_id, kept.address == address[:100], kept.created_at > now - KNOWN_FOR
    )
    return connection.execute(query.limit(1)).first() is not None


def _is_live(now: datetime) -> sa.ColumnElement[bool]:
    kept = tables.officer_session.c
    return sa.and_(kept.ended_at.is_(None), kept.expires_at > now, kept.seen_at > now - IDLE)


def _session(token: str, row: Any, roles: frozenset[Role]) -> Session:
    stage = Stage(row["stage"])
    named = {name: row[name] for name in ("csrf", "officer_id", "username", "name", "expires_at", "id")}
    return Session(token=token, roles=roles, stage=stage, **named)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

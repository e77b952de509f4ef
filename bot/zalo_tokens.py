"""The book of Zalo's tokens: one row an application, shared by all workers over the database.

Both tokens are encrypted (bot/keys.py). A lease is one compare-and-set (`UPDATE ... WHERE`), which SQLite and
PostgreSQL both do atomically. The row is changed only where it still holds the refresh token that the caller saw,
as it was encrypted: whoever comes late changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from datetime import datetime

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from bot import keys, tables
from bot.locks import alone
from bot.store import Store
from integrations.errors import IntegrationError
from integrations.zalo_tokens import TokenPair, Tokens

log = logging.getLogger(__name__)

TOKEN = tables.zalo_token
WRITE_AGAIN_AFTER_S = (0.2, 1.0, 3.0)
# seconds; a fresh pair that is not written is lost for ever, so a database in trouble is asked again
LOOK_EVERY_S = 600.0


class ZaloTokens:
    """The token book of one application. `key` is the application's secret."""

    def __init__(self, store: Store, app_id: str, key: str) -> None:
        self._store = store
        self._app_id = app_id
        self._boxes = {
            "access_token": keys.box(keys.ZALO_ACCESS, key),
            "refresh_token": keys.box(keys.ZALO_REFRESH, key),
        }

    def current(self) -> TokenPair | None:
        """The pair in use; None before anybody authorised us, and when the key that closed it is gone."""
        query = sa.select(TOKEN).where(TOKEN.c.app_id == self._app_id)
        with self._store.reading() as connection:
            row = connection.execute(query).mappings().first()
        access, refresh = (self._open(name, row[name]) if row else None for name in ("access_token", "refresh_token"))
        return (
            None if row is None or access is None or refresh is None else TokenPair(access, refresh, row["expires_at"])
        )

    def lease(self, pair: TokenPair, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may use the pair's refresh token until then."""
        free = sa.or_(TOKEN.c.lease_until.is_(None), TOKEN.c.lease_until <= now)
        with self._store.writing() as connection:
            this = self._is(connection, pair)
            taken = connection.execute(sa.update(TOKEN).where(this, free).values(lease_until=until))
        return taken.rowcount == 1

    def replace(self, used: TokenPair, fresh: TokenPair, now: datetime) -> None:
        """Keep the fresh pair in the used one's place, and end the lease. Raises SQLAlchemyError after the last try."""
        for wait_s in WRITE_AGAIN_AFTER_S:
            try:
                return self._replace(used, fresh, now)
            except sa.exc.OperationalError:
                log.warning("fresh Zalo tokens were not written, trying again")
                time.sleep(wait_s)
        self._replace(used, fresh, now)

    def seed(self, refresh_token: str, now: datetime) -> None:
        """Take a refresh token that an operator set, once: the same one is not taken again after it was used."""
        seed = hashlib.sha256(refresh_token.encode()).hexdigest()
        pair = TokenPair("", refresh_token, now)
        with self._store.writing() as connection:
            alone(connection, f"zalo {self._app_id}")
            known = connection.execute(sa.select(TOKEN.c.seed).where(TOKEN.c.app_id == self._app_id)).scalar()
            if known != seed:
                self._put(connection, pair, seed, now)

    def keep(self, pair: TokenPair, now: datetime) -> None:
        """Take the pair of a new authorisation; the seed of the settings stays used."""
        with self._store.writing() as connection:
            alone(connection, f"zalo {self._app_id}")
            known = connection.execute(sa.select(TOKEN.c.seed).where(TOKEN.c.app_id == self._app_id)).scalar()
            self._put(connection, pair, known or "", now)

    def close_plain(self) -> None:
        """Encrypt a pair that was written before tokens were; once, and again does nothing."""
        query = sa.select(TOKEN.c.access_token, TOKEN.c.refresh_token).where(TOKEN.c.app_id == self._app_id)
        with self._store.writing() as connection:
            row = connection.execute(query).mappings().first()
            plain = {name: value for name, value in (row or {}).items() if not value.startswith(keys.CLOSED)}
            if plain:
                here = sa.and_(TOKEN.c.app_id == self._app_id, *(TOKEN.c[name] == plain[name] for name in plain))
                closed = {name: self._close(name, value) for name, value in plain.items()}
                connection.execute(sa.update(TOKEN).where(here).values(closed))

    def _put(self, connection: sa.Connection, pair: TokenPair, seed: str, now: datetime) -> None:
        connection.execute(sa.delete(TOKEN).where(TOKEN.c.app_id == self._app_id))
        connection.execute(sa.insert(TOKEN).values(app_id=self._app_id, seed=seed, **self._values(pair, now)))

    def _replace(self, used: TokenPair, fresh: TokenPair, now: datetime) -> None:
        with self._store.writing() as connection:
            this = self._is(connection, used)
            connection.execute(sa.update(TOKEN).where(this).values(**self._values(fresh, now)))

    def _is(self, connection: sa.Connection, pair: TokenPair) -> sa.ColumnElement[bool]:
        """The row, as long as it holds the value that was read here and opens to the pair's refresh token."""
        ours = TOKEN.c.app_id == self._app_id
        held = connection.execute(sa.select(TOKEN.c.refresh_token).where(ours)).scalar()
        is_same = held is not None and self._open("refresh_token", held) == pair.refresh_token
        return sa.and_(ours, TOKEN.c.refresh_token == held) if is_same else sa.false()

    def _values(self, pair: TokenPair, now: datetime) -> dict[str, object]:
        return {
            "access_token": self._close("access_token", pair.access_token),
            "refresh_token": self._close("refresh_token", pair.refresh_token),
            "expires_at": pair.expires_at,
            "refreshed_at": now,
            "lease_until": None,
        }

    def _close(self, name: str, token: str) -> str:
        return self._boxes[name].encrypt(token.encode()).decode()

    def _open(self, name: str, value: str) -> str | None:
        """A token; one from before they were encrypted is itself. None when the key is gone."""
        if not value.startswith(keys.CLOSED):
            return value
        try:
            return self._boxes[name].decrypt(value.encode()).decode()
        except InvalidToken:
            return None


def keep_fresh(tokens: Tokens, stop: threading.Event) -> None:
    """Refresh in time also while nobody writes, until told to stop: a refresh token that rests for months is dead."""
    while True:
        try:
            tokens.usable()
        except (IntegrationError, sa.exc.SQLAlchemyError) as error:
            log.error("Zalo tokens are not fresh: %s", type(error).__name__)
        if stop.wait(LOOK_EVERY_S):
            return

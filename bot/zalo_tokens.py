"""The book of Zalo's tokens: one row an application, shared by all workers over the database.

A lease is one compare-and-set (`UPDATE ... WHERE`), which SQLite and PostgreSQL both do atomically. The row is changed
only where it still holds the refresh token that the caller saw: whoever comes late changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from datetime import datetime

import sqlalchemy as sa

from bot import tables
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
    """The token book of one application."""

    def __init__(self, store: Store, app_id: str) -> None:
        self._store = store
        self._app_id = app_id

    def current(self) -> TokenPair | None:
        """The pair in use; None before anybody authorised us."""
        query = sa.select(TOKEN).where(TOKEN.c.app_id == self._app_id)
        with self._store.reading() as connection:
            row = connection.execute(query).mappings().first()
        return TokenPair(row["access_token"], row["refresh_token"], row["expires_at"]) if row else None

    def lease(self, pair: TokenPair, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may use the pair's refresh token until then."""
        free = sa.or_(TOKEN.c.lease_until.is_(None), TOKEN.c.lease_until <= now)
        with self._store.writing() as connection:
            taken = connection.execute(sa.update(TOKEN).where(self._is(pair), free).values(lease_until=until))
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

    def _put(self, connection: sa.Connection, pair: TokenPair, seed: str, now: datetime) -> None:
        connection.execute(sa.delete(TOKEN).where(TOKEN.c.app_id == self._app_id))
        connection.execute(sa.insert(TOKEN).values(app_id=self._app_id, seed=seed, **_values(pair, now)))

    def _replace(self, used: TokenPair, fresh: TokenPair, now: datetime) -> None:
        with self._store.writing() as connection:
            connection.execute(sa.update(TOKEN).where(self._is(used)).values(**_values(fresh, now)))

    def _is(self, pair: TokenPair) -> sa.ColumnElement[bool]:
        return sa.and_(TOKEN.c.app_id == self._app_id, TOKEN.c.refresh_token == pair.refresh_token)


def keep_fresh(tokens: Tokens, stop: threading.Event) -> None:
    """Refresh in time also while nobody writes, until told to stop: a refresh token that rests for months is dead."""
    while True:
        try:
            tokens.usable()
        except (IntegrationError, sa.exc.SQLAlchemyError) as error:
            log.error("Zalo tokens are not fresh: %s", type(error).__name__)
        if stop.wait(LOOK_EVERY_S):
            return


def _values(pair: TokenPair, now: datetime) -> dict[str, object]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_at": pair.expires_at,
        "refreshed_at": now,
        "lease_until": None,
    }

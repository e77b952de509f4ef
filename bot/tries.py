"""Tries of the second factor, counted before they are compared: for each conversation, and for each dossier.

A row holds no digits and no code: a conversation, a keyed name of the dossier, a time. A right answer takes its
conversation's rows away; "forget my data" does not, otherwise it would give three more tries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import tables
from bot.locks import alone
from bot.second_factor import Attempt, Rules, Seal, Sealer
from bot.store import Store

TRY = tables.factor_try


@dataclass(frozen=True)
class Tries:
    """The book of tries. Each entry is one transaction."""

    store: Store
    sealer: Sealer
    rules: Rules

    def enter(self, conversation_id: int, inbox_id: int, seal: Seal, now: datetime) -> Attempt:
        """Count an answer before it is compared; a message that is worked on again counts once."""
        check = self.sealer.check(seal)
        if not seal.digest:
            return Attempt(seal.code, check, too_short=True)
        dossier = self.sealer.name(seal.code)
        with self.store.writing() as connection:
            alone(connection, f"tries {dossier}")
            made = self._made(connection, dossier, inbox_id, now)
            mine = [at for owner, at in made if owner == conversation_id]
            locked = len(mine) >= self.rules.tries or len(made) >= self.rules.everyone
            wait_s = 0 if locked or not mine else self._wait_s(mine, now)
            if not (locked or wait_s):
                _write(connection, conversation_id, inbox_id, dossier, now)
        return Attempt(seal.code, check, wait_s, locked)

    def clear(self, connection: sa.Connection, conversation_id: int, code: str) -> None:
        """The answer was right: inside the transaction of its turn."""
        here = sa.and_(TRY.c.conversation_id == conversation_id, TRY.c.dossier == self.sealer.name(code))
        connection.execute(sa.delete(TRY).where(here))

    def _made(
        self, connection: sa.Connection, dossier: str, inbox_id: int, now: datetime
    ) -> list[tuple[int, datetime]]:
        """Who tried this dossier before, and when, the oldest first."""
        since = now - timedelta(seconds=self.rules.window_s)
        query = (
            sa.select(TRY.c.conversation_id, TRY.c.at)
            .where(TRY.c.dossier == dossier, TRY.c.at > since, TRY.c.inbox_id != inbox_id)
            .order_by(TRY.c.at)
        )
        return [(row.conversation_id, row.at) for row in connection.execute(query)]

    def _wait_s(self, mine: list[datetime], now: datetime) -> int:
        """Whole seconds until the next try: the more were wrong, the longer."""
        free_at = mine[-1] + timedelta(seconds=self.rules.waits_s[len(mine) - 1])
        return max(0, math.ceil((free_at - now).total_seconds()))


def take_back(connection: sa.Connection, inbox_id: int) -> None:
    """It was not compared after all: the portal did not answer. Inside the transaction of its turn."""
    connection.execute(sa.delete(TRY).where(TRY.c.inbox_id == inbox_id))


def _write(connection: sa.Connection, conversation_id: int, inbox_id: int, dossier: str, now: datetime) -> None:
    if connection.execute(sa.select(TRY.c.id).where(TRY.c.inbox_id == inbox_id)).first():
        return
    row = {"conversation_id": conversation_id, "inbox_id": inbox_id, "dossier": dossier, "at": now}
    connection.execute(sa.insert(TRY).values(**row))

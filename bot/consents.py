"""Consents as kept: to what, in which words, when and where, and when it was taken back; that takes effect at once.

The functions work inside the caller's transaction. Decree 356/2025 gives fifteen days for a withdrawal; here it is done
in the turn that says so.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot import consent, followers, tables
from bot.decisions import Decision, Follow, WithdrawConsent

_consent = tables.consent.c


def settle(connection: sa.Connection, conversation_id: int, decision: Decision, at: datetime) -> None:
    """Keep what a turn says about consent, in the turn's transaction."""
    match decision:
        case Follow(_, channel, _, agreed) if agreed:
            give(connection, conversation_id, consent.FOLLOW, channel, at)
        case WithdrawConsent():
            withdraw(connection, conversation_id, at)


def give(connection: sa.Connection, conversation_id: int, purpose: str, channel: str, at: datetime) -> None:
    """A yes to the words of today; the same one again is not written twice."""
    version = consent.load()[purpose].version
    same = (_consent.conversation_id == conversation_id, _consent.purpose == purpose, _consent.version == version)
    if connection.execute(sa.select(_consent.id).where(*same, _consent.withdrawn_at.is_(None))).first() is None:
        values = {"conversation_id": conversation_id, "purpose": purpose, "version": version, "channel": channel}
        connection.execute(sa.insert(tables.consent).values(**values, given_at=at))


def withdraw(connection: sa.Connection, conversation_id: int, at: datetime) -> None:
    """Every consent ends, and what was done on it: nothing is followed, and numbers to call back on are deleted."""
    given = sa.and_(_consent.conversation_id == conversation_id, _consent.withdrawn_at.is_(None))
    connection.execute(sa.update(tables.consent).where(given).values(withdrawn_at=at))
    followers.forget(connection, [conversation_id])
    mine = tables.ticket.c.conversation_id == conversation_id
    connection.execute(sa.update(tables.ticket).where(mine).values(callback=None))

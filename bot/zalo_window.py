"""Until when a citizen on Zalo may be written to: Zalo counts from the last thing they sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import tables
from bot.store import Store

FREE = timedelta(hours=48)
OPEN = timedelta(days=7)
FOLLOWED = "follow:%"
# ids of our own for the event of following, which is no message


@dataclass(frozen=True)
class Window:
    """When writing ends."""

    free_until: datetime
    # aware; later messages are paid
    open_until: datetime
    # aware; later messages are refused, only SMS, telephone or a paid template are left


def window(last_said_at: datetime) -> Window:
    """The window that a citizen's message opens."""
    return Window(last_said_at + FREE, last_said_at + OPEN)


def last_said_at(store: Store, address: str) -> datetime | None:
    """When the citizen last sent something on Zalo; None when they only followed the account, or are not known."""
    this = sa.and_(tables.conversation.c.channel == "zalo", tables.conversation.c.address == address)
    with store.reading() as connection:
        conversation_id = connection.execute(sa.select(tables.conversation.c.id).where(this)).scalar()
        return last_said_in(connection, conversation_id) if conversation_id else None


def last_said_in(connection: sa.Connection, conversation_id: int) -> datetime | None:
    """When the citizen last sent something in a conversation on Zalo."""
    query = (
        sa.select(sa.func.max(tables.inbox.c.received_at, type_=tables.UtcTime))
        .where(tables.inbox.c.conversation_id == conversation_id)
        .where(tables.inbox.c.message_id.not_like(FOLLOWED))
    )
    found: datetime | None = connection.execute(query).scalar()
    return found

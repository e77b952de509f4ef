"""What one citizen's conversation holds, for channels where the citizen comes to fetch it (the web chat)."""

from __future__ import annotations

import sqlalchemy as sa

from bot import tables
from bot.conversation import Owner
from bot.handoff import Line, transcript
from bot.outbox import Delivery, Outbox
from bot.present import now
from bot.store import Store


class Mailbox:
    """Replies and transcript of an address."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    def outgoing(self, channel: str, address: str, after_id: int) -> list[Delivery]:
        """Replies after that id, oldest first; they count as sent once fetched."""
        found = self._outbox.since(channel, address, after_id)
        if found:
            self._outbox.fetched(channel, address, found[-1].id, now())
        return found

    def newest(self) -> int:
        """The last reply of all, on any channel."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(sa.func.max(tables.outbox.c.id))).scalar() or 0

    def news(self, after: int) -> dict[str, int]:
        """The addresses of every channel that have replies after one, each with its newest."""
        reply, talk = tables.outbox.c, tables.conversation
        query = sa.select(talk.c.address, sa.func.max(reply.id)).join(talk, talk.c.id == reply.conversation_id)
        with self._store.reading() as connection:
            found = connection.execute(query.where(reply.id > after).group_by(talk.c.address))
            return {address: newest for address, newest in found}

    def transcript(self, channel: str, address: str) -> list[Line]:
        """Everything the citizen and the other side said, oldest first; replies count as sent once they were shown."""
        with self._store.reading() as connection:
            known = connection.execute(_conversation(channel, address)).first()
            lines = transcript(connection, known.id, private=True) if known else []
        shown = max((line.id for line in lines if line.id is not None), default=0)
        self._outbox.fetched(channel, address, shown, now())
        return lines

    def owner(self, channel: str, address: str) -> Owner:
        """Who answers now."""
        with self._store.reading() as connection:
            known = connection.execute(_conversation(channel, address)).first()
        return Owner(known.owner) if known else Owner.BOT


def _conversation(channel: str, address: str) -> sa.Select[tuple[int, str]]:
    return sa.select(tables.conversation.c.id, tables.conversation.c.owner).where(
        tables.conversation.c.channel == channel, tables.conversation.c.address == address
    )

"""Set aside: messages that could not be answered and replies that could not be sent, until an officer looks at them.

Both stand outside their conversation's order: what comes after them goes on. Every act of an officer is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import tables
from bot.store import Store

BOXES = {"inbox": tables.inbox, "outbox": tables.outbox}
AGAIN = {"inbox": "new", "outbox": "pending"}
MOST_SHOWN = 200


@dataclass(frozen=True)
class Aside:
    """One thing set aside. Neither its words nor its citizen's address are shown."""

    box: str
    # "inbox": a citizen's message; "outbox": a reply
    id: int
    conversation_id: int
    channel: str
    at: datetime
    # when it was received or written
    reason: str
    # name of the error, or of the refusal; empty when it was set aside before reasons were kept
    attempts: int


class SetAside:
    """What officers do with it. Each act is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Aside]:
        """The newest first, at most MOST_SHOWN of each box."""
        with self._store.reading() as connection:
            found = [_aside(name, row) for name in BOXES for row in connection.execute(_failed(name)).mappings()]
        return sorted(found, key=lambda item: item.at, reverse=True)

    def retry(self, box: str, item_id: int, officer_id: int) -> bool:
        """Try it again, with all its attempts; False when it is not set aside (any more)."""
        now = datetime.now(UTC)
        values = {"attempts": 0, **({"next_at": now} if box == "outbox" else {"lease_until": None})}
        return self._change(box, item_id, officer_id, "retried", now, status=AGAIN[box], **values)

    def discard(self, box: str, item_id: int, officer_id: int) -> bool:
        """Look at it no more; False when it is not set aside (any more). It stays in the transcript."""
        return self._change(box, item_id, officer_id, "discarded", datetime.now(UTC), status="discarded")

    def _change(self, box: str, item_id: int, officer_id: int, kind: str, now: datetime, /, **values: object) -> bool:
        table = BOXES[box]
        with self._store.writing() as connection:
            query = sa.select(table.c.conversation_id).where(table.c.id == item_id, table.c.status == "failed")
            conversation_id = connection.execute(query.with_for_update()).scalar()
            if conversation_id is None:
                return False
            connection.execute(sa.update(table).where(table.c.id == item_id).values(**values))
            connection.execute(
                sa.insert(tables.aside_event).values(
                    conversation_id=conversation_id, box=box, item_id=item_id, officer_id=officer_id, kind=kind, at=now
                )
            )
        return True


def _failed(box: str) -> sa.Select[tuple[object, ...]]:
    table = BOXES[box]
    at = table.c.received_at if box == "inbox" else table.c.created_at
    columns = (table.c.id, table.c.conversation_id, table.c.channel, table.c.reason, table.c.attempts)
    query = sa.select(*columns, at.label("at")).where(tables.set_aside(table.c.status))
    return query.order_by(table.c.id.desc()).limit(MOST_SHOWN)


def _aside(box: str, row: sa.RowMapping) -> Aside:
    return Aside(
        box, row["id"], row["conversation_id"], row["channel"], row["at"], row["reason"] or "", row["attempts"]
    )

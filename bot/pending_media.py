"""Voice messages and photos that are to be read before they are answered: held in the inbox, and for no longer.

The message is committed before its channel is told, like every other; a worker that comes by finds it taken until the
hold is over. Then it is answered as what it is without being read, so that nobody waits for a reader that died. What
was read counts once: whoever brings it too late, or second, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import attachments, tables
from bot.conversation import Owner
from bot.inbox import LEASE, MEDIA, MESSAGE, READING, TO_READ, factor_for
from bot.media_words import PHOTO, SOUND
from bot.messages import InboundMessage
from bot.present import now as present
from bot.store import Store, announce
from bot.utterance import Utterance

LARGEST_BYTES = {SOUND: 2 * 2**20, PHOTO: 10 * 2**20}
# half a minute of speech takes some hundred kilobytes
_inbox = tables.inbox.c


@dataclass(frozen=True)
class Pending:
    """A message whose sound or photo is to be read."""

    inbox_id: int
    conversation_id: int
    channel: str
    kind: str
    # "sound" or "photo"
    ref: str
    # by which the channel gives it out
    attachment: dict[str, Any]
    # as it is stored


class PendingMedia:
    """What waits to be read. `kinds`: those that this installation can read; none, and nothing is held."""

    def __init__(self, store: Store, kinds: Collection[str] = (), clock: Callable[[], datetime] = present) -> None:
        self._store = store
        self.kinds = frozenset(kinds)
        self._clock = clock

    def hold(self, connection: sa.Connection, conversation_id: int, message: InboundMessage) -> dict[str, Any]:
        """What else is kept of a message that arrives, when it is to be read; nothing for every other.

        What officers hold is theirs to open. While the last digits of a number are awaited nothing is read: they would
        be stored.
        """
        sent = message.attachment
        if sent is None or message.text or sent.kind not in self.kinds or not sent.ref:
            return {}
        if (sent.size_bytes or 0) > LARGEST_BYTES[sent.kind] or not _is_ours(connection, conversation_id):
            return {}
        until = self._clock() + LEASE
        return {
            "status": "working",
            "lease_until": until,
            "reason": TO_READ,
            "attachment": attachments.held(sent),
        }

    def take(self) -> Pending | None:
        """The oldest message that nobody reads yet; None when there is none."""
        waits = (tables.unread(_inbox.status), _inbox.reason == TO_READ, _inbox.lease_until > self._clock())
        query = sa.select(tables.inbox).where(*waits).order_by(_inbox.id).limit(1).with_for_update(skip_locked=True)
        with self._store.writing() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            this = sa.update(tables.inbox).where(_inbox.id == row["id"])
            connection.execute(this.values(reason=READING))
        sent = row["attachment"]
        return Pending(row["id"], row["conversation_id"], row["channel"], sent["kind"], sent["ref"], sent)

    def settle(self, pending: Pending, utterance: Utterance) -> bool:
        """Give a message on with what was read; False when it was answered meanwhile. No way to the file is kept."""
        held = (_inbox.id == pending.inbox_id, _inbox.status == "working", _inbox.reason.in_(MEDIA))
        with self._store.writing() as connection:
            values = {} if factor_for(connection, pending.conversation_id) else _words(utterance)
            given = sa.update(tables.inbox).where(*held)
            closed = attachments.closed(pending.attachment)
            done = connection.execute(
                given.values(status="new", lease_until=None, reason=None, attachment=closed, **values)
            )
            announce(connection, MESSAGE)
        return done.rowcount == 1


def _words(utterance: Utterance) -> dict[str, Any]:
    """What is stored of words that were read; where there are none, the message stays what it was."""
    if not utterance.text:
        return {}
    return {
        "kind": utterance.kind.value,
        "text": utterance.text,
        "masked": list(utterance.masked),
        "length": utterance.length,
    }


def _is_ours(connection: sa.Connection, conversation_id: int) -> bool:
    """Whether the assistant answers here, and awaits no digits."""
    query = sa.select(tables.conversation.c.owner).where(tables.conversation.c.id == conversation_id)
    is_bots = connection.execute(query).scalar_one() == Owner.BOT.value
    return is_bots and not factor_for(connection, conversation_id)

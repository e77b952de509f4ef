"""The door: where a channel hands in a message. It keeps floods away from the inbox, and answers each once.

Nothing is stored of a dropped message. A conversation that waits for an officer or is held by one has more room.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from bot import outbox, tables
from bot.callback import Callbacks
from bot.conversation import Owner
from bot.errors import NotKept
from bot.flood import Bound, Excess, Flood, What
from bot.inbox import Hold, Inbox, conversation_of
from bot.messages import InboundMessage, Reply
from bot.present import now
from bot.second_factor import Sealer
from bot.store import Store
from bot.utterance import LONGEST_READ
from bot.wording import say, words
from nlu.entities import find

log = logging.getLogger(__name__)

DAY = re.compile(r"\d{6}")
# the day in the middle of every dossier code
HELD = (Owner.QUEUE.value, Owner.OFFICER.value)
TWO_MINUTES_S, TWO_HOURS_S = 120, 7200
NOTES = {Bound.PERSON: "too_many", Bound.NETWORK: "too_many", Bound.EVERYONE: "too_busy"}


class TooMany(Exception):
    """The message was dropped; whoever sent it may try again."""

    def __init__(self, excess: Excess) -> None:
        super().__init__(f"too many {excess.what} of {excess.bound}: try again in {excess.retry_after_s} s")
        self.retry_after_s = excess.retry_after_s
        if excess.what is What.LOOKUPS:
            self.reply = say("too_curious", wait=_spoken(excess.retry_after_s))
        else:
            self.reply = say(NOTES[excess.bound], wait_s=str(excess.retry_after_s))


def _spoken(wait_s: int) -> str:
    """A wait in the unit that is short to say, rounded up."""
    if wait_s < TWO_MINUTES_S:
        return str(words()["waits"]["seconds"]).format(number=wait_s)
    if wait_s < TWO_HOURS_S:
        return str(words()["waits"]["minutes"]).format(number=-(-wait_s // 60))
    return str(words()["waits"]["hours"]).format(number=-(-wait_s // 3600))


def codes_in(text: str) -> int:
    """How many dossier codes a message would have looked up."""
    read = text[:LONGEST_READ]
    return sum(entity.kind == "dossier_code" for entity in find(read)) if DAY.search(read) else 0


class Door:
    """Two ways in: for a sender that waits for our answer, and for a vendor that only pushes."""

    def __init__(
        self,
        store: Store,
        flood: Flood,
        clock: Callable[[], datetime] = now,
        sealer: Sealer | None = None,
        callbacks: Callbacks | None = None,
        hold: Hold = lambda connection, conversation_id, message: {},
    ) -> None:
        self._store = store
        self._inbox = Inbox(store, sealer, callbacks, hold)
        self._flood = flood
        self._clock = clock

    def accept(self, message: InboundMessage, network: str = "") -> bool:
        """Commit a message; False when it is a redelivery. Raises TooMany and NotKept: the sender tells the citizen."""
        excess = self._excess(message, network)
        if excess is not None:
            raise TooMany(excess)
        return self._keep(message)

    def push(self, message: InboundMessage) -> bool:
        """Commit a message; False when it is a redelivery or too many. Raises NotKept: the vendor is to push again.

        The first too many is answered in the chat. It is no error here: a vendor that hears of a failure pushes again,
        and the flood would grow.
        """
        excess = self._excess(message, "")
        if excess is None:
            return self._keep(message)
        if excess.is_first:
            self._tell(message, TooMany(excess).reply)
        return False

    def _keep(self, message: InboundMessage) -> bool:
        try:
            return self._inbox.accept(message)
        except sa.exc.SQLAlchemyError as error:
            log.error("a message was not kept: %s", type(error).__name__)
            raise NotKept(type(error).__name__) from error

    def _excess(self, message: InboundMessage, network: str) -> Excess | None:
        codes = codes_in(message.text)
        return self._flood.excess(message.channel, message.address, network, lambda: self._is_held(message), codes)

    def _is_held(self, message: InboundMessage) -> bool:
        query = sa.select(tables.conversation.c.owner).where(
            tables.conversation.c.channel == message.channel, tables.conversation.c.address == message.address
        )
        with self._store.reading() as connection:
            return connection.execute(query).scalar() in HELD

    def _tell(self, message: InboundMessage, reply: Reply) -> None:
        at = self._clock()
        with self._store.writing() as connection:
            conversation_id = conversation_of(connection, message)
            outbox.put(connection, conversation_id, f"flood:{conversation_id}:{int(at.timestamp())}", reply, at)

"""Call-back numbers: a citizen's telephone number, for the officer who asked for it and for nothing else.

It is taken at the door, from the message that answers the question, before that message is masked like any other. It is
kept encrypted in its ticket's row alone, so it is in no transcript, note, export, search or log, and goes with the
ticket; KEEP after the ticket was closed it goes by itself (bot/retention.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from bot import consents, keys, ledger, notices, outbox, tables
from bot.consent import CALL_BACK
from bot.ledger import Ticket
from bot.messages import InboundMessage, Kind
from bot.ticket import Act, Asked, Event, Refusal, Stage
from bot.utterance import LONGEST_READ
from nlu import personal_data, text

KEEP = timedelta(days=7)
# after the ticket was closed: as long as the citizen can open it again by writing
MOST_NUMBERS = 2
# of one message
BETWEEN = ", "
DECLINE = "nocall"
# what the button says with which a citizen keeps their number


class Callbacks:
    """The numbers of all tickets. `key` is the application's secret."""

    def __init__(self, key: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._box = keys.box(keys.CALL_BACK, key)
        self._clock = clock

    def hear(self, connection: sa.Connection, conversation_id: int, message: InboundMessage) -> None:
        """Take the number of a message that answers an officer's question, or the citizen's no; else do nothing."""
        ticket = ledger.open_of(connection, conversation_id)
        if ticket is None or ticket.awaits is not Asked.PHONE:
            return
        if message.kind is Kind.BUTTON:
            if message.text == DECLINE:
                self._note(connection, ticket, Act(Event.DECLINED), "ticket_call_declined")
            return
        numbers = personal_data.of_kind("phone_number", text.normalise(message.text[:LONGEST_READ]))
        if numbers:
            sealed = self._box.encrypt(BETWEEN.join(numbers[:MOST_NUMBERS]).encode()).decode()
            this = tables.ticket.c.id == ticket.id
            connection.execute(sa.update(tables.ticket).where(this).values(callback=sealed))
            consents.give(connection, conversation_id, CALL_BACK, message.channel, self._clock())
            self._note(connection, ticket, Act(Event.GAVE), "ticket_call_given")

    def read(self, connection: sa.Connection, ticket_id: int) -> str:
        """The number of a ticket; "" when there is none, or the key that closed it is gone."""
        query = sa.select(tables.ticket.c.callback).where(tables.ticket.c.id == ticket_id)
        sealed = connection.execute(query).scalar()
        try:
            return self._box.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            return ""

    def _note(self, connection: sa.Connection, ticket: Ticket, act: Act, notice: str) -> None:
        """The row of it, and what the citizen is told; never the number."""
        now = self._clock()
        if not isinstance(ledger.write(connection, ticket.id, act, now), Refusal):
            key = f"ticket:{ticket.id}:{act.event}:{ledger.last_event(connection, ticket.id)}"
            outbox.put(connection, ticket.conversation_id, key, notices.tell(notice, days=KEEP.days), now)


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete the numbers of tickets that were closed longer than KEEP ago."""
    kept, row = tables.ticket.c.callback.is_not(None), tables.ticket.c
    over = sa.and_(kept, row.state == Stage.CLOSED.value, row.resolved_at < now - KEEP)
    connection.execute(sa.update(tables.ticket).where(over).values(callback=None))

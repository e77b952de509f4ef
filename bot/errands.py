"""Errands: what an officer puts off on a ticket they hold, and what they ask its citizen to send.

Each is one row of the ledger, written with what the citizen is told, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import sqlalchemy as sa

from bot import attachments, desks, ledger, notices, outbox, snooze, standing, tables, wording
from bot.callback import DECLINE, KEEP, Callbacks
from bot.desks import Desks
from bot.handoff import with_holder
from bot.messages import Attachment, Button
from bot.snooze import Preset
from bot.store import Store
from bot.ticket import Act, Asked, Event, Refusal, State, transition
from nlu import personal_data

LONGEST_NOTE = 500
LONGEST_PAPER = 200
SENDS_FILES = frozenset({"telegram", "zalo"})
# channels through which a citizen can send a photo, a file or a place


class Errands:
    """What officers put off and ask for."""

    def __init__(
        self,
        store: Store,
        callbacks: Callbacks,
        served: Desks | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._callbacks = callbacks
        self._desks = served or desks.load()
        self._clock = clock

    def moment(self, ticket_id: int, choice: Preset | date) -> datetime | None:
        """Until when a ticket is put off by a choice, as its desk works; None when that cannot be. Raises KeyError."""
        now = self._clock()
        with self._store.reading() as connection:
            calendar = self._desks[ledger.of(connection, ticket_id).state.desk].calendar
        if isinstance(choice, Preset):
            return snooze.offered(now, calendar).get(choice)
        return snooze.on(choice, now, calendar)

    def snooze(self, ticket_id: int, officer_id: int, until: datetime, note: str = "") -> State | Refusal:
        """Hide a ticket from its holder's list until a moment (aware), with a masked note. Raises KeyError.

        Its limits run on.
        """
        said = f"{until.isoformat()} {personal_data.mask(note.strip()[:LONGEST_NOTE]).text}".strip()
        return self._write(ticket_id, Act(Event.SNOOZED, officer_id, until=until, text=said))

    def wake(self, ticket_id: int, officer_id: int) -> State | Refusal:
        """Back among the active ones before its moment. Raises KeyError."""
        return self._write(ticket_id, Act(Event.WOKEN, officer_id))

    def ask_number(self, ticket_id: int, officer_id: int, key: str) -> State | Refusal:
        """Ask for a number to call back on; the citizen may decline with one button. Raises KeyError."""
        decline = Button(wording.ticket_words()["buttons"]["decline_call"], DECLINE)
        return self._ask(ticket_id, officer_id, Asked.PHONE, key, "", decline)

    def ask_paper(self, ticket_id: int, officer_id: int, paper: str, key: str) -> State | Refusal:
        """Ask for a photo or file of one paper; where the channel takes none, for its words. Raises KeyError."""
        return self._ask(ticket_id, officer_id, Asked.PAPER, key, paper.strip()[:LONGEST_PAPER])

    def ask_place(self, ticket_id: int, officer_id: int, key: str) -> State | Refusal:
        """Ask where it is: by a key where the channel has one, in words otherwise. Raises KeyError."""
        return self._ask(ticket_id, officer_id, Asked.PLACE, key)

    def number(self, ticket_id: int, officer_id: int, *, leads: bool) -> str:
        """The number to call back on, for the holder and for leads; "" for others, or when there is none."""
        with self._store.reading() as connection:
            is_holder = ledger.of(connection, ticket_id).state.officer_id == officer_id
            return self._callbacks.read(connection, ticket_id) if is_holder or leads else ""

    def attachment(self, ticket_id: int, line: int) -> tuple[str, Attachment] | None:
        """Channel and attachment of a message of the ticket's conversation; None when there is none to open."""
        with self._store.reading() as connection:
            return attachments.find(connection, ticket_id, line)

    def _write(self, ticket_id: int, act: Act) -> State | Refusal:
        with self._store.writing() as connection:
            done = ledger.write(connection, ticket_id, act, self._clock())
            return with_holder(connection, done) if isinstance(done, Refusal) else done

    def _ask(
        self, ticket_id: int, officer_id: int, asked: Asked, key: str, paper: str = "", *buttons: Button
    ) -> State | Refusal:
        """The question and its row; the key makes a repeated form harmless."""
        act, now = Act(Event.ASKED, officer_id, asked=asked, text=f"{asked} {paper}".strip()), self._clock()
        with self._store.writing() as connection:
            ticket = ledger.of(connection, ticket_id)
            verdict = transition(ticket.state, act)
            if isinstance(verdict, Refusal):
                return with_holder(connection, verdict)
            stands = standing.of(connection, ticket, self._desks, now)
            values = {"paper": paper, "days": KEEP.days, "sends": _channel(connection, ticket) in SENDS_FILES}
            told = notices.tell(f"ticket_ask_{asked}", *buttons, standing=stands, **values)
            told = replace(told, asks=asked.value if asked is Asked.PLACE else "")
            if outbox.put(connection, ticket.conversation_id, f"asked:{key}", told, now):
                ledger.write(connection, ticket_id, act, now)
        return verdict


def _channel(connection: sa.Connection, ticket: ledger.Ticket) -> str:
    this = tables.conversation.c.id == ticket.conversation_id
    return str(connection.execute(sa.select(tables.conversation.c.channel).where(this)).scalar_one())

"""The inbox: what citizens sent, committed before the channel is told that it was received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bot import attachments, followers, tables
from bot.callback import Callbacks
from bot.conversation import Conversation, Owner
from bot.locks import insert_unless_there
from bot.messages import InboundMessage, Kind
from bot.second_factor import Seal, Sealer, digits
from bot.store import Store, announce
from bot.utterance import LONGEST_READ, Utterance, admit
from bot.wording import words

LEASE = timedelta(seconds=60)
SET_BACK = 2 * LEASE
# a lease that ends later than this from now was taken before the clock was set back: nobody would see its end
AGAIN = timedelta(seconds=5)
# a message whose turn the database did not take rests so long
MOST_ATTEMPTS = 3
LONGEST_REASON = 80
MESSAGE = "message"
# announced when one was accepted
TO_READ, READING = "ToRead", "Reading"
MEDIA = (TO_READ, READING)
# reasons of a message that is held because its sound or photo is to be read first
DETAIL = "detail:"
# how the button begins that asks for a second factor


Hold = Callable[[sa.Connection, int, InboundMessage], dict[str, Any]]


@dataclass(frozen=True)
class Taken:
    """A message taken by a worker, with the conversation it belongs to."""

    inbox_id: int
    conversation_id: int
    channel: str
    address: str
    utterance: Utterance
    conversation: Conversation
    received_at: datetime
    attempts: int
    seal: Seal | None = None
    # of a second factor, in place of its digits


class Inbox:
    """Messages in the order they came; one worker at a time for a conversation.

    While a second factor is awaited, the digits of an answer are replaced before anything is stored; without a sealer
    nothing can be done with them, and they are dropped.
    """

    def __init__(
        self,
        store: Store,
        sealer: Sealer | None = None,
        callbacks: Callbacks | None = None,
        hold: Hold = lambda connection, conversation_id, message: {},
    ) -> None:
        self._store = store
        self._hold = hold
        # what else is kept of a message that is to be heard or looked at before it is answered (bot/pending_media.py)
        self._sealer = sealer
        self._callbacks = callbacks
        # none: no number is taken

    def accept(self, message: InboundMessage) -> bool:
        """Commit a message; False when it is a redelivery."""
        utterance = admit(message)
        with self._store.writing() as connection:
            known = sa.select(tables.inbox.c.id).where(
                tables.inbox.c.channel == message.channel, tables.inbox.c.message_id == message.message_id
            )
            if connection.execute(known).first():
                return False
            conversation_id = conversation_of(connection, message)
            utterance, seal = self._sealed(connection, conversation_id, message, utterance)
            waiting = {
                "attachment": attachments.kept(connection, conversation_id, message.attachment),
                "status": "new",
            } | self._hold(connection, conversation_id, message)
            is_new = insert_unless_there(
                connection,
                tables.inbox,
                conversation_id=conversation_id,
                channel=message.channel,
                message_id=message.message_id,
                kind=utterance.kind.value,
                text=utterance.text,
                masked=list(utterance.masked),
                length=utterance.length,
                seal=asdict(seal) if seal else None,
                received_at=message.received_at,
                attempts=0,
                **waiting,
            )
            if is_new and self._callbacks is not None:
                self._callbacks.hear(connection, conversation_id, message)
            if is_new:
                announce(connection, MESSAGE)
        return is_new

    def _sealed(
        self, connection: sa.Connection, conversation_id: int, message: InboundMessage, utterance: Utterance
    ) -> tuple[Utterance, Seal | None]:
        """What is stored of a message: a second factor only as its seal."""
        code = "" if message.kind is Kind.BUTTON else factor_for(connection, conversation_id)
        given = digits(message.text[:LONGEST_READ]) if code else None
        if given is None:
            return utterance, None
        hidden = Utterance(Kind.TEXT, words()["lines"]["hidden_factor"], (), 0)
        return hidden, self._sealer.seal(code, given) if self._sealer else None

    def take(self, now: datetime) -> Taken | None:
        """The oldest message whose conversation nobody works on, held for a while; None when there is none.

        A message whose worker died is taken again when its lease is over.
        """
        with self._store.writing() as connection:
            row = connection.execute(_next(), {"now": now, "beyond": now + SET_BACK}).mappings().first()
            if row is None:
                return None
            connection.execute(
                sa.update(tables.inbox)
                .where(tables.inbox.c.id == row["id"])
                .values(status="working", lease_until=now + LEASE, attempts=row["attempts"] + 1, **_let_go(row))
            )
            followed = followers.codes(connection, row["conversation_id"])
        return _taken(row, followed)

    def release(self) -> None:
        """At the start of the only serving process: what a killed one had taken is free at once."""
        with self._store.writing() as connection:
            held, reason = tables.inbox.c.status == "working", tables.inbox.c.reason
            waits = sa.and_(held, reason.in_(MEDIA))
            taken = sa.and_(held, sa.or_(reason.is_(None), reason.not_in(MEDIA)))
            connection.execute(sa.update(tables.inbox).where(taken).values(status="new", lease_until=None))
            connection.execute(sa.update(tables.inbox).where(waits).values(reason=TO_READ))


def give_back(connection: sa.Connection, taken: Taken, reason: str) -> bool:
    """A failed attempt: the message is taken again, or set aside after the third. True when it was set aside.

    The reason is a name, never a message: an error may quote what a citizen wrote.

    Whoever took too long and lost the message to another worker changes nothing; nor does whoever recorded the turn and
    lost the line before hearing so.
    """
    set_aside = taken.attempts >= MOST_ATTEMPTS
    this = tables.inbox.c.id == taken.inbox_id
    changed = connection.execute(
        sa.update(tables.inbox)
        .where(this, tables.inbox.c.attempts == taken.attempts, tables.inbox.c.status == "working")
        .values(status="failed" if set_aside else "new", lease_until=None, reason=reason[:LONGEST_REASON])
    )
    if set_aside and changed.rowcount == 1:
        erase_seal(connection, taken.inbox_id)
    return set_aside and changed.rowcount == 1


def rest(connection: sa.Connection, taken: Taken, now: datetime) -> None:
    """The database did not take the turn: the message is taken again soon, and this was no attempt at it."""
    connection.execute(
        sa.update(tables.inbox)
        .where(tables.inbox.c.id == taken.inbox_id, tables.inbox.c.status == "working")
        .where(tables.inbox.c.attempts == taken.attempts)
        .values(attempts=taken.attempts - 1, lease_until=now + AGAIN)
    )


def erase_seal(connection: sa.Connection, inbox_id: int) -> None:
    """Nothing is left of the digits."""
    connection.execute(sa.update(tables.inbox).where(tables.inbox.c.id == inbox_id).values(seal=None))


def factor_for(connection: sa.Connection, conversation_id: int) -> str:
    """The dossier that a second factor is awaited for; "" when none is.

    Whoever types before the question has come has pressed its button all the same.
    """
    here = tables.conversation.c.id == conversation_id
    row = connection.execute(sa.select(tables.conversation.c.owner, tables.conversation.c.state).where(here)).one()
    if row.owner != Owner.BOT.value:
        return ""
    waiting = sa.select(tables.inbox.c.text).where(
        tables.inbox.c.conversation_id == conversation_id,
        tables.unread(tables.inbox.c.status),
        tables.inbox.c.kind == Kind.BUTTON.value,
        tables.inbox.c.text.startswith(DETAIL),
    )
    pressed = connection.execute(waiting.order_by(tables.inbox.c.id.desc()).limit(1)).scalar()
    return pressed.removeprefix(DETAIL) if pressed else str(row.state.get("factor_for", ""))


def conversation_of(connection: sa.Connection, message: InboundMessage) -> int:
    """The conversation of an address, held; a new one, and one that was closed, belongs to the bot."""
    known = _known(connection, message)
    if known is None:
        insert_unless_there(
            connection,
            tables.conversation,
            channel=message.channel,
            address=message.address,
            owner=Owner.BOT.value,
            state=Conversation().state(),
            updated_at=message.received_at,
        )
        known = _known(connection, message)
    assert known is not None
    if known.owner == Owner.CLOSED.value:
        this = tables.conversation.c.id == known.id
        connection.execute(sa.update(tables.conversation).where(this).values(owner=Owner.BOT.value))
    return int(known.id)


def _known(connection: sa.Connection, message: InboundMessage) -> sa.Row[int, str] | None:
    """The conversation of an address, held from here on, with its owner; None when there is none."""
    query = sa.select(tables.conversation.c.id, tables.conversation.c.owner).where(
        tables.conversation.c.channel == message.channel, tables.conversation.c.address == message.address
    )
    return connection.execute(query.with_for_update(key_share=True)).first()


def _let_go(row: sa.RowMapping) -> dict[str, Any]:
    """A sound or photo that was not read in time is not read any more: no way to it is kept."""
    return {"reason": None, "attachment": attachments.closed(row["attachment"])} if row["reason"] in MEDIA else {}


@lru_cache(maxsize=1)
def _next() -> sa.Select[tuple[object, ...]]:
    """Made once: putting it together takes longer than the answer."""
    earlier = tables.inbox.alias("earlier")
    busy = (
        sa.select(earlier.c.id)
        .where(earlier.c.conversation_id == tables.inbox.c.conversation_id)
        .where(earlier.c.id < tables.inbox.c.id)
        .where(tables.unread(earlier.c.status))
    )
    lease = tables.inbox.c.lease_until
    over = sa.or_(lease < sa.bindparam("now"), lease > sa.bindparam("beyond"))
    free = sa.or_(tables.inbox.c.status == "new", sa.and_(tables.inbox.c.status == "working", over))
    return (
        sa.select(tables.inbox, tables.conversation.c.address, tables.conversation.c.owner, tables.conversation.c.state)
        .join(tables.conversation, tables.conversation.c.id == tables.inbox.c.conversation_id)
        .where(free, ~busy.exists())
        .order_by(tables.inbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=tables.inbox)
    )


def _taken(row: sa.RowMapping, followed: tuple[str, ...]) -> Taken:
    utterance = Utterance(Kind(row["kind"]), row["text"], tuple(row["masked"]), row["length"])
    return Taken(
        inbox_id=row["id"],
        conversation_id=row["conversation_id"],
        channel=row["channel"],
        address=row["address"],
        utterance=utterance,
        conversation=Conversation.of(row["owner"], row["state"]).with_(channel=row["channel"], followed=followed),
        received_at=row["received_at"],
        attempts=row["attempts"] + 1,
        seal=Seal(**row["seal"]) if row["seal"] else None,
    )

"""Hand-off: tickets, and the officers' desk that works on them.

A conversation is owned by bot, queue or officer; every change of owner happens in one transaction with its ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot import outbox, tables
from bot.compose import say
from bot.conversation import Owner
from bot.messages import Block, Reply
from bot.outcomes import Outcome, meanings
from bot.store import Store

LONGEST_REPLY = 4_000
# characters of an officer's message


@dataclass(frozen=True)
class Line:
    """One thing said in a conversation."""

    author: str
    # "citizen", "assistant", "officer" or "note" (never sent)
    text: str
    reply: Reply | None
    at: datetime
    id: int | None
    # of the outgoing reply


@dataclass(frozen=True)
class Evidence:
    """What the assistant made of one message."""

    at: datetime
    engine: str
    intent: str
    decision: str
    procedures: list[str]
    # "1.001193 (0.87)"


@dataclass(frozen=True)
class TicketSummary:
    """One escalated conversation in the queue."""

    id: int
    state: str
    # "waiting", "claimed" or "resolved"
    channel: str
    reason: str
    opened_at: datetime
    officer_name: str | None
    last_text: str


@dataclass(frozen=True)
class TicketView:
    """One escalated conversation, whole."""

    summary: TicketSummary
    officer_id: int | None
    lines: list[Line]
    evidence: list[Evidence]


def open_ticket(connection: sa.Connection, conversation_id: int, reason: str, now: datetime) -> None:
    """A new ticket inside the turn's transaction; the one that is already open is kept."""
    open_now = sa.select(tables.ticket.c.id).where(
        tables.ticket.c.conversation_id == conversation_id, tables.ticket.c.state != "resolved"
    )
    if connection.execute(open_now).first():
        return
    made = connection.execute(
        sa.insert(tables.ticket).values(conversation_id=conversation_id, state="waiting", reason=reason, opened_at=now)
    )
    _event(connection, int(made.inserted_primary_key[0]), None, "opened", reason, now)  # type: ignore[index]


def leave_queue(connection: sa.Connection, conversation_id: int, now: datetime) -> None:
    """The citizen no longer waits: the ticket is resolved if nobody has claimed it."""
    waiting = sa.select(tables.ticket.c.id).where(
        tables.ticket.c.conversation_id == conversation_id, tables.ticket.c.state == "waiting"
    )
    for ticket_id in connection.execute(waiting).scalars().all():
        _change(connection, ticket_id, state="resolved", resolved_at=now)
        _event(connection, ticket_id, None, "resolved", "citizen left the queue", now)


class Desk:
    """What officers do with tickets. Each act is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tickets(self, view: str, officer_id: int) -> list[TicketSummary]:
        """The tickets of a view: "waiting", "mine" or "all"; the oldest open ones first."""
        query = _summaries().order_by(tables.ticket.c.state == "resolved", tables.ticket.c.id)
        if view == "waiting":
            query = query.where(tables.ticket.c.state == "waiting")
        elif view == "mine":
            query = query.where(tables.ticket.c.state == "claimed", tables.ticket.c.officer_id == officer_id)
        with self._store.reading() as connection:
            return [_summary(row) for row in connection.execute(query).mappings()]

    def ticket(self, ticket_id: int) -> TicketView:
        """One ticket, whole. Raises KeyError."""
        with self._store.reading() as connection:
            row = connection.execute(_summaries().where(tables.ticket.c.id == ticket_id)).mappings().first()
            if row is None:
                raise KeyError(ticket_id)
            lines = transcript(connection, row["conversation_id"]) + _notes(connection, ticket_id)
            evidence = _evidence(connection, row["conversation_id"])
        return TicketView(_summary(row), row["officer_id"], sorted(lines, key=lambda line: line.at), evidence)

    def claim(self, ticket_id: int, officer_id: int) -> bool:
        """Take a waiting ticket; False when somebody else was quicker."""
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            taken = connection.execute(
                sa.update(tables.ticket)
                .where(tables.ticket.c.id == ticket_id, tables.ticket.c.state == "waiting")
                .values(state="claimed", officer_id=officer_id, claimed_at=now)
            )
            if taken.rowcount != 1:
                return False
            conversation_id = _conversation_of(connection, ticket_id)
            _own(connection, conversation_id, Owner.OFFICER, now)
            _event(connection, ticket_id, officer_id, "claimed", "", now)
            name = connection.execute(
                sa.select(tables.officer.c.name).where(tables.officer.c.id == officer_id)
            ).scalar_one()
            outbox.put(connection, conversation_id, f"claim:{ticket_id}", say("officer_joined", name=name), now)
        return True

    def reply(self, ticket_id: int, officer_id: int, text: str, key: str) -> bool:
        """Send an officer's words; the key makes a repeated form harmless. False when the officer does not hold it."""
        now, words = datetime.now(UTC), text.strip()[:LONGEST_REPLY]
        with self._store.writing() as connection:
            if not words or not _holds(connection, ticket_id, officer_id):
                return False
            blocks = tuple(Block("paragraph", (line.strip(),)) for line in words.splitlines() if line.strip())
            reply = Reply(blocks, author="officer")
            if outbox.put(connection, _conversation_of(connection, ticket_id), f"officer:{key}", reply, now):
                _event(connection, ticket_id, officer_id, "replied", "", now)
        return True

    def note(self, ticket_id: int, officer_id: int, text: str) -> bool:
        """Keep an internal note: it is never sent."""
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            if not text.strip() or not _holds(connection, ticket_id, officer_id):
                return False
            _event(connection, ticket_id, officer_id, "note", text.strip()[:LONGEST_REPLY], now)
        return True

    def resolve(self, ticket_id: int, officer_id: int) -> bool:
        """Close the ticket and give the conversation back to the bot."""
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            if not _holds(connection, ticket_id, officer_id):
                return False
            conversation_id = _conversation_of(connection, ticket_id)
            _change(connection, ticket_id, state="resolved", resolved_at=now)
            _own(connection, conversation_id, Owner.BOT, now)
            _event(connection, ticket_id, officer_id, "resolved", "", now)
            outbox.put(connection, conversation_id, f"resolve:{ticket_id}", say("officer_left"), now)
        return True


def transcript(connection: sa.Connection, conversation_id: int, *, private: bool = False) -> list[Line]:
    """Everything said in a conversation, in order; what is shown once only where the citizen looks (`private`)."""
    said = sa.select(tables.inbox).where(tables.inbox.c.conversation_id == conversation_id)
    told = sa.select(tables.outbox).where(tables.outbox.c.conversation_id == conversation_id)
    labels: dict[str, str] = {}
    lines: list[Line] = []
    for row in connection.execute(told.order_by(tables.outbox.c.id)).mappings():
        reply = outbox.from_json(row["reply"] if private else row["kept"] or row["reply"])
        labels |= {button.payload: button.label for button in reply.buttons}
        lines.append(Line(reply.author, reply.plain(), reply, row["created_at"], row["id"]))
    kept = said.where(tables.inbox.c.kind != tables.FORGOTTEN).order_by(tables.inbox.c.id)
    for row in connection.execute(kept).mappings():
        text = labels.get(row["text"], row["text"]) if row["kind"] == "button" else row["text"]
        lines.append(Line("citizen", text, None, row["received_at"], None))
    return sorted(lines, key=lambda line: line.at)


def _summaries() -> sa.Select[tuple[Any, ...]]:
    last = (
        sa.select(tables.inbox.c.text)
        .where(tables.inbox.c.conversation_id == tables.ticket.c.conversation_id, tables.inbox.c.kind != "button")
        .order_by(tables.inbox.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(
            tables.ticket,
            tables.conversation.c.channel,
            tables.officer.c.name.label("officer_name"),
            last.label("last_text"),
        )
        .join(tables.conversation, tables.conversation.c.id == tables.ticket.c.conversation_id)
        .outerjoin(tables.officer, tables.officer.c.id == tables.ticket.c.officer_id)
    )


def _summary(row: sa.RowMapping) -> TicketSummary:
    return TicketSummary(
        id=row["id"],
        state=row["state"],
        channel=row["channel"],
        reason=row["reason"],
        opened_at=row["opened_at"],
        officer_name=row["officer_name"],
        last_text=row["last_text"] or "",
    )


def _notes(connection: sa.Connection, ticket_id: int) -> list[Line]:
    query = sa.select(tables.ticket_event).where(
        tables.ticket_event.c.ticket_id == ticket_id, tables.ticket_event.c.kind == "note"
    )
    return [Line("note", row["text"], None, row["at"], None) for row in connection.execute(query).mappings()]


def _evidence(connection: sa.Connection, conversation_id: int) -> list[Evidence]:
    query = sa.select(tables.turn).where(tables.turn.c.conversation_id == conversation_id).order_by(tables.turn.c.id)
    return [
        Evidence(
            at=row["created_at"],
            engine=row["engine"],
            intent=row["understanding"].get("intent", ""),
            decision=meanings()[Outcome(row["outcome"])].label,
            procedures=[
                f"{item['code']} ({item['confidence']:.2f})" for item in row["understanding"].get("candidates", [])[:3]
            ],
        )
        for row in connection.execute(query).mappings()
    ]


def _holds(connection: sa.Connection, ticket_id: int, officer_id: int) -> bool:
    query = sa.select(tables.ticket.c.id).where(
        tables.ticket.c.id == ticket_id,
        tables.ticket.c.state == "claimed",
        tables.ticket.c.officer_id == officer_id,
    )
    return connection.execute(query).first() is not None


def _conversation_of(connection: sa.Connection, ticket_id: int) -> int:
    query = sa.select(tables.ticket.c.conversation_id).where(tables.ticket.c.id == ticket_id)
    return int(connection.execute(query).scalar_one())


def _own(connection: sa.Connection, conversation_id: int, owner: Owner, now: datetime) -> None:
    connection.execute(
        sa.update(tables.conversation)
        .where(tables.conversation.c.id == conversation_id)
        .values(owner=owner.value, updated_at=now)
    )


def _change(connection: sa.Connection, ticket_id: int, **values: object) -> None:
    connection.execute(sa.update(tables.ticket).where(tables.ticket.c.id == ticket_id).values(**values))


def _event(
    connection: sa.Connection, ticket_id: int, officer_id: int | None, kind: str, text: str, now: datetime
) -> None:
    connection.execute(
        sa.insert(tables.ticket_event).values(ticket_id=ticket_id, officer_id=officer_id, kind=kind, text=text, at=now)
    )

"""The ledger of tickets: every act is a row, written with the ticket and the owner of its conversation, or not at all.

Nothing else changes a ticket's state. The functions work inside the caller's transaction; the ticket's conversation is
held (bot/locks.py), so that of acts at the same moment one is first and the others see what it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import tables
from bot.locks import hold
from bot.routing import Matter
from bot.ticket import OWNERS, Act, Ending, Event, Refusal, Stage, State, Why, new_code, transition
from bot.urgency import head_start


@dataclass(frozen=True)
class Ticket:
    """One ticket as stored."""

    id: int
    conversation_id: int
    code: str
    state: State
    matter: Matter
    opened_at: datetime
    rank_at: datetime
    promised_at: datetime | None
    first_replied_at: datetime | None


@dataclass(frozen=True)
class Entry:
    """One row of a ticket's history."""

    event: Event
    at: datetime
    stage: Stage
    # after it
    desk: str
    holder_id: int | None
    officer_id: int | None
    # who acted
    text: str


def open_ticket(connection: sa.Connection, conversation_id: int, matter: Matter, desk: str, now: datetime) -> Ticket:
    """A new ticket, queued at a desk; the one that is already open is kept."""
    known = open_of(connection, conversation_id)
    if known is not None:
        return known
    values = {
        "conversation_id": conversation_id,
        "code": _unused_code(connection),
        "state": Stage.BOT.value,
        "desk": desk,
        "reason": matter.reason,
        "field": matter.field,
        "unit": matter.unit,
        "urgency": list(matter.urgency),
        "opened_at": now,
        "rank_at": now - head_start(matter.urgency),
    }
    made = connection.execute(sa.insert(tables.ticket).values(**values))
    ticket_id = int(made.inserted_primary_key[0])  # type: ignore[index]
    write(connection, ticket_id, Act(Event.OPENED, desk=desk, text=matter.reason), now)
    return of(connection, ticket_id)


def write(connection: sa.Connection, ticket_id: int, act: Act, now: datetime) -> State | Refusal:
    """One act: the ticket, its owner and its row. A refusal changes nothing. Raises KeyError."""
    ticket = of(connection, ticket_id)
    after = transition(ticket.state, act)
    if isinstance(after, Refusal):
        return after
    if act.event is Event.REOPENED and open_of(connection, ticket.conversation_id) is not None:
        return Refusal(Why.NOT_NOW)
    changes = _changes(ticket, act, after, now)
    connection.execute(sa.update(tables.ticket).where(tables.ticket.c.id == ticket_id).values(**changes))
    entry = {"ticket_id": ticket_id, "officer_id": act.officer_id, "kind": act.event.value, "text": act.text, "at": now}
    where = {"stage": after.stage.value, "desk": after.desk, "holder_id": after.officer_id}
    connection.execute(sa.insert(tables.ticket_event).values(**entry, **where))
    if OWNERS[after.stage] is not OWNERS[ticket.state.stage]:
        this = tables.conversation.c.id == ticket.conversation_id
        connection.execute(
            sa.update(tables.conversation).where(this).values(owner=OWNERS[after.stage].value, updated_at=now)
        )
    return after


def _changes(ticket: Ticket, act: Act, after: State, now: datetime) -> dict[str, Any]:
    """What an act changes in the ticket's row. Of a closed ticket the officer who held it last stays known."""
    changes: dict[str, Any] = {"state": after.stage.value, "desk": after.desk}
    changes["ending"] = after.ending.value if after.ending else None
    if after.stage is not Stage.CLOSED:
        changes["officer_id"] = after.officer_id
    if act.event is Event.CLAIMED:
        changes["claimed_at"] = now
    if act.event in (Event.REPLIED, Event.ASKED) and ticket.first_replied_at is None:
        changes["first_replied_at"] = now
    if act.event is Event.REOPENED:
        changes |= {"rank_at": now, "resolved_at": None}
    if after.stage is Stage.CLOSED:
        changes["resolved_at"] = now
    return changes


def promise(connection: sa.Connection, ticket_id: int, at: datetime) -> None:
    """Keep when the citizen was told to expect an answer."""
    connection.execute(sa.update(tables.ticket).where(tables.ticket.c.id == ticket_id).values(promised_at=at))


def let_reopen(connection: sa.Connection, conversation_id: int, code: str, until: str) -> None:
    """The citizen's next words reopen a ticket, up to a day (ISO); with an empty code they do so no more."""
    this = tables.conversation.c.id == conversation_id
    state = connection.execute(sa.select(tables.conversation.c.state).where(this)).scalar_one()
    changed = {**state, "reopens": code, "reopens_until": until}
    connection.execute(sa.update(tables.conversation).where(this).values(state=changed))


def of(connection: sa.Connection, ticket_id: int) -> Ticket:
    """One ticket; whoever writes holds its conversation until the transaction ends. Raises KeyError."""
    this = tables.ticket.c.id == ticket_id
    hold(connection, sa.select(tables.ticket.c.conversation_id).where(this).scalar_subquery())
    row = connection.execute(sa.select(tables.ticket).where(this)).mappings().first()
    if row is None:
        raise KeyError(ticket_id)
    return _ticket(row)


def open_of(connection: sa.Connection, conversation_id: int) -> Ticket | None:
    """The open ticket of a conversation."""
    here = tables.ticket.c.conversation_id == conversation_id
    query = sa.select(tables.ticket).where(here, tables.ticket.c.state != Stage.CLOSED.value)
    row = connection.execute(query).mappings().first()
    return _ticket(row) if row else None


def by_code(connection: sa.Connection, code: str) -> Ticket | None:
    """The ticket of a code."""
    row = connection.execute(sa.select(tables.ticket).where(tables.ticket.c.code == code)).mappings().first()
    return _ticket(row) if row else None


def all_open(connection: sa.Connection) -> list[Ticket]:
    """Every open ticket, in the order of the queue."""
    query = sa.select(tables.ticket).where(tables.ticket.c.state != Stage.CLOSED.value)
    rows = connection.execute(query.order_by(tables.ticket.c.rank_at, tables.ticket.c.id)).mappings()
    return [_ticket(row) for row in rows]


def histories(connection: sa.Connection, ticket_ids: Sequence[int]) -> dict[int, list[Entry]]:
    """What happened to tickets, in order."""
    found: dict[int, list[Entry]] = {ticket_id: [] for ticket_id in ticket_ids}
    query = sa.select(tables.ticket_event).where(tables.ticket_event.c.ticket_id.in_(ticket_ids))
    for row in connection.execute(query.order_by(tables.ticket_event.c.id)).mappings():
        entry = Entry(
            event=Event(row["kind"]),
            at=row["at"],
            stage=Stage(row["stage"]),
            desk=row["desk"],
            holder_id=row["holder_id"],
            officer_id=row["officer_id"],
            text=row["text"],
        )
        found[row["ticket_id"]].append(entry)
    return found


def last_event(connection: sa.Connection, ticket_id: int) -> int:
    """The number of the last row of a ticket's history: a name for what is told because of it."""
    query = sa.select(sa.func.max(tables.ticket_event.c.id)).where(tables.ticket_event.c.ticket_id == ticket_id)
    return int(connection.execute(query).scalar_one())


def ahead(connection: sa.Connection, ticket: Ticket) -> int:
    """How many wait before a ticket at its desk."""
    there, here = tables.ticket.c, ticket
    earlier = sa.or_(there.rank_at < here.rank_at, sa.and_(there.rank_at == here.rank_at, there.id < here.id))
    queued = sa.and_(there.desk == here.state.desk, there.state == Stage.QUEUED.value)
    return int(connection.execute(sa.select(sa.func.count()).where(queued, earlier)).scalar_one())


def _unused_code(connection: sa.Connection) -> str:
    while True:
        code = new_code()
        if by_code(connection, code) is None:
            return code


def _ticket(row: sa.RowMapping) -> Ticket:
    stage = Stage(row["state"])
    holder = None if stage in (Stage.BOT, Stage.QUEUED, Stage.CLOSED) else row["officer_id"]
    ending = Ending(row["ending"]) if row["ending"] else None
    return Ticket(
        id=row["id"],
        conversation_id=row["conversation_id"],
        code=row["code"],
        state=State(stage, row["desk"] if stage is not Stage.BOT else "", holder, ending),
        matter=Matter(row["reason"], row["field"], row["unit"], tuple(row["urgency"])),
        opened_at=row["opened_at"],
        rank_at=row["rank_at"],
        promised_at=row["promised_at"],
        first_replied_at=row["first_replied_at"],
    )

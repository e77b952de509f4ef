"""The ledger of tickets: every act is a row, written with the ticket and the owner of its conversation, or not at all.

Nothing else changes a ticket's state. The functions work inside the caller's transaction; the ticket's conversation is
held (bot/locks.py), so that of acts at the same moment one is first and the others see what it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import tables
from bot.locks import hold
from bot.routing import COMPLAINT, Matter
from bot.ticket import (
    ENDS_ASKING,
    ENDS_SNOOZE,
    HELD,
    OPEN,
    OWNERS,
    TALKED,
    WAITING,
    Act,
    Asked,
    Ending,
    Event,
    Refusal,
    Stage,
    State,
    Why,
    new_code,
    transition,
)
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
    snoozed_until: datetime | None = None
    awaits: Asked | None = None
    # what the citizen was asked to send besides words
    has_number: bool = False
    # to be called back on


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
    """A new ticket, queued at a desk; one in which the citizen already waits or is talked to is kept."""
    known = open_of(connection, conversation_id)
    return known or _begun(connection, conversation_id, matter, Act(Event.OPENED, desk=desk), now)


def file(connection: sa.Connection, conversation_id: int, matter: Matter, desk: str, now: datetime) -> Ticket:
    """A complaint at a desk: a ticket of its own, beside the talk."""
    return _begun(connection, conversation_id, matter, Act(Event.FILED, desk=desk), now)


def _begun(connection: sa.Connection, conversation_id: int, matter: Matter, act: Act, now: datetime) -> Ticket:
    values = {
        "conversation_id": conversation_id,
        "code": _unused_code(connection),
        "state": Stage.BOT.value,
        "desk": act.desk,
        "reason": matter.reason,
        "field": matter.field,
        "unit": matter.unit,
        "urgency": list(matter.urgency),
        "opened_at": now,
        "rank_at": now - head_start(matter.urgency),
    }
    made = connection.execute(sa.insert(tables.ticket).values(**values))
    ticket_id = int(made.inserted_primary_key[0])  # type: ignore[index]
    write(connection, ticket_id, replace(act, text=matter.reason), now)
    return of(connection, ticket_id)


def verdict(connection: sa.Connection, ticket: Ticket, act: Act) -> State | Refusal:
    """What an act would lead to: a conversation is taken from the assistant by one ticket at a time."""
    after = transition(ticket.state, act)
    if isinstance(after, Refusal):
        return after
    takes = after.stage in TALKED and ticket.state.stage not in TALKED
    if takes and open_of(connection, ticket.conversation_id) is not None:
        return Refusal(Why.NOT_NOW)
    return after


def write(connection: sa.Connection, ticket_id: int, act: Act, now: datetime) -> State | Refusal:
    """One act: the ticket, its owner and its row. A refusal changes nothing. Raises KeyError."""
    ticket = of(connection, ticket_id)
    after = verdict(connection, ticket, act)
    if isinstance(after, Refusal):
        return after
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
    changes: dict[str, Any] = {
        "state": after.stage.value,
        "desk": after.desk,
        **_put_off(act, after),
        **_asked(act, after),
    }
    changes["ending"] = after.ending.value if after.ending else None
    if after.stage is not Stage.CLOSED:
        changes["officer_id"] = after.officer_id
    if act.event is Event.CLAIMED:
        changes["claimed_at"] = now
    in_talk = ticket.state.stage in TALKED and act.event in (Event.REPLIED, Event.ASKED)
    if in_talk and ticket.first_replied_at is None:
        changes["first_replied_at"] = now
    if act.event is Event.REOPENED:
        changes |= {"rank_at": now, "resolved_at": None}
    if after.stage is Stage.CLOSED:
        changes["resolved_at"] = now
    return changes


def _put_off(act: Act, after: State) -> dict[str, Any]:
    """Until when the ticket is put off after an act; unsaid: as before."""
    if act.event is Event.SNOOZED:
        return {"snoozed_until": act.until}
    return {"snoozed_until": None} if act.event in ENDS_SNOOZE or after.stage not in HELD else {}


def _asked(act: Act, after: State) -> dict[str, Any]:
    """What the citizen is asked to send after an act; unsaid: as before."""
    if act.event is Event.ASKED:
        return {"awaits": act.asked.value if act.asked else ""}
    return {"awaits": ""} if act.event in ENDS_ASKING or after.stage not in TALKED & HELD else {}


def let_go(connection: sa.Connection, ticket: Ticket, event: Event, now: datetime) -> None:
    """The citizen goes: the ticket ends with the event; a complaint stays, at its desk or with its officer."""
    stays = Event.WENT_ON if ticket.state.stage is Stage.QUEUED else Event.RESUMED
    write(connection, ticket.id, Act(stays if ticket.matter.reason == COMPLAINT else event), now)


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
    """The open ticket that a conversation is about; complaints beside it are not meant."""
    here = tables.ticket.c.conversation_id == conversation_id
    query = sa.select(tables.ticket).where(here, tables.ticket.c.state.in_(TALKED))
    row = connection.execute(query).mappings().first()
    return _ticket(row) if row else None


def by_code(connection: sa.Connection, code: str) -> Ticket | None:
    """The ticket of a code."""
    row = connection.execute(sa.select(tables.ticket).where(tables.ticket.c.code == code)).mappings().first()
    return _ticket(row) if row else None


def all_open(connection: sa.Connection) -> list[Ticket]:
    """Every open ticket, in the order of the queue."""
    query = sa.select(tables.ticket).where(tables.ticket.c.state.in_(OPEN))
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
    queued = sa.and_(there.desk == here.state.desk, there.state.in_(WAITING))
    return int(connection.execute(sa.select(sa.func.count()).where(queued, earlier)).scalar_one())


def _unused_code(connection: sa.Connection) -> str:
    while True:
        code = new_code()
        if by_code(connection, code) is None:
            return code


def _ticket(row: sa.RowMapping) -> Ticket:
    stage = Stage(row["state"])
    holder = row["officer_id"] if stage in HELD else None
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
        snoozed_until=row["snoozed_until"],
        awaits=Asked(row["awaits"]) if row["awaits"] else None,
        has_number=row["callback"] is not None,
    )

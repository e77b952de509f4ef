"""Standing: where a ticket stands, as a citizen may know it. Whoever has the code may ask; nothing said is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from bot import forwarding, ledger, roster, waiting
from bot.desks import DeskPlan, Desks
from bot.forwarding import Track
from bot.ledger import Ticket
from bot.routing import COMPLAINT
from bot.store import Store
from bot.ticket import Stage
from bot.waiting import Wait


@dataclass(frozen=True)
class Standing:
    """Where a ticket stands now."""

    code: str
    stage: str
    desk: str
    # its name
    position: int
    # in the queue, from 1; 0 when it is not queued
    wait: Wait | None
    # None: too few were measured
    promised_at: datetime | None
    certain: bool
    # False: the days off around the promise are not announced yet
    is_open: bool
    # the desk's hours
    staffed: bool
    # somebody is on duty
    ending: str = ""
    # an Ending, when it is closed
    complaint: Track | None = None
    # where it is, when it is one; an agency's answer is told in the talk, not to whoever has the code
    answer_days: int = 0
    # that the rules give the agencies


class Tickets(Protocol):
    """Whoever knows where a ticket stands."""

    def find(self, code: str) -> Standing | None: ...


class NoTickets:
    """Stands where no database is: no code is known."""

    def find(self, code: str) -> Standing | None:
        """None."""
        return None


class TicketBook:
    """The tickets of the database."""

    def __init__(self, store: Store, desks: Desks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._desks = desks
        self._clock = clock

    def find(self, code: str) -> Standing | None:
        """Where the ticket of a code stands; None when there is no such ticket."""
        with self._store.reading() as connection:
            ticket = ledger.by_code(connection, code)
            return of(connection, ticket, self._desks, self._clock(), with_wait=True) if ticket else None


def of(connection: sa.Connection, ticket: Ticket, desks: Desks, now: datetime, *, with_wait: bool = False) -> Standing:
    """Where a ticket stands at a moment (aware); the wait is measured only for whoever is told of it."""
    plan, queued = desks[ticket.state.desk], ticket.state.stage is Stage.QUEUED
    promised = ticket.promised_at.astimezone(plan.calendar.zone) if ticket.promised_at else None
    is_complaint = ticket.matter.reason == COMPLAINT
    track = forwarding.track(ledger.histories(connection, [ticket.id])[ticket.id]) if is_complaint else None
    return Standing(
        code=ticket.code,
        stage=ticket.state.stage.value,
        desk=plan.name,
        position=ledger.ahead(connection, ticket) + 1 if queued else 0,
        wait=waiting.measured(connection, plan, now) if queued and with_wait else None,
        promised_at=promised,
        certain=promised is None or promised.date() <= plan.calendar.decided_through,
        is_open=plan.calendar.is_open(now),
        staffed=bool(roster.on_duty(connection, plan, now)),
        ending=ticket.state.ending.value if ticket.state.ending else "",
        complaint=track,
        answer_days=forwarding.load().answer_by(track.agencies).days if track else 0,
    )


def promised(plan: DeskPlan, now: datetime, broken: int = 0) -> datetime:
    """When a citizen can be told to expect a reply; twice as far off with every promise that was broken before.

    In working time: whoever comes at night is promised the first working morning.
    """
    return plan.calendar.add_worked(now, plan.limits.first_reply * 2 ** min(broken, 5))


def promise(connection: sa.Connection, ticket_id: int, desks: Desks, now: datetime) -> Ticket:
    """The ticket after a reply was promised for it."""
    plan = desks[ledger.of(connection, ticket_id).state.desk]
    ledger.promise(connection, ticket_id, promised(plan, now))
    return ledger.of(connection, ticket_id)

"""Timers: what happens to tickets because time passes. Whatever is due is done once, however often one looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import clocks, forwarding, ledger, notices, outbox, reception, roster, standing, tables
from bot.clocks import SPOKEN, Cause
from bot.desks import DeskPlan, Desks
from bot.ledger import Entry, Ticket
from bot.messages import Button
from bot.store import Store
from bot.ticket import WAITING, Act, Event, Stage

log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0
AFTER_SILENCE = frozenset({Event.SILENCE, Event.RESUMED})
MOST_DEEDS = 10
# that one look does to one ticket
MISSED = "promise_missed"
PROMISED = frozenset({Event.OPENED, Event.REOPENED, Event.TOLD, Event.RETURNED, Event.FREED, Event.TRANSFERRED})
# the citizen was told when to expect an answer


@dataclass(frozen=True)
class Staff:
    """Who could take a ticket of a desk now."""

    on_duty: bool
    free: bool
    # one of them has room
    takes_over: str = ""
    # id of the desk that would take it instead; empty when none is staffed


Asked = dict[tuple[str, bool], Staff]
# what was asked in one look, by desk and whether for the queue: once a desk, not once a ticket


@dataclass(frozen=True)
class Deed:
    """One thing that is due."""

    act: Act
    notice: str = ""
    # template of what the citizen is told; empty: nothing
    key: str = ""
    # of that message: it is told once
    promised_at: datetime | None = None
    # a new promise
    buttons: tuple[Button, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    # for the template


def due(ticket: Ticket, history: Sequence[Entry], plan: DeskPlan, staff: Staff, now: datetime) -> Deed | None:
    """The first thing that is due on an open ticket; None when nothing is. Pure."""
    if ticket.snoozed_until is not None and ticket.snoozed_until <= now:
        return Deed(Act(Event.WOKEN))
    if ticket.state.stage is Stage.QUEUED:
        deed = _for_the_queued(ticket, history, plan, staff, now)
    elif ticket.state.stage is Stage.FILED and staff.takes_over:
        deed = Deed(Act(Event.REROUTED, desk=staff.takes_over))
    elif ticket.state.stage is Stage.CITIZEN:
        deed = _for_the_silent(ticket, history, plan, now)
    else:
        deed = None
    return deed or _for_the_lead(history, plan, staff, now)


def _for_the_queued(
    ticket: Ticket, history: Sequence[Entry], plan: DeskPlan, staff: Staff, now: datetime
) -> Deed | None:
    """Another desk takes it; or the desk has closed; or the promise could not be kept."""
    if staff.takes_over:
        return Deed(Act(Event.REROUTED, desk=staff.takes_over))
    told_at = max((entry.at for entry in history if entry.event in PROMISED), default=ticket.opened_at)
    closed_at = plan.calendar.last_closing(now)
    broken = ticket.promised_at is None or ticket.promised_at <= now
    before = sum(entry.text == MISSED for entry in history)
    if not plan.calendar.is_open(now) and told_at < closed_at:
        key = f"ticket:{ticket.id}:desk_closed:{closed_at.isoformat()}"
        promised_at = standing.promised(plan, now, before) if broken else ticket.promised_at
        return Deed(Act(Event.TOLD, text="desk_closed"), "ticket_desk_closed", key, promised_at)
    if broken:
        key = f"ticket:{ticket.id}:missed:{ticket.promised_at and ticket.promised_at.isoformat()}"
        promised_at = standing.promised(plan, now, before + 1)
        return Deed(Act(Event.TOLD, text=MISSED), "ticket_promise_missed", key, promised_at)
    return None


def _for_the_silent(ticket: Ticket, history: Sequence[Entry], plan: DeskPlan, now: datetime) -> Deed | None:
    """Whoever does not answer an officer is reminded once, then the ticket is closed; a complaint goes on without."""
    asked_at = max(entry.at for entry in history if entry.event in SPOKEN or entry.event is Event.HANDED)
    if forwarding.track(history):
        return Deed(Act(Event.RESUMED)) if now >= plan.calendar.add_worked(asked_at, plan.limits.close_after) else None
    reminded_at = max((entry.at for entry in history if entry.event is Event.REMINDED), default=None)
    if reminded_at is None or reminded_at < asked_at:
        if now < plan.calendar.add_worked(asked_at, plan.limits.remind_after):
            return None
        closes_at = plan.calendar.add_worked(now, plan.limits.close_after)
        key = f"ticket:{ticket.id}:reminded:{asked_at.isoformat()}"
        return Deed(Act(Event.REMINDED), "ticket_reminded", key, values={"closes_at": closes_at})
    if now < plan.calendar.add_worked(reminded_at, plan.limits.close_after):
        return None
    last_day = now.astimezone(plan.calendar.zone).date() + timedelta(days=plan.limits.reopen_days)
    return Deed(
        Act(Event.SILENCE),
        "ticket_silence",
        f"ticket:{ticket.id}:silence:{reminded_at.isoformat()}",
        buttons=(notices.reopen_button(ticket.code),) if plan.limits.reopen_days else (),
        values={"reopens_until": last_day if plan.limits.reopen_days else None},
    )


def _for_the_lead(history: Sequence[Entry], plan: DeskPlan, staff: Staff, now: datetime) -> Deed | None:
    """A limit is near, or passed: a row that the desk's lead sees, with the cause."""
    written = {(entry.event, entry.text.rpartition(" ")[0]) for entry in history}
    for clock in clocks.clocks(history, plan):
        if clock.stopped_at is not None:
            continue
        if clock.is_breached(now) and (Event.BREACHED, clock.name) not in written:
            why: Cause | str = clocks.cause(history, clock, staff.on_duty, staff.free)
            return Deed(Act(Event.BREACHED, text=f"{clock.name} {why}"))
        if clock.is_warning(now) and not clock.is_breached(now) and (Event.WARNED, clock.name) not in written:
            return Deed(Act(Event.WARNED, text=f"{clock.name} "))
    return None


class Timers:
    """The clock's hand: looks at every open ticket and does what is due."""

    def __init__(self, store: Store, served: Desks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._desks = served
        self._clock = clock

    def step(self) -> int:
        """Do everything that is due now; how much it was. A ticket is locked only when something is due on it."""
        now = self._clock()
        with self._store.reading() as connection:
            tickets = ledger.all_open(connection)
            histories = ledger.histories(connection, [ticket.id for ticket in tickets])
            asked: Asked = {}
            pressing = [
                ticket.id
                for ticket in tickets
                if self._due(connection, ticket, histories[ticket.id], now, asked) is not None
            ]
        return sum(self._settle(ticket_id, now) for ticket_id in pressing)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop; of many processes one looks at a time."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                with self._store.duty("timers") as ours:
                    if ours:
                        self.step()
            except sa.exc.SQLAlchemyError as error:
                log.error("tickets were not looked at: %s", type(error).__name__)

    def _settle(self, ticket_id: int, now: datetime) -> int:
        """What is due on one ticket, in one transaction."""
        with self._store.writing() as connection:
            for done in range(MOST_DEEDS):
                try:
                    ticket = ledger.of(connection, ticket_id)
                except KeyError:
                    return done
                # forgotten since it was looked at
                history = ledger.histories(connection, [ticket_id])[ticket_id]
                deed = self._due(connection, ticket, history, now, {})
                if deed is None:
                    return done
                self._do(connection, ticket, deed, now)
        return MOST_DEEDS

    def _due(
        self, connection: sa.Connection, ticket: Ticket, history: list[Entry], now: datetime, asked: Asked
    ) -> Deed | None:
        if ticket.state.stage is Stage.CLOSED:
            return None
        desk, waits = where = ticket.state.desk, ticket.state.stage in WAITING
        if where not in asked:
            asked[where] = self._staff(connection, desk, waits, now)
        deed = due(ticket, history, self._desks[desk], asked[where], now)
        unread = deed is not None and deed.act.event in AFTER_SILENCE and _has_unread(connection, ticket)
        return None if unread else deed

    def _staff(self, connection: sa.Connection, desk: str, waits: bool, now: datetime) -> Staff:
        """Who could take a ticket; one that waits of a desk that there is no more goes to the one for everyone."""
        plan = self._desks[desk]
        there, busy = roster.on_duty(connection, plan, now), roster.all_held(connection)
        free = any(busy.get(member.officer_id, 0) < member.capacity for member in there)
        if waits and desk not in self._desks:
            return Staff(bool(there), free, plan.id)
        if there or not waits:
            return Staff(bool(there), free)
        other = reception.taking_over(connection, plan, self._desks, now)
        return Staff(False, False, other.id if other.id != plan.id else "")

    def _do(self, connection: sa.Connection, ticket: Ticket, deed: Deed, now: datetime) -> None:
        """The act, its row, and what the citizen is told."""
        ledger.write(connection, ticket.id, deed.act, now)
        if deed.promised_at is not None:
            ledger.promise(connection, ticket.id, deed.promised_at)
        if deed.act.event is Event.SILENCE and deed.values["reopens_until"] is not None:
            until = deed.values["reopens_until"].isoformat()
            ledger.let_reopen(connection, ticket.conversation_id, ticket.code, until)
        if not deed.notice:
            return
        after = ledger.of(connection, ticket.id)
        buttons = (notices.leave_button(),) if after.state.stage is Stage.QUEUED else deed.buttons
        stands = standing.of(connection, after, self._desks, now)
        told = notices.tell(deed.notice, *buttons, standing=stands, **deed.values)
        outbox.put(connection, ticket.conversation_id, deed.key, told, now)


def _has_unread(connection: sa.Connection, ticket: Ticket) -> bool:
    """Whether the citizen wrote something that no worker has come to yet."""
    here = tables.inbox.c.conversation_id == ticket.conversation_id
    query = sa.select(tables.inbox.c.id).where(here, tables.unread(tables.inbox.c.status))
    return connection.execute(query.limit(1)).first() is not None

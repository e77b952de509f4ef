"""Staffing: who serves at which desk, and when. Each act is one transaction, and recorded.

No ticket stays with an officer who cannot open it any more: it goes back to its queue, and the citizen is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import desks, ledger, notices, outbox, roster, standing, tables
from bot.desks import Desks
from bot.officers import record, roles_of
from bot.roles import Role
from bot.roster import Slot
from bot.store import Store
from bot.ticket import HELD, Act, Event, Stage

MOST_CAPACITY = 50
COMMAND = "command"


class Unfit(Exception):
    """What is asked for needs another role, or makes no sense: nothing was changed."""


class Staffing:
    """The officers of the desks. An unknown desk or officer raises KeyError."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock

    def join(
        self,
        desk: str,
        officer_id: int,
        skills: Collection[str] = (),
        capacity: int | None = None,
        is_lead: bool | None = None,
        by: str = COMMAND,
    ) -> int:
        """An officer serves at a desk from now on, with these skills; without a capacity with the desk's.

        How many tickets went back to a queue: who served the desk for everyone only because they were assigned nowhere,
        serves it no longer. Whoever leads stays so unless it is said. Raises Unfit.
        """
        self._must_be_desk(desk)
        if capacity is not None and not 1 <= capacity <= MOST_CAPACITY:
            raise Unfit("capacity")
        with self._store.writing() as connection:
            _must_answer(connection, officer_id, is_lead)
            leads = _leads(connection, desk, officer_id) if is_lead is None else is_lead
            was_free = not roster.assigned(connection, officer_id)
            _take_out(connection, tables.desk_member, desk, officer_id)
            values = {"skills": sorted(skills), "capacity": capacity, "is_lead": leads}
            connection.execute(sa.insert(tables.desk_member).values(desk=desk, officer_id=officer_id, **values))
            if was_free and desk != self._desks.everyone.id:
                _take_out(connection, tables.duty, self._desks.everyone.id, officer_id)
            record(connection, officer_id, by, "joined", _told(desk, skills, capacity, leads), self._clock())
            return self._hand_back_what_is_not_theirs(connection, officer_id, by, desk)

    def leave(self, desk: str, officer_id: int, why: str, by: str = COMMAND) -> int:
        """An officer serves there no longer, and is in no rota of it; how many tickets went back to the queue."""
        self._must_be_desk(desk)
        with self._store.writing() as connection:
            if desk not in roster.assigned(connection, officer_id):
                raise KeyError(officer_id)
            for table in (tables.desk_member, tables.duty):
                _take_out(connection, table, desk, officer_id)
            record(connection, officer_id, by, "left", f"{desk}: {why}", self._clock())
            return self._hand_back_what_is_not_theirs(connection, officer_id, by, why)

    def release(self, desk: str, officer_id: int, why: str, by: str = COMMAND) -> int:
        """The tickets that an officer holds at a desk go back to its queue: they are away, or ill; how many."""
        self._must_be_desk(desk)
        with self._store.writing() as connection:
            kept = roster.serves(connection, self._desks, officer_id)
            if desk not in kept:
                raise KeyError(officer_id)
            record(connection, officer_id, by, "released", f"{desk}: {why}", self._clock())
            return hand_back(connection, self._desks, officer_id, kept - {desk}, by, why, self._clock())

    def plan(self, desk: str, officer_id: int, slots: Collection[Slot], by: str = COMMAND) -> None:
        """An officer's weekly rota at a desk: these stretches and no other. Raises Unfit."""
        self._must_be_desk(desk)
        if any(slot.opens >= slot.closes or not 0 <= slot.weekday <= 6 for slot in slots):
            raise Unfit("rota")
        with self._store.writing() as connection:
            if desk not in roster.serves(connection, self._desks, officer_id):
                raise KeyError(officer_id)
            _take_out(connection, tables.duty, desk, officer_id)
            rows = [_row(slot) | {"desk": desk, "officer_id": officer_id} for slot in sorted(set(slots))]
            if rows:
                connection.execute(sa.insert(tables.duty), rows)
            record(connection, officer_id, by, "duty", f"{desk}: {len(rows)}", self._clock())

    def away(self, officer_id: int, starts_at: datetime, ends_at: datetime, by: str = COMMAND) -> None:
        """An officer is on duty nowhere from one moment (aware) to another. Raises Unfit."""
        if starts_at >= ends_at:
            raise Unfit("absence")
        with self._store.writing() as connection:
            if not roster.serves(connection, self._desks, officer_id):
                raise KeyError(officer_id)
            values = {"officer_id": officer_id, "starts_at": starts_at, "ends_at": ends_at}
            connection.execute(sa.insert(tables.absence).values(**values))
            told = f"{starts_at:%Y-%m-%d %H:%M} {ends_at:%Y-%m-%d %H:%M}"
            record(connection, officer_id, by, "away", told, self._clock())

    def back(self, absence_id: int, officer_id: int, by: str = COMMAND) -> None:
        """An absence of an officer is taken out of the book."""
        row = tables.absence.c
        with self._store.writing() as connection:
            this = sa.and_(row.id == absence_id, row.officer_id == officer_id)
            if not connection.execute(sa.delete(tables.absence).where(this)).rowcount:
                raise KeyError(absence_id)
            record(connection, officer_id, by, "back", "", self._clock())

    def _hand_back_what_is_not_theirs(self, connection: sa.Connection, officer_id: int, by: str, why: str) -> int:
        kept = roster.serves(connection, self._desks, officer_id)
        return hand_back(connection, self._desks, officer_id, kept, by, why, self._clock())

    def _must_be_desk(self, desk: str) -> None:
        if desk not in self._desks:
            raise KeyError(desk)


def hand_back(
    connection: sa.Connection,
    served: Desks,
    officer_id: int,
    kept: Collection[str],
    by: str,
    why: str,
    now: datetime,
) -> int:
    """The tickets that an officer holds at other desks than those kept go back to their queues; how many.

    Each citizen is told, with a new promise. Where nobody is left at the desk, the clock's hand takes them
    to another (bot/timers.py).
    """
    row = tables.ticket.c
    query = sa.select(row.id, row.desk).where(row.officer_id == officer_id, row.state.in_(HELD))
    query = query.order_by(row.conversation_id)
    # many are locked: in one order everywhere (bot/locks.py)
    lost = [ticket_id for ticket_id, desk in connection.execute(query).all() if served[desk].id not in kept]
    act = Act(Event.FREED, _number(connection, by), text=why)
    for ticket_id in lost:
        ledger.write(connection, ticket_id, act, now)
        ticket = ledger.of(connection, ticket_id)
        waits = ticket.state.stage is Stage.QUEUED
        # a complaint waits beside the talk: nobody is promised a first word
        ticket = standing.promise(connection, ticket_id, served, now) if waits else ticket
        stands = standing.of(connection, ticket, served, now)
        buttons = (notices.leave_button(),) if waits else ()
        told = notices.tell("ticket_returned", *buttons, standing=stands)
        key = f"ticket:{ticket_id}:{act.event}:{ledger.last_event(connection, ticket_id)}"
        outbox.put(connection, ticket.conversation_id, key, told, now)
    return len(lost)


def _must_answer(connection: sa.Connection, officer_id: int, is_lead: bool | None) -> None:
    """Raises KeyError for nobody, Unfit for whoever lacks the role."""
    if connection.execute(sa.select(tables.officer.c.id).where(tables.officer.c.id == officer_id)).first() is None:
        raise KeyError(officer_id)
    roles = roles_of(connection, officer_id)
    if not roles & {Role.OFFICER, Role.LEAD} or (is_lead and Role.LEAD not in roles):
        raise Unfit("role")


def _leads(connection: sa.Connection, desk: str, officer_id: int) -> bool:
    row = tables.desk_member.c
    query = sa.select(row.is_lead).where(row.desk == desk, row.officer_id == officer_id)
    return bool(connection.execute(query).scalar())


def _take_out(connection: sa.Connection, table: sa.Table, desk: str, officer_id: int) -> None:
    connection.execute(sa.delete(table).where(table.c.desk == desk, table.c.officer_id == officer_id))


def _row(slot: Slot) -> dict[str, object]:
    return {"weekday": slot.weekday, "opens": f"{slot.opens:%H:%M}", "closes": f"{slot.closes:%H:%M}"}


def _told(desk: str, skills: Collection[str], capacity: int | None, leads: bool) -> str:
    """For the record: "dat_dai lead capacity=2 skills=xay_dung"."""
    parts = [desk, "lead" if leads else "", f"capacity={capacity}" if capacity else ""]
    return " ".join(part for part in (*parts, f"skills={','.join(sorted(skills))}" if skills else "") if part)


def _number(connection: sa.Connection, by: str) -> int | None:
    """The officer of a username; None for a command."""
    return connection.execute(sa.select(tables.officer.c.id).where(tables.officer.c.username == by)).scalar()

"""The roster: who serves at which desk, with which skills, and who is on duty when.

An officer who is assigned to no desk serves the one for everyone. A desk without a rota has all its officers on duty in
all its hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

import sqlalchemy as sa

from bot import desks, tables
from bot.desks import DeskPlan, Desks
from bot.store import Store
from bot.ticket import Stage


@dataclass(frozen=True)
class Member:
    """An officer at a desk."""

    officer_id: int
    skills: frozenset[str]
    # fields of procedures; empty: all
    capacity: int
    # tickets held at a time


def members(connection: sa.Connection, plan: DeskPlan) -> list[Member]:
    """The officers of a desk."""
    query = sa.select(tables.desk_member).where(tables.desk_member.c.desk == plan.id)
    found = [
        Member(row["officer_id"], frozenset(row["skills"]), row["capacity"] or plan.capacity)
        for row in connection.execute(query).mappings()
    ]
    return [*found, *_unassigned(connection, plan)] if plan.everyone else found


def on_duty(connection: sa.Connection, plan: DeskPlan, at: datetime) -> list[Member]:
    """Who is there at a moment (aware): nobody outside the desk's hours."""
    if not plan.calendar.is_open(at):
        return []
    slots = connection.execute(sa.select(tables.duty).where(tables.duty.c.desk == plan.id)).mappings().all()
    here = [member for member in members(connection, plan)]
    if not slots:
        return here
    local = at.astimezone(plan.calendar.zone)
    there = {row["officer_id"] for row in slots if _covers(row, local)}
    return [member for member in here if member.officer_id in there]


def held(connection: sa.Connection, officer_id: int) -> int:
    """How many tickets an officer works on; those that wait for the citizen do not count."""
    mine = sa.and_(tables.ticket.c.officer_id == officer_id, tables.ticket.c.state == Stage.OFFICER.value)
    return int(connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one())


def capacity(connection: sa.Connection, plan: DeskPlan, officer_id: int) -> int:
    """How many tickets an officer may hold when they take one of this desk."""
    own = [member.capacity for member in members(connection, plan) if member.officer_id == officer_id]
    return own[0] if own else plan.capacity


class Roster:
    """What administrators change."""

    def __init__(self, store: Store, served: Desks | None = None) -> None:
        self._store = store
        self._desks = served or desks.load()

    def desks_of(self, officer_id: int) -> frozenset[str]:
        """Where an officer serves: at the desk for everyone when nowhere else."""
        query = sa.select(tables.desk_member.c.desk).where(tables.desk_member.c.officer_id == officer_id)
        with self._store.reading() as connection:
            found = frozenset(connection.execute(query).scalars())
        return found or frozenset({self._desks.everyone.id})

    def desk_of(self, ticket_id: int) -> str:
        """The desk of a ticket; "" when there is no such ticket."""
        query = sa.select(tables.ticket.c.desk).where(tables.ticket.c.id == ticket_id)
        with self._store.reading() as connection:
            return connection.execute(query).scalar() or ""

    def join(self, desk: str, officer_id: int, skills: Sequence[str] = (), capacity: int | None = None) -> None:
        """An officer serves at a desk from now on, with these skills."""
        with self._store.writing() as connection:
            this = sa.and_(tables.desk_member.c.desk == desk, tables.desk_member.c.officer_id == officer_id)
            connection.execute(sa.delete(tables.desk_member).where(this))
            values = {"desk": desk, "officer_id": officer_id, "skills": list(skills), "capacity": capacity}
            connection.execute(sa.insert(tables.desk_member).values(**values))

    def leave(self, desk: str, officer_id: int) -> None:
        """An officer serves there no longer, and is in no rota of it."""
        with self._store.writing() as connection:
            for table in (tables.desk_member, tables.duty):
                connection.execute(sa.delete(table).where(table.c.desk == desk, table.c.officer_id == officer_id))

    def on(self, desk: str, officer_id: int, weekday: int, opens: time, closes: time) -> None:
        """One line of the weekly rota; weekday 0 is Monday."""
        with self._store.writing() as connection:
            hours = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}
            values = {"desk": desk, "officer_id": officer_id, "weekday": weekday, **hours}
            connection.execute(sa.insert(tables.duty).values(**values))


def _covers(slot: sa.RowMapping, local: datetime) -> bool:
    opens, closes = time.fromisoformat(slot["opens"]), time.fromisoformat(slot["closes"])
    return bool(slot["weekday"] == local.weekday()) and opens <= local.time() < closes


def _unassigned(connection: sa.Connection, plan: DeskPlan) -> list[Member]:
    assigned = sa.select(tables.desk_member.c.officer_id)
    free = sa.select(tables.officer.c.id).where(tables.officer.c.id.not_in(assigned))
    return [Member(number, frozenset(), plan.capacity) for number in connection.execute(free).scalars()]

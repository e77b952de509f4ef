"""The roster: who serves at which desk, with which skills, and who is on duty when. It changes nothing.

An officer who is assigned to no desk serves the one for everyone. A desk without a rota has all its officers on duty in
all its hours, those who are away left out. Only an officer who answers citizens and may sign in serves anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import sqlalchemy as sa

from bot import desks, tables
from bot.desks import DeskPlan, Desks
from bot.roles import Role
from bot.store import Store
from bot.ticket import Stage
from knowledge.calendar import Shift

ANSWERING = (Role.OFFICER.value, Role.LEAD.value)


@dataclass(frozen=True)
class Member:
    """An officer at a desk."""

    officer_id: int
    skills: frozenset[str]
    # fields of procedures; empty: all
    capacity: int
    # tickets held at a time
    is_lead: bool = False


@dataclass(frozen=True, order=True)
class Slot:
    """One stretch of the weekly rota."""

    weekday: int
    # 0 is Monday
    opens: time
    closes: time
    # of the clock on the wall

    def covers(self, local: datetime) -> bool:
        """Whether a local moment lies in it."""
        return self.weekday == local.weekday() and self.opens <= local.time() < self.closes

    def meets(self, weekday: int, shift: Shift) -> bool:
        """Whether it has time in common with a stretch of a working day."""
        return self.weekday == weekday and self.opens < shift.closes and shift.opens < self.closes


Rota = Mapping[int, Sequence[Slot]]
# officer -> their stretches


def members(connection: sa.Connection, plan: DeskPlan) -> list[Member]:
    """The officers of a desk."""
    return all_members(connection, [plan])[plan.id]


def on_duty(connection: sa.Connection, plan: DeskPlan, at: datetime) -> list[Member]:
    """Who is there at a moment (aware): nobody outside the desk's hours."""
    return all_on_duty(connection, [plan], at)[plan.id]


def all_on_duty(connection: sa.Connection, plans: Collection[DeskPlan], at: datetime) -> dict[str, list[Member]]:
    """Who is there at a moment (aware), desk by desk; as many questions for a hundred desks as for one."""
    is_open = [plan for plan in plans if plan.calendar.is_open(at)]
    here: dict[str, list[Member]] = {plan.id: [] for plan in plans}
    if is_open:
        serving, lines, away = all_members(connection, is_open), rotas(connection, is_open), absent(connection, at)
        here |= {plan.id: there(plan, serving[plan.id], lines[plan.id], away, at) for plan in is_open}
    return here


def there(plan: DeskPlan, serving: Sequence[Member], rota: Rota, away: Collection[int], at: datetime) -> list[Member]:
    """Of a desk's officers those who are on duty at a moment (aware) of its hours. Pure."""
    local = at.astimezone(plan.calendar.zone)
    lines = {member.officer_id: rota.get(member.officer_id, ()) for member in serving}
    everyone = not any(lines.values())
    present = [member for member in serving if member.officer_id not in away]
    return [member for member in present if everyone or any(slot.covers(local) for slot in lines[member.officer_id])]


def all_members(connection: sa.Connection, plans: Collection[DeskPlan]) -> dict[str, list[Member]]:
    """The officers of each desk."""
    by_id, row = {plan.id: plan for plan in plans}, tables.desk_member.c
    found: dict[str, list[Member]] = {desk: [] for desk in by_id}
    query = sa.select(tables.desk_member).where(row.desk.in_(by_id), row.officer_id.in_(answering()))
    for line in connection.execute(query.order_by(row.officer_id)).mappings():
        most = line["capacity"] or by_id[line["desk"]].capacity
        member = Member(line["officer_id"], frozenset(line["skills"]), most, line["is_lead"])
        found[line["desk"]].append(member)
    for plan in plans:
        if plan.everyone:
            found[plan.id] += _unassigned(connection, plan)
    return found


def rotas(connection: sa.Connection, plans: Collection[DeskPlan]) -> dict[str, dict[int, list[Slot]]]:
    """The weekly rota of each desk."""
    found: dict[str, dict[int, list[Slot]]] = {plan.id: {} for plan in plans}
    query = sa.select(tables.duty).where(tables.duty.c.desk.in_(found))
    for row in connection.execute(query.order_by(tables.duty.c.weekday, tables.duty.c.opens)).mappings():
        slot = Slot(row["weekday"], time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
        found[row["desk"]].setdefault(row["officer_id"], []).append(slot)
    return found


def absent(connection: sa.Connection, at: datetime) -> set[int]:
    """The officers who are away at a moment (aware)."""
    row = tables.absence.c
    query = sa.select(row.officer_id).where(row.starts_at <= at, row.ends_at > at)
    return set(connection.execute(query).scalars())


def serves(connection: sa.Connection, served: Desks, officer_id: int) -> frozenset[str]:
    """The desks whose tickets an officer may hold; none for whoever does not answer citizens or cannot sign in."""
    if connection.execute(answering().where(tables.officer.c.id == officer_id)).first() is None:
        return frozenset()
    return assigned(connection, officer_id) or frozenset({served.everyone.id})


def assigned(connection: sa.Connection, officer_id: int) -> frozenset[str]:
    """The desks that an officer was put at."""
    query = sa.select(tables.desk_member.c.desk).where(tables.desk_member.c.officer_id == officer_id)
    return frozenset(connection.execute(query).scalars())


def held(connection: sa.Connection, officer_id: int) -> int:
    """How many tickets an officer works on; those that wait for the citizen do not count."""
    mine = sa.and_(tables.ticket.c.officer_id == officer_id, tables.ticket.c.state == Stage.OFFICER.value)
    return int(connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one())


def all_held(connection: sa.Connection) -> dict[int, int]:
    """The same of every officer who has any."""
    row = tables.ticket.c
    query = sa.select(row.officer_id, sa.func.count()).where(row.state == Stage.OFFICER.value).group_by(row.officer_id)
    return {number: count for number, count in connection.execute(query)}


def capacity(connection: sa.Connection, plan: DeskPlan, officer_id: int) -> int:
    """How many tickets an officer may hold when they take one of this desk."""
    own = [member.capacity for member in members(connection, plan) if member.officer_id == officer_id]
    return own[0] if own else plan.capacity


class Roster:
    """What the gate asks."""

    def __init__(self, store: Store, served: Desks | None = None) -> None:
        self._store = store
        self._desks = served or desks.load()

    def desks_of(self, officer_id: int) -> frozenset[str]:
        """Where an officer serves: at the desk for everyone when nowhere else."""
        with self._store.reading() as connection:
            return assigned(connection, officer_id) or frozenset({self._desks.everyone.id})

    def led_by(self, officer_id: int) -> frozenset[str]:
        """The desks that an officer looks after."""
        row = tables.desk_member.c
        query = sa.select(row.desk).where(row.officer_id == officer_id, row.is_lead)
        with self._store.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def desk_of(self, ticket_id: int) -> str:
        """The desk of a ticket; "" when there is no such ticket."""
        query = sa.select(tables.ticket.c.desk).where(tables.ticket.c.id == ticket_id)
        with self._store.reading() as connection:
            return connection.execute(query).scalar() or ""


def answering() -> sa.Select[int]:
    """The officers who answer citizens and may sign in."""
    roles = sa.select(tables.officer_role.c.officer_id).where(tables.officer_role.c.role.in_(ANSWERING))
    return sa.select(tables.officer.c.id).where(tables.officer.c.disabled_at.is_(None), tables.officer.c.id.in_(roles))


def _unassigned(connection: sa.Connection, plan: DeskPlan) -> list[Member]:
    put = sa.select(tables.desk_member.c.officer_id)
    free = answering().where(tables.officer.c.id.not_in(put)).order_by(tables.officer.c.id)
    return [Member(number, frozenset(), plan.capacity) for number in connection.execute(free).scalars()]

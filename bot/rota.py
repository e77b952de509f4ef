"""The rota: one desk's officers and who is there in the coming days, as whoever looks after the desk sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from bot import desks, roster, tables
from bot.desks import DeskPlan, Desks
from bot.roster import Member, Rota, Slot
from bot.store import Store
from bot.ticket import HELD
from knowledge.calendar import Shift

DAYS = 7
# that are shown ahead
WEEK = range(7)


@dataclass(frozen=True)
class Absence:
    """A stretch of time in which an officer is on duty nowhere."""

    id: int
    officer_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Serving:
    """One officer of a desk."""

    officer_id: int
    username: str
    name: str
    skills: frozenset[str]
    # fields of procedures; empty: all
    capacity: int
    own_capacity: int | None
    # None: the desk's
    is_lead: bool
    is_assigned: bool
    # False: serves the desk for everyone because they are assigned nowhere
    is_on_duty: bool
    # now
    held: int
    # tickets of this desk, those that wait for the citizen too
    slots: tuple[Slot, ...]
    # empty, and nobody else has any: in all hours of the desk
    absences: tuple[Absence, ...]
    # that are not over


@dataclass(frozen=True)
class Watch:
    """One stretch of one of the coming days."""

    day: date
    shift: Shift
    is_worked: bool
    # by the desk's calendar
    names: tuple[str, ...]
    # of those who are on duty in it, or in a part of it


@dataclass(frozen=True)
class DeskRota:
    """One desk."""

    plan: DeskPlan
    serving: list[Serving]
    watches: list[Watch]
    others: list[tuple[int, str]]
    # id and name of those who could be put at the desk


class Rotas:
    """The rotas of all desks."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock

    def desks(self, led: Collection[str] | None = None) -> list[DeskPlan]:
        """The desks that are led; None for all."""
        return [plan for plan in self._desks if led is None or plan.id in led]

    def of(self, desk: str) -> DeskRota:
        """One desk now. Raises KeyError."""
        if desk not in self._desks:
            raise KeyError(desk)
        plan, now = self._desks[desk], self._clock()
        with self._store.reading() as connection:
            members, lines = roster.members(connection, plan), roster.rotas(connection, [plan])[desk]
            away = _absences(connection, now)
            on_duty = {member.officer_id for member in roster.on_duty(connection, plan, now)}
            answering = _answering(connection)
            own = _own(connection, plan)
            held = _held(connection, plan)
        serving = [
            Serving(
                officer_id=member.officer_id,
                username=answering[member.officer_id][0],
                name=answering[member.officer_id][1],
                skills=member.skills,
                capacity=member.capacity,
                own_capacity=own.get(member.officer_id),
                is_lead=member.is_lead,
                is_assigned=member.officer_id in own,
                is_on_duty=member.officer_id in on_duty,
                held=held.get(member.officer_id, 0),
                slots=tuple(lines.get(member.officer_id, ())),
                absences=tuple(item for item in away if item.officer_id == member.officer_id),
            )
            for member in members
        ]
        names = {number: name for number, (_, name) in answering.items()}
        ahead = watches(plan, members, lines, away, names, now.astimezone(plan.calendar.zone).date())
        others = [(number, names[number]) for number in names if number not in own]
        return DeskRota(plan, serving, list(ahead), sorted(others, key=lambda other: other[1]))


def watches(
    plan: DeskPlan,
    members: Sequence[Member],
    rota: Rota,
    absences: Sequence[Absence],
    names: dict[int, str],
    first: date,
    days: int = DAYS,
) -> Iterator[Watch]:
    """Who is there in each stretch of the coming days, from the first on. Pure."""
    lines = {member.officer_id: rota.get(member.officer_id, ()) for member in members}
    everyone = not any(lines.values())
    for day in (first + timedelta(days=number) for number in range(days)):
        is_worked = plan.calendar.is_working_day(day)
        for shift in plan.calendar.shifts:
            start, end = (datetime.combine(day, at, plan.calendar.zone) for at in (shift.opens, shift.closes))
            gone = {item.officer_id for item in absences if item.starts_at <= start and end <= item.ends_at}
            there = [
                number
                for number, slots in lines.items()
                if number not in gone and (everyone or any(slot.meets(day.weekday(), shift) for slot in slots))
            ]
            yield Watch(day, shift, is_worked, tuple(names[number] for number in there) if is_worked else ())


def choices(plan: DeskPlan, slots: Collection[Slot]) -> list[Slot]:
    """The stretches that a rota can be made of: those of the desk's day on each weekday, and those that are there."""
    whole = {Slot(weekday, shift.opens, shift.closes) for weekday in WEEK for shift in plan.calendar.shifts}
    return sorted(whole | set(slots))


def half_day(plan: DeskPlan, first: date, last: date, half: str = "") -> tuple[datetime, datetime]:
    """From the beginning of one day to the end of another here; a half, "am" or "pm", of the first day alone."""
    opens, closes = time(12) if half == "pm" else time(), time(12) if half == "am" else time()
    starts_at = datetime.combine(first, opens, plan.calendar.zone)
    if half == "am":
        return starts_at, datetime.combine(first, closes, plan.calendar.zone)
    return starts_at, datetime.combine((first if half else last) + timedelta(days=1), time(), plan.calendar.zone)


def _absences(connection: sa.Connection, now: datetime) -> list[Absence]:
    """Those that are not over, the earliest first."""
    row = tables.absence.c
    query = sa.select(tables.absence).where(row.ends_at > now).order_by(row.starts_at, row.id)
    return [Absence(**line) for line in connection.execute(query).mappings()]


def _answering(connection: sa.Connection) -> dict[int, tuple[str, str]]:
    """User name and name of everybody who answers citizens."""
    row = tables.officer.c
    query = sa.select(row.id, row.username, row.name).where(row.id.in_(roster.answering()))
    return {number: (username, name) for number, username, name in connection.execute(query)}


def _own(connection: sa.Connection, plan: DeskPlan) -> dict[int, int | None]:
    """The capacities that were agreed with those who are assigned to a desk."""
    row = tables.desk_member.c
    query = sa.select(row.officer_id, row.capacity).where(row.desk == plan.id)
    return {number: most for number, most in connection.execute(query)}


def _held(connection: sa.Connection, plan: DeskPlan) -> dict[int, int]:
    row = tables.ticket.c
    query = sa.select(row.officer_id, sa.func.count()).where(row.desk == plan.id, row.state.in_(HELD))
    return {number: count for number, count in connection.execute(query.group_by(row.officer_id))}

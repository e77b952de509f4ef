"""The board: what officers see of the tickets, read together with what is owed on them. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import clocks, desks, ledger, roster, tables, zalo_window
from bot.clocks import Clock, Limit
from bot.desks import DeskPlan, Desks
from bot.handoff import DeskState, TicketSummary, in_view, summaries
from bot.ledger import Entry
from bot.roles import Role
from bot.store import Store
from bot.ticket import Event, Stage
from bot.zalo_window import Window

MOST_LISTED = 200
# tickets on one page
MOST_AT_ONCE = 100
# transactions that may be under way


@dataclass(frozen=True)
class Owed:
    """A limit that runs, or was passed."""

    limit: Limit
    due_at: datetime
    is_near: bool
    is_passed: bool


@dataclass(frozen=True)
class Listed:
    """One ticket in the queue."""

    ticket: TicketSummary
    desk: str
    # its name
    waits_since: datetime | None
    # of the words that nobody answered; None: nobody waits for us
    next: Owed | None
    # the limit that ends first; None: none runs
    passed: tuple[Limit, ...]
    # limits that were passed, each once


@dataclass(frozen=True)
class Happened:
    """One row of a ticket's history."""

    event: Event
    at: datetime
    by: str
    # name of an officer; "" for the citizen and the clock
    desk: str
    # its name
    holder: str
    # name of whoever had the ticket after it
    text: str


@dataclass(frozen=True)
class Case:
    """What stands around one ticket."""

    desk: DeskPlan
    history: list[Happened]
    owed: list[Owed]
    earlier: list[TicketSummary]
    # of the same citizen at the desks that the officer sees, the newest first
    window: Window | None
    # of Zalo; None on other channels
    colleagues: list[tuple[int, str]]
    # id and name of the others who answer at this desk
    desks: list[tuple[str, str]]
    # id and name of the others


class Board:
    """The tickets as officers see them."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock

    def listed(
        self, view: str, officer_id: int, seen: frozenset[str] | None = None, desk: str = ""
    ) -> tuple[list[Listed], int]:
        """The first MOST_LISTED tickets of a view (bot.handoff.in_view), and how many there are; of one desk or all."""
        query = in_view(view, officer_id, seen)
        if desk:
            query = query.where(tables.ticket.c.desk == desk)
        now = self._clock()
        with self._store.reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())).scalar()
            tickets = summaries(connection, query.limit(MOST_LISTED))
            histories = ledger.histories(connection, [ticket.id for ticket in tickets])
        return [self._listed(ticket, histories[ticket.id], now) for ticket in tickets], total or 0

    def states(self, seen: frozenset[str] | None = None) -> list[DeskState]:
        """Every desk that is seen, with its counts."""
        now, counted = self._clock(), sa.func.count()
        query = sa.select(tables.ticket.c.desk, tables.ticket.c.state == Stage.QUEUED.value, counted)
        query = query.where(tables.ticket.c.state != Stage.CLOSED.value)
        with self._store.reading() as connection:
            found = connection.execute(query.group_by(tables.ticket.c.desk, tables.ticket.c.state)).all()
            return [
                DeskState(
                    id=plan.id,
                    name=plan.name,
                    queued=sum(count for desk, queued, count in found if desk == plan.id and queued),
                    held=sum(count for desk, queued, count in found if desk == plan.id and not queued),
                    on_duty=len(roster.on_duty(connection, plan, now)),
                    is_open=plan.calendar.is_open(now),
                )
                for plan in self._desks
                if seen is None or plan.id in seen
            ]

    def case(self, ticket_id: int, officer_id: int, seen: frozenset[str] | None = None) -> Case:
        """What stands around a ticket. Raises KeyError."""
        now = self._clock()
        with self._store.reading() as connection:
            ticket = ledger.of(connection, ticket_id)
            history = ledger.histories(connection, [ticket_id])[ticket_id]
            officers = connection.execute(sa.select(tables.officer.c.id, tables.officer.c.name))
            names = {number: name for number, name in officers}
            plan = self._desks[ticket.state.desk]
            others = in_view("all", officer_id, seen).where(
                tables.ticket.c.conversation_id == ticket.conversation_id, tables.ticket.c.id != ticket_id
            )
            return Case(
                desk=plan,
                history=[self._happened(entry, names) for entry in history],
                owed=_owed(clocks.clocks(history, plan), now),
                earlier=sorted(summaries(connection, others), key=lambda other: other.id, reverse=True),
                window=_window(connection, ticket.conversation_id),
                colleagues=[(number, names[number]) for number in _colleagues(connection, plan, officer_id)],
                desks=[(other.id, other.name) for other in self._desks if other.id != plan.id],
            )

    def mark(self) -> str:
        """Another word whenever something was said or happened to a ticket."""
        with self._store.reading() as connection:
            return "-".join(str(number or 0) for number in connection.execute(_mark()).one())

    def _listed(self, ticket: TicketSummary, history: Sequence[Entry], now: datetime) -> Listed:
        plan = self._desks[ticket.desk]
        running = [] if ticket.stage is Stage.CLOSED else clocks.clocks(history, plan)
        owed = _owed(running, now)
        waits = (clock.started_at for clock in running if clock.limit is not Limit.RESOLUTION and not clock.stopped_at)
        return Listed(
            ticket=ticket,
            desk=plan.name,
            waits_since=next(waits, None),
            next=min(owed, key=lambda one: one.due_at, default=None),
            passed=tuple(dict.fromkeys(clock.limit for clock in running if clock.is_breached(now))),
        )

    def _happened(self, entry: Entry, names: dict[int, str]) -> Happened:
        return Happened(
            event=entry.event,
            at=entry.at,
            by=names.get(entry.officer_id or 0, ""),
            desk=self._desks[entry.desk].name,
            holder=names.get(entry.holder_id or 0, ""),
            text=entry.text,
        )


_TOLD = (tables.ticket_event, tables.inbox, tables.outbox)


def _mark() -> sa.Select[tuple[int, ...]]:
    """The last numbers added up: one that is committed after a later one changes the sum too."""
    last = [sa.select(table.c.id).order_by(table.c.id.desc()).limit(MOST_AT_ONCE).subquery() for table in _TOLD]
    return sa.select(*(sa.select(sa.func.sum(table.c.id)).scalar_subquery() for table in last))


def _owed(running: Sequence[Clock], now: datetime) -> list[Owed]:
    """The limits that still run."""
    return [
        Owed(clock.limit, clock.due_at, clock.is_warning(now), clock.is_breached(now))
        for clock in running
        if clock.stopped_at is None and clock.due_at is not None
    ]


def _window(connection: sa.Connection, conversation_id: int) -> Window | None:
    this = tables.conversation.c.id == conversation_id
    channel = connection.execute(sa.select(tables.conversation.c.channel).where(this)).scalar_one()
    last = zalo_window.last_said_in(connection, conversation_id) if channel == "zalo" else None
    return zalo_window.window(last) if last else None


def _colleagues(connection: sa.Connection, plan: DeskPlan, officer_id: int) -> list[int]:
    """The others who answer at a desk and may sign in."""
    answering = (
        sa.select(tables.officer.c.id)
        .join(tables.officer_role, tables.officer_role.c.officer_id == tables.officer.c.id)
        .where(tables.officer_role.c.role.in_((Role.OFFICER.value, Role.LEAD.value)))
        .where(tables.officer.c.disabled_at.is_(None))
    )
    may = set(connection.execute(answering).scalars()) - {officer_id}
    return [member.officer_id for member in roster.members(connection, plan) if member.officer_id in may]

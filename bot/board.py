"""The board: what officers see of the tickets, read together with what is owed on them. It changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import clocks, desks, ledger, mentions, ratings, roster, snooze, tables, zalo_window
from bot.clocks import Clock, Limit
from bot.desks import DeskPlan, Desks
from bot.handoff import DeskState, TicketSummary, belongs, in_view, order, summaries
from bot.ledger import Entry, Ticket
from bot.mentions import Mention
from bot.ratings import Given
from bot.roles import Role
from bot.snooze import Preset
from bot.store import Store
from bot.ticket import OPEN, WAITING, Event, Stage
from bot.zalo_window import Window

PAGE = 50
# tickets on one page


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
    snoozed_until: datetime | None = None
    # its holder put it off until then; None: it is active

    @property
    def is_hidden(self) -> bool:
        """Whether its holder does not want to see it now; a limit that has passed brings it back."""
        return self.snoozed_until is not None and not (self.next and self.next.is_passed)


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
    ticket: Ticket
    mentionable: list[tuple[str, str]]
    # username and name of whoever a note may mention
    presets: Mapping[Preset, datetime]
    # until when it may be put off
    rating: Given | None = None
    # of a closed ticket; None: nobody was asked


class Board:
    """The tickets as officers see them."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock

    def listed(
        self, view: str, officer_id: int, seen: frozenset[str] | None = None, desk: str = "", page: int = 1
    ) -> tuple[list[Listed], int]:
        """One page of the tickets of a view (bot.handoff.in_view), and how many there are; of one desk or all.

        A page after the last one is the last one (`at_most`). An officer's own list leaves out what they put off,
        unless a limit has passed: a snooze hides no breach.
        """
        row, now = tables.ticket.c, self._clock()
        wanted = sa.and_(belongs(view, officer_id, seen), row.desk == desk if desk else sa.true())
        counted = sa.select(sa.func.count()).select_from(tables.ticket).where(wanted)
        # the page is chosen before anything is joined to it: closed tickets are many
        with self._store.reading() as connection:
            total = int(connection.execute(counted).scalar_one())
            first = (at_most(page, total) - 1) * PAGE
            chosen = sa.select(row.id).where(wanted).order_by(*order(view)).limit(PAGE).offset(first)
            here = row.id.in_(connection.execute(chosen).scalars().all())
            tickets = summaries(connection, in_view(view, officer_id, seen).where(here))
            histories = ledger.histories(connection, [ticket.id for ticket in tickets])
        found = [self._listed(ticket, histories[ticket.id], now) for ticket in tickets]
        shown = [item for item in found if view != "mine" or not item.is_hidden]
        return shown, total - len(found) + len(shown)

    def mentions(self, officer_id: int, seen: frozenset[str] | None = None) -> list[Mention]:
        """The notes that name the officer, at the desks they see, until they open the ticket."""
        with self._store.reading() as connection:
            return mentions.unseen(connection, officer_id, seen)

    def opened(self, ticket_id: int, officer_id: int) -> None:
        """The officer has the ticket before them: what they were told by mentions is seen."""
        with self._store.reading() as connection:
            is_named = mentions.waits(connection, ticket_id, officer_id)
        if is_named:
            with self._store.writing() as connection:
                mentions.open_ticket(connection, ticket_id, officer_id, self._clock())

    def states(self, seen: frozenset[str] | None = None) -> list[DeskState]:
        """Every desk that is seen, with its counts."""
        now, counted = self._clock(), sa.func.count()
        query = sa.select(tables.ticket.c.desk, tables.ticket.c.state.in_(WAITING), counted)
        query = query.where(tables.ticket.c.state.in_(OPEN))
        plans = [plan for plan in self._desks if seen is None or plan.id in seen]
        with self._store.reading() as connection:
            there = roster.all_on_duty(connection, plans, now)
            counts: Counter[tuple[str, bool]] = Counter()
            for desk, queued, count in connection.execute(query.group_by(tables.ticket.c.desk, tables.ticket.c.state)):
                counts[desk, bool(queued)] += count
        return [
            DeskState(
                id=plan.id,
                name=plan.name,
                queued=counts[plan.id, True],
                held=counts[plan.id, False],
                on_duty=len(there[plan.id]),
                is_open=plan.calendar.is_open(now),
            )
            for plan in plans
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
                ticket=ticket,
                mentionable=_mentionable(connection, plan, officer_id),
                presets=snooze.offered(now, plan.calendar),
                rating=ratings.given(connection, ticket_id),
            )

    def newest(self) -> int:
        """The last row of any ticket's history: another one whenever something was said or happened to a ticket."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(sa.func.max(tables.ticket_event.c.id))).scalar() or 0

    def news(self, after: int) -> dict[int, int]:
        """The tickets to which something happened after a row of their histories, each with its newest row."""
        row = tables.ticket_event.c
        query = sa.select(row.ticket_id, sa.func.max(row.id)).where(row.id > after).group_by(row.ticket_id)
        with self._store.reading() as connection:
            return {ticket_id: newest for ticket_id, newest in connection.execute(query)}

    def _listed(self, ticket: TicketSummary, history: Sequence[Entry], now: datetime) -> Listed:
        plan = self._desks[ticket.desk]
        running = [] if ticket.stage is Stage.CLOSED else clocks.clocks(history, plan)
        owed = _owed(running, now)
        waits = (clock.started_at for clock in running if clock.limit in clocks.OURS and not clock.stopped_at)
        return Listed(
            ticket=ticket,
            desk=plan.name,
            waits_since=next(waits, None),
            next=min(owed, key=lambda one: one.due_at, default=None),
            passed=tuple(dict.fromkeys(clock.limit for clock in running if clock.is_breached(now))),
            snoozed_until=ticket.snoozed_until if ticket.snoozed_until and ticket.snoozed_until > now else None,
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


def pages(total: int) -> int:
    """How many pages so many tickets fill; one when there are none."""
    return max(1, -(-total // PAGE))


def at_most(page: int, total: int) -> int:
    """A page that there is."""
    return min(max(page, 1), pages(total))


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


def _mentionable(connection: sa.Connection, plan: DeskPlan, officer_id: int) -> list[tuple[str, str]]:
    """Username and name of the others who answer at a desk, by username."""
    there = mentions.colleagues(connection, plan)
    return sorted((username, name) for username, (number, name) in there.items() if number != officer_id)

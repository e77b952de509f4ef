"""The backlog: what waits in the database, and how well the last turns went, at the moment somebody asks.

Read with few cheap queries and kept for seconds, so that it costs the same however often a monitor comes. Every process
over the database says the same: a dashboard takes one of them, not the sum.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import tables
from bot.desks import Desks
from bot.followers import Followers
from bot.meters import LABELS, OTHER, Gauge
from bot.outcomes import Outcome
from bot.store import Store
from bot.ticket import WAITING, Stage

KEPT_S = 10.0
LAST_TURNS = 1000
SOON = timedelta(minutes=2)
OUTCOMES_OF: Mapping[str, frozenset[Outcome]] = {
    "answered": frozenset({Outcome.ANSWERED, Outcome.JOURNEY_TOLD, Outcome.PREMISE_CORRECTED}),
    "abstained": frozenset({
        Outcome.ASKED_WHICH, Outcome.ASKED_PROCEDURE, Outcome.NOT_UNDERSTOOD, Outcome.OFFICER_OFFERED,
        Outcome.PROCEDURE_UNKNOWN,
    }),
    "handed_off": frozenset({Outcome.HANDED_OFF, Outcome.ALARMED}),
}  # fmt: skip
NOT_HELPED = OUTCOMES_OF["abstained"] | OUTCOMES_OF["handed_off"] | {Outcome.ASKED_COMPLAINT}
KINDS = (*OUTCOMES_OF, "asked_again", "handed_off_after_answer", "all")
OPEN = tuple(stage.value for stage in Stage if stage not in (Stage.BOT, Stage.CLOSED))
SAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "database_reached": ("1: the database answered when this was read.", ()),
    "inbox_waiting": ("Messages of citizens that wait for their turn.", ("channel",)),
    "inbox_oldest_seconds": ("Age of the oldest message that waits for its turn.", ("channel",)),
    "outbox_waiting": ("Replies that were not delivered yet; in webchat the citizen fetches them.", ("channel",)),
    "outbox_oldest_seconds": ("Age of the oldest reply that was not delivered yet.", ("channel",)),
    "set_aside": ("Messages and replies that were set aside and that nobody has looked after.", ("box",)),
    "tickets_open": ("Open tickets.", ("desk", "stage")),
    "tickets_oldest_wait_seconds": ("Age of the oldest ticket that waits for an officer.", ("desk",)),
    "tickets_overdue": ("Open tickets without a first reply although it was promised by now.", ("desk",)),
    "followed_dossiers": ("Dossiers that somebody follows.", ()),
    "followed_late_seconds": ("How late the most overdue question about a followed dossier is.", ()),
    "zalo_token_expires_timestamp_seconds": ("When the access token of Zalo ends, in seconds since 1970.", ()),
    "recent_turns": ("Of the last 1,000 turns, how many went so.", ("kind",)),
}
# name -> HELP and labels; boxes and kinds are closed lists of this module, desks of bot/data/desks.yaml


@dataclass(frozen=True)
class Past:
    """A turn that is over."""

    conversation_id: int
    outcome: str
    at: datetime


class Backlog:
    """What waits. Safe to share between threads."""

    def __init__(self, store: Store, served: Desks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._desks = served
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[datetime, Sequence[Gauge]] | None = None

    def gauges(self) -> Sequence[Gauge]:
        """Everything, at most KEPT_S old; while the database is away, that it is."""
        with self._lock:
            at = self._clock()
            if self._read is None or not 0 <= (at - self._read[0]).total_seconds() < KEPT_S:
                self._read = at, tuple(self._all(at))
            return self._read[1]

    def _all(self, at: datetime) -> list[Gauge]:
        try:
            with self._store.reading() as connection:
                read = [
                    *_boxes(connection, at), *_tickets(connection, self._desks, at),
                    *_zalo(connection), *recent(_past(connection)),
                ]  # fmt: skip
            following = Followers(self._store).figures(at)
        except sa.exc.SQLAlchemyError:
            return [_gauge("database_reached", 0)]
        late = [_gauge("followed_dossiers", following.dossiers), _gauge("followed_late_seconds", following.overdue_s)]
        return [_gauge("database_reached", 1), *read, *late]


def recent(turns: Iterable[Past]) -> Iterator[Gauge]:
    """How often what happened; a citizen who was answered and soon after not helped may have been answered wrongly.

    `turns` in the order in which they were recorded. Nothing here proves a mistake: what these say is where to look.
    """
    counted: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    last: dict[int, Past] = {}
    for turn in turns:
        counted["all"] += 1
        counted.update(kind for kind, outcomes in OUTCOMES_OF.items() if turn.outcome in outcomes)
        before = last.get(turn.conversation_id)
        if before is not None and before.outcome in OUTCOMES_OF["answered"] and turn.at - before.at <= SOON:
            counted["asked_again"] += turn.outcome in NOT_HELPED
            counted["handed_off_after_answer"] += turn.outcome in OUTCOMES_OF["handed_off"]
        last[turn.conversation_id] = turn
    return (_gauge("recent_turns", count, kind=kind) for kind, count in counted.items())


def _past(connection: sa.Connection) -> list[Past]:
    turn = tables.turn.c
    rows = connection.execute(
        sa.select(turn.conversation_id, turn.outcome, turn.created_at).order_by(turn.id.desc()).limit(LAST_TURNS)
    ).all()
    return [Past(row.conversation_id, row.outcome, row.created_at) for row in reversed(rows)]


def _boxes(connection: sa.Connection, at: datetime) -> Iterator[Gauge]:
    """What waits in both boxes, in the words of their partial indexes, and what was set aside there."""
    for name, table, since, waits in (
        ("inbox", tables.inbox, tables.inbox.c.received_at, "status IN ('new', 'working')"),
        ("outbox", tables.outbox, tables.outbox.c.created_at, "status IN ('pending', 'sending')"),
    ):
        ours = table.c.channel.in_(LABELS["channel"]) if name == "outbox" else sa.true()
        # its index begins with the channel, that of the inbox with the status
        waiting = connection.execute(
            sa.select(table.c.channel, sa.func.count(), sa.func.min(since, type_=tables.UtcTime))
            .where(ours, sa.text(waits))
            .group_by(table.c.channel)
        ).all()
        found = {channel: (count, _age_s(at, first)) for channel, count, first in waiting}
        for channel in LABELS["channel"]:
            count, age_s = found.get(channel, (0, 0.0))
            yield _gauge(f"{name}_waiting", count, channel=channel)
            yield _gauge(f"{name}_oldest_seconds", age_s, channel=channel)
        failed = sa.select(sa.func.count()).select_from(table).where(ours, table.c.status == "failed")
        yield _gauge("set_aside", connection.execute(failed).scalar_one(), box=name)


def _tickets(connection: sa.Connection, served: Desks, at: datetime) -> Iterator[Gauge]:
    """Open tickets of every desk; those of a desk that is no more are counted as others'."""
    ticket, waits = tables.ticket.c, tables.ticket.c.state.in_([stage.value for stage in WAITING])
    late = sa.and_(ticket.promised_at < at, ticket.first_replied_at.is_(None))
    rows = connection.execute(
        sa.select(
            ticket.desk, ticket.state, sa.func.count(), sa.func.sum(sa.case((late, 1), else_=0)),
            sa.func.min(sa.case((waits, ticket.opened_at)), type_=tables.UtcTime),
        )
        .where(ticket.state.in_(OPEN))
        .group_by(ticket.desk, ticket.state)
    ).all()  # fmt: skip
    for desk in (*(plan.id for plan in served), OTHER):
        ours = [row for row in rows if (row[0] if row[0] in served else OTHER) == desk]
        for stage in OPEN:
            yield _gauge("tickets_open", sum(row[2] for row in ours if row[1] == stage), desk=desk, stage=stage)
        yield _gauge("tickets_overdue", sum(row[3] for row in ours), desk=desk)
        oldest_s = max((_age_s(at, row[4]) for row in ours), default=0.0)
        yield _gauge("tickets_oldest_wait_seconds", oldest_s, desk=desk)


def _zalo(connection: sa.Connection) -> Iterator[Gauge]:
    """When the token of Zalo ends; nothing where Zalo is not used."""
    query = sa.select(sa.func.min(tables.zalo_token.c.expires_at, type_=tables.UtcTime))
    if expires_at := connection.execute(query).scalar():
        yield _gauge("zalo_token_expires_timestamp_seconds", expires_at.timestamp())


def _age_s(at: datetime, since: datetime | None) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0


def _gauge(name: str, value: float, **labels: str) -> Gauge:
    says, names = SAYS[name]
    assert tuple(labels) == names
    return Gauge(name, says, value, labels)

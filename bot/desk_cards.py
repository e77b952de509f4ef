"""Desk cards: a desk's Telegram group is told that a ticket came into its queue, and that a limit is near.

A card names the desk, the ticket's code, field and reason, and how many wait: nothing of a citizen. It goes through the
outbox like every message. Its key names the row of the ticket's history that it tells of, so each row has one card.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from bot import ledger, notices, outbox, tables, wording
from bot.conversation import Conversation, Owner
from bot.desks import DeskPlan, Desks
from bot.ledger import Entry, Ticket
from bot.messages import Reply
from bot.retention import KEEP
from bot.store import Store
from bot.ticket import HELD, WAITING, Event

log = logging.getLogger(__name__)

PATH = Path(__file__).parent / "data" / "desk_card.yaml"
CHANNEL = "telegram"
LOOK_EVERY_S = 5.0
NEAR = timedelta(hours=1)
# a warning that is older is told no more
ENTERED = frozenset(
    {Event.OPENED, Event.FILED, Event.RETURNED, Event.FREED, Event.TRANSFERRED, Event.REROUTED, Event.REOPENED}
)


@dataclass(frozen=True)
class News:
    """One row of a ticket's history that a desk is told of."""

    number: int
    # its place in the history: rows are only ever added
    since: datetime
    # from when on somebody waits
    limit: str = ""
    # of bot/clocks.py, when it is near; empty: the ticket came into the queue


def news(ticket: Ticket, history: Sequence[Entry], now: datetime) -> list[News]:
    """What a desk is to be told of a ticket by now: that it came into the queue, if it waits; near limits. Pure."""
    found: list[News] = []
    came = max((number for number, entry in enumerate(history) if entry.event in ENTERED), default=0)
    if ticket.state.stage in WAITING:
        found.append(News(came, history[came].at))
    for number, entry in enumerate(history[came:], start=came):
        if entry.event is Event.WARNED and entry.at > now - NEAR and ticket.state.stage in WAITING | HELD:
            limit, since, _ = entry.text.split(" ")
            found.append(News(number, datetime.fromisoformat(since), limit))
    return found


def card(ticket: Ticket, plan: DeskPlan, new: News, waiting: int, link: str = "") -> Reply:
    """What the group reads. Pure."""
    words = content()
    values = {
        "desk": plan.name,
        "code": ticket.code,
        "field": words["fields"].get(ticket.matter.field, words["unknown"]),
        "reason": words["reasons"].get(ticket.matter.reason, words["unknown"]),
        "since": new.since,
        "limit": wording.ticket_words()["limits"][new.limit] if new.limit else "",
        "waiting": waiting,
        "link": link,
    }
    return notices.tell("desk_card", **values)


@lru_cache(maxsize=1)
def content() -> dict[str, Any]:
    """The words of the cards."""
    loaded: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


class DeskCards:
    """Writes cards. Any number may look beside each other."""

    def __init__(self, store: Store, served: Desks, clock: Callable[[], datetime], public_url: str = "") -> None:
        self._store = store
        self._desks = served
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        # empty: cards have no link

    def step(self) -> int:
        """Write every card that is due now; how many it were. Without a group nothing is looked at."""
        if not any(plan.telegram_group for plan in self._desks):
            return 0
        now = self._clock()
        with self._store.reading() as connection:
            there = [ticket for ticket in ledger.all_open(connection) if self._desks[ticket.state.desk].telegram_group]
            histories = ledger.histories(connection, [ticket.id for ticket in there])
            pressing = [ticket.id for ticket in there if list(_untold(connection, ticket, histories[ticket.id], now))]
        return sum(self._tell(ticket_id, now) for ticket_id in pressing)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.step()
            except sa.exc.SQLAlchemyError as error:
                log.error("no desk was told of its tickets: %s", type(error).__name__)

    def _tell(self, ticket_id: int, now: datetime) -> int:
        """The cards of one ticket, as it is once nobody else can change it."""
        with self._store.writing() as connection:
            try:
                ticket = ledger.of(connection, ticket_id)
            except KeyError:
                return 0
            # forgotten since it was looked at
            plan = self._desks[ticket.state.desk]
            history = ledger.histories(connection, [ticket_id])[ticket_id]
            untold = list(_untold(connection, ticket, history, now)) if plan.telegram_group else []
            for new in untold:
                reply = card(ticket, plan, new, _waiting(connection, plan), self._link(ticket))
                outbox.put(connection, group(connection, plan, now), _key(ticket, new), reply, now)
        return len(untold)

    def _link(self, ticket: Ticket) -> str:
        return f"{self._public_url}/console/tickets/{ticket.id}" if self._public_url else ""


def _key(ticket: Ticket, new: News) -> str:
    return f"desk:{ticket.code}:{new.number}"


def _untold(connection: sa.Connection, ticket: Ticket, history: Sequence[Entry], now: datetime) -> Iterator[News]:
    """The news of a ticket that no card tells yet."""
    for new in news(ticket, history, now):
        written = sa.select(tables.outbox.c.id).where(tables.outbox.c.key == _key(ticket, new))
        if connection.execute(written).first() is None:
            yield new


def _waiting(connection: sa.Connection, plan: DeskPlan) -> int:
    """How many wait at a desk."""
    queued = sa.and_(tables.ticket.c.desk == plan.id, tables.ticket.c.state.in_(WAITING))
    return int(connection.execute(sa.select(sa.func.count()).select_from(tables.ticket).where(queued)).scalar_one())


def group(connection: sa.Connection, plan: DeskPlan, now: datetime) -> int:
    """Where the cards of a desk go: a conversation in which nobody answers. Old cards are deleted on the way."""
    here = sa.and_(tables.conversation.c.channel == CHANNEL, tables.conversation.c.address == plan.telegram_group)
    found = connection.execute(sa.select(tables.conversation.c.id).where(here)).scalar()
    if found is None:
        values = {"channel": CHANNEL, "address": plan.telegram_group, "owner": Owner.CLOSED.value}
        made = connection.execute(
            sa.insert(tables.conversation).values(**values, state=Conversation().state(), updated_at=now)
        )
        return int(made.inserted_primary_key[0])  # type: ignore[index]
    old = sa.and_(tables.outbox.c.conversation_id == found, tables.outbox.c.created_at < now - KEEP)
    connection.execute(sa.delete(tables.outbox).where(old))
    connection.execute(sa.update(tables.conversation).where(here).values(updated_at=now))
    return int(found)

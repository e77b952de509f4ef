"""Cards of the comparison: a desk's Telegram group is told when a unit has many new differences, each told once.

A card names the unit id and counts by kind: no dossier, nothing of a person. It goes through the outbox like every
message; the differences that it tells of are marked in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from bot import desk_cards, notices, outbox, sync_plan, tables
from bot.desks import DeskPlan, Desks
from bot.messages import Reply
from bot.store import Store
from bot.sync_book import COUNTS
from bot.sync_difference import Kind
from bot.sync_plan import SyncPlan

_row = tables.sync_difference.c


class SyncCards:
    """Tells desks. Any number may look beside each other."""

    def __init__(
        self, store: Store, served: Desks, plan: SyncPlan, clock: Callable[[], datetime], public_url: str = ""
    ) -> None:
        self._store = store
        self._desks = served
        self._plan = plan
        self._clock = clock
        self._link = f"{public_url.rstrip('/')}/console/sync" if public_url else ""
        # empty: cards have no link

    def desk_of(self, unit: str) -> DeskPlan:
        """The desk that looks after a unit."""
        return self._desks[self._plan.desks.get(unit, self._desks.everyone.id)]

    def step(self) -> int:
        """Write every card that is due now; how many it were. Without a group nothing is looked at."""
        if not any(plan.telegram_group for plan in self._desks):
            return 0
        untold = sa.select(_row.unit).where(COUNTS, _row.told_at.is_(None)).group_by(_row.unit)
        with self._store.reading() as connection:
            units = connection.execute(untold.having(sa.func.count() >= self._plan.alarm_from)).scalars().all()
        return sum(self._tell(unit) for unit in units if self.desk_of(unit).telegram_group)

    def _tell(self, unit: str) -> bool:
        """The card of one unit; False when somebody else has told of it."""
        now, plan = self._clock(), self.desk_of(unit)
        untold = sa.select(_row.id, _row.kind).where(COUNTS, _row.told_at.is_(None), _row.unit == unit)
        with self._store.writing() as connection:
            rows = connection.execute(untold.order_by(_row.id).with_for_update()).all()
            if len(rows) < self._plan.alarm_from:
                return False
            told = sa.update(tables.sync_difference).where(_row.id.in_([row.id for row in rows]))
            connection.execute(told.values(told_at=now))
            reply = card(unit, plan, Counter(Kind(row.kind) for row in rows), self._link)
            outbox.put(connection, desk_cards.group(connection, plan, now), f"sync:{rows[0].id}", reply, now)
        return True


def card(unit: str, plan: DeskPlan, counted: Counter[Kind], link: str = "") -> Reply:
    """What the group reads. Pure."""
    words = sync_plan.words().kinds
    kinds = [(words[kind], counted[kind]) for kind in Kind if counted[kind]]
    return notices.tell("desk_sync", unit=unit, desk=plan.name, kinds=kinds, total=counted.total(), link=link)

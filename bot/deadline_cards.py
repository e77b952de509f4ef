"""Cards of the deadlines: a desk's Telegram group is told once of each dossier and due day that comes near.

A card counts by unit id and day: no dossier, nothing of a person. The rows that it tells of are held and marked in the
transaction that writes it, so that of many processes one tells. What is late already is in the list for letters.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot import deadlines, desk_cards, notices, outbox, tables
from bot.deadlines import Deadline, Deadlines
from bot.desks import DeskPlan
from bot.messages import Reply

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
PAGE = "/console/deadlines"


class DeadlineCards:
    """Tells desks. Any number may look beside each other."""

    def __init__(
        self,
        book: Deadlines,
        desk_of: Callable[[str], DeskPlan],
        clock: Callable[[], datetime],
        public_url: str = "",
    ) -> None:
        self._book = book
        self._desk_of = desk_of
        # unit id -> the desk that looks after it
        self._clock = clock
        self._link = f"{public_url.rstrip('/')}{PAGE}" if public_url else ""
        # empty: cards have no link

    def step(self) -> int:
        """Write every card that is due now; how many it were."""
        units = self._book.units()
        plans = {plan.id: plan for plan in map(self._desk_of, units) if plan.telegram_group}
        theirs = {name: [unit for unit in units if self._desk_of(unit).id == name] for name in plans}
        return sum(self._tell(plans[name], theirs[name]) for name in plans)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.step()
            except sa.exc.SQLAlchemyError as error:
                log.error("no desk was told of its deadlines: %s", type(error).__name__)

    def _tell(self, plan: DeskPlan, units: Sequence[str]) -> bool:
        """The card of one desk; False when there is nothing to tell, or somebody else has told it."""
        now, row = self._clock(), tables.deadline.c
        if not self._near(units):
            return False
        with self._book.store.writing() as connection:
            rows = connection.execute(deadlines.untold(units).order_by(row.code).with_for_update(of=tables.deadline))
            near = [item for item in map(self._book.read, rows.all()) if not item.is_late]
            if not near:
                return False
            told = sa.update(tables.deadline).where(row.code.in_([item.code for item in near]))
            connection.execute(told.values(told=row.due_on))
            key = f"due:{near[0].code}:{near[0].due_on}:{now:%y%m%d%H%M%S}"
            outbox.put(connection, desk_cards.group(connection, plan, now), key, card(plan, near, self._link), now)
        return True

    def _near(self, units: Sequence[str]) -> bool:
        """Whether something is to be told: most looks find nothing, and hold nothing."""
        with self._book.store.reading() as connection:
            rows = connection.execute(deadlines.untold(units)).all()
        return any(not self._book.read(row).is_late for row in rows)


def card(plan: DeskPlan, near: Sequence[Deadline], link: str = "") -> Reply:
    """What the group reads. Pure."""
    counted = Counter((item.due_on, item.unit) for item in near)
    days = [(due_on, unit, counted[due_on, unit]) for due_on, unit in sorted(counted)]
    return notices.tell("desk_deadlines", desk=plan.name, days=days, link=link)

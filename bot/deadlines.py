"""Deadlines: followed dossiers that are nearly due or late, for the officers of the unit that owes the result.

The poller hands in what the portal just said (bot/poller.py). A dossier has one row; whether its day is near or passed
is counted anew at each look, so a night changes the list without a question to the portal. Only dossiers of a
follower who agreed that officers are reminded are kept and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from bot import followers, following, tables
from bot.locks import insert_unless_there
from bot.present import ZONE
from bot.progress import RUNNING, Clock, Progress, running
from bot.store import Store
from bot.sync_difference import unit_of
from integrations.dossiers import Dossier, Found, group
from knowledge.calendar import WorkCalendar

AGREED_SINCE = 2
# the version of bot/data/replies/consent_asked.txt from which on citizens agree that officers are reminded

_row, _followed = tables.deadline.c, tables.followed.c
AGREED = followers.agreed(AGREED_SINCE)


@dataclass(frozen=True)
class Deadline:
    """A dossier whose day is near or has passed, and whose work goes on."""

    code: str
    unit: str
    # the unit id in the code
    label: str
    # of the status
    due_on: date
    standing: Progress
    # by today: LEFT, TODAY or LATE
    seen_at: datetime
    # aware; when the portal said so

    @property
    def is_late(self) -> bool:
        """Whether there is something to apologise for (bot/letter.py)."""
        return self.standing.clock is Clock.LATE


class Deadlines:
    """The book of the deadlines. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        within: int,
        clock: Callable[[], datetime],
        days: Callable[[], WorkCalendar] = following.calendar,
    ) -> None:
        self.store = store
        self._within = within
        # working days before the due day
        self._clock = clock
        self._days = days

    def note(self, found: Sequence[Found]) -> None:
        """Remember what the portal just said of dossiers; an answer from memory changes nothing."""
        fresh = {item.dossier.code: item for item in found if not item.stale}
        if not fresh:
            return
        near = {code for code, item in fresh.items() if self._is_near(item.dossier)}
        known = sa.select(_row.code).where(_row.code.in_(fresh), _row.is_open.is_(True))
        agreed = AGREED.with_only_columns(_followed.code).where(_followed.code.in_(near))
        with self.store.reading() as connection:
            over = set(connection.execute(known).scalars()) - near
            near = set(connection.execute(agreed).scalars())
        if near or over:
            with self.store.writing() as connection:
                for code in sorted(near | over):
                    _write(connection, fresh[code], code in near)

    def standing(self, units: Collection[str] | None = None) -> list[Deadline]:
        """What is near or late now, the earliest due day first; of these units, None for all."""
        of_units = sa.true() if units is None else _row.unit.in_(units)
        with self.store.reading() as connection:
            rows = connection.execute(_open().where(of_units).order_by(_row.due_on, _row.code)).all()
        return [self.read(row) for row in rows]

    def units(self) -> list[str]:
        """Every unit that has such a dossier."""
        with self.store.reading() as connection:
            return sorted(connection.execute(_open().with_only_columns(_row.unit).distinct()).scalars())

    def read(self, row: sa.Row[tuple[object, ...]]) -> Deadline:
        """A row of the table, as it stands today."""
        said = row._mapping
        standing = running(said["due_on"], self._days(), self._today())
        return Deadline(said["code"], said["unit"], said["label"], said["due_on"], standing, said["seen_at"])

    def _is_near(self, dossier: Dossier) -> bool:
        """Whether the work goes on and the due day is near or has passed."""
        if dossier.due_on is None or group(dossier.status) not in RUNNING:
            return False
        standing = running(dossier.due_on, self._days(), self._today())
        return standing.clock is not Clock.LEFT or standing.working_days <= self._within

    def _today(self) -> date:
        return self._clock().astimezone(ZONE).date()


def untold(units: Collection[str]) -> sa.Select[tuple[object, ...]]:
    """The rows of these units whose due day no card told."""
    return _open().where(_row.unit.in_(units), sa.or_(_row.told.is_(None), _row.told != _row.due_on))


def delete_old(connection: sa.Connection) -> None:
    """Delete the rows of dossiers that nobody follows who agreed to it."""
    connection.execute(sa.delete(tables.deadline).where(~_is_agreed()))


def _open() -> sa.Select[tuple[object, ...]]:
    return sa.select(tables.deadline).where(_row.is_open.is_(True), _is_agreed())


def _is_agreed() -> sa.Exists:
    return AGREED.where(_followed.code == _row.code).exists()


def _write(connection: sa.Connection, found: Found, is_open: bool) -> None:
    """One dossier as it is; an answer that is older than what is known changes nothing."""
    dossier = found.dossier
    values = {"label": following.seen(dossier).label, "seen_at": found.fetched_at, "is_open": is_open}
    if dossier.due_on is not None:
        values["due_on"] = dossier.due_on
    if is_open and insert_unless_there(
        connection, tables.deadline, code=dossier.code, unit=unit_of(dossier.code), **values
    ):
        return
    older = sa.and_(_row.code == dossier.code, _row.seen_at < found.fetched_at)
    connection.execute(sa.update(tables.deadline).where(older).values(**values))

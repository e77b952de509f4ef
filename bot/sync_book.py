"""The book of the comparison: which dossiers are compared when, where the systems differ, how much was compared.

A difference that goes on is one row (a unique index holds it). It counts once it was seen a second time after its
normal lag: the two systems are not asked in the same instant, and one wrong answer is no difference. A row that goes
before it counts is deleted: it was a lag. A look at a dossier and everything that it brings are one transaction, only
if the target's time is still the one it was taken with: whoever dies or races, nothing is written twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import followers, tables
from bot.locks import insert_unless_there
from bot.store import Store
from bot.sync_difference import Difference, Kind, unit_of
from bot.sync_plan import SyncPlan

AGREED_SINCE = 3
# the version of bot/data/replies/consent_asked.txt from which on citizens agree that systems are compared
KEEP = timedelta(days=90)
# differences that are gone, and hours
CHUNK = 500
# codes in one statement
COMPARED, NOT_COMPARED, FOUND = "compared", "not_compared", "found"

_target, _row, _hour = tables.sync_target.c, tables.sync_difference.c, tables.sync_hour.c
GOES_ON = _row.gone_at.is_(None)
COUNTS = sa.and_(GOES_ON, _row.counted_at.is_not(None))


@dataclass(frozen=True)
class Target:
    """A dossier that is to be compared."""

    code: str
    next_at: datetime
    # aware
    is_missed: bool = False
    # one system had no such dossier when it was compared last


@dataclass(frozen=True)
class Verdict:
    """What comparing one dossier brought."""

    target: Target
    at: datetime
    # aware
    found: tuple[Difference, ...] | None
    # None: a system did not answer, so nothing is known and nothing changes
    next_at: datetime
    again_at: datetime
    # aware; when it is compared next, and when instead if a difference is new


@dataclass(frozen=True)
class Ongoing:
    """A difference that counts and goes on."""

    id: int
    code: str
    unit: str
    kind: Kind
    here: str
    there: str
    since: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class Hour:
    """What was done in an hour, for one unit or several."""

    hour: datetime
    # its beginning
    compared: int
    not_compared: int
    found: int


class SyncBook:
    """Targets, differences, hours."""

    def __init__(self, store: Store, plan: SyncPlan) -> None:
        self._store = store
        self._plan = plan

    def enrol(self, codes: Iterable[str], now: datetime) -> None:
        """Compare these dossiers from now on, and no others; what is old is deleted on the way."""
        wanted = set(codes)
        with self._store.writing() as connection:
            known = set(connection.execute(sa.select(_target.code)).scalars())
            for some in _some(wanted - known):
                values = [{"code": code, "next_at": now} for code in some]
                connection.execute(sa.insert(tables.sync_target), values)
            for some in _some(known - wanted):
                connection.execute(sa.delete(tables.sync_target).where(_target.code.in_(some)))
                _forsake(connection, some, now)
            connection.execute(sa.delete(tables.sync_difference).where(_row.gone_at < now - KEEP))
            connection.execute(sa.delete(tables.sync_hour).where(_hour.hour < now - KEEP))

    def followed(self) -> list[str]:
        """The codes that citizens follow who agreed to it."""
        codes = followers.agreed(AGREED_SINCE).with_only_columns(tables.followed.c.code).distinct()
        with self._store.reading() as connection:
            return list(connection.execute(codes).scalars())

    def due(self, now: datetime, most: int) -> list[Target]:
        """Dossiers to compare now, the longest waiting first."""
        missed = sa.exists().where(GOES_ON, _row.code == _target.code, _row.kind == Kind.MISSING.value)
        query = sa.select(_target.code, _target.next_at, missed).where(_target.next_at <= now)
        with self._store.reading() as connection:
            rows = connection.execute(query.order_by(_target.next_at, _target.code).limit(most))
            return [Target(code, next_at, bool(is_missed)) for code, next_at, is_missed in rows]

    def first_due(self) -> datetime | None:
        """When the next comparison is due; None when there is nothing to compare."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(sa.func.min(_target.next_at, type_=tables.UtcTime))).scalar()

    def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write what comparing brought, all of it or nothing."""
        if not verdicts:
            return
        with self._store.writing() as connection:
            going = _going(connection, [verdict.target.code for verdict in verdicts])
            counted: Counter[tuple[str, datetime, str]] = Counter()
            for verdict in verdicts:
                counted.update(self._settle(connection, verdict, going.get(verdict.target.code, {})))
            _count(connection, counted)

    def _settle(
        self, connection: sa.Connection, verdict: Verdict, going: Mapping[Kind, sa.RowMapping]
    ) -> Counter[tuple[str, datetime, str]]:
        """One verdict; what it adds to the counts of its unit's hour. Nothing when somebody else was quicker."""
        found = verdict.found or ()
        is_new = any(difference.kind not in going for difference in found)
        if not _put_off(connection, verdict.target, verdict.again_at if is_new else verdict.next_at):
            return Counter()
        began = [self._see(connection, difference, going.get(difference.kind)) for difference in found]
        if verdict.found is not None:
            _end(connection, verdict, going)
        look = NOT_COMPARED if verdict.found is None else COMPARED
        place = unit_of(verdict.target.code), _beginning(verdict.at)
        return Counter({(*place, look): 1, (*place, FOUND): sum(began)})

    def _see(self, connection: sa.Connection, seen: Difference, row: sa.RowMapping | None) -> bool:
        """A difference that is there: a new row, or the same one again; whether it begins to count."""
        told = {"here": seen.here, "there": seen.there, "last_seen_at": seen.seen_at}
        if row is None:
            counts = {"counts_from": self._plan.counts_from(seen), "since": seen.since, "first_seen_at": seen.seen_at}
            place = {"code": seen.code, "unit": seen.unit, "kind": seen.kind.value}
            insert_unless_there(connection, tables.sync_difference, **place, **told, **counts)
            return False
        begins = row["counted_at"] is None and row["counts_from"] <= seen.seen_at
        counted = {"counted_at": seen.seen_at} if begins else {}
        connection.execute(sa.update(tables.sync_difference).where(_row.id == row["id"]).values(**told, **counted))
        return begins

    def ongoing(self, units: Collection[str] | None = None, kind: Kind | None = None) -> list[Ongoing]:
        """The differences that count and go on, the longest first; of these units, None for all."""
        query = sa.select(tables.sync_difference).where(COUNTS, _of(_row.unit, units))
        query = query.where(_row.kind == kind.value) if kind else query
        with self._store.reading() as connection:
            rows = connection.execute(query.order_by(_row.first_seen_at, _row.id)).all()
        return [ongoing(row) for row in rows]

    def standing(self) -> dict[str, Counter[Kind]]:
        """How many differences of each kind go on, by unit."""
        query = sa.select(_row.unit, _row.kind, sa.func.count()).where(COUNTS).group_by(_row.unit, _row.kind)
        found: dict[str, Counter[Kind]] = {}
        with self._store.reading() as connection:
            for unit, kind, count in connection.execute(query.order_by(_row.unit)):
                found.setdefault(unit, Counter())[Kind(kind)] = count
        return found

    def hours(self, since: datetime, units: Collection[str] | None = None) -> list[Hour]:
        """What was done in each hour from a moment on (aware), the latest first; of these units, None for all."""
        sums = [sa.func.sum(column) for column in (_hour.compared, _hour.not_compared, _hour.found)]
        query = sa.select(_hour.hour, *sums).where(_hour.hour >= since, _of(_hour.unit, units))
        with self._store.reading() as connection:
            rows = connection.execute(query.group_by(_hour.hour).order_by(_hour.hour.desc())).all()
        return [Hour(row[0], *map(int, row[1:])) for row in rows]

    def units(self) -> list[str]:
        """Every unit of which something was compared or differs."""
        query = sa.union(sa.select(_hour.unit), sa.select(_row.unit).where(COUNTS))
        with self._store.reading() as connection:
            return sorted(connection.execute(query).scalars())


def ongoing(row: sa.Row[tuple[object, ...]]) -> Ongoing:
    """A row of the table."""
    said = row._mapping
    values = {name: said[name] for name in Ongoing.__dataclass_fields__}
    return Ongoing(**{**values, "kind": Kind(said["kind"])})


def _going(connection: sa.Connection, codes: Sequence[str]) -> dict[str, dict[Kind, sa.RowMapping]]:
    """The rows that go on, by code and kind."""
    found: dict[str, dict[Kind, sa.RowMapping]] = {}
    rows = connection.execute(sa.select(tables.sync_difference).where(GOES_ON, _row.code.in_(codes))).mappings()
    for row in rows:
        found.setdefault(row["code"], {})[Kind(row["kind"])] = row
    return found


def _put_off(connection: sa.Connection, target: Target, until: datetime) -> bool:
    """Say when a dossier is compared next; False when it is not the caller's any more."""
    ours = sa.and_(_target.code == target.code, _target.next_at == target.next_at)
    return connection.execute(sa.update(tables.sync_target).where(ours).values(next_at=until)).rowcount == 1


def _end(connection: sa.Connection, verdict: Verdict, going: Mapping[Kind, sa.RowMapping]) -> None:
    """What is not there any more. Where one system has no such dossier nothing else is known: it goes on."""
    seen = {difference.kind for difference in verdict.found or ()}
    if Kind.MISSING in seen:
        return
    for kind in going.keys() - seen:
        here = _row.id == going[kind]["id"]
        if going[kind]["counted_at"] is None:
            connection.execute(sa.delete(tables.sync_difference).where(here))
        else:
            connection.execute(sa.update(tables.sync_difference).where(here).values(gone_at=verdict.at))


def _forsake(connection: sa.Connection, codes: Sequence[str], now: datetime) -> None:
    """Dossiers that are compared no more: nobody knows how their differences go on, so no list shows them."""
    theirs = sa.and_(GOES_ON, _row.code.in_(codes))
    connection.execute(sa.delete(tables.sync_difference).where(theirs, _row.counted_at.is_(None)))
    connection.execute(sa.update(tables.sync_difference).where(theirs).values(gone_at=now))


def _count(connection: sa.Connection, counted: Counter[tuple[str, datetime, str]]) -> None:
    """Add to the counts of the hours."""
    places = sorted({(unit, hour) for unit, hour, _ in counted})
    for unit, hour in places:
        values = {name: counted[unit, hour, name] for name in (COMPARED, NOT_COMPARED, FOUND)}
        insert_unless_there(connection, tables.sync_hour, unit=unit, hour=hour, **dict.fromkeys(values, 0))
        more = {name: _hour[name] + value for name, value in values.items()}
        connection.execute(sa.update(tables.sync_hour).where(_hour.unit == unit, _hour.hour == hour).values(**more))


def _beginning(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _of(unit: sa.ColumnElement[str], units: Collection[str] | None) -> sa.ColumnElement[bool]:
    return sa.true() if units is None else unit.in_(units)


def _some(codes: Iterable[str]) -> Iterator[list[str]]:
    """The codes in parts that fit into a statement."""
    listed = sorted(codes)
    return (listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK))

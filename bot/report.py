"""A report: the figures of a period, of the City or of one ward, broken down, made of closed days alone.

Making it is pure (`made`) over what `figures` reads. A report of a closed period is the same whenever it is made: its
digest is kept from the first time on, and another one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from bot import measures, places, satisfaction, tables
from bot.desks import Desks
from bot.errors import BotError
from bot.measures import Adds, Counts, Name
from bot.periods import Period
from bot.store import Store
from bot.wording import ticket_words

ROOM = Path(__file__).parent / "data"
BREAKDOWNS = ("unit", "field", "channel", "desk", "day")
ONLY_WHOLE = (Name.PROCEDURE_ASKED.value, Name.REASONS.value)
# of no breakdown
WORK_MEM = "64MB"
# of a PostgreSQL server's memory for a sum over a year; with its usual 4 MB it sorts a million rows on the disk
Cell = str | int | float | None
# None: not known, and not nought
_figure = tables.daily_figure


class Changed(BotError):
    """A report of a closed period would not be what it was when it was first made."""


@dataclass(frozen=True)
class Scope:
    """What a report is about; an empty field leaves nothing out."""

    period: Period
    unit: str = ""
    # code of a ward or commune
    field: str = ""
    channel: str = ""

    @property
    def name(self) -> str:
        """What it is filed under."""
        return " ".join(part for part in (self.period.name, self.unit, self.field, self.channel) if part)


@dataclass(frozen=True)
class Figures:
    """What was counted in a scope."""

    whole: Counts
    by: Mapping[str, Mapping[str, Counts]]
    # a name of BREAKDOWNS: unit code, field, channel, desk or ISO day to what was counted there
    until: date | None
    # the last closed day of the period; None when there is none
    closed_at: datetime | None
    # when that day was closed


@dataclass(frozen=True)
class Table:
    """One table of a report."""

    name: str
    # of bot/data/report.yaml
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Report:
    """A report, ready to be shown or printed."""

    scope: Scope
    title: str
    subject: str
    # the City or the ward
    period: str
    # in words
    state: str
    # whether the period is closed, in words
    made_at: datetime | None
    # when the last day in it was closed: the same whenever it is made
    is_closed: bool
    tables: tuple[Table, ...]
    digest: str

    def table(self, name: str) -> Table:
        """The table of a name. Raises KeyError."""
        return {table.name: table for table in self.tables}[name]


class Reports:
    """Makes reports."""

    def __init__(self, store: Store, served: Desks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._desks = served
        self._clock = clock

    def report(self, scope: Scope) -> Report:
        """The report of a scope, to look at."""
        with self._store.reading() as connection:
            read = figures(connection, scope)
        return made(scope, read, self._desks)

    def issue(self, scope: Scope) -> Report:
        """The report of a scope, to be handed on. Raises Changed."""
        report = self.report(scope)
        if report.is_closed:
            self._file(report)
        return report

    def today(self) -> date:
        """The day it is."""
        return self._clock().date()

    def _file(self, report: Report) -> None:
        """Keep the digest the first time, compare it afterwards."""
        issued, name = tables.issued_report, report.scope.name
        with self._store.reading() as connection:
            known = connection.execute(sa.select(issued.c.digest).where(issued.c.name == name)).scalar()
        if known is None:
            values = {"name": name, "digest": report.digest, "issued_at": self._clock()}
            with self._store.writing() as connection:
                connection.execute(sa.insert(issued).values(**values))
        elif known != report.digest:
            raise Changed(f"{name}: the figures are not those of the report that was handed on")


def figures(connection: sa.Connection, scope: Scope) -> Figures:
    """What the closed days of a scope counted."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{WORK_MEM}'")
    by: dict[str, dict[str, Counts]] = {name: {} for name in BREAKDOWNS}
    for name in BREAKDOWNS:
        for place, *row in _summed(connection, scope, _figure.c[name]):
            by[name].setdefault(str(place), Counts()).add(*row)
    whole = Counts(_summed(connection, scope))
    day, closed_at = _last_closed(connection, scope.period)
    return Figures(whole, by, day, closed_at)


def _summed(connection: sa.Connection, scope: Scope, *by: sa.ColumnElement[Any]) -> Sequence[Any]:
    """Rows of place (if any), measure, key and number; a measure of "most" is taken at its largest."""
    value, names = _figure.c.value, (*by, _figure.c.measure, _figure.c.key)
    number = sa.case((_figure.c.measure.in_(measures.largest()), sa.func.max(value)), else_=sa.func.sum(value))
    query = sa.select(*names, number).where(_figure.c.day >= scope.period.first, _figure.c.day < scope.period.end)
    if by:
        query = query.where(_figure.c.measure.not_in(ONLY_WHOLE))
    for name in ("unit", "field", "channel"):
        if wanted := getattr(scope, name):
            query = query.where(_figure.c[name] == wanted)
    return connection.execute(query.group_by(*names)).all()


def _last_closed(connection: sa.Connection, period: Period) -> tuple[date | None, datetime | None]:
    closed = tables.closed_day.c
    query = sa.select(closed.day, closed.closed_at).where(closed.day >= period.first, closed.day < period.end)
    row = connection.execute(query.order_by(closed.day.desc()).limit(1)).first()
    return (row.day, row.closed_at) if row else (None, None)


def made(scope: Scope, read: Figures, served: Desks) -> Report:
    """The report of what was read. Pure."""
    is_closed = read.until == scope.period.end - timedelta(days=1)
    report = Report(
        scope=scope,
        title=words()["title"],
        subject=unit_name(scope.unit) if scope.unit else words()["city"],
        period=period_name(scope.period),
        state="",
        made_at=read.closed_at,
        is_closed=is_closed,
        tables=tuple(_tables(scope, read, served)),
        digest=_digest(scope, read),
    )
    return replace(report, state=_state(report, read.until))


def _digest(scope: Scope, read: Figures) -> str:
    """SHA-256 over the figures, without any words: those may be put better later."""
    by = {name: {place: counts.told() for place, counts in read.by[name].items()} for name in BREAKDOWNS}
    return sha256(json.dumps([scope.name, read.whole.told(), by], sort_keys=True).encode()).hexdigest()


def _state(report: Report, until: date | None) -> str:
    if until is None:
        return str(words()["none"])
    told: str = words()["closed" if report.is_closed else "open"]
    return told.format(last=f"{until:%d/%m/%Y}", digest=report.digest[:16])


def _tables(scope: Scope, read: Figures, served: Desks) -> Iterator[Table]:
    """The tables of a report, in their order."""
    yield _table("summary", ("figure", "value", "unit"), _summary(read.whole))
    yield _procedures(read.whole)
    yield _satisfaction(read.whole)
    yield _clocks(read.whole)
    for name in BREAKDOWNS:
        if not getattr(scope, name, ""):
            yield _breakdown(name, read.by[name], served)


def _table(name: str, columns: Sequence[str], rows: Iterator[tuple[Cell, ...]]) -> Table:
    return Table(name, words()["tables"][name], tuple(words()["columns"][column] for column in columns), tuple(rows))


def _summary(counts: Counts) -> Iterator[tuple[Cell, ...]]:
    for item in measures.load().values():
        if item.adds is not Adds.SPREAD:
            yield item.label, measures.value(counts, item.name), item.unit


def _procedures(counts: Counts) -> Table:
    asked = sorted(counts.spread(Name.PROCEDURE_ASKED).items(), key=lambda item: (-item[1], item[0]))
    return _table("procedures", ("code", "times"), iter(asked))


def _satisfaction(counts: Counts) -> Table:
    given, labels = measures.steps(counts), satisfaction.content()["steps"]
    parts = measures.shares(given)
    rows = ((labels[int(step)], count, parts.get(step)) for step, count in given.items())
    return _table("satisfaction", ("step", "count", "share"), rows)


def _clocks(counts: Counts) -> Table:
    met, broken, labels = (counts.spread(Name.CLOCKS_MET), counts.spread(Name.CLOCKS_BROKEN), ticket_words()["limits"])
    limits = [limit for limit in labels if limit in met or limit in broken]
    rows = ((labels[limit], met.get(limit, 0), broken.get(limit, 0)) for limit in limits)
    return _table("clocks", ("limit", "met", "broken"), rows)


def _breakdown(name: str, by: Mapping[str, Counts], served: Desks) -> Table:
    """A row for each place of a breakdown; what is not known has a row of its own, the last."""
    names = [Name(item) for item in words()["broken_by_desk" if name == "desk" else "broken_by"]]
    kept = {place: counts for place, counts in by.items() if any(measures.value(counts, item) for item in names)}
    order = sorted(kept, key=lambda place: (not place, place))
    rows = (
        (place, label(name, place, served), *(measures.value(kept[place], item) for item in names)) for place in order
    )
    heads = (words()["columns"]["code"], words()["columns"]["name"], *(measures.load()[item].label for item in names))
    return Table(name, words()["tables"][name], heads, tuple(rows))


def label(breakdown: str, place: str, served: Desks) -> str:
    """The name of a place: of a unit, field, channel, desk or day (ISO)."""
    if not place:
        return str(words()["no_desk" if breakdown == "desk" else "unknown"])
    if breakdown == "unit":
        return unit_name(place)
    if breakdown == "desk":
        return served[place].name if place in served else place
    if breakdown == "day":
        return f"{date.fromisoformat(place):%d/%m/%Y}"
    return str((fields() if breakdown == "field" else words()["channels"]).get(place, place))


def unit_name(code: str) -> str:
    """The name of a ward or commune; the code where there is none (any more)."""
    unit = places.unit_of(code)
    return unit.name if unit else code


def period_name(period: Period) -> str:
    """A period in words."""
    number = period.name.partition("-")[2].lstrip("WQH0")
    told: str = words()["periods"][period.kind]
    return told.format(number=number, year=period.name[:4])


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """The words of the reports."""
    loaded: Mapping[str, Any] = yaml.load((ROOM / "report.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


@lru_cache(maxsize=1)
def fields() -> Mapping[str, str]:
    """The fields of procedures and their names."""
    loaded: Mapping[str, str] = yaml.load(
        (ROOM / "desk_card.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )["fields"]
    return loaded

"""Periods of reports: a week, a month, a quarter, half a year, a year of the City's calendar. Pure, half-open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.errors import BotError
from bot.present import ZONE


class Kind(StrEnum):
    """How long."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


MONTHS = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.HALF: 6, Kind.YEAR: 12}
NAMES = {
    Kind.WEEK: re.compile(r"(\d{4})-W(\d{2})", re.ASCII),
    Kind.MONTH: re.compile(r"(\d{4})-(\d{2})", re.ASCII),
    Kind.QUARTER: re.compile(r"(\d{4})-Q([1-4])", re.ASCII),
    Kind.HALF: re.compile(r"(\d{4})-H([12])", re.ASCII),
    Kind.YEAR: re.compile(r"(\d{4})", re.ASCII),
}


class NoPeriod(BotError):
    """A name that is no period."""


@dataclass(frozen=True)
class Period:
    """Days from the first up to, and without, the end."""

    kind: Kind
    name: str
    # 2026-W47, 2026-11, 2026-Q4, 2026-H2, 2026
    first: date
    end: date

    def days(self) -> Iterator[date]:
        """Each day."""
        return (self.first + timedelta(days=number) for number in range((self.end - self.first).days))


def read(name: str) -> Period:
    """The period of a name. Raises NoPeriod."""
    for kind, pattern in NAMES.items():
        found = pattern.fullmatch(name)
        if found:
            try:
                return _period(kind, name, *(int(part) for part in found.groups()))
            except (ValueError, OverflowError) as error:
                raise NoPeriod(f"{name}: {error}") from error
    raise NoPeriod(f"{name!r} is no period: 2026-W47, 2026-11, 2026-Q4, 2026-H2 or 2026")


def of(kind: Kind, day: date) -> Period:
    """The period of a kind that a day lies in."""
    if kind is Kind.WEEK:
        year, week, _ = day.isocalendar()
        return read(f"{year:04}-W{week:02}")
    number = (day.month - 1) // MONTHS[kind] + 1
    ends = {Kind.MONTH: f"-{number:02}", Kind.QUARTER: f"-Q{number}", Kind.HALF: f"-H{number}", Kind.YEAR: ""}
    return read(f"{day.year:04}{ends[kind]}")


def span(day: date) -> tuple[datetime, datetime]:
    """The moments between which a day of the City lies: from the first up to, and without, the second."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def day_of(at: datetime) -> date:
    """The day of the City that a moment (aware) belongs to."""
    return at.astimezone(ZONE).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _period(kind: Kind, name: str, year: int, number: int = 1) -> Period:
    if kind is Kind.WEEK:
        first = date.fromisocalendar(year, number, 1)
        return Period(kind, name, first, first + timedelta(days=7))
    length = MONTHS[kind]
    first, after = date(year, 1 + (number - 1) * length, 1), number * length
    return Period(kind, name, first, date(year + after // 12, after % 12 + 1, 1))

"""Working days in Vietnam, and the day a dossier is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from holidays import country_holidays

from knowledge.procedure import ProcessingTime, TimeUnit

HOLIDAYS_FILE = Path(__file__).parent / "data" / "holidays.yaml"
ONE_DAY = timedelta(days=1)
LONGEST_DAYS = 3660
# ten years: a longer count is a mistake of the data


@dataclass(frozen=True)
class Override:
    """A day whose working or resting was announced."""

    day: date
    working: bool
    document: str
    # number of the decision; empty when it was not seen
    note: str


@dataclass(frozen=True)
class Shift:
    """An unbroken stretch of a working day."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Due:
    """The last day for an answer."""

    on: date
    certain: bool
    # False: the days off are not announced yet, or the source does not tell working from calendar days
    rule: str
    # how the date was reached, in a citizen's words
    at: datetime | None = None
    # the hour, when the limit is counted in hours


class WorkCalendar:
    """Which days are worked and when: the law's rule, corrected by what was announced."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.overrides = tuple(
            Override(item["day"], item["working"], item["document"], item["note"]) for item in content["days"]
        )
        self.shifts = tuple(
            Shift(time.fromisoformat(item["opens"]), time.fromisoformat(item["closes"]))
            for item in content["working_hours"]
        )
        self.zone = ZoneInfo(content["timezone"])
        self.decided_through: date = content["decided_through"]
        self.same_day_until = time.fromisoformat(content["same_day_until"])
        self.rules: Mapping[str, str] = content["rules"]
        self._announced = {item.day: item.working for item in self.overrides}
        self._by_rule = country_holidays("VN")
        self._asked: dict[date, bool] = {}
        # days are asked for again and again; desks with other hours share the answers

    @classmethod
    def load(cls, path: Path = HOLIDAYS_FILE) -> WorkCalendar:
        """The calendar as the data file has it."""
        return cls(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))

    def with_hours(self, shifts: Iterable[Shift]) -> WorkCalendar:
        """The same days, worked at other hours. Raises ValueError when the hours are none, or not in order."""
        other = copy(self)
        other.shifts = tuple(shifts)
        ends = [end for shift in other.shifts for end in (shift.opens, shift.closes)]
        if not ends or ends != sorted(set(ends)):
            raise ValueError("hours that are none, or not in order")
        return other

    def is_open(self, at: datetime) -> bool:
        """Whether a moment (aware) lies in working hours; the moment of closing does not."""
        return self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime:
        """The first moment of work from a moment (aware) on: the moment itself when it lies in working hours."""
        return next(self._stretches(at.astimezone(self.zone)))[0]

    def last_closing(self, at: datetime) -> datetime:
        """The last end of a working stretch up to a moment (aware)."""
        local = at.astimezone(self.zone)
        day = local.date()
        while True:
            for shift in reversed(self.shifts):
                closes = datetime.combine(day, shift.closes, self.zone)
                if closes <= local and self.is_working_day(day):
                    return closes
            day -= ONE_DAY

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments (aware); none when the end is not after the start."""
        total = timedelta()
        for opens, closes in self._stretches(start.astimezone(self.zone)):
            if opens >= end:
                return total
            total += min(closes, end) - opens
            if end <= closes:
                return total
        raise AssertionError("the stretches never end")

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day."""
        known = self._asked.get(day)
        if known is None:
            announced = self._announced.get(day)
            known = self._asked[day] = self._by_rule.is_working_day(day) if announced is None else announced
        return known

    def working_day_from(self, day: date) -> date:
        """The day itself when it is worked, otherwise the next one that is."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, start: date, count: float) -> date:
        """The working day that ends `count` working days after `start`; a half day ends on the day it falls in."""
        if not 0 <= count <= LONGEST_DAYS:
            raise ValueError(f"{count} working days")
        day = start if count else self.working_day_from(start)
        for _ in range(ceil(count)):
            day = self.working_day_from(day + ONE_DAY)
        return day

    def count_working_days(self, after: date, through: date) -> int:
        """How many working days lie after one day, up to and with another."""
        span = range(1, (through - after).days + 1)
        return sum(self.is_working_day(after + timedelta(days=index)) for index in span)

    def add_working_hours(self, start: datetime, hours: float) -> datetime:
        """The moment at which `hours` of work have passed since `start` (aware)."""
        if not 0 <= hours <= LONGEST_DAYS:
            raise ValueError(f"{hours} working hours")
        return self.add_worked(start, timedelta(hours=hours))

    def add_worked(self, start: datetime, left: timedelta) -> datetime:
        """The moment at which so much working time has passed since `start` (aware)."""
        for opens, closes in self._stretches(start.astimezone(self.zone)):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("the stretches never end")

    def _stretches(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left to work on from a moment: today's rest, then day after day."""
        day = start.date()
        while True:
            day = self.working_day_from(day)
            for shift in self.shifts:
                opens = datetime.combine(day, shift.opens, self.zone)
                closes = datetime.combine(day, shift.closes, self.zone)
                if start < closes:
                    yield max(opens, start), closes
            day += ONE_DAY


def due(received_at: datetime, limit: ProcessingTime, calendar: WorkCalendar) -> Due | None:
    """When an answer is due for a dossier received at a moment (aware); None when the limit is given in words only."""
    if limit.unit is None or (limit.amount is None and limit.unit is not TimeUnit.SAME_DAY):
        return None
    received = received_at.astimezone(calendar.zone)
    end, moment = _end(received, limit.unit, limit.amount or 0, calendar)
    on = calendar.working_day_from(end)
    decided = on <= calendar.decided_through
    rules = calendar.rules
    parts = (
        rules[limit.unit],
        rules["moved"] if on != end else "",
        "" if decided else rules["undecided"],
        "" if limit.unit_certain else rules["unit_unclear"],
    )
    return Due(on, decided and limit.unit_certain, "".join(parts), moment if on == end else None)


def _end(received: datetime, unit: TimeUnit, amount: float, calendar: WorkCalendar) -> tuple[date, datetime | None]:
    """The last day as counted, before it is moved off a day of rest, and its hour when hours are counted."""
    day = received.date()
    match unit:
        case TimeUnit.WORKING_DAYS:
            return calendar.add_working_days(day, amount), None
        case TimeUnit.CALENDAR_DAYS:
            return day + timedelta(days=ceil(amount)), None
        case TimeUnit.MONTHS:
            return _add_months(day, ceil(amount)), None
        case TimeUnit.HOURS:
            moment = received + timedelta(hours=amount)
            return moment.date(), moment
        case TimeUnit.WORKING_HOURS:
            moment = calendar.add_working_hours(received, amount)
            return moment.date(), moment
        case TimeUnit.SAME_DAY:
            late = calendar.is_working_day(day) and received.time() >= calendar.same_day_until
            return calendar.working_day_from(day + ONE_DAY if late else day), None


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it has no such day (Civil Code, Art. 148)."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    after = date(day.year + years + (month == 11), (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), after - ONE_DAY)

"""Forwarding: which agencies a complaint went to, and how soon what is owed on it. Pure, over a ticket's history.

The limits are those of the City's rules for its portal 1022 of September 2025, in bot/data/complaints.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.complaint import content
from bot.errors import BadData
from bot.ledger import Entry
from bot.ticket import Event, Stage
from knowledge.calendar import WorkCalendar

ONE_DAY = timedelta(days=1)


class Counted(StrEnum):
    """In whose time a limit runs."""

    DESK = "desk"
    # the desk's working time
    CALENDAR = "calendar"
    WORKING_DAYS = "working_days"
    # to the end of the last one


@dataclass(frozen=True)
class Span:
    """One limit."""

    length: timedelta
    counted: Counted

    @property
    def days(self) -> int:
        """Whole days of it."""
        return self.length.days

    @property
    def minutes(self) -> int:
        """Whole minutes of it."""
        return self.length // timedelta(minutes=1)

    def after(self, start: datetime, calendar: WorkCalendar, share: float = 1.0) -> datetime:
        """When it is over, or a share of it, for what began at a moment (aware)."""
        match self.counted:
            case Counted.DESK:
                return calendar.add_worked(start, self.length * share)
            case Counted.CALENDAR:
                return start + self.length * share
            case Counted.WORKING_DAYS:
                last = calendar.add_working_days(start.astimezone(calendar.zone).date(), self.length / ONE_DAY * share)
                return datetime.combine(last, calendar.shifts[-1].closes, calendar.zone)


@dataclass(frozen=True)
class ComplaintLimits:
    """What the rules allow for a complaint."""

    forward: Span
    # from filing
    unclear: Span
    # from filing, where the authority is unclear
    answer: Span
    # from forwarding
    answer_of_several: Span
    # with several agencies
    warn_at: float
    # share of a limit from 0 to 1

    def answer_by(self, agencies: Sequence[str]) -> Span:
        """How long these agencies have."""
        return self.answer_of_several if len(set(agencies)) > 1 else self.answer


@dataclass(frozen=True)
class Track:
    """Where a complaint is."""

    filed_at: datetime
    unclear_at: datetime | None
    # somebody said that the authority is unclear
    forwarded_at: datetime | None
    # the first time
    agencies: tuple[str, ...]
    # all it was forwarded to, each once
    answer: str
    # of the agency, as the officer recorded it
    answered_at: datetime | None


def track(history: Sequence[Entry]) -> Track | None:
    """Where the complaint of a history is; None when it is none."""
    if not history or history[0].event is not Event.FILED:
        return None
    told = [entry for entry in history if entry.event is Event.RESOLVED and entry.text]
    answer = told[-1] if told and history[-1].stage is Stage.CLOSED else None
    return Track(
        filed_at=history[0].at,
        unclear_at=first(history, Event.UNCLEAR),
        forwarded_at=first(history, Event.FORWARDED),
        agencies=agencies(history),
        answer=answer.text if answer else "",
        answered_at=answer.at if answer else None,
    )


def first(history: Iterable[Entry], *events: Event) -> datetime | None:
    """When one of these happened for the first time."""
    return next((entry.at for entry in history if entry.event in events), None)


def agencies(history: Iterable[Entry]) -> tuple[str, ...]:
    """All that a complaint was forwarded to, each once: a line each in the rows that say so."""
    lines = [line for entry in history if entry.event is Event.FORWARDED for line in entry.text.splitlines()]
    return tuple(dict.fromkeys(lines))


@lru_cache(maxsize=1)
def load() -> ComplaintLimits:
    """The shipped limits. Raises BadData."""
    return read(content())


def read(item: Mapping[str, Any]) -> ComplaintLimits:
    """The limits of a file's content. Raises BadData."""
    try:
        spans = {name: _span(**span) for name, span in item["limits"].items()}
        limits = ComplaintLimits(**spans, warn_at=item["warn_at_percent"] / 100)
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"complaints: {error!r}") from error
    in_order = timedelta() < limits.forward.length < limits.unclear.length
    in_order = in_order and timedelta() < limits.answer.length < limits.answer_of_several.length
    if not in_order or not 0 < limits.warn_at < 1:
        raise BadData("complaints: a limit is out of bounds, or shorter than the one it stands in for")
    return limits


def _span(counted: str, days: int = 0, minutes: int = 0) -> Span:
    return Span(timedelta(days=days, minutes=minutes), Counted(counted))

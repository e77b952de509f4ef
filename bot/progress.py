"""Progress: what the days of a dossier mean on one day, counted in working days. Pure.

A promised day that is a day of rest counts as the next working day (Civil Code, Art. 148, as in knowledge/calendar.py).
A dossier that waits for the citizen, or was stopped, has no running clock and is never called late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from integrations.dossiers import Dossier, Group, Step, group
from knowledge.calendar import WorkCalendar


class Clock(StrEnum):
    """How a dossier stands to its promised day."""

    LEFT = "left"
    TODAY = "today"
    LATE = "late"
    PAUSED = "paused"
    DONE_IN_TIME = "done_in_time"
    DONE_LATE = "done_late"
    NONE = "none"
    # no promised day, or nothing that could be late


@dataclass(frozen=True)
class Progress:
    """Where a dossier stands."""

    clock: Clock
    working_days: int = 0
    # left, late by, or done late by; 0 when the promised day has passed and no working day since
    ends_on: date | None = None
    # the promised day, or the working day after it when it is a day of rest
    certain: bool = True
    # False: days off up to then are not announced yet
    was_paused: bool = False
    # earlier; nobody told us whether the promised day has moved since


RUNNING = (Group.WAITING, Group.PROCESSING)


def progress(dossier: Dossier, calendar: WorkCalendar, today: date) -> Progress:
    """Where a dossier stands on a day."""
    kind, was_paused = group(dossier.status), _was_paused(dossier.steps)
    if kind is Group.PAUSED:
        return Progress(Clock.PAUSED)
    if dossier.due_on is None or kind not in (*RUNNING, Group.DONE):
        return Progress(Clock.NONE, was_paused=was_paused)
    if kind is Group.DONE:
        ends_on = calendar.working_day_from(dossier.due_on)
        return replace(_done(dossier.completed_on, ends_on, calendar), was_paused=was_paused)
    return replace(running(dossier.due_on, calendar, today), was_paused=was_paused)


def running(due_on: date, calendar: WorkCalendar, today: date) -> Progress:
    """Where a dossier stands on a day whose work goes on: time left, due today, or late."""
    ends_on = calendar.working_day_from(due_on)
    certain = max(ends_on, today) <= calendar.decided_through
    if today > ends_on:
        return Progress(Clock.LATE, calendar.count_working_days(ends_on, today), ends_on, certain)
    left = calendar.count_working_days(today, ends_on)
    return Progress(Clock.LEFT if left else Clock.TODAY, left, ends_on, certain)


def _done(completed_on: date | None, ends_on: date, calendar: WorkCalendar) -> Progress:
    if completed_on is None:
        return Progress(Clock.NONE)
    if completed_on <= ends_on:
        return Progress(Clock.DONE_IN_TIME, 0, ends_on)
    return Progress(Clock.DONE_LATE, calendar.count_working_days(ends_on, completed_on), ends_on)


def _was_paused(steps: Sequence[Step]) -> bool:
    """Whether the timeline tells of a stop that is over."""
    return any(group(step.status) is Group.PAUSED for step in steps)

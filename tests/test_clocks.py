"""Clocks and working time: what a desk owes counts only while it is open."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import clocks, desks, waiting
from bot.clocks import Cause, Clock, Limit
from bot.ledger import Entry
from bot.ticket import Event, Stage
from knowledge.calendar import Shift, WorkCalendar

CALENDAR = WorkCalendar.load()
PLAN = desks.load().everyone
# 7:30 to 11:30 and 13:00 to 17:00; first reply 30 min, next 60, resolution 960
STAGES = {
    Event.OPENED: Stage.QUEUED,
    Event.REOPENED: Stage.QUEUED,
    Event.RETURNED: Stage.QUEUED,
    Event.ASKED: Stage.CITIZEN,
    Event.CANCELLED: Stage.CLOSED,
    Event.RESOLVED: Stage.CLOSED,
}
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(lambda at: at.replace(tzinfo=CALENDAR.zone))


def at(text: str) -> datetime:
    """A moment here: "23 09:00" is of November 2026, where the 21st is a Saturday and the 24th a holiday."""
    if len(text.split()[0]) == 2:
        text = f"2026-11-{text}"
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone)


def told(*events: tuple[str, Event]) -> list[Entry]:
    """A history."""
    return [Entry(event, at(when), STAGES.get(event, Stage.OFFICER), PLAN.id, None, None, "") for when, event in events]


def of(limit: Limit, history: list[Entry]) -> Clock:
    """The last clock of a limit."""
    return [clock for clock in clocks.clocks(history, PLAN) if clock.limit is limit][-1]


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("23 09:00", "23 09:30"),
        ("23 11:20", "23 13:20"),  # over lunch
        ("23 11:30", "23 13:30"),  # at the very start of it
        ("23 12:10", "23 13:30"),
        ("23 06:00", "23 08:00"),  # before the desk opens
        ("20 16:50", "23 07:50"),  # over a weekend
        ("20 23:00", "23 08:00"),
        ("21 09:00", "23 08:00"),
        ("23 16:45", "25 07:45"),  # over a holiday
        ("24 10:00", "25 08:00"),
        ("2026-01-09 16:59", "2026-01-10 07:59"),  # a Saturday that is worked
        ("2026-03-28 23:30", "2026-03-30 08:00"),  # where others change their clocks
        ("2026-10-24 23:30", "2026-10-26 08:00"),
    ],
)
def test_the_first_reply_is_due_in_working_time(opened: str, due: str) -> None:
    """Half an hour is owed while the desk is open: lunch, nights, weekends and holidays do not count."""
    clock = of(Limit.FIRST_REPLY, told((opened, Event.OPENED)))
    assert clock.due_at == at(due) and clock.stopped_at is None
    assert not clock.is_breached(at(due) - timedelta(seconds=1)) and clock.is_breached(at(due))


@pytest.mark.parametrize(
    ("events", "limit", "started", "stopped", "late"),
    [
        ([("23 09:00", "OPENED"), ("23 09:20", "REPLIED")], "FIRST_REPLY", "23 09:00", "23 09:20", False),
        ([("23 09:00", "OPENED"), ("23 09:20", "CLAIMED")], "FIRST_REPLY", "23 09:00", None, True),
        ([("23 09:00", "OPENED"), ("23 09:40", "ASKED")], "FIRST_REPLY", "23 09:00", "23 09:40", True),
        ([("23 09:00", "OPENED"), ("23 09:10", "CANCELLED")], "FIRST_REPLY", "23 09:00", "23 09:10", False),
        ([("23 09:00", "OPENED"), ("23 09:05", "WROTE")], "FIRST_REPLY", "23 09:00", None, True),
        (
            [("23 09:00", "OPENED"), ("23 09:10", "REPLIED"), ("23 09:30", "WROTE"), ("23 09:50", "WROTE")],
            "NEXT_REPLY",
            "23 09:30",
            None,
            True,
        ),
        (
            [("23 09:00", "OPENED"), ("23 09:10", "REPLIED"), ("23 09:30", "WROTE"), ("23 09:50", "RESOLVED")],
            "NEXT_REPLY",
            "23 09:30",
            "23 09:50",
            False,
        ),
        (
            [("23 09:00", "OPENED"), ("23 09:10", "REPLIED"), ("23 09:20", "RESOLVED"), ("23 10:00", "REOPENED")],
            "NEXT_REPLY",
            "23 10:00",
            None,
            True,
        ),
    ],
)
def test_a_reply_is_owed_from_words_to_words(
    events: list[tuple[str, str]], limit: str, started: str, stopped: str | None, late: bool
) -> None:
    """A reply is owed from the first words nobody answered; claiming is no answer, closing stops the clock."""
    clock = of(Limit[limit], told(*((when, Event[name]) for when, name in events)))
    assert (clock.started_at, clock.stopped_at) == (at(started), at(stopped) if stopped else None)
    assert clock.is_breached(at("25 17:00")) is late


@pytest.mark.parametrize(
    ("events", "due"),
    [
        ([("23 07:30", "OPENED")], "25 17:00"),  # two working days, a holiday between them
        ([("23 07:30", "OPENED"), ("23 11:30", "ASKED")], None),
        ([("23 07:30", "OPENED"), ("23 11:30", "ASKED"), ("25 11:30", "WROTE")], "26 17:00"),
        ([("23 07:30", "OPENED"), ("23 08:30", "RESOLVED"), ("25 07:30", "REOPENED")], "26 17:00"),
    ],
)
def test_the_resolution_rests_while_the_citizen_is_waited_for(events: list[tuple[str, str]], due: str | None) -> None:
    """What the citizen takes to answer is not held against the desk; a reopened ticket starts again."""
    clock = of(Limit.RESOLUTION, told(*((when, Event[name]) for when, name in events)))
    assert clock.due_at == (at(due) if due else None)


def test_a_warning_comes_before() -> None:
    """At four fifths of a limit it warns; a stopped clock does not."""
    clock = of(Limit.FIRST_REPLY, told(("23 11:10", Event.OPENED)))
    assert clock.warn_at == at("23 13:04") and clock.is_warning(at("23 13:04"))
    assert not clock.is_warning(at("23 13:03")) and not clock.is_breached(at("23 13:04"))
    answered = of(Limit.FIRST_REPLY, told(("23 11:10", Event.OPENED), ("23 11:20", Event.REPLIED)))
    assert not answered.is_warning(at("23 13:04"))


@pytest.mark.parametrize(
    ("events", "limit", "someone", "free", "cause"),
    [
        ([("23 09:00", "OPENED")], "FIRST_REPLY", False, False, Cause.NOBODY_ON_DUTY),
        ([("23 09:00", "OPENED")], "FIRST_REPLY", True, False, Cause.AT_CAPACITY),
        ([("23 09:00", "OPENED")], "FIRST_REPLY", True, True, Cause.NOT_CLAIMED),
        ([("23 09:00", "OPENED"), ("23 09:05", "CLAIMED")], "FIRST_REPLY", True, True, Cause.OFFICER_SILENT),
        (
            [("23 09:00", "OPENED"), ("23 09:05", "CLAIMED"), ("23 09:06", "RETURNED")],
            "FIRST_REPLY",
            True,
            True,
            Cause.PASSED_ON,
        ),
        (
            [("23 09:00", "OPENED"), ("23 09:05", "ASKED"), ("23 10:00", "WROTE")],
            "RESOLUTION",
            True,
            True,
            Cause.WAITED_FOR_CITIZEN,
        ),
    ],
)
def test_a_breach_has_a_cause(
    events: list[tuple[str, str]], limit: str, someone: bool, free: bool, cause: Cause
) -> None:
    """The list of breaches says what went wrong."""
    history = told(*((when, Event[name]) for when, name in events))
    assert clocks.cause(history, of(Limit[limit], history), someone, free) is cause


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (list(range(1, 20)), None),  # nineteen are too few
        (list(range(1, 21)), (10, 18, 20)),
        ([5.01] * 19 + [90], (6, 6, 20)),
        ([0] * 20, (0, 0, 20)),
        ([100, *range(1, 30)], (15, 27, 30)),
    ],
)
def test_waits_are_told_from_twenty_on(minutes: list[float], said: tuple[int, int, int] | None) -> None:
    """Half waited no longer, and nine of ten, in whole minutes rounded up; below twenty nothing is said."""
    found = waiting.summary([timedelta(minutes=value) for value in minutes])
    assert (found and (found.half_minutes, found.most_minutes, found.samples)) == said


@given(MOMENTS, st.integers(0, 3000))
def test_adding_and_counting_working_time_agree(start: datetime, minutes: int) -> None:
    """So much working time after a moment, there lies so much between; and the end is a working moment."""
    end = CALENDAR.add_worked(start, timedelta(minutes=minutes))
    assert CALENDAR.worked_between(start, end) == timedelta(minutes=minutes)
    assert CALENDAR.worked_between(end, start) == timedelta()


@given(MOMENTS)
def test_a_desk_is_open_or_opens_later(moment: datetime) -> None:
    """A moment is in working hours, or between the last closing and the next opening with no work between them."""
    opening, closing = CALENDAR.next_opening(moment), CALENDAR.last_closing(moment)
    assert closing <= moment <= opening and CALENDAR.is_open(opening)
    assert CALENDAR.is_open(moment) == (opening == moment)
    assert CALENDAR.is_open(moment) or CALENDAR.worked_between(closing, opening) == timedelta()


@pytest.mark.parametrize("hours", [(), ("09:00-08:00",), ("07:30-11:30", "11:00-17:00"), ("08:00-08:00",)])
def test_impossible_hours_are_refused(hours: tuple[str, ...]) -> None:
    """Hours that are none, that overlap or run backwards are an error of the data."""
    shifts = [Shift(*(time.fromisoformat(end) for end in part.split("-"))) for part in hours]
    with pytest.raises(ValueError, match="hours"):
        CALENDAR.with_hours(shifts)


def test_another_desk_s_hours_change_nothing_here() -> None:
    """A desk with hours of its own leaves the City's calendar as it is."""
    evening = CALENDAR.with_hours([Shift(time(17), time(21))])
    assert evening.is_open(at("23 18:00")) and not CALENDAR.is_open(at("23 18:00"))
    assert all(first.closes <= second.opens for first, second in pairwise(CALENDAR.shifts))
    assert not evening.is_open(datetime(2026, 11, 24, 11, 0, tzinfo=UTC))

"""A due date is a working day that anybody can count again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from knowledge.calendar import WorkCalendar, due
from knowledge.procedure import ProcessingTime, TimeUnit

CALENDAR = WorkCalendar.load()
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=CALENDAR.zone))
COUNTS = st.integers(0, 60)
MISSING_IN_PACKAGE = {date(2026, 1, 2), date(2026, 1, 10)}


def limit(amount: float | None, unit: TimeUnit | None, *, unit_certain: bool = True) -> ProcessingTime:
    return ProcessingTime(amount, unit, unit_certain, (), "", "", "", date(2026, 1, 1), None)


LIMITS = st.builds(limit, st.sampled_from([0.5, 1, 2.5, 3, 7, 15, 30]), st.sampled_from(TimeUnit))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-01-10", True),
        ("2026-02-13", True),
        ("2026-02-16", False),
        ("2026-02-20", False),
        ("2026-04-27", False),
        ("2026-08-22", True),
        ("2026-08-31", False),
        ("2026-11-21", False),
        ("2026-11-24", False),
        ("2026-11-25", True),
    ],
)
def test_announced_days_win_over_the_rule(day: str, worked: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is worked


def test_the_package_knows_the_announced_days_but_the_new_year_swap() -> None:
    """When this fails a newer package has caught up: shorten MISSING_IN_PACKAGE."""
    package = country_holidays("VN")
    differing = {item.day for item in CALENDAR.overrides if package.is_working_day(item.day) is not item.working}
    assert differing == MISSING_IN_PACKAGE


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-08-21", 1, "2026-08-22"),
        ("2026-08-28", 1, "2026-09-03"),
        ("2026-11-20", 2, "2026-11-25"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-23", 0.5, "2026-11-25"),
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-21", 0, "2026-11-23"),
    ],
)
def test_working_days_are_counted_from_the_next_working_day(start: str, count: float, end: str) -> None:
    assert CALENDAR.add_working_days(date.fromisoformat(start), count) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-04-29T16:00", 16, "2026-05-05T16:00"),
        ("2026-11-20T11:00", 1, "2026-11-20T13:30"),
        ("2026-11-20T12:00", 4, "2026-11-20T17:00"),
        ("2026-11-20T20:00", 0.5, "2026-11-23T08:00"),
        ("2026-11-21T09:00", 8, "2026-11-23T17:00"),
    ],
)
def test_working_hours_pass_only_while_offices_are_open(start: str, hours: float, end: str) -> None:
    assert CALENDAR.add_working_hours(at(start), hours) == at(end)


@pytest.mark.parametrize(
    ("received", "amount", "unit", "on"),
    [
        ("2026-11-20T09:00", 3, TimeUnit.WORKING_DAYS, "2026-11-26"),
        ("2026-11-20T09:00", 2.5, TimeUnit.WORKING_DAYS, "2026-11-26"),
        ("2026-11-20T09:00", 3, TimeUnit.CALENDAR_DAYS, "2026-11-23"),
        ("2026-11-20T09:00", 4, TimeUnit.CALENDAR_DAYS, "2026-11-25"),
        ("2026-01-31T09:00", 1, TimeUnit.MONTHS, "2026-03-02"),
        ("2026-10-15T09:00", 1, TimeUnit.MONTHS, "2026-11-16"),
        ("2026-11-20T09:00", 48, TimeUnit.HOURS, "2026-11-23"),
        ("2026-11-20T16:00", 2, TimeUnit.WORKING_HOURS, "2026-11-23"),
        ("2026-11-20T14:59", None, TimeUnit.SAME_DAY, "2026-11-20"),
        ("2026-11-20T15:00", None, TimeUnit.SAME_DAY, "2026-11-23"),
        ("2026-11-21T16:00", 1, TimeUnit.SAME_DAY, "2026-11-23"),
    ],
)
def test_each_unit_has_its_own_way_of_counting(received: str, amount: float | None, unit: TimeUnit, on: str) -> None:
    found = due(at(received), limit(amount, unit), CALENDAR)
    assert found is not None and (found.on, found.certain) == (date.fromisoformat(on), True)
    assert found.rule.startswith(CALENDAR.rules[unit])


def test_the_day_of_receipt_is_a_day_in_vietnam() -> None:
    found = due(datetime(2026, 11, 19, 18, tzinfo=UTC), limit(1, TimeUnit.WORKING_DAYS), CALENDAR)
    assert found is not None and found.on == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("received", "unit_certain", "certain", "reason"),
    [
        ("2026-11-20T09:00", True, True, ""),
        ("2026-12-30T09:00", True, False, "undecided"),
        ("2026-11-20T09:00", False, False, "unit_unclear"),
    ],
)
def test_a_doubtful_date_says_why(received: str, unit_certain: bool, certain: bool, reason: str) -> None:
    found = due(at(received), limit(3, TimeUnit.WORKING_DAYS, unit_certain=unit_certain), CALENDAR)
    assert found is not None and found.certain is certain
    assert CALENDAR.rules.get(reason, "") in found.rule


@pytest.mark.parametrize("given_limit", [limit(None, None), limit(None, TimeUnit.WORKING_DAYS), limit(3, None)])
def test_a_limit_in_words_has_no_date(given_limit: ProcessingTime) -> None:
    assert due(at("2026-11-20T09:00"), given_limit, CALENDAR) is None


@given(MOMENTS, LIMITS)
def test_a_due_date_is_worked_and_never_before_receipt(received: datetime, given_limit: ProcessingTime) -> None:
    found = due(received, given_limit, CALENDAR)
    assert found is not None and CALENDAR.is_working_day(found.on) and found.on >= received.date()
    assert found.at is None or (found.at >= received and found.at.date() == found.on)


@given(DAYS, COUNTS, COUNTS)
def test_more_working_days_never_end_earlier(start: date, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert CALENDAR.add_working_days(start, fewer) <= CALENDAR.add_working_days(start, more)


@given(DAYS, st.integers(1, 60))
def test_adding_then_counting_gives_the_number_back(start: date, count: int) -> None:
    assert CALENDAR.count_working_days(start, CALENDAR.add_working_days(start, count)) == count


@given(DAYS, COUNTS, COUNTS)
def test_adding_in_two_parts_is_adding_at_once(start: date, first: int, second: int) -> None:
    start = CALENDAR.working_day_from(start)
    once = CALENDAR.add_working_days(start, first + second)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, first), second) == once


@given(MOMENTS, st.integers(0, 40))
def test_eight_working_hours_are_one_working_day(start: datetime, days: int) -> None:
    opening = datetime.combine(CALENDAR.working_day_from(start.date()), CALENDAR.shifts[0].opens, CALENDAR.zone)
    end = CALENDAR.add_working_hours(opening, 8 * (days + 1))
    assert (end.date(), end.time()) == (
        CALENDAR.add_working_days(opening.date(), days),
        CALENDAR.shifts[-1].closes,
    )


@given(DAYS)
def test_no_more_than_eleven_days_off_follow_each_other(day: date) -> None:
    assert CALENDAR.working_day_from(day) - day <= timedelta(days=11)


@pytest.mark.parametrize("count", [-1, 100_000])
def test_an_absurd_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError):
        CALENDAR.add_working_days(date(2026, 1, 1), count)

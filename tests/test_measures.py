"""The figures of the reports: each has one definition, shares are whole, periods do not overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot import measures, periods
from bot.measures import DERIVED, DOCUMENT, OF_TURNS, Adds, Counts, Name, percentile, shares, value
from bot.outcomes import Outcome
from bot.periods import Kind, NoPeriod


def test_every_figure_has_one_entry_and_every_entry_a_figure() -> None:
    """The data dictionary and the code name the same figures; derived are exactly those with a formula."""
    assert list(measures.load()) == list(Name)
    assert {item.name for item in measures.load().values() if item.adds is Adds.DERIVED} == set(DERIVED)
    assert all(item.label and item.meaning and item.unit and item.source for item in measures.load().values())


def test_every_turn_is_counted_once() -> None:
    """Each outcome belongs to exactly one of the measures of turns."""
    assert set(measures.of_outcome()) == set(Outcome) and measures.counted_twice() == []
    assert set(measures.of_outcome().values()) == set(OF_TURNS)


def test_the_document_holds_the_dictionary() -> None:
    """docs/statistics.md is what the data says: python -m bot.measures --write."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert measures.written(document) == document


@pytest.mark.parametrize(
    ("parts", "percents"),
    [
        ([], []),
        ([0, 0], []),
        ([1], [100.0]),
        ([1, 1, 1], [33.4, 33.3, 33.3]),
        ([1, 0, 2], [33.3, 0.0, 66.7]),
        ([1, 1, 1, 1, 1, 1, 1], [14.3, 14.3, 14.3, 14.3, 14.3, 14.3, 14.2]),
        ([1, 999_999], [0.0, 100.0]),
    ],
)
def test_shares_are_whole(parts: list[int], percents: list[float]) -> None:
    """Shares of anything sum to 100, by the largest remainder; of nothing there are none."""
    told = shares({str(number): part for number, part in enumerate(parts)})
    assert list(told.values()) == percents and (not percents or sum(round(10 * part) for part in percents) == 1000)


@pytest.mark.parametrize(
    ("spread", "percent", "minutes"),
    [
        ({}, 50, None),
        ({"unclear": 3}, 50, None),
        ({"7": 1}, 50, 7),
        ({"10": 1, "2": 1}, 50, 2),
        ({"10": 1, "2": 1}, 90, 10),
        ({"1": 9, "60": 1, "unclear": 5}, 90, 1),
        ({"1": 8, "60": 2}, 90, 60),
    ],
)
def test_percentiles(spread: dict[str, int], percent: int, minutes: int | None) -> None:
    """The least wait that so many do not exceed; keys are numbers, and what is unclear is in none."""
    assert percentile(spread, percent) == minutes


def test_what_is_not_known_is_not_nought() -> None:
    """Counts of nothing are nought, shares and waits of nothing are unknown."""
    unknown = {name for name in Name if value(Counts(), name) is None}
    assert unknown == {
        Name.WAIT_P50_MIN,
        Name.WAIT_P90_MIN,
        Name.CLOCKS_MET_SHARE,
        Name.SATISFIED_SHARE,
        Name.MOST_AT_ONCE,
    }


def test_the_satisfied_share_is_that_of_the_surveys() -> None:
    """The first two steps of those who gave one; whoever would rather not is left out."""
    given = [("satisfaction", str(step), count) for step, count in enumerate((10, 3, 2, 1, 1, 1))]
    assert value(Counts(given), Name.SATISFIED_SHARE) == 62.5


def test_the_largest_stays_the_largest() -> None:
    """A measure of "most" is never added up."""
    counts = Counts((name, "", count) for name in ("most_at_once", "answered") for count in (3, 5))
    assert (value(counts, Name.MOST_AT_ONCE), value(counts, Name.ANSWERED)) == (5, 8)


@pytest.mark.parametrize(
    ("name", "kind", "first", "end"),
    [
        ("2026-W01", "week", "2025-12-29", "2026-01-05"),
        ("2026-W53", "week", "2026-12-28", "2027-01-04"),
        ("2026-02", "month", "2026-02-01", "2026-03-01"),
        ("2026-12", "month", "2026-12-01", "2027-01-01"),
        ("2026-Q4", "quarter", "2026-10-01", "2027-01-01"),
        ("2026-H1", "half", "2026-01-01", "2026-07-01"),
        ("2026", "year", "2026-01-01", "2027-01-01"),
    ],
)
def test_periods_are_half_open(name: str, kind: str, first: str, end: str) -> None:
    """A period begins with its first day and ends before its end; each of its days lies in it alone."""
    period = periods.read(name)
    assert (period.kind, period.first.isoformat(), period.end.isoformat()) == (kind, first, end)
    assert {periods.of(Kind(kind), day).name for day in period.days()} == {name}
    assert periods.of(Kind(kind), period.end).first == period.end


@pytest.mark.parametrize(
    "name", ["", "2026-Q5", "2026-13", "2026-W54", "0000", "9999", "2026-Q", "２０２６", "2026-01-01"]
)
def test_what_is_no_period_is_refused(name: str) -> None:
    """A name that is no period is no other one either."""
    with pytest.raises(NoPeriod):
        periods.read(name)


def test_days_are_those_of_the_city() -> None:
    """17:00 UTC is midnight here: the moment before belongs to the day before."""
    start, end = periods.span(date(2026, 11, 21))
    assert (start, end) == (datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 21, 17, tzinfo=UTC))
    assert [periods.day_of(at).day for at in (start, end)] == [21, 22]
